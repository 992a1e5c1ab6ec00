"""The audit log: what people and jobs changed, only ever added to, one hash chain for each organisation.

Triggers of both databases refuse to change or remove an entry. A chain's head is a row that every writer locks, so that
writers at the same moment come one after the other.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from tieout.core.chained import INSTALLATION, Break, Entry, Event, Head, beginning, compare, follow, verify
from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

AUDIT = organisation_table(
    "audit",
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("act", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Index("ix_audit_person", "organisation", "person", "number"),
    sa.Index("ix_audit_act", "organisation", "act", "number"),
    key=("number",),
)

HEADS = organisation_table(
    "audit_heads",
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    key=(),
)

# As the rows hold it: what somebody spoiled must come out as a break, not as an error of reading.
_RAW = [sa.cast(each, sa.Text).label(each.name) if each.name in ("at", "details") else each for each in AUDIT.c]
_AT_ONCE = 5000  # entries read by one query


def chain_of(db: Db) -> str:
    """The chain a transaction writes to: its organisation's, or that of the whole installation."""
    return db.organisation or INSTALLATION


def of(db: Db, chain: str) -> Db:
    """The same transaction, opened for every organisation, as that chain's."""
    return Db(db.connection, "" if chain == INSTALLATION else chain)


def chains(db: Db) -> tuple[str, ...]:
    """Every chain, of organisations that are gone too; only in a transaction above them all."""
    query = sa.union(sa.select(HEADS.c.organisation), sa.select(AUDIT.c.organisation).distinct())
    return tuple(sorted(db.execute(query).scalars()))


def append(db: Db, event: Event) -> Entry:
    """The event as the chain's next entry; other writers of the chain wait until this transaction ends."""
    head = _locked_head(db)
    entry = follow(head, event)
    db.execute(
        sa.insert(AUDIT).values(
            organisation=head.chain,
            number=entry.number,
            at=event.at,
            person=event.person,
            name=event.name,
            act=event.act,
            subject=event.subject,
            details=dict(event.details),
            digest=entry.digest,
        )
    )
    moved = sa.update(HEADS).where(HEADS.c.organisation == head.chain)
    db.execute(moved.values(number=entry.number, digest=entry.digest))
    return entry


def head(db: Db) -> Head:
    """Where the chain ends, as its writers keep it."""
    row = db.execute(sa.select(HEADS).where(HEADS.c.organisation == chain_of(db))).first()
    return Head(row.organisation, row.number, row.digest) if row else beginning(chain_of(db))


def newest(db: Db, before: int | None = None, person: str = "", act: str = "", limit: int = 50) -> Sequence[Entry]:
    """The newest first, a page at a time: `before` is the number of the last one seen."""
    query = sa.select(AUDIT).where(AUDIT.c.organisation == chain_of(db)).order_by(AUDIT.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(AUDIT.c.number < before)
    if person:
        query = query.where(AUDIT.c.person == person)
    if act:
        query = query.where(AUDIT.c.act == act)
    return tuple(_entry(row) for row in db.execute(query))


def acts(db: Db) -> tuple[str, ...]:
    """Every kind of change that the chain holds, by name."""
    query = sa.select(AUDIT.c.act).where(AUDIT.c.organisation == chain_of(db)).distinct().order_by(AUDIT.c.act)
    return tuple(db.execute(query).scalars())


def persons(db: Db) -> tuple[tuple[str, str], ...]:
    """Everybody who appears in the chain, with a name they had."""
    mine = sa.select(AUDIT.c.person, sa.func.max(AUDIT.c.name).label("name"))
    query = mine.where(AUDIT.c.organisation == chain_of(db), AUDIT.c.person != "").group_by(AUDIT.c.person)
    return tuple((row.person, row.name) for row in db.execute(query.order_by("name")))


def first_break(db: Db, newest: int = 0) -> Break | None:
    """Reads the whole chain, or so many of its newest entries; None when it holds."""
    end = head(db)
    before = end.number - newest if newest else 0
    there = sa.select(AUDIT.c.digest).where(AUDIT.c.organisation == chain_of(db), AUDIT.c.number == before)
    digest = db.execute(there).scalar() if before > 0 else None
    if digest is None:
        return verify(_all(db, 0), end)
    return verify(_all(db, before), end, Head(end.chain, before, digest))


def differs(db: Db, earlier: Head) -> Break | None:
    """Whether the chain still agrees with a head of itself that was kept elsewhere."""
    if earlier.number == 0:
        return compare(earlier, beginning(chain_of(db)).digest)
    there = sa.select(AUDIT.c.digest).where(AUDIT.c.organisation == chain_of(db), AUDIT.c.number == earlier.number)
    return compare(earlier, db.execute(there).scalar())


def _locked_head(db: Db) -> Head:
    query = sa.select(HEADS).where(HEADS.c.organisation == chain_of(db)).with_for_update()
    row = db.execute(query).first()
    if row is None:
        first = beginning(chain_of(db))
        insert_missing(db, HEADS, {"organisation": first.chain, "number": first.number, "digest": first.digest})
        row = db.execute(query).one()
    return Head(row.organisation, row.number, row.digest)


def _all(db: Db, last: int) -> Iterator[Entry]:
    """Those behind number `last`."""
    mine = sa.select(*_RAW).where(AUDIT.c.organisation == chain_of(db))
    query = mine.order_by(AUDIT.c.number).limit(_AT_ONCE)
    while page := db.execute(query.where(AUDIT.c.number > last)).all():
        yield from map(_raw_entry, page)
        last = page[-1].number


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    event = Event(row.at, row.person, row.name, row.act, row.subject, row.details)
    return Entry(row.number, event, row.digest)


def _raw_entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    try:
        at, details = datetime.fromisoformat(row.at), json.loads(row.details)
        assert isinstance(details, dict)
    except (ValueError, TypeError, AssertionError):
        at, details = datetime.min.replace(tzinfo=UTC), {}
    event = Event(at, row.person, row.name, row.act, row.subject, details)
    return Entry(row.number, event, row.digest)
