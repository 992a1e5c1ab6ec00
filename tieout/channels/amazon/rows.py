"""The rows of a settlement again, one by one, as when a figure is opened: same bytes, same meaning, same sums."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tieout.channels._refused import Refused, Unreadable
from tieout.channels._table import Block, Chunk, heading_names
from tieout.channels.amazon.labels import Triple, category_of
from tieout.channels.amazon.marketplaces import home, own_zone
from tieout.channels.amazon.report import Report
from tieout.channels.amazon.tally import Tally, moment_of, posted
from tieout.core.category import Category
from tieout.core.money import Money
from tieout.core.settlement import Label, Line, Refusal, Settlement, Source, Statement

_AT_ONCE = 200  # rows looked at before it is asked whether the page is full
_ROWS_BEFORE = 3  # in the file made of rows wanted: heading and summary come first
_MOST_KEPT = 200_000  # distinct amounts and moments remembered


def lines(statement: Statement, settlement_id: str, zone: ZoneInfo | None) -> Iterator[Line]:
    """Every row with money, in file order. Raises Refused where `read` would refuse."""
    report = Report(statement.content)
    opened: _Rows | None = None
    for tally, block in report.parts():
        if tally.id == settlement_id:
            opened = opened or _Rows(tally, statement.digest, zone)
            yield from opened.lines(block, report.sites(block))
    if report.findings.refusals:
        raise Refused(*report.findings.refusals)


def chunk_lines(chunk: Chunk, settlement: Settlement, labels: frozenset[Label], after: int) -> Iterator[Line]:
    """The rows below `after` with one of these labels, out of some lines of a file that the quick reader took.

    In such a file a row means the same without the others, so a small file is made of the summary and the rows wanted.
    """
    words = tuple(label.words[2].encode() for label in labels)
    if not any(word in chunk.content for word in words):
        return
    names = heading_names(chunk.heading.decode("utf-8"))
    at, id = names.index("settlement-id"), settlement.id.encode()
    wanted = [
        (row, line.removesuffix(b"\r"))
        for row, line in enumerate(chunk.content.split(b"\n"), chunk.first_row)
        if row > max(after, 1) and any(word in line for word in words) and line.split(b"\t", at + 1)[at] == id
    ]
    for some in (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)):
        made = b"\n".join((chunk.heading, _summary(settlement, names), *(line for _, line in some), b""))
        for found in lines(Statement("", made, settlement.statement), settlement.id, ZoneInfo(settlement.zone)):
            if found.label in labels:
                row = some[found.source.row - _ROWS_BEFORE][0]
                yield replace(found, source=replace(found.source, row=row))


def _summary(settlement: Settlement, names: tuple[str, ...]) -> bytes:
    """The summary row as a usual file prints it."""
    fields = {
        "settlement-id": settlement.id,
        "settlement-start-date": f"{settlement.start:%Y-%m-%d %H:%M:%S} UTC",
        "settlement-end-date": f"{settlement.end:%Y-%m-%d %H:%M:%S} UTC",
        "total-amount": f"{settlement.total.amount:f}",
        "currency": settlement.currency,
    }
    return "\t".join(fields.get(name, "") for name in names).encode()


class _Rows:
    """What has been understood of one settlement so far: every distinct label, amount and moment once."""

    def __init__(self, tally: Tally, digest: str, zone: ZoneInfo | None) -> None:
        self._tally, self._digest, self._zone = tally, digest, zone
        self._meanings: dict[Triple, tuple[Category, Label]] = {}
        self._amounts: dict[str, Money] = {}
        self._moments: dict[tuple[str, str], datetime] = {}

    def lines(self, block: Block, sites: list[str]) -> Iterator[Line]:
        names = ("transaction-type", "amount-type", "amount-description", "amount", "order-id", "sku")
        columns = (*map(block.column, names), sites, posted(block))
        for row, kind, amount_type, text, amount, order, sku, site, stamp in zip(block.rows, *columns, strict=True):
            category, label = self._meanings.get((kind, amount_type, text)) or self._meaning((kind, amount_type, text))
            money = self._amounts.get(amount) or self._amount(amount, row)
            moment = self._moments.get((stamp, site)) or self._moment(stamp, site, row)
            yield Line(category, label, money, moment, site, Source(self._digest, row), order, sku)
        for kept in (self._amounts, self._moments):
            if len(kept) > _MOST_KEPT:
                kept.clear()

    def _meaning(self, triple: Triple) -> tuple[Category, Label]:
        self._meanings[triple] = category_of(triple), Label(triple)
        return self._meanings[triple]

    def _amount(self, text: str, row: int) -> Money:
        minor = self._tally.amounts[text]
        if text in self._tally.amounts.bad:
            code, reason = self._tally.amounts.bad[text]
            raise Refused(Refusal(code, f"Line {row}: {reason}. Download the file again.", row, self._tally.id))
        self._amounts[text] = Money(minor, self._tally.currency)
        return self._amounts[text]

    def _moment(self, stamp: str, site: str, row: int) -> datetime:
        """A day without a time has its noon in the zone asked for, or in the site's own."""
        currency = self._tally.currency
        zone = self._zone or own_zone(home({site: 1}, currency), currency) or ZoneInfo("UTC")
        try:
            moment = moment_of(self._tally.dates.read(stamp), zone).astimezone(UTC)
        except Unreadable as error:
            message = f"Line {row}: {error}. Download the file again."
            raise Refused(Refusal(error.code, message, row, self._tally.id)) from error
        self._moments[stamp, site] = moment
        return moment
