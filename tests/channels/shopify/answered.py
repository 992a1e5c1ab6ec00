"""Answers of Shopify's API for tests, made by hand: a payout, its balance transactions, the orders behind them."""

import json
from dataclasses import dataclass, field
from typing import Any

PAYOUT = "gid://shopify/ShopifyPaymentsPayout/118000000907"
SHOP = "demo.myshopify.com"


def cash(amount: str, currency: str = "GBP") -> dict[str, str]:
    return {"amount": amount, "currencyCode": currency}


def both(amount: str, currency: str = "GBP") -> dict[str, Any]:
    return {"shopMoney": cash(amount, currency), "presentmentMoney": cash(amount, currency)}


def tax(amount: str, rate: str = "0.2", currency: str = "GBP", is_theirs: bool = False) -> dict[str, Any]:
    return {"title": "VAT", "rate": rate, "channelLiable": is_theirs, "priceSet": both(amount, currency)}


def item(
    price: str, *taxes: dict[str, Any], id: int = 1, is_card: bool = False, currency: str = "GBP"
) -> dict[str, Any]:
    named = {"id": f"gid://shopify/LineItem/{id}", "quantity": 1, "isGiftCard": is_card}
    return named | {"discountedTotalSet": both(price, currency), "taxLines": list(taxes)}


def post(price: str, *taxes: dict[str, Any], currency: str = "GBP") -> dict[str, Any]:
    return {"discountedPriceSet": both(price, currency), "taxLines": list(taxes)}


def paid(
    id: int, amount: str, gateway: str = "shopify_payments", kind: str = "SALE", currency: str = "GBP", at: str = ""
) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/OrderTransaction/{id}",
        "kind": kind,
        "status": "SUCCESS",
        "gateway": gateway,
        "test": False,
        "processedAt": at or "2026-06-08T10:00:00Z",
        "amountSet": both(amount, currency),
    }


def order(number: int, total: str, items: list[Any], payments: list[Any], **more: Any) -> dict[str, Any]:
    """`country` and `currency` may be named; posts, tips and refunds are Shopify's own fields."""
    country, currency = more.pop("country", "GB"), more.pop("currency", "GBP")
    usual = {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#D{number}",
        "currencyCode": currency,
        "taxesIncluded": country == "GB",
        "shippingAddress": {"countryCodeV2": country, "provinceCode": None},
        "totalPriceSet": both(total, currency),
        "lineItems": {"nodes": items, "pageInfo": {"hasNextPage": False, "endCursor": None}},
        "shippingLines": {"nodes": []},
        "transactions": payments,
        "refunds": [],
    }
    return usual | more


def balance(
    id: int, amount: str, fee: str = "0.00", kind: str = "CHARGE", order: int = 0, source: int = 0, **more: Any
) -> dict[str, Any]:
    currency = more.pop("currency", "GBP")
    net = f"{(cents(amount) - cents(fee)) / 100:.2f}"
    usual = {
        "id": f"gid://shopify/ShopifyPaymentsBalanceTransaction/{id}",
        "type": kind,
        "test": False,
        "transactionDate": "2026-06-08T09:19:01Z",
        "amount": cash(amount, currency),
        "fee": cash(fee, currency),
        "net": cash(net, currency),
        "associatedOrder": {"id": f"gid://shopify/Order/{order}", "name": f"#D{order}"} if order else None,
        "associatedPayout": {"id": PAYOUT, "status": "PAID"},
        "sourceOrderTransactionId": str(source) if source else None,
    }
    return usual | more


def cents(amount: str) -> int:
    return round(float(amount) * 100)


@dataclass
class File:
    """One payout as it was asked for. `pages` are the balance transactions."""

    net: str
    rows: list[Any]
    orders: list[Any] = field(default_factory=list)
    status: str = "PAID"
    kind: str = "DEPOSIT"
    currency: str = "GBP"
    is_whole: bool = True
    page: int = 250

    def __str__(self) -> str:
        lines: list[Any] = [{"tieout": "shopify-api", "version": 1, "shop": SHOP, "payout": PAYOUT}, self._payout()]
        pages = [self.rows[at : at + self.page] for at in range(0, max(len(self.rows), 1), self.page)]
        for page in pages:
            more = page is not pages[-1] or not self.is_whole
            found = {"nodes": page, "pageInfo": {"hasNextPage": more, "endCursor": "x"}}
            lines.append({"data": {"shopifyPaymentsAccount": {"balanceTransactions": found}}})
        if self.orders:
            lines.append({"data": {"nodes": self.orders}, "extensions": {"cost": {"requestedQueryCost": 12}}})
        return "".join(json.dumps(line) + "\n" for line in lines)

    def _payout(self) -> dict[str, Any]:
        named = {"id": PAYOUT, "legacyResourceId": "118000000907", "issuedAt": "2026-06-11T00:00:00Z"}
        told = {"status": self.status, "transactionType": self.kind, "net": cash(self.net, self.currency)}
        return {"data": {"node": named | told}}


def period(month: str, orders: list[Any]) -> str:
    """Orders of a month, for the payments by other gateways."""
    lines = [{"tieout": "shopify-api", "version": 1, "shop": SHOP, "period": month}, {"data": {"nodes": orders}}]
    return "".join(json.dumps(line) + "\n" for line in lines)
