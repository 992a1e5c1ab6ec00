"""Which books an organisation's documents go to: its live connections, the newest first."""

from tieout.core.connection import Connection, ConnectionState
from tieout.store import connections
from tieout.store.engine import Db


def live(db: Db) -> tuple[Connection, ...]:
    """Every connection that is not ended, also those that wait for a person."""
    return tuple(found for found in connections.listed(db) if found.state is not ConnectionState.DISCONNECTED)


def books_in_use(db: Db) -> Connection | None:
    """The connection that settlements post to; None while no books are connected."""
    return next(iter(live(db)), None)
