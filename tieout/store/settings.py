"""Versions of an organisation's settings: added to, never changed, so that history shows who set what and when."""

from datetime import datetime
from typing import Any

from tieout.store import versioned
from tieout.store.engine import Db
from tieout.store.versioned import Version, versions_table

SETTINGS = versions_table("settings")


def current(db: Db) -> Version:
    """The newest version, whose record holds only what was set; before the first, version 0 in which nothing is."""
    found = versions(db, limit=1)
    return found[0] if found else Version(0, {}, "", None)


def add(db: Db, record: dict[str, Any], by: str, now: datetime) -> int:
    """The next version, as a whole; its number. The key refuses a second writer of the same one."""
    return versioned.add(db, SETTINGS, current(db).version + 1, record, by, now)


def versions(db: Db, limit: int) -> tuple[Version, ...]:
    """The newest first."""
    return versioned.newest(db, SETTINGS, limit)
