"""The balance of Shopify Payments: what came in and went out, and the payouts that were made of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import hooks
from tieout.sandbox.shopify.amounts import money
from tieout.sandbox.shopify.state import Books, number_of, stamp

FIRST_ROW, FIRST_PAYOUT = 800_000_000_001, 110_000_000_001
ENTITY: Doc = {
    "__typename": "BusinessEntity",
    "id": "gid://shopify/BusinessEntity/1",
    "displayName": "Harbour & Finch Ltd",
    "companyName": "Harbour & Finch Ltd",
    "primary": True,
    "archived": False,
}
# Which gross and fee of a payout's summary a type of transaction counts in; all others are adjustments.
SUMMED = {
    "CHARGE": "charges",
    "REFUND": "refunds",
    "REFUND_FAILURE": "refunds",
    "RESERVED_FUNDS": "reservedFunds",
    "RESERVED_FUNDS_REVERSAL": "reservedFunds",
    "RESERVED_FUNDS_WITHDRAWAL": "reservedFunds",
    "TRANSFER_FAILURE": "retriedPayouts",
    "TRANSFER_CANCEL": "retriedPayouts",
    "ADVANCE": "advance",
    "ADVANCE_FUNDING": "advance",
}
GROUPS = ("charges", "refunds", "adjustments", "reservedFunds", "retriedPayouts", "advance")


def book(
    books: Books, kind: str, source: str, minor: int, fee: int, moment: datetime, order: Doc | None = None, **more: Any
) -> Doc:
    """One balance transaction that waits for its payout: net is amount less fee."""
    row = books.new("ShopifyPaymentsBalanceTransaction", FIRST_ROW)
    row |= {"type": kind, "test": False, "sourceType": source, "sourceId": str(number_of(row["id"]) + 10**9)}
    row |= {"sourceOrderTransactionId": None, "adjustmentReason": None, "adjustmentsOrders": []}
    row |= {"associatedOrder": None if order is None else {"id": order["id"], "name": order["name"]}}
    row |= {"_minor": minor, "_fee": fee, "_at": moment, "_payout": "", "transactionDate": stamp(moment)}
    return books.keep(row | _figures(books, minor, fee) | more)


def change(books: Books, row: Doc, minor: int, fee: int) -> Doc:
    """The same transaction with other figures."""
    return books.keep(row, _minor=minor, _fee=fee, **_figures(books, minor, fee))


def waiting(books: Books) -> tuple[Doc, ...]:
    return books.find("ShopifyPaymentsBalanceTransaction", "_payout", "")


def of_payout(books: Books, payout: Doc) -> tuple[Doc, ...]:
    """The transactions of a payout, its own transfer among them."""
    return books.find("ShopifyPaymentsBalanceTransaction", "_payout", payout["id"])


def issue(books: Books, rows: list[Doc], moment: datetime, **more: Any) -> Doc:
    """A payout of the rows, with a transfer of its own that empties the balance again."""
    payout = books.new("ShopifyPaymentsPayout", FIRST_PAYOUT)
    payout |= {"issuedAt": stamp(moment), "_at": moment, "_status": "", "_hidden": False, "externalTraceId": None}
    payout |= {"businessEntity": ENTITY, "_total_off": 0} | more
    for row in rows:
        books.keep(row, _payout=payout["id"])
    payout = books.keep(payout)
    net = sum(row["_minor"] - row["_fee"] for row in rows)
    transfer = book(books, "TRANSFER", "TRANSFER", -net, 0, moment, sourceId=payout["legacyResourceId"])
    books.keep(transfer, _payout=payout["id"])
    hooks.note_payout(books, payout)
    return payout


def net_of(books: Books, payout: Doc) -> int:
    return sum(row["_minor"] - row["_fee"] for row in of_payout(books, payout) if row["type"] != "TRANSFER")


def status_of(books: Books, payout: Doc) -> str:
    """Scheduled until the bank has it; a hand may have said otherwise."""
    if payout["_status"]:
        return str(payout["_status"])
    paid = payout["_at"] + timedelta(hours=float(books.shops.switches["paid_after_hours"]))
    return "PAID" if books.shops.now() >= paid else "SCHEDULED"


def shown(books: Books, payout: Doc) -> Doc:
    """A payout with its figures as the API tells them."""
    net = net_of(books, payout) + payout["_total_off"]
    printed = money(abs(net) if books.shops.switches["withdrawal_sign"] == "positive" else net, books.currency)
    figures: Doc = {"net": printed, "gross": printed, "status": status_of(books, payout)}
    figures |= {"transactionType": "WITHDRAWAL" if net < 0 else "DEPOSIT", "summary": summary(books, payout)}
    return payout | figures


def summary(books: Books, payout: Doc) -> Doc:
    """Gross and fee of each group; fees are positive where they were taken."""
    gross, fees = dict.fromkeys(GROUPS, 0), dict.fromkeys(GROUPS, 0)
    for row in of_payout(books, payout):
        if row["type"] != "TRANSFER":
            group = SUMMED.get(row["type"], "adjustments")
            gross[group] += row["_minor"]
            fees[group] += row["_fee"]
    found: Doc = {"__typename": "ShopifyPaymentsPayoutSummary", "usdcRebateCreditAmount": money(0, books.currency)}
    for group in GROUPS:
        # The gross of refunds is called refundsFeeGross, and the fees of advances advanceFees.
        found["refundsFeeGross" if group == "refunds" else f"{group}Gross"] = money(gross[group], books.currency)
        found["advanceFees" if group == "advance" else f"{group}Fee"] = money(fees[group], books.currency)
    return found


def transaction(books: Books, row: Doc) -> Doc:
    """A balance transaction with the payout it belongs to, if any."""
    payout = books.row(row["_payout"]) if row["_payout"] else None
    if payout is None:
        return row | {"associatedPayout": {"id": None, "status": "PENDING"}}
    return row | {"associatedPayout": {"id": payout["id"], "status": status_of(books, payout)}}


def _figures(books: Books, minor: int, fee: int) -> Doc:
    currency = books.currency
    return {"amount": money(minor, currency), "fee": money(fee, currency), "net": money(minor - fee, currency)}
