"""The token endpoint: codes, rotating refresh tokens with half an hour's grace, client credentials, revocation."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from tieout.sandbox import Answer, Doc, Request, signing
from tieout.sandbox.xero import scopes, wire
from tieout.sandbox.xero.state import Books

ID_SECONDS, CODE_SECONDS, GRACE_SECONDS = 300, 300, 1_800
REFRESH_DAYS = 60
ISSUER = "https://identity.xero.com"
_VERIFIER = re.compile(r"^[A-Za-z0-9\-._~]{43,128}$")


class Denied(Exception):
    """The token endpoint refuses with this error code."""


def token(books: Books, request: Request) -> Answer:
    """POST /connect/token. Answers hold no key beyond those that xero-python can take."""
    form = request.form()
    try:
        app = _client(books, request, form)
        match form.get("grant_type"):
            case "authorization_code":
                found = _exchange(books, app, form)
            case "refresh_token":
                found = _refresh(books, app, form)
            case "client_credentials":
                found = _credentials(books, app, form)
            case _:
                raise Denied("unsupported_grant_type")
    except Denied as denied:
        return denial(str(denied))
    return _plain(200, found)


def denial(error: str) -> Answer:
    return _plain(400, {"error": error})


def revoke(books: Books, request: Request) -> Answer:
    """POST /connect/revocation: kills the refresh token and every connection of that person to this app."""
    form = request.form()
    try:
        app = _client(books, request, form)
    except Denied as denied:
        return denial(str(denied))
    row = books.shelf.get("refresh", _digest(form.get("token", "")))
    if row is not None and row["app"] == app["client_id"]:
        drop_refreshes(books, row["app"], row["user"])
        books.shelf.drop("grant", f"{row['app']}/{row['user']}")
        for connection in books.connections(row["app"], row["user"]):
            books.shelf.drop("connection", connection["id"])
    return Answer(200)


def read_access(books: Books, bearer: str) -> Doc | None:
    return books.shelf.get("access", _digest(bearer))


def drop_refreshes(books: Books, app_id: str, user_id: str) -> None:
    for row in books.shelf.find("refresh", "grant", f"{app_id}/{user_id}"):
        books.shelf.drop("refresh", row["id"])


def _client(books: Books, request: Request, form: Doc) -> Doc:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, coded = request.header("authorization").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, word = base64.b64decode(coded).decode().partition(":")
        except ValueError as error:
            raise Denied("invalid_client") from error
        client_id, secret = unquote_plus(name), unquote_plus(word)
    app = books.shelf.get("app", client_id)
    if app is None or (app["type"] != "pkce" and secret != app["secret"]):
        raise Denied("invalid_client")
    return app


def _exchange(books: Books, app: Doc, form: Doc) -> Doc:
    code = books.shelf.get("code", _digest(form.get("code", "")))
    if app["type"] == "custom":
        raise Denied("unauthorized_client")
    if code is None or code["app"] != app["client_id"] or code["used"] or books.now() >= code["expires"]:
        raise Denied("invalid_grant")
    if code["redirect_uri"] != form.get("redirect_uri"):
        raise Denied("invalid_grant")
    if (app["type"] == "pkce" or code["challenge"]) and not _proves(code["challenge"], form.get("code_verifier", "")):
        raise Denied("invalid_grant")
    books.shelf.put("code", code["id"], code | {"used": True})
    grant_id = f"{app['client_id']}/{code['user']}"
    before = books.shelf.get("grant", grant_id)
    # Scopes add up on consent given again, and shrink only by revocation.
    held = list(dict.fromkeys([*(before["scopes"] if before else ()), *code["scopes"]]))
    grant = books.shelf.put(
        "grant",
        grant_id,
        {"id": grant_id, "app": app["client_id"], "user": code["user"], "scopes": held, "event": code["event"]},
    )
    drop_refreshes(books, app["client_id"], code["user"])
    return _issue(books, grant, code["nonce"])


def _proves(challenge: str, verifier: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return bool(_VERIFIER.match(verifier)) and digest == challenge


def _refresh(books: Books, app: Doc, form: Doc) -> Doc:
    now = books.now()
    row = books.shelf.get("refresh", _digest(form.get("refresh_token", "").strip()))
    if row is None or row["app"] != app["client_id"] or now >= row["expires"]:
        raise Denied("invalid_grant")
    grant = books.shelf.get("grant", row["grant"])
    if grant is None:
        raise Denied("invalid_grant")
    again = row["consumed"] is not None
    if again:
        if now >= row["consumed"] + timedelta(seconds=GRACE_SECONDS):
            raise Denied("invalid_grant")
        if books.switches["grace"] == "same":
            return dict(row["answer"])
        if books.switches["grace"] == "newest":
            for other in books.shelf.find("refresh", "grant", row["grant"]):
                if other["consumed"] is None:
                    books.shelf.drop("refresh", other["id"])
    found = _issue(books, grant)
    if not again:
        books.shelf.put("refresh", row["id"], row | {"consumed": now, "answer": found})
    _forget_dead(books, row["grant"], now)
    return found


def _credentials(books: Books, app: Doc, form: Doc) -> Doc:
    wanted = (form.get("scope") or "").split()
    if app["type"] == "pkce" or not app["secret"]:
        raise Denied("unauthorized_client")
    if app["type"] != "custom" and set(wanted) - {"app.connections", "marketplace.billing"}:
        raise Denied("unauthorized_client")
    if scopes.refused(app, wanted, books.now()) or (app["type"] == "custom" and set(wanted) - set(app["scopes"])):
        raise Denied("invalid_scope")
    held = wanted or list(app["scopes"])
    access = _access(books, app["client_id"], app.get("user", ""), held, books.shelf.new_id(), app.get("tenant", ""))
    return {
        "access_token": access,
        "expires_in": access_seconds(books),
        "token_type": "Bearer",
        "scope": " ".join(held),
    }


def access_seconds(books: Books) -> int:
    return int(books.switches["access_seconds"])


def _issue(books: Books, grant: Doc, nonce: str = "") -> Doc:
    held = list(grant["scopes"])
    access = _access(books, grant["app"], grant["user"], held, grant["event"])
    found: Doc = {}
    if "openid" in held:
        found["id_token"] = _id_token(books, grant, access, nonce)
    found |= {"access_token": access, "expires_in": access_seconds(books), "token_type": "Bearer"}
    if "offline_access" in held:
        found["refresh_token"] = _new_refresh(books, grant)
    return found | {"scope": " ".join(held)}


def _new_refresh(books: Books, grant: Doc) -> str:
    fresh = books.shelf.new_secret()
    row: Doc = {
        "id": _digest(fresh),
        "grant": grant["id"],
        "app": grant["app"],
        "user": grant["user"],
        "consumed": None,
    }
    books.shelf.put("refresh", row["id"], row | {"expires": books.now() + timedelta(days=REFRESH_DAYS)})
    return fresh


def _access(books: Books, app_id: str, user_id: str, held: list[str], event: str, tenant: str = "") -> str:
    now = books.now()
    expires = now + timedelta(seconds=access_seconds(books))
    session = hashlib.md5(f"{app_id}{user_id}".encode(), usedforsecurity=False).hexdigest()
    claims: Doc = {
        "nbf": int(now.timestamp()),
        "exp": int(expires.timestamp()),
        "iss": ISSUER,
        "aud": f"{ISSUER}/resources",
        "client_id": app_id,
        "sub": hashlib.md5(user_id.encode(), usedforsecurity=False).hexdigest(),
        "auth_time": int(now.timestamp()),
        "xero_userid": user_id,
        "global_session_id": session,
        "sid": session,
        "jti": books.shelf.new_secret(32).upper(),
        "authentication_event_id": event,
        "scope": held,
        "amr": ["pwd"],
    }
    made = signing.signed(books.shelf, claims)
    row: Doc = {"id": _digest(made), "grant": f"{app_id}/{user_id}", "app": app_id, "user": user_id, "scopes": held}
    books.shelf.put("access", row["id"], row | {"expires": expires, "event": event, "tenant": tenant})
    return made


def _id_token(books: Books, grant: Doc, access: str, nonce: str) -> str:
    now, user = books.now(), books.shelf.get("user", grant["user"]) or {}
    claims: Doc = {
        "nbf": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=ID_SECONDS)).timestamp()),
        "iat": int(now.timestamp()),
        "iss": ISSUER,
        "aud": grant["app"],
        "at_hash": signing.half_hash(access),
        "sub": hashlib.md5(grant["user"].encode(), usedforsecurity=False).hexdigest(),
        "auth_time": int(now.timestamp()),
        "xero_userid": grant["user"],
        "preferred_username": user.get("email", ""),
        "email": user.get("email", ""),
        "given_name": user.get("first_name", ""),
        "family_name": user.get("last_name", ""),
    }
    return signing.signed(books.shelf, claims | ({"nonce": nonce} if nonce else {}))


def _forget_dead(books: Books, grant_id: str, now: datetime) -> None:
    for row in books.shelf.find("access", "grant", grant_id):
        if row["expires"] < now - timedelta(days=1):
            books.shelf.drop("access", row["id"])
    for row in books.shelf.find("refresh", "grant", grant_id):
        if row["consumed"] is not None and row["consumed"] < now - timedelta(days=1):
            books.shelf.drop("refresh", row["id"])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_code(books: Books, row: Doc) -> str:
    """A code that works once, for five minutes."""
    code = books.shelf.new_secret()
    expires = books.now() + timedelta(seconds=CODE_SECONDS)
    books.shelf.put("code", _digest(code), row | {"id": _digest(code), "expires": expires, "used": False})
    return code


def _plain(status: int, found: Doc) -> Answer:
    body = wire.to_json(found).replace("\\/", "/").encode()
    return Answer(status, body, "application/json; charset=utf-8", (("Cache-Control", "no-store"),))
