"""Webhooks: what happened, kept for every subscription, signed, sent when the door says so, repeated, at last given up.

Shopify waits one second for the connection and five in all, repeats eight times over four hours with the old payload to
the old address, and deletes a subscription that the Admin API made after eight failures in a row.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tieout.sandbox import Doc
from tieout.sandbox.bent import to_json

if TYPE_CHECKING:
    from tieout.sandbox.shopify.state import Books, Shops

CONNECT_SECONDS, REPLY_SECONDS = 1.0, 5.0
# Minutes after the first try, growing; eight in four hours.
RETRIES = (1, 3, 8, 18, 38, 78, 140, 240)
PRIVACY = ("customers/data_request", "customers/redact", "shop/redact")
NEEDS = {"ORDERS": "read_orders", "REFUNDS": "read_orders", "DISPUTES": "read_shopify_payments_disputes"}


def signature(secret: str, body: bytes) -> str:
    """base64(HMAC-SHA256(raw body, the app's client secret)): the header X-Shopify-Hmac-SHA256."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def header_name(topic: str) -> str:
    """The topic as the header writes it: ORDERS_CREATE → orders/create."""
    whole = topic.lower()
    if "/" in whole:
        return whole
    what, _, happened = whole.rpartition("_")
    return f"{what}/{happened}"


def note(books: Books, topic: str, row: Doc, moment: datetime) -> None:
    """Keeps a delivery for every subscription of the shop to the topic."""
    for hook in books.find("WebhookSubscription", "topic", topic):
        _queue(books, hook, topic, _payload(row), moment)


def note_payout(books: Books, payout: Doc) -> None:
    topic = str(books.shops.switches["payout_topic"])
    if topic:
        note(books, topic, payout, payout["_at"])


def note_privacy(books: Books, topic: str, moment: datetime) -> None:
    """The three notices that privacy law asks for go to the address of the app, whatever was subscribed to."""
    for install in books.shops.shelf.find("install", "shop", books.domain):
        app = books.shops.shelf.get("app", install["app"]) or {}
        if app.get("privacy_url"):
            hook: Doc = {
                "id": "",
                "uri": app["privacy_url"],
                "_app": install["app"],
                "apiVersion": {"handle": "2026-10"},
            }
            body: Doc = {"shop_id": 1, "shop_domain": books.domain}
            body |= {} if topic == "shop/redact" else {"customer": {"id": 191167}, "orders_requested": []}
            _queue(books, hook, topic, body, moment)


def deliver(shops: Shops, told: Doc) -> Any:
    """Sends what is due, `most` of it (all); `again` true repeats what waits for a later try at once.

    Armed faults bend it: hook-drop, hook-repeat, hook-forge, hook-delay. Answers the status of each reply.
    """
    with shops.world.lock:
        due = _due(shops, told)
        parcels = [one for row in due for one in _parcels(shops, row)]
    replies = [(row, _post(row, body, sign)) for row, body, sign in parcels]  # unlocked: the receiver may ask us back
    with shops.world.lock, shops.shelf.change():
        for row, reply in replies:
            _settle(shops, row, reply)
    shown = [{"topic": row["topic"], "id": row["id"]} | reply for row, reply in replies]
    return {"replies": shown, "waiting": shops.shelf.count("delivery")}


def _queue(books: Books, hook: Doc, topic: str, body: Doc, moment: datetime) -> None:
    shops = books.shops
    number = shops.next_number("delivery", 1)
    row: Doc = {"id": f"{number:09d}", "shop": books.domain, "hook": hook["id"], "topic": header_name(topic)}
    row |= {"uri": hook["uri"], "app": hook["_app"], "version": hook["apiVersion"]["handle"], "body": to_json(body)}
    row |= {"webhook_id": shops.shelf.new_id(), "event_id": shops.shelf.new_id(), "at": moment}
    shops.shelf.put("delivery", row["id"], row | {"tries": 0, "next": moment})


def _payload(row: Doc) -> Doc:
    """As the Admin REST API writes it, so far as it is stood in for: ids as numbers, snake case, money as text."""
    number = int(str(row["legacyResourceId"]))
    payload: Doc = {"id": number, "admin_graphql_api_id": row["id"]}
    for name, key in _PAYLOAD:
        if name in row:
            value = row[name]
            payload[key] = _as_rest(key, value)
    if isinstance(row.get("order"), dict):
        payload["order_id"] = int(str(row["order"]["@"]).rpartition("/")[2])
    return payload


def _as_rest(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("shopMoney", value).get("amount")
    return value.lower() if key in {"financial_status", "status", "type"} else value


_PAYLOAD = (
    ("name", "name"),
    ("createdAt", "created_at"),
    ("processedAt", "processed_at"),
    ("updatedAt", "updated_at"),
    ("currencyCode", "currency"),
    ("totalPriceSet", "total_price"),
    ("displayFinancialStatus", "financial_status"),
    ("note", "note"),
    ("issuedAt", "date"),
    ("status", "status"),
    ("type", "type"),
)


def _due(shops: Shops, told: Doc) -> list[Doc]:
    now, again = shops.now(), bool(told.get("again"))
    rows = [row for row in shops.shelf.all("delivery") if again or row["next"] <= now]
    delay = _fault(shops, "hook-delay")
    if delay is not None:
        later = now + timedelta(seconds=float(delay.get("seconds", 60)))
        for row in rows:
            shops.shelf.put("delivery", row["id"], row | {"next": later})
        return []
    if _fault(shops, "hook-drop") is not None:
        for row in rows:
            shops.shelf.drop("delivery", row["id"])
        return []
    return rows[: int(told["most"])] if told.get("most") is not None else rows


def _parcels(shops: Shops, row: Doc) -> list[tuple[Doc, bytes, str]]:
    app = shops.shelf.get("app", row["app"]) or {"secret": ""}
    forged = _fault(shops, "hook-forge") is not None
    sign = signature("another secret" if forged else app.get("hook_key") or app["secret"], row["body"])
    repeat = _fault(shops, "hook-repeat")
    return [(row, row["body"], sign)] * (1 if repeat is None else int(repeat.get("times", 3)))


def _fault(shops: Shops, name: str) -> Doc | None:
    """What the armed fault of that name says, used up once; None when there is none."""
    fault = shops.world.faults.live(name, shops.now())
    if fault is None:
        return None
    shops.world.faults.use(fault)
    return fault.how


def _settle(shops: Shops, row: Doc, reply: Doc) -> None:
    current = shops.shelf.get("delivery", row["id"])
    hook = shops.shelf.get(f"{row['shop']}/WebhookSubscription", row["hook"]) if row["hook"] else None
    if 200 <= int(reply.get("status", 0)) < 300:
        shops.shelf.drop("delivery", row["id"])
        if hook is not None:
            shops.shelf.put(f"{row['shop']}/WebhookSubscription", hook["id"], hook | {"_failures": 0})
        return
    if current is None:
        return
    tries = current["tries"] + 1
    if tries > len(RETRIES):
        shops.shelf.drop("delivery", row["id"])
    else:
        later = current["at"] + timedelta(minutes=RETRIES[tries - 1])
        shops.shelf.put("delivery", row["id"], current | {"tries": tries, "next": max(later, shops.now())})
    if hook is not None:
        _count_failure(shops, row, hook)


def _count_failure(shops: Shops, row: Doc, hook: Doc) -> None:
    failures = hook["_failures"] + 1
    if failures >= len(RETRIES) and hook["_made_by_api"]:
        shops.shelf.drop(f"{row['shop']}/WebhookSubscription", hook["id"])
    else:
        shops.shelf.put(f"{row['shop']}/WebhookSubscription", hook["id"], hook | {"_failures": failures})


def _post(row: Doc, body: bytes, sign: str) -> Doc:
    where = urlsplit(row["uri"])
    door = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = door(where.netloc, timeout=CONNECT_SECONDS)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": row["topic"],
        "X-Shopify-Hmac-Sha256": sign,
        "X-Shopify-Shop-Domain": row["shop"],
        "X-Shopify-API-Version": row["version"],
        "X-Shopify-Webhook-Id": row["webhook_id"],
        "X-Shopify-Event-Id": row["event_id"],
        "X-Shopify-Triggered-At": row["at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    try:
        connection.connect()
        connection.sock.settimeout(REPLY_SECONDS - CONNECT_SECONDS)
        connection.request("POST", where.path or "/", body, headers)
        return {"status": connection.getresponse().status}
    except (OSError, http.client.HTTPException) as error:
        return {"error": str(error) or type(error).__name__}
    finally:
        connection.close()
