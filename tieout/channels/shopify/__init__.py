"""Shopify Payments: payouts and their transactions, as CSV exports or as asked of the API.

Where to get the exports: the shop's admin, Finance, Payouts: "Export" for the payouts, and "Transactions", "Export" for
the rows behind them. The transactions make one settlement of each payout; the payouts prove its total, whichever comes
first. Rows in no payout yet wait for a later export. Months follow the date of the transaction, not that of the payout.
Shopify's bills and postage labels are in neither export.
"""

from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from tieout.channels._encoding import opened
from tieout.channels._refused import Unusual
from tieout.channels._table import Chunk, blanked, heading_line
from tieout.channels.shopify import answers, csvs, gateways, tally, transactions
from tieout.channels.shopify import statement as api
from tieout.channels.shopify.answers import is_statement
from tieout.channels.shopify.export import Export
from tieout.channels.shopify.layout import PAYOUTS, TRANSACTIONS, layout_in, sign_of
from tieout.core.role import Role
from tieout.core.settlement import Content, Figure, Line, Reading, Settlement, Statement

NAME, LABEL, BLOCK = tally.NAME, tally.LABEL, 300
FILES = "Shopify's transactions and payouts exports as .csv"
FORMATS = {"Shopify Payments transactions export": TRANSACTIONS, "Shopify Payments payouts export": PAYOUTS}
_EXPORTED = frozenset((*TRANSACTIONS, *PAYOUTS))
# The only ones kept, of exports and of answers; whatever else a file brings may be a buyer's.
COLUMNS = _EXPORTED | answers.KEYS
ACCOUNTS: Mapping[Role, str] = {Role.FEES: "payment fees", Role.FULFILMENT: "fulfilment and labels"}
CLEARING: Mapping[str, tuple[int, str]] = gateways.CLEARING


def recognises(filename: str, content: Content) -> bool:
    """By the first line alone; the name of a file says nothing."""
    return is_statement(content) or layout_in(content) is not None


def blank(statement: Statement) -> Iterator[bytes]:
    """The content without the columns we do not know, in pieces."""
    if is_statement(statement.content):
        return answers.blanked(statement.content)
    text = opened(statement.content)
    return blanked(text, statement.content, _EXPORTED, sign_of(heading_line(text)))


def read(
    statement: Statement, zone: ZoneInfo | None = None, progress: Callable[[int, int], None] | None = None
) -> Reading:
    if is_statement(statement.content):
        return api.read(statement, zone)
    return csvs.read(statement, zone, progress)


def counting(first: bytes) -> csvs.Counting:
    """The quick reader of a large transactions export, whose first piece this is. Raises Unusual and Refused."""
    if is_statement(first):
        raise Unusual("answers of the API are read as they are")
    return csvs.Counting(first)


def lines(statement: Statement, settlement_id: str, zone: ZoneInfo | None = None) -> Iterator[Line]:
    if is_statement(statement.content):
        return api.lines(statement, settlement_id, zone)
    found = transactions.Transactions(Export(statement.content))
    return transactions.lines(found, settlement_id, statement.digest, zone or ZoneInfo("UTC"))


def chunk_lines(chunk: Chunk, settlement: Settlement, wanted: frozenset[Figure], after: int) -> Iterator[Line]:
    return transactions.chunk_lines(chunk, settlement, wanted, after)
