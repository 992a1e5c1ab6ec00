"""Plan: what will be posted for one settlement, or every gap that keeps it from being planned.

A plan is a pure function of the settlement, the mapping version and the terms: same input, same hash, on any machine.
"""

from dataclasses import dataclass
from datetime import date

from tieout.core.day import Month
from tieout.core.money import Money, total
from tieout.core.records import DocumentKind


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One line of a document. Amounts carry the document's sign (a bill has every sign of the payout flipped).

    `subtotals` are positions in the settlement's subtotals: the rows this figure sums. A roll line has none.
    """

    description: str
    account: str
    tax: str
    gross: Money
    net: Money
    vat: Money
    subtotals: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice or bill, for one part. Its number is deterministic; amounts include tax."""

    part: int
    month: Month
    kind: DocumentKind
    number: str
    reference: str
    contact: str
    dated: date
    due: date
    currency: str
    lines: tuple[PlannedLine, ...]

    @property
    def total(self) -> Money:
        return total((line.gross for line in self.lines), self.currency)


@dataclass(frozen=True, slots=True)
class Plan:
    """Documents in posting order; the last one meets the deposit. `hash` covers all that will reach the books."""

    settlement: str
    version: int
    mapping_version: int
    zone: str
    documents: tuple[Document, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing the plan lacks, with the money that waits on it. `code` is a problem code."""

    code: str
    message: str
    amount: Money
    rows: int
    category: str = ""
    label: str = ""
    row: int = 0
