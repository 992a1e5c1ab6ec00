"""Sign-in by somebody who vouches for people: the press on a button, the provider's page, and the answer.

A press leaves a draft that is good once, for ten minutes, for one browser. Everything that was agreed at the press
(state, nonce, PKCE verifier) is made of the state and a secret of that browser, so none of it is kept. What the person
did wrong, or saw refused, is a `Result`, never an exception.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hmac import compare_digest
from urllib.parse import quote, urlencode

from tieout.calls import make_call
from tieout.core.actor import Actor
from tieout.core.failure import NotAllowed, RemoteError
from tieout.core.openid import Client, Vouched
from tieout.people import identities, sessions, tries
from tieout.people.acting import record
from tieout.people.id_tokens import Untrusted
from tieout.people.identities import TakenElsewhere
from tieout.store import identities as rows
from tieout.store.engine import read, write
from tieout.store.identities import Draft
from tieout.sync import identity_issues, vouching_calls
from tieout.sync.tools import Tools
from tieout.sync.vouchers import label

DRAFT_MINUTES = 10
_SCOPES = "openid email profile"
_LONGEST_WORDS = 500
_NOBODY = Actor("", "", "")


class Outcome(StrEnum):
    SIGNED_IN = "signed-in"
    FACTOR = "factor"  # proven, and the person's second factor comes next
    LINKED = "linked"  # the person who was signed in has one more way in
    UNKNOWN = "unknown"  # proven, but nobody here has it: `draft` names what waits
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended. `session` is the token of a new session, or with FACTOR of the sign-in that goes on; `code` says
    why it was refused.

    `words` are the provider's own and may hold anything: escape them.
    """

    outcome: Outcome
    draft: str = ""
    session: str = ""
    code: str = ""
    words: str = ""


def offered(tools: Tools) -> tuple[tuple[str, str], ...]:
    """Name and label of everybody who may vouch, by label."""
    return tuple(sorted(((name, label(name)) for name in tools.vouching), key=lambda pair: pair[1]))


def begin(tools: Tools, name: str, browser: str, person: str = "", address: str = "") -> str:
    """The address to send the browser to. `browser` is a secret of this browser; `person` who links one more way in.

    `address` is the network address that presses are counted against, since each of them asks the provider. Raises
    TooManyTries, NotAllowed for somebody who does not vouch here, RemoteError when the provider cannot be asked.
    """
    client = _client(tools, name)
    if address:
        with write(tools.engines, "") as db:
            tries.count(db, (f"vouched:{address}",), tools.now())
    endpoints = vouching_calls.discover(make_call(tools.transport), client)
    state, now = secrets.token_urlsafe(32), tools.now()
    draft = Draft(sessions.digest(state), name, identities.bound(browser), person, endpoints, now)
    with write(tools.engines, "") as db:
        rows.begin(db, draft, now - timedelta(days=1))
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": _SCOPES,
        "state": state,
        "nonce": _made(browser, state, "nonce"),
        "code_challenge": _challenge(_made(browser, state, "verifier")),
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in endpoints["authorization_endpoint"] else "?"
    return f"{endpoints['authorization_endpoint']}{joint}{urlencode(asked, quote_via=quote)}"


def finish(
    tools: Tools, name: str, params: Mapping[str, str], browser: str, visit: sessions.Visit, person: str = ""
) -> Result:
    """What the browser came back with. `person` is who is signed in now, which must be who was at the press.

    No token is asked for unless state, browser, provider, time and issuer are right.
    """
    state = params.get("state", "")
    with read(tools.engines, "") as db:
        draft = rows.draft(db, sessions.digest(state)) if state and len(state) <= 200 else None
    if draft is None:
        return Result(Outcome.REFUSED, code="sign-in-unasked")
    if refused := _out_of_place(tools, name, draft, params, browser, person):
        return _refuse(tools, draft, refused)
    with write(tools.engines, "") as db:
        if not rows.take(db, draft.id, tools.now()):
            return Result(Outcome.REFUSED, draft.id, code="sign-in-used")
    if params.get("error"):
        code = "sign-in-denied" if params["error"] == "access_denied" else "sign-in-error"
        return _refuse(tools, draft, code, params.get("error_description") or params["error"])
    if not params.get("code"):
        return _refuse(tools, draft, "sign-in-error", "the answer holds neither a code nor a reason")
    try:
        vouched = _vouched(tools, draft, params["code"], state, browser)
    except Untrusted as error:
        return _refuse(tools, draft, error.code, str(error))
    except RemoteError as error:
        return _refuse(tools, draft, "sign-in-unreachable", error.failure.sentence)
    return _linked(tools, draft, vouched) if draft.person else _signed_in(tools, draft, vouched, visit)


def refusal(tools: Tools, draft: str, browser: str) -> Draft | None:
    """Why the last answer in this browser was refused."""
    with read(tools.engines, "") as db:
        found = rows.draft(db, draft) if draft and browser else None
    is_ours = found is not None and compare_digest(found.binding, identities.bound(browser))
    return found if is_ours and found is not None and found.code else None


def link_pending(tools: Tools, actor: Actor, draft: str, browser: str) -> str | None:
    """The proven identity becomes a way in of whoever is signed in; the provider's name, or None when nothing waits.

    Raises TakenElsewhere.
    """
    made = identities.link_pending(tools, actor, draft, browser)
    if made is not None:
        identity_issues.of_person(tools, actor.person)
    return made.provider if made else None


def _client(tools: Tools, name: str) -> Client:
    client = tools.vouching.get(name)
    if client is None:
        raise NotAllowed(f"this installation has no app at {name!r} for signing in", code="sign-in-not-offered")
    return client


def _out_of_place(tools: Tools, name: str, draft: Draft, params: Mapping[str, str], browser: str, person: str) -> str:
    """Why this answer is not the one to that press, by code; blank for one that is."""
    if not browser or not compare_digest(draft.binding, identities.bound(browser)):
        return "sign-in-other-browser"
    if draft.provider != name or name not in tools.vouching:
        return "sign-in-mixed-up"
    if draft.used_at is not None:
        return "sign-in-used"
    if tools.now() - draft.begun_at > timedelta(minutes=DRAFT_MINUTES):
        return "sign-in-too-late"
    if draft.person and draft.person != person:
        return "sign-in-other-person"
    told, due = params.get("iss"), draft.endpoints["issuer"]
    # RFC 9207: whoever says that answers name their issuer has to name it; a name that is told is compared anyway.
    if (told is not None and told != due) or (told is None and draft.endpoints["names_issuer"]):
        return "sign-in-mixed-up"
    return ""


def _refuse(tools: Tools, draft: Draft, code: str, words: str = "") -> Result:
    """Written into the log of the installation, since somebody tried to come in: once for each press.

    A press that was answered keeps its first reason, and another browser does not use it up: whoever repeats an address
    learns nothing and changes nothing.
    """
    words = " ".join(words.split())[:_LONGEST_WORDS]
    if code == "sign-in-used" or code == draft.code:
        return Result(Outcome.REFUSED, draft.id, code=code, words=words)
    with write(tools.engines, "") as db:
        if code != "sign-in-other-browser":
            rows.take(db, draft.id, tools.now())
        rows.refuse(db, draft.id, code, words)
        details = {"provider": draft.provider, "because": code}
        record(db, _NOBODY, "sign-in-refused", f"provider:{draft.provider}", tools.now(), details)
    return Result(Outcome.REFUSED, draft.id, code=code, words=words)


def _vouched(tools: Tools, draft: Draft, code: str, state: str, browser: str) -> Vouched:
    """Raises Untrusted and RemoteError."""
    return vouching_calls.vouched(
        make_call(tools.transport),
        _client(tools, draft.provider),
        draft.endpoints,
        vouching_calls.Answered(code, _made(browser, state, "verifier"), _made(browser, state, "nonce")),
        tools.now(),
    )


def _signed_in(tools: Tools, draft: Draft, vouched: Vouched, visit: sessions.Visit) -> Result:
    with write(tools.engines, "") as db:
        known = identities.known(db, vouched)
        if known is not None:
            rows.use(db, known.id, vouched.email, tools.now())
            tries.forgive(db, (f"vouched:{visit.address}",), tools.now())
        else:
            draft = identities.keep(db, tools, draft, vouched)
    if known is not None:
        return _begun(tools, draft, known.person, visit)
    if draft.meant:
        identity_issues.of_person(tools, draft.meant)
    return Result(Outcome.UNKNOWN, draft.id)


def _begun(tools: Tools, draft: Draft, person: str, visit: sessions.Visit) -> Result:
    try:
        return Result(Outcome.SIGNED_IN, draft.id, sessions.begin(tools, person, visit))
    except sessions.FactorNeeded as needed:
        return Result(Outcome.FACTOR, draft.id, needed.token)
    except sessions.WrongCredentials:  # of no organisation any more
        return _refuse(tools, draft, "sign-in-no-organisation")


def _linked(tools: Tools, draft: Draft, vouched: Vouched) -> Result:
    actor = Actor("", draft.person, _name(tools, draft.person))
    try:
        with write(tools.engines, "") as db:
            identities.link(db, tools, actor, vouched)
    except TakenElsewhere:
        return _refuse(tools, draft, "identity-tied-elsewhere")
    identity_issues.of_person(tools, draft.person)
    return Result(Outcome.LINKED, draft.id)


def _name(tools: Tools, person: str) -> str:
    with read(tools.engines, "") as db:
        return identities.name_of(db, person)


def _made(browser: str, state: str, purpose: str) -> str:
    """43 characters that only this browser and this state give: a verifier as PKCE wants it (RFC 7636), a nonce."""
    made = hmac.new(browser.encode(), f"{purpose} {state}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
