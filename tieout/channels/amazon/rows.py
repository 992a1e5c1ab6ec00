"""The rows of a settlement again, one by one, as when a figure is opened: same bytes, same meaning, same sums."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from tieout.channels._buckets import moment_of
from tieout.channels._refused import Refused, Unreadable
from tieout.channels._table import Block, Chunk, heading_names
from tieout.channels.amazon.labels import Triple, category_of
from tieout.channels.amazon.marketplaces import home, own_zone
from tieout.channels.amazon.report import Report
from tieout.channels.amazon.tally import Tally, posted
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.settlement import Figure, Label, Line, Refusal, Settlement, Source, Statement

_DAY = timedelta(days=1)
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


def chunk_lines(chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int) -> Iterator[Line]:
    """The rows below `after` that are summed in one of these figures, out of some lines of a file as usual.

    In such a file a row means the same without the others, so a small file is made of the summary and the rows wanted.
    """
    found = _candidates(chunk, settlement, wanted, after)
    zone = ZoneInfo(settlement.zone)
    for some in (found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)):
        names = heading_names(chunk.heading.decode("utf-8"))
        made = b"\n".join((chunk.heading, _summary(settlement, names), *(line for _, line in some), b""))
        for line in lines(Statement("", made, settlement.statement), settlement.id, zone):
            if (line.label, line.marketplace, Month.of(line.posted_at, zone)) in wanted:
                row, _ = some[line.source.row - _ROWS_BEFORE]
                yield replace(line, source=replace(line.source, row=row))


def _candidates(chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int) -> list[tuple[int, bytes]]:
    """The lines that have the label and site of a figure, and a day of its month in any zone."""
    names = heading_names(chunk.heading.decode("utf-8"))
    texts = {_printed(label, site, names).encode() for label, site, _ in wanted}
    days = [mark for mark in _marks({month for _, _, month in wanted}) if mark in chunk.content]
    if not days or not any(text in chunk.content for text in texts):
        return []
    columns = ("settlement-id", "transaction-type", "amount-type", "amount-description", "marketplace-name")
    fields_of = itemgetter(*map(names.index, columns))
    keys = {(settlement.id, *label.words, site) for label, site, _ in wanted}
    encoded = {tuple(word.encode() for word in key) for key in keys}
    return [
        (row, line)
        for row, line in _lines_with(texts, chunk)
        if row > max(after, 1) and any(day in line for day in days) and fields_of(line.split(b"\t")) in encoded
    ]


def _printed(label: Label, site: str, names: tuple[str, ...]) -> str:
    """What stands together in every line of a label and site: the more, the fewer other lines have it too."""
    at = names.index("marketplace-name")
    if names[at : at + 3] == ("marketplace-name", "amount-type", "amount-description"):
        return f"{site}\t{label.words[1]}\t{label.words[2]}\t"
    return label.words[2]


def _lines_with(texts: set[bytes], chunk: Chunk) -> Iterator[tuple[int, bytes]]:
    """The lines that hold one of the texts, with their rows; the others are never cut out."""
    content, places = chunk.content, set()
    for text in texts:
        at = content.find(text)
        while at >= 0:
            end = content.find(b"\n", at)
            places.add((content.rfind(b"\n", 0, at) + 1, end if end >= 0 else len(content)))
            at = content.find(text, end) if end >= 0 else -1
    row, seen = chunk.first_row, 0
    for start, end in sorted(places):
        row, seen = row + content.count(b"\n", seen, start), start
        yield row, content[start:end].removesuffix(b"\r")


def _marks(months: set[Month]) -> set[bytes]:
    """How a day begins or ends in print where it may belong to one of these months in some zone on earth."""
    days = set()
    for month in months:
        first = date(month.year, month.number, 1)
        days |= {f"{first - _DAY}", f"{month.last_day + _DAY}", f"{month}-"}
    parts = [day.split("-") for day in days]
    forms = (
        ["-".join(each) for each in parts]
        + ["/".join(each) for each in parts]
        + [".".join(each[::-1]) for each in parts]
    )
    return {form.encode() for form in forms}


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
