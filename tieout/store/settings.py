"""Versions of an organisation's settings: added to, never changed, so that history shows who set what and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import organisation_table
from tieout.store.types import Moment

SETTINGS = organisation_table(
    "settings",
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("created_by", sa.String(120), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    key=("version",),
)


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """`record` holds only what was set: everything else keeps its default."""

    version: int
    record: dict[str, Any]
    created_by: str
    created_at: datetime | None


def current(db: Db) -> SettingsVersion:
    """The newest version; before the first, version 0 in which nothing is set."""
    found = versions(db, limit=1)
    return found[0] if found else SettingsVersion(0, {}, "", None)


def add(db: Db, record: dict[str, Any], by: str, now: datetime) -> int:
    """The next version, as a whole; its number. The key refuses a second writer of the same one."""
    version = current(db).version + 1
    values = {"organisation": db.organisation, "version": version, "record": record}
    db.execute(SETTINGS.insert().values(**values, created_by=by[:120], created_at=now))
    return version


def versions(db: Db, limit: int) -> tuple[SettingsVersion, ...]:
    """The newest first."""
    columns = (column for column in SETTINGS.columns if column.name != "organisation")
    query = sa.select(*columns).where(SETTINGS.c.organisation == db.organisation)
    rows = db.execute(query.order_by(SETTINGS.c.version.desc()).limit(limit))
    return tuple(SettingsVersion(**row._mapping) for row in rows)
