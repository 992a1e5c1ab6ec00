"""After a yes: the code is exchanged, the books it reaches are shown or compared with those before, and joined.

Nothing is read of books that nobody has confirmed but their name, country and currency. Books that are to be renewed
pass the guard first: the same id, country, currency, and documents that we sent. Others park the connection.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from tieout import platforms
from tieout.calls import Call, make_call
from tieout.core.actor import Actor
from tieout.core.connection import ROLE_TOO_SMALL, Connection, ConnectionState, Verdict
from tieout.core.consent import ALREADY_LISTED, ERROR_SHOWN, ORG_UNLINKED, WRONG_ORGANISATION
from tieout.core.failure import NotAllowed, RemoteError
from tieout.core.secret import Secret
from tieout.people import acting
from tieout.people.roles import Role
from tieout.platforms import Access, App, Platform, RemoteBooks, TokenSet
from tieout.store import budgets, connections, consent_links, drafts, people
from tieout.store.connections import BooksTaken
from tieout.store.drafts import Choice, Draft
from tieout.store.engine import Db, read, write
from tieout.sync import consent_issues, grants, own_apps
from tieout.sync.checks import look
from tieout.sync.consent_attempts import close
from tieout.sync.guarding import stranger
from tieout.sync.settlements.preparing import follow_books
from tieout.sync.tools import Tools

CALLS_BEFORE = 4  # made of new books before there is a connection to count them for
MOST_ASKED = 10  # of several sets of books, how many are asked for their country and currency
LINK_OVER = "The link was withdrawn meanwhile, or it has led to a connection already; it works once. Ask for a new one."
_TAKEN = "These books cannot be connected here: they are connected elsewhere. End that connection first."


class LinkSpent(NotAllowed):
    """The one-time link behind an attempt was used or withdrawn while the attempt was under way."""


class ConnectOutcome(StrEnum):
    CONNECTED = "connected"
    CHOOSE = "choose"  # the person says which books of `choices` are meant, or that the only ones are right
    PARKED = "parked"  # other books than before: a person decides
    SIGN_IN = "sign-in"  # the answer is kept for four minutes, until its person has signed in again
    REFUSED = "refused"


class Offered(NamedTuple):
    """Books to choose from; country and currency are empty where the books did not say."""

    books: str
    name: str
    country: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ConnectResult:
    """How a connect ended. `code` is a problem code, set for refusals and for what is not as it should be.

    `words` are ours or the platform's and may hold anything: escape them. `attempt` names what was refused, if known.
    """

    outcome: ConnectOutcome
    connection: str = ""
    code: str = ""
    words: str = ""
    choices: tuple[Offered, ...] = ()
    organisation: str = ""
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """What a consent gave: a grant, the token behind it, and the person's name there."""

    grant: str
    app: App
    token: Secret
    person_name: str = ""

    def access(self, tools: Tools, books: str) -> Access:
        return Access(self.token, "", tools.now() + timedelta(minutes=5), books, self.app)


def refused(code: str, words: str, draft: Draft | None = None, organisation: str = "") -> ConnectResult:
    attempt = draft.id if draft else ""
    return ConnectResult(ConnectOutcome.REFUSED, code=code, words=words, attempt=attempt, organisation=organisation)


def ended(tools: Tools, organisation: str, draft: Draft, code: str, words: str) -> ConnectResult:
    """The attempt led nowhere, for good."""
    with write(tools.engines, organisation) as db:
        close(tools, db, draft, code, words)
    return refused(code, words, draft, organisation)


def finished(tools: Tools, organisation: str, connection: str) -> ConnectResult:
    """The connection that came of an attempt, as it is now."""
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    if found is None or not found.is_live:
        return refused("disconnected-by-user", "This connection was ended meanwhile. Start again.")
    outcome = ConnectOutcome.PARKED if found.state is ConnectionState.PARKED else ConnectOutcome.CONNECTED
    return ConnectResult(outcome, connection, found.cause, found.words, organisation=organisation)


def choice_of(organisation: str, draft: Draft) -> ConnectResult:
    offered = tuple(Offered(each.books, each.name, each.country, each.currency) for each in draft.choices)
    return ConnectResult(ConnectOutcome.CHOOSE, choices=offered, organisation=organisation, attempt=draft.id)


def exchanged(tools: Tools, organisation: str, draft: Draft, params: Mapping[str, str]) -> ConnectResult:
    """The code for a grant, and on with the books that it reaches. Raises RemoteError; nothing is left behind then."""
    platform, call = platforms.named(draft.platform), make_call(tools.transport)
    app = own_apps.app_of_draft(tools, organisation, draft.platform, draft.client_id)
    own_apps.used(tools, organisation, draft.platform)
    if app.is_custom:
        tokens = platform.credentials(call, app)
    else:
        verifier = tools.vault.open(organisation, "connection_drafts", "verifier", draft.id, draft.verifier)
        tokens = platform.exchange(call, app, params, verifier.reveal())
    listed = _proven(tools, platform, call, app, tokens) if tokens.is_claimed else None
    grant = ""
    try:
        grant = grants.keep(tools, draft.platform, tokens, app)
    finally:
        if not grant:
            _revoked(platform, call, app, tokens.refresh)
    reached = Reached(grant, app, tokens.access, tokens.person_name)
    try:
        listed = _listed(platform, call, app, tokens) if listed is None else listed
    except RemoteError:
        grants.let_go(tools, draft.platform, grant, organisation)
        raise
    books = [each for each in listed if each.is_organisation]
    if not books:
        grants.let_go(tools, draft.platform, grant, organisation)
        words = f"{platform.LABEL} gave access to no organisation."
        return ended(tools, organisation, draft, ORG_UNLINKED, words)
    return _met(tools, organisation, draft, reached, books)


def _listed(platform: Platform, call: Call, app: App, tokens: TokenSet) -> Sequence[RemoteBooks]:
    listed = platform.connections(call, app, tokens.access, tokens.consent_id)
    if not listed and tokens.consent_id:
        # Books that were connected before keep the name of their older consent.
        listed = platform.connections(call, app, tokens.access)
    return listed


def _proven(tools: Tools, platform: Platform, call: Call, app: App, tokens: TokenSet) -> Sequence[RemoteBooks]:
    """The books behind tokens of which only the browser said whose they are: asked with them, before they are kept.

    Whoever writes another company into the address must not put their tokens in the place of that company's. Raises
    RemoteError; the tokens are ended then, unless a grant of that name lives, which that could end too.
    """
    try:
        return _listed(platform, call, app, tokens)
    except RemoteError:
        if not grants.is_known(tools, platform.NAME, app, tokens):
            _revoked(platform, call, app, tokens.refresh)
        raise


def join(tools: Tools, organisation: str, draft: Draft, picked: Choice) -> ConnectResult:
    """The books that the person confirmed. Raises RemoteError when their grant is gone."""
    app = own_apps.app_of_draft(tools, organisation, draft.platform, draft.client_id)
    token, _ = grants.tokens_of(tools, draft.grant)
    return _joined(tools, organisation, draft, Reached(draft.grant, app, token, picked.person_name), picked)


def _revoked(platform: Platform, call: Call, app: App, token: Secret) -> None:
    """Tokens that could not be kept are ended there, as far as that works: nobody could ever use or end them."""
    with suppress(RemoteError):
        platform.revoke(call, app, token)


def _met(tools: Tools, organisation: str, draft: Draft, reached: Reached, books: list[RemoteBooks]) -> ConnectResult:
    """Books that were connected before are joined at once; those that are new are shown first."""
    with read(tools.engines, organisation) as db:
        meant = connections.find(db, draft.reconnects) if draft.reconnects else None
        known = connections.known_for(db, draft.platform, books[0].books_id)
    same = [each for each in books if meant is not None and meant.books_id == each.books_id]
    if same:
        return _joined(tools, organisation, draft, reached, _choice(draft, reached, same[0]))
    if len(books) == 1 and (known is not None or (meant is not None and meant.is_live)):
        picked = _choice(draft, reached, books[0])
        return _joined(tools, organisation, draft, reached, picked)
    offered = tuple(_asked(tools, draft, reached, each) for each in books[:MOST_ASKED])
    offered += tuple(_choice(draft, reached, each) for each in books[MOST_ASKED:])
    with write(tools.engines, organisation) as db:
        drafts.offer(db, draft.id, reached.grant, offered)
        found = drafts.find(db, draft.id)
    assert found is not None, "it was there a moment ago"
    return choice_of(organisation, found)


def _choice(draft: Draft, reached: Reached, books: RemoteBooks, country: str = "", currency: str = "") -> Choice:
    # A minute off: their clock need not be ours.
    was_there = books.linked_at is not None and books.linked_at < draft.begun_at - timedelta(minutes=1)
    return Choice(books.link_id, books.books_id, books.name, country, currency, was_there, reached.person_name)


def _asked(tools: Tools, draft: Draft, reached: Reached, books: RemoteBooks) -> Choice:
    """The books with country and currency, for the person to recognise them by."""
    try:
        platform = platforms.named(draft.platform)
        found = platform.probe(make_call(tools.transport), reached.access(tools, books.books_id))
    except RemoteError:
        return _choice(draft, reached, books)
    return _choice(draft, reached, books, found.country, found.base_currency)


def _joined(tools: Tools, organisation: str, draft: Draft, reached: Reached, picked: Choice) -> ConnectResult:
    """The connection to these books, new or renewed, in one transaction with the end of its draft."""
    with read(tools.engines, organisation) as db:
        known = connections.known_for(db, draft.platform, picked.books)
        meant = connections.find(db, draft.reconnects) if draft.reconnects else None
    is_other = meant is not None and meant.books_id != picked.books
    if known is None and meant is not None and meant.is_live and is_other:
        words = f"You approved {picked.name}, but these books belong to {meant.books_name}."
        return park(tools, organisation, draft, reached.grant, meant, picked, words)
    if known is not None and (words := stranger(tools, organisation, known, reached.access(tools, known.books_id))):
        return park(tools, organisation, draft, reached.grant, known, picked, words)
    try:
        connection = stored(tools, organisation, draft, reached, picked, known)
    except (BooksTaken, LinkSpent) as error:
        words = LINK_OVER if isinstance(error, LinkSpent) else _taken(tools, draft, picked)
        result = ended(tools, organisation, draft, ERROR_SHOWN, words)
        grants.let_go(tools, draft.platform, reached.grant, organisation)
        return result
    if known is not None and known.grant and known.grant != reached.grant:
        grants.let_go(tools, draft.platform, known.grant, organisation)
    look_round(tools, organisation, connection, picked.was_there and known is None)
    result = finished(tools, organisation, connection)
    if meant is not None and is_other and result.outcome is ConnectOutcome.CONNECTED and not result.code:
        words = f"You approved {picked.name}; {meant.books_name} stays as it was."
        return ConnectResult(result.outcome, connection, WRONG_ORGANISATION, words, organisation=organisation)
    return result


def _taken(tools: Tools, draft: Draft, picked: Choice) -> str:
    """Nothing of whose they are, unless the very person who asks owns them there as well."""
    with read(tools.engines, "") as db:
        there = connections.holder_of(db, draft.platform, picked.books)
        owned = [each.organisation for each in people.memberships(db, draft.person) if each.role == Role.OWNER]
        names = [each.name for each in people.organisations_of(db, draft.person) if each.id == there]
    if there in owned and names and not draft.link:
        return f"{picked.name} is connected to {names[0]}, which you own too. Disconnect it there first."
    return _TAKEN


def park(
    tools: Tools, organisation: str, draft: Draft, grant: str, meant: Connection, picked: Choice, words: str
) -> ConnectResult:
    """Nothing is read or written until a person decides; what waits for the connection is kept."""
    now = tools.now()
    with write(tools.engines, organisation) as db:
        drafts.park(db, draft.id, meant.id, grant, picked)
        verdict = Verdict(ConnectionState.PARKED, WRONG_ORGANISATION, words)
        connections.park(db, meant.id, verdict, now, draft.person_name)
        actor = Actor(organisation, draft.person, draft.person_name)
        details = {"meant": meant.books_name, "approved": picked.name}
        acting.record(db, actor, "connection-parked", f"connection:{meant.id}", now, details)
    return ConnectResult(ConnectOutcome.PARKED, meant.id, WRONG_ORGANISATION, words, organisation=organisation)


def stored(
    tools: Tools,
    organisation: str,
    draft: Draft,
    reached: Reached,
    picked: Choice,
    known: Connection | None,
    instead_of: str = "",
) -> str:
    """The connection's id; `instead_of` ends with it. Raises BooksTaken and LinkSpent; nothing has changed then."""
    now = tools.now()
    connection = Connection(
        id=known.id if known else tools.new_id(),
        platform=draft.platform,
        books_id=picked.books,
        books_name=picked.name,
        link_id=picked.link,
        grant=reached.grant,
        connected_by=draft.person,
        connected_by_name=draft.person_name,
        connected_at=now,
        known_there_as=reached.person_name or (known.known_there_as if known else ""),
        changed_at=now,
    )
    with write(tools.engines, organisation) as db:
        if instead_of:
            connections.end(db, instead_of, now)
        if known:
            connections.reconnect(db, connection)
        else:
            connections.add(db, connection)
            budgets.begin_with(db, connection.id, CALLS_BEFORE, now)
        _settled(db, draft, connection, instead_of, now)
        act = "connection-reconnected" if known else "connection-connected"
        actor = Actor(organisation, draft.person, draft.person_name)
        acting.record(db, actor, act, f"connection:{connection.id}", now, {"books": picked.name})
    return connection.id


def _settled(db: Db, draft: Draft, connection: Connection, instead_of: str, now: datetime) -> None:
    """The attempt is finished, the link behind it used, other consents for these books of no use any more."""
    drafts.finish(db, draft.id, connection.id, now)
    if draft.link:
        is_first = consent_links.use(db, draft.link, connection.known_there_as or "somebody", now)
        if not is_first and draft.step != drafts.PARKED:  # what was parked a member has decided on by now
            raise LinkSpent(LINK_OVER, code=ERROR_SHOWN)
    for other in drafts.parked(db, instead_of or connection.id):
        drafts.end(db, other.id, WRONG_ORGANISATION, f"{connection.books_name} was approved instead.", now)
    consent_issues.connected(db, draft.platform, now)


def look_round(tools: Tools, organisation: str, connection: str, was_there: bool = False) -> None:
    """The first real calls: what the books hold and what the person may do; siblings that the consent mended; and
    what all that means for settlements that were read before."""
    look(tools, organisation, connection, with_chart=True)
    with read(tools.engines, organisation) as db:
        mine = connections.find(db, connection)
        ill = [each for each in connections.listed(db) if each.state is ConnectionState.NEEDS_RECONNECT]
    if mine is not None and was_there and _is_sticky(mine):
        with write(tools.engines, organisation) as db:
            verdict = Verdict(ConnectionState.NEEDS_RECONNECT, ALREADY_LISTED, mine.words)
            connections.judge(db, connection, verdict, tools.now())
    for each in ill:
        if mine is not None and each.grant == mine.grant and each.id != connection:
            look(tools, organisation, each.id)
    follow_books(tools, organisation)


def _is_sticky(connection: Connection) -> bool:
    """Refused right after a consent, and listed all the same: the older link stands in the way of the new one."""
    answered = connection.good_at is not None and connection.good_at >= connection.connected_at
    return connection.state is ConnectionState.READ_ONLY and connection.cause == ROLE_TOO_SMALL and not answered
