"""Apps of Intuit's developer portal: keys of one environment, redirect addresses, and what webhooks are signed with."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks.state import Books

APP_ID, APP_SECRET, VERIFIER = "tieout-demo", "tieout-demo-secret", "tieout-demo-verifier"
REDIRECTS = tuple(
    f"http://localhost{port}{path}"
    for port in ("", ":8000", ":8080", ":5173")
    for path in ("/callback", "/connect/quickbooks/callback", "/oauth/quickbooks/callback")
)


def app(
    books: Books,
    client_id: str = APP_ID,
    secret: str = APP_SECRET,
    *,
    environment: str = "development",
    name: str = "Tieout demo",
    redirect_uris: Sequence[str] = REDIRECTS,
    verifier: str = VERIFIER,
) -> Doc:
    """Registers an app with keys for `development` (sandbox companies) or `production`.

    Raises ValueError for a redirect address that such keys do not take.
    """
    addresses = list(dict.fromkeys((*redirect_uris, *books.redirect_uris)))
    for uri in addresses:
        if not takes(environment, uri):
            raise ValueError(f"{uri} is no redirect address for {environment} keys of QuickBooks: {_RULES}")
    row: Doc = {"client_id": client_id, "secret": secret, "environment": environment, "name": name}
    return books.shelf.put("app", client_id, row | {"redirect_uris": addresses, "verifier": verifier})


def allow(books: Books, redirect_uris: Sequence[str]) -> None:
    """Lets every app be sent back to these addresses too, those kept in a file and those to come.

    Raises ValueError for an address that QuickBooks would not take.
    """
    for uri in redirect_uris:
        if not takes("development", uri):
            raise ValueError(f"{uri} is no redirect address for QuickBooks: {_RULES}")
    books.redirect_uris = tuple(redirect_uris)
    for row in books.shelf.all("app"):
        usual = REDIRECTS if row["environment"] == "development" else ()
        wanted = (uri for uri in (*row["redirect_uris"], *usual, *redirect_uris) if takes(row["environment"], uri))
        addresses = list(dict.fromkeys(wanted))
        if addresses != row["redirect_uris"]:
            books.shelf.put("app", row["client_id"], row | {"redirect_uris": addresses})


def takes(environment: str, uri: str) -> bool:
    """https with a name; http://localhost for development keys alone; no bare IP address in production."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if environment == "development" and parts.scheme == "http":
        return host == "localhost"
    return parts.scheme == "https" and bool(host) and (environment == "development" or not _is_address(host))


_RULES = "it takes https://… with a name, and http://localhost… with development keys only."


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
