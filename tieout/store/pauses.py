"""Pauses: whether an organisation's automatic work is stopped, by whom, and what became of it when it was resumed."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import organisation_table
from tieout.store.types import Moment

PAUSES = organisation_table(
    "organisation_pauses",
    sa.Column("paused_at", Moment, nullable=False),
    sa.Column("by", sa.String(120), nullable=False),
    sa.Column("resumed_at", Moment),
    sa.Column("checked_at", Moment),
    key=(),
)


@dataclass(frozen=True, slots=True)
class Pause:
    """The last one. Work goes on again when the connection was checked after it was resumed: `checked_at`."""

    paused_at: datetime
    by: str
    resumed_at: datetime | None = None
    checked_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        return self.resumed_at is None

    @property
    def holds(self) -> bool:
        """Whether no work is taken: paused, or resumed and not checked yet."""
        return self.checked_at is None


def find(db: Db) -> Pause | None:
    row = db.execute(sa.select(PAUSES).where(PAUSES.c.organisation == db.organisation)).first()
    return None if row is None else Pause(row.paused_at, row.by, row.resumed_at, row.checked_at)


def holds(db: Db) -> bool:
    """Whether an organisation's work is held for a pause."""
    found = find(db)
    return found is not None and found.holds


def begin(db: Db, by: str, now: datetime) -> bool:
    """False when it is paused already."""
    values = {"paused_at": now, "by": by[:120], "resumed_at": None, "checked_at": None}
    if insert_missing(db, PAUSES, {"organisation": db.organisation, **values}):
        return True
    is_over = (PAUSES.c.organisation == db.organisation, PAUSES.c.resumed_at.is_not(None))
    return db.execute(PAUSES.update().where(*is_over).values(**values)).rowcount == 1


def resume(db: Db, now: datetime) -> bool:
    """False when it is not paused."""
    is_on = (PAUSES.c.organisation == db.organisation, PAUSES.c.resumed_at.is_(None))
    return db.execute(PAUSES.update().where(*is_on).values(resumed_at=now)).rowcount == 1


def checked(db: Db, now: datetime) -> bool:
    """The connections were checked after the pause: work is taken again. False when nothing waited for that."""
    waits = (PAUSES.c.organisation == db.organisation, PAUSES.c.resumed_at.is_not(None), PAUSES.c.checked_at.is_(None))
    return db.execute(PAUSES.update().where(*waits).values(checked_at=now)).rowcount == 1
