"""Versions: rows that are added to and never changed, each with who made it and when; one table a kind of record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import organisation_table
from tieout.store.types import Moment


@dataclass(frozen=True, slots=True)
class Version:
    """`record` is the whole of it, `created_by` the person's name as it was then; before the first, nobody's."""

    version: int
    record: dict[str, Any]
    created_by: str
    created_at: datetime | None


def versions_table(name: str) -> sa.Table:
    return organisation_table(
        name,
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("created_by", sa.String(120), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        key=("version",),
    )


def add(db: Db, table: sa.Table, version: int, record: dict[str, Any], by: str, now: datetime) -> int:
    """The key refuses a version that somebody else has made meanwhile."""
    values = {"organisation": db.organisation, "version": version, "record": record}
    db.execute(table.insert().values(**values, created_by=by[:120], created_at=now))
    return version


def newest(db: Db, table: sa.Table, limit: int) -> tuple[Version, ...]:
    """The newest first."""
    rows = db.execute(_select(db, table).order_by(table.c.version.desc()).limit(limit))
    return tuple(Version(**row._mapping) for row in rows)


def at(db: Db, table: sa.Table, version: int) -> Version | None:
    row = db.execute(_select(db, table).where(table.c.version == version)).first()
    return None if row is None else Version(**row._mapping)


def _select(db: Db, table: sa.Table) -> sa.Select[Any]:
    columns = (column for column in table.columns if column.name != "organisation")
    return sa.select(*columns).where(table.c.organisation == db.organisation)
