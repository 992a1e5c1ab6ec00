"""A settlement that does not tie: what is refused, by how much, and which rows are worth a look."""

from collections.abc import Iterator

from tieout.channels.amazon.report import Report
from tieout.channels.amazon.tally import Tally
from tieout.core.money import Money
from tieout.core.settlement import Content, Refusal

_MOST = 10  # candidates named
_MOST_PAIRED = 100_000  # distinct amounts among which pairs are looked for


def mismatch(content: Content, tally: Tally) -> Refusal:
    """The refusal of a settlement whose rows do not add up to its stated total."""
    added = Money(tally.minor, tally.currency)
    difference = added - tally.total
    candidates, why = _candidates(content, tally, difference.minor)
    look = f" Worth a look: {why} ({_listed(candidates)})." if candidates else " No row explains the difference."
    return Refusal(
        "source-total-mismatch",
        f"Settlement {tally.id}: the file says {tally.total}, its rows add up to {added}:"
        f" {abs(difference).amount:f} apart.{look} Download the file again and import that one.",
        tally.row,
        tally.id,
        candidates,
    )


def _listed(rows: tuple[int, ...]) -> str:
    return ("line " if len(rows) == 1 else "lines ") + ", ".join(map(str, rows))


def _candidates(content: Content, tally: Tally, difference: int) -> tuple[tuple[int, ...], str]:
    """Rows that would explain the difference, and how; the likeliest explanation alone."""
    found = _Suspects(difference)
    for row, minor, fields in _rows(content, tally):
        found.look(row, minor, fields)
    for rows, why in (
        (found.doubled, "a row that stands there twice and amounts to the difference"),
        (found.equal, "a row that amounts to the difference, perhaps one too many"),
        (found.turned, "a row of half the difference, perhaps with the wrong sign"),
        (found.opposite, "a row that would cancel the difference, perhaps once too few"),
        (found.pair, "two rows that together amount to the difference"),
    ):
        if rows:
            return tuple(rows[:_MOST]), why
    return (), ""


class _Suspects:
    """Rows by how they could explain a difference. Keeps only what may, however long the file."""

    def __init__(self, difference: int) -> None:
        self._difference = difference
        self._seen: set[tuple[str, ...]] = set()
        self._first: dict[int, int] = {}  # amount → its first row
        self.doubled: list[int] = []
        self.equal: list[int] = []
        self.turned: list[int] = []
        self.opposite: list[int] = []
        self.pair: list[int] = []

    def look(self, row: int, minor: int, fields: tuple[str, ...]) -> None:
        if minor == self._difference:
            if fields in self._seen:
                self.doubled.append(row)
            if len(self.equal) < _MOST:
                self.equal.append(row)
                self._seen.add(fields)
        elif 2 * minor == self._difference:
            self.turned.append(row)
        elif minor == -self._difference:
            self.opposite.append(row)
        if not self.pair:
            if (other := self._first.get(self._difference - minor)) is not None:
                self.pair = [other, row]
            elif len(self._first) < _MOST_PAIRED:
                self._first.setdefault(minor, row)


def _rows(content: Content, tally: Tally) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Row, minor units and all fields of each row of the settlement."""
    for same, block in Report(content).parts():
        if same.id == tally.id:
            for at, (row, text) in enumerate(zip(block.rows, block.column("amount"), strict=True)):
                yield row, same.amounts[text], tuple(block.flat[at * block.width : (at + 1) * block.width])
