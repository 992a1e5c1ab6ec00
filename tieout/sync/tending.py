"""Tending connections: unused grants kept alive, connections looked at daily, lost rights looked for until they return.

Nothing tells us that somebody disconnected us, lowered a role or gave it back: only a call shows it. A healthy
connection is asked once a day, one whose person lacks rights every half hour, so that what waits goes on by itself.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from zlib import crc32

from tieout.core.actor import Actor
from tieout.core.budget import Lane
from tieout.core.connection import Connection, ConnectionState
from tieout.core.failure import RemoteError
from tieout.platforms import named
from tieout.store import across, connection_checks, connections, grants
from tieout.store.engine import Db, read
from tieout.sync.checks import glance, look
from tieout.sync.connection_check import run as run_connection_check
from tieout.sync.grants import KEEP_ALIVE_HOURS, keep_alive, let_go_unused
from tieout.sync.ledger_links import probe
from tieout.sync.pausing import go_on
from tieout.sync.scope_campaign import remind
from tieout.sync.tools import Tools

EVERY_SECONDS = 300
_LONGEST_LOOK = timedelta(seconds=30)
_CUT_OFF = timedelta(minutes=1)
_DAY = timedelta(hours=KEEP_ALIVE_HOURS)
_EVERY: dict[ConnectionState, timedelta] = {
    ConnectionState.CONNECTED: timedelta(hours=24),
    ConnectionState.READ_ONLY: timedelta(minutes=30),
}


def tend(tools: Tools) -> int:
    """Look at what is due, in every organisation; how many were looked at. Safe to repeat and to run twice at once."""
    let_go_unused(tools)
    return sum(_tend_one(tools, organisation) for organisation in across.organisations(tools.engines))


def look_at_start(tools: Tools) -> int:
    """Before any work is taken up: each authorisation that nobody renewed for longer than it may rest is tried, so that
    what lapsed while Tieout was switched off is known before somebody's send meets it; how many were tried.

    The others are renewed by the first call that needs them. It takes up half a minute at most.
    """
    began, tried = tools.now(), 0
    for organisation in across.organisations(tools.engines):
        with read(tools.engines, organisation) as db:
            asleep = [each for each in connections.listed(db) if each.may_ask and _has_slept(db, each, began)]
        for connection in asleep:
            if tools.now() - began > _LONGEST_LOOK:
                return tried
            with suppress(RemoteError):  # what it means for the connection is kept
                keep_alive(tools, organisation, connection.id)
            tried += 1
    return tried


def _has_slept(db: Db, connection: Connection, now: datetime) -> bool:
    grant = grants.find(db, connection.grant)
    return grant is not None and now - grant.issued_at >= timedelta(days=named(connection.platform).IDLE_DAYS)


def _tend_one(tools: Tools, organisation: str) -> int:
    with read(tools.engines, organisation) as db:
        live = [each for each in connections.listed(db) if each.is_live]
        quiet = [each for each in live if _is_quiet(db, each, tools.now())]
        renewed = {each.id for each in live if _is_reconnected(db, each)}
    for connection in quiet:
        with suppress(RemoteError):  # what it means for the connection is kept
            keep_alive(tools, organisation, connection.id)
    go_on(tools, organisation)  # a check after a pause that was cut off
    remind(tools, organisation)
    due = [each for each in live if each.may_ask and (_is_due(each, tools.now()) or each.id in renewed)]
    for connection in due:
        if connection.may_post:
            run_connection_check(tools, Actor(organisation, "", "Tieout, daily"), connection.id)
        else:
            look(tools, organisation, connection.id, lane=Lane.BACKGROUND)
    for connection in live:
        if connection not in due and connection.may_post:
            glance(tools, organisation, connection.id)
    return len(due) + probe(tools, organisation)


def _is_quiet(db: Db, connection: Connection, now: datetime) -> bool:
    """Whether nobody has needed its grant for a day and a bit. One that stands still is kept alive like any other."""
    grant = grants.find(db, connection.grant)
    if grant is None or (grant.ended_at is not None and not connection.may_ask):
        return False
    return grant.ended_at is not None or now - grant.issued_at >= _DAY + _spread(grant.id, _DAY)


def _is_reconnected(db: Db, connection: Connection) -> bool:
    """Whether its last check was of an older consent."""
    last = connection_checks.last(db, connection.id)
    return last is not None and last[0] < connection.connected_at


def _is_due(connection: Connection, now: datetime) -> bool:
    if connection.checked_at is None:  # whoever made it was cut off before its books were read
        return now - connection.connected_at >= _CUT_OFF
    last, every = connection.checked_at or connection.connected_at, _EVERY[connection.state]
    return now - last >= every + _spread(connection.id, every)


def _spread(id: str, every: timedelta) -> timedelta:
    """Up to a tenth more, the same for each, so that a thousand of them are not asked in one minute."""
    return every * (crc32(id.encode()) % 1000) // 10_000
