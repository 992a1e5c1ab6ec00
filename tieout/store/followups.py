"""Follow-up work of a document in the books (source file, note): it never delays or doubles the document itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table, within
from tieout.store.types import Moment

FOLLOWUPS = organisation_table(
    "followups",
    sa.Column("posting", ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("next_at", Moment),
    sa.Column("done_at", Moment),
    within(("posting",), "postings"),
    sa.Index("ix_followups_due", "organisation", "connection", "next_at"),
    key=("posting", "kind"),
)


@dataclass(frozen=True, slots=True)
class Followup:
    posting: str
    kind: str
    connection: str
    tries: int = 0
    message: str = ""
    next_at: datetime | None = None
    done_at: datetime | None = None


_COLUMNS = [column.name for column in FOLLOWUPS.columns if column.name != "organisation"]


def want(db: Db, posting: str, connection: str, kinds: tuple[str, ...], at: datetime) -> None:
    """Ask for it once; asking again changes nothing."""
    known = {followup.kind for followup in of_posting(db, posting)}
    for kind in kinds:
        if kind not in known:
            values = {
                "posting": posting,
                "kind": kind,
                "connection": connection,
                "tries": 0,
                "message": "",
                "next_at": at,
            }
            db.execute(sa.insert(FOLLOWUPS), {"organisation": db.organisation, **values})


def due(db: Db, connection: str, now: datetime, limit: int) -> Sequence[Followup]:
    wanted = (FOLLOWUPS.c.connection == connection) & (FOLLOWUPS.c.next_at <= now)
    query = _select(db).where(wanted).order_by(FOLLOWUPS.c.next_at, FOLLOWUPS.c.posting).limit(limit)
    return [_followup(row) for row in db.execute(query).mappings()]


def next_due(db: Db, connection: str) -> datetime | None:
    wanted = (FOLLOWUPS.c.organisation == db.organisation) & (FOLLOWUPS.c.connection == connection)
    moment: datetime | None = db.execute(sa.select(sa.func.min(FOLLOWUPS.c.next_at)).where(wanted)).scalar()
    return moment


def of_posting(db: Db, posting: str) -> Sequence[Followup]:
    query = _select(db).where(FOLLOWUPS.c.posting == posting).order_by(FOLLOWUPS.c.kind)
    return [_followup(row) for row in db.execute(query).mappings()]


def mark(db: Db, followup: Followup) -> None:
    table = FOLLOWUPS
    where = (
        table.c.organisation == db.organisation,
        table.c.posting == followup.posting,
        table.c.kind == followup.kind,
    )
    columns = ("tries", "message", "next_at", "done_at")
    db.execute(sa.update(table).where(*where).values({column: getattr(followup, column) for column in columns}))


def _select(db: Db) -> sa.Select[Any]:
    return sa.select(FOLLOWUPS).where(FOLLOWUPS.c.organisation == db.organisation)


def _followup(row: sa.RowMapping) -> Followup:
    return Followup(**{column: row[column] for column in _COLUMNS})
