"""Presence: once an hour the platform is asked which books an authorisation still reaches, whether work waits or not.

Nothing is told when somebody removes us there, and a renewal still works. One question serves every organisation that
the same person connected.
"""

from datetime import datetime, timedelta
from zlib import crc32

from tieout.calls import make_call
from tieout.core.failure import Failure, FailureKind, RemoteError
from tieout.platforms import TENANT_REFUSED, named, names
from tieout.store import grants as rows
from tieout.store.engine import read, write
from tieout.store.grants import Grant
from tieout.sync import grants
from tieout.sync.asking import learn
from tieout.sync.tools import Tools

EVERY_SECONDS = 300
_HOUR, _SPREAD_SECONDS = timedelta(hours=1), 300


def look(tools: Tools) -> int:
    """Ask for every list that is due; how many were asked for. Safe to repeat and to run twice at once."""
    listing, now = [name for name in names() if named(name).KEEPS_LIST], tools.now()
    with read(tools.engines, "") as db:
        due = [each for each in rows.unlisted(db, listing, now - _HOUR) if now - _last(each) >= _HOUR + _spread(each)]
    return sum(_look(tools, grant) for grant in due)


def _last(grant: Grant) -> datetime:
    return grant.listed_at or grant.issued_at


def _spread(grant: Grant) -> timedelta:
    """Up to five minutes more, the same for each, so that a thousand of them are not asked for in one minute."""
    return timedelta(seconds=crc32(grant.id.encode()) % _SPREAD_SECONDS)


def _look(tools: Tools, grant: Grant) -> bool:
    with read(tools.engines, "") as db:
        serving = rows.serving(db, grant.id)
    if not serving:
        return False
    with write(tools.engines, "") as db:
        rows.mark_listed(db, grant.id, tools.now())
    organisation, connection, _ = serving[0]
    try:
        access = grants.access(tools, organisation, connection, 30)
        reached = named(grant.platform).connections(make_call(tools.transport), access.app, access.token)
    except RemoteError:
        return True  # what it means for the connection is kept; an outage says nothing, and the next hour asks again
    held = {books.books_id for books in reached}
    gone = Failure(FailureKind.DISCONNECTED, TENANT_REFUSED, ("no longer among the books that we may reach",))
    for organisation, connection, books in serving:
        if books not in held:
            learn(tools, organisation, connection, gone)
    return True
