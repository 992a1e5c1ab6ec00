"""Addresses outside the Accounting API: discovery, consent, tokens, keys, who the person is, files to be had."""

from __future__ import annotations

import json
from collections.abc import Callable

from tieout.sandbox import Answer, Doc, Request, page, signing
from tieout.sandbox.quickbooks import consent, denials, tokens
from tieout.sandbox.quickbooks.state import Books

DISCOVERIES = {"openid_configuration": "", "openid_sandbox_configuration": "sandbox-"}


def page_for(books: Books, request: Request) -> Callable[[], Answer] | None:
    """What answers this address, or None when the stand-in does not have it. A slash at the end changes nothing."""
    get, post = request.method in {"GET", "HEAD"}, request.method == "POST"
    match request.segments:
        case () if get:
            return lambda: _index(books)
        case (".well-known", name) if get and name in DISCOVERIES:
            return lambda: _json(_discovery(books, request, DISCOVERIES[name]))
        case ("connect", "oauth2") if get or post:
            return lambda: consent.authorise(books, request)
        case ("oauth2", "v1", "tokens", "bearer") if post:
            return lambda: tokens.token(books, request)
        case ("v2", "oauth2", "tokens", "revoke") if post:
            return lambda: tokens.revoke(books, request)
        case ("op", "v1", "jwks") if get:
            return lambda: _json(signing.key_set(books.shelf))
        case ("v1", "openid_connect", "userinfo") if get:
            return lambda: _userinfo(books, request)
        case ("app", "apps") if get or post:
            return lambda: consent.connected_apps(books, request)
        case ("download", realm, row_id) if get:
            return lambda: _download(books, request, realm, row_id)
    return None


def _index(books: Books) -> Answer:
    listed = "".join(f"<li>{one.facts['name']} <code>{one.realm}</code></li>" for one in books.companies())
    return page(
        200,
        "<!doctype html><html lang=en><title>QuickBooks stand-in</title><h1>QuickBooks stand-in</h1>"
        f"<p>Nothing here reaches Intuit.</p><ul>{listed}</ul><p><a href=/app/apps>Connected apps</a></p></html>",
    )


def _discovery(books: Books, request: Request, prefix: str) -> Doc:
    # Reached under Intuit's own names through the proxy, the addresses are Intuit's own.
    theirs = request.header("host").lower().partition(":")[0].endswith(".intuit.com")

    def at(host: str, path: str) -> str:
        return f"{f'https://{host}' if theirs else books.world.base_url}{path}"

    return {
        "issuer": tokens.ISSUER,
        "authorization_endpoint": at("appcenter.intuit.com", "/connect/oauth2"),
        "token_endpoint": at("oauth.platform.intuit.com", "/oauth2/v1/tokens/bearer"),
        "userinfo_endpoint": at(f"{prefix}accounts.platform.intuit.com", "/v1/openid_connect/userinfo"),
        "revocation_endpoint": at("developer.api.intuit.com", "/v2/oauth2/tokens/revoke"),
        "jwks_uri": at("oauth.platform.intuit.com", "/op/v1/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def _userinfo(books: Books, request: Request) -> Answer:
    row = tokens.read_access(books, request.header("authorization").partition(" ")[2])
    grant = None if row is None else books.shelf.get("grant", row["grant"])
    if row is None or grant is None or books.now() >= row["expires"] or "openid" not in row["scopes"]:
        return denials.token_unknown(books, request)
    app = books.shelf.get("app", grant["app"]) or {}
    first, _, last = consent.people(books, app).get(grant["who"], "").partition(" ")
    found: Doc = {"sub": tokens.subject(grant["who"])}
    if "profile" in row["scopes"]:
        found |= {"givenName": first, "familyName": last}
    if "email" in row["scopes"]:
        found |= {"email": grant["who"], "emailVerified": True}
    return _json(found)


def _download(books: Books, request: Request, realm: str, row_id: str) -> Answer:
    """A file by the address that its Attachable told; the address is the key, as with the vendor's store."""
    company = books.company(realm)
    row = None if company is None else company.get("Attachable", row_id)
    if row is None or "_content" not in row or request.param("key") != row.get("_key"):
        return denials.not_found()
    return Answer(200, row["_content"], str(row.get("ContentType") or "application/octet-stream"))


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode(), "application/json;charset=utf-8")
