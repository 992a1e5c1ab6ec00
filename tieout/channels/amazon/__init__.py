"""Amazon settlement reports: Flat File V2, and V1 for history.

Where to get one: Seller Central, Payments, All statements (or Reports repository), "Download Flat File V2". Tab
separated, one row an amount. The summary row says period, total and currency; the rows must add up to that total to the
cent, or the file is refused. Months follow posted-date-time, which for deferred orders is the date of release, not
of sale.
"""

from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from tieout.channels._encoding import head
from tieout.channels._table import Chunk, blanked, heading_line, heading_names
from tieout.channels.amazon import rows, settlement
from tieout.channels.amazon.layout import V1, V2, layout_of
from tieout.channels.amazon.report import text_of
from tieout.core.role import Role
from tieout.core.settlement import Content, Figure, Line, Reading, Settlement, Statement

NAME, LABEL, BLOCK = settlement.NAME, "Amazon", 200
FILES = "Amazon's flat file, version 1 or 2, as .txt"
ACCOUNTS: Mapping[Role, str] = {}
CLEARING: Mapping[str, tuple[int, str]] = {}
FORMATS = {"Amazon settlement report, flat file V2": tuple(V2), "Amazon settlement report, flat file V1": tuple(V1)}
COLUMNS = frozenset((*V2, *V1))  # the only ones kept; whatever else a file brings may be a buyer's


def recognises(filename: str, content: Content) -> bool:
    """By the heading alone; the name of a file says nothing."""
    return layout_of(heading_names(heading_line(head(content)))) is not None


def blank(statement: Statement) -> Iterator[bytes]:
    """The content without the columns we do not know, in pieces."""
    return blanked(text_of(statement.content), statement.content, COLUMNS)


def read(
    statement: Statement, zone: ZoneInfo | None = None, progress: Callable[[int, int], None] | None = None
) -> Reading:
    return settlement.read(statement, zone, progress)


def counting(first: bytes) -> settlement.Counting:
    """The quick reader of a large report, whose first piece this is. Raises Unusual and Refused."""
    return settlement.Counting(first)


def lines(statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
    return rows.lines(statement, settlement_id, zone)


def chunk_lines(chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int) -> Iterator[Line]:
    return rows.chunk_lines(chunk, settlement, wanted, after)
