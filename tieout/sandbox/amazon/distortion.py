"""Faults in Amazon's own dialect: what is answered instead, and how an answer is bent after the work was done."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from tieout.sandbox import Answer, Doc, Request, bent
from tieout.sandbox.amazon import refusals, tokens
from tieout.sandbox.faults import Fault

if TYPE_CHECKING:
    from tieout.sandbox.amazon.stand_in import AmazonStandIn

LISTS = frozenset({"reports"})


def instead(stand_in: AmazonStandIn, fault: Fault, request: Request) -> Answer | None:
    """The answer that takes the place of the work; None lets the work go on."""
    match fault.name:
        case "token-expired":
            return refusals.unauthorised(refusals.EXPIRED)
        case "token-garbled":
            return refusals.unauthorised(refusals.REVOKED)
        case "grant-dead":
            return refusals.dead_grant()
        case "refresh-race":
            return _race(stand_in, fault, request)
        case "scope-refused":
            return refusals.token_error(400, "invalid_scope", "The request has an invalid scope parameter")
        case "forbid-writes" | "org-suspended" | "sticky-refusal":
            return refusals.unauthorised()
        case "http-error":
            return _http_error(fault.how)
        case "outage" | "org-offline":
            return refusals.broken(503)
        case "unknown-error":
            return refusals.invalid(str(fault.how.get("text", "The flux of this report is out of alignment")))
        case "rate-limit":
            return _rate_limit(fault.how)
    return None


def distorted(fault: Fault, answer: Answer, chance: random.Random) -> Answer:
    return bent.distorted(fault, answer, chance, holding=LISTS)


def _race(stand_in: AmazonStandIn, fault: Fault, request: Request) -> Answer:
    # Login with Amazon does not rotate, so nobody loses: the first is late, the second is served.
    held = tokens.token(stand_in.sellers, request)
    late = stand_in.world.clock.real_seconds(float(fault.how.get("seconds", 2)))
    return held if fault.count == 1 else replace(held, delay_seconds=late)


def _http_error(how: Doc) -> Answer:
    status = int(how.get("status", 500))
    match status:
        case 400:
            return refusals.invalid("Invalid Input")
        case 401 | 403:
            return refusals.unauthorised(str(how.get("details", "")))
        case 404:
            return refusals.not_found()
        case 429:
            return _rate_limit(how)
        case 500 | 503:
            return refusals.broken(status)
    return Answer(status, bent.HTML if status >= 500 else b"", "text/html")


def _rate_limit(how: Doc) -> Answer:
    # Amazon says nothing of when to come back; a Retry-After is sent only when the fault tells one.
    answer = refusals.quota()
    given = how.get("retry_after")
    return answer if given in {None, ""} else answer.with_headers(("Retry-After", str(int(float(str(given))))))
