"""What a person or Shopify itself does: payouts published late, changed, failed; installs, scopes, shops that end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import hooks, installing, ledger, refunding, subscribing, tokens, trade
from tieout.sandbox.shopify.state import Books, Shops


def act(shops: Shops, name: str, told: Doc) -> Any:
    """Carries the act out at once. Raises LookupError for a hand or record that is not there."""
    hand = HANDS.get(name)
    if hand is None:
        raise LookupError(f"no hand is called {name}; there are {', '.join(sorted(HANDS))}")
    domain = str(told.get("shop") or next((row["myshopifyDomain"] for row in shops.shelf.all("shop")), ""))
    if shops.shelf.get("shop", domain) is None:
        raise LookupError(f"no shop {domain}")
    return hand(Books(shops, domain), told)


def _payout(books: Books, told: Doc) -> Doc:
    """The payout named by id or number, or the newest that is shown."""
    rows = books.rows("ShopifyPaymentsPayout")
    wanted = told.get("payout")
    if wanted is None:
        found = next((row for row in reversed(rows) if not row["_hidden"]), None)
    else:
        found = next((row for row in rows if str(wanted) in {row["id"], row["legacyResourceId"]}), None)
    if found is None:
        raise LookupError(f"no payout {wanted or 'at all'}")
    return found


def _missing(books: Books, told: Doc) -> Any:
    return {"payout": books.keep(_payout(books, told), _hidden=True)["id"]}


def _late(books: Books, told: Doc) -> Any:
    """The hidden `payout` is shown; or what waits is paid out now, dated `days_ago` (5)."""
    if told.get("payout"):
        return {"payout": books.keep(_payout(books, told), _hidden=False)["id"]}
    moment = books.shops.now() - timedelta(days=float(str(told.get("days_ago", 5))))
    rows = list(ledger.waiting(books)) or [ledger.book(books, "ADJUSTMENT", "ADJUSTMENT", 1234, 0, moment)]
    return _told(books, ledger.issue(books, rows, moment))


def _edited(books: Books, told: Doc) -> Any:
    """One transaction of a published payout is `by` (1.00) more, and the payout with it."""
    payout = _payout(books, told)
    row = _rows_of(books, payout)[0]
    ledger.change(books, row, row["_minor"] + _minor(told, "by", "1.00"), row["_fee"])
    return _told(books, payout)


def _total(books: Books, told: Doc) -> Any:
    """The net that is stated is `by` (1.00) more than the transactions add up to."""
    payout = _payout(books, told)
    return _told(books, books.keep(payout, _total_off=payout["_total_off"] + _minor(told, "by", "1.00")))


def _rows(books: Books, told: Doc) -> Any:
    """Transactions of a payout: `act` drop, repeat, malformed (a blank amount), or type (`type`, a new word)."""
    payout = _payout(books, told)
    row = _rows_of(books, payout)[0]
    off = 0
    match str(told.get("act", "drop")):
        case "drop":
            books.drop(row)
            off = row["_minor"] - row["_fee"]
        case "repeat":
            more = {name: row[name] for name in ("_payout", "sourceOrderTransactionId", "associatedOrder")}
            ledger.book(books, row["type"], row["sourceType"], row["_minor"], row["_fee"], row["_at"], **more)
            off = row["_fee"] - row["_minor"]
        case "malformed":
            books.keep(row, amount={"amount": "", "currencyCode": books.currency})
        case "type":
            books.keep(row, type=str(told.get("type", "MOONLIGHT_SURCHARGE")))
        case other:
            raise LookupError(f"payout-rows knows no act {other}; there are drop, repeat, malformed, type")
    # The payout itself goes on saying what it said.
    return _told(books, books.keep(payout, _total_off=payout["_total_off"] + off))


def _shape(books: Books, told: Doc) -> Any:
    """Publishes a payout of a `shape`: negative, zero, fees-only or months (transactions of two months)."""
    now = books.shops.now()
    begin = now.replace(day=1, hour=0, minute=30, second=0)
    shapes: dict[str, list[tuple[str, int, int, Any]]] = {
        "negative": [("ADJUSTMENT", -25_000, 0, now)],
        "zero": [("ADJUSTMENT", 5_000, 0, now), ("ADJUSTMENT", -5_000, 0, now)],
        "fees-only": [("SHIPPING_LABEL", -420, 0, now), ("BILLING_DEBIT", -1_900, 0, now)],
        "months": [("ADJUSTMENT", 1_000, 0, begin - timedelta(hours=1)), ("ADJUSTMENT", 2_000, 0, begin)],
    }
    shape = str(told.get("shape", "negative"))
    if shape not in shapes:
        raise LookupError(f"payout-shape knows no shape {shape}; there are {', '.join(shapes)}")
    made = [ledger.book(books, kind, "ADJUSTMENT", minor, fee, at) for kind, minor, fee, at in shapes[shape]]
    return _told(books, ledger.issue(books, made, now))


def _failed(books: Books, told: Doc) -> Any:
    """The bank declined the payout: its money comes back onto the balance and is tried again with the next one."""
    payout = books.keep(_payout(books, told), _status="FAILED")
    net, number = ledger.net_of(books, payout), payout["legacyResourceId"]
    ledger.book(books, "TRANSFER_FAILURE", "TRANSFER", net, 0, books.shops.now(), sourceId=number)
    return _told(books, payout)


def _status(books: Books, told: Doc) -> Any:
    """The payout is `status`: SCHEDULED, IN_TRANSIT, PAID, FAILED or CANCELED; blank lets time tell again."""
    return _told(books, books.keep(_payout(books, told), _status=str(told.get("status", ""))))


def _transaction(books: Books, told: Doc) -> Any:
    """One more balance transaction that waits for its payout: `type`, `amount`, `fee`."""
    minor, fee = _minor(told, "amount", "-1.00"), _minor(told, "fee", "0")
    source = str(told.get("source", "ADJUSTMENT"))
    row = ledger.book(books, str(told.get("type", "ADJUSTMENT")), source, minor, fee, books.shops.now())
    return {"transaction": row["id"]}


def _refund(books: Books, told: Doc) -> Any:
    """A refund of the order named `order` (or the newest), `kind` full, part or goodwill."""
    order = _order(books, told)
    made = refunding.refund(books, order, str(told.get("kind", "part")), books.shops.now())
    if made is None:
        raise LookupError(f"nothing is left to refund of {order['name']}")
    return {"refund": made["id"], "order": order["name"]}


def _dispute(books: Books, told: Doc) -> Any:
    rows = [_order(books, told)] if told.get("order") else list(reversed(books.rows("Order")))
    made = next((row for row in (trade.dispute(books, order, books.shops.now()) for order in rows[:50]) if row), None)
    if made is None:
        raise LookupError("no order was charged by Shopify Payments")
    return {"dispute": made["id"]}


def _order(books: Books, told: Doc) -> Doc:
    rows = books.rows("Order")
    found = next((row for row in reversed(rows) if told.get("order") in {None, row["name"], row["id"]}), None)
    if found is None:
        raise LookupError(f"no order {told.get('order') or 'at all'}")
    return found


def _uninstall(books: Books, told: Doc) -> Any:
    """The shop removes the app: tokens die, subscriptions go, app/uninstalled is told; two days later shop/redact."""
    now = books.shops.now()
    hooks.note(books, "APP_UNINSTALLED", books.shop | {"legacyResourceId": books.shop["id"].rpartition("/")[2]}, now)
    hooks.note_privacy(books, "shop/redact", now + timedelta(hours=48))
    for row in books.rows("WebhookSubscription"):
        books.drop(row)
    gone = tokens.end_all(books.shops, books.domain)
    for row in books.shops.shelf.find("install", "shop", books.domain):
        books.shops.shelf.drop("install", f"{row['app']}/{row['shop']}")
    return {"tokens": gone}


def _token_dead(books: Books, told: Doc) -> Any:
    """Every token of the shop is refused; the app stays installed, and a new install gives new ones."""
    return {"tokens": tokens.end_all(books.shops, books.domain)}


def _scopes(books: Books, told: Doc) -> Any:
    """The app may do this from now on: `scopes`, with the tokens it has."""
    wanted = str(told.get("scopes", "")).replace(",", " ").split()
    rows = books.shops.shelf.find("install", "shop", books.domain)
    for row in rows:
        tokens.installed(books.shops, row["app"], books.domain, wanted)
    return {"scopes": wanted, "apps": [row["app"] for row in rows]}


def _install(books: Books, told: Doc) -> Any:
    """An app is installed by hand; its lasting token is shown once."""
    app_id = str(told.get("app") or next(row["client_id"] for row in books.shops.shelf.all("app")))
    return {"token": installing.grant(books.shops, app_id, books.domain, str(told.get("scopes", "read_orders")))}


def _state(books: Books, told: Doc) -> Any:
    """The shop is `state`: open, frozen (402), fraudulent (403) or locked (423)."""
    return books.shops.shelf.put("shop", books.domain, books.shop | {"_state": str(told.get("state", "open"))})[
        "_state"
    ]


def _privacy(books: Books, told: Doc) -> Any:
    """`topic` customers/data_request, customers/redact or shop/redact, to the app's `privacy_url`."""
    topic = str(told.get("topic", hooks.PRIVACY[0]))
    if topic not in hooks.PRIVACY:
        raise LookupError(f"no notice is called {topic}; there are {', '.join(hooks.PRIVACY)}")
    for row in books.shops.shelf.all("app"):
        url = str(told.get("url") or row["privacy_url"])
        books.shops.shelf.put("app", row["client_id"], row | {"privacy_url": url})
    hooks.note_privacy(books, topic, books.shops.now())
    return {"topic": topic}


def _subscribe(books: Books, told: Doc) -> Any:
    """A subscription of the app's own configuration: `topic` and `url`; failures do not delete it."""
    app_id = str(told.get("app") or next(row["client_id"] for row in books.shops.shelf.all("app")))
    row = subscribing.record(books, app_id, str(told["topic"]), {"uri": str(told["url"])}, "2026-10")
    return {"id": books.keep(row, _made_by_api=False)["id"]}


def _hook_key(books: Books, told: Doc) -> Any:
    """Signs with a new `key` from now on; the receiver is not told."""
    rows = books.shops.shelf.all("app")
    return [
        books.shops.shelf.put("app", row["client_id"], row | {"hook_key": told["key"]})["client_id"] for row in rows
    ]


def _hook_off(books: Books, told: Doc) -> Any:
    rows = books.rows("WebhookSubscription")
    for row in rows:
        books.drop(row)
    return {"deleted": len(rows)}


def _rows_of(books: Books, payout: Doc) -> list[Doc]:
    rows = [row for row in ledger.of_payout(books, payout) if row["type"] != "TRANSFER"]
    if not rows:
        raise LookupError(f"{payout['id']} has no transactions")
    return rows


def _minor(told: Doc, name: str, otherwise: str) -> int:
    return int(Decimal(str(told.get(name, otherwise))).scaleb(2))


def _told(books: Books, payout: Doc) -> Doc:
    shown = ledger.shown(books, payout)
    return {"payout": payout["id"], "net": shown["net"]["amount"], "status": shown["status"]}


HANDS: dict[str, Callable[[Books, Doc], Any]] = {
    "payout-missing": _missing,
    "payout-late": _late,
    "payout-edited": _edited,
    "payout-total": _total,
    "payout-rows": _rows,
    "payout-shape": _shape,
    "payout-failed": _failed,
    "payout-status": _status,
    "transaction": _transaction,
    "refund": _refund,
    "dispute": _dispute,
    "uninstall": _uninstall,
    "channel-token-dead": _token_dead,
    "scopes": _scopes,
    "install": _install,
    "shop-state": _state,
    "privacy": _privacy,
    "subscribe": _subscribe,
    "hook-key": _hook_key,
    "hook-off": _hook_off,
}
