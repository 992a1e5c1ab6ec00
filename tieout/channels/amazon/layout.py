"""The two layouts of the settlement report: V2, one row an amount, and V1 (history), several amounts in a row.

V1 blocks are turned into V2 rows, one for each amount and under the same row number, so everything after this file
knows one layout. Columns are read by name: V1 comes with 33, 36 or 37 of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tieout.channels._refused import Unrecognised
from tieout.channels._table import Block, Table

V2 = (
    "settlement-id settlement-start-date settlement-end-date deposit-date total-amount currency transaction-type "
    "order-id merchant-order-id adjustment-id shipment-id marketplace-name amount-type amount-description amount "
    "fulfillment-id posted-date posted-date-time order-item-code merchant-order-item-id merchant-adjustment-item-id "
    "sku quantity-purchased promotion-id"
).split()
_HEAD = V2[:12]
_TAIL = V2[15:]
# Amount column of V1 → its column of type words, and the V2 amount type that it became.
MONEY_V1 = (
    ("shipment-fee-amount", "shipment-fee-type", "Shipment-Fees"),
    ("order-fee-amount", "order-fee-type", "OrderFees"),
    ("price-amount", "price-type", "ItemPrice"),
    ("item-related-fee-amount", "item-related-fee-type", "ItemFees"),
    ("misc-fee-amount", "", "misc-fee"),
    ("other-fee-amount", "other-fee-reason-description", "other-fee"),
    ("promotion-amount", "promotion-type", "Promotion"),
    ("direct-payment-amount", "direct-payment-type", "DirectPayment"),
    ("other-amount", "", "other-transaction"),
)
V1 = (*_HEAD, *_TAIL, *(name for money, kind, _ in MONEY_V1 for name in (kind, money) if name))
REQUIRED_BOTH = (
    "settlement-id settlement-start-date settlement-end-date total-amount currency transaction-type order-id "
    "marketplace-name sku"
).split()
REQUIRED_V2 = "amount-type amount-description amount".split()
REQUIRED_V1 = "price-type price-amount item-related-fee-type item-related-fee-amount other-amount".split()
FREE_TEXT = frozenset(("amount-description", "promotion-id", "promotion-type", "other-fee-reason-description"))
_LIKENESS = 10  # headings in common that make a file one of ours, even if one of them is missing


@dataclass(frozen=True, slots=True)
class Layout:
    """Which of the two, by what its columns are called."""

    name: str
    columns: frozenset[str]
    required: tuple[str, ...]


_LAYOUTS = (
    Layout("V2", frozenset(V2), (*REQUIRED_BOTH, *REQUIRED_V2)),
    Layout("V1", frozenset(V1), (*REQUIRED_BOTH, *REQUIRED_V1)),
)


def layout_of(names: tuple[str, ...]) -> Layout | None:
    """The layout most of whose columns are there; none if too few are."""
    found = set(names)
    best = max(_LAYOUTS, key=lambda layout: len(layout.columns & found) * 100 // len(layout.columns))
    return best if len(best.columns & found) >= _LIKENESS else None


def missing(layout: Layout, names: tuple[str, ...]) -> tuple[str, ...]:
    """Required columns the file lacks. Either way of printing the posting date will do."""
    lacking = [name for name in layout.required if name not in names]
    if "posted-date" not in names and "posted-date-time" not in names:
        lacking.append("posted-date")
    return tuple(lacking)


def as_v2(block: Block, layout: Layout) -> Block:
    """The block as V2 rows."""
    return block if layout.name == "V2" else _from_v1(block)


def _from_v1(block: Block) -> Block:
    head, tail = list(map(block.column, _HEAD)), list(map(block.column, _TAIL))
    kinds = block.column("transaction-type")
    money = [(block.column(amount), block.column(kind) if kind else kinds, word) for amount, kind, word in MONEY_V1]
    totals = block.column("total-amount")
    rows: list[int] = []
    flat: list[str] = []
    for at, row in enumerate(block.rows):
        for label in _amounts(at, kinds, money, is_summary=not kinds[at] and bool(totals[at].strip())):
            rows.append(row)
            flat += [column[at] for column in head]
            flat += label
            flat += [column[at] for column in tail]
    positions = {name: at for at, name in enumerate(V2)}
    return Block(rows, flat, positions, len(V2), block.end)


def _amounts(
    at: int, kinds: list[str], money: list[tuple[list[str], list[str], str]], is_summary: bool
) -> Iterator[tuple[str, str, str]]:
    """Amount type, description and amount of each filled amount column; an item's first row legally has none."""
    if is_summary:
        yield "", "", ""
        return
    for amounts, words, kind in money:
        if amounts[at].strip():
            word = words[at] or kinds[at]
            if kind == "ItemFees" and word == "Cost of Advertising":
                kind, word = word, "TransactionTotalAmount"  # as V2 calls it
            yield kind, word, amounts[at]


def refuse_if_lacking(table: Table, layout: Layout) -> None:
    """Raises Unrecognised naming the columns that are missing."""
    if lacking := missing(layout, table.names):
        raise Unrecognised(
            "column-missing",
            f"The settlement report ({layout.name}) lacks the column {', '.join(lacking)} in its heading line. Download"
            " the flat file again and import it unchanged.",
            1,
        )
