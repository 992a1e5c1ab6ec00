"""In which parts of a large statement a figure's rows stand: a page of them is found without reading the rest."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tieout.core.day import Month
from tieout.core.settlement import Figure, Label


@dataclass(frozen=True, slots=True)
class Places:
    """`first_rows` of the parts, rising; for each settlement's figure a number whose bits are the parts that hold it.

    A row near a month's end stands under every month that it has in some zone: a part named here may hold nothing, but
    one that is not named holds nothing for certain.
    """

    first_rows: tuple[int, ...]
    parts: dict[tuple[str, Figure], int]

    def holding(self, settlement: str, figures: Iterable[Figure]) -> int:
        """The parts that may hold rows of these figures."""
        found = 0
        for figure in figures:
            found |= self.parts.get((settlement, figure), 0)
        return found

    def is_between(self, parts: int, first_row: int, last_row: int) -> bool:
        """Whether one of the parts has rows from the first to the last."""
        first, last = (max(bisect_right(self.first_rows, row) - 1, 0) for row in (first_row, last_row))
        return bool(parts >> first & ((1 << last - first + 1) - 1))

    def to_record(self) -> dict[str, Any]:
        parts = [
            [settlement, list(label.words), site, str(month), f"{bits:x}"]
            for (settlement, (label, site, month)), bits in self.parts.items()
        ]
        return {"first_rows": list(self.first_rows), "parts": parts}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Places":
        parts = {
            (settlement, (Label(tuple(words)), site, Month.read(month))): int(bits, 16)
            for settlement, words, site, month, bits in record["parts"]
        }
        return cls(tuple(record["first_rows"]), parts)
