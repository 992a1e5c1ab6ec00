"""Timelines: what each connection has been through, in order: every change of its state, why, and who or what did it.

A line is written in the transaction that changes the state, and nothing changes or removes one.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

_LONGEST_BY, _LONGEST_WORDS = 120, 2000

TIMELINE = organisation_table(
    "connection_timeline",
    sa.Column("connection", ID, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("by", sa.String(120), nullable=False),
    key=("connection", "number"),
)


@dataclass(frozen=True, slots=True)
class Moved:
    """One change. `code` is the reason, a problem's code or a word of ours; `words` the evidence, often theirs.

    `by` is a person, or the work of ours that found it out.
    """

    at: datetime
    state: str
    code: str = ""
    words: str = ""
    by: str = ""


def add(db: Db, connection: str, moved: Moved, organisation: str = "") -> None:
    """One line more. Call it after the row of the connection was changed: its lock keeps the numbers apart.

    `organisation` where `db` stands above them.
    """
    owner = db.organisation or organisation
    assert owner, "a line belongs to an organisation"
    mine = (TIMELINE.c.organisation == owner, TIMELINE.c.connection == connection)
    last = db.execute(sa.select(sa.func.max(TIMELINE.c.number)).where(*mine)).scalar() or 0
    values = {"organisation": owner, "connection": connection, "number": int(last) + 1, "at": moved.at}
    told = {"words": moved.words[:_LONGEST_WORDS], "by": moved.by[:_LONGEST_BY]}
    db.execute(TIMELINE.insert().values(**values, state=moved.state, code=moved.code[:64], **told))


def listed(db: Db, connection: str, limit: int = 50, before: int | None = None) -> tuple[tuple[int, Moved], ...]:
    """The newest first, each with its number; with `before` only older ones than that number."""
    query = sa.select(TIMELINE).where(TIMELINE.c.organisation == db.organisation, TIMELINE.c.connection == connection)
    if before is not None:
        query = query.where(TIMELINE.c.number < before)
    rows = db.execute(query.order_by(TIMELINE.c.number.desc()).limit(limit))
    return tuple((row.number, Moved(row.at, row.state, row.code, row.words, row.by)) for row in rows)


def state_since(db: Db, connection: str) -> datetime | None:
    """Since when it is in its present state; lines of the same state in a row are one stretch."""
    since, state = None, None
    for _, moved in listed(db, connection, 200):
        if state is not None and moved.state != state:
            break
        since, state = moved.at, moved.state
    return since
