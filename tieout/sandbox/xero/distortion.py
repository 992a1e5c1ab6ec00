"""Faults in Xero's own dialect: what is answered instead, and how an answer is bent after the work was done."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tieout.sandbox import Answer, Doc, Ending, Request
from tieout.sandbox.faults import Fault
from tieout.sandbox.xero import consent, refusals, tokens, wire

if TYPE_CHECKING:
    from tieout.sandbox.xero.stand_in import XeroStandIn

HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def instead(stand_in: XeroStandIn, fault: Fault, request: Request) -> Answer | None:
    """The answer that takes the place of the work; None lets the work go on."""
    if fault.name.startswith(("consent-", "scope-narrow", "slot-limit")):
        return _at_consent(stand_in, fault, request)
    books, how = stand_in.books, fault.how
    match fault.name:
        case "token-expired":
            return refusals.token_expired(books.now() - timedelta(seconds=1))
        case "token-garbled":
            return refusals.token_unknown()
        case "grant-dead":
            return tokens.denial("invalid_grant")
        case "refresh-race":
            return _race(stand_in, fault, request)
        case "scope-refused":
            return tokens.denial("invalid_scope")
        case "sticky-refusal":
            return _sticky(stand_in, fault, request)
        case "forbid-writes" | "org-suspended":
            return refusals.not_permitted(str(how.get("form", books.switches["role_refusal"])))
        case "http-error":
            return _http_error(request, how)
        case "outage":
            return refusals.offline(str(how.get("form", "unavailable")))
        case "org-offline":
            return refusals.offline("organisation")
        case "unknown-error":
            told = str(how.get("text", "The flux of this document is out of alignment"))
            return refusals.validation(request, [{"ValidationErrors": [{"Message": told}]}], "Invoice")
        case "rate-limit":
            return _rate_limit(how)
        case "key-replay":
            return stand_in.replayed(request, however_old=True)
    return None


def _at_consent(stand_in: XeroStandIn, fault: Fault, request: Request) -> Answer:
    books, how = stand_in.books, fault.how
    match fault.name:
        case "scope-narrow":
            return consent.decide(books, request, without=tuple(str(how.get("scopes", "")).replace(",", " ").split()))
        case "consent-cancelled":
            return consent.cancelled(request)
        case "consent-other-tenant":
            return consent.decide(books, request, tenant=str(how.get("tenant", "")))
        case "slot-limit":
            return consent.over_limit(books, request)
    return consent.error_page("temporarily_unavailable")


def distorted(fault: Fault, answer: Answer, chance: random.Random) -> Answer:
    """The answer of work that was done, bent as `form` says."""
    form = str(fault.how.get("form", "truncated"))
    match form:
        case "empty":
            return replace(answer, body=b"")
        case "html":
            return replace(
                answer, body=HTML, content_type="text/html", status=int(fault.how.get("status", answer.status))
            )
        case "truncated":
            return replace(answer, ending=Ending.TRUNCATED)
    bend = _BENDS.get(form)
    if bend is None:
        raise ValueError(f"bad-body has no form {form}; there are empty, html, truncated, {', '.join(sorted(_BENDS))}")
    return _bent(answer, lambda rows: bend(rows, chance)) if answer.status == 200 else answer


def _dropped(rows: list[Any], chance: random.Random) -> list[Any]:
    return [row for at, row in enumerate(rows) if at != len(rows) // 2]


def _permuted(rows: list[Any], chance: random.Random) -> list[Any]:
    mixed = list(rows)
    chance.shuffle(mixed)
    # A shuffle may leave the order as it was; a fault that does nothing would prove nothing.
    return mixed if mixed != rows else [*rows[1:], *rows[:1]]


def _repeated(rows: list[Any], chance: random.Random) -> list[Any]:
    return [*rows, *rows[:1]]


def _without_ids(rows: list[Any], chance: random.Random) -> list[Any]:
    return [{key: value for key, value in row.items() if not key.endswith("ID")} for row in rows]


def _failing(rows: list[Any], chance: random.Random) -> list[Any]:
    told = [{"Message": refusals.WENT_WRONG}]
    return [row | {"HasErrors": True, "StatusAttributeString": "ERROR", "ValidationErrors": told} for row in rows]


_BENDS: dict[str, Callable[[list[Any], random.Random], list[Any]]] = {
    "dropped": _dropped,
    "permuted": _permuted,
    "repeated": _repeated,
    "no-id": _without_ids,
    "error-inside": _failing,
}


def _bent(answer: Answer, bend: Callable[[list[Any]], list[Any]]) -> Answer:
    if not (answer.content_type or "").startswith("application/json"):
        return answer
    doc = json.loads(answer.body, parse_float=Decimal)
    listed = [key for key, value in doc.items() if isinstance(value, list) and key != "Warnings"]
    if listed:
        doc[listed[-1]] = bend(doc[listed[-1]])
    return replace(answer, body=wire.to_json(doc).encode())


def _race(stand_in: XeroStandIn, fault: Fault, request: Request) -> Answer:
    if fault.count == 1:  # the second to come is the loser
        return tokens.denial("invalid_grant")
    held = tokens.token(stand_in.books, request)
    return replace(held, delay_seconds=stand_in.world.clock.real_seconds(float(fault.how.get("seconds", 2))))


def _sticky(stand_in: XeroStandIn, fault: Fault, request: Request) -> Answer | None:
    row = tokens.read_access(stand_in.books, request.header("authorization").partition(" ")[2])
    tenant = request.header("xero-tenant-id").lower()
    made = [one["created"] for one in stand_in.books.connections(row["app"] if row else "") if one["tenant"] == tenant]
    return None if any(created > fault.armed_at for created in made) else refusals.not_connected()


def _http_error(request: Request, how: Doc) -> Answer:
    status, form = int(how.get("status", 500)), str(how.get("form", ""))
    match status:
        case 400:
            return refusals.validation(request, [{"ValidationErrors": [{"Message": refusals.WENT_WRONG}]}], "Invoice")
        case 401:
            return refusals.scope_missing() if form == "scope" else refusals.token_unknown()
        case 403:
            match form:
                case "role" | "reports":
                    told = refusals.NOT_PERMITTED if form == "role" else refusals.NEEDS_REPORTS
                    return refusals.not_permitted(str(how.get("wire", "json")), told)
            return refusals.not_connected()
        case 404:
            return refusals.not_found()
        case 429:
            return _rate_limit(how)
        case 503:
            return refusals.offline(form or "unavailable")
        case 500:
            return refusals.broken()
        case 501:
            return refusals.not_implemented()
    return Answer(status, HTML if status >= 500 else b"", "text/html")


def _rate_limit(how: Doc) -> Answer:
    kind = str(how.get("kind", "minute"))
    given = how.get("retry_after", {"minute": 26, "day": 3600}.get(kind))
    return refusals.too_many(kind, None if given is None or given == "" else int(float(str(given))))
