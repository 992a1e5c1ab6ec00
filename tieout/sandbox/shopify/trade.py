"""A shop at work: each day its orders, refunds, disputes and corrections; each business day a payout of what is due.

Days are traded when the world's clock has passed them, always in the same way from the same seed.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.shopify import hooks, ledger, refunding
from tieout.sandbox.shopify.amounts import money
from tieout.sandbox.shopify.ordering import place_order
from tieout.sandbox.shopify.state import Books, number_of, stamp

PAYOUT_TIME = time(7, 0)
DAYS_AT_ONCE = 800
DISPUTE_FEE, FLAT_FEE, LABEL = 1500, 25, 420


def up_to_now(books: Books) -> None:
    """Trades every day that has ended and issues every payout that is due, in their order."""
    now, shop = books.shops.now(), books.shop
    for _ in range(DAYS_AT_ONCE):
        day, payout_day = date.fromisoformat(shop["_day"]), date.fromisoformat(shop["_payout_day"])
        ends = books.midnight(day + timedelta(days=1))
        issues = datetime.combine(payout_day, PAYOUT_TIME, books.zone)
        if min(ends, issues) > now:
            return
        if ends <= issues:
            _trade(books, day)
            shop = books.shop | {"_day": (day + timedelta(days=1)).isoformat()}
        else:
            _pay_out(books, payout_day, issues)
            shop = books.shop | {"_payout_day": _business_day(payout_day, 1).isoformat()}
        books.shops.shelf.put("shop", books.domain, shop)


def due_day(day: date) -> date:
    """The payout that pays what a day brought: two business days later, so that a weekend comes in one."""
    return _business_day(day, 2)


def charge(books: Books, order: Doc, paid: Doc) -> Doc:
    """The balance transaction of a payment by Shopify Payments, and the fee on the payment itself."""
    minor = int(paid["_bag"][0])
    is_abroad = order["_place"] not in {"GB", "JE"}
    rate = Decimal("0.029") if is_abroad else Decimal("0.015")
    fee = int(minor * rate + Decimal("0.5")) + FLAT_FEE
    fees = [_fee_of(books, minor, fee, rate)]
    books.keep(paid, fees=fees)
    tax = refunding.minor_tax(order) if order["_channel_tax"] else 0
    excluded = tax if books.shops.switches["channel_tax"] == "excluded" else 0
    number = str(number_of(paid["id"]))
    row = ledger.book(
        books, "CHARGE", "CHARGE", minor - excluded, fee, paid["_at"], order, sourceOrderTransactionId=number
    )
    if tax and not excluded:
        ledger.book(
            books, "TAX_ADJUSTMENT_DEBIT", "ADJUSTMENT", -tax, 0, paid["_at"], order, adjustmentReason="marketplace_tax"
        )
    return row


def _trade(books: Books, day: date) -> None:
    begin = books.midnight(day)
    chance = random.Random(f"{books.shops.world.seed} {books.domain} {day}")
    for moment in _moments(books, chance, day):
        order, paid = place_order(books, chance, moment)
        for topic in ("ORDERS_CREATE", "ORDERS_PAID"):
            hooks.note(books, topic, order, moment)
        for one in paid:
            if one["gateway"] == "shopify_payments":
                charge(books, order, one)
        _plan_what_follows(books, chance, order, day)
    evening = begin + timedelta(hours=20)
    for due in sorted(books.find("Due", "day", day.isoformat()), key=lambda row: str(row["id"])):
        _carry_out(books, due, evening)
        books.drop(due)
    _corrections(books, chance, day, evening)


def _moments(books: Books, chance: random.Random, day: date) -> list[datetime]:
    """When people buy; for certain at both edges of a month, where the shop's day is not the day of UTC."""
    begin, quiet = books.midnight(day), 85 if day.weekday() >= 5 else 100
    count = max(1, books.shop["_orders_a_day"] * (80 + chance.randrange(40)) * quiet // 10_000)
    found = [
        begin + timedelta(seconds=7 * 3600 + number * 4_127 % 57_600, minutes=chance.randrange(50))
        for number in range(count)
    ]
    if day.day == 1:
        found.append(begin + timedelta(minutes=10))
    if (day + timedelta(days=1)).day == 1:
        found.append(begin + timedelta(hours=23, minutes=50))
    return sorted(found)


def _plan_what_follows(books: Books, chance: random.Random, order: Doc, day: date) -> None:
    """Some orders are refunded later, a few are disputed; which is decided when they are placed."""
    draw = chance.randrange(1000)
    days = 1 + int(chance.expovariate(1 / 5))
    kind = "full" if draw < 15 else "part" if draw < 35 else "goodwill" if draw < 42 else "dispute" if draw < 47 else ""
    if kind:
        _due(books, order["id"], kind, day + timedelta(days=min(days, 30)))


def _due(books: Books, order_id: str, kind: str, day: date) -> None:
    number = books.shops.next_number("Due", 1)
    row: Doc = {"__typename": "Due", "id": f"gid://shopify/Due/{number:09d}", "order": order_id}
    books.keep(row | {"kind": kind, "day": day.isoformat()})


def _carry_out(books: Books, due: Doc, moment: datetime) -> None:
    order = books.row(due["order"])
    assert order is not None, "what is due is due of an order"
    if due["kind"] == "dispute":
        dispute(books, order, moment)
    elif due["kind"] == "won":
        win(books, due["order"], moment)
    else:
        refunding.refund(books, order, due["kind"], moment)


def dispute(books: Books, order: Doc, moment: datetime) -> Doc | None:
    """A chargeback: the money and a fee of 15.00 go at once. None for an order not paid through Shopify Payments."""
    charges = [
        row
        for row in books.find("ShopifyPaymentsBalanceTransaction", "type", "CHARGE")
        if row["associatedOrder"] and row["associatedOrder"]["id"] == order["id"]
    ]
    if not charges:
        return None
    row = books.new("ShopifyPaymentsDispute", 3_300_000_001)
    row |= {"amount": charges[0]["amount"], "initiatedAt": stamp(moment), "order": {"@": order["id"]}}
    row |= {"evidenceDueBy": stamp(moment + timedelta(days=9)), "evidenceSentOn": None, "finalizedOn": None}
    row |= {"reasonDetails": {"reason": "PRODUCT_NOT_RECEIVED", "networkReasonCode": "4855"}}
    row |= {"status": "NEEDS_RESPONSE", "type": "CHARGEBACK", "_minor": charges[0]["_minor"], "_order": order["id"]}
    kept = books.keep(row | {"_at": moment})
    number = row["legacyResourceId"]
    ledger.book(books, "DISPUTE_WITHDRAWAL", "DISPUTE", -row["_minor"], DISPUTE_FEE, moment, order, sourceId=number)
    hooks.note(books, "DISPUTES_CREATE", kept, moment)
    if number_of(row["id"]) % 2:
        _due(books, order["id"], "won", books.day_of(moment) + timedelta(days=12))
    return kept


def win(books: Books, order_id: str, moment: datetime) -> None:
    """The dispute of an order is won: the money comes back, and the fee with it."""
    for row in books.find("ShopifyPaymentsDispute", "_order", order_id):
        kept = books.keep(row, status="WON", finalizedOn=stamp(moment))
        order, number = books.row(order_id), row["legacyResourceId"]
        ledger.book(books, "DISPUTE_REVERSAL", "DISPUTE", row["_minor"], -DISPUTE_FEE, moment, order, sourceId=number)
        hooks.note(books, "DISPUTES_UPDATE", kept, moment)


def _corrections(books: Books, chance: random.Random, day: date, moment: datetime) -> None:
    """What Shopify itself takes and gives: labels, a reserve held on the 5th and released on the 19th, its own bill."""
    if chance.randrange(100) < 12:
        ledger.book(books, "SHIPPING_LABEL", "ADJUSTMENT", -LABEL, 0, moment)
    if chance.randrange(100) < 4:
        ledger.book(books, "ADJUSTMENT", "ADJUSTMENT", 315, 0, moment, adjustmentReason="correction")
    if day.day in {5, 19}:
        kind, minor = ("RESERVED_FUNDS", -10_000) if day.day == 5 else ("RESERVED_FUNDS_REVERSAL", 10_000)
        ledger.book(books, kind, "ADJUSTMENT", minor, 0, moment)
    if day.day == 12:
        ledger.book(books, "BILLING_DEBIT", "ADJUSTMENT", -1900, 0, moment, adjustmentReason="app_charges")


def _pay_out(books: Books, day: date, moment: datetime) -> None:
    rows = [row for row in ledger.waiting(books) if due_day(books.day_of(row["_at"])) <= day]
    if rows:
        ledger.issue(books, rows, moment)


def _business_day(day: date, after: int) -> date:
    while after:
        day += timedelta(days=1)
        after -= day.weekday() < 5
    return day


def _fee_of(books: Books, minor: int, fee: int, rate: Decimal) -> Doc:
    number, currency = books.shops.next_number("TransactionFee", 900_000_001), books.currency
    return {
        "id": f"gid://shopify/TransactionFee/{number}",
        "type": "processing_fee",
        "amount": money(fee, currency),
        "flatFee": money(FLAT_FEE, currency),
        "flatFeeName": "fixed",
        "rate": str(rate),
        "rateName": "card",
        "taxAmount": money(0, currency),
    }
