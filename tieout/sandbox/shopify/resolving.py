"""The fields that are more than a value of their record: roots, pages, figures made of other records, mutations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import ledger, paging, subscribing, versions
from tieout.sandbox.shopify.amounts import minor_of, money
from tieout.sandbox.shopify.asking import ACCOUNT, DISPUTES, ORDERS, PAYOUTS, Asked, denied
from tieout.sandbox.shopify.paging import BadWindow
from tieout.sandbox.shopify.running import FieldError, Resolver
from tieout.sandbox.shopify.search import Filters, Search
from tieout.sandbox.shopify.state import number_of

WITHOUT_ALL_ORDERS = timedelta(days=60)


def follow(asked: Asked, gid: str) -> Doc | None:
    return asked.books.row(gid)


def _shop(asked: Asked, source: Doc, told: Doc) -> Doc:
    return asked.books.shop | {"__typename": "Shop"}


def _account(asked: Asked, source: Doc, told: Doc) -> Doc | None:
    opens = ["read_shopify_payments", "read_shopify_payments_accounts"]
    if asked.shops.switches["account_scope"] == "payouts":
        opens.append("read_shopify_payments_payouts")
    asked.demand("shopifyPaymentsAccount", ACCOUNT, *opens)
    shop = asked.books.shop
    if not shop["_has_payments"]:
        return None
    row: Doc = {"__typename": "ShopifyPaymentsAccount", "id": "gid://shopify/ShopifyPaymentsAccount/55100000001"}
    row |= {"activated": True, "country": shop["_country"], "defaultCurrency": shop["currencyCode"]}
    row |= {"onboardable": False, "payoutStatementDescriptor": None, "accountOpenerName": shop["shopOwnerName"]}
    return row | {"payoutSchedule": {"interval": "DAILY", "monthlyAnchor": None, "weeklyAnchor": None}}


def _balance(asked: Asked, source: Doc, told: Doc) -> list[Doc]:
    waiting = sum(row["_minor"] - row["_fee"] for row in ledger.waiting(asked.books))
    return [money(waiting, asked.books.currency)]


def _payouts(asked: Asked, source: Doc, told: Doc) -> Doc:
    asked.demand("payouts", PAYOUTS, "read_shopify_payments", "read_shopify_payments_payouts")
    books = asked.books
    rows = [ledger.shown(books, row) for row in books.rows("ShopifyPaymentsPayout") if not row["_hidden"]]
    wanted = told.get("transactionType")
    rows = [row for row in rows if wanted in {None, row["transactionType"]}]
    return _page(asked, rows, told, PAYOUT_FILTERS, PAYOUT_ORDER)


def _transactions(asked: Asked, source: Doc, told: Doc) -> Doc:
    asked.demand("balanceTransactions", PAYOUTS, "read_shopify_payments", "read_shopify_payments_payouts")
    books = asked.books
    hides = bool(told.get("hideTransfers")) or not asked.shops.switches["transfer_rows"]
    rows = [
        ledger.transaction(books, row)
        for row in books.rows("ShopifyPaymentsBalanceTransaction")
        if not (hides and row["type"] == "TRANSFER")
    ]
    return _page(asked, rows, told, TRANSACTION_FILTERS, TRANSACTION_ORDER)


def _disputes(asked: Asked, source: Doc, told: Doc) -> Doc:
    asked.demand("disputes", DISPUTES, "read_shopify_payments", "read_shopify_payments_disputes")
    rows = list(asked.books.rows("ShopifyPaymentsDispute"))
    return _page(asked, rows, told, DISPUTE_FILTERS, {"": lambda row: row["_at"]})


def _dispute(asked: Asked, source: Doc, told: Doc) -> Doc | None:
    asked.demand("dispute", DISPUTES, "read_shopify_payments", "read_shopify_payments_disputes")
    return _of_kind(asked, told, "ShopifyPaymentsDispute")


def _orders(asked: Asked, source: Doc, told: Doc) -> Doc:
    asked.demand("orders", ORDERS, "read_orders")
    rows = [row for row in asked.books.rows("Order") if _is_open(asked, row)]
    return _page(asked, rows, told, ORDER_FILTERS, ORDER_ORDER)


def _order(asked: Asked, source: Doc, told: Doc) -> Doc | None:
    asked.demand("order", ORDERS, "read_orders")
    return _seen(asked, _of_kind(asked, told, "Order"))


def _refund(asked: Asked, source: Doc, told: Doc) -> Doc | None:
    asked.demand("refund", ORDERS, "read_orders")
    return _of_kind(asked, told, "Refund")


def _node(asked: Asked, source: Doc, told: Doc) -> Doc | None:
    gid = str(told["id"])
    if not gid.startswith("gid://shopify/"):
        raise FieldError(f"Invalid global id '{gid}'", "argumentLiteralsIncompatible", typeName="CoercionError")
    row = asked.books.row(gid)
    if row is None or row.get("_hidden"):
        return None
    match row["__typename"]:
        case "Order" | "Refund" | "OrderTransaction":
            asked.demand("node", ORDERS, "read_orders")
            return _seen(asked, row)
        case "ShopifyPaymentsPayout":
            asked.demand("node", PAYOUTS, "read_shopify_payments", "read_shopify_payments_payouts")
            return ledger.shown(asked.books, row)
        case "ShopifyPaymentsBalanceTransaction":
            asked.demand("node", PAYOUTS, "read_shopify_payments", "read_shopify_payments_payouts")
            return ledger.transaction(asked.books, row)
        case "ShopifyPaymentsDispute":
            asked.demand("node", DISPUTES, "read_shopify_payments", "read_shopify_payments_disputes")
            return row
        case "WebhookSubscription":
            return row if row["_app"] == asked.app else None
    return None


def _nodes(asked: Asked, source: Doc, told: Doc) -> list[Doc | None]:
    return [_node(asked, source, {"id": gid}) for gid in told["ids"]]


def _of_kind(asked: Asked, told: Doc, kind: str) -> Doc | None:
    row = _record(asked, str(told["id"]))
    return row if row is not None and row["__typename"] == kind else None


def _record(asked: Asked, gid: str) -> Doc | None:
    if not gid.startswith("gid://shopify/"):
        raise FieldError(f"Invalid global id '{gid}'", "argumentLiteralsIncompatible", typeName="CoercionError")
    return asked.books.row(gid)


def _is_open(asked: Asked, row: Doc) -> bool:
    """Orders of the last sixty days; all of them with read_all_orders."""
    return asked.has("read_all_orders") or bool(row["_at"] >= asked.now - WITHOUT_ALL_ORDERS)


def _seen(asked: Asked, row: Doc | None) -> Doc | None:
    return row if row is None or row["__typename"] != "Order" or _is_open(asked, row) else None


def _address(name: str) -> Resolver:
    def address(asked: Asked, source: Doc, told: Doc) -> Any:
        if not asked.shops.switches["approved_data"]:
            required = "This app is not approved to access protected customer data."
            raise denied(name, required)
        return source.get(name)

    return address


def _inner(name: str) -> Resolver:
    """A page of what the record itself holds, in the order in which it holds it."""

    def inner(asked: Asked, source: Doc, told: Doc) -> Doc:
        held = [_followed(asked, row) for row in source.get(name) or []]
        place = {id(row): at for at, row in enumerate(held)}
        return _page(asked, held, told, {}, {"": lambda row: place[id(row)]})

    return inner


def _list(name: str) -> Resolver:
    """A plain list, cut by `first`."""

    def listed(asked: Asked, source: Doc, told: Doc) -> list[Any]:
        held = list(source.get(name) or [])
        first = told.get("first")
        return held if first is None else held[: int(first)]

    return listed


def _followed(asked: Asked, row: Doc) -> Doc:
    found = asked.books.row(row["@"]) if "@" in row else row
    assert found is not None, "what is listed is kept"
    return found


def _entity(asked: Asked, source: Doc, told: Doc) -> Doc:
    return ledger.ENTITY


def _installation(asked: Asked, source: Doc, told: Doc) -> Doc:
    scopes = [{"handle": name, "description": name.replace("_", " ").capitalize()} for name in sorted(asked.scopes)]
    return {"id": "gid://shopify/AppInstallation/700000001", "accessScopes": scopes}


def _versions(asked: Asked, source: Doc, told: Doc) -> list[dict[str, object]]:
    return versions.listed(asked.now)


def _hooks(asked: Asked, source: Doc, told: Doc) -> Doc:
    rows = [row for row in asked.books.rows("WebhookSubscription") if row["_app"] == asked.app]
    for name, key in (("topics", "topic"), ("format", "format"), ("uri", "uri"), ("callbackUrl", "uri")):
        wanted = told.get(name)
        if wanted is not None:
            rows = [row for row in rows if row[key] in (wanted if isinstance(wanted, list) else [wanted])]
    return _page(asked, rows, told, {"id": lambda row: number_of(row["id"])}, {"": lambda row: row["_at"]})


def _page(
    asked: Asked, rows: list[Doc], told: Doc, filters: Filters, orders: Mapping[str, Callable[[Doc], Any]]
) -> Doc:
    """The rows that the query text fits, in the order of the sort key, cut to the window."""
    text = str(told.get("query") or "")
    if text:
        search = Search(text, filters, asked.books.zone)
        test = search.test()
        rows = [row for row in rows if test(row)]
        if search.warnings:
            asked.searches.append({"path": list(asked.path), "query": text, "warnings": search.warnings})
    order = orders.get(str(told.get("sortKey") or ""), orders.get("", lambda row: number_of(row["id"])))
    try:
        return paging.page(rows, told, order)
    except BadWindow as bad:
        raise FieldError(str(bad), "BAD_REQUEST") from None


def _gross(group: str) -> Callable[[Doc], Any]:
    name = "refundsFeeGross" if group == "refunds" else f"{group}Gross"
    return lambda row: minor_of(row["summary"][name])


def _fees(row: Doc) -> int:
    return sum(minor_of(value) for name, value in row["summary"].items() if name.endswith(("Fee", "Fees")))


def _of_payout(row: Doc) -> int:
    return number_of(row["_payout"]) if row["_payout"] else 0


def _moment(row: Doc) -> datetime:
    found: datetime = row["_at"]
    return found


PAYOUT_FILTERS: Filters = {
    "id": lambda row: number_of(row["id"]),
    "issued_at": _moment,
    "status": lambda row: row["status"],
    "currency": lambda row: row["net"]["currencyCode"],
    "amount": lambda row: minor_of(row["net"]) // 100,
    "transaction_dates": _moment,
    "ledger_type": lambda row: "payout",
    "bank_account": lambda row: "",
}
TRANSACTION_FILTERS: Filters = {
    "id": lambda row: number_of(row["id"]),
    "payments_transfer_id": _of_payout,
    "payout_status": lambda row: row["associatedPayout"]["status"],
    "processed_at": _moment,
    "transaction_type": lambda row: row["type"],
    "currency": lambda row: row["amount"]["currencyCode"],
    "payment_method_name": lambda row: "visa",
    "payout_date": _moment,
    "available_on": _moment,
}
DISPUTE_FILTERS: Filters = {
    "id": lambda row: number_of(row["id"]),
    "initiated_at": _moment,
    "status": lambda row: row["status"],
}
ORDER_FILTERS: Filters = {
    "id": lambda row: number_of(row["id"]),
    "name": lambda row: row["name"],
    "created_at": _moment,
    "processed_at": _moment,
    "updated_at": lambda row: datetime.fromisoformat(row["updatedAt"]),
    "financial_status": lambda row: row["displayFinancialStatus"],
    "gateway": lambda row: row["paymentGatewayNames"],
    "source_name": lambda row: row["sourceName"],
    "test": lambda row: str(row["test"]).lower(),
    "status": lambda row: ["any", "closed" if row["closed"] else "open"],
}
PAYOUT_ORDER: dict[str, Callable[[Doc], Any]] = {
    "ISSUED_AT": _moment,
    "AMOUNT": lambda row: minor_of(row["net"]),
    "STATUS": lambda row: row["status"],
    "FEE_AMOUNT": _fees,
    "CHARGE_GROSS": _gross("charges"),
    "REFUND_GROSS": _gross("refunds"),
    "ADJUSTMENT_GROSS": _gross("adjustments"),
    "ADVANCE_GROSS": _gross("advance"),
}
TRANSACTION_ORDER: dict[str, Callable[[Doc], Any]] = {
    "PROCESSED_AT": _moment,
    "AMOUNT": lambda row: row["_minor"],
    "FEE": lambda row: row["_fee"],
    "NET": lambda row: row["_minor"] - row["_fee"],
    "ORDER_NAME": lambda row: (row["associatedOrder"] or {"name": ""})["name"],
    "PAYOUT_DATE": _of_payout,
    "PAYOUT_STATUS": lambda row: row["associatedPayout"]["status"],
    "TRANSACTION_TYPE": lambda row: row["type"],
}
ORDER_ORDER: dict[str, Callable[[Doc], Any]] = {
    "PROCESSED_AT": _moment,
    "CREATED_AT": _moment,
    "UPDATED_AT": lambda row: datetime.fromisoformat(row["updatedAt"]),
    "ORDER_NUMBER": lambda row: row["number"],
    "TOTAL_PRICE": lambda row: minor_of(row["totalPriceSet"]["shopMoney"]),
    "CURRENT_TOTAL_PRICE": lambda row: minor_of(row["currentTotalPriceSet"]["shopMoney"]),
    "FINANCIAL_STATUS": lambda row: row["displayFinancialStatus"],
}
RESOLVERS: dict[tuple[str, str], Resolver] = {
    ("QueryRoot", "shop"): _shop,
    ("QueryRoot", "shopifyPaymentsAccount"): _account,
    ("QueryRoot", "orders"): _orders,
    ("QueryRoot", "order"): _order,
    ("QueryRoot", "refund"): _refund,
    ("QueryRoot", "dispute"): _dispute,
    ("QueryRoot", "node"): _node,
    ("QueryRoot", "nodes"): _nodes,
    ("QueryRoot", "currentAppInstallation"): _installation,
    ("QueryRoot", "publicApiVersions"): _versions,
    ("QueryRoot", "webhookSubscriptions"): _hooks,
    ("Mutation", "webhookSubscriptionCreate"): subscribing.create,
    ("Mutation", "webhookSubscriptionUpdate"): subscribing.update,
    ("Mutation", "webhookSubscriptionDelete"): subscribing.delete,
    ("ShopifyPaymentsAccount", "balance"): _balance,
    ("ShopifyPaymentsAccount", "payouts"): _payouts,
    ("ShopifyPaymentsAccount", "balanceTransactions"): _transactions,
    ("ShopifyPaymentsAccount", "disputes"): _disputes,
    ("Order", "lineItems"): _inner("lineItems"),
    ("Order", "shippingLines"): _inner("shippingLines"),
    ("Order", "refunds"): _list("refunds"),
    ("Order", "transactions"): _list("transactions"),
    ("Order", "shippingAddress"): _address("shippingAddress"),
    ("Order", "billingAddress"): _address("billingAddress"),
    ("Order", "merchantBusinessEntity"): _entity,
    ("LineItem", "taxLines"): _list("taxLines"),
    ("Refund", "refundLineItems"): _inner("refundLineItems"),
    ("Refund", "refundShippingLines"): _inner("refundShippingLines"),
    ("Refund", "orderAdjustments"): _inner("orderAdjustments"),
    ("Refund", "transactions"): _inner("transactions"),
}
