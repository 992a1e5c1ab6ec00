"""What the control door shows of Shopify: every payout with its figures, gateways by month, orders, installs, hooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import ledger
from tieout.sandbox.shopify.amounts import minor_of, printed
from tieout.sandbox.shopify.state import Books, Shops


def show(shops: Shops, name: str, told: Doc) -> Any:
    """Raises LookupError with the names there are."""
    if name not in _SHOWN:
        raise LookupError(f"no evidence is called {name}; there are calls, {', '.join(sorted(_SHOWN))}")
    return _SHOWN[name](shops, told)


def _books(shops: Shops, told: Doc) -> list[Books]:
    wanted = told.get("shop")
    return [
        Books(shops, row["myshopifyDomain"])
        for row in shops.shelf.all("shop")
        if wanted in {None, row["myshopifyDomain"]}
    ]


def _payouts(shops: Shops, told: Doc) -> Any:
    """Each payout with what a reader must arrive at: sums by type, fees, and the net they make."""
    return [_payout(books, row) for books in _books(shops, told) for row in books.rows("ShopifyPaymentsPayout")]


def _payout(books: Books, row: Doc) -> Doc:
    rows = [one for one in ledger.of_payout(books, row) if one["type"] != "TRANSFER"]
    by_type: Counter[str] = Counter()
    for one in rows:
        by_type[one["type"]] += one["_minor"]
    orders = {one["associatedOrder"]["id"] for one in rows if one["associatedOrder"]}
    return {
        "id": row["id"],
        "number": row["legacyResourceId"],
        "shop": books.domain,
        "issued_at": row["issuedAt"],
        "status": ledger.status_of(books, row),
        "is_listed": not row["_hidden"],
        "currency": books.currency,
        "net": printed(ledger.net_of(books, row)),
        "stated": printed(ledger.net_of(books, row) + row["_total_off"]),
        "fees": printed(sum(one["_fee"] for one in rows)),
        "by_type": {kind: printed(minor) for kind, minor in sorted(by_type.items())},
        "transactions": len(rows),
        "orders": len(orders),
    }


def _one(shops: Shops, told: Doc) -> Any:
    """What the charges of the payout `number` were for, in the shop's money: goods, gift cards, postage, tips, taxes.

    `elsewhere` is what other gateways paid of the same orders; goods and postage hold their tax where prices do.
    """
    for books in _books(shops, told):
        for row in books.rows("ShopifyPaymentsPayout"):
            if row["legacyResourceId"] == str(told.get("number")):
                return _payout(books, row) | _contents(books, row)
    raise LookupError(f"no payout {told.get('number')}")


def _contents(books: Books, payout: Doc) -> Doc:
    sums: Counter[str] = Counter()
    taxes: Counter[tuple[str, str, bool, bool]] = Counter()
    for row in ledger.of_payout(books, payout):
        order = books.row(row["associatedOrder"]["id"]) if row["type"] == "CHARGE" else None
        if order is None:
            continue
        for line in order["lineItems"]:
            sums["gift_cards" if line["isGiftCard"] else "goods"] += _shop(line["discountedTotalSet"])
        sums["postage"] += _shop(order["totalShippingPriceSet"])
        sums["tips"] += _shop(order["totalTipReceivedSet"])
        sums["elsewhere"] += _shop(order["totalPriceSet"]) - row["_minor"]
        for tax in order["taxLines"]:
            taxes[order["_place"], tax["title"], tax["channelLiable"], order["taxesIncluded"]] += _shop(tax["priceSet"])
    keys = ("country", "title", "is_channels", "is_inside")
    listed = [dict(zip(keys, key, strict=True)) | {"amount": printed(minor)} for key, minor in sorted(taxes.items())]
    return {name: printed(minor) for name, minor in sums.items()} | {"taxes": listed}


def _shop(bag: Doc) -> int:
    return minor_of(bag["shopMoney"])


def _waiting(shops: Shops, told: Doc) -> Any:
    """What waits for a payout, shop by shop."""
    found: list[Doc] = []
    for books in _books(shops, told):
        rows = ledger.waiting(books)
        total = sum(row["_minor"] - row["_fee"] for row in rows)
        found.append({"shop": books.domain, "transactions": len(rows), "net": printed(total)})
    return found


def _gateways(shops: Shops, told: Doc) -> Any:
    """Sales less refunds of each gateway and month, in the shop's currency; months of the shop's own zone."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for books in _books(shops, told):
        for row in books.rows("OrderTransaction"):
            if row["kind"] in {"SALE", "CAPTURE", "REFUND"}:
                month = books.day_of(row["_at"]).strftime("%Y-%m")
                minor = minor_of(row["amountSet"]["shopMoney"])
                sums[books.domain, row["gateway"], month] += -minor if row["kind"] == "REFUND" else minor
    keys = ("shop", "gateway", "month")
    return [dict(zip(keys, key, strict=True)) | {"net": printed(minor)} for key, minor in sorted(sums.items())]


def _orders(shops: Shops, told: Doc) -> Any:
    """Orders with their sums, tax by title and who is liable."""
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "created_at": row["createdAt"],
            "country": row["_place"],
            "total": row["totalPriceSet"]["shopMoney"]["amount"],
            "tax": row["totalTaxSet"]["shopMoney"]["amount"],
            "refunded": row["totalRefundedSet"]["shopMoney"]["amount"],
            "gateways": row["paymentGatewayNames"],
            "is_channels": row["_channel_tax"],
        }
        for books in _books(shops, told)
        for row in books.rows("Order")
    ]


def _installs(shops: Shops, told: Doc) -> Any:
    """Installs with their scopes and how many tokens of each live; never a token itself."""
    now = shops.now()
    return [
        {name: row[name] for name in ("app", "shop", "scopes")}
        | {
            "access_live": sum(
                one["app"] == row["app"] and (one["expires"] is None or one["expires"] > now)
                for one in shops.shelf.find("access", "shop", row["shop"])
            )
        }
        for row in shops.shelf.all("install")
    ]


def _hooks(shops: Shops, told: Doc) -> Any:
    """Subscriptions, and deliveries that wait."""
    rows = [row for books in _books(shops, told) for row in books.rows("WebhookSubscription")]
    shown = [{name: row[name] for name in ("id", "topic", "uri", "_failures")} for row in rows]
    names = ("id", "topic", "tries", "next", "uri")
    waiting = [{name: row[name] for name in names} for row in shops.shelf.all("delivery")]
    return {"subscriptions": shown, "waiting": waiting}


_SHOWN: dict[str, Callable[[Shops, Doc], Any]] = {
    "payouts": _payouts,
    "payout": _one,
    "waiting": _waiting,
    "gateways": _gateways,
    "orders": _orders,
    "tokens": _installs,
    "hooks": _hooks,
}
