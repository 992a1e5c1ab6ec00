"""Refunds: whole orders, single pieces, and money given out of goodwill, which belongs to no piece."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import hooks, ledger
from tieout.sandbox.shopify.amounts import Bag, Pair, minor_of, share, total
from tieout.sandbox.shopify.ordering import payment
from tieout.sandbox.shopify.state import Books, number_of, stamp

GOODWILL = 500


def minor_tax(order: Doc) -> int:
    """The tax of an order in the shop's minor units."""
    return minor_of(order["totalTaxSet"]["shopMoney"])


def refund(books: Books, order: Doc, kind: str, moment: datetime) -> Doc | None:
    """`kind` is full, part (one piece of the first line) or goodwill. None where nothing is left to give back."""
    pair = Pair(order["currencyCode"], order["presentmentCurrencyCode"], Decimal(order["_rate"]))
    row = books.new("Refund", 950_000_000_001) | {"createdAt": stamp(moment), "processedAt": stamp(moment)}
    row |= {"updatedAt": stamp(moment), "note": None, "order": {"@": order["id"]}, "duties": [], "_at": moment}
    lines = [] if kind == "goodwill" else _lines(order, pair, only_one=kind == "part")
    has_postage = kind == "full" and _bag(order["totalRefundedShippingSet"]) == Bag()
    postage = _postage(order, pair) if has_postage else []
    gives = (
        Bag() if kind != "goodwill" else pair.of(min(GOODWILL, minor_of(order["currentTotalPriceSet"]["shopMoney"])))
    )
    back = total([each["_gives"] for each in (*lines, *postage)]) + gives
    if kind == "full" and not order["refunds"]:
        back = _bag(order["totalPriceSet"])  # to the last unit, the tip too
    if back.shop <= 0:
        return None
    payments = _give_back(books, order, pair, back, moment)
    row |= {"refundLineItems": _kept(lines), "refundShippingLines": _kept(postage), "totalRefundedSet": pair.doc(back)}
    row |= {
        "orderAdjustments": _adjustments(books, pair, gives),
        "transactions": [{"@": one["id"]} for one in payments],
    }
    kept = books.keep(row)
    changed = _change_order(books, order, pair, kept, back, total([each["_gives"] for each in postage]))
    hooks.note(books, "REFUNDS_CREATE", kept, moment)
    hooks.note(books, "ORDERS_UPDATED", changed, moment)
    return kept


def _kept(rows: list[Doc]) -> list[Doc]:
    """Without what was only reckoned with."""
    return [{name: value for name, value in row.items() if name != "_gives"} for row in rows]


def _lines(order: Doc, pair: Pair, *, only_one: bool) -> list[Doc]:
    found: list[Doc] = []
    for line in order["lineItems"]:
        left = int(line["refundableQuantity"])
        quantity = min(left, 1) if only_one else left
        if not quantity or (only_one and found):
            continue
        each = minor_of(line["discountedUnitPriceSet"]["shopMoney"])
        part = pair.of(each * quantity)
        taxes = [
            pair.of(share(part.shop, Decimal(str(tax["rate"])), inside=order["taxesIncluded"]))
            for tax in line["taxLines"]
        ]
        gives = part if order["taxesIncluded"] else part + total(taxes)
        row: Doc = {"__typename": "RefundLineItem", "id": f"{line['id'].replace('LineItem', 'RefundLineItem')}"}
        row |= {"quantity": quantity, "restockType": "RETURN", "restocked": True, "lineItem": line}
        row |= {"priceSet": pair.doc(pair.of(each)), "subtotalSet": pair.doc(part)}
        found.append(row | {"totalTaxSet": pair.doc(total(taxes)), "_gives": gives})
    return found


def _postage(order: Doc, pair: Pair) -> list[Doc]:
    found: list[Doc] = []
    for line in order["shippingLines"]:
        part = _bag(line["discountedPriceSet"])
        tax = total([_bag(one["priceSet"]) for one in line["taxLines"]])
        row: Doc = {"__typename": "RefundShippingLine", "id": line["id"].replace("ShippingLine", "RefundShippingLine")}
        row |= {"shippingLine": line, "subtotalAmountSet": pair.doc(part), "taxAmountSet": pair.doc(tax)}
        found.append(row | {"_gives": part if order["taxesIncluded"] else part + tax})
    return found


def _adjustments(books: Books, pair: Pair, gives: Bag) -> list[Doc]:
    if gives == Bag():
        return []
    number = books.shops.next_number("OrderAdjustment", 400_000_001)
    row: Doc = {"__typename": "OrderAdjustment", "id": f"gid://shopify/OrderAdjustment/{number}"}
    row |= {"amountSet": pair.doc(-gives), "taxAmountSet": pair.doc(Bag()), "reason": "REFUND_DISCREPANCY"}
    return [row]


def _give_back(books: Books, order: Doc, pair: Pair, back: Bag, moment: datetime) -> list[Doc]:
    """The way it came: gateway by gateway, each no more than it took; Shopify Payments takes it off the balance."""
    found: list[Doc] = []
    for taken in _taken(books, order):
        part = Bag(*(min(left, had) for left, had in zip((back.shop, back.buyer), taken["_bag"], strict=True)))
        if part.shop <= 0:
            continue
        one = payment(books, order, pair, taken["gateway"], "REFUND", part, moment, parent=taken["id"])
        if taken["gateway"] == "shopify_payments":
            number = str(number_of(one["id"]))
            ledger.book(books, "REFUND", "REFUND", -part.shop, 0, moment, order, sourceOrderTransactionId=number)
        found.append(one)
        back = back - part
    return found


def _taken(books: Books, order: Doc) -> list[Doc]:
    rows = [books.row(each["@"]) for each in order["transactions"]]
    return [row for row in rows if row is not None and row["kind"] in {"SALE", "CAPTURE"}]


def _change_order(books: Books, order: Doc, pair: Pair, row: Doc, back: Bag, postage: Bag) -> Doc:
    refunded = _bag(order["totalRefundedSet"]) + back
    left = _bag(order["totalPriceSet"]) - refunded
    change: dict[str, Any] = {"totalRefundedSet": pair.doc(refunded), "currentTotalPriceSet": pair.doc(left)}
    change |= {"totalRefundedShippingSet": pair.doc(_bag(order["totalRefundedShippingSet"]) + postage)}
    change |= {"netPaymentSet": pair.doc(left), "updatedAt": row["createdAt"]}
    change |= {"displayFinancialStatus": "REFUNDED" if left.shop <= 0 else "PARTIALLY_REFUNDED"}
    change |= {"refunds": [*order["refunds"], {"@": row["id"]}]}
    change |= {"transactions": [*order["transactions"], *row["transactions"]]}
    given = {line["lineItem"]["id"]: line["quantity"] for line in row["refundLineItems"]}
    lines = [
        line | {name: line[name] - given.get(line["id"], 0) for name in ("currentQuantity", "refundableQuantity")}
        for line in order["lineItems"]
    ]
    return books.keep(order, lineItems=lines, **change)


def _bag(doc: Doc) -> Bag:
    return Bag(minor_of(doc["shopMoney"]), minor_of(doc["presentmentMoney"]))
