"""How a person lets us into one QuickBooks company: addresses, scopes and the token calls.

Code flow with state; the secret goes along as HTTP Basic. One consent reaches one company, picked on Intuit's page, and
its id (realmId) is told in the callback alone. The refresh token's value changes about once a day and its life rolls
on, but five years after the consent it ends for good. Where tokens are got and ended, Intuit's discovery document says.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from tieout.calls import Answer, Call, Request, correlation_id, lost_answer
from tieout.core.failure import Disconnected, Failure, NotAllowed, Rejected, Unreachable
from tieout.core.secret import Secret
from tieout.platforms import CONSENT_DENIED, Access, App, RemoteBooks, TokenSet
from tieout.platforms._exact import Unreadable, encode, shaped, tree
from tieout.platforms.quickbooks._asking import JSON, is_sandbox, named, read, reading
from tieout.platforms.quickbooks.errors import OUTAGE, read_grant_error

SCOPES = ("com.intuit.quickbooks.accounting",)  # there is none for reading only
IDLE_DAYS = 100  # without a renewal for so long the refresh token lapses
GRACE_SECONDS = 0  # none is documented: a refresh token whose answer was lost may be gone
TOKEN_TIMEOUT_SECONDS = 20.0
_USUAL_LIFE_SECONDS = 3600
_NO_END = datetime.max.replace(tzinfo=UTC)
_ERROR = "connect-error-shown"


class _TokenShape(msgspec.Struct):
    access_token: str = ""
    refresh_token: str = ""
    expires_in: Any = None
    x_refresh_token_hard_expires_in: Any = None


class _Endpoints(msgspec.Struct):
    token_endpoint: str = ""
    revocation_endpoint: str = ""


# By address of the document, for the life of the process.
_discovered: dict[str, _Endpoints] = {}


def lacking(scopes: Sequence[str]) -> tuple[str, ...]:
    """Nothing: a grant has the whole of the one scope or does not exist, and Intuit's answers name none."""
    return ()


def authorise_url(app: App, state: str, verifier: str) -> str:
    """Where to send the person's browser. Intuit takes no PKCE challenge, so the verifier stays unused."""
    query = {
        "client_id": app.client_id,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "redirect_uri": app.redirect_uri,
        "state": state,
    }
    return f"{app.urls['login']}/connect/oauth2?{urlencode(query, quote_via=quote)}"


def refused(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
    """Code and words when the person comes back without a yes; None when there is a code to exchange."""
    error = params.get("error", "")
    if not error:
        return None
    words = tuple(text for text in (error, params.get("error_description", "")) if text)
    return (CONSENT_DENIED if error == "access_denied" else _ERROR), words


def exchange(call: Call, app: App, params: Mapping[str, str], verifier: str) -> TokenSet:
    """The code for a token set, once; the set is that of one company.

    Raises Disconnected (grant-ended) for a code that is used or too old, Rejected when no company came with it.
    """
    realm = params.get("realmId", "")
    if not realm.isascii() or not realm.isdecimal():
        raise Rejected("Intuit's answer names no company (realmId). Start again.", code=_ERROR)
    form = {
        "grant_type": "authorization_code",
        "code": params.get("code", ""),
        "redirect_uri": app.redirect_uri,
    }
    return _tokens(call, app, form, realm)


def refresh(call: Call, app: App, token: Secret) -> TokenSet:
    """The next token set; its refresh token may be the same as before. Only one may ask at a time: a second request
    with the same token can end the grant. Raises Disconnected (grant-ended) when it is used up, expired or revoked.
    """
    return _tokens(call, app, {"grant_type": "refresh_token", "refresh_token": token.reveal()}, "")


def revoke(call: Call, app: App, token: Secret) -> None:
    """Ends the grant; one that is gone already is as good."""
    url = endpoints(call, app).revocation_endpoint
    request = _basic(app, url, JSON, encode({"token": token.reveal()}))
    answer = call(request)
    if not 200 <= answer.status < 300 and answer.status != 400:
        raise read_grant_error(request, answer)


def connections(call: Call, app: App, token: Secret, consent_id: str = "") -> tuple[RemoteBooks, ...]:
    """The one company that a consent is for, with its name; nothing where none is named, since no call lists any."""
    if not consent_id:
        return ()
    access = Access(token, "", _NO_END, consent_id, app)
    company = read(call, access, f"companyinfo/{named('id', consent_id)}", "CompanyInfo")
    return (RemoteBooks(consent_id, consent_id, str(company.get("CompanyName", "")), consent_id),)


def disconnect(call: Call, app: App, token: Secret, link_id: str) -> None:
    """Nothing: a grant reaches one company, so its end (`revoke`) is the end of the connection."""


def keys_refused(call: Call, app: App) -> Failure | None:
    """Whether Intuit knows our client id and secret. An invented code: invalid_client means that they are wrong,
    invalid_grant that they are good; the page of the authorise address says nothing of use.
    """
    form = {"grant_type": "authorization_code", "code": "invented-to-check-the-keys", "redirect_uri": app.redirect_uri}
    try:
        _tokens(call, app, form, "")
    except Disconnected:
        return None
    except NotAllowed as error:
        return error.failure
    return None


def credentials(call: Call, app: App) -> TokenSet:
    """There are no such apps at Intuit."""
    raise Rejected("QuickBooks has no apps that are let in without a person's consent", code=_ERROR)


def endpoints(call: Call, app: App) -> _Endpoints:
    """What the discovery document names, read once. Raises Unreachable: without it no token is sent anywhere."""
    path = f"/.well-known/openid{'_sandbox' if is_sandbox(app) else ''}_configuration"
    url = app.urls["identity"] + path
    if url not in _discovered:
        request = Request("GET", url, {"Accept": JSON}, None, path, TOKEN_TIMEOUT_SECONDS, is_write=False)
        _discovered[url] = _endpoints_in(url, call(request))
    return _discovered[url]


def _endpoints_in(url: str, answer: Answer) -> _Endpoints:
    try:
        found = shaped(tree(answer.body), _Endpoints) if answer.status == 200 else _Endpoints()
    except Unreadable:
        found = _Endpoints()
    # A secret goes to these addresses: never from an encrypted one to a plain one.
    is_safe = all(
        each.startswith("https://") or (each.startswith("http://") and url.startswith("http://"))
        for each in (found.token_endpoint, found.revocation_endpoint)
    )
    if not is_safe:
        words = f"Intuit's discovery document at {url} names no addresses for tokens (HTTP {answer.status})"
        raise Unreachable(words, code=OUTAGE, status=answer.status, correlation_id=correlation_id(answer))
    return found


def _tokens(call: Call, app: App, form: Mapping[str, str], realm: str) -> TokenSet:
    url = endpoints(call, app).token_endpoint
    request = _basic(app, url, "application/x-www-form-urlencoded", urlencode(form).encode("ascii"))
    answer = call(request)
    if answer.status != 200:
        raise read_grant_error(request, answer)
    with reading(request, answer):
        found = shaped(tree(answer.body), _TokenShape)
    if not found.access_token or not found.refresh_token:
        raise lost_answer(request, "the answer holds no token set", code="answer-unreadable", status=200)
    return TokenSet(
        access=Secret(found.access_token),
        refresh=Secret(found.refresh_token),
        expires_in_seconds=min(_seconds(found.expires_in) or _USUAL_LIFE_SECONDS, _USUAL_LIFE_SECONDS),
        consent_id=realm,
        person=f"realm:{realm}" if realm else "",
        is_claimed=bool(realm),  # the address that the browser came back to says it, and nothing signs that
        ends_in_seconds=_seconds(found.x_refresh_token_hard_expires_in),
    )


def _seconds(told: Any) -> int | None:
    """A time as they tell it; None for what makes no sense."""
    try:
        told_seconds = int(str(told))
    except ValueError:
        return None
    return told_seconds if told_seconds > 0 else None


def _basic(app: App, url: str, content_type: str, body: bytes) -> Request:
    pair = f"{quote(app.client_id, safe='')}:{quote(app.client_secret.reveal(), safe='')}"
    headers = {
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}",
        "Accept": JSON,
        "Content-Type": content_type,
        "x-include-refresh-token-hard-expires-in": "true",
    }
    return Request("POST", url, headers, body, urlsplit(url).path, TOKEN_TIMEOUT_SECONDS)
