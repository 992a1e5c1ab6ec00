"""Cornershop: an imaginary third channel, whole in this one file. A payout is a small CSV with a summary row.

Where to get it: the till, Payouts, Export.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tieout.channels._refused import Unusual
from tieout.channels._table import Chunk
from tieout.core.category import Category
from tieout.core.money import Money
from tieout.core.role import Role
from tieout.core.settlement import Content, Figure, Label, Line, Reading, Settlement, Source, Statement, summed

NAME, LABEL, BLOCK = "cornershop", "Cornershop", 800
FILES = "a till's payout export as .csv"
COLUMNS = frozenset(("cornershop", "payout", "when", "what", "amount"))
FORMATS = {"Cornershop payout export": ("cornershop", "payout", "when", "what", "amount")}
ACCOUNTS: Mapping[Role, str] = {}
CLEARING: Mapping[str, tuple[int, str]] = {}
_ZONE = "Europe/London"
_MEANINGS = {"sale": Category.SALES_PRINCIPAL, "refund": Category.REFUND_PRINCIPAL, "till fee": Category.FEE_OTHER}


def recognises(filename: str, content: Content) -> bool:
    return bytes(content[:11]) == b"cornershop,"


def blank(statement: Statement) -> Iterator[bytes]:
    yield statement.content[:]


def counting(first: bytes) -> Any:
    raise Unusual("tills are small")


def read(
    statement: Statement, zone: ZoneInfo | None = None, progress: Callable[[int, int], None] | None = None
) -> Reading:
    found = list(_rows(statement))
    (total,) = (amount for _, _, what, amount in found if what == "total")
    kept = [_line(statement, row) for row in found if row[2] != "total"]
    zone = zone or ZoneInfo(_ZONE)
    made = Settlement(
        id=found[0][1][0],
        channel=NAME,
        currency="GBP",
        country="GB",
        marketplace="Cornershop Market Row",
        start=min(line.posted_at for line in kept),
        end=max(line.posted_at for line in kept),
        deposit_on=None,
        total=total,
        zone=zone.key,
        subtotals=summed(kept, zone),
        statement=statement.digest,
    )
    return Reading(NAME, (made,), encoding="utf-8")


def lines(statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
    yield from (_line(statement, row) for row in _rows(statement) if row[2] != "total")


def chunk_lines(chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int) -> Iterator[Line]:
    raise AssertionError("nothing is read by columns here")


_Row = tuple[int, tuple[str, str], str, Money]


def _rows(statement: Statement) -> Iterator[_Row]:
    for row, text in enumerate(statement.content[:].decode().splitlines()[1:], 2):
        _, payout, when, what, amount = text.split(",")
        yield row, (payout, when), what, Money.of(Decimal(amount), "GBP")


def _line(statement: Statement, found: _Row) -> Line:
    row, (_, when), what, amount = found
    at = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(_ZONE))
    category = _MEANINGS.get(what, Category.UNKNOWN)
    return Line(category, Label((what,)), amount, at, "Cornershop Market Row", Source(statement.digest, row))
