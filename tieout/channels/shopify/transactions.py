"""The transactions export: rows into payouts, each row checked; what is in no payout yet waits and is told.

Net is Amount less Fee on every row. Amount and Net bear their sign, Presentment Amount does not, so that one is never
added up. Without the column Payout ID a payout is known by its day and currency.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tieout.channels._buckets import bucket_of, moment_of
from tieout.channels._days import SLACK
from tieout.channels._refused import Findings
from tieout.channels._table import Block, Chunk
from tieout.channels.shopify.export import Export, Progress
from tieout.channels.shopify.labels import AMOUNT, is_payout
from tieout.channels.shopify.tally import SETTLED, WAITING, Tally, fee_part, meaning
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.settlement import Figure, Line, Settlement, Source, day_id

_COLUMNS = (
    "transaction date",
    "type",
    "payout status",
    "payout date",
    "payout id",
    "amount",
    "fee",
    "net",
    "currency",
    "vat",
    "business entity id",
    "order",
)
_MOST_KEPT = 200_000
_AT_ONCE = 200  # rows looked at before it is asked whether the page is full


class Key(NamedTuple):
    """What rows of one payout share, in the words of the file."""

    id: str
    paid: str
    state: str
    currency: str
    entity: str


class Row(NamedTuple):
    """One row as it was understood, in minor units."""

    row: int
    key: Key
    kind: str
    when: datetime | date
    amount: int
    fee: int
    tax: int
    order: str


@dataclass(slots=True)
class Waiting:
    """Rows that are in no payout yet."""

    first_row: int
    last_row: int
    rows: int = 0
    minor: int = 0


class Transactions:
    """Raises Refused where the file as a whole cannot be read."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.findings: Findings = export.findings
        self.tallies: dict[Key, Tally | None] = {}
        self.waiting: dict[tuple[str, str], Waiting] = {}  # by state and currency
        self._buckets: dict[datetime | date, int] = {}

    def read(self, progress: Progress | None = None) -> tuple[Tally, ...]:
        """Every payout of the file, all rows counted. Raises Refused with everything that is wrong."""
        for row in self.rows(progress):
            self.count(row)
        return self.payouts()

    def payouts(self) -> tuple[Tally, ...]:
        """What was counted, when every row is in: no two of them the same."""
        found = tuple(tally for tally in self.tallies.values() if tally)
        self._refuse_mixed(found)
        return found

    def rows(self, progress: Progress | None = None) -> Iterator[Row]:
        """Every row in file order, checked by itself. What is wrong is refused at the end."""
        for block in self.export.blocks(progress):
            yield from self._of_block(block)

    def count(self, row: Row) -> None:
        """A row into its payout, or to those that wait."""
        state = row.key.state.strip().casefold()
        if state not in SETTLED:
            self.wait(row.row, state, row.key.currency.strip().upper(), row.amount - row.fee)
            return
        tally = self.tally_of(row.key, state, row.row)
        if tally is None:
            return
        tally.rows += 1
        if is_payout(row.kind):
            tally.stated.append(row.amount - row.fee)
            return
        bucket = self._buckets.get(row.when)
        if bucket is None:
            if len(self._buckets) > _MOST_KEPT:
                self._buckets.clear()
            bucket = self._buckets[row.when] = bucket_of(row.when)
        tally.count((row.kind, AMOUNT, bucket), row.amount)
        if row.fee:
            tally.count((row.kind, fee_part(row.tax), bucket), -row.fee)
        moment = noon(row.when)
        tally.reach(moment, moment)
        self._check_day(tally, row)

    def wait(self, row: int, state: str, currency: str, minor: int, rows: int = 1) -> None:
        found = self.waiting.setdefault((state, currency), Waiting(row, row))
        found.first_row, found.last_row = min(found.first_row, row), max(found.last_row, row)
        found.rows += rows
        found.minor += minor

    def tally_of(self, key: Key, state: str, row: int) -> Tally | None:
        """The tally of a payout; None where its rows cannot be counted, which is then refused once."""
        if key not in self.tallies:
            self.tallies[key] = self._made(key, state, row)
        return self.tallies[key]

    def _made(self, key: Key, state: str, row: int) -> Tally | None:
        id, paid = key.id.strip(), self.export.when(key.paid)
        if paid is None:
            reason = self.export.bad_dates[key.paid][1] if key.paid.strip() else "its payout has no date"
            self.findings.refuse("date_unparsable", f"Line {row}, Payout Date: {reason}. Export the file again.", row)
            return None
        if id and not id.isdecimal():
            self.findings.refuse(
                "payout-id-damaged",
                f"Line {row}: {id!r} is not the id of a payout: a spreadsheet made another number of it. Import the"
                " file as Shopify exported it.",
                row,
            )
            return None
        day = paid.date() if isinstance(paid, datetime) else paid
        currency = key.currency.strip().upper()
        named = id or day_id(day, currency)
        return Tally(named, currency, day, state, row, key.entity.strip(), is_named=bool(id))

    def _of_block(self, block: Block) -> Iterator[Row]:
        columns = zip(block.rows, *map(block.column, _COLUMNS), strict=True)
        export, refuse = self.export, self.findings.refuse
        for row, stamp, kind, state, paid, id, amount, fee, net, currency, vat, entity, order in columns:
            cents = export.cents(currency)
            if cents is None:
                what = f"{currency!r} is not a currency" if currency.strip() else "the currency is missing"
                refuse("currency_unknown", f"Line {row}: {what}: the line is incomplete. Export the file again.", row)
                continue
            a, f, n, v = cents[amount], cents[fee], cents[net], cents[vat] if vat else 0
            if cents.bad or cents.odd or cents.signed:
                export.tell(row, cents, (amount, fee, net, vat) if vat else (amount, fee, net))
            if a - f != n and not cents.bad.keys() & {amount, fee, net}:
                self._refuse_sum(row, a, f, n, currency)
            when = export.when(stamp)
            if when is None:
                code, reason = export.bad_dates[stamp]
                refuse(code, f"Line {row}, Transaction Date: {reason}. Export the file again.", row)
                continue
            if not kind.strip():
                refuse("type-missing", f"Line {row} has no type: the line is damaged. Export the file again.", row)
                continue
            yield Row(row, Key(id, paid, state, currency, entity), kind, when, a, f, v, order)

    def _refuse_sum(self, row: int, amount: int, fee: int, net: int, currency: str) -> None:
        a, f, n = (f"{Money(each, currency.strip().upper()).amount:f}" for each in (amount, fee, net))
        self.findings.refuse(
            "row-sum-mismatch",
            f"Line {row}: the amount {a} less the fee {f} is not the net {n}: the file was changed after the export."
            " Export it again.",
            row,
        )

    def _check_day(self, tally: Tally, row: Row) -> None:
        """A row is of a day before its payout; up to a day later is let pass, since zones differ."""
        day = row.when.date() if isinstance(row.when, datetime) else row.when
        if day > tally.paid_on:
            late = tally.late.setdefault(day > tally.paid_on + SLACK, [row.row, 0])
            late[1] += 1

    def _refuse_mixed(self, found: tuple[Tally, ...]) -> None:
        """One payout has one day, currency and state; and without ids a day has one payout of a currency."""
        firsts: dict[str, Tally] = {}
        days = Counter((tally.paid_on, tally.currency) for tally in found)
        for tally in found:
            other = firsts.setdefault(tally.id, tally)
            if not tally.is_named and days[tally.paid_on, tally.currency] > 1:
                self.findings.refuse("payouts-of-one-day", _of_one_day(tally), tally.row, tally.id)
            elif other is not tally:
                self.findings.refuse(
                    "payout-mixed",
                    f"Payout {tally.id}: line {other.row} says {_words(other)}, line {tally.row} says {_words(tally)}."
                    " Export the file again.",
                    tally.row,
                    tally.id,
                )


def _words(tally: Tally) -> str:
    return f"{tally.state} on {tally.paid_on} in {tally.currency}" + (f", {tally.entity}" if tally.entity else "")


def _of_one_day(tally: Tally) -> str:
    return (
        f"Shopify made more than one payout in {tally.currency} on {tally.paid_on}, and without a Payout ID in every"
        f" row (line {tally.row}) nothing tells them apart. Export the transactions with the column Payout ID."
    )


def noon(when: datetime | date) -> datetime:
    """For putting days and moments in an order: a day stands at its noon, UTC."""
    return when if isinstance(when, datetime) else datetime.combine(when, time(12), UTC)


def waiting_words(state: str, currency: str, waiting: Waiting) -> str:
    """What is said of rows that are in no payout yet: how many, how much, where."""
    rows = "1 row" if waiting.rows == 1 else f"{waiting.rows} rows"
    lines = f"line {waiting.first_row}" if waiting.rows == 1 else f"lines {waiting.first_row} to {waiting.last_row}"
    word = state.replace("_", " ") or "without a payout"
    known = "" if state in WAITING else ", a word that Tieout does not know"
    amount = Money(waiting.minor, currency)
    verb = "waits" if waiting.rows == 1 else "wait"
    return (
        f"{rows} of {amount} ({lines}: {word}{known}) {verb} for an export that names their payout; not imported yet."
    )


def lines(transactions: Transactions, id: str, digest: str, zone: ZoneInfo) -> Iterator[Line]:
    """The rows of one payout again: its amount and, where there is one, its fee. Raises Refused."""
    for row in transactions.rows():
        state = row.key.state.strip().casefold()
        if state not in SETTLED or is_payout(row.kind):
            continue
        tally = transactions.tally_of(row.key, state, row.row)
        if tally is not None and tally.id == id:
            yield from lines_of(row, tally.currency, digest, zone)


def lines_of(row: Row, currency: str, digest: str, zone: ZoneInfo) -> Iterator[Line]:
    moment = moment_of(row.when, zone).astimezone(UTC)
    parts = ((AMOUNT, row.amount), (fee_part(row.tax), -row.fee)) if row.fee else ((AMOUNT, row.amount),)
    for part, minor in parts:
        category, label, variant = meaning(row.kind, part)
        source = Source(digest, row.row)
        yield Line(category, label, Money(minor, currency), moment, "", source, row.order, variant=variant)


def chunk_lines(chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int) -> Iterator[Line]:
    """The rows below `after` that are summed in one of these figures, out of some lines of a file as usual.

    In such a file a row means the same without the others, so a small file is made of the payout's own rows.
    """
    zone, content = ZoneInfo(settlement.zone), chunk.content
    days = settlement.deposit_on.isoformat() if settlement.deposit_on else ""
    mark = (settlement.id if settlement.id.isdecimal() else days).encode()
    kinds = {label.words[0].encode() for label, _, _ in wanted}
    found, row, seen, at = [], chunk.first_row, 0, content.find(mark)
    while at >= 0:
        start, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at)
        end = end if end >= 0 else len(content)
        row, seen = row + content.count(b"\n", seen, start), start
        text = content[start:end].removesuffix(b"\r")
        if row > max(after, 1) and any(kind in text for kind in kinds):
            found.append((row, text))
        at = content.find(mark, end)
    for some in (found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)):
        made = b"\n".join((chunk.heading, *(text for _, text in some), b""))
        for line in lines(Transactions(Export(made)), settlement.id, settlement.statement, zone):
            if (line.label, line.marketplace, Month.of(line.posted_at, zone)) in wanted:
                yield replace(line, source=replace(line.source, row=some[line.source.row - 2][0]))
