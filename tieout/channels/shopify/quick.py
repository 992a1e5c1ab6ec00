"""Large transactions exports counted column by column; what is unusual in any way is left to the plain reader.

The tallies are those that `Transactions.read` would make, cell for cell and in the same order. Every amount and moment
must match a strict pattern before it is turned into a number, and Net must be Amount less Fee on every row. A quotation
mark, a payout's own row, a row dated after its payout: all that is Unusual.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tieout.channels._pieces import beginning, clean
from tieout.channels._refused import Refused, Unusual
from tieout.channels.shopify.export import MOMENTS_KEPT, Export
from tieout.channels.shopify.labels import AMOUNT, is_payout
from tieout.channels.shopify.layout import LIST
from tieout.channels.shopify.tally import SETTLED, Tally, fee_part, meaning
from tieout.channels.shopify.transactions import Key, Transactions
from tieout.core.currency import EXPONENT
from tieout.core.day import Month
from tieout.core.places import Places
from tieout.core.settlement import Figure

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = {
    "stamp": "transaction date",
    "kind": "type",
    "state": "payout status",
    "paid": "payout date",
    "amount": "amount",
    "fee": "fee",
    "net": "net",
    "currency": "currency",
}
_MAYBE = {"id": "payout id", "vat": "vat", "entity": "business entity id"}
_KEY = ("id", "paid", "state", "currency", "entity")
_STAMP = (
    r"^20[0-9]{2}-[0-9]{2}-[0-9]{2} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] [+-](?:0[0-9]|1[0-4])(?:00|15|30|45)$"
)
_DAY = r"^(?:20[0-9]{2}-[0-9]{2}-[0-9]{2})?$"
# Nine digits before the decimals: a piece of such amounts can never overflow 64 bits.
_AMOUNTS = {2: r"^-?[0-9]{1,9}\.[0-9]{2}$", 0: r"^-?[0-9]{1,9}$", 3: r"^-?[0-9]{1,9}\.[0-9]{3}$"}
_END = b",~\n"  # a field of our own at each line's end: where it is not the last, the line is too short or too long


class Quick:
    """One export, fed in file order in pieces of whole lines; `first` is its beginning, which is still to be added.

    Raises Unusual where the plain reader has to look, and Refused for a heading that no reader takes.
    """

    def __init__(self, first: bytes) -> None:
        text, self._start = beginning(first)
        try:
            self.transactions = Transactions(Export(first, text))
        except UnicodeDecodeError as error:
            raise Unusual("not UTF-8") from error
        table = self.transactions.export.table
        if self.transactions.export.layout is not LIST or table.sign != "," or '"' in table.heading:
            raise Unusual("not the transactions export as it is downloaded")
        self._fields = [f"{at}" for at in range(len(table.names))]
        known = _COLUMNS | {ours: theirs for ours, theirs in _MAYBE.items() if theirs in table.names}
        self._at = {ours: f"{table.names.index(theirs)}" for ours, theirs in known.items()}
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
        if b'"' in piece:
            raise Unusual("quotation marks")
        import polars as pl

        try:
            frame = self._frame(piece)
            self._first_rows.append(self._row + 1)
            self._row += frame.height
            self._count(_understood(frame))
        except pl.exceptions.PolarsError as error:
            raise Unusual("no even table") from error

    def payouts(self) -> tuple[Tally, ...]:
        """What was counted, when every piece is in."""
        found = self.transactions.payouts()
        if not self._first_rows or self.transactions.findings.refusals:
            raise Unusual("the plain reader says what is wrong")
        return found

    def places(self) -> Places:
        return Places(tuple(self._first_rows), self._parts)

    def _frame(self, piece: bytes) -> "pl.DataFrame":
        import polars as pl

        rows = pl.scan_csv(
            piece.replace(b"\n", _END),
            quote_char=None,
            has_header=False,
            schema=dict.fromkeys((*self._fields, "last"), pl.String),
            empty_string_is_null=False,
            missing_columns="insert",
            row_index_name="row",
            row_index_offset=self._row + 1,
        )
        wanted = [pl.col(place).alias(name) for name, place in self._at.items()]
        absent = [pl.lit("").alias(name) for name in ("id", "entity") if name not in self._at]
        frame = rows.select("row", "last", *wanted).collect(engine="streaming")
        if not (frame["last"] == "~").all():
            raise Unusual("a line has other fields than the heading")
        return frame.drop("last").with_columns(*absent)

    def _count(self, frame: "pl.DataFrame") -> None:
        self._remember(frame)
        part = 1 << len(self._first_rows) - 1
        keys: dict[Key, Tally] = {}
        for state, currency, net, first_row, last_row, rows in _waiting(frame):
            self.transactions.wait(first_row, state, currency, net, rows)
            self.transactions.wait(last_row, state, currency, 0, 0)
        for row, *words, kind, bucket, what, minor, rows in _cells(frame):
            key = Key(*words)
            tally = keys.get(key) or self._tally(keys, key, row)
            piece = AMOUNT if what == 0 else fee_part(what - 1)
            tally.count((kind, piece, bucket), minor if what == 0 else -minor, rows)
            tally.rows += rows if what == 0 else 0
            _, label, _ = meaning(kind, piece)
            for month in _months_near(bucket):
                figure = tally.id, (label, "", month)
                self._parts[figure] = self._parts.get(figure, 0) | part
        for *words, first, last in _reaches(frame):
            keys[Key(*words)].reach(first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))

    def _tally(self, keys: dict[Key, Tally], key: Key, row: int) -> Tally:
        try:
            tally = self.transactions.tally_of(key, key.state, row)
        except Refused as error:
            raise Unusual("the plain reader says what is wrong") from error
        if tally is None:
            raise Unusual("a payout that cannot be counted")
        keys[key] = tally
        return tally

    def _remember(self, frame: "pl.DataFrame") -> None:
        """The first moments as they are printed, by which the shop's zone is known."""
        export = self.transactions.export
        if len(export.firsts) < MOMENTS_KEPT:
            for stamp in frame["stamp"].head(50 * MOMENTS_KEPT).unique(maintain_order=True).to_list():
                if len(export.firsts) >= MOMENTS_KEPT:
                    break
                export.when(stamp)


def _understood(frame: "pl.DataFrame") -> "pl.DataFrame":
    """The same with numbers and moments. Raises Unusual unless each is written in the one plainest way."""
    import polars as pl

    exponents = {EXPONENT.get(word, -1) for word in frame["currency"].unique().to_list()}
    if len(exponents) != 1 or not exponents <= _AMOUNTS.keys():
        raise Unusual("other currencies")
    pattern = _AMOUNTS[exponents.pop()]
    money = [name for name in ("amount", "fee", "net", "vat") if name in frame.columns]
    if not all(frame[name].str.contains(pattern).all() for name in money):
        raise Unusual("amounts of another form")
    if not frame["stamp"].str.contains(_STAMP).all() or not frame["paid"].str.contains(_DAY).all():
        raise Unusual("dates of another form")
    states, kinds = frame["state"].unique().to_list(), frame["kind"].unique().to_list()
    if any(state != state.strip().casefold() for state in states) or any(not k.strip() or is_payout(k) for k in kinds):
        raise Unusual("states or types that the plain reader has to judge")
    offsets = {text: _minutes(text) for text in frame["stamp"].str.slice(20, 5).unique().to_list()}
    local = pl.col("stamp").str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S")
    away = pl.col("stamp").str.slice(20, 5).replace_strict(offsets, return_dtype=pl.Int64)
    frame = frame.with_columns(
        *(pl.col(name).str.replace(".", "", literal=True).cast(pl.Int64) for name in money),
        (local - pl.duration(minutes=away)).alias("moment"),
        pl.col("paid").str.to_date("%Y-%m-%d", strict=False).alias("day"),
    )
    is_settled = pl.col("state").is_in(list(SETTLED))
    if "vat" not in money:
        frame = frame.with_columns(pl.lit(0).alias("vat"))
    wrong = (pl.col("amount") - pl.col("fee") != pl.col("net")) | (
        is_settled & (pl.col("day").is_null() | (pl.col("moment").dt.date() > pl.col("day")))
    )
    if frame.select(wrong.any()).item():
        raise Unusual("a row that the plain reader has to judge")
    return frame.with_columns(_bucket(), is_settled.alias("settled"))


def _bucket() -> "pl.Expr":
    """As `bucket_of` says it."""
    import polars as pl

    moment = pl.col("moment")
    day, quarters = moment.dt.day(), moment.dt.epoch("s") // 900
    is_edge = (day == 1) | (day == moment.dt.month_end().dt.day())
    month = moment.dt.year().cast(pl.Int64) * 12 + moment.dt.month().cast(pl.Int64) - 1
    return pl.when(is_edge).then(-quarters).otherwise(month).alias("bucket")


def _minutes(offset: str) -> int:
    size = int(offset[1:3]) * 60 + int(offset[3:5])
    return -size if offset[0] == "-" else size


def _cells(frame: "pl.DataFrame") -> Iterator[tuple[int, str, str, str, str, str, str, int, int, int, int]]:
    """First row, key, type, bucket, what (0 the amount, 1 a fee, 2 a fee with tax), sum and count, in file order."""
    import polars as pl

    keys = [*_KEY, "kind", "bucket", "what"]
    rows = frame.filter("settled")
    amounts = rows.with_columns(pl.lit(0).alias("what"), pl.col("amount").alias("minor"))
    fees = rows.filter(pl.col("fee") != 0).with_columns(
        pl.when(pl.col("vat") != 0).then(2).otherwise(1).alias("what"), pl.col("fee").alias("minor")
    )
    made = [
        each.group_by(keys).agg(pl.col("row").min(), pl.col("minor").sum(), pl.len().alias("count"))
        for each in (amounts, fees)
    ]
    both = pl.concat(made).with_columns((pl.col("what") > 0).alias("later")).sort("row", "later")
    return both.select("row", *keys, "minor", "count").iter_rows()


def _reaches(frame: "pl.DataFrame") -> Iterator[tuple[str, str, str, str, str, datetime, datetime]]:
    import polars as pl

    ends = frame.filter("settled").group_by(_KEY).agg(pl.col("moment").min(), pl.col("moment").max().alias("last"))
    return ends.select(*_KEY, "moment", "last").iter_rows()


def _waiting(frame: "pl.DataFrame") -> Iterator[tuple[str, str, int, int, int, int]]:
    """State, currency, sum, first and last row, count of rows that are in no payout yet."""
    import polars as pl

    row = pl.col("row")
    sums = (pl.col("net").sum(), row.min(), row.max().alias("last"), pl.len().alias("count"))
    found = frame.filter(~pl.col("settled")).group_by("state", "currency").agg(*sums).sort("row")
    return found.select("state", "currency", "net", "row", "last", "count").iter_rows()


def _months_near(bucket: int) -> set[Month]:
    """The months that a bucket has in some zone on earth."""
    if bucket > 0:
        return {Month(bucket // 12, bucket % 12 + 1)}
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=-15 * bucket)
    last = monthrange(moment.year, moment.month)[1]
    days = (moment, moment - timedelta(days=1)) if moment.day < last else (moment, moment + timedelta(days=1))
    return {Month(day.year, day.month) for day in days}
