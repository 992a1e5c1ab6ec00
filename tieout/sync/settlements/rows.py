"""Any posted figure opened down to its rows, by reading the kept statement again."""

from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tieout import channels
from tieout.core.day import Month
from tieout.core.money import Money, total
from tieout.core.plan import Plan
from tieout.core.settlement import Label, Line, Settlement, Statement, Subtotal
from tieout.store import plans, settlements, statements
from tieout.store.engine import Db, read
from tieout.sync.settlements.preparing import planned
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows behind one figure; `next` is the row to go on after, 0 at the end."""

    description: str
    rows: tuple[Line, ...]
    next: int
    count: int
    sum: Money


def rows(
    tools: Tools, organisation: str, id: str, part: int, line: int, after: int = 0, limit: int = 50
) -> Rows | None:
    """The rows that line `line` (from 0) of document `part` (from 1) sums, in file order; None if there is none."""
    with read(tools.engines, organisation) as db:
        kept, frozen = settlements.get(db, id), plans.newest(db, id)
        if kept is None:
            return None
        plan = frozen.plan if frozen else planned(db, kept)
        if not isinstance(plan, Plan) or not 1 <= part <= len(plan.documents):
            return None
        lines = plan.documents[part - 1].lines
        if not 0 <= line < len(lines):
            return None
        chosen = [kept.settlement.subtotals[position] for position in lines[line].subtotals]
        most = sum(subtotal.rows for subtotal in chosen)
        found = _page(_behind(db, kept.settlement, chosen, after), after, min(limit + 1, most))
    amount = total((subtotal.amount for subtotal in chosen), kept.settlement.currency)
    shown = tuple(found[:limit])
    following = shown[-1].source.row if len(found) > limit else 0
    return Rows(lines[line].description, shown, following, most, amount)


def unknown_rows(tools: Tools, organisation: str, id: str, label: Label, limit: int = 20) -> tuple[Line, ...]:
    """The first rows of a label that nobody has explained yet, so that a person can see what it is."""
    with read(tools.engines, organisation) as db:
        kept = settlements.get(db, id)
        if kept is None:
            return ()
        behind = [subtotal for subtotal in kept.settlement.subtotals if subtotal.label == label]
        most = sum(subtotal.rows for subtotal in behind)
        return tuple(_page(_behind(db, kept.settlement, behind, 0), 0, min(limit, most)))


def statement_file(tools: Tools, organisation: str, id: str) -> tuple[str, bytes] | None:
    """The kept statement behind a settlement: its name for people and its bytes, personal columns blanked."""
    with read(tools.engines, organisation) as db:
        kept = settlements.get(db, id)
        if kept is None:
            return None
        found = statements.find(db, kept.settlement.statement)
        return (found.filename if found else "statement.txt"), statements.content(db, kept.settlement.statement)


def _behind(db: Db, settlement: Settlement, chosen: Sequence[Subtotal], after: int) -> Iterator[Line]:
    """The rows that these subtotals sum, in file order; those up to `after` may be left out.

    Of a large file they are read chunk by chunk, from the one where the page begins.
    """
    zone, digest = ZoneInfo(settlement.zone), settlement.statement
    wanted = frozenset((subtotal.label, subtotal.marketplace, subtotal.month) for subtotal in chosen)
    first_rows = statements.first_rows(db, digest)
    if not first_rows:
        statement = Statement("", statements.content(db, digest), digest)
        for line in channels.lines(statement, settlement.id, zone):
            if (line.label, line.marketplace, Month.of(line.posted_at, zone)) in wanted:
                yield line
        return
    places = statements.places(db, digest)
    parts = places.holding(settlement.id, wanted) if places else 0
    heading = statements.chunk(db, digest, 0).split(b"\n", 1)[0].removeprefix(BOM_UTF8).removesuffix(b"\r")
    for number in range(max(bisect_right(first_rows, after + 1) - 1, 0), len(first_rows)):
        last_row = first_rows[number + 1] - 1 if number + 1 < len(first_rows) else settlement.rows + first_rows[number]
        if places and not places.is_between(parts, first_rows[number], last_row):
            continue
        chunk = channels.Chunk(heading, first_rows[number], statements.chunk(db, digest, number))
        yield from channels.chunk_lines(chunk, settlement, wanted, after)


def _page(lines: Iterator[Line], after: int, limit: int) -> list[Line]:
    found: list[Line] = []
    for line in lines:
        if line.source.row > after:
            found.append(line)
            if len(found) == limit:
                break
    return found
