"""Addresses outside the Accounting API: identity, connections, connected apps and the status pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tieout.sandbox import Answer, Doc, Request, page, signing
from tieout.sandbox.xero import consent, gate, refusals, tokens, wire
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.state import Books

DISCOVERY = (".well-known", "openid-configuration")


def page_for(books: Books, request: Request, segments: tuple[str, ...]) -> Callable[[], Answer] | None:
    """What answers this address, or None when the stand-in does not have it."""
    get, post = request.method in {"GET", "HEAD"}, request.method == "POST"
    match segments:
        case () if get:
            return lambda: _index(books)
        case ("identity", "connect", "authorize") if get or post:
            return lambda: consent.authorise(books, request)
        case ("connect", "token") if post:
            return lambda: tokens.token(books, request)
        case ("connect", "revocation") if post:
            return lambda: tokens.revoke(books, request)
        case (".well-known", "openid-configuration") if get:
            return lambda: _json(_discovery(books, request))
        case (".well-known", "openid-configuration", "jwks") if get:
            return lambda: _json(signing.key_set(books.shelf))
        case ("connections",) if get:
            return lambda: _connections(books, request)
        case ("connections", connection_id) if request.method == "DELETE":
            return lambda: _disconnect(books, request, connection_id)
        case ("connected-apps",) if get or post:
            return lambda: consent.connected_apps(books, request)
        case ("api", "v2", name) if get and name.endswith(".json"):
            return lambda: _status(books, name.removesuffix(".json"))
    return None


def count_egress(books: Books, request: Request, answer: Answer) -> None:
    """Bytes pulled by an app; the Organisation endpoint is free, as the price list says."""
    row = tokens.read_access(books, request.header("authorization").partition(" ")[2])
    if row is not None and "/organisation" not in request.path.lower():
        books.egress[row["app"]] = books.egress.get(row["app"], 0) + len(answer.body)


def _index(books: Books) -> Answer:
    listed = "".join(f"<li>{row['Name']} <code>{row['OrganisationID']}</code></li>" for row in _organisations(books))
    return page(
        200,
        "<!doctype html><html lang=en><title>Xero stand-in</title><h1>Xero stand-in</h1>"
        f"<p>Nothing here reaches Xero.</p><ul>{listed}</ul><p><a href=/connected-apps>Connected apps</a></p></html>",
    )


def _organisations(books: Books) -> tuple[Doc, ...]:
    return books.shelf.all("organisation")


def _discovery(books: Books, request: Request) -> Doc:
    # Reached under Xero's own names through the proxy, the addresses are Xero's own.
    theirs = request.header("host").lower().endswith(".xero.com")
    identity = tokens.ISSUER if theirs else books.world.base_url
    login = "https://login.xero.com" if theirs else books.world.base_url
    return {
        "issuer": tokens.ISSUER,
        "jwks_uri": f"{identity}/.well-known/openid-configuration/jwks",
        "authorization_endpoint": f"{login}/identity/connect/authorize",
        "token_endpoint": f"{identity}/connect/token",
        "revocation_endpoint": f"{identity}/connect/revocation",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }


def _connections(books: Books, request: Request) -> Answer:
    try:
        held = gate.bearer(books, request)
    except Refused as refused:
        return refused.answer
    if held["tenant"]:
        rows = [row for row in books.connections(held["app"]) if row["tenant"] == held["tenant"]]
    else:
        rows = list(books.connections(held["app"], held["user"] or None))
    event = request.param("authEventId")
    return _json([_connection(books, row) for row in rows if event in {None, "", row["event"]}])


def _connection(books: Books, row: Doc) -> Doc:
    organisation = books.organisation(row["tenant"]) or {"Name": ""}
    return {
        "id": row["id"],
        "authEventId": row["event"],
        "tenantId": row["tenant"],
        "tenantType": "ORGANISATION",
        "tenantName": organisation["Name"],
        "createdDateUtc": _seven(row["created"]),
        "updatedDateUtc": _seven(row["updated"]),
    }


def _seven(moment: datetime) -> str:
    """Seven fractional digits and no zone, as recorded."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0"


def _disconnect(books: Books, request: Request, connection_id: str) -> Answer:
    try:
        held = gate.bearer(books, request)
    except Refused as refused:
        return refused.answer
    row = books.shelf.get("connection", connection_id)
    if row is None or row["app"] != held["app"] or (held["user"] and row["user"] != held["user"]):
        return refusals.not_found()
    books.shelf.drop("connection", connection_id)
    return Answer(204)


def _status(books: Books, name: str) -> Answer:
    """The status page in the shape of Atlassian's; what it says is set through the control door."""
    said = books.shelf.get("meta", "status") or {"indicator": "none", "description": "All Systems Operational"}
    incidents = said.get("incidents", [])
    whole: Doc = {
        "page": {"id": "xero-stand-in", "name": "Xero", "url": "https://status.developer.xero.com"},
        "status": {"indicator": said["indicator"], "description": said["description"]},
        "components": [{"id": "api", "name": "Accounting API", "status": said.get("component", "operational")}],
        "incidents": incidents,
        "scheduled_maintenances": [],
    }
    wanted = {
        "summary": tuple(whole),
        "status": ("page", "status"),
        "components": ("page", "components"),
        "incidents": ("page", "incidents"),
        "scheduled-maintenances": ("page", "scheduled_maintenances"),
    }.get(name)
    return refusals.not_found() if wanted is None else _json({key: whole[key] for key in wanted})


def _json(value: object) -> Answer:
    return Answer(200, wire.to_json(value).replace("\\/", "/").encode(), "application/json; charset=utf-8")
