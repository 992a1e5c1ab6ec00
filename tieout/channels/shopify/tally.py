"""The tally of one payout while its rows stream by: exact sums by type, amount or fee, and bucket of time."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tieout.channels._buckets import moment_of, month_of
from tieout.channels.shopify.labels import FEE, TAXED_FEE, category_of
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.defaults import WITH_TAX
from tieout.core.money import Money
from tieout.core.settlement import Label, Settlement, Subtotal

NAME, LABEL = "shopify", "Shopify"
# How far a payout has come. What is not on its way yet is not final, so its rows wait.
ON_ITS_WAY, PAID, FAILED = "in_transit", "paid", "failed"
SETTLED = (ON_ITS_WAY, PAID, FAILED)
WAITING = ("pending", "scheduled", "canceled", "cancelled", "")

Cell = tuple[str, str, int]  # type, part (amount or fee), bucket


@dataclass(slots=True)
class Tally:
    """One payout. `state` is the channel's word for how far it has come; `first` and `last` are moments of its rows."""

    id: str
    currency: str
    paid_on: date
    state: str
    row: int
    entity: str = ""
    is_named: bool = True  # by the file; else its id is made of day and currency
    cells: dict[Cell, list[int]] = field(default_factory=dict)
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    stated: list[int] = field(default_factory=list)  # totals that the payout's own rows state
    late: dict[bool, list[int]] = field(default_factory=dict)  # far or near → first row, count

    @property
    def minor(self) -> int:
        return sum(cell[0] for cell in self.cells.values())

    def count(self, key: Cell, minor: int, rows: int = 1) -> None:
        cell = self.cells.get(key)
        if cell is None:
            self.cells[key] = [minor, rows]
        else:
            cell[0] += minor
            cell[1] += rows

    def reach(self, first: datetime, last: datetime) -> None:
        self.first = first if self.first is None or first < self.first else self.first
        self.last = last if self.last is None or last > self.last else self.last


def fee_part(tax: int) -> str:
    return TAXED_FEE if tax else FEE


def meaning(kind: str, part: str) -> tuple[Category, Label, str]:
    """Category, label and variant of a row's amount or fee."""
    return category_of(kind, part), Label((kind, part)), WITH_TAX if part == TAXED_FEE else ""


def settlement_of(tally: Tally, zone: ZoneInfo, digest: str) -> Settlement:
    """The payout as a settlement. Its total is the sum of its rows, until the channel itself states another."""
    start = tally.first or moment_of(tally.paid_on, zone)
    return Settlement(
        id=tally.id,
        channel=NAME,
        currency=tally.currency,
        country="",
        marketplace=LABEL,
        start=start,
        end=tally.last or start,
        deposit_on=tally.paid_on,
        total=Money(tally.minor, tally.currency),
        zone=zone.key,
        subtotals=_subtotals(tally, zone),
        statement=digest,
        file_rows=tally.rows,
    )


def _subtotals(tally: Tally, zone: ZoneInfo) -> tuple[Subtotal, ...]:
    """The cells folded into months, in the order of their first row."""
    found: dict[tuple[str, str, Month], list[int]] = {}
    for (kind, part, bucket), (minor, rows) in tally.cells.items():
        cell = found.setdefault((kind, part, month_of(bucket, zone)), [0, 0])
        cell[0] += minor
        cell[1] += rows
    made = []
    for (kind, part, month), (minor, rows) in found.items():
        category, label, variant = meaning(kind, part)
        made.append(Subtotal(category, label, "", month, Money(minor, tally.currency), rows, variant))
    return tuple(made)
