"""Each document on its way into the books: the protocol's state, its lease and fence, and what the books show."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from tieout.core.money import Money
from tieout.core.posting import Posting as Protocol
from tieout.core.posting import State, from_record, to_record
from tieout.core.records import DocumentKind
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table, within
from tieout.store.settlements import SETTLEMENTS
from tieout.store.types import Amount4, Moment

POSTINGS = organisation_table(
    "postings",
    sa.Column("id", ID, nullable=False),
    sa.Column("settlement", ID, nullable=False),
    sa.Column("plan", ID, nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("number", sa.String(255), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("total", Amount4, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("next_at", Moment),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("books_total", Amount4),
    sa.Column("books_status", sa.String(32)),
    sa.Column("books_link", sa.Text),
    sa.Column("verified_at", Moment),
    within(("settlement",), "settlements"),
    within(("plan",), "plans"),
    sa.UniqueConstraint("organisation", "plan", "part"),
    sa.UniqueConstraint("organisation", "connection", "kind", "number"),
    sa.Index("ix_postings_due", "organisation", "connection", "next_at"),
    sa.Index("ix_postings_settlement", "organisation", "settlement"),
)


@dataclass(frozen=True, slots=True)
class Posting:
    """A row of the table: `protocol` is the state machine's own record, the rest is for finding and showing it.

    `code` is the problem code of what the books said last, `note` the sentence a person reads about where it stands.
    """

    id: str
    settlement: str
    plan: str
    connection: str
    part: int
    kind: DocumentKind
    number: str
    total: Money
    protocol: Protocol
    code: str = ""
    note: str = ""
    books_total: Money | None = None
    books_status: str = ""
    books_link: str = ""
    verified_at: datetime | None = None


def add(db: Db, posting: Posting) -> None:
    """The unique plan and part refuse a second posting of one document."""
    protocol = posting.protocol
    values: dict[str, Any] = {
        "organisation": db.organisation,
        "id": posting.id,
        "settlement": posting.settlement,
        "plan": posting.plan,
        "connection": posting.connection,
        "part": posting.part,
        "kind": posting.kind.value,
        "number": posting.number,
        "currency": posting.total.currency,
        "total": posting.total.amount,
        "code": posting.code,
        "note": posting.note,
        **_moving(protocol),
    }
    db.execute(sa.insert(POSTINGS), values)


def save(db: Db, posting: Posting, protocol: Protocol, note: str, code: str = "") -> bool:
    """Store the new state where the stored fence is the one that was read; False if somebody else moved it.

    `note` and `code` are what a person reads about where it stands; both are set anew each time.
    """
    where = (POSTINGS.c.organisation == db.organisation, POSTINGS.c.id == posting.id)
    fenced = POSTINGS.c.fence == posting.protocol.fence
    return (
        db.execute(sa.update(POSTINGS).where(*where, fenced).values(note=note, code=code, **_moving(protocol))).rowcount
        == 1
    )


def show(db: Db, id: str, total: Decimal, status: str, link: str, at: datetime) -> None:
    """What the read-back saw in the books."""
    where = (POSTINGS.c.organisation == db.organisation, POSTINGS.c.id == id)
    values = {"books_total": total, "books_status": status, "books_link": link, "verified_at": at}
    db.execute(sa.update(POSTINGS).where(*where).values(values))


def of_settlement(db: Db, settlement: str) -> Sequence[Posting]:
    """Every posting of all its plans, oldest plan first, in part order."""
    query = _select(db).where(POSTINGS.c.settlement == settlement).order_by(POSTINGS.c.plan, POSTINGS.c.part)
    return [_posting(row) for row in db.execute(query).mappings()]


def of_payout(db: Db, channel: str, number: str) -> Sequence[Posting]:
    """Every posting of every plan of every version of one payout, in the order in which they were planned."""
    versions = sa.select(SETTLEMENTS.c.id).where(
        SETTLEMENTS.c.organisation == db.organisation, SETTLEMENTS.c.channel == channel, SETTLEMENTS.c.number == number
    )
    query = _select(db).where(POSTINGS.c.settlement.in_(versions)).order_by(POSTINGS.c.plan, POSTINGS.c.part)
    return [_posting(row) for row in db.execute(query).mappings()]


def of_settlements(db: Db, settlements: Sequence[str]) -> Sequence[Posting]:
    query = _select(db).where(POSTINGS.c.settlement.in_(settlements)).order_by(POSTINGS.c.plan, POSTINGS.c.part)
    return [_posting(row) for row in db.execute(query).mappings()]


def of_plans(db: Db, plans: Sequence[str]) -> dict[str, list[Posting]]:
    """The parts of each plan, in order."""
    query = _select(db).where(POSTINGS.c.plan.in_(plans)).order_by(POSTINGS.c.plan, POSTINGS.c.part)
    found: dict[str, list[Posting]] = {plan: [] for plan in plans}
    for row in db.execute(query).mappings():
        found[row["plan"]].append(_posting(row))
    return found


def of_numbers(db: Db, connection: str, kind: DocumentKind, numbers: Sequence[str]) -> Sequence[Posting]:
    wanted = (POSTINGS.c.connection == connection) & (POSTINGS.c.kind == kind.value) & POSTINGS.c.number.in_(numbers)
    return [_posting(row) for row in db.execute(_select(db).where(wanted)).mappings()]


def get(db: Db, id: str) -> Posting | None:
    row = db.execute(_select(db).where(POSTINGS.c.id == id)).mappings().first()
    return _posting(row) if row else None


def of(db: Db, ids: Collection[str]) -> dict[str, Posting]:
    """Those that there are, by id."""
    return {row["id"]: _posting(row) for row in db.execute(_select(db).where(POSTINGS.c.id.in_(ids))).mappings()}


def due(db: Db, connection: str, now: datetime, limit: int, states: Collection[State] = ()) -> Sequence[Posting]:
    """Postings of one connection, in these states or in any, whose next step has come, the longest waiting first."""
    wanted = (POSTINGS.c.connection == connection) & (POSTINGS.c.next_at <= now)
    if states:
        wanted &= POSTINGS.c.state.in_([state.value for state in states])
    query = _select(db).where(wanted).order_by(POSTINGS.c.next_at, POSTINGS.c.id).limit(limit)
    return [_posting(row) for row in db.execute(query).mappings()]


def held(db: Db) -> Sequence[Posting]:
    """Everything that some worker holds a lease of."""
    found = [_posting(row) for row in db.execute(_select(db).where(POSTINGS.c.next_at.is_not(None))).mappings()]
    return [posting for posting in found if posting.protocol.lease_owner is not None]


def retrying(db: Db, connection: str) -> Sequence[Posting]:
    """What is to be sent again at some later moment."""
    wanted = (POSTINGS.c.connection == connection) & (POSTINGS.c.state == State.RETRY.value)
    return [_posting(row) for row in db.execute(_select(db).where(wanted).limit(1000)).mappings()]


def next_due(db: Db, connection: str) -> datetime | None:
    """When this connection next has something to do."""
    wanted = (POSTINGS.c.organisation == db.organisation) & (POSTINGS.c.connection == connection)
    moment: datetime | None = db.execute(sa.select(sa.func.min(POSTINGS.c.next_at)).where(wanted)).scalar()
    return moment


def newest_done(db: Db, connection: str, limit: int) -> Sequence[Posting]:
    """What arrived last in the books of a connection."""
    wanted = (POSTINGS.c.connection == connection) & (POSTINGS.c.state == State.DONE.value)
    query = _select(db).where(wanted).order_by(POSTINGS.c.verified_at.desc(), POSTINGS.c.id).limit(limit)
    return [_posting(row) for row in db.execute(query).mappings()]


def settlements_waiting(db: Db, connection: str) -> list[str]:
    """The settlements with a document of this connection that has a next step."""
    wanted = (POSTINGS.c.organisation == db.organisation) & (POSTINGS.c.connection == connection)
    query = sa.select(POSTINGS.c.settlement).where(wanted, POSTINGS.c.next_at.is_not(None)).distinct()
    return list(db.execute(query).scalars())


def waiting(db: Db, connection: str) -> int:
    """How many documents of a connection are not at their end."""
    ends = [State.DONE.value, State.REFUSED.value, State.ESCALATED.value]
    wanted = (POSTINGS.c.organisation == db.organisation) & (POSTINGS.c.connection == connection)
    query = sa.select(sa.func.count()).where(wanted, POSTINGS.c.state.not_in(ends))
    return int(db.execute(query).scalar_one())


def counts(db: Db, connection: str) -> dict[State, int]:
    """How many documents of a connection stand in each state."""
    wanted = (POSTINGS.c.organisation == db.organisation) & (POSTINGS.c.connection == connection)
    query = sa.select(POSTINGS.c.state, sa.func.count().label("number")).where(wanted).group_by(POSTINGS.c.state)
    return {State(row["state"]): int(row["number"]) for row in db.execute(query).mappings()}


def _select(db: Db) -> sa.Select[Any]:
    return sa.select(POSTINGS).where(POSTINGS.c.organisation == db.organisation)


def _moving(protocol: Protocol) -> dict[str, Any]:
    return {
        "state": protocol.state.value,
        "fence": protocol.fence,
        "next_at": protocol.next_at,
        "record": to_record(protocol),
    }


def _posting(row: sa.RowMapping) -> Posting:
    currency, books_total = row["currency"], row["books_total"]
    return Posting(
        id=row["id"],
        settlement=row["settlement"],
        plan=row["plan"],
        connection=row["connection"],
        part=row["part"],
        kind=DocumentKind(row["kind"]),
        number=row["number"],
        total=Money.of(row["total"], currency),
        protocol=from_record(row["record"]),
        code=row["code"],
        note=row["note"],
        books_total=None if books_total is None else Money.of(books_total, currency),
        books_status=row["books_status"] or "",
        books_link=row["books_link"] or "",
        verified_at=row["verified_at"],
    )
