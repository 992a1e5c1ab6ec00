"""Webhooks: events as Xero words them, numbered per app, signed over the raw bytes, retried, and at last disabled.

Nothing is sent by itself: the control door says when to deliver, so that every order of events can be made.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tieout.sandbox import Doc

if TYPE_CHECKING:
    from tieout.sandbox.xero.state import Books

REPLY_SECONDS = 5.0
RETRY_EVERY, RETRY_FOR, KEPT_FOR = timedelta(minutes=15), timedelta(hours=24), timedelta(days=31)
CATEGORIES = {
    "Contacts": ("CONTACT", "ContactID"),
    "Invoices": ("INVOICE", "InvoiceID"),
    "CreditNotes": ("CREDITNOTE", "CreditNoteID"),
    "Prepayments": ("PREPAYMENT", "PrepaymentID"),
    "Overpayments": ("OVERPAYMENT", "OverpaymentID"),
}
TELLS_MORE = frozenset({"CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"})


def signature(key: str, body: bytes) -> str:
    """base64(HMAC-SHA256(raw body, webhook key)): the header x-xero-signature."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def subscribe(books: Books, told: Doc) -> Doc:
    """One address per app: `url`, `key`, and `categories` (all when left out)."""
    app = str(told.get("app") or next(row["client_id"] for row in books.shelf.all("app")))
    row: Doc = {"app": app, "url": str(told["url"]), "key": str(told["key"]), "state": "ok", "next": 1}
    row |= {"categories": list(told.get("categories") or [name for name, _ in CATEGORIES.values()])}
    return books.shelf.put("hook", app, row)


def note(books: Books, tenant: str, kind: str, before: Doc | None, after: Doc) -> None:
    """Keeps an event for every app that listens and is connected; one per record and moment."""
    if kind not in CATEGORIES or not books.shelf.count("hook"):
        return
    paid = before is not None and before.get("Payments") != after.get("Payments")
    if paid and not books.switches["payment_raises_invoice_event"]:
        return
    category, id_field = CATEGORIES[kind]
    event: Doc = {
        "resourceUrl": f"https://api.xero.com/api.xro/2.0/{kind}/{after[id_field]}",
        "resourceId": after[id_field],
        "eventDateUtc": books.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
        "eventType": "CREATE" if before is None else "UPDATE",
        "eventCategory": category,
        "tenantId": tenant,
        "tenantType": "ORGANISATION",
    }
    if category in TELLS_MORE:
        event["data"] = {"Type": after["Type"], "Status": after["Status"]}
    for hook in books.shelf.all("hook"):
        connected = any(row["tenant"] == tenant for row in books.connections(hook["app"]))
        if connected and category in hook["categories"]:
            _queue(books, hook["app"], event)


def _queue(books: Books, app: str, event: Doc) -> None:
    for row in books.shelf.find("event", "app", app):
        if row["event"]["resourceId"] == event["resourceId"] and row["event"]["eventDateUtc"] == event["eventDateUtc"]:
            return
    hook = books.shelf.get("hook", app) or {}
    kept: Doc = {"app": app, "number": hook["next"], "event": event, "at": books.now()}
    books.shelf.put("event", f"{app}/{hook['next']:09d}", kept)
    books.shelf.put("hook", app, hook | {"next": hook["next"] + 1})


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One POST to be made: raw bytes, signature, and which events it carries."""

    body: bytes
    sign: str
    good: bool
    events: tuple[str, ...] = ()


def deliver(books: Books, told: Doc) -> Any:
    """Delivers what waits for `app` (or the first that listens); `intent` true sends the handshake instead.

    Armed faults bend it: hook-drop, hook-repeat, hook-forge, hook-delay. Answers the state of the subscription and the
    status of each reply. Raises LookupError when no app listens.
    """
    with books.world.lock:
        hook = _hook(books, told)
        if told.get("intent"):
            parcels = _handshake(books, hook)
        else:
            waiting = _why_not(books, hook)
            if waiting:
                return {"state": hook["state"], "replies": [], "because": waiting}
            parcels = _parcels(books, hook)
    replies = [_post(hook["url"], parcel) for parcel in parcels]  # unlocked: the receiver may ask us back meanwhile
    with books.world.lock, books.shelf.change():
        return {"state": _settle(books, hook, parcels, replies), "replies": replies}


def _hook(books: Books, told: Doc) -> Doc:
    wanted = told.get("app")
    found = next((row for row in books.shelf.all("hook") if wanted in {None, row["app"]}), None)
    if found is None:
        raise LookupError("no app has subscribed; POST /__control/hands/subscribe with url and key")
    return found


def _handshake(books: Books, hook: Doc) -> list[_Parcel]:
    """Intent to receive: no events, sequences 0, some signed well and some not; 200 and 401 are the right answers."""
    body = _payload(books, [], 0, 0)
    good = _Parcel(body, signature(hook["key"], body), True)
    return [good, _Parcel(body, signature("another key", body), False), good, _Parcel(body, "nonsense", False)]


def _why_not(books: Books, hook: Doc) -> str:
    now = books.now()
    if hook["state"] == "disabled":
        return "disabled: enable it again with hands/subscribe"
    if hook["state"] == "retry" and now < hook["retry_at"]:
        return f"waits until {hook['retry_at'].isoformat()}"
    delay = _fault(books, "hook-delay")
    if delay is not None:
        retry_at = now + timedelta(seconds=float(delay.get("seconds", 60)))
        books.shelf.put("hook", hook["app"], hook | {"state": "retry", "retry_at": retry_at, "failing_since": now})
        return f"waits until {retry_at.isoformat()}"
    return ""


def _parcels(books: Books, hook: Doc) -> list[_Parcel]:
    now = books.now()
    rows = [row for row in books.shelf.find("event", "app", hook["app"]) if row["at"] > now - KEPT_FOR]
    if not rows:
        return []
    if _fault(books, "hook-drop") is not None:
        for row in rows:
            books.shelf.drop("event", f"{hook['app']}/{row['number']:09d}")
        return []
    repeat = _fault(books, "hook-repeat")
    groups = [rows] if repeat is None else [[row] for row in rows] * int(repeat.get("times", 3))
    if repeat is not None:
        books.world.random.shuffle(groups)
    forged = _fault(books, "hook-forge") is not None
    return [_parcel(books, hook, group, forged) for group in groups]


def _parcel(books: Books, hook: Doc, rows: list[Doc], forged: bool) -> _Parcel:
    body = _payload(books, [row["event"] for row in rows], rows[0]["number"], rows[-1]["number"])
    keys = tuple(f"{hook['app']}/{row['number']:09d}" for row in rows)
    return _Parcel(body, signature("another key" if forged else hook["key"], body), not forged, keys)


def _payload(books: Books, events: list[Doc], first: int, last: int) -> bytes:
    entropy = books.passing_id().replace("-", "").upper()
    payload = {"events": events, "firstEventSequence": first, "lastEventSequence": last, "entropy": entropy}
    return json.dumps(payload, separators=(",", ":")).encode()


def _fault(books: Books, name: str) -> Doc | None:
    """What the armed fault of that name says, used up once; None when there is none."""
    fault = books.world.faults.live(name, books.now())
    if fault is None:
        return None
    books.world.faults.use(fault)
    return fault.how


def _settle(books: Books, hook: Doc, parcels: list[_Parcel], replies: list[Doc]) -> str:
    """Forgets what was received; a failure means a retry in 15 minutes, and after a day of failures the end."""
    now, failed = books.now(), False
    for parcel, reply in zip(parcels, replies, strict=True):
        status = int(reply.get("status", 0))
        right = 200 <= status < 300 if parcel.good else status == 401
        failed = failed or not right
        if parcel.good and right:
            for key in parcel.events:
                books.shelf.drop("event", key)
    current = books.shelf.get("hook", hook["app"]) or hook
    if not failed:
        books.shelf.put("hook", hook["app"], current | {"state": "ok", "failing_since": None})
        return "ok"
    since: datetime = current.get("failing_since") or now
    state = "disabled" if now - since >= RETRY_FOR else "retry"
    books.shelf.put(
        "hook", hook["app"], current | {"state": state, "failing_since": since, "retry_at": now + RETRY_EVERY}
    )
    return state


def _post(url: str, parcel: _Parcel) -> Doc:
    where = urlsplit(url)
    door = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = door(where.netloc, timeout=REPLY_SECONDS)
    try:
        headers = {"Content-Type": "application/json; charset=utf-8", "x-xero-signature": parcel.sign}
        connection.request("POST", where.path or "/", parcel.body, headers)
        return {"status": connection.getresponse().status}
    except (OSError, http.client.HTTPException) as error:
        return {"error": str(error) or type(error).__name__}
    finally:
        connection.close()
