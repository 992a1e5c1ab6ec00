"""Webhooks: events as Intuit words them, signed over the raw bytes, retried on a ladder while later ones wait.

Nothing is sent by itself: the control door says when to deliver, so that every order of events can be made.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tieout.sandbox import Doc

if TYPE_CHECKING:
    from tieout.sandbox.quickbooks.state import Books

# Webhooks exist for these; reference data that is not here is never told of.
ENTITIES = frozenset(
    "Account Bill BillPayment Class CreditMemo Currency Customer Department Deposit Employee Estimate Invoice Item"
    " JournalCode JournalEntry Payment PaymentMethod Preferences Purchase PurchaseOrder RefundReceipt SalesReceipt"
    " Term TimeActivity Transfer Vendor VendorCredit".split()
)
REPLY_SECONDS = 3.0
LADDER_SECONDS = (10, 20, 30, 300, 1_200, 7_200, 14_400, 21_600)  # then the last again and again
_PAST = {"Create": "created", "Update": "updated", "Delete": "deleted", "Merge": "merged", "Void": "voided"}


def signature(key: str, body: bytes) -> str:
    """base64(HMAC-SHA256(raw body, verifier token)): the header intuit-signature."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def subscribe(books: Books, told: Doc) -> Doc:
    """One address per app: `url`, `entities` (all when left out), and `verifier` when it is to be a new one."""
    wanted = told.get("app")
    app = next((row for row in books.shelf.all("app") if wanted in {None, row["client_id"]}), None)
    if app is None:
        raise LookupError(f"no app {wanted}")
    if told.get("verifier"):
        books.shelf.put("app", app["client_id"], app | {"verifier": str(told["verifier"])})
    row: Doc = {"app": app["client_id"], "url": str(told["url"]), "failures": 0, "retry_at": None, "next": 1}
    return books.shelf.put("hook", row["app"], row | {"entities": list(told.get("entities") or sorted(ENTITIES))})


def note(books: Books, realm: str, entity: str, row_id: str, operation: str) -> None:
    """Keeps an event for every app that listens and is connected to the company; one per record and moment."""
    if entity not in ENTITIES:
        return
    for hook in books.shelf.all("hook"):
        grants = books.shelf.find("grant", "app", hook["app"])
        connected = any(row["realm"] == realm and row["state"] == "live" for row in grants)
        if connected and entity in hook["entities"]:
            _queue(books, hook, {"realm": realm, "entity": entity, "id": row_id, "operation": operation})


def deliver(books: Books, told: Doc) -> Any:
    """Delivers what waits for `app` (or the first that listens), in one array, or as `apart` each in its own.

    Armed faults bend it: hook-drop, hook-repeat, hook-forge, hook-delay. Answers the state of the subscription and the
    status of each reply. Raises LookupError when no app listens.
    """
    with books.world.lock:
        hook = _hook(books, told)
        because = _why_not(books, hook)
        if because:
            return {"state": "waiting", "replies": [], "because": because}
        parcels = _parcels(books, hook, apart=bool(told.get("apart")))
    replies = [_post(hook["url"], parcel) for parcel in parcels]  # unlocked: the receiver may ask us back meanwhile
    with books.world.lock, books.shelf.change():
        return {"state": _settle(books, hook, parcels, replies), "replies": replies}


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One POST to be made: raw bytes, headers, and which events it carries."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    is_forged: bool
    events: tuple[str, ...]


def _queue(books: Books, hook: Doc, event: Doc) -> None:
    now = books.now()
    for row in books.shelf.find("event", "app", hook["app"]):
        if row["event"] == event and row["at"] == now:
            return
    number = int(hook["next"])
    kept: Doc = {"app": hook["app"], "number": number, "event": event, "at": now, "uuid": books.shelf.new_id()}
    books.shelf.put("event", _place(kept), kept)
    books.shelf.put("hook", hook["app"], hook | {"next": number + 1})


def _place(row: Doc) -> str:
    return f"{row['app']}/{row['number']:09d}"


def _hook(books: Books, told: Doc) -> Doc:
    wanted = told.get("app")
    found = next((row for row in books.shelf.all("hook") if wanted in {None, row["app"]}), None)
    if found is None:
        raise LookupError("no app has subscribed; POST /__control/hands/subscribe with url")
    return found


def _why_not(books: Books, hook: Doc) -> str:
    now = books.now()
    if hook["retry_at"] is not None and now < hook["retry_at"]:
        return f"waits until {hook['retry_at'].isoformat()}"
    delay = _fault(books, "hook-delay")
    if delay is None:
        return ""
    retry_at = now + timedelta(seconds=float(delay.get("seconds", 60)))
    books.shelf.put("hook", hook["app"], hook | {"retry_at": retry_at})
    return f"waits until {retry_at.isoformat()}"


def _parcels(books: Books, hook: Doc, *, apart: bool) -> list[_Parcel]:
    rows = list(books.shelf.find("event", "app", hook["app"]))
    if not rows:
        return []
    if _fault(books, "hook-drop") is not None:
        for row in rows:
            books.shelf.drop("event", _place(row))
        return []
    repeat = _fault(books, "hook-repeat")
    groups = [[row] for row in rows] if apart or repeat is not None else [rows]
    if repeat is not None:
        groups *= int(repeat.get("times", 3))
        books.world.random.shuffle(groups)
    forged = _fault(books, "hook-forge")
    return [_parcel(books, hook, group, forged) for group in groups]


def _parcel(books: Books, hook: Doc, rows: list[Doc], forged: Doc | None) -> _Parcel:
    app = books.shelf.get("app", hook["app"]) or {"verifier": "", "secret": ""}
    old = books.switches["hook_form"] == "old"
    said: Any = _notifications(rows) if old else [_cloud_event(books, row) for row in rows]
    body = json.dumps(said, separators=(",", ":")).encode()
    by_secret = not old and books.switches["hook_signature"] == "secret"
    key = app["secret"] if by_secret else app["verifier"]
    headers = [("Content-Type", "application/json; charset=utf-8"), ("intuit-t-id", books.passing_id())]
    headers.append(("intuit-created-time", books.now().isoformat()))
    if forged is None or forged.get("form") != "missing":
        headers.append(("intuit-signature", signature(key if forged is None else "another key", body)))
    return _Parcel(body, tuple(headers), forged is not None, tuple(_place(row) for row in rows))


def _cloud_event(books: Books, row: Doc) -> Doc:
    event = row["event"]
    return {
        "specversion": "1.0",
        "id": row["uuid"],
        "source": f"intuit.{hashlib.sha256(row['app'].encode()).hexdigest()[:28]}",
        "type": f"qbo.{event['entity'].lower()}.{_PAST.get(event['operation'], event['operation'].lower())}.v1",
        "datacontenttype": "application/json",
        "time": f"{row['at'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000000000Z",
        "intuitentityid": event["id"],
        "intuitaccountid": event["realm"],
        "data": {},
    }


def _notifications(rows: list[Doc]) -> Doc:
    by_realm: dict[str, list[Doc]] = {}
    for row in rows:
        event, at = row["event"], row["at"].astimezone(UTC)
        told = {"id": event["id"], "operation": event["operation"], "name": event["entity"]}
        told["lastUpdated"] = f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
        by_realm.setdefault(event["realm"], []).append(told)
    return {
        "eventNotifications": [
            {"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in by_realm.items()
        ]
    }


def _fault(books: Books, name: str) -> Doc | None:
    """What the armed fault of that name says, used up once; None when there is none."""
    fault = books.world.faults.live(name, books.now())
    if fault is None:
        return None
    books.world.faults.use(fault)
    return fault.how


def _settle(books: Books, hook: Doc, parcels: list[_Parcel], replies: list[Doc]) -> str:
    """Forgets what was received; a failure means the next step of the ladder for all that waits."""
    failed = False
    for parcel, reply in zip(parcels, replies, strict=True):
        if parcel.is_forged:
            continue  # nobody of the vendor's sent it, so nobody of the vendor's looks at the answer
        if reply.get("status") == 200:
            for place in parcel.events:
                books.shelf.drop("event", place)
        else:
            failed = True
    current = books.shelf.get("hook", hook["app"]) or hook
    if not failed:
        books.shelf.put("hook", hook["app"], current | {"failures": 0, "retry_at": None})
        return "ok"
    failures = int(current["failures"]) + 1
    wait = LADDER_SECONDS[min(failures, len(LADDER_SECONDS)) - 1]
    retry_at: datetime = books.now() + timedelta(seconds=wait)
    books.shelf.put("hook", hook["app"], current | {"failures": failures, "retry_at": retry_at})
    return "retry"


def _post(url: str, parcel: _Parcel) -> Doc:
    where = urlsplit(url)
    door = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = door(where.netloc, timeout=REPLY_SECONDS)
    try:
        target = (where.path or "/") + (f"?{where.query}" if where.query else "")
        connection.request("POST", target, parcel.body, dict(parcel.headers))
        return {"status": connection.getresponse().status}
    except (OSError, http.client.HTTPException) as error:
        return {"error": str(error) or type(error).__name__}
    finally:
        connection.close()
