"""One report as it streams by: its settlements' tallies, and the facts that a row alone does not tell.

Such facts (the decimal sign of a doubtful amount, the order of day and month, the site of an order row without one, a
summary row that comes late) are looked up in the whole file, once, when the first row asks.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial

from tieout.channels._amounts import AmountCache, vote
from tieout.channels._days import Order, Undecided, Window, proven_order, read_date, read_window
from tieout.channels._encoding import Text, opened
from tieout.channels._refused import Findings, Refused, Unreadable, Unrecognised
from tieout.channels._table import Block, Table, ends_short, heading_line, heading_names, refuse_doubled
from tieout.channels.amazon.layout import FREE_TEXT, Layout, as_v2, layout_of, refuse_if_lacking
from tieout.channels.amazon.tally import DateCache, Tally, posted
from tieout.core.currency import EXPONENT
from tieout.core.money import Money
from tieout.core.settlement import Content, Refusal

Progress = Callable[[int, int], None]  # bytes read, bytes in all
_DIGIT = re.compile("[0-9]")
_JAPAN = (b"JPY", b"Amazon.co.jp")


def text_of(content: Content) -> Text:
    """Japanese reports come in cp932, the others in cp1252, where they are not UTF-8. Raises Refused."""
    is_japanese = any(content.find(word, 0, 1 << 20) >= 0 for word in _JAPAN)
    return opened(content, ("cp932", "cp1252") if is_japanese else ("cp1252",))


class Report:
    """Raises Refused where the file as a whole cannot be read; what is wrong with its rows goes to `findings`."""

    def __init__(self, content: Content, text: Text | None = None) -> None:
        self.text = text or text_of(content)
        heading = heading_line(self.text)
        layout = layout_of(heading_names(heading))
        if layout is None:
            raise Unrecognised("format_unknown", "The first line is not the heading of a settlement report.", 1)
        self.layout: Layout = layout
        unknown = set(heading_names(heading)) - layout.columns
        self.table = Table(self.text, heading, FREE_TEXT | unknown)
        refuse_if_lacking(self.table, layout)
        refuse_doubled(self.table.names, layout.columns)
        self.findings = Findings(warnings=list(self.text.warnings))
        self._warn_of_columns()
        self.tallies: dict[str, Tally | None] = {}
        self._summary_rows: set[int] = set()
        self._orders: dict[str, Order | None] = {}
        self._marks: dict[str, str] = {}
        self._homes: dict[str, str] | None = None
        self._has_looked_ahead = False

    def _warn_of_columns(self) -> None:
        for name in self.table.names:
            if name not in self.layout.columns:
                self.findings.warn(
                    "column-unknown", f"The column {name!r} is not known; it is blanked and not read.", 1
                )

    def read(self, progress: Progress | None = None) -> tuple[Tally, ...]:
        """Every settlement of the file, all rows counted. Raises Refused with everything that is wrong."""
        for tally, block in self.parts(progress):
            tally.add(block, self.sites(block), self.findings)
        if not self.tallies:
            self._refuse_empty()
        if self.findings.refusals:
            raise Refused(*sorted(self.findings.refusals, key=lambda refusal: refusal.row))
        return tuple(tally for tally in self.tallies.values() if tally)

    def parts(self, progress: Progress | None = None) -> Iterator[tuple[Tally, Block]]:
        """The rows in file order, in blocks that each belong to one settlement; summary rows are taken out."""
        for whole in self.table.blocks(self.findings):
            block = self._without_summaries(as_v2(whole, self.layout))
            if ends_short(self.table, whole) and block.rows:
                self._check_end(block)
            ids = block.column("settlement-id")
            for id in dict.fromkeys(ids):
                same = block if ids.count(id) == len(ids) else block.take(_places(ids, id))
                if tally := self._tally(id, same.rows[0]):
                    yield tally, same
            if progress:
                progress(block.end, len(self.text.body))

    def sites(self, block: Block) -> list[str]:
        """The site of each row; a row of an order that names none takes it from the order's other rows."""
        sites = block.column("marketplace-name")
        if all(sites):
            return sites
        orders = block.column("order-id")
        if not any(is_order(order) and not site for order, site in zip(orders, sites, strict=True)):
            return sites
        homes = self._order_homes()
        return [site or homes.get(order, "") for site, order in zip(sites, orders, strict=True)]

    def file_rows(self) -> Counter[str] | None:
        """Rows of each settlement without its summary; None for V2, where each has one amount and is counted so."""
        if self.layout.name == "V2":
            return None
        found: Counter[str] = Counter()
        for block in self.table.blocks(Findings()):
            found.update(block.column("settlement-id"))
            found.subtract(block.column("settlement-id")[at] for at in summary_places(block))
        return Counter({id.strip(): count for id, count in found.items()})

    def _check_end(self, block: Block) -> None:
        """A last line that was cut in a required field is refused; behind them only blanks can be missing."""
        row, stamps = block.rows[-1], posted(block)
        shapes = {_DIGIT.sub("9", stamp) for stamp in stamps[:-1]}
        if shapes and _DIGIT.sub("9", stamps[-1]) not in shapes:
            self.findings.refuse(
                "file-truncated", f"The last line, {row}, breaks off: the file is incomplete. Download it again.", row
            )
        else:
            self.findings.warn(
                "last-line-short", f"The last line, {row}, has no end and fewer fields than others.", row
            )

    def _blocks(self, findings: Findings) -> Iterator[Block]:
        for block in self.table.blocks(findings):
            yield as_v2(block, self.layout)

    def _without_summaries(self, block: Block) -> Block:
        places = summary_places(block)
        for at in places:
            self.take_summary(block, at)
        return block.take([at for at in range(len(block.rows)) if at not in places]) if places else block

    def take_summary(self, block: Block, at: int) -> None:
        row, id = block.rows[at], block.column("settlement-id")[at]
        if row in self._summary_rows:
            return
        self._summary_rows.add(row)
        if id in self.tallies:
            self.findings.refuse(
                "summary-doubled",
                f"Line {row} is a second summary row of settlement {id}. Import each settlement's own file.",
                row,
                id,
            )
            return
        self.tallies[id] = self._tally_of(block, at)

    def _tally(self, id: str, row: int) -> Tally | None:
        """The tally of a settlement; None where its rows cannot be counted, which is then refused once."""
        if id not in self.tallies and not self._has_looked_ahead:
            self._has_looked_ahead = True
            for block in self._blocks(Findings()):
                for at in summary_places(block):
                    self.take_summary(block, at)
        if id not in self.tallies:
            self.tallies[id] = None
            what = f"settlement {id!r} has" if id.strip() else "there is a row without settlement id, and so"
            self.findings.refuse(
                "total_missing",
                f"Line {row}: {what} no summary row, so nothing says what was paid out. Download the whole file again.",
                row,
                id,
            )
        return self.tallies[id]

    def _tally_of(self, block: Block, at: int) -> Tally | None:
        def field(name: str) -> str:
            return block.column(name)[at].strip()

        row, id, currency = block.rows[at], field("settlement-id"), field("currency").upper()
        if currency not in EXPONENT:
            reason = f"{currency!r} is not a currency" if currency else "the currency is missing"
            self.findings.refuse("currency_unknown", f"Line {row}, summary row: {reason}.", row, id)
            return None
        amounts = AmountCache(currency, partial(self._mark, id, currency))
        total = amounts[field("total-amount")]
        if amounts.bad:
            code, reason = amounts.bad[field("total-amount")]
            code = code if field("total-amount") else "total_missing"
            self.findings.refuse(code, f"Line {row}, summary row: total-amount: {reason}.", row, id)
            return None
        start, end, deposit = map(field, ("settlement-start-date", "settlement-end-date", "deposit-date"))
        order = partial(self._order, id, row, start, end)
        try:
            window = _window(start, end, order)
            dates = DateCache(window, order)
            deposit_on = _day_of(dates.read(deposit)) if deposit else None
        except Unreadable as error:
            self.findings.refuse("date_unparsable", f"Line {row}, summary row: {error}.", row, id)
            return None
        return Tally(id, row, currency, Money(total, currency), window, deposit_on, amounts, dates)

    def _refuse_empty(self) -> None:
        self.findings.refuse(
            "total_missing", "The file has a heading line and no rows: nothing says what was paid out.", 1
        )

    def _mark(self, id: str, currency: str) -> str:
        """The decimal sign of a settlement's amounts, by their vote."""
        if id not in self._marks:
            amounts = (text for block in self._rows_of(id) for text in block.column("amount") if text)
            self._marks[id] = vote(amounts, EXPONENT[currency])
        return self._marks[id]

    def _order(self, id: str, row: int, start: str, end: str) -> Order:
        """How a settlement's dates run. Raises Refused where the window proves neither way."""
        if id not in self._orders:
            stamps = {stamp[:10].split(" ")[0] for block in self._rows_of(id) for stamp in posted(block) if stamp}
            self._orders[id] = proven_order(start, end, filter(_is_undecided, stamps))
        order = self._orders[id]
        if order is None:
            raise Refused(
                *self.findings.refusals,
                Refusal(
                    "date-order-ambiguous",
                    f"Line {row}: the dates of settlement {id} ({start} to {end}) fit both as day/month and as"
                    " month/day. Download the file again with the site set to English.",
                    row,
                    id,
                ),
            )
        return order

    def _order_homes(self) -> dict[str, str]:
        """The sites of the orders that have rows without one."""
        if self._homes is None:
            homeless = {
                order
                for block in self._blocks(Findings())
                for order, site in zip(block.column("order-id"), block.column("marketplace-name"), strict=True)
                if not site and is_order(order)
            }
            self._homes = {}
            for block in self._blocks(Findings()):
                for order, site in zip(block.column("order-id"), block.column("marketplace-name"), strict=True):
                    if site and order in homeless:
                        self._homes.setdefault(order, site)
        return self._homes

    def _rows_of(self, id: str) -> Iterator[Block]:
        for block in self._blocks(Findings()):
            ids = block.column("settlement-id")
            yield block.take(_places(ids, id))


def summary_places(block: Block) -> list[int]:
    """Where in the block summary rows stand: a total or a period, and neither type nor amount."""
    if not any(block.column("total-amount")) and not any(block.column("settlement-start-date")):
        return []
    columns = ("total-amount", "settlement-start-date", "transaction-type", "amount-type", "amount")
    return [
        at
        for at, (total, start, kind, amount_type, amount) in enumerate(zip(*map(block.column, columns), strict=True))
        if (total or start) and not kind and not amount_type and not amount
    ]


def _places(ids: list[str], id: str) -> list[int]:
    return [at for at, one in enumerate(ids) if one == id]


def is_order(order: str) -> bool:
    """An order, not an inbound shipment (FBA15…), which the files put into the same column."""
    return order[:1].isdigit() or order.startswith("S0")


def _window(start: str, end: str, order: Callable[[], Order]) -> Window:
    """Raises Unreadable."""
    try:
        return read_window(start, end)
    except Undecided:
        return read_window(start, end, order())


def _day_of(found: datetime | date) -> date:
    return found.date() if isinstance(found, datetime) else found


def _is_undecided(stamp: str) -> bool:
    try:
        read_date(stamp)
    except Undecided:
        return True
    except Unreadable:
        pass
    return False
