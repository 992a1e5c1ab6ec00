"""Calls made to each set of books, shared by all workers: who is under way, what the minute and the day have used."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.core.budget import LONGEST_CALL, MINUTE, Usage
from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA, organisation_table
from tieout.store.types import Moment

BUDGETS = organisation_table(
    "budgets",
    sa.Column("connection", ID, nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("made_today", sa.Integer, nullable=False),
    sa.Column("day_left", sa.Integer),
    sa.Column("day_left_at", Moment),
    sa.Column("made_since", sa.Integer, nullable=False),
    sa.Column("blocked_until", Moment),
    sa.Column("blocked_code", sa.String(64), nullable=False),
    key=("connection",),
)

SLOTS = organisation_table(
    "call_slots",
    sa.Column("id", ID, nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("lane", sa.String(16), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("is_write", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.true()),
    sa.Index("ix_call_slots_connection", "organisation", "connection", "started_at"),
)

# Reads that a platform counts for the whole installation, by its month.
METERS = sa.Table(
    "meters",
    METADATA,
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("month", sa.String(7), nullable=False),
    sa.Column("reads", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("platform", "month"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What one answer said: calls left today, and an order to wait. None where it said nothing."""

    day_left: int | None = None
    blocked_until: datetime | None = None
    blocked_code: str = ""


def usage(db: Db, connection: str, now: datetime) -> Usage:
    """What was used, without taking anything."""
    row = db.execute(sa.select(BUDGETS).where(_budget(db, connection))).first()
    return _usage(db, connection, row, now)


def locked_usage(db: Db, connection: str, now: datetime) -> Usage:
    """The same, and nobody else decides upon this budget before the transaction ends."""
    locking = sa.select(BUDGETS).where(_budget(db, connection)).with_for_update()
    row = db.execute(locking).first()
    if row is None:
        _begin(db, connection, now)
        row = db.execute(locking).first()
    return _usage(db, connection, row, now)


def take(db: Db, connection: str, slot: str, lane: str, now: datetime, is_write: bool = True) -> None:
    """One call under way, from now on. Forgets slots that count for nothing any more."""
    mine = (SLOTS.c.organisation == db.organisation, SLOTS.c.connection == connection)
    is_over = sa.or_(SLOTS.c.ended_at < now - MINUTE, SLOTS.c.started_at < now - LONGEST_CALL - MINUTE)
    db.execute(SLOTS.delete().where(*mine, is_over))
    values = {"organisation": db.organisation, "id": slot, "connection": connection, "lane": lane}
    db.execute(SLOTS.insert().values(**values, started_at=now, is_write=is_write))
    is_today = BUDGETS.c.day == _day(now)
    made = sa.case((is_today, BUDGETS.c.made_today + 1), else_=1)
    counted = {"day": _day(now), "made_today": made, "made_since": BUDGETS.c.made_since + 1}
    db.execute(BUDGETS.update().where(_budget(db, connection)).values(**counted))


def give_back(db: Db, connection: str, slot: str, now: datetime, report: Report) -> bool:
    """The call is over; whether it may have written. An order to wait is never shortened by a later answer."""
    mine = (SLOTS.c.organisation == db.organisation, SLOTS.c.id == slot)
    is_read = db.execute(sa.select(SLOTS.c.is_write).where(*mine)).scalar() is False
    db.execute(SLOTS.update().where(*mine).values(ended_at=now))
    change = BUDGETS.update().where(_budget(db, connection))
    if report.day_left is not None:
        db.execute(change.values(day_left=report.day_left, day_left_at=now, made_since=0))
    if report.blocked_until is not None:
        is_later = sa.or_(BUDGETS.c.blocked_until.is_(None), BUDGETS.c.blocked_until < report.blocked_until)
        values = {"blocked_until": report.blocked_until, "blocked_code": report.blocked_code}
        db.execute(change.where(is_later).values(**values))
    return not is_read


def begin_with(db: Db, connection: str, calls: int, now: datetime) -> None:
    """So many calls were made of these books before anybody counted."""
    _begin(db, connection, now)
    for number in range(calls):
        slot = f"{connection[:32]}-{number}"
        take(db, connection, slot, "interactive", now, is_write=False)
        give_back(db, connection, slot, now, Report())


def count_read(db: Db, platform: str, now: datetime) -> None:
    """One more read of this month; the platform counts those that it answered."""
    values = {"platform": platform, "month": _month(now)}
    change = METERS.update().where(METERS.c.platform == platform, METERS.c.month == values["month"])
    if db.execute(change.values(reads=METERS.c.reads + 1)).rowcount == 0:
        try:
            with db.connection.begin_nested():
                db.execute(METERS.insert().values(**values, reads=1))
        except IntegrityError:
            db.execute(change.values(reads=METERS.c.reads + 1))


def reads_of_month(db: Db, platform: str, now: datetime) -> int:
    """What the whole installation has read at the platform this month."""
    mine = (METERS.c.platform == platform, METERS.c.month == _month(now))
    return db.execute(sa.select(METERS.c.reads).where(*mine)).scalar() or 0


def _begin(db: Db, connection: str, now: datetime) -> None:
    values = {"organisation": db.organisation, "connection": connection, "day": _day(now)}
    try:
        with db.connection.begin_nested():
            db.execute(BUDGETS.insert().values(**values, made_today=0, made_since=0, blocked_code=""))
    except IntegrityError:
        return  # another worker began it, which is as good


def _usage(db: Db, connection: str, row: Any, now: datetime) -> Usage:
    mine = (SLOTS.c.organisation == db.organisation, SLOTS.c.connection == connection)
    found = tuple(db.execute(sa.select(SLOTS.c.started_at, SLOTS.c.ended_at, SLOTS.c.is_write).where(*mine)))
    under_way = tuple(slot.started_at for slot in found if slot.ended_at is None)
    ended = tuple(slot.ended_at for slot in found if slot.ended_at is not None)
    writing = tuple(slot.started_at for slot in found if slot.is_write and slot.ended_at is None)
    written = tuple(slot.ended_at for slot in found if slot.is_write and slot.ended_at is not None)
    if row is None:
        return Usage(under_way, ended, writing=writing, written=written)
    return Usage(
        writing=writing,
        written=written,
        under_way=under_way,
        ended=ended,
        made_today=row.made_today if row.day == _day(now) else 0,
        day_left=row.day_left,
        day_left_at=row.day_left_at,
        made_since=row.made_since,
        blocked_until=row.blocked_until,
        blocked_code=row.blocked_code,
    )


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _month(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()[:7]


def _budget(db: Db, connection: str) -> sa.ColumnElement[bool]:
    return sa.and_(BUDGETS.c.organisation == db.organisation, BUDGETS.c.connection == connection)
