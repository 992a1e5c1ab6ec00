"""One CSV export as it streams by: its table, its amounts by currency, and how its dates run."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from tieout.channels._amounts import vote
from tieout.channels._days import SLACK, Order, Undecided, read_date
from tieout.channels._encoding import Text, opened
from tieout.channels._refused import Findings, Refused, Unreadable, Unrecognised
from tieout.channels._table import Block, Table, ends_short, heading_line, heading_names, refuse_doubled
from tieout.channels.shopify.cents import Cents, unsigned
from tieout.channels.shopify.layout import FREE_TEXT, Layout, layout_of, refuse_if_lacking, sign_of
from tieout.core.currency import EXPONENT
from tieout.core.settlement import Content, Refusal

Progress = Callable[[int, int], None]  # bytes read, bytes in all
MOMENTS_KEPT = 1000  # the first ones, by which the shop's zone is known
_MOST_KEPT = 200_000
_MOMENT = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", re.ASCII)


class Export:
    """Raises Refused where the file as a whole cannot be read; what is wrong with its rows goes to `findings`."""

    def __init__(self, content: Content, text: Text | None = None) -> None:
        self.text = text or opened(content)
        heading = heading_line(self.text)
        sign = sign_of(heading)
        names = heading_names(heading, sign)
        layout = layout_of(names)
        if layout is None:
            raise Unrecognised("format_unknown", "The first line is not the heading of a Shopify Payments export.", 1)
        self.layout: Layout = layout
        self.table = Table(self.text, heading, FREE_TEXT | (set(names) - layout.columns), sign)
        refuse_if_lacking(names, layout)
        refuse_doubled(names, layout.columns)
        self.findings = Findings(warnings=list(self.text.warnings))
        for name in names:
            if name not in layout.columns:
                self.findings.warn(
                    "column-unknown", f"The column {name!r} is not known; it is blanked and not read.", 1
                )
        self._cents: dict[str, Cents] = {}
        self._dates: dict[str, datetime | date] = {}
        self.bad_dates: dict[str, tuple[str, str]] = {}
        self.firsts: dict[str, datetime] = {}  # the first moments, as they are printed
        self._order: Order | None = None
        self._told: set[str] = set()

    def blocks(self, progress: Progress | None = None) -> Iterator[Block]:
        """The rows in file order. Raises Refused at the end with everything that is wrong, and for a file without."""
        rows = 0
        for block in self.table.blocks(self.findings):
            rows += len(block.rows)
            if block.rows:
                if ends_short(self.table, block):
                    row = block.rows[-1]
                    self.findings.warn(
                        "last-line-short", f"The last line, {row}, has no end and fewer fields than others.", row
                    )
                yield block
            if progress:
                progress(block.end, len(self.text.body))
        if not rows and not self.findings.refusals:
            self.findings.refuse("rows-missing", "The file has a heading line and no rows. Export it again.", 1)
        if self.findings.refusals:
            raise Refused(*sorted(self.findings.refusals, key=lambda refusal: refusal.row))

    def cents(self, currency: str) -> Cents | None:
        """The amounts of a currency; None for a word that is no currency."""
        if currency not in self._cents:
            code = currency.strip().upper()
            if code not in EXPONENT:
                return None
            self._cents[currency] = Cents(code, lambda: self._mark(currency))
        return self._cents[currency]

    def when(self, text: str) -> datetime | date | None:
        """A moment or a day; None where it cannot be read, which then stands in `bad_dates`."""
        found = self._dates.get(text)
        if found is None and text not in self.bad_dates:
            if len(self._dates) > _MOST_KEPT:
                self._dates.clear()
            try:
                found = self._dates[text] = self._read(text)
            except Unreadable as error:
                self.bad_dates[text] = error.code, str(error)
            if isinstance(found, datetime) and len(self.firsts) < MOMENTS_KEPT:
                self.firsts[text] = found
        return found

    def tell(self, row: int, cents: Cents, texts: tuple[str, ...]) -> None:
        """Refuses what could not be read in a row, and warns once of a text that was written oddly."""
        for text in texts:
            if text in cents.bad:
                code, reason = cents.bad[text]
                self.findings.refuse(code, f"Line {row}: {reason}. Export the file again.", row)
            elif text in cents.odd and text not in self._told:
                self._told.add(text)
                self.findings.warn("amount-sign-odd", f"Line {row}: {text!r} is read as a negative amount.", row)
            elif text in cents.signed and "$" not in self._told:
                self._told.add("$")
                said = "amounts bear a currency's sign, so a spreadsheet has saved the file again; its sums are checked"
                self.findings.warn("amount-with-sign", f"Line {row}: {said}.", row)

    def _read(self, text: str) -> datetime | date:
        if not text.strip():
            raise Unreadable("date_unparsable", "the date is missing")
        try:
            return _printed(text) or read_date(text)
        except Undecided:
            return read_date(text, self._proven(text))

    def _proven(self, text: str) -> Order:
        """Raises Refused where nothing in the file proves which way its dates run."""
        if self._order is None:
            fitting = [order for order in Order if self._fits(order)]
            if len(fitting) != 1:
                raise Refused(
                    *self.findings.refusals,
                    Refusal(
                        "date-order-ambiguous",
                        f"The dates of this file, such as {text}, fit both as day/month and as month/day. A spreadsheet"
                        " has saved it again: import the file as Shopify exported it.",
                    ),
                )
            self._order = fitting[0]
        return self._order

    def _fits(self, order: Order) -> bool:
        """Whether every date exists so, and no row is of a later day than its payout."""
        dated = "transaction date" if "transaction date" in self.table.names else "payout date"
        for block in self.table.blocks(Findings()):
            for text, paid in set(zip(block.column(dated), block.column("payout date"), strict=True)):
                try:
                    if text and paid and _day(read_date(text, order)) > _day(read_date(paid, order)) + SLACK:
                        return False
                except Unreadable:
                    return False
        return True

    def _mark(self, currency: str) -> str:
        """The decimal sign of a currency's amounts, by their vote."""
        names = [name for name in ("amount", "net", "total", "charges") if name in self.table.names]
        texts = (
            unsigned(text)
            for block in self.table.blocks(Findings())
            for name in names
            for text, own in zip(block.column(name), block.column("currency"), strict=True)
            if own == currency and text.strip()
        )
        return vote(texts, EXPONENT[currency.strip().upper()])


def _printed(text: str) -> datetime | None:
    """The form in which Shopify prints a moment, read as quickly as can be; None for whatever else."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(f"{text[:19]}{text[20:23]}:{text[23:]}").astimezone(UTC)
    except ValueError:
        return None


def _day(found: datetime | date) -> date:
    return found.astimezone(UTC).date() if isinstance(found, datetime) else found
