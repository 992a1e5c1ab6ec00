"""Login with Amazon: access tokens for a refresh token, or for the app alone; each lives an hour."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.amazon import refusals
from tieout.sandbox.amazon.refusals import token_error
from tieout.sandbox.amazon.state import Sellers

GRANTLESS = frozenset({"sellingpartnerapi::notifications", "sellingpartnerapi::migration"})
GRANTLESS |= {"sellingpartnerapi::client_credential:rotation"}


def token(sellers: Sellers, request: Request) -> Answer:
    """The token endpoint. A form or a JSON object is read; the app is checked before the grant."""
    told = _told(request)
    if told is None:
        return token_error(400, "invalid_request", "Content type is not supported by token endpoint")
    kind = told.get("grant_type", "")
    if not kind:
        return token_error(400, "invalid_request", "The request is missing a required parameter : grant_type")
    app = sellers.shelf.get("app", told.get("client_id", ""))
    if app is None or not hmac.compare_digest(app["secret"].encode(), told.get("client_secret", "").encode()):
        return token_error(401, "invalid_client", "Client authentication failed")
    match kind:
        case "refresh_token":
            return _refresh(sellers, app, told)
        case "client_credentials":
            return _grantless(sellers, app, told)
    return token_error(
        400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server"
    )


def read_access(sellers: Sellers, sent: str) -> Doc | None:
    """The row of an access token, alive or not; None when it was never given or its grant is gone."""
    row = sellers.shelf.get("access", sent)
    if row is None or (row["grant"] and not _grant_lives(sellers, row["grant"])):
        return None
    return row


def _told(request: Request) -> dict[str, str] | None:
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return request.form()
    if kind != "application/json":
        return None
    try:
        found = json.loads(request.body)
    except ValueError:
        return None
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else None


def _refresh(sellers: Sellers, app: Doc, told: dict[str, str]) -> Answer:
    sent = told.get("refresh_token", "")
    if not sent:
        return token_error(400, "invalid_request", "The request is missing a required parameter : refresh_token")
    grant = sellers.shelf.get("grant", sent)
    if grant is None or grant["app"] != app["client_id"] or not _grant_lives(sellers, sent):
        return refusals.dead_grant()
    # The refresh token comes back as it was: Login with Amazon does not rotate it.
    return _given(sellers, app, grant["refresh_token"], "")


def _grantless(sellers: Sellers, app: Doc, told: dict[str, str]) -> Answer:
    scope = told.get("scope", "")
    if not scope or not set(scope.split()) <= GRANTLESS:
        return token_error(400, "invalid_scope", "The request has an invalid scope parameter")
    return _given(sellers, app, "", scope)


def _given(sellers: Sellers, app: Doc, refresh_token: str, scope: str) -> Answer:
    access = f"Atza|{sellers.shelf.new_secret(64)}"
    seconds = int(sellers.switches["access_seconds"])
    row: Doc = {"app": app["client_id"], "grant": refresh_token, "scope": scope}
    sellers.shelf.put("access", access, row | {"expires": sellers.now() + timedelta(seconds=seconds)})
    body: Doc = {"access_token": access, "token_type": "bearer", "expires_in": seconds}
    body |= {"refresh_token": refresh_token} if refresh_token else {"scope": scope}
    return Answer(200, json.dumps(body).encode(), "application/json;charset=UTF-8").with_headers(
        ("Cache-Control", "no-store"), ("Pragma", "no-cache")
    )


def _grant_lives(sellers: Sellers, refresh_token: str) -> bool:
    grant = sellers.shelf.get("grant", refresh_token)
    return grant is not None and not grant["revoked"] and sellers.now() < grant["expires"]
