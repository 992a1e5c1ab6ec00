"""The last check of each connection, line by line, and what its person may do there as last read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

CHECKS = organisation_table(
    "connection_checks",
    sa.Column("connection", ID, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("by", sa.String(120), nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    key=("connection",),
)

RIGHTS = organisation_table(
    "connection_rights",
    sa.Column("connection", ID, nullable=False),
    sa.Column("checked_at", Moment, nullable=False),
    sa.Column("allowed", sa.JSON, nullable=False),
    sa.Column("barred", sa.JSON, nullable=False),
    sa.Column("full_at", Moment),
    sa.Column("changed_at", Moment),
    sa.Column("refusals", sa.JSON, nullable=False),
    key=("connection",),
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What the person behind a connection may do. `barred` are the kinds of documents that they may not create.

    `full_at`: when nothing was barred last, under the present consent. `changed_at`: when this was first read so.
    `refusals` is what was refused although nothing was barred: one record each, without secrets, oldest first.
    """

    checked_at: datetime
    allowed: tuple[tuple[str, bool], ...] = ()
    barred: tuple[str, ...] = ()
    full_at: datetime | None = None
    changed_at: datetime | None = None
    refusals: tuple[dict[str, Any], ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The last refusals as sentences."""
        return tuple(
            f"{each['at']}: refused with HTTP {each['status']}, {each['correlation_id'] or 'without an id'}. "
            f"{each['neighbour']}"
            for each in self.refusals[-3:]
        )


def keep(db: Db, connection: str, at: datetime, by: str, record: dict[str, Any]) -> None:
    """The last check takes the place of the one before."""
    values = {"at": at, "by": by[:120], "record": record}
    change = CHECKS.update().where(CHECKS.c.organisation == db.organisation, CHECKS.c.connection == connection)
    if db.execute(change.values(**values)).rowcount == 0:
        insert_missing(db, CHECKS, {"organisation": db.organisation, "connection": connection, **values})


def last(db: Db, connection: str) -> tuple[datetime, str, dict[str, Any]] | None:
    """When, by whom or what, and what came of it."""
    mine = (CHECKS.c.organisation == db.organisation, CHECKS.c.connection == connection)
    row = db.execute(sa.select(CHECKS).where(*mine)).first()
    return None if row is None else (row.at, row.by, row.record)


def keep_rights(db: Db, connection: str, rights: Rights) -> None:
    values = {
        "checked_at": rights.checked_at,
        "allowed": [list(each) for each in rights.allowed],
        "barred": list(rights.barred),
        "full_at": rights.full_at,
        "changed_at": rights.changed_at,
        "refusals": list(rights.refusals),
    }
    change = RIGHTS.update().where(RIGHTS.c.organisation == db.organisation, RIGHTS.c.connection == connection)
    if db.execute(change.values(**values)).rowcount == 0:
        insert_missing(db, RIGHTS, {"organisation": db.organisation, "connection": connection, **values})


def rights(db: Db, connection: str) -> Rights | None:
    mine = (RIGHTS.c.organisation == db.organisation, RIGHTS.c.connection == connection)
    row = db.execute(sa.select(RIGHTS).where(*mine)).first()
    if row is None:
        return None
    allowed = tuple((str(name), bool(is_allowed)) for name, is_allowed in row.allowed)
    return Rights(row.checked_at, allowed, tuple(row.barred), row.full_at, row.changed_at, tuple(row.refusals))
