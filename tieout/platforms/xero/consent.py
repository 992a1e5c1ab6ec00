"""How a person lets us into Xero: addresses, scopes and the token calls. Xero keeps one token set a person and app.

Code flow with PKCE (S256) and state; the secret goes along when the app has one. A refresh token is single use: the
answer brings the next one, and for 30 minutes the one before may be presented again if that answer was lost.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from tieout.calls import Call, Request, lost_answer
from tieout.core.failure import Disconnected, Failure, NotAllowed
from tieout.core.secret import Secret
from tieout.platforms import App, RemoteBooks, TokenSet
from tieout.platforms._exact import shaped, tree
from tieout.platforms.xero._asking import reading
from tieout.platforms.xero.errors import read_error, read_grant_error
from tieout.platforms.xero.permissions import covered

# The granular scopes; the broad ones end on 2027-09-13 and are refused to apps made after 2026-03-02.
SCOPES = (
    "openid",
    "profile",
    "email",
    "offline_access",
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.contacts",
    "accounting.settings.read",
    "accounting.attachments",
)
IDLE_DAYS = 60  # without a renewal for so long the refresh token lapses
GRACE_SECONDS = 30 * 60
TOKEN_TIMEOUT_SECONDS = 20.0
_USUAL_LIFE_SECONDS = 1800
_LONGEST_LIFE_SECONDS = 3600


class _TokenShape(msgspec.Struct):
    access_token: str = ""
    refresh_token: str = ""
    id_token: str = ""
    scope: str = ""
    token_type: str = ""
    expires_in: Any = None


class _ConnectionShape(msgspec.Struct):
    id: str = ""
    authEventId: str = ""
    tenantId: str = ""
    tenantType: str = ""
    tenantName: str = ""
    createdDateUtc: str = ""


def lacking(scopes: Sequence[str]) -> tuple[str, ...]:
    """What we asked for and did not get, where it matters for the books. Nothing when the answer named no scopes."""
    held = covered(scopes)
    return tuple(each for each in SCOPES if each.startswith("accounting.") and each not in held) if scopes else ()


def authorise_url(app: App, state: str, verifier: str) -> str:
    """Where to send the person's browser, in the top window: the page refuses frames."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": challenge.decode("ascii"),
        "code_challenge_method": "S256",
    }
    return f"{app.urls['login']}/identity/connect/authorize?{urlencode(query, quote_via=quote)}"


def exchange(call: Call, app: App, params: Mapping[str, str], verifier: str) -> TokenSet:
    """A token set for the code, once. Raises Disconnected (grant-ended) for a code that is used or too old."""
    return _tokens(
        call,
        app,
        {
            "grant_type": "authorization_code",
            "code": params.get("code", ""),
            "redirect_uri": app.redirect_uri,
            "code_verifier": verifier,
        },
    )


def refresh(call: Call, app: App, token: Secret) -> TokenSet:
    """The next token set. Raises Disconnected (grant-ended) for a token that is used up, expired or revoked.

    OutcomeUnknown: it may have been rotated; present the same token again within the grace time. A custom app has no
    refresh token: it asks for an access token anew.
    """
    if app.is_custom:
        return credentials(call, app)
    return _tokens(call, app, {"grant_type": "refresh_token", "refresh_token": token.reveal()})


def credentials(call: Call, app: App) -> TokenSet:
    """A token set of a custom connection: one organisation, no refresh token (developer.xero.com/custom-development).

    Raises NotAllowed for a wrong client id or secret.
    """
    scopes = " ".join(each for each in SCOPES if each.startswith("accounting."))
    found = _answered(call, app, {"grant_type": "client_credentials", "scope": scopes})
    return TokenSet(
        access=Secret(found.access_token),
        refresh=Secret(""),
        expires_in_seconds=_life(found.expires_in),
        scopes=tuple(found.scope.split()),
        person=f"app:{app.client_id}",
        person_name="its own app",
    )


def keys_refused(call: Call, app: App) -> Failure | None:
    """Whether Xero knows our client id and secret: an invented code is refused as such only after they were taken."""
    form = {"grant_type": "authorization_code", "code": "invented-to-check-the-keys", "redirect_uri": app.redirect_uri}
    if app.is_custom:
        form = {"grant_type": "client_credentials"}
    else:
        form["code_verifier"] = "v" * 43
    try:
        _answered(call, app, form)
    except Disconnected:
        return None
    except NotAllowed as error:
        return error.failure
    return None


def revoke(call: Call, app: App, token: Secret) -> None:
    """Ends the refresh token and, at Xero, every connection of that person. A custom app has none to end."""
    if app.is_custom:
        return
    request = _form(app, "/connect/revocation", {"token": token.reveal()})
    answer = call(request)
    if not 200 <= answer.status < 300:
        raise read_grant_error(request, answer)


def connections(call: Call, app: App, token: Secret, consent_id: str = "") -> tuple[RemoteBooks, ...]:
    """What the person's token reaches; with `consent_id` only what that one consent was for."""
    question = f"?{urlencode({'authEventId': consent_id})}" if consent_id else ""
    request = _bearer(app, "GET", f"/connections{question}", "/connections", token)
    answer = call(request)
    if answer.status != 200:
        raise read_error(request, answer)
    with reading(request, answer):
        found = tree(answer.body)
        shapes = [shaped(each, _ConnectionShape) for each in (found if isinstance(found, list) else [found])]
    return tuple(
        RemoteBooks(
            each.id,
            each.tenantId,
            each.tenantName,
            each.authEventId,
            each.tenantType == "ORGANISATION",
            _moment(each.createdDateUtc),
        )
        for each in shapes
    )


def _moment(told: str) -> datetime | None:
    """Xero tells it without a zone and with seven digits behind the second: 2020-03-18T21:20:07.7179250."""
    try:
        return datetime.fromisoformat(told.partition(".")[0]).replace(tzinfo=UTC)
    except ValueError:
        return None


def disconnect(call: Call, app: App, token: Secret, link_id: str) -> None:
    """Ends our connection to one organisation; one that is gone already is as good."""
    request = _bearer(app, "DELETE", f"/connections/{quote(link_id, safe='')}", "/connections/{id}", token)
    answer = call(request)
    if answer.status not in (200, 204, 404):
        raise read_error(request, answer)


def _tokens(call: Call, app: App, form: Mapping[str, str]) -> TokenSet:
    found = _answered(call, app, form)
    if not found.refresh_token:
        words = "no refresh token was given: the permission for offline access is missing"
        raise NotAllowed(words, code="connect-permission-partial")
    claims, person = _claims(found.access_token), _claims(found.id_token)
    return TokenSet(
        access=Secret(found.access_token),
        refresh=Secret(found.refresh_token),
        expires_in_seconds=_life(found.expires_in),
        scopes=tuple(found.scope.split()),
        consent_id=_text(claims, "authentication_event_id"),
        person=_text(claims, "xero_userid") or _text(claims, "sub"),
        person_name=_name(person),
    )


def _answered(call: Call, app: App, form: Mapping[str, str]) -> _TokenShape:
    """What the token endpoint gives. Raises what it says instead, or that its answer holds no token."""
    request = _form(app, "/connect/token", form)
    answer = call(request)
    if answer.status != 200:
        raise read_grant_error(request, answer)
    with reading(request, answer):
        found = shaped(tree(answer.body), _TokenShape)
    if not found.access_token:
        raise lost_answer(request, "the answer holds no access token", code="answer-unreadable", status=200)
    return found


def _life(told: Any) -> int:
    """Seconds the token lives. What makes no sense counts as Xero's usual life, and nothing lives longer than an hour.

    An attempt waits for its token to die, so a life told too short would be the dangerous mistake.
    """
    try:
        life_seconds = int(str(told))
    except ValueError:
        return _USUAL_LIFE_SECONDS
    return min(life_seconds, _LONGEST_LIFE_SECONDS) if life_seconds > 0 else _USUAL_LIFE_SECONDS


def _claims(token: str) -> dict[str, Any]:
    """What a JWT says. It came straight from the token endpoint, so its signature need not be proven."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _name(claims: dict[str, Any]) -> str:
    whole = f"{_text(claims, 'given_name')} {_text(claims, 'family_name')}".strip()
    return _text(claims, "name") or whole or _text(claims, "email") or _text(claims, "preferred_username")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) else ""


def _form(app: App, path: str, form: Mapping[str, str]) -> Request:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if app.client_secret:
        pair = f"{quote(app.client_id, safe='')}:{quote(app.client_secret.reveal(), safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
    else:
        form = {**form, "client_id": app.client_id}
    return Request(
        "POST", f"{app.urls['identity']}{path}", headers, urlencode(form).encode("ascii"), path, TOKEN_TIMEOUT_SECONDS
    )


def _bearer(app: App, method: str, path: str, template: str, token: Secret) -> Request:
    headers = {"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"}
    return Request(method, f"{app.urls['api']}{path}", headers, None, template, is_write=method != "GET")


def refused(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
    """Code and words when the person comes back without a yes; None when there is a code to exchange."""
    error = params.get("error", "")
    if not error:
        return None
    words = tuple(text for text in (error, params.get("error_description", "")) if text)
    return ("connect-never-completes" if error == "access_denied" else "connect-error-shown"), words
