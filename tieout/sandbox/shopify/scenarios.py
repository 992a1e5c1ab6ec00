"""What the stand-in holds at first: apps, shops with their trade so far, and tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import installing, ledger, trade
from tieout.sandbox.shopify.state import Books, Shops, stamp

APP_ID, APP_SECRET = "tieoutdemo0000000000000000000000", "shpss_tieoutdemo000000000000000000"
DOMAIN, TOKEN = "harbour-and-finch.myshopify.com", "shpat_tieoutdemo00000000000000000000"
OTHER = "demo-elsewhere.myshopify.com"
SCOPES = (
    "read_orders read_all_orders read_shopify_payments_accounts read_shopify_payments_payouts"
    " read_shopify_payments_disputes"
)
REDIRECTS = tuple(
    f"http://localhost{port}{path}"
    for port in ("", ":8000", ":8080", ":5173")
    for path in ("/oauth/shopify/callback", "/channels/shopify/callback", "/callback")
)
HISTORY_DAYS = 75


def named(name: str) -> Callable[[Shops], Doc]:
    """Raises LookupError for an unknown scenario."""
    if name not in _SCENARIOS:
        raise LookupError(f"no scenario is called {name}; there are {', '.join(sorted(_SCENARIOS))}")
    return _SCENARIOS[name]


def app(shops: Shops, client_id: str = APP_ID, secret: str = APP_SECRET, **more: Any) -> Doc:
    """An app of its own kind for one organisation; `redirects` are the addresses an install may end at."""
    row: Doc = {"client_id": client_id, "secret": secret, "name": "Tieout", "redirects": list(REDIRECTS)}
    return shops.shelf.put("app", client_id, row | {"organisation": "harbour", "privacy_url": ""} | more)


def allow(shops: Shops, uris: Sequence[str]) -> None:
    """Every app may be sent back to these too."""
    for row in shops.shelf.all("app"):
        shops.shelf.put("app", row["client_id"], row | {"redirects": [*row["redirects"], *uris]})


def shop(shops: Shops, domain: str = DOMAIN, *, history_days: int = HISTORY_DAYS, **more: Any) -> Books:
    """A shop that has traded for so many days; `_orders_a_day` and all else may be told."""
    number = 60_000_000_001 + shops.shelf.count("shop")
    begun = shops.now() - timedelta(days=history_days)
    row: Doc = {"id": f"gid://shopify/Shop/{number}", "name": "Harbour & Finch", "myshopifyDomain": domain}
    row |= {"email": "shop@harbourandfinch.example", "contactEmail": "shop@harbourandfinch.example"}
    row |= {"currencyCode": "GBP", "ianaTimezone": "Europe/London", "timezoneAbbreviation": "GMT"}
    row |= {"timezoneOffset": "+0000", "timezoneOffsetMinutes": 0, "taxesIncluded": True, "taxShipping": True}
    row |= {"shopOwnerName": "Lucy Finch", "createdAt": stamp(begun), "url": f"https://{domain}"}
    row |= {"enabledPresentmentCurrencies": ["GBP", "EUR", "USD", "AUD", "CAD"], "_organisation": "harbour"}
    plan = {"displayName": "Basic", "publicDisplayName": "Basic", "partnerDevelopment": False, "shopifyPlus": False}
    row |= {"plan": plan, "_state": "open", "_country": "GB", "_has_payments": True, "_orders_a_day": 6} | more
    books = Books(shops, domain)
    shops.shelf.put("shop", domain, row)
    first = books.day_of(begun)
    row |= {"_day": first.isoformat(), "_payout_day": trade.due_day(first).isoformat()}
    shops.shelf.put("shop", domain, row)
    trade.up_to_now(books)
    return books


def _empty(shops: Shops) -> Doc:
    return {"app": app(shops)["client_id"]}


def _london(shops: Shops) -> Doc:
    """One shop in London with ten weeks of trade, an app in it and its token; one payout was taken from the bank."""
    app(shops)
    books = shop(shops)
    token = installing.grant(shops, APP_ID, DOMAIN, SCOPES, TOKEN)
    return {"shop": books.domain, "token": token, "payouts": len(books.rows("ShopifyPaymentsPayout"))}


def _withdrawal(shops: Shops) -> Doc:
    """As london, and the newest payout is taken from the bank: more went back than came in."""
    told = _london(shops)
    books = Books(shops, DOMAIN)
    moment = shops.now() - timedelta(hours=30)
    row = ledger.book(books, "ADJUSTMENT", "ADJUSTMENT", -25_000, 0, moment, adjustmentReason="correction")
    payout = ledger.issue(books, [row], moment)
    return told | {"withdrawal": payout["id"]}


def _busy(shops: Shops) -> Doc:
    """A shop whose payouts need more than one page: a hundred and fifty orders a day for twelve days."""
    app(shops)
    books = shop(shops, history_days=12, _orders_a_day=150)
    token = installing.grant(shops, APP_ID, DOMAIN, SCOPES, TOKEN)
    return {"shop": books.domain, "token": token, "payouts": len(books.rows("ShopifyPaymentsPayout"))}


def _two(shops: Shops) -> Doc:
    """Two shops of two organisations, one of them without Shopify Payments; the app is installed in both."""
    told = _london(shops)
    shop(shops, OTHER, name="Demo elsewhere", _organisation="elsewhere", _has_payments=False, history_days=20)
    token = installing.grant(shops, APP_ID, OTHER, SCOPES)
    return told | {"other": OTHER, "other_token": token}


_SCENARIOS: dict[str, Callable[[Shops], Doc]] = {
    "london": _london,
    "withdrawal": _withdrawal,
    "two": _two,
    "busy": _busy,
    "empty": _empty,
}
