"""Settlements and their subtotals, one row a version: a changed file of a known settlement is a new version."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.settlement import Label, Settlement, Subtotal, Warning
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Amount4, Moment

SETTLEMENTS = organisation_table(
    "settlements",
    sa.Column("id", ID, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("number", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("is_current", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("statement", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("marketplace", sa.String(64), nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("total", Amount4, nullable=False),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("deposit_on", sa.String(10)),
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("subtotals", sa.JSON, nullable=False),
    sa.Column("file_rows", sa.Integer),
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("imported_at", Moment, nullable=False),
    sa.Column("status", sa.String(32), nullable=False),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("next_at", Moment),
    sa.UniqueConstraint("organisation", "channel", "number", "version"),
    sa.Index("ix_settlements_newest", "organisation", "is_current", "ends_at", "id"),
    sa.Index("ix_settlements_amount", "organisation", "is_current", "total", "ends_at", "id"),
    sa.Index("ix_settlements_standing", "organisation", "is_current", "status", "ends_at", "id"),
    sa.Index("ix_settlements_marketplace", "organisation", "is_current", "marketplace"),
    sa.Index("ix_settlements_code", "organisation", "is_current", "code"),
    sa.Index(
        "ix_settlements_search",
        *("organisation", "is_current", "ends_at", "id"),
        *("number", "marketplace", "currency", "starts_at", "status", "total"),
    ),
    sa.Index("ix_settlements_status", "organisation", "status", "ends_at", "id"),
)


# The documents of `postings`, which knows this table and not the other way round: a search names them by their number.
_DOCUMENTS = sa.table("postings", *map(sa.column, ("organisation", "settlement", "number")))


@dataclass(frozen=True, slots=True)
class Kept:
    """A settlement as it is kept: the settlement itself, its version, and how far it has come."""

    id: str
    version: int
    settlement: Settlement
    warnings: tuple[Warning, ...]
    imported_at: datetime
    status: str
    code: str = ""
    reason: str = ""
    changed_at: datetime | None = None
    next_at: datetime | None = None


class Order(StrEnum):
    """What a list is sorted by; within it the end of the settlement decides, and then the id."""

    END = "end"
    AMOUNT = "amount"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. `after` is the last row as it was seen: its end and id, after amount or status where
    those decide the order; a row that has changed its place since moves no other.

    The order is falling, the newest end first; `rises` turns it round. `since` and `before` bound the ends.
    """

    search: str = ""
    statuses: tuple[str, ...] = ()
    channel: str = ""
    after: tuple[Any, ...] | None = None
    limit: int = 50
    marketplace: str = ""
    code: str = ""
    since: datetime | None = None
    before: datetime | None = None
    order: Order = Order.END
    rises: bool = False


def add(db: Db, kept: Kept) -> None:
    """A new version becomes the current one; older rows stay. The unique number and version refuse a second writer."""
    table, settlement = SETTLEMENTS, kept.settlement
    same = (table.c.organisation == db.organisation) & (table.c.channel == settlement.channel)
    older = sa.update(table).where(same, table.c.number == settlement.id)
    db.execute(older.values(is_current=False))
    db.execute(sa.insert(table), _row(db.organisation, kept))


def get(db: Db, id: str) -> Kept | None:
    row = db.execute(_select(db).where(SETTLEMENTS.c.id == id)).mappings().first()
    return _kept(row) if row else None


def of(db: Db, ids: Collection[str]) -> dict[str, Kept]:
    """Those that there are, by id."""
    return {row["id"]: _kept(row) for row in db.execute(_select(db).where(SETTLEMENTS.c.id.in_(ids))).mappings()}


def current(db: Db, channel: str, number: str) -> Kept | None:
    """The newest version of one payout."""
    table = SETTLEMENTS
    wanted = (table.c.channel == channel) & (table.c.number == number) & table.c.is_current
    row = db.execute(_select(db).where(wanted)).mappings().first()
    return _kept(row) if row else None


def version_before(db: Db, kept: Kept) -> Kept | None:
    table = SETTLEMENTS
    wanted = (table.c.channel == kept.settlement.channel) & (table.c.number == kept.settlement.id)
    query = _select(db).where(wanted, table.c.version < kept.version).order_by(table.c.version.desc())
    row = db.execute(query.limit(1)).mappings().first()
    return _kept(row) if row else None


def neighbour_before(db: Db, kept: Kept) -> Kept | None:
    """The settlement of the same channel, site and currency that ended last before this one ended."""
    table, settlement = SETTLEMENTS, kept.settlement
    query = _select(db).where(
        table.c.is_current,
        table.c.channel == settlement.channel,
        table.c.currency == settlement.currency,
        table.c.marketplace == settlement.marketplace,
        table.c.ends_at <= settlement.end,
        table.c.number != settlement.id,
    )
    row = db.execute(query.order_by(table.c.ends_at.desc()).limit(1)).mappings().first()
    return _kept(row) if row else None


def listed(db: Db, wanted: Wanted) -> Sequence[Kept]:
    """Current settlements in the order that is wanted; a page at a time by key, never by offset.

    Which they are is told by an index alone; only the rows of the page, which carry their subtotals, are read.
    """
    table, key = SETTLEMENTS, _KEYS[wanted.order]
    query = sa.select(table.c.id).where(
        table.c.organisation == db.organisation, table.c.is_current, *_filters(db, wanted)
    )
    if wanted.after:
        seen = sa.tuple_(*(sa.literal(value, column.type) for value, column in zip(wanted.after, key, strict=True)))
        query = query.where(sa.tuple_(*key) > seen if wanted.rises else sa.tuple_(*key) < seen)
    order = [column.asc() if wanted.rises else column.desc() for column in key]
    chosen = query.order_by(*order).limit(wanted.limit).scalar_subquery()
    return [_kept(row) for row in db.execute(_select(db).where(table.c.id.in_(chosen)).order_by(*order)).mappings()]


def marketplaces(db: Db) -> tuple[str, ...]:
    """The sites of all current settlements, by name, without the blank of those that name none."""
    return tuple(_each(db, SETTLEMENTS.c.marketplace))


def first_channel(db: Db) -> str | None:
    """The channel of the settlement that was imported first; None before there is any."""
    query = sa.select(SETTLEMENTS.c.channel).where(SETTLEMENTS.c.organisation == db.organisation)
    found: str | None = db.execute(query.order_by(SETTLEMENTS.c.imported_at, SETTLEMENTS.c.id).limit(1)).scalar()
    return found


def codes(db: Db) -> tuple[str, ...]:
    """The problem codes that current settlements wait for."""
    return tuple(_each(db, SETTLEMENTS.c.code))


def _each(db: Db, column: sa.Column[str]) -> Iterator[str]:
    """The different values but the blank one, in order, by one leap through an index for each: they are few."""
    table, last = SETTLEMENTS, ""
    current = (table.c.organisation == db.organisation) & table.c.is_current
    while found := db.execute(sa.select(sa.func.min(column)).where(current, column > last)).scalar():
        yield found
        last = found


def counts(db: Db) -> dict[str, int]:
    """How many current settlements stand in each status."""
    table = SETTLEMENTS
    query = sa.select(table.c.status, sa.func.count().label("number")).where(
        table.c.organisation == db.organisation, table.c.is_current
    )
    return {row.status: row.number for row in db.execute(query.group_by(table.c.status))}


def in_status(db: Db, statuses: tuple[str, ...]) -> Sequence[Kept]:
    return listed(db, Wanted(statuses=statuses, limit=10_000))


def amounts_in(db: Db, status: str) -> tuple[tuple[str, Money], ...]:
    """Id and total of every current settlement in this status, the earliest end first, without reading their money."""
    table = SETTLEMENTS
    query = sa.select(table.c.id, table.c.currency, table.c.total).where(
        table.c.organisation == db.organisation, table.c.is_current, table.c.status == status
    )
    rows = db.execute(query.order_by(table.c.ends_at, table.c.id))
    return tuple((row.id, Money.of(row.total, row.currency)) for row in rows)


def held_of(db: Db, channel: str, statuses: Collection[str]) -> tuple[tuple[str, str, datetime], ...]:
    """Id, problem code and last change of a channel's current settlements in these statuses, a hundred at most."""
    table = SETTLEMENTS
    current = (table.c.organisation == db.organisation, table.c.is_current, table.c.channel == channel)
    query = sa.select(table.c.id, table.c.code, table.c.changed_at).where(*current, table.c.status.in_(statuses))
    return tuple((row.id, row.code, row.changed_at) for row in db.execute(query.limit(100)))


def sent_since(db: Db, channel: str, moment: datetime) -> tuple[int, datetime | None]:
    """How many of a channel's current settlements were sent since then, and when the last one was."""
    table = SETTLEMENTS
    current = (table.c.organisation == db.organisation, table.c.is_current, table.c.channel == channel)
    told = sa.func.count().label("number"), sa.func.max(table.c.changed_at).label("last")
    query = sa.select(*told).where(*current, table.c.status == "sent", table.c.changed_at >= moment)
    row = db.execute(query).one()
    return int(row.number), row.last


def mark(db: Db, kept: Kept) -> None:
    """Store how far it has come: status, reason and next step. The money of a version never changes."""
    table = SETTLEMENTS
    columns = ("status", "code", "reason", "changed_at", "next_at")
    values = {column: getattr(kept, column) for column in columns}
    db.execute(sa.update(table).where(table.c.organisation == db.organisation, table.c.id == kept.id).values(values))


def renew(db: Db, kept: Kept) -> None:
    """The same version read again (another zone decided the months): only for one that no plan has frozen."""
    table, row = SETTLEMENTS, _row(db.organisation, kept)
    values = {column: row[column] for column in ("subtotals", "zone", "fingerprint")}
    db.execute(sa.update(table).where(table.c.organisation == db.organisation, table.c.id == kept.id).values(values))


def _select(db: Db) -> sa.Select[Any]:
    return sa.select(SETTLEMENTS).where(SETTLEMENTS.c.organisation == db.organisation)


_KEYS: dict[Order, tuple[sa.Column[Any], ...]] = {
    Order.END: (SETTLEMENTS.c.ends_at, SETTLEMENTS.c.id),
    Order.AMOUNT: (SETTLEMENTS.c.total, SETTLEMENTS.c.ends_at, SETTLEMENTS.c.id),
    Order.STATUS: (SETTLEMENTS.c.status, SETTLEMENTS.c.ends_at, SETTLEMENTS.c.id),
}


def _filters(db: Db, wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    table = SETTLEMENTS
    if wanted.statuses:
        yield table.c.status.in_(wanted.statuses)
    for column, value in ((table.c.channel, wanted.channel), (table.c.marketplace, wanted.marketplace)):
        if value:
            yield column == value
    if wanted.code:
        yield table.c.code == wanted.code
    if wanted.since:
        yield table.c.ends_at >= wanted.since
    if wanted.before:
        yield table.c.ends_at < wanted.before
    for word in wanted.search.split():
        yield _mentions(db, word)


def _mentions(db: Db, word: str) -> sa.ColumnElement[bool]:
    """One comparison a row over all that people search by, so that a hundred thousand are looked through at once."""
    table, pattern = SETTLEMENTS, "%" + word.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    texts = (table.c.number, table.c.marketplace, table.c.currency, table.c.starts_at, table.c.ends_at, table.c.status)
    told: sa.ColumnElement[str] = sa.type_coerce(texts[0], sa.String)
    for text in texts[1:]:
        told = told + " " + sa.type_coerce(text, sa.String)
    found = [sa.func.lower(told).like(sa.func.lower(pattern), escape="!")]
    if _may_be_document(word):
        of_number = sa.func.lower(_DOCUMENTS.c.number).like(sa.func.lower(pattern), escape="!")
        ours = _DOCUMENTS.c.organisation == db.organisation
        found.append(table.c.id.in_(sa.select(_DOCUMENTS.c.settlement).where(ours, of_number)))
    if amounts := _amounts(word):
        low, high = amounts
        found += [table.c.total.between(low, high), table.c.total.between(-high, -low)]
    return sa.or_(*found)


def _may_be_document(word: str) -> bool:
    """Letters and digits together, as in TO-GB-261: other words are spared the look through every document."""
    return any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)


def _amounts(word: str) -> tuple[Decimal, Decimal] | None:
    """Between which amounts a word lies that is one, without its sign: 1,234 is any from 1,234.00 to 1,234.99."""
    whole, _, places = word.lstrip("-−+£$€¥").replace(",", "").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 12 and (not places or places.isdigit())):
        return None
    if len(places) > 4 or not places.isascii():
        return None
    return Decimal(f"{whole}.{places or 0}"), Decimal(f"{whole}.{places or 9999}")


def _row(organisation: str, kept: Kept) -> dict[str, Any]:
    settlement = kept.settlement
    return {
        "organisation": organisation,
        "id": kept.id,
        "channel": settlement.channel,
        "number": settlement.id,
        "version": kept.version,
        "is_current": True,
        "statement": settlement.statement,
        "fingerprint": settlement.fingerprint,
        "marketplace": settlement.marketplace,
        "country": settlement.country,
        "currency": settlement.currency,
        "total": settlement.total.amount,
        "starts_at": settlement.start,
        "ends_at": settlement.end,
        "deposit_on": settlement.deposit_on.isoformat() if settlement.deposit_on else None,
        "zone": settlement.zone,
        "subtotals": [_subtotal_row(subtotal) for subtotal in settlement.subtotals],
        "file_rows": settlement.file_rows,
        "warnings": [[warning.code, warning.message, warning.row] for warning in kept.warnings],
        "imported_at": kept.imported_at,
        "status": kept.status,
        "code": kept.code,
        "reason": kept.reason,
        "changed_at": kept.changed_at or kept.imported_at,
        "next_at": kept.next_at,
    }


def _subtotal_row(part: Subtotal) -> list[Any]:
    words = list(part.label.words)
    return [part.category.value, words, part.marketplace, str(part.month), part.amount.minor, part.rows, part.variant]


def _kept(row: sa.RowMapping) -> Kept:
    currency = row["currency"]
    settlement = Settlement(
        id=row["number"],
        channel=row["channel"],
        currency=currency,
        country=row["country"],
        marketplace=row["marketplace"],
        start=row["starts_at"],
        end=row["ends_at"],
        deposit_on=date.fromisoformat(row["deposit_on"]) if row["deposit_on"] else None,
        total=Money.of(row["total"], currency),
        zone=row["zone"],
        subtotals=tuple(_subtotal(part, currency) for part in row["subtotals"]),
        statement=row["statement"],
        file_rows=row["file_rows"],
    )
    warnings = tuple(Warning(code, message, number) for code, message, number in row["warnings"])
    kept = Kept(row["id"], row["version"], settlement, warnings, row["imported_at"], row["status"])
    return replace(kept, code=row["code"], reason=row["reason"], changed_at=row["changed_at"], next_at=row["next_at"])


def _subtotal(part: list[Any], currency: str) -> Subtotal:
    category, words, marketplace, month, minor, rows, variant = part
    label, amount = Label(tuple(words)), Money(minor, currency)
    return Subtotal(Category(category), label, marketplace, Month.read(month), amount, rows, variant)
