"""The token endpoint: codes, refresh tokens whose value turns once a day, the five-year cap, revocation."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tieout.sandbox import Answer, Doc, Request, signing
from tieout.sandbox.quickbooks.state import Books

ISSUER = "https://oauth.platform.intuit.com/op/v1"
CODE_SECONDS, ID_SECONDS, IDLE_SECONDS = 600, 3_600, 8_640_000
# Within so long after a value turned, the old one coming again is two refreshes at once.
RACE_SECONDS = 60
HARD_HEADER = "x-include-refresh-token-hard-expires-in"


class Denied(Exception):
    """The token endpoint refuses with this error code."""

    def __init__(self, error: str, told: str = "") -> None:
        super().__init__(error)
        self.error, self.told = error, told


def token(books: Books, request: Request, *, turn: bool = False) -> Answer:
    """POST /oauth2/v1/tokens/bearer. `turn` makes the refresh token's value turn whatever its age."""
    form = request.form()
    try:
        app = _client(books, request)
        if "x-www-form-urlencoded" not in request.header("content-type").lower():
            raise Denied("invalid_request", "The body must be a form")
        match form.get("grant_type"):
            case "authorization_code":
                found = _exchange(books, app, form)
            case "refresh_token":
                found = _refresh(books, app, form, turn)
            case None:
                raise Denied("invalid_request", "grant_type is missing")
            case _:
                raise Denied("unsupported_grant_type")
    except Denied as denied:
        return denial(denied.error, denied.told)
    if request.header(HARD_HEADER).lower() != "true":
        found = {key: value for key, value in found.items() if key != "x_refresh_token_hard_expires_in"}
    return _plain(200, found)


def denial(error: str, told: str = "") -> Answer:
    """RFC 6749, section 5.2."""
    said = {"error": error, "error_description": told or _TOLD.get(error, "")}
    return _plain(401 if error == "invalid_client" else 400, {key: text for key, text in said.items() if text})


def revoke(books: Books, request: Request) -> Answer:
    """Either token, as JSON or as a form: the whole grant dies. 400 for a token that is none."""
    try:
        app = _client(books, request)
        grant = _grant_of(books, _sent_token(request))
        if grant is None or grant["app"] != app["client_id"]:
            raise Denied("invalid_request", "The token is not known")
    except Denied as denied:
        return denial(denied.error, denied.told)
    drop_grant(books, grant["id"])
    return Answer(200)


def read_access(books: Books, bearer: str) -> Doc | None:
    return books.shelf.get("access", _digest(bearer))


def new_code(books: Books, row: Doc) -> str:
    """A code that works once, for ten minutes. `row`: app, realm, who, scopes, redirect_uri, nonce."""
    code = f"AB11{books.shelf.new_secret(46)}"
    expires = books.now() + timedelta(seconds=CODE_SECONDS)
    books.shelf.put("code", _digest(code), row | {"id": _digest(code), "expires": expires, "used": False})
    return code


def new_grant(books: Books, app: str, realm: str, who: str, scopes: list[str]) -> Doc:
    """The grant of a person for one company. Consent given again ends what there was, and begins five years anew."""
    grant_id = f"{app}/{realm}/{who}"
    drop_grant(books, grant_id)
    now = books.now()
    ends = now + timedelta(seconds=float(books.switches["grant_seconds"]))
    row: Doc = {"id": grant_id, "app": app, "realm": realm, "who": who, "scopes": scopes, "state": "live"}
    return books.shelf.put("grant", grant_id, row | {"begun": now, "hard_ends": ends})


def drop_grant(books: Books, grant_id: str) -> None:
    drop_tokens(books, grant_id)
    books.shelf.drop("grant", grant_id)


def drop_tokens(books: Books, grant_id: str) -> None:
    for table in ("access", "refresh"):
        for row in books.shelf.find(table, "grant", grant_id):
            books.shelf.drop(table, row["id"])


def race_lost(books: Books, value: str) -> Answer:
    """What the second of two refreshes gets; by switch the first one's tokens die with it."""
    grant = _grant_of(books, value)
    if grant is not None and books.switches["race_kills_winner"]:
        drop_tokens(books, grant["id"])
    return denial("invalid_grant")


def _client(books: Books, request: Request) -> Doc:
    scheme, _, coded = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        raise Denied("invalid_client")
    try:
        name, _, word = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError as error:
        raise Denied("invalid_client") from error
    app = books.shelf.get("app", unquote(name))
    if app is None or unquote(word) != app["secret"]:
        raise Denied("invalid_client")
    return app


def _exchange(books: Books, app: Doc, form: Doc) -> Doc:
    code = books.shelf.get("code", _digest(form.get("code", "")))
    if code is None or code["app"] != app["client_id"] or code["used"] or books.now() >= code["expires"]:
        raise Denied("invalid_grant", "Invalid authorization code")
    if code["redirect_uri"] != form.get("redirect_uri"):
        raise Denied("invalid_grant", "Invalid redirect_uri")
    books.shelf.put("code", code["id"], code | {"used": True})
    grant = new_grant(books, app["client_id"], code["realm"], code["who"], list(code["scopes"]))
    return _issue(books, grant, _new_refresh(books, grant), code["nonce"])


def _refresh(books: Books, app: Doc, form: Doc, turn: bool) -> Doc:
    now, value = books.now(), form.get("refresh_token", "")
    row = books.shelf.get("refresh", _digest(value))
    grant = None if row is None else books.shelf.get("grant", row["grant"])
    if row is None or grant is None or grant["app"] != app["client_id"] or grant["state"] == "disconnected":
        raise Denied("invalid_grant")
    if now >= row["expires"] or now >= grant["hard_ends"]:
        raise Denied("invalid_grant")
    if row["turned"] is not None:
        return _old_value(books, grant, row, now)
    if not turn and now < row["since"] + timedelta(seconds=float(books.switches["rotate_seconds"])):
        books.shelf.put("refresh", row["id"], row | {"expires": _idle_end(grant, now)})
        return _issue(books, grant, value)
    fresh = _new_refresh(books, grant)
    books.shelf.put("refresh", row["id"], row | {"turned": now, "next": fresh})
    return _issue(books, grant, fresh)


def _old_value(books: Books, grant: Doc, row: Doc, now: datetime) -> Doc:
    """A value that has turned comes again: a lost answer, or two at once."""
    if now < row["turned"] + timedelta(seconds=float(books.switches["refresh_grace_seconds"])):
        return _issue(books, grant, row["next"])
    if books.switches["race_kills_winner"] and now < row["turned"] + timedelta(seconds=RACE_SECONDS):
        drop_tokens(books, grant["id"])
    raise Denied("invalid_grant")


def _issue(books: Books, grant: Doc, value: str, nonce: str = "") -> Doc:
    now = books.now()
    _forget_expired(books, grant["id"], now)
    row = books.shelf.get("refresh", _digest(value))
    assert row is not None, "a refresh token is kept before it is given"
    found: Doc = {"token_type": "bearer", "access_token": _access(books, grant)}
    found |= {"expires_in": int(books.switches["access_seconds"]), "refresh_token": value}
    found["x_refresh_token_expires_in"] = int((row["expires"] - now).total_seconds())
    found["x_refresh_token_hard_expires_in"] = int((grant["hard_ends"] - now).total_seconds())
    return found | ({"id_token": _id_token(books, grant, nonce)} if "openid" in grant["scopes"] else {})


def _new_refresh(books: Books, grant: Doc) -> str:
    now = books.now()
    expires = _idle_end(grant, now)
    value = f"AB11{int(expires.timestamp())}{books.shelf.new_secret(36)}"
    row: Doc = {"id": _digest(value), "grant": grant["id"], "since": now, "expires": expires}
    books.shelf.put("refresh", row["id"], row | {"turned": None, "next": ""})
    return value


def _idle_end(grant: Doc, now: datetime) -> datetime:
    end: datetime = min(now + timedelta(seconds=IDLE_SECONDS), grant["hard_ends"])
    return end


def _access(books: Books, grant: Doc) -> str:
    # An encrypted token of the usual length: nobody but the vendor can read it, and short columns cannot hold it.
    drawn = "".join(books.shelf.new_secret(128) for _ in range(6))
    made = f"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0..{drawn[:22]}.{drawn[22:-22]}.{drawn[-22:]}"
    row: Doc = {"id": _digest(made), "grant": grant["id"], "app": grant["app"], "realm": grant["realm"]}
    expires = books.now() + timedelta(seconds=float(books.switches["access_seconds"]))
    books.shelf.put("access", row["id"], row | {"scopes": grant["scopes"], "expires": expires})
    return made


def _id_token(books: Books, grant: Doc, nonce: str) -> str:
    now = int(books.now().timestamp())
    claims: Doc = {"sub": subject(grant["who"]), "aud": [grant["app"]], "realmid": grant["realm"], "auth_time": now}
    claims |= {"iss": ISSUER, "exp": now + ID_SECONDS, "iat": now}
    return signing.signed(books.shelf, claims | ({"nonce": nonce} if nonce else {}))


def subject(who: str) -> str:
    """The person's id at Intuit; the same for every app."""
    drawn = hashlib.sha256(who.lower().encode()).hexdigest()
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-a{drawn[17:20]}-{drawn[20:32]}"


def _grant_of(books: Books, value: str) -> Doc | None:
    row = books.shelf.get("refresh", _digest(value)) or books.shelf.get("access", _digest(value))
    return None if row is None else books.shelf.get("grant", row["grant"])


def _sent_token(request: Request) -> str:
    if "json" not in request.header("content-type").lower():
        return request.form().get("token", "")
    try:
        found: Any = json.loads(request.body)
    except ValueError as error:
        raise Denied("invalid_request", "The body is not JSON") from error
    return str(found.get("token", "")) if isinstance(found, dict) else ""


def _forget_expired(books: Books, grant_id: str, now: datetime) -> None:
    for row in books.shelf.find("access", "grant", grant_id):
        if row["expires"] < now - timedelta(days=1):
            books.shelf.drop("access", row["id"])
    for row in books.shelf.find("refresh", "grant", grant_id):
        if row["turned"] is not None and row["turned"] < now - timedelta(days=1):
            books.shelf.drop("refresh", row["id"])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _plain(status: int, found: Doc) -> Answer:
    headers = (("Cache-Control", "no-cache, no-store"), ("Pragma", "no-cache"))
    return Answer(status, json.dumps(found).encode(), "application/json;charset=utf-8", headers)


_TOLD = {
    "invalid_grant": "Incorrect or invalid refresh token",
    "invalid_client": "Invalid client id or secret",
    "unsupported_grant_type": "The grant type is not supported",
    "invalid_scope": "Invalid scope",
}
