"""Webhook subscriptions through the Admin API: made, changed and deleted, with the words it has for a wrong one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tieout.sandbox import Doc
from tieout.sandbox.shopify import hooks
from tieout.sandbox.shopify.asking import Asked
from tieout.sandbox.shopify.state import Books, stamp

FIRST = 1_200_000_000_001


def create(asked: Asked, source: Doc, told: Doc) -> Doc:
    topic, wanted = str(told["topic"]), dict(told["webhookSubscription"])
    uri = str(wanted.get("uri") or wanted.get("callbackUrl") or "")
    wrong = _wrong(asked, topic, uri)
    if wrong is None and any(row["uri"] == uri for row in _own(asked, topic)):
        wrong = _error(["webhookSubscription", "callbackUrl"], "Address for this topic has already been taken")
    if wrong is not None:
        return {"webhookSubscription": None, "userErrors": [wrong]}
    row = record(asked.books, asked.app, topic, wanted | {"uri": uri}, asked.version)
    return {"webhookSubscription": asked.books.keep(row), "userErrors": []}


def record(books: Books, app: str, topic: str, wanted: Doc, version: str) -> Doc:
    """A subscription that is not kept yet."""
    now, uri = books.shops.now(), str(wanted["uri"])
    row = books.new("WebhookSubscription", FIRST) | {"topic": topic, "uri": uri, "callbackUrl": uri}
    row |= {"format": wanted.get("format") or "JSON", "createdAt": stamp(now), "updatedAt": stamp(now)}
    row |= {"includeFields": list(wanted.get("includeFields") or []), "filter": wanted.get("filter")}
    row |= {"name": wanted.get("name"), "metafieldNamespaces": [], "_at": now, "_app": app}
    row |= {"apiVersion": {"displayName": version, "handle": version, "supported": True}}
    return row | {"_failures": 0, "_made_by_api": True}


def update(asked: Asked, source: Doc, told: Doc) -> Doc:
    row, wanted = asked.books.row(str(told["id"])), dict(told["webhookSubscription"])
    if row is None or row["__typename"] != "WebhookSubscription" or row["_app"] != asked.app:
        return {"webhookSubscription": None, "userErrors": [_error(["id"], "Webhook subscription does not exist")]}
    uri = str(wanted.get("uri") or wanted.get("callbackUrl") or row["uri"])
    wrong = _wrong(asked, row["topic"], uri)
    if wrong is not None:
        return {"webhookSubscription": None, "userErrors": [wrong]}
    # What waits to be repeated still goes to the address it was meant for.
    kept = asked.books.keep(row, uri=uri, callbackUrl=uri, updatedAt=stamp(asked.now), _failures=0)
    return {"webhookSubscription": kept, "userErrors": []}


def delete(asked: Asked, source: Doc, told: Doc) -> Doc:
    row = asked.books.row(str(told["id"]))
    if row is None or row["__typename"] != "WebhookSubscription" or row["_app"] != asked.app:
        missing = _error(["id"], "Webhook subscription does not exist")
        return {"deletedWebhookSubscriptionId": None, "userErrors": [missing]}
    asked.books.drop(row)
    return {"deletedWebhookSubscriptionId": row["id"], "userErrors": []}


def _own(asked: Asked, topic: str) -> list[Doc]:
    return [row for row in asked.books.find("WebhookSubscription", "topic", topic) if row["_app"] == asked.app]


def _wrong(asked: Asked, topic: str, uri: str) -> Doc | None:
    where = urlsplit(uri)
    # The real thing takes https alone; a receiver of a test listens on this machine.
    if where.scheme != "https" and where.hostname not in {"localhost", "127.0.0.1"}:
        return _error(["webhookSubscription", "callbackUrl"], "Address is not allowed. It must be https")
    if re.search(r"(myshopify\.com|shopify\.com)$", where.hostname or ""):
        return _error(["webhookSubscription", "callbackUrl"], "Address cannot be a Shopify or an internal domain")
    needs = hooks.NEEDS.get(topic.partition("_")[0], "")
    if needs and not asked.has(needs, "read_shopify_payments"):
        return _error(["topic"], "You cannot create a webhook subscription with the specified topic")
    return None


def _error(where: list[str], message: str) -> Doc:
    return {"field": where, "message": message}
