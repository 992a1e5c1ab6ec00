"""Large reports counted column by column, a piece at a time; what is unusual in any way is left to the plain reader.

The tallies are those that `Report.read` would make, cell for cell and in the same order. Polars splits, groups and adds
whole numbers; what a total, a date or a label means is asked of the same functions as always. Every amount and moment
must match a strict pattern before it is turned into a number, since a cast alone would round `1.005`. Nothing that the
plain reader would refuse, warn of or look up elsewhere in the file is decided here: it is Unusual.
"""

import re
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tieout.channels._buckets import bucket_of
from tieout.channels._days import read_date
from tieout.channels._pieces import beginning, clean
from tieout.channels._refused import Findings, Refused, Unreadable, Unusual
from tieout.channels._table import Block
from tieout.channels.amazon.report import Report, summary_places
from tieout.channels.amazon.tally import Tally
from tieout.core.currency import EXPONENT
from tieout.core.day import Month
from tieout.core.places import Places
from tieout.core.settlement import Figure, Label

if TYPE_CHECKING:
    import polars as pl

    _Piece = tuple[bytes, pl.DataFrame]

_COLUMNS = {
    "id": "settlement-id",
    "currency": "currency",
    "kind": "transaction-type",
    "order": "order-id",
    "site": "marketplace-name",
    "type": "amount-type",
    "text": "amount-description",
    "amount": "amount",
    "stamp": "posted-date-time",
}
_OF_SUMMARY = ("settlement-start-date", "settlement-end-date", "deposit-date", "total-amount")
_STAMP = r"^[0-9./-]{10} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] UTC$"
# Nine digits before the decimals: a piece of such amounts can never overflow 64 bits.
_AMOUNTS = {(2, "."): r"^-?[0-9]{1,9}\.[0-9]{2}$", (2, ","): r"^-?[0-9]{1,9},[0-9]{2}$", (0, ""): r"^-?[0-9]{1,9}$"}
_END = b"\t~\n"  # a field of our own at each line's end: where it is not the last, the line is too short or too long
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
        self._names = names = self.report.table.names
        if self.report.layout.name != "V2" or not {*_COLUMNS.values(), *_OF_SUMMARY} <= set(names):
            raise Unusual("not V2 with its usual columns")
        self._form = self._form_of_amounts()
        self._wanted = self._expressions()
        self._row = 1
        self._first_rows: list[int] = []
        self._parts: dict[tuple[str, Figure], int] = {}
        self._ahead = ThreadPoolExecutor(1)
        self._next: Future[_Piece] | None = None

    def add(self, piece: bytes) -> None:
        """Counts a piece of whole lines, while the one after it is split. After Unusual the counts are of no use."""
        if self._next is None:
            following = self._ahead.submit(self._split, piece[self._start :], has_heading=True)
        else:
            following = self._ahead.submit(self._split, piece)
        self._count_next()
        self._next = following

    def tallies(self) -> tuple[Tally, ...]:
        """What was counted, when every piece is in; each equals its stated total."""
        self._count_next()
        self._next = None
        found = tuple(tally for tally in self.report.tallies.values() if tally)
        if not found or any(tally.minor != tally.total.minor for tally in found):
            raise Unusual("the total is not met")
        return found

    def places(self) -> Places:
        return Places(tuple(self._first_rows), self._parts)

    def _count_next(self) -> None:
        """Raises Unusual."""
        import polars as pl

        if self._next is None:
            return
        try:
            lines, frame = self._next.result()
            if frame.height:
                self._first_rows.append(self._row + 1)
                height = frame.height
                if not frame["plain"].all():
                    frame = self._without_summaries(frame, lines)
                if frame.height:
                    self._count(frame)
                self._row += height
        except pl.exceptions.PolarsError as error:
            raise Unusual("no even table") from error

    def _form_of_amounts(self) -> tuple[int, str]:
        """Decimals and their sign in the first amount of all."""
        block = next(self.report.table.blocks(Findings()))
        amount = next(filter(None, block.column("amount")), "")
        for form, pattern in _AMOUNTS.items():
            if re.match(pattern, amount):
                return form
        raise Unusual("amounts of another form")

    def _expressions(self) -> "list[pl.Expr]":
        """What is wanted of each row. `plain`: nothing about it is unusual, so its other values can be relied on."""
        import polars as pl

        a = {ours: pl.col(f"{self._names.index(theirs)}").alias(ours) for ours, theirs in _COLUMNS.items()}
        is_whole = pl.col("last") == "~"
        is_plain = a["amount"].str.contains(_AMOUNTS[self._form]) & a["stamp"].str.contains(_STAMP)
        return [
            pl.col("row"),
            (is_whole & is_plain).alias("plain"),
            *(a[name] for name in ("id", "currency", "kind", "type", "text", "site", "stamp")),
            a["stamp"].str.slice(0, 10).alias("slot"),
            a["order"].str.slice(0, 1).alias("initial"),
            a["amount"].str.replace(self._form[1], "", literal=True).cast(pl.Int64, strict=False).alias("minor"),
        ]

    def _split(self, piece: bytes, has_heading: bool = False) -> "_Piece":
        """Its rows as a frame, numbered from 0; and the lines that they were split from."""
        import polars as pl

        piece = clean(piece)
        if has_heading:
            piece = piece[piece.find(b"\n") + 1 :]
        piece = piece.replace(b"\n", _END)
        rows = pl.scan_csv(
            piece,
            separator="\t",
            quote_char=None,
            has_header=False,
            schema=dict.fromkeys((*(f"{at}" for at in range(len(self._names))), "last"), pl.String),
            empty_string_is_null=False,
            missing_columns="insert",
            row_index_name="row",
        )
        return piece, rows.select(self._wanted).collect(engine="streaming")

    def _without_summaries(self, frame: "pl.DataFrame", piece: bytes) -> "pl.DataFrame":
        """Only the plain rows. All others must be summary rows, and these certain by themselves."""
        places = frame.filter(~frame["plain"])["row"].to_list()
        if len(places) > _MOST_SUMMARIES:
            raise Unusual("too many summary rows")
        lines, width = piece.split(b"\n", places[-1] + 1), len(self._names)
        fields = [lines[at].decode().split("\t") for at in places]
        if any(len(each) != width + 1 or each[width] != "~" for each in fields):
            raise Unusual("a line has other fields than the heading")
        positions = {name: at for at, name in reversed(list(enumerate(self._names)))}
        rows = [self._row + 1 + at for at in places]
        block = Block(rows, [field for each in fields for field in each], positions, width + 1, 0)
        if len(summary_places(block)) < len(rows):
            raise Unusual("a row that is neither plain nor a summary")
        for at in range(len(rows)):
            self._take_summary(block, at)
        return frame.filter(frame["plain"])

    def _take_summary(self, block: Block, at: int) -> None:
        """Only what is certain by itself: nothing here may have to look at the file's other rows."""
        start, end, deposit, total = (block.column(name)[at].strip() for name in _OF_SUMMARY)
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

        groups = _grouped(frame)
        days = {day: _day(day) for day in groups["slot"].unique().to_list()}
        tallies = self._tallies_of(groups)
        for tally in tallies.values():
            _find_strays(frame, self._row + 1, tally, days)
        if edges := [day for day, moment in days.items() if bucket_of(moment) < 0]:
            at_edges = pl.col("slot").is_in(edges)
            groups = pl.concat([groups.filter(~at_edges), _grouped(_by_quarter(frame.filter(at_edges)))])
        moments = {slot: _moment(slot, days) for slot in groups["slot"].unique().to_list()}
        buckets = {slot: bucket_of(moment) for slot, moment in moments.items()}
        months = {slot: _months_near(moment) for slot, moment in moments.items()}
        seen = set()
        for _, id, _, kind, amount_type, text, site, slot, initial, minor, count in groups.sort("row").iter_rows():
            if kind == "Order" and not initial:
                raise Unusual("an Order row without order id")
            if not site and (initial.isdigit() or initial == "S"):  # as is_order has it
                raise Unusual("an order row without a site")
            cell = tallies[id].cells[kind, amount_type, text, site, buckets[slot], initial != ""]
            cell[0] += minor
            cell[1] += count
            seen.add((id, kind, amount_type, text, site, months[slot]))
        part = 1 << len(self._first_rows) - 1
        for id, kind, amount_type, text, site, near in seen:
            for month in near:
                figure = id, (Label((kind, amount_type, text)), site, month)
                self._parts[figure] = self._parts.get(figure, 0) | part

    def _tallies_of(self, groups: "pl.DataFrame") -> dict[str, Tally]:
        """The settlements of these rows; their summary rows stood before, and all is in their currency."""
        found: dict[str, Tally] = {}
        for id, currency in groups.select("id", "currency").unique().iter_rows():
            tally = self.report.tallies.get(id)
            if tally is None or currency not in ("", tally.currency):
                raise Unusual("a summary row that comes late, or another currency")
            if EXPONENT[tally.currency] != self._form[0]:
                raise Unusual("amounts of another form")
            found[id] = tally
        return found


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


def _months_near(moment: datetime) -> frozenset[Month]:
    """The months that a day has in some zone on earth."""
    days = (moment - timedelta(days=1), moment, moment + timedelta(days=1))
    return frozenset(Month(day.year, day.month) for day in days)


def _by_quarter(frame: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    quarter = (pl.col("stamp").str.slice(14, 2).cast(pl.Int8) // 15).cast(pl.String)
    return frame.with_columns(pl.concat_str(pl.col("stamp").str.slice(0, 13), quarter, separator=":").alias("slot"))


def _grouped(frame: "pl.DataFrame") -> "pl.DataFrame":
    """First row, key, sum and count of equal rows."""
    import polars as pl

    keys = ("id", "currency", "kind", "type", "text", "site", "slot", "initial")
    sums = (pl.col("row").min(), pl.col("minor").sum(), pl.len().alias("count"))
    return frame.lazy().group_by(keys).agg(*sums).collect(engine="streaming").select("row", *keys, "minor", "count")


def _find_strays(frame: "pl.DataFrame", first_row: int, tally: Tally, days: dict[str, datetime]) -> None:
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
        for at, stamp in late.select("row", "stamp").iter_rows():
            found = read_date(stamp)
            if not window.holds(found, timedelta(0)):
                stray = tally.strays.setdefault(not window.holds(found), [first_row + at, 0])
                stray[:] = min(stray[0], first_row + at), stray[1] + 1
