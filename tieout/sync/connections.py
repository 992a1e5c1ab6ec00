"""Connections: showing them, checking them, ending them. Making them is `connecting`, asking them `asking`."""

from dataclasses import dataclass
from datetime import datetime

from tieout import platforms
from tieout.calls import make_call
from tieout.core.actor import Actor
from tieout.core.budget import day_left, minute_left
from tieout.core.chart import Books
from tieout.core.connection import Connection, ConnectionState
from tieout.core.failure import Failure, RemoteError
from tieout.core.posting import State
from tieout.people import acting
from tieout.people.roles import Right
from tieout.store import channel_accounts, charts, connections, postings
from tieout.store import grants as grant_rows
from tieout.store.engine import read, write
from tieout.sync import grants, own_apps
from tieout.sync.asking import call_for, learn
from tieout.sync.checks import look
from tieout.sync.connecting import ConnectOutcome, ConnectResult, begin_connect, choose_books, finish_connect
from tieout.sync.gate import allowance, budget_of, reads_of_month
from tieout.sync.settlements.preparing import follow_books
from tieout.sync.statuses import refresh_connection
from tieout.sync.tools import Tools

__all__ = [
    "ConnectOutcome",
    "ConnectResult",
    "ConnectionCard",
    "Ended",
    "Leaving",
    "Refreshed",
    "begin_connect",
    "call_for",
    "card",
    "check",
    "choose_books",
    "disconnect",
    "finish_connect",
    "learn",
    "leaving",
    "offered",
    "refresh",
]


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """One connection as people see it; `state`, `cause` and `words` take the token's end into account."""

    connection: Connection
    label: str
    state: ConnectionState
    cause: str
    words: str
    access_expires_at: datetime | None
    consent_ends_at: datetime | None
    scopes: tuple[str, ...]
    calls_left_today: int
    calls_a_day: int
    calls_left_this_minute: int
    reads_this_month: int
    reads_a_month: int
    waits_until: datetime | None
    documents_waiting: int
    books: Books | None


@dataclass(frozen=True, slots=True)
class Ended:
    """What disconnecting left behind. `failure` is set when the platform could not be told: a person does it there."""

    documents_waiting: int
    is_ended_there: bool
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Until when the renewed access lasts, or why it could not be renewed."""

    expires_at: datetime | None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What disconnecting would stop, how many documents would wait, and how many stay where they were posted."""

    connection: Connection
    label: str
    stops: tuple[str, ...]
    waiting: int
    posted: int


def offered(tools: Tools) -> tuple[tuple[str, str], ...]:
    """Name and label of every platform at which this installation has an app registered."""
    return tuple((name, platforms.named(name).LABEL) for name in sorted(tools.apps))


def card(tools: Tools, organisation: str) -> tuple[ConnectionCard, ...]:
    """Every connection the organisation has or had, live ones first; no call is made."""
    with read(tools.engines, organisation) as db:
        found = connections.listed(db)
    return tuple(_card(tools, organisation, each) for each in found)


def _card(tools: Tools, organisation: str, connection: Connection) -> ConnectionCard:
    platform, now = platforms.named(connection.platform), tools.now()
    used = budget_of(tools, organisation, connection.id)
    allowed = allowance(tools, platform)
    with read(tools.engines, organisation) as db:
        grant = grant_rows.find(db, connection.grant)
        chart = charts.find(db, connection.id)
        waiting = postings.waiting(db, connection.id)
    state, cause, words = connection.state, connection.cause, connection.words
    if connection.may_ask and (grant is None or grant.ended_at is not None):
        state, cause = ConnectionState.NEEDS_RECONNECT, (grant.cause if grant else "grant-ended")
        words = grant.words if grant else ""
    return ConnectionCard(
        connection=connection,
        label=platform.LABEL,
        state=state,
        cause=cause,
        words=words,
        access_expires_at=grant.expires_at if grant and connection.is_live else None,
        consent_ends_at=grant.ends_at if grant and connection.is_live else None,
        scopes=grant.scopes if grant else (),
        calls_left_today=day_left(allowed, used, now),
        calls_a_day=allowed.a_day,
        calls_left_this_minute=minute_left(allowed, used, now),
        reads_this_month=reads_of_month(tools, platform),
        reads_a_month=allowed.reads_a_month,
        waits_until=used.blocked_until if used.blocked_until and used.blocked_until > now else None,
        documents_waiting=waiting,
        books=chart[0] if chart else None,
    )


def check(tools: Tools, actor: Actor, connection: str) -> Connection | None:
    """One real call to the books and the list of what the person may do there; what came of it is kept.

    None when the organisation has no such connection. A renewed token alone would prove nothing. Raises NotPermitted.
    """
    with read(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        found = connections.find(db, connection)
    if found is not None and found.is_live:
        look(tools, actor.organisation, connection)
    with read(tools.engines, actor.organisation) as db:
        return connections.find(db, connection)


def refresh(tools: Tools, actor: Actor, connection: str) -> Refreshed | None:
    """Renews the access now, whatever life it has left. None when there is no such connection. Raises NotPermitted."""
    organisation = actor.organisation
    with read(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        found = connections.find(db, connection)
    if found is None or not found.is_live:
        return None
    refreshed = _renewed(tools, organisation, connection)
    with write(tools.engines, organisation) as db:
        refresh_connection(db, connection, tools.now())
        told = {"result": refreshed.failure.code if refreshed.failure else "renewed"}
        acting.record(db, actor, "access-renewed", f"connection:{connection}", tools.now(), told)
    return refreshed


def leaving(tools: Tools, organisation: str, connection: str) -> Leaving | None:
    """What disconnecting would stop, and what is kept. None when there is no such connection."""
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
        if found is None or not found.is_live:
            return None
        live = [each for each in channel_accounts.listed(db) if each.state != "disconnected"]
        label = platforms.named(found.platform).LABEL
        stops = (
            f"sending documents to {found.books_name} at {label}",
            f"reading its chart, tax rates and lock dates from {label}",
            *(f"the automatic way of {each.name} to these books" for each in live),
        )
        waiting, posted = postings.waiting(db, connection), postings.counts(db, connection).get(State.DONE, 0)
    return Leaving(found, label, stops, waiting, posted)


def disconnect(tools: Tools, actor: Actor, connection: str) -> Ended | None:
    """Ends the connection there and here; its history stays. None when the organisation has no such connection.

    Only this set of books is let go: the authorisation itself is ended when it serves no other connection. Raises
    NotPermitted.
    """
    organisation, now = actor.organisation, tools.now()
    with read(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        found = connections.find(db, connection)
        waiting = postings.waiting(db, connection)
    if found is None or not found.is_live:
        return None
    failure = _ended_there(tools, found)
    with write(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        if connections.end(db, connection, now, actor.name or "Tieout"):
            refresh_connection(db, connection, now)
            told = {"books": found.books_name, "told": "no" if failure else "yes"}
            acting.record(db, actor, "connection-disconnected", f"connection:{connection}", now, told)
    grants.let_go(tools, found.platform, found.grant, organisation)
    follow_books(tools, organisation)  # an older connection may come into use
    return Ended(waiting, failure is None, failure)


def _renewed(tools: Tools, organisation: str, connection: str) -> Refreshed:
    try:
        access = grants.renew(tools, organisation, connection)
    except RemoteError as error:
        return Refreshed(None, error.failure)
    return Refreshed(access.expires_at)


def _ended_there(tools: Tools, connection: Connection) -> Failure | None:
    platform = platforms.named(connection.platform)
    try:
        with read(tools.engines, "") as db:
            grant = grant_rows.find(db, connection.grant)
        app = own_apps.app_of_grant(tools, connection.platform, grant.client_id if grant else "", connection.grant)
        token = grants.token_for(tools, connection)
        platform.disconnect(make_call(tools.transport), app, token, connection.link_id)
    except RemoteError as error:
        return error.failure
    return None
