"""The books' chart: read from the platform, kept, and read again when it grows old."""

from datetime import timedelta

from tieout.core.budget import Lane
from tieout.core.chart import Books
from tieout.store import charts, connections
from tieout.store.engine import Db, read, write
from tieout.sync.asking import ask
from tieout.sync.tools import Tools


def books_of(
    tools: Tools, organisation: str, connection: str, max_age_seconds: int, lane: Lane = Lane.INTERACTIVE
) -> Books:
    """The books no older than that, read anew where needed. Raises a RemoteError when they have to be and cannot be."""
    with read(tools.engines, organisation) as db:
        kept = charts.find(db, connection)
    if kept is not None and tools.now() - kept[1] <= timedelta(seconds=max_age_seconds):
        return kept[0]
    return refresh(tools, organisation, connection, lane)


def refresh(tools: Tools, organisation: str, connection: str, lane: Lane = Lane.INTERACTIVE) -> Books:
    """Read now and keep what was read."""
    began_at = tools.now()
    books = ask(tools, organisation, connection, lambda platform, call, access: platform.read_books(call, access), lane)
    with write(tools.engines, organisation) as db:
        if connections.find(db, connection) is not None:
            charts.keep(db, connection, books, began_at)
    return books


def last_read(db: Db, connection: str) -> Books | None:
    """The books as last read, however old; None before the first reading."""
    kept = charts.find(db, connection)
    return None if kept is None else kept[0]
