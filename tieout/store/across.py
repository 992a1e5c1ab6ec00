"""The only reads across organisations: for the sweep and for whoever runs the installation, never for a page."""

from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Engines
from tieout.store.metadata import METADATA
from tieout.store.organisations import ORGANISATIONS


def organisations(engines: Engines) -> tuple[str, ...]:
    """The ids of all, oldest first."""
    query = sa.select(ORGANISATIONS.c.id).order_by(ORGANISATIONS.c.created_at, ORGANISATIONS.c.id)
    with engines.reading.begin() as connection:
        return tuple(connection.scalars(query))


def with_due_work(engines: Engines, now: datetime) -> tuple[str, ...]:
    """The organisations that have a row whose next step has come, in any table that has a `next_at`."""
    due = [
        sa.select(table.c.organisation).where(table.c.next_at <= now)
        for table in METADATA.sorted_tables
        if "next_at" in table.c and "organisation" in table.c
    ]
    with engines.reading.begin() as connection:
        return tuple(sorted(connection.scalars(sa.union(*due)))) if due else ()


def failing(engines: Engines, platform: str, but: str) -> int:
    """How many other sets of books at a platform give no usable answer at present: a count, nothing else crosses."""
    table = METADATA.tables["connections"]
    mine = (table.c.platform == platform, table.c.id != but, table.c.failing_calls > 0, table.c.state != "disconnected")
    with engines.reading.begin() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*mine)).scalar_one())


def rows(engines: Engines) -> dict[str, int]:
    """How many rows each table holds, for `doctor` and for the check of a backup."""
    with engines.reading.begin() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in METADATA.sorted_tables
        }
