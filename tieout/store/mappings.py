"""Mapping versions: added to, never changed, so that what was planned can always be explained."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import organisation_table
from tieout.store.types import Moment

MAPPINGS = organisation_table(
    "mappings",
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("created_by", sa.String(120), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    key=("version",),
)


@dataclass(frozen=True, slots=True)
class MappingVersion:
    """`record` is what `Mapping.to_record` gave; `created_by` is the person's name as it was then."""

    version: int
    record: dict[str, Any]
    created_by: str
    created_at: datetime


def add(db: Db, record: dict[str, Any], by: str, now: datetime) -> int:
    """The next version, whose number stands in the record; returns it.

    The key refuses a version that somebody else has made meanwhile.
    """
    values = {"organisation": db.organisation, "version": record["version"], "record": record}
    db.execute(MAPPINGS.insert().values(**values, created_by=by[:120], created_at=now))
    return int(record["version"])


def current(db: Db) -> MappingVersion | None:
    """The newest version; None before the first."""
    found = versions(db, limit=1)
    return found[0] if found else None


def at(db: Db, version: int) -> MappingVersion | None:
    row = db.execute(_select(db).where(MAPPINGS.c.version == version)).first()
    return None if row is None else MappingVersion(**row._mapping)


def versions(db: Db, limit: int) -> tuple[MappingVersion, ...]:
    """The newest first."""
    rows = db.execute(_select(db).order_by(MAPPINGS.c.version.desc()).limit(limit))
    return tuple(MappingVersion(**row._mapping) for row in rows)


def _select(db: Db) -> sa.Select[Any]:
    columns = (column for column in MAPPINGS.columns if column.name != "organisation")
    return sa.select(*columns).where(MAPPINGS.c.organisation == db.organisation)
