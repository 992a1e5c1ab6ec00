"""Tending connections: unused grants kept alive, connections looked at daily, lost rights looked for until they return.

Nothing tells us that somebody disconnected us, lowered a role or gave it back: only a call shows it. A healthy
connection is asked once a day, one whose person lacks rights every half hour, so that what waits goes on by itself.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from tieout.core.budget import Lane
from tieout.core.connection import Connection, ConnectionState
from tieout.core.failure import RemoteError
from tieout.store import across, connections
from tieout.store.engine import read
from tieout.sync.checks import look
from tieout.sync.grants import keep_alive, let_go_unused
from tieout.sync.tools import Tools

EVERY_SECONDS = 300
_EVERY: dict[ConnectionState, timedelta] = {
    ConnectionState.CONNECTED: timedelta(hours=24),
    ConnectionState.READ_ONLY: timedelta(minutes=30),
}


def tend(tools: Tools) -> int:
    """Look at what is due, in every organisation; how many were looked at. Safe to repeat and to run twice at once."""
    let_go_unused(tools)
    return sum(_tend_one(tools, organisation) for organisation in across.organisations(tools.engines))


def _tend_one(tools: Tools, organisation: str) -> int:
    with read(tools.engines, organisation) as db:
        due = [each for each in connections.listed(db) if each.may_ask and _is_due(each, tools.now())]
    for connection in due:
        with suppress(RemoteError):  # what it means for the connection is kept; the look says the rest
            keep_alive(tools, organisation, connection.id)
        look(tools, organisation, connection.id, with_chart=connection.may_post, lane=Lane.BACKGROUND)
    return len(due)


def _is_due(connection: Connection, now: datetime) -> bool:
    last = connection.checked_at or connection.connected_at
    return now - last >= _EVERY[connection.state] + _spread(connection)


def _spread(connection: Connection) -> timedelta:
    """Up to a tenth more, the same for each connection, so that a thousand of them are not asked in one minute."""
    return _EVERY[connection.state] * (sum(connection.id.encode()) % 100) / 1000
