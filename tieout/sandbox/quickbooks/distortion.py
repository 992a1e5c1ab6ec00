"""Faults in QuickBooks' own dialect: what is answered instead, and how an answer is bent after the work was done."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tieout.sandbox import Answer, Doc, Ending, Request
from tieout.sandbox.faults import Fault as Armed
from tieout.sandbox.quickbooks import consent, denials, gate, limits, refusals, tokens, wire
from tieout.sandbox.quickbooks.state import Books, Fault

if TYPE_CHECKING:
    from tieout.sandbox.quickbooks.stand_in import QuickBooksStandIn

KINDS = {
    "minute": "per_minute",
    "second": "per_second",
    "concurrent": "at_once",
    "batch": "batches_per_minute",
    "month": "reads_per_month",
}
CONSENTS = frozenset({"scope-narrow", "slot-limit", "consent-cancelled", "consent-stuck", "consent-other-tenant"})


def instead(stand_in: QuickBooksStandIn, armed: Armed, request: Request) -> Answer | None:
    """The answer that takes the place of the work; None lets the work go on."""
    books, how = stand_in.books, armed.how
    if armed.name in CONSENTS:
        return _at_consent(books, armed, request)
    match armed.name:
        case "token-expired":
            return denials.token_expired(books, request, "0123456789ab")
        case "token-garbled":
            return denials.token_unknown(books, request)
        case "grant-dead":
            return tokens.denial("invalid_grant")
        case "refresh-lost":
            return tokens.token(books, request, turn=True)
        case "refresh-race":
            return _race(stand_in, armed, request)
        case "scope-refused":
            return tokens.denial("invalid_scope")
        case "sticky-refusal":
            return _sticky(books, armed, request)
        case "forbid-writes":
            return _fault(books, request, "not-permitted")
        case "org-suspended":
            return _fault(books, request, "subscription-ended", product="QuickBooks Online")
        case "http-error":
            return _http_error(books, request, how)
        case "outage" | "org-offline":
            return _offline(books, request, how)
        case "unknown-error":
            told = str(how.get("text", "The flux of this document is out of alignment"))
            return denials.fault(books, request, Fault(400, str(how.get("code", 6999)), "Something went wrong", told))
        case "rate-limit":
            return _rate_limit(books, request, how)
        case "key-replay":
            return stand_in.replayed(request)
    return None


def _at_consent(books: Books, armed: Armed, request: Request) -> Answer:
    how = armed.how
    match armed.name:
        case "scope-narrow":
            return consent.decide(books, request, without=tuple(str(how.get("scopes", "")).replace(",", " ").split()))
        case "consent-cancelled":
            return consent.cancelled(request)
        case "consent-other-tenant":
            return consent.decide(books, request, realm=str(how.get("tenant", how.get("realm", ""))))
        case "slot-limit":
            return consent.over_limit(books, request)
    return consent.error_page("no redirect ever")


def _race(stand_in: QuickBooksStandIn, armed: Armed, request: Request) -> Answer:
    if armed.count == 1:  # the second to come is the loser
        return tokens.race_lost(stand_in.books, request.form().get("refresh_token", ""))
    held = tokens.token(stand_in.books, request)
    return replace(held, delay_seconds=stand_in.world.clock.real_seconds(float(armed.how.get("seconds", 2))))


def _sticky(books: Books, armed: Armed, request: Request) -> Answer | None:
    """Refused until somebody consents anew."""
    realm = gate.realm_of(request)
    begun = [grant["begun"] for grant in books.shelf.all("grant") if grant["realm"] == realm]
    return None if any(moment > armed.armed_at for moment in begun) else denials.not_authorised(books, request)


def _fault(books: Books, request: Request, key: str, **parts: object) -> Answer:
    return denials.fault(books, request, refusals.fault(key, **parts))


def _http_error(books: Books, request: Request, how: Doc) -> Answer:
    """`code` names any refusal of the catalogue; `status` alone is what such a status comes with most often."""
    if how.get("code"):
        return _catalogue(books, request, str(how["code"]).split(".")[0], how)
    status, form = int(how.get("status", 500)), str(how.get("form", ""))
    match status:
        case 400:
            return denials.fault(books, request, Fault(400, 6000, "A business validation error has occurred", "It has"))
        case 401:
            return denials.token_unknown(books, request)
        case 403:
            return _fault(books, request, "not-permitted") if form == "role" else denials.not_authorised(books, request)
        case 404:
            return denials.not_found()
        case 429:
            return _rate_limit(books, request, how)
        case 500 if form != "html":
            return _fault(books, request, "application-error", reason="an internal error")
    return replace(denials.html(status), body=b"") if form == "empty" else denials.html(status)


def _catalogue(books: Books, request: Request, code: str, how: Doc) -> Answer:
    keys = refusals.keys(code)
    if not keys:
        raise ValueError(f"http-error knows no code {code}; it is one of texts.csv")
    wanted = str(how.get("key", keys[0]))
    found = [refusals.fault(wanted, **how)]
    if how.get("and"):  # several errors in one fault
        found += [refusals.fault(refusals.keys(one)[0], **how) for one in str(how["and"]).split(",")]
    status = None if how.get("status") is None else int(how["status"])
    return denials.fault(books, request, Fault.several(found), status)


def _offline(books: Books, request: Request, how: Doc) -> Answer:
    """HTML 503 of what stands before the API; `form` maintenance and locked come from the API itself."""
    form = str(how.get("form", "unavailable"))
    key = {"maintenance": "maintenance", "locked": "locked-out", "cluster": "wrong-cluster"}.get(form)
    return denials.html(int(how.get("status", 503))) if key is None else _fault(books, request, key)


def _rate_limit(books: Books, request: Request, how: Doc) -> Answer:
    kind = str(how.get("kind", "minute"))
    if how.get("form") == "empty":
        return Answer(429)
    given = how.get("retry_after", None if kind == "month" else limits.WAIT_SECONDS)
    wait = None if given in {None, ""} else int(float(str(given)))
    answer = denials.too_many(books, request, limits.SAID.get(KINDS.get(kind, ""), kind), None)
    # What the fault says of the waiting time stands above the switch.
    told = wait is not None and ("retry_after" in how or books.switches["retry_after"])
    return answer.with_headers(("Retry-After", str(wait))) if told else answer


def distorted(books: Books, armed: Armed, answer: Answer) -> Answer:
    """The answer of work that was done, bent as `form` says."""
    form = str(armed.how.get("form", "truncated"))
    match form:
        case "empty":
            return replace(answer, body=b"")
        case "html":
            page = denials.html(int(armed.how.get("status", 502)))
            return replace(page, status=int(armed.how.get("status", answer.status)))
        case "truncated":
            return replace(answer, ending=Ending.TRUNCATED)
        case "error-inside":
            said = refusals.fault("application-error", reason="an internal error")
            doc = denials.fault_doc(books, said) | {"time": wire.envelope_time(books.clock.now())}
            return Answer(200, wire.to_json(doc).encode(), wire.JSON_TYPE)
    bend = _BENDS.get(form)
    if bend is None:
        raise ValueError(f"bad-body has no form {form}; there are empty, html, truncated, error-inside, {_FORMS}")
    return _bent(answer, lambda rows: bend(rows, books.world.random)) if answer.status == 200 else answer


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
    return [_no_id(row) for row in rows]


def _no_id(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {key: _no_id(value) for key, value in row.items() if key not in {"Id", "bId"}}


_BENDS: dict[str, Callable[[list[Any], random.Random], list[Any]]] = {
    "dropped": _dropped,
    "permuted": _permuted,
    "repeated": _repeated,
    "no-id": _without_ids,
}
_FORMS = ", ".join(sorted(_BENDS))


def _bent(answer: Answer, bend: Callable[[list[Any]], list[Any]]) -> Answer:
    if not (answer.content_type or "").startswith("application/json"):
        return answer
    return replace(answer, body=wire.to_json(_bend_lists(json.loads(answer.body, parse_float=Decimal), bend)).encode())


def _bend_lists(doc: Doc, bend: Callable[[list[Any]], list[Any]]) -> Doc:
    """The outermost list of the answer is bent; an answer of one record alone is bent as a list of one."""
    for key, value in doc.items():
        if isinstance(value, list):
            return doc | {key: bend(value)}
        if key == "QueryResponse":
            return doc | {key: _bend_lists(value, bend)}
    single = next((key for key, value in doc.items() if isinstance(value, dict)), "")
    return doc if not single else doc | {single: next(iter(bend([doc[single]])), {})}
