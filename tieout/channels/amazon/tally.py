"""The tally of one settlement while its rows stream by: exact sums by label, site and quarter of an hour.

Months are not decided here, because the zone may follow from rows that come later (see _buckets). Every distinct
amount, date and label is understood once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tieout.channels._amounts import AmountCache
from tieout.channels._buckets import bucket_of
from tieout.channels._days import Order, Undecided, Window, read_date
from tieout.channels._refused import Findings, Unreadable
from tieout.channels._table import Block
from tieout.core.money import Money

_MOST_KEPT = 200_000  # distinct dates or amounts remembered; more are understood again
_CLOCK = re.compile(r" ([01]\d|2[0-3]):[0-5]\d:[0-5]\d UTC", re.ASCII)

Key = tuple[str, str, str, str, int, bool]  # type, amount type, description, site, bucket, has an order id


class DateCache(dict[str, int]):
    """Text → bucket. `bad` as above; `late` are dates outside the window: True by more than a day."""

    def __init__(self, window: Window, order: Callable[[], Order | None]) -> None:
        self._window = window
        self._order = order
        self._days: dict[str, int] = {}
        self.bad: dict[str, tuple[str, str]] = {}
        self.late: dict[str, bool] = {}

    def __missing__(self, text: str) -> int:
        # Most rows share a day well inside the window and the month, so only their clock is looked at.
        bucket = self._days.get(text[:10])
        if bucket is None or not _CLOCK.fullmatch(text, 10):
            bucket = self._understood(text)
        self[text] = bucket
        return bucket

    def _understood(self, text: str) -> int:
        try:
            found = self.read(text)
        except Unreadable as error:
            self.bad[text] = error.code, str(error)
            return 0
        if not self._window.holds(found, timedelta(0)):
            self.late[text] = not self._window.holds(found)
        bucket = bucket_of(found)
        if isinstance(found, datetime) and bucket > 0 and _CLOCK.fullmatch(text, 10):
            day = found.replace(hour=0, minute=0, second=0)
            if self._window.start <= day and day + timedelta(days=1) <= self._window.end:
                self._days[text[:10]] = bucket
        return bucket

    def read(self, text: str) -> datetime | date:
        """Raises Unreadable, or Refused where the file does not tell day from month."""
        if not text.strip():
            raise Unreadable("date_unparsable", "the posting date is missing")
        try:
            return read_date(text)
        except Undecided:
            return read_date(text, self._order())


class Cells(dict[Key, list[int]]):
    """Key → sum in minor units and count of rows."""

    def __missing__(self, key: Key) -> list[int]:
        self[key] = cell = [0, 0]
        return cell


@dataclass(slots=True)
class Tally:
    """One settlement: what its summary row says, and what its rows add up to so far."""

    id: str
    row: int
    currency: str
    total: Money
    window: Window
    deposit_on: date | None
    amounts: AmountCache
    dates: DateCache
    cells: Cells = field(default_factory=Cells)
    strays: dict[bool, list[int]] = field(default_factory=dict)  # far or near → first row, count
    reported: set[str] = field(default_factory=set)

    @property
    def minor(self) -> int:
        return sum(cell[0] for cell in self.cells.values())

    def add(self, block: Block, sites: list[str], findings: Findings) -> None:
        """Counts the rows of a block, all of this settlement and none of them its summary."""
        texts, stamps = block.column("amount"), posted(block)
        minors = map(self.amounts.__getitem__, texts)
        keys = zip(
            block.column("transaction-type"),
            block.column("amount-type"),
            block.column("amount-description"),
            sites,
            map(self.dates.__getitem__, stamps),
            map(bool, block.column("order-id")),
            strict=True,
        )
        for cell, minor in zip(map(self.cells.__getitem__, keys), minors, strict=True):
            cell[0] += minor
            cell[1] += 1
        self._report(block, texts, stamps, findings)
        self._check_currency(block, findings)
        for kept in (self.amounts, self.dates):
            if len(kept) > _MOST_KEPT:
                kept.clear()

    def _report(self, block: Block, texts: list[str], stamps: list[str], findings: Findings) -> None:
        for column, bad in ((texts, self.amounts.bad), (stamps, self.dates.bad)):
            if bad:
                for row, text in zip(block.rows, column, strict=True):
                    if text in bad:
                        code, reason = bad[text]
                        findings.refuse(code, f"Line {row}: {reason}. Download the file again.", row, self.id)
        if self.amounts.odd - self.reported:
            for row, text in zip(block.rows, texts, strict=True):
                if text in self.amounts.odd and text not in self.reported:
                    self.reported.add(text)
                    findings.warn("amount-sign-odd", f"Line {row}: {text!r} is read as a negative amount.", row)
        if self.dates.late:
            for row, stamp in zip(block.rows, stamps, strict=True):
                if stamp in self.dates.late:
                    stray = self.strays.setdefault(self.dates.late[stamp], [row, 0])
                    stray[1] += 1

    def _check_currency(self, block: Block, findings: Findings) -> None:
        column = block.column("currency")
        for other in set(column) - {"", self.currency}:
            if other.strip().upper() not in ("", self.currency):
                row = block.rows[column.index(other)]
                findings.refuse(
                    "currency-mixed",
                    f"Line {row} is in {other}, but settlement {self.id} is in {self.currency} by its summary row.",
                    row,
                    self.id,
                )


def posted(block: Block) -> list[str]:
    """The time of posting of each row, or its day where it gives no time."""
    stamps = block.column("posted-date-time")
    if all(map(str.strip, stamps)):
        return stamps
    return [stamp if stamp.strip() else day for stamp, day in zip(stamps, block.column("posted-date"), strict=True)]
