"""The parts of one settlement (R10): they post in a fixed order, and a part that stops stops those behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tieout.core.posting.records import IN_BOOKS, STOPPED, Posting


@dataclass(frozen=True, slots=True)
class Progress:
    """What of a plan stands in the books: `in_books` and `missing` are document numbers in the plan's order."""

    in_books: tuple[str, ...]
    missing: tuple[str, ...]
    stopped_by: str | None

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def is_partial(self) -> bool:
        return bool(self.in_books and self.missing)


def next_part(parts: Sequence[Posting]) -> int | None:
    """Index of the only part to work on now: the first not in the books. None when all are, or one has stopped."""
    for index, part in enumerate(parts):
        if part.state in STOPPED:
            return None
        if part.state not in IN_BOOKS:
            return index
    return None


def progress(parts: Sequence[Posting]) -> Progress:
    """Names every part as in the books or missing, and the part that stops the rest."""
    stopped = next((part.number for part in parts if part.state in STOPPED), None)
    return Progress(
        in_books=tuple(part.number for part in parts if part.state in IN_BOOKS),
        missing=tuple(part.number for part in parts if part.state not in IN_BOOKS),
        stopped_by=stopped,
    )
