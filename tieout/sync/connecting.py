"""Connecting books: the press on "connect", the way through the platform's consent page, and back.

A press leaves a draft that is good once, for ten minutes, for one browser session; the person comes back with its state
and a code. What a person did wrong, or saw refused, is a `ConnectResult`, never an exception.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hmac import compare_digest

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.consent import (
    COOKIES_LOST,
    ERROR_SHOWN,
    HELD,
    LIVES,
    NEVER_COMPLETES,
    NOT_SIGNED_IN,
    ROLE_TOO_LOW,
)
from tieout.core.failure import RemoteError
from tieout.core.secret import Secret
from tieout.people import acting
from tieout.people.roles import NotPermitted, Right
from tieout.store import consent_links, drafts
from tieout.store.drafts import Draft
from tieout.store.engine import read, write
from tieout.sync import joining, own_apps
from tieout.sync.consent_attempts import Attempt, attempt, attempts, expire, turn_away
from tieout.sync.joining import ConnectOutcome, ConnectResult, Offered, refused
from tieout.sync.tools import Tools

__all__ = [
    "Attempt",
    "Browser",
    "ConnectOutcome",
    "ConnectResult",
    "Offered",
    "attempt",
    "attempts",
    "begin_connect",
    "choices",
    "choose_books",
    "connect_custom",
    "expire",
    "find_draft",
    "finish_connect",
    "resume",
]

DRAFT_MINUTES = LIVES.seconds // 60
OTHER_TAB = timedelta(seconds=10)
_PAUSE = timedelta(milliseconds=100)
_MOST_PARAMS, _LONGEST_PARAM = 20, 4096
_ANOTHER = "The connection was begun in another browser, or by another person. Start your own from here."
_ELSEWHERE = "You have gone to another organisation meanwhile. Go back to it, and start again from there."
_NO_COOKIES = "This browser no longer has what it was given when the connection was begun."


@dataclass(frozen=True, slots=True)
class Browser:
    """What the browser that came back can show; each is known to it alone, and empty where it has none.

    `session` is of a session that is good, of this `person` in this `organisation`; `former` of one that has timed out;
    `device` of the browser itself.
    """

    session: str = ""
    former: str = ""
    device: str = ""
    organisation: str = ""


def begin_connect(
    tools: Tools, actor: Actor, platform: str, session_binding: str, reconnects: str = "", link: str = ""
) -> str:
    """The address to send the browser to. `session_binding` is known only to this browser session.

    `reconnects` names a connection to renew; should the person pick other books, it is parked until somebody decides.
    `link` is the one-time link it is begun by. Raises NotPermitted, and NotAllowed where no app is registered.
    """
    app = own_apps.app_of(tools, actor.organisation, platform)
    state, verifier = _drafted(tools, actor, platform, session_binding, reconnects, link, app.client_id)
    return platforms.named(platform).authorise_url(app, state, verifier)


def connect_custom(
    tools: Tools, actor: Actor, platform: str, session_binding: str, reconnects: str = ""
) -> tuple[str, ConnectResult]:
    """Books that let the organisation's own app in by itself: no consent page. The state to choose with, and how it
    ended. Raises NotPermitted and NotAllowed.
    """
    app = own_apps.app_of(tools, actor.organisation, platform)
    state, _ = _drafted(tools, actor, platform, session_binding, reconnects, "", app.client_id)
    _, draft = find_draft(tools, state)
    assert draft is not None, "it was made a moment ago"
    return state, _taken_up(tools, actor.organisation, draft, {})


def _drafted(
    tools: Tools, actor: Actor, platform: str, binding: str, reconnects: str, link: str, client_id: str
) -> tuple[str, str]:
    # The state leads back to the organisation's own rows; the secret behind the dot is what cannot be guessed.
    state, verifier = f"{actor.organisation}.{secrets.token_urlsafe(32)}", secrets.token_urlsafe(48)
    id, now = drafts.digest(state), tools.now()
    sealed = tools.vault.seal(actor.organisation, "connection_drafts", "verifier", id, Secret(verifier))
    draft = Draft(id, platform, actor.person, actor.name, drafts.digest(binding), sealed, now, reconnects)
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        drafts.add(db, replace(draft, link=link, client_id=client_id), now - timedelta(days=1))
    return state, verifier


def finish_connect(tools: Tools, platform: str, params: Mapping[str, str], browser: str | Browser) -> ConnectResult:
    """What the person came back with. Safe to repeat: the back button shows the finished connection.

    A text for `browser` is the binding of a good session.
    """
    caller = Browser(session=browser) if isinstance(browser, str) else browser
    organisation, draft = find_draft(tools, params.get("state", ""))
    if draft is None or draft.platform != platform:
        _on_record(tools, caller.organisation, platform)
        return refused(ERROR_SHOWN, "This is not an answer to a connection begun here. Start again.")
    if not _is_from(draft, caller.session, caller.device):
        return _stranger(tools, organisation, draft, params, caller)
    if not _is_here(draft, organisation, caller):
        return _turned_away(tools, organisation, draft, NOT_SIGNED_IN, _ELSEWHERE)
    return _taken_up(tools, organisation, draft, params)


def resume(tools: Tools, actor: Actor, state: str, session_binding: str) -> ConnectResult:
    """The same person has signed in again, in the browser that came back: the answer that was kept is used now.

    Another person's is refused, and one that was kept for longer than four minutes.
    """
    organisation, draft = find_draft(tools, state)
    if draft is None or draft.person != actor.person or not actor.person:
        return refused(NOT_SIGNED_IN, "Somebody else began this connection. Start your own.")
    if draft.used_at is not None:
        return _others(tools, organisation, draft)
    if draft.held is None or draft.held_at is None or tools.now() - draft.held_at > HELD:
        words = "The sign-in came more than four minutes after the consent. Start again; approving is one click."
        return joining.ended(tools, organisation, draft, NOT_SIGNED_IN, words)
    kept = tools.vault.open(organisation, "connection_drafts", "held", draft.id, draft.held)
    with write(tools.engines, organisation) as db:
        drafts.bind(db, draft.id, drafts.digest(session_binding))
    return _taken_up(tools, organisation, draft, json.loads(kept.reveal()))


def choose_books(tools: Tools, state: str, books_id: str, browser: str | Browser) -> ConnectResult:
    """The person's pick after CHOOSE; `state` is the one the browser came back with."""
    caller = Browser(session=browser) if isinstance(browser, str) else browser
    organisation, draft = find_draft(tools, state)
    if draft is None or not _is_from(draft, caller.session, caller.device):
        return refused(NOT_SIGNED_IN, "The connection was begun in another session. Start again from here.")
    if not _is_here(draft, organisation, caller):
        return refused(NOT_SIGNED_IN, _ELSEWHERE)
    if draft.connection:
        return joining.finished(tools, organisation, draft.connection)
    picked = [each for each in draft.choices if each.books == books_id]
    if not picked or draft.step != drafts.CHOOSING:
        return refused(ERROR_SHOWN, "These books are not among those to choose from. Start again.")
    if forbidden := _forbidden(tools, organisation, draft):
        return forbidden
    try:
        return joining.join(tools, organisation, draft, picked[0])
    except RemoteError as error:
        return joining.ended(tools, organisation, draft, ERROR_SHOWN, error.failure.sentence)


def choices(tools: Tools, state: str, browser: Browser) -> ConnectResult | None:
    """What is to be chosen from, for the browser that came back; None when nothing is (any more)."""
    organisation, draft = find_draft(tools, state)
    if draft is None or draft.step != drafts.CHOOSING or not _is_from(draft, browser.session, browser.device):
        return None
    if not _is_here(draft, organisation, browser):
        return None
    return joining.choice_of(organisation, draft)


def find_draft(tools: Tools, state: str) -> tuple[str, Draft | None]:
    """The organisation that a state leads to, and its draft; None for a state that nobody was given."""
    organisation, _, secret = state.partition(".")
    if not organisation or not secret or len(state) > 200:
        return "", None
    with read(tools.engines, organisation) as db:
        return organisation, drafts.find(db, drafts.digest(state))


def _taken_up(tools: Tools, organisation: str, draft: Draft, params: Mapping[str, str]) -> ConnectResult:
    """The answer of the right person: used, once."""
    if draft.used_at is not None:
        return _others(tools, organisation, draft)
    if draft.step == drafts.ENDED or tools.now() - draft.begun_at > LIVES:
        words = f"More than {DRAFT_MINUTES} minutes have passed. Start again."
        return joining.ended(tools, organisation, draft, NEVER_COMPLETES, words)
    if forbidden := _forbidden(tools, organisation, draft):
        return forbidden
    with write(tools.engines, organisation) as db:
        is_first = drafts.use(db, draft.id, tools.now())
    if not is_first:
        return _others(tools, organisation, draft)
    if _is_mixed_up(draft.platform, params.get("iss", "")):
        words = "The answer names another sender than the one that was asked. It was not used."
        return joining.ended(tools, organisation, draft, ERROR_SHOWN, words)
    if said := platforms.named(draft.platform).refused(params):
        return joining.ended(tools, organisation, draft, said[0], "; ".join(said[1]))
    if params and not params.get("code"):
        return joining.ended(tools, organisation, draft, ERROR_SHOWN, "The answer holds neither a code nor a reason.")
    try:
        return joining.exchanged(tools, organisation, draft, params)
    except RemoteError as error:
        return joining.ended(tools, organisation, draft, ERROR_SHOWN, error.failure.sentence)


def _is_mixed_up(platform: str, issuer: str) -> bool:
    """RFC 9207: an answer that names its sender names the one that was asked."""
    known = platforms.openid(platform)
    return bool(issuer) and known is not None and issuer.rstrip("/") != known.issuer.rstrip("/")


def _on_record(tools: Tools, organisation: str, platform: str) -> None:
    """Somebody who is signed in came with an answer that nobody here had asked for."""
    if organisation:
        with write(tools.engines, organisation) as db:
            actor = Actor(organisation, "", "a browser")
            acting.record(db, actor, "consent-refused", "consent:unknown", tools.now(), {"platform": platform})


def _is_from(draft: Draft, *bindings: str) -> bool:
    return any(compare_digest(draft.binding, drafts.digest(binding)) for binding in bindings if binding)


def _is_here(draft: Draft, organisation: str, caller: Browser) -> bool:
    """The session stands for the organisation that it began in; who came by a link needs none."""
    return bool(draft.link) or caller.organisation in ("", organisation)


def _stranger(
    tools: Tools, organisation: str, draft: Draft, params: Mapping[str, str], caller: Browser
) -> ConnectResult:
    """An answer from a browser without the session that began it: kept where that session timed out, else refused."""
    if not caller.session and _is_from(draft, caller.former):
        is_open = draft.used_at is None and tools.now() - draft.begun_at <= LIVES
        if is_open and (draft.step == drafts.HELD or _kept(tools, organisation, draft, params)):
            words = "Sign in again within four minutes, and the connection is finished."
            return ConnectResult(ConnectOutcome.SIGN_IN, code=NOT_SIGNED_IN, words=words, organisation=organisation)
    if caller.session or caller.device:
        return _turned_away(tools, organisation, draft, NOT_SIGNED_IN, _ANOTHER)
    return _turned_away(tools, organisation, draft, COOKIES_LOST, _NO_COOKIES)


def _kept(tools: Tools, organisation: str, draft: Draft, params: Mapping[str, str]) -> bool:
    some = {name[:40]: text[:_LONGEST_PARAM] for name, text in list(params.items())[:_MOST_PARAMS]}
    sealed = tools.vault.seal(organisation, "connection_drafts", "held", draft.id, Secret(json.dumps(some)))
    with write(tools.engines, organisation) as db:
        return drafts.hold(db, draft.id, sealed, tools.now())


def _turned_away(tools: Tools, organisation: str, draft: Draft, code: str, words: str) -> ConnectResult:
    with write(tools.engines, organisation) as db:
        turn_away(tools, db, draft, code, words)
    return refused(code, words, draft)


def _forbidden(tools: Tools, organisation: str, draft: Draft) -> ConnectResult | None:
    """The role is read again: whoever began it may have lost the right since, or withdrawn the link it was begun by."""
    try:
        with read(tools.engines, organisation) as db:
            acting.ensure(db, Actor(organisation, draft.person, draft.person_name), Right.CONNECT)
            link = consent_links.find(db, draft.link) if draft.link else None
    except NotPermitted as error:
        return joining.ended(tools, organisation, draft, ROLE_TOO_LOW, f"{draft.person_name}: {error}.")
    if draft.link and (link is None or link.used_at is not None or link.withdrawn_at is not None):
        return joining.ended(tools, organisation, draft, ERROR_SHOWN, joining.LINK_OVER)
    return None


def _others(tools: Tools, organisation: str, draft: Draft) -> ConnectResult:
    """The same answer came before: its result, once there is one."""
    for _ in range(OTHER_TAB // _PAUSE + 1):
        with read(tools.engines, organisation) as db:
            now = drafts.find(db, draft.id)
        if now is None:
            break
        if now.connection or now.step == drafts.PARKED:
            return joining.finished(tools, organisation, now.connection or now.reconnects)
        if now.step == drafts.CHOOSING:
            return joining.choice_of(organisation, now)
        if now.step == drafts.ENDED or now.used_at is None or tools.now() - now.used_at > OTHER_TAB:
            break
        tools.pause(_PAUSE)
    return refused(ERROR_SHOWN, "This answer was used before and led to no connection. Start again.", draft)
