"""Webhooks: events as Xero words them, signed over the raw bytes, delivered when the control door says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tieout.sandbox import Doc
from tieout.sandbox.xero.state import Books

REPLY_SECONDS = 5.0


def signature(key: str, body: bytes) -> str:
    """base64(HMAC-SHA256(raw body, webhook key)): the header x-xero-signature."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def deliver(books: Books, told: Doc) -> Any:
    """Sends what is told to `url`: `events` (a list), or the intent to receive when there are none.

    `key` signs; `forge` true signs wrongly; `repeat` sends it so many times. Answers each reply's status, or the error.
    """
    events = list(told.get("events") or [])
    first = int((books.shelf.get("meta", "sequence") or {"next": 1})["next"]) if events else 0
    last = first + len(events) - 1 if events else 0
    if events:
        books.shelf.put("meta", "sequence", {"next": last + 1})
    entropy = books.passing_id().replace("-", "").upper()
    payload = {"events": events, "firstEventSequence": first, "lastEventSequence": last, "entropy": entropy}
    body = json.dumps(payload).encode()
    sign = signature("another key" if told.get("forge") else str(told.get("key", "")), body)
    return [_post(str(told["url"]), body, sign) for _ in range(int(told.get("repeat", 1)))]


def _post(url: str, body: bytes, sign: str) -> Doc:
    where = urlsplit(url)
    door = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = door(where.netloc, timeout=REPLY_SECONDS)
    try:
        headers = {"Content-Type": "application/json; charset=utf-8", "x-xero-signature": sign}
        connection.request("POST", where.path or "/", body, headers)
        return {"status": connection.getresponse().status}
    except OSError as error:
        return {"error": str(error)}
    finally:
        connection.close()
