"""Which reminders to consent again were sent, by connection and how many days before the end."""

from datetime import datetime

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

REMINDERS = organisation_table(
    "scope_reminders",
    sa.Column("connection", ID, nullable=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("sent_at", Moment, nullable=False),
    key=("connection", "days"),
)


def add(db: Db, connection: str, days: int, now: datetime) -> bool:
    """True for the one who may send it: nobody has before."""
    values = {"organisation": db.organisation, "connection": connection, "days": days, "sent_at": now}
    return insert_missing(db, REMINDERS, values)


def sent(db: Db, connection: str) -> tuple[int, ...]:
    mine = (REMINDERS.c.organisation == db.organisation, REMINDERS.c.connection == connection)
    return tuple(db.execute(sa.select(REMINDERS.c.days).where(*mine).order_by(REMINDERS.c.days.desc())).scalars())
