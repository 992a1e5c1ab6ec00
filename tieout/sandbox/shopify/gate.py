"""The way into the Admin API: which shop an address means, its state, the token, the version; each with a refusal."""

from __future__ import annotations

from tieout.sandbox import Doc, Request
from tieout.sandbox.shopify import refusals, tokens, trade, versions
from tieout.sandbox.shopify.asking import Asked
from tieout.sandbox.shopify.refusals import Refused
from tieout.sandbox.shopify.state import Books, Shops

OURS = ".myshopify.com"


def split(request: Request) -> tuple[str, tuple[str, ...]]:
    """Shop and rest of the address. The shop stands in the host, or as the first segment; blank when in neither."""
    segments, host = request.segments, request.header("host").lower().partition(":")[0]
    if segments and segments[0].lower().endswith(OURS):
        return segments[0].lower(), segments[1:]
    if host.endswith(OURS):
        return host, segments
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost") + OURS, segments
    return "", segments


def shop_of(shops: Shops, domain: str) -> Doc:
    """The shop of the domain, or the only one where none was named. Raises Refused: 404, or what its state answers."""
    shop = shops.shelf.get("shop", domain) if domain else None
    if shop is None and not domain and shops.shelf.count("shop") == 1:
        shop = shops.shelf.all("shop")[0]
    if shop is None:
        raise Refused(refusals.not_found())
    if shop["_state"] != "open":
        raise Refused(refusals.shop_state(shop["_state"]))
    return shop


def let_in(shops: Shops, request: Request, domain: str, asked_version: str) -> Asked:
    """The call, let in. Raises Refused: 401, 402, 403, 404 or 423."""
    row = tokens.read_access(shops, request.header("x-shopify-access-token"))
    shop = shop_of(shops, domain or ("" if row is None else row["shop"]))
    version = versions.served(asked_version, shops.now())
    if not version:
        raise Refused(refusals.not_found())
    if row is None or row["shop"] != shop["myshopifyDomain"]:
        raise Refused(refusals.bad_token())
    install = shops.shelf.get("install", f"{row['app']}/{row['shop']}") or {"scopes": []}
    books = Books(shops, row["shop"])
    trade.up_to_now(books)
    return Asked(shops, books, row["app"], frozenset(install["scopes"]), version, shops.now())
