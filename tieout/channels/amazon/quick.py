"""Large reports counted column by column, a piece at a time; what is unusual in any way is left to the plain reader.

The tallies are those that `Report.read` would make, cell for cell and in the same order. Polars splits, groups and adds
whole numbers; what a total, a date or a label means is asked of the same functions as always. Every amount and moment
must match a strict pattern before it is turned into a number, since a cast alone would round `1.005`. Nothing that the
plain reader would refuse, warn of or look up elsewhere in the file is decided here: it is Unusual.
"""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tieout.channels._buckets import bucket_of
from tieout.channels._days import read_date
from tieout.channels._pieces import beginning, clean
from tieout.channels._refused import Refused, Unreadable, Unusual
from tieout.channels._table import Block
from tieout.channels.amazon.report import Report, is_order, summary_places
from tieout.channels.amazon.tally import Tally
from tieout.core.currency import EXPONENT
from tieout.core.day import Month
from tieout.core.places import Places
from tieout.core.settlement import Figure, Label

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = {
    "id": "settlement-id",
    "start": "settlement-start-date",
    "end": "settlement-end-date",
    "deposit": "deposit-date",
    "total": "total-amount",
    "currency": "currency",
    "kind": "transaction-type",
    "order": "order-id",
    "site": "marketplace-name",
    "type": "amount-type",
    "text": "amount-description",
    "amount": "amount",
    "stamp": "posted-date-time",
}
_STAMP = r"^[0-9./-]{10} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] UTC$"
# Nine digits before the decimals: a piece of such amounts can never overflow 64 bits.
_AMOUNTS = {(2, "."): r"^-?[0-9]{1,9}\.[0-9]{2}$", (2, ","): r"^-?[0-9]{1,9},[0-9]{2}$", (0, ""): r"^-?[0-9]{1,9}$"}
_END = "\t~\n"  # a field of our own at each line's end: where it is not the last, the line is too short or too long
_MOST_SUMMARIES = 1000
_MOST_STRAYS = 10_000


class Quick:
    """One report, fed in file order in pieces of whole lines; `first` is its beginning, which is still to be added.

    Raises Unusual where the plain reader has to look, and Refused for a heading that no reader takes.
    """

    def __init__(self, first: bytes) -> None:
        text, self._start = beginning(first)
        try:
            self.report = Report(first, text)
        except UnicodeDecodeError as error:
            raise Unusual("not UTF-8") from error
        names = self.report.table.names
        if self.report.layout.name != "V2" or not set(_COLUMNS.values()) <= set(names):
            raise Unusual("not V2 with its usual columns")
        self._fields = [f"{at}" for at in range(len(names))]
        self._places = {ours: f"{names.index(theirs)}" for ours, theirs in _COLUMNS.items()}
        self._row = 0
        self._first_rows: list[int] = []
        self._parts: dict[tuple[str, Figure], int] = {}

    def add(self, piece: bytes) -> None:
        """Counts a piece of whole lines. After Unusual the counts are of no use."""
        piece = clean(piece if self._row else piece[self._start :])
        if not self._row:
            piece, self._row = piece[piece.find(b"\n") + 1 :], 1
        if not piece:
            return
        import polars as pl

        try:
            frame = self._frame(piece)
            self._first_rows.append(self._row + 1)
            self._row += frame.height
            frame = self._without_summaries(frame)
            if frame.height:
                self._count(frame)
        except pl.exceptions.PolarsError as error:
            raise Unusual("no even table") from error

    def tallies(self) -> tuple[Tally, ...]:
        """What was counted, when every piece is in; each equals its stated total."""
        found = tuple(tally for tally in self.report.tallies.values() if tally)
        if not found or any(tally.minor != tally.total.minor for tally in found):
            raise Unusual("the total is not met")
        return found

    def places(self) -> Places:
        return Places(tuple(self._first_rows), self._parts)

    def _frame(self, piece: bytes) -> "pl.DataFrame":
        import polars as pl

        rows = pl.scan_csv(
            piece.replace(b"\n", _END.encode()),
            separator="\t",
            quote_char=None,
            has_header=False,
            schema=dict.fromkeys((*self._fields, "last"), pl.String),
            empty_string_is_null=False,
            missing_columns="insert",
            row_index_name="row",
            row_index_offset=self._row + 1,
        )
        wanted = [pl.col(place).alias(name) for name, place in self._places.items()]
        frame = rows.select("row", "last", *wanted).collect(engine="streaming")
        if not (frame["last"] == "~").all():
            raise Unusual("a line has other fields than the heading")
        return frame.drop("last")

    def _without_summaries(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        import polars as pl

        some = frame.filter((pl.col("total") != "") | (pl.col("start") != ""))
        if not some.height:
            return frame
        if some.height > _MOST_SUMMARIES:
            raise Unusual("too many summary rows")
        flat = [field for row in some.select(list(_COLUMNS)).iter_rows() for field in row]
        positions = {theirs: at for at, theirs in enumerate(_COLUMNS.values())}
        block = Block(some["row"].to_list(), flat, positions, len(positions), 0)
        places = summary_places(block)
        for at in places:
            self._take_summary(block, at)
        return frame.filter(~pl.col("row").is_in([block.rows[at] for at in places]))

    def _take_summary(self, block: Block, at: int) -> None:
        """Only what is certain by itself: nothing here may have to look at the file's other rows."""
        names = ("settlement-start-date", "settlement-end-date", "deposit-date", "total-amount")
        start, end, deposit, total = (block.column(name)[at].strip() for name in names)
        try:
            for date in (start, end, deposit or start):
                read_date(date)
            self.report.take_summary(block, at)
        except (Unreadable, Refused) as error:
            raise Unusual("the summary row is not plain") from error
        certain = any(re.match(pattern, total) for pattern in _AMOUNTS.values())
        if not certain or self.report.findings.refusals:
            raise Unusual("the summary row is not plain")

    def _count(self, frame: "pl.DataFrame") -> None:
        import polars as pl

        tallies = self._tallies_of(frame)
        if not frame["stamp"].str.contains(_STAMP).all():
            raise Unusual("moments of another form")
        frame = frame.with_columns(
            pl.col("stamp").str.slice(0, 10).alias("slot"), (pl.col("order") != "").alias("has"), _minor(frame, tallies)
        )
        days = {day: _day(day) for day in frame["slot"].unique().to_list()}
        edges = [day for day, moment in days.items() if bucket_of(moment) < 0]
        for tally in tallies.values():
            _find_strays(frame, tally, days)
        groups = _grouped(frame.filter(~pl.col("slot").is_in(edges)) if edges else frame)
        if edges:
            groups = pl.concat([groups, _grouped(_by_quarter(frame.filter(pl.col("slot").is_in(edges))))])
        moments = {slot: _moment(slot, days) for slot in groups["slot"].unique().to_list()}
        buckets = {slot: bucket_of(moment) for slot, moment in moments.items()}
        months = {slot: _months_near(moment) for slot, moment in moments.items()}
        part, has_homeless = 1 << len(self._first_rows) - 1, False
        for _, id, kind, amount_type, text, site, slot, has, minor, count in groups.sort("row").iter_rows():
            if kind == "Order" and not has:
                raise Unusual("an Order row without order id")
            has_homeless |= has and not site
            cell = tallies[id].cells[kind, amount_type, text, site, buckets[slot], has]
            cell[0] += minor
            cell[1] += count
            for month in months[slot]:
                figure = id, (Label((kind, amount_type, text)), site, month)
                self._parts[figure] = self._parts.get(figure, 0) | part
        if has_homeless and any(map(is_order, frame.filter(pl.col("site") == "")["order"].unique().to_list())):
            raise Unusual("an order row without a site")

    def _tallies_of(self, frame: "pl.DataFrame") -> dict[str, Tally]:
        """The settlements of these rows; their summary rows stood before, and all is in their currency."""
        found: dict[str, Tally] = {}
        for id, currency in frame.select("id", "currency").unique().iter_rows():
            tally = self.report.tallies.get(id)
            if tally is None or currency not in ("", tally.currency):
                raise Unusual("a summary row that comes late, or another currency")
            found[id] = tally
        return found


def _minor(frame: "pl.DataFrame", tallies: dict[str, Tally]) -> "pl.Expr":
    """The amounts in minor units. Raises Unusual unless each is written in the one plainest way."""
    import polars as pl

    exponents = {EXPONENT[tally.currency] for tally in tallies.values()}
    for (exponent, sign), pattern in _AMOUNTS.items():
        is_likely = exponents == {exponent} and re.match(pattern, frame["amount"][0])
        if is_likely and frame["amount"].str.contains(pattern).all():
            return pl.col("amount").str.replace(sign, "", literal=True).cast(pl.Int64).alias("minor")
    raise Unusual("amounts of another form")


def _day(text: str) -> datetime:
    try:
        found = read_date(f"{text} 00:00:00 UTC")
    except Unreadable as error:
        raise Unusual("dates of another form") from error
    assert isinstance(found, datetime), "it was given a time"
    return found


def _moment(slot: str, days: dict[str, datetime]) -> datetime:
    """A slot is a day, or a day with its hour and quarter: `2026-06-30 23:3`."""
    day = days[slot[:10]]
    return day + timedelta(hours=int(slot[11:13]), minutes=15 * int(slot[14:])) if len(slot) > 10 else day


def _months_near(moment: datetime) -> set[Month]:
    """The months that a day has in some zone on earth."""
    days = (moment - timedelta(days=1), moment, moment + timedelta(days=1))
    return {Month(day.year, day.month) for day in days}


def _by_quarter(frame: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    quarter = (pl.col("stamp").str.slice(14, 2).cast(pl.Int8) // 15).cast(pl.String)
    return frame.with_columns(pl.concat_str(pl.col("stamp").str.slice(0, 13), quarter, separator=":").alias("slot"))


def _grouped(frame: "pl.DataFrame") -> "pl.DataFrame":
    """First row, key, sum and count of equal rows."""
    import polars as pl

    keys = ("id", "kind", "type", "text", "site", "slot", "has")
    sums = (pl.col("row").min(), pl.col("minor").sum(), pl.len().alias("count"))
    return frame.group_by(keys).agg(*sums).select("row", *keys, "minor", "count")


def _find_strays(frame: "pl.DataFrame", tally: Tally, days: dict[str, datetime]) -> None:
    """Rows outside the window, as `Tally.add` notes them; only days at or beyond its ends can hold any."""
    import polars as pl

    window = tally.window
    first, last = window.start.date(), window.end.date()
    for text, day in days.items():
        if first < day.date() < last:
            continue
        clock, of_day = pl.col("stamp").str.slice(11, 8), (pl.col("id") == tally.id) & (pl.col("slot") == text)
        is_late = pl.lit(day.date() < first or day.date() > last)
        if day.date() == first:
            is_late |= clock < f"{window.start:%H:%M:%S}"
        if day.date() == last:
            is_late |= clock > f"{window.end:%H:%M:%S}"
        late = frame.filter(of_day & is_late)
        if late.height > _MOST_STRAYS:
            raise Unusual("many rows outside the window")
        for row, stamp in late.select("row", "stamp").iter_rows():
            found = read_date(stamp)
            if not window.holds(found, timedelta(0)):
                stray = tally.strays.setdefault(not window.holds(found), [row, 0])
                stray[:] = min(stray[0], row), stray[1] + 1
