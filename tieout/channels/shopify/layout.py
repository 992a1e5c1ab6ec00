"""The two CSV exports of Shopify Payments, by what their columns are called; both come with more or fewer of them.

A spreadsheet may have saved them again, with other signs between the fields.
"""

from dataclasses import dataclass

from tieout.channels._encoding import Text, head
from tieout.channels._refused import Refused, Unrecognised
from tieout.channels._table import heading_line, heading_names
from tieout.core.settlement import Content

TRANSACTIONS = (
    "transaction date",
    "type",
    "order",
    "card brand",
    "card source",
    "payout status",
    "payout date",
    "payout id",
    "available on",
    "amount",
    "fee",
    "net",
    "checkout",
    "payment method name",
    "presentment amount",
    "presentment currency",
    "currency",
    "vat",
    "business entity name",
    "business entity id",
)
# The money columns of a payout, whose sum is its Total; Fees are negative.
MONEY = (
    "charges",
    "refunds",
    "adjustments",
    "marketplace sales tax",
    "advances",
    "reserved funds",
    "fees",
    "retried amount",
)
PAYOUTS = ("payout date", "status", *MONEY, "total", "currency", "bank reference")
# Names in which a damaged character may be replaced.
FREE_TEXT = frozenset(
    ("order", "card brand", "checkout", "payment method name", "business entity name", "bank reference")
)
_SIGNS = ",;\t"
_LIKENESS = 6  # headings in common that make a file one of ours, even if one of them is missing


@dataclass(frozen=True, slots=True)
class Layout:
    name: str
    columns: frozenset[str]
    required: tuple[str, ...]


LIST = Layout(
    "transactions",
    frozenset(TRANSACTIONS),
    ("transaction date", "type", "payout status", "payout date", "amount", "fee", "net", "currency"),
)
PAID = Layout(
    "payouts",
    frozenset(PAYOUTS),
    ("payout date", "status", "charges", "refunds", "adjustments", "fees", "total", "currency"),
)
_TELLING = {"transactions": {"net", "presentment amount", "payout status"}, "payouts": {"charges", "reserved funds"}}


def sign_of(heading: str) -> str:
    """What stands between the fields of a heading line."""
    return max(_SIGNS, key=heading.count)


def layout_of(names: tuple[str, ...]) -> Layout | None:
    """The layout most of whose columns are there; none if too few are, or none that no other report has."""
    found = set(names)
    best = max((LIST, PAID), key=lambda layout: len(layout.columns & found))
    is_like = len(best.columns & found) >= _LIKENESS and bool(_TELLING[best.name] & found)
    return best if is_like else None


def layout_in(content: Content) -> Layout | None:
    """By the first line alone; the name of a file says nothing."""
    heading = heading_line(_head(content))
    return layout_of(heading_names(heading, sign_of(heading)))


def _head(content: Content) -> Text:
    try:
        return head(content)
    except Refused:
        return Text(b"", "utf-8")


def refuse_if_lacking(names: tuple[str, ...], layout: Layout) -> None:
    """Raises Unrecognised naming the columns that are missing."""
    if lacking := [name for name in layout.required if name not in names]:
        raise Unrecognised(
            "column-missing",
            f"The export of Shopify Payments {layout.name} lacks the column {', '.join(lacking)} in its heading line."
            " Export it again and import it unchanged.",
            1,
        )
