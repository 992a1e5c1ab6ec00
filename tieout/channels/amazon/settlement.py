"""Settlements out of a report: its tallies proven against their totals, their sums given a meaning and a month."""

from collections import Counter
from dataclasses import replace
from zoneinfo import ZoneInfo

from tieout.channels._buckets import month_of
from tieout.channels._refused import Findings, Refused
from tieout.channels.amazon.labels import category_of
from tieout.channels.amazon.marketplaces import home, own_zone
from tieout.channels.amazon.mismatch import mismatch
from tieout.channels.amazon.quick import Quick
from tieout.channels.amazon.report import Progress, Report
from tieout.channels.amazon.tally import Tally
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.places import Places
from tieout.core.settlement import Label, Reading, Settlement, Statement, Subtotal

NAME = "amazon"


def read(statement: Statement, zone: ZoneInfo | None = None, progress: Progress | None = None) -> Reading:
    """Every settlement of the file, or every refusal; a file of several is refused whole if one does not tie."""
    encoding = ""
    try:
        report = Report(statement.content)
        encoding = report.text.encoding
        tallies = report.read(progress)
        wrong = tuple(mismatch(statement.content, tally) for tally in tallies if tally.minor != tally.total.minor)
        if wrong:
            raise Refused(*wrong)
        reading = _reading(report, tallies, zone, statement.digest)
        _warn_of_orders(report, tallies)
    except Refused as refused:
        return Reading(NAME, refusals=refused.refusals, encoding=encoding)
    return replace(reading, warnings=tuple(report.findings.warnings))


class Counting:
    """The quick reader: what `read` would say of a large report, or Unusual."""

    def __init__(self, first: bytes) -> None:
        self._quick = Quick(first)

    def add(self, piece: bytes) -> None:
        self._quick.add(piece)

    @property
    def has_only_known(self) -> bool:
        return set(self._quick.report.table.names) <= self._quick.report.layout.columns

    def places(self) -> Places:
        return self._quick.places()

    def reading(self, zone: ZoneInfo | None, digest: str) -> Reading:
        """When every piece is in."""
        return _reading(self._quick.report, self._quick.tallies(), zone, digest)


def _reading(report: Report, tallies: tuple[Tally, ...], zone: ZoneInfo | None, digest: str) -> Reading:
    settlements = tuple(_settlement(tally, zone, digest, report.findings) for tally in tallies)
    if (rows := report.file_rows()) is not None:
        settlements = tuple(replace(each, file_rows=rows[each.id]) for each in settlements)
    return Reading(NAME, settlements, (), tuple(report.findings.warnings), report.text.encoding)


def _settlement(tally: Tally, zone: ZoneInfo | None, digest: str, findings: Findings) -> Settlement:
    rows: Counter[str] = Counter()
    sales: Counter[str] = Counter()
    for (kind, amount_type, text, site, _, _), (_, count) in tally.cells.items():
        rows[site] += count
        if site and category_of((kind, amount_type, text)).startswith("sales."):
            sales[site] += count
    place = home(rows, tally.currency)
    if zone is None and (zone := own_zone(place, tally.currency)) is None:
        zone = ZoneInfo("UTC")
        findings.warn("marketplace-unknown", f"No row of {tally.id} names a site, so its months are those of UTC.")
    _warn_of_strays(tally, findings)
    return Settlement(
        id=tally.id,
        channel=NAME,
        currency=tally.currency,
        country=place.country if place else "",
        marketplace=sales.most_common(1)[0][0] if sales else "",
        start=tally.window.start,
        end=tally.window.end,
        deposit_on=tally.deposit_on,
        total=tally.total,
        zone=zone.key,
        subtotals=_subtotals(tally, zone),
        statement=digest,
    )


def _subtotals(tally: Tally, zone: ZoneInfo) -> tuple[Subtotal, ...]:
    """The cells folded into months, in the order of their first row."""
    found: dict[tuple[tuple[str, str, str], str, Month], list[int]] = {}
    months: dict[int, Month] = {}
    for (kind, amount_type, text, site, bucket, _), (minor, count) in tally.cells.items():
        month = months.get(bucket) or months.setdefault(bucket, month_of(bucket, zone))
        cell = found.setdefault(((kind, amount_type, text), site, month), [0, 0])
        cell[0] += minor
        cell[1] += count
    return tuple(
        Subtotal(category_of(triple), Label(triple), site, month, Money(minor, tally.currency), count)
        for (triple, site, month), (minor, count) in found.items()
    )


def _warn_of_strays(tally: Tally, findings: Findings) -> None:
    for is_far, (row, count) in sorted(tally.strays.items()):
        window = f"{tally.window.start:%Y-%m-%d} to {tally.window.end:%Y-%m-%d}"
        code = "date-out-of-window" if is_far else "date-near-window"
        what = "more than a day" if is_far else "up to a day"
        rows = "row lies" if count == 1 else "rows lie"
        findings.warn(code, f"{count} {rows} {what} outside settlement {tally.id}, {window}; first line {row}.", row)


def _warn_of_orders(report: Report, tallies: tuple[Tally, ...]) -> None:
    """An Order row without an order id is odd, yet its money is right."""
    if not any(key[0] == "Order" and not key[5] for tally in tallies for key in tally.cells):
        return
    for _, block in report.parts():
        for row, kind, order in zip(
            block.rows, block.column("transaction-type"), block.column("order-id"), strict=True
        ):
            if kind == "Order" and not order:
                report.findings.warn("order-id-missing", f"Line {row}: an Order row without order id.", row)
                return
