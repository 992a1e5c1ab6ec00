"""Operations: one row for every click, request or job of ours, until its end; each has a deadline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

OPERATIONS = organisation_table(
    "operations",
    sa.Column("id", ID, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("arguments", sa.JSON, nullable=False),
    sa.Column("result", sa.JSON, nullable=False),
    sa.Column("by", sa.String(120), nullable=False),
    sa.Column("person", ID, nullable=False, server_default=""),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("deadline", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Index("ix_operations_open", "organisation", "ended_at", "deadline"),
    sa.Index("ix_operations_newest", "organisation", "began_at", "id"),
)


@dataclass(frozen=True, slots=True)
class Operation:
    """`done` of `of` steps; `message` is the sentence a person reads; `result` is what came of it.

    `by` is the name that the history shows, `person` whose rights count: empty for the console and for jobs of ours.
    """

    id: str
    kind: str
    subject: str
    state: str
    by: str
    began_at: datetime
    changed_at: datetime
    deadline: datetime
    done: int = 0
    of: int = 0
    message: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    ended_at: datetime | None = None
    person: str = ""


_COLUMNS = [column.name for column in OPERATIONS.columns if column.name != "organisation"]


def add(db: Db, operation: Operation) -> None:
    values = {column: getattr(operation, column) for column in _COLUMNS}
    db.execute(sa.insert(OPERATIONS), {"organisation": db.organisation, **values})


def get(db: Db, id: str) -> Operation | None:
    row = db.execute(_select(db).where(OPERATIONS.c.id == id)).mappings().first()
    return _operation(row) if row else None


def change(db: Db, id: str, at: datetime, **values: Any) -> bool:
    """Move an operation on; False once it has ended, since an end is final."""
    where = (OPERATIONS.c.organisation == db.organisation, OPERATIONS.c.id == id, OPERATIONS.c.ended_at.is_(None))
    return db.execute(sa.update(OPERATIONS).where(*where).values(changed_at=at, **values)).rowcount == 1


def still_open(db: Db) -> Sequence[Operation]:
    query = _select(db).where(OPERATIONS.c.ended_at.is_(None)).order_by(OPERATIONS.c.deadline)
    return [_operation(row) for row in db.execute(query).mappings()]


def listed(
    db: Db, kind: str = "", states: Sequence[str] = (), after: tuple[datetime, str] | None = None, limit: int = 50
) -> Sequence[Operation]:
    """The newest first, a page at a time: `after` is the beginning and id of the last one seen."""
    query = _select(db).order_by(OPERATIONS.c.began_at.desc(), OPERATIONS.c.id.desc()).limit(limit)
    if kind:
        query = query.where(OPERATIONS.c.kind == kind)
    if states:
        query = query.where(OPERATIONS.c.state.in_(states))
    if after:
        began_at, id = after
        same = (OPERATIONS.c.began_at == began_at) & (OPERATIONS.c.id < id)
        query = query.where((OPERATIONS.c.began_at < began_at) | same)
    return [_operation(row) for row in db.execute(query).mappings()]


def newest(db: Db, limit: int) -> Sequence[Operation]:
    query = _select(db).order_by(OPERATIONS.c.began_at.desc(), OPERATIONS.c.id.desc()).limit(limit)
    return [_operation(row) for row in db.execute(query).mappings()]


def _select(db: Db) -> sa.Select[Any]:
    return sa.select(OPERATIONS).where(OPERATIONS.c.organisation == db.organisation)


def _operation(row: sa.RowMapping) -> Operation:
    return Operation(**{column: row[column] for column in _COLUMNS})
