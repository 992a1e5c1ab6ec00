"""Settlement: one payout as the channel reports it. Line: one row with a meaning. Subtotal: equal rows of a month.

A settlement may have ten million lines, so it is kept as subtotals; the lines are read again from the statement when
a figure is opened. Both come from one reading, hence a subtotal always equals the sum of the lines it opens to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Protocol
from zoneinfo import ZoneInfo

from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.money import Money, total


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure came from: the digest of the statement's original bytes, and the row (the heading is row 1)."""

    statement: str
    row: int


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """What the channel calls a row, in its own words and spelling, widest word first."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return " / ".join(word for word in self.words if word) or "(no label)"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a settlement. Order id and SKU help a person to recognise it; a buyer's data is never here."""

    category: Category
    label: Label
    amount: Money
    posted_at: datetime
    marketplace: str
    source: Source
    order_id: str = ""
    sku: str = ""
    variant: str = ""  # follows from the label


@dataclass(frozen=True, slots=True)
class Subtotal:
    """All rows of one label, marketplace and month. `variant`: rows of one label that book differently (tax group)."""

    category: Category
    label: Label
    marketplace: str
    month: Month
    amount: Money
    rows: int
    variant: str = ""


Figure = tuple[Label, str, Month]  # what a subtotal sums: label, marketplace and month


@dataclass(frozen=True, slots=True)
class Settlement:
    """One payout. `total`: what the channel says it pays (negative: takes). `zone` decided the subtotals' months.

    `file_rows`: its rows in the file, where these are not as many as its lines since a row may hold several or none.
    """

    id: str
    channel: str
    currency: str
    country: str
    marketplace: str
    start: datetime
    end: datetime
    deposit_on: date | None
    total: Money
    zone: str
    subtotals: tuple[Subtotal, ...]
    statement: str
    file_rows: int | None = None

    @property
    def rows(self) -> int:
        """Its rows in the file, without the summary row."""
        return sum(subtotal.rows for subtotal in self.subtotals) if self.file_rows is None else self.file_rows

    @property
    def months(self) -> tuple[Month, ...]:
        return tuple(sorted({subtotal.month for subtotal in self.subtotals}))

    @property
    def marketplaces(self) -> tuple[str, ...]:
        """The sites named by the rows, without the blank of account-level rows."""
        return tuple(sorted({subtotal.marketplace for subtotal in self.subtotals} - {""}))

    @property
    def lines_sum(self) -> Money:
        return total((subtotal.amount for subtotal in self.subtotals), self.currency)

    @property
    def imbalance(self) -> Money:
        """Lines less the channel's own total (AC1); zero, or the settlement is refused."""
        return self.lines_sum - self.total

    @property
    def unknown(self) -> tuple[Subtotal, ...]:
        """What no map knows: holds the settlement, with the amount at stake."""
        return tuple(subtotal for subtotal in self.subtotals if subtotal.category is Category.UNKNOWN)

    @property
    def fingerprint(self) -> str:
        """The same for two files that say the same money: every total by label, site and month, whatever the bytes."""
        figures = sorted(
            (part.label.words, part.marketplace, str(part.month), part.variant, part.amount.minor, part.rows)
            for part in self.subtotals
        )
        head = (self.channel, self.id, self.currency, self.total.minor, self.start.isoformat(), self.end.isoformat())
        return sha256(repr((head, self.zone, figures)).encode()).hexdigest()

    def with_meanings(self, meanings: dict[Label, Category]) -> "Settlement":
        """The same settlement with the unknown labels that a person has since explained."""
        return replace(
            self,
            subtotals=tuple(
                replace(subtotal, category=meanings.get(subtotal.label, Category.UNKNOWN))
                if subtotal.category is Category.UNKNOWN
                else subtotal
                for subtotal in self.subtotals
            ),
        )


@dataclass(frozen=True, slots=True)
class Warning:
    """Something odd that did not stop the reading, with its row (0: the whole file) and its settlement (blank: all)."""

    code: str
    message: str
    row: int = 0
    settlement: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement, or one settlement of it, is refused whole. `candidates` are rows worth a look."""

    code: str
    message: str
    row: int = 0
    settlement: str = ""
    candidates: tuple[int, ...] = ()


class Content(Protocol):
    """Bytes in memory, or a file's that answers the same questions without being held: it may have two gigabytes."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: slice, /) -> bytes: ...
    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...
    def rfind(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...
    def count(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...
    def isascii(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Statement:
    """What a channel gave, byte for byte. `digest` is the SHA-256 of the original bytes, in hex."""

    filename: str
    content: Content
    digest: str


# Codes of warnings that hold a settlement: nothing proves its total, something contradicts it, or nothing tells which
# payout of its day it is.
UNCONFIRMED, CONTRADICTED, UNTOLD = "payout-unconfirmed", "payout-total-mismatch", "payouts-of-one-day"


def day_id(paid_on: date, currency: str) -> str:
    """The id of a payout whose channel gives none: the same in every file of its day."""
    return f"{paid_on:%Y%m%d}-{currency}"


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout as a list of payouts states it, without its rows: the other side of AC1 where rows come without a total.

    `state` is the channel's word for how far it has come.
    """

    paid_on: date
    total: Money
    state: str
    row: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a channel makes of a statement: settlements and payouts, or every refusal with its row. Never both."""

    channel: str
    settlements: tuple[Settlement, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[Warning, ...] = ()
    encoding: str = ""
    payouts: tuple[Payout, ...] = ()


def summed(lines: Iterable[Line], zone: ZoneInfo) -> tuple[Subtotal, ...]:
    """Lines folded into subtotals, in the order of their first row: the definition that faster readers must equal."""
    found: dict[tuple[Category, Label, str, Month, str], tuple[Money, int]] = {}
    for line in lines:
        key = (line.category, line.label, line.marketplace, Month.of(line.posted_at, zone), line.variant)
        amount, rows = found.get(key, (Money.zero(line.amount.currency), 0))
        found[key] = amount + line.amount, rows + 1
    return tuple(
        Subtotal(category, label, marketplace, month, amount, rows, variant)
        for (category, label, marketplace, month, variant), (amount, rows) in found.items()
    )
