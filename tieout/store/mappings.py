"""Mapping versions: added to, never changed, so that what was planned can always be explained."""

from datetime import datetime
from typing import Any

from tieout.store import versioned
from tieout.store.engine import Db
from tieout.store.versioned import Version, versions_table

MAPPINGS = versions_table("mappings")


def add(db: Db, record: dict[str, Any], by: str, now: datetime) -> int:
    """The next version, whose number stands in the record; returns it. `record` is what `Mapping.to_record` gave.

    The key refuses a version that somebody else has made meanwhile.
    """
    return versioned.add(db, MAPPINGS, int(record["version"]), record, by, now)


def current(db: Db) -> Version | None:
    """The newest version; None before the first."""
    found = versions(db, limit=1)
    return found[0] if found else None


def at(db: Db, version: int) -> Version | None:
    return versioned.at(db, MAPPINGS, version)


def versions(db: Db, limit: int) -> tuple[Version, ...]:
    """The newest first."""
    return versioned.newest(db, MAPPINGS, limit)
