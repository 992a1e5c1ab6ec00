"""A settlement that does not tie: what is refused, by how much, and which rows are worth a look."""

from collections.abc import Iterator
from itertools import islice

from tieout.channels.amazon.report import Report
from tieout.channels.amazon.tally import Tally
from tieout.core.money import Money
from tieout.core.settlement import Refusal

_MOST = 10  # candidates named
_MOST_PAIRED = 200_000  # rows among which pairs are looked for


def mismatch(content: bytes, tally: Tally) -> Refusal:
    """The refusal of a settlement whose rows do not add up to its stated total."""
    added = Money(tally.minor, tally.currency)
    difference = added - tally.total
    candidates, why = _candidates(content, tally, difference.minor)
    look = f" Worth a look: {why} ({_listed(candidates)})." if candidates else " No row explains the difference."
    return Refusal(
        "source-total-mismatch",
        f"Settlement {tally.id}: the file says {tally.total}, its rows add up to {added}:"
        f" {abs(difference).amount} apart.{look} Download the file again and import that one.",
        tally.row,
        tally.id,
        candidates,
    )


def _listed(rows: tuple[int, ...]) -> str:
    return ("line " if len(rows) == 1 else "lines ") + ", ".join(map(str, rows))


def _candidates(content: bytes, tally: Tally, difference: int) -> tuple[tuple[int, ...], str]:
    """Rows that would explain the difference, the likeliest explanation alone."""
    rows = list(islice(_rows(content, tally), _MOST_PAIRED))
    seen: set[tuple[str, ...]] = set()
    doubled = []
    for row, minor, fields in rows:
        if minor == difference and fields in seen:
            doubled.append(row)
        seen.add(fields)
    single = [row for row, minor, _ in rows if minor == difference]
    missing = [row for row, minor, _ in rows if minor == -difference]
    turned = [row for row, minor, _ in rows if 2 * minor == difference]
    for found, why in (
        (doubled, "a row that stands there twice and amounts to the difference"),
        (single, "a row that amounts to the difference, perhaps one too many"),
        (turned, "a row of half the difference, perhaps with the wrong sign"),
        (missing, "a row that would cancel the difference, perhaps once too few"),
    ):
        if found:
            return tuple(found[:_MOST]), why
    return _pair(rows, difference), "two rows that together amount to the difference"


def _pair(rows: list[tuple[int, int, tuple[str, ...]]], difference: int) -> tuple[int, ...]:
    first: dict[int, int] = {}
    for row, minor, _ in rows:
        if difference - minor in first:
            return first[difference - minor], row
        first.setdefault(minor, row)
    return ()


def _rows(content: bytes, tally: Tally) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Row, minor units and all fields of each row of the settlement."""
    for same, block in Report(content).parts():
        if same.id == tally.id:
            for at, (row, text) in enumerate(zip(block.rows, block.column("amount"), strict=True)):
                yield row, same.amounts[text], tuple(block.flat[at * block.width : (at + 1) * block.width])
