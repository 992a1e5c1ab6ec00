"""Asking the books: a call through the gate, with a token that is renewed when it is refused, and lessons drawn."""

from collections.abc import Callable
from typing import TypeVar

from tieout import platforms
from tieout.calls import Call, Record, make_call, unrecorded
from tieout.core.budget import Lane
from tieout.core.connection import REVOKED, TENANT_GONE, Connection, ConnectionState, Verdict, judge
from tieout.core.failure import Disconnected, Failure, NotAllowed, RemoteError
from tieout.platforms import ACCESS_EXPIRED, TENANT_REFUSED, Access, Platform
from tieout.store import connections
from tieout.store.engine import read
from tieout.sync import grants
from tieout.sync.gate import BudgetGate
from tieout.sync.tools import Tools

T = TypeVar("T")


def call_for(
    tools: Tools, organisation: str, connection: str, lane: str = Lane.BACKGROUND, record: Record = unrecorded
) -> Call:
    """The call that a platform's verbs are handed: it passes the gate of these books and is made once.

    It raises Busy, with the seconds to wait, instead of sending what would exceed the budget.
    """
    found = _found(tools, organisation, connection)
    gate = BudgetGate(tools, organisation, connection, platforms.named(found.platform), Lane(lane))
    return make_call(tools.transport, gate, record)


def ask(
    tools: Tools,
    organisation: str,
    connection: str,
    question: Callable[[Platform, Call, Access], T],
    lane: Lane = Lane.BACKGROUND,
) -> T:
    """A question to the books, for reading only: asked again once with a renewed token when the first is refused.

    What a refusal says of the connection is kept before the error is raised.
    """
    platform = platforms.named(_found(tools, organisation, connection).platform)
    call = call_for(tools, organisation, connection, lane)
    access = grants.access(tools, organisation, connection)
    try:
        try:
            return question(platform, call, access)
        except Disconnected as error:
            if error.failure.code != ACCESS_EXPIRED:
                raise
            # Our clock may differ from theirs: what they refuse is renewed, whatever we believe of its life.
            access = grants.access(tools, organisation, connection, refused=access.token_id)
            return question(platform, call, access)
    except (Disconnected, NotAllowed) as error:
        learn(tools, organisation, connection, error.failure)
        raise


def learn(tools: Tools, organisation: str, connection: str, failure: Failure) -> Verdict | None:
    """Draws the lesson of a refused call, asking the platform's list of connections where only that can tell.

    For a write that got a 401 call it only after the renewed token was refused too. None: it says nothing.
    """
    is_listed = _is_listed(tools, organisation, connection) if failure.code == TENANT_REFUSED else None
    verdict = judge(failure, is_listed)
    if verdict is not None and verdict.cause == TENANT_GONE and not _renews(tools, organisation, connection):
        verdict = Verdict(ConnectionState.NEEDS_RECONNECT, REVOKED, verdict.words)
    if verdict is not None:
        grants.note(tools, organisation, connection, verdict)
    return verdict


def _is_listed(tools: Tools, organisation: str, connection: str) -> bool | None:
    """Whether the platform still lists these books for us; None when it cannot be asked."""
    found = _found(tools, organisation, connection)
    platform = platforms.named(found.platform)
    try:
        access = grants.access(tools, organisation, connection)
        reached = platform.connections(make_call(tools.transport), access.app, access.token)
    except RemoteError:
        return None
    return any(books.books_id == found.books_id for books in reached)


def _renews(tools: Tools, organisation: str, connection: str) -> bool:
    """Whether the authorisation behind books that are gone still renews: then only these books were removed."""
    try:
        grants.renew(tools, organisation, connection)
    except Disconnected:
        return False
    except RemoteError:
        pass  # nobody can tell just now
    return True


def _found(tools: Tools, organisation: str, connection: str) -> Connection:
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    if found is None or not found.is_live:
        raise Disconnected("this connection was ended here", code="disconnected-by-user")
    return found
