"""Connecting books: the press on "connect", the way through the platform's consent page, and back.

A press leaves a draft that is good once, for ten minutes, for one browser session; the person comes back with its state
and a code. What a person did wrong, or saw refused, is a `ConnectResult`, never an exception.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hmac import compare_digest

from tieout import platforms
from tieout.calls import make_call
from tieout.core.actor import Actor
from tieout.core.connection import Connection, ConnectionState
from tieout.core.failure import RemoteError
from tieout.core.secret import Secret
from tieout.platforms import RemoteBooks
from tieout.store import connections, drafts
from tieout.store.connections import BooksTaken
from tieout.store.drafts import Draft
from tieout.store.engine import read, write
from tieout.sync import grants
from tieout.sync.checks import look
from tieout.sync.settlements.preparing import follow_books
from tieout.sync.tools import Tools

DRAFT_MINUTES = 10
OTHER_TAB = timedelta(seconds=10)
_PAUSE = timedelta(milliseconds=100)


class ConnectOutcome(StrEnum):
    CONNECTED = "connected"
    CHOOSE = "choose"  # several sets of books: the person picks one of `choices`
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ConnectResult:
    """How a connect ended. `code` is a problem code, set for refusals and for what is not as it should be.

    `choices` are pairs of books id and name. `words` are ours or the platform's and may hold anything: escape them.
    """

    outcome: ConnectOutcome
    connection: str = ""
    code: str = ""
    words: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def begin_connect(tools: Tools, actor: Actor, platform: str, session_binding: str, reconnects: str = "") -> str:
    """The address to send the browser to. `session_binding` is known only to this browser session.

    `reconnects` names a connection to renew; should the person pick other books, that one stays as it is. Raises
    NotAllowed when this installation has no app registered at the platform.
    """
    app = grants.app_of(tools, platform)
    # The state leads back to the organisation's own rows; the secret behind the dot is what cannot be guessed.
    state, verifier = f"{actor.organisation}.{secrets.token_urlsafe(32)}", secrets.token_urlsafe(48)
    id, now = drafts.digest(state), tools.now()
    sealed = tools.vault.seal(actor.organisation, "connection_drafts", "verifier", id, Secret(verifier))
    binding = drafts.digest(session_binding)
    draft = Draft(id, platform, actor.person, actor.name, binding, sealed, now, reconnects)
    with write(tools.engines, actor.organisation) as db:
        drafts.add(db, draft, now - timedelta(days=1))
    return platforms.named(platform).authorise_url(app, state, verifier)


def finish_connect(tools: Tools, platform: str, params: Mapping[str, str], session_binding: str) -> ConnectResult:
    """What the person came back with. Safe to repeat: the back button shows the finished connection."""
    organisation, draft = _draft(tools, params.get("state", ""))
    if draft is None or draft.platform != platform:
        return _refused("connect-error-shown", "This is not an answer to a connection begun here. Start again.")
    if not compare_digest(draft.binding, drafts.digest(session_binding)):
        return _refused("connect-not-signed-in", "The connection was begun in another session. Start again from here.")
    if draft.used_at is not None:
        return _others(tools, organisation, draft)
    if tools.now() - draft.begun_at > timedelta(minutes=DRAFT_MINUTES):
        return _refused("connect-never-completes", f"More than {DRAFT_MINUTES} minutes have passed. Start again.")
    with write(tools.engines, organisation) as db:
        is_first = drafts.use(db, draft.id, tools.now())
    if not is_first:
        return _others(tools, organisation, draft)
    if said := platforms.named(platform).refused(params):
        return _refused(said[0], "; ".join(said[1]))
    if not params.get("code"):
        return _refused("connect-error-shown", "The answer holds neither a code nor a reason. Start again.")
    try:
        return _exchanged(tools, organisation, draft, params)
    except RemoteError as error:
        return _refused(error.failure.code or "connect-error-shown", error.failure.sentence)


def choose_books(tools: Tools, state: str, books_id: str, session_binding: str) -> ConnectResult:
    """The person's pick after CHOOSE; `state` is the one the browser came back with."""
    organisation, draft = _draft(tools, state)
    if draft is None or not compare_digest(draft.binding, drafts.digest(session_binding)):
        return _refused("connect-not-signed-in", "The connection was begun in another session. Start again from here.")
    if draft.connection:
        return _finished(tools, organisation, draft.connection)
    picked = [RemoteBooks(link, books, name) for link, books, name in draft.choices if books == books_id]
    if not picked:
        return _refused("connect-error-shown", "These books were not among those to choose from. Start again.")
    return _join(tools, organisation, draft, draft.grant, picked[0])


def _draft(tools: Tools, state: str) -> tuple[str, Draft | None]:
    organisation, _, secret = state.partition(".")
    if not organisation or not secret or len(state) > 200:
        return "", None
    with read(tools.engines, organisation) as db:
        return organisation, drafts.find(db, drafts.digest(state))


def _refused(code: str, words: str) -> ConnectResult:
    return ConnectResult(ConnectOutcome.REFUSED, code=code, words=words)


def _others(tools: Tools, organisation: str, draft: Draft) -> ConnectResult:
    """The same answer came before: its result, once there is one."""
    for _ in range(OTHER_TAB // _PAUSE + 1):
        with read(tools.engines, organisation) as db:
            now = drafts.find(db, draft.id)
        if now is not None and now.connection:
            return _finished(tools, organisation, now.connection)
        if now is not None and now.choices:
            return _choice(now.choices)
        if now is None or now.used_at is None or tools.now() - now.used_at > OTHER_TAB:
            break
        tools.pause(_PAUSE)
    return _refused("connect-error-shown", "This answer was used before and led to no connection. Start again.")


def _finished(tools: Tools, organisation: str, connection: str) -> ConnectResult:
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    if found is None or not found.is_live:
        return _refused("disconnected-by-user", "This connection was ended meanwhile. Start again.")
    return ConnectResult(ConnectOutcome.CONNECTED, connection, found.cause, found.words)


def _choice(choices: tuple[tuple[str, str, str], ...]) -> ConnectResult:
    return ConnectResult(ConnectOutcome.CHOOSE, choices=tuple((books, name) for _, books, name in choices))


def _exchanged(tools: Tools, organisation: str, draft: Draft, params: Mapping[str, str]) -> ConnectResult:
    platform, call = platforms.named(draft.platform), make_call(tools.transport)
    app = grants.app_of(tools, draft.platform)
    verifier = tools.vault.open(organisation, "connection_drafts", "verifier", draft.id, draft.verifier)
    tokens = platform.exchange(call, app, params, verifier.reveal())
    grant = grants.keep(tools, draft.platform, tokens)
    try:
        reached = platform.connections(call, app, tokens.access, tokens.consent_id)
        if not reached and tokens.consent_id:
            # Books that were connected before keep the name of their older consent.
            reached = platform.connections(call, app, tokens.access)
    except RemoteError:
        grants.let_go(tools, draft.platform, grant)
        raise
    books = [each for each in reached if each.is_organisation]
    if not books:
        grants.let_go(tools, draft.platform, grant)
        return _refused("connect-org-unlinked", f"{platform.LABEL} gave access to no organisation.")
    if len(books) == 1:
        return _join(tools, organisation, draft, grant, books[0], tokens.person_name)
    choices = tuple((each.link_id, each.books_id, each.name) for each in books)
    with write(tools.engines, organisation) as db:
        drafts.offer(db, draft.id, grant, choices)
    return _choice(choices)


def _join(
    tools: Tools, organisation: str, draft: Draft, grant: str, books: RemoteBooks, person_name: str = ""
) -> ConnectResult:
    """The connection to these books, new or renewed, in one transaction with the end of its draft."""
    try:
        connection, old_grant, was = _stored(tools, organisation, draft, grant, books, person_name)
    except BooksTaken:
        grants.let_go(tools, draft.platform, grant)
        words = "These books are connected to another organisation of this installation. End that connection first."
        return _refused("connect-error-shown", words)
    if old_grant and old_grant != grant:
        grants.let_go(tools, draft.platform, old_grant)
    _look_round(tools, organisation, connection)
    result = _finished(tools, organisation, connection)
    if was and result.outcome is ConnectOutcome.CONNECTED and not result.code:
        words = f"You approved {books.name}; {was} stays as it was."
        return ConnectResult(result.outcome, connection, "connect-wrong-organisation", words)
    return result


def _stored(
    tools: Tools, organisation: str, draft: Draft, grant: str, books: RemoteBooks, person_name: str
) -> tuple[str, str, str]:
    """Id of the connection, the grant it had before, and the name of the other books that were meant, if so."""
    now = tools.now()
    with write(tools.engines, organisation) as db:
        known = connections.known_for(db, draft.platform, books.books_id)
        meant = connections.find(db, draft.reconnects) if draft.reconnects else None
        connection = Connection(
            id=known.id if known else tools.new_id(),
            platform=draft.platform,
            books_id=books.books_id,
            books_name=books.name,
            link_id=books.link_id,
            grant=grant,
            connected_by=draft.person,
            connected_by_name=draft.person_name,
            connected_at=now,
            known_there_as=person_name,
            changed_at=now,
        )
        if known:
            connections.reconnect(db, connection)
        else:
            connections.add(db, connection)
        drafts.finish(db, draft.id, connection.id)
    is_other = meant is not None and meant.books_id != books.books_id
    return connection.id, known.grant if known else "", meant.books_name if meant and is_other else ""


def _look_round(tools: Tools, organisation: str, connection: str) -> None:
    """The first real calls: what the books hold and what the person may do; siblings that the consent mended; and
    what all that means for settlements that were read before."""
    look(tools, organisation, connection, with_chart=True)
    with read(tools.engines, organisation) as db:
        mine = connections.find(db, connection)
        ill = [each for each in connections.listed(db) if each.state is ConnectionState.NEEDS_RECONNECT]
    for each in ill:
        if mine is not None and each.grant == mine.grant and each.id != connection:
            look(tools, organisation, each.id)
    follow_books(tools, organisation)
