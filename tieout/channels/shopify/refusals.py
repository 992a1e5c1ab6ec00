"""How a shop says no: by HTTP status, or inside an answer of 200, as GraphQL does; and what may be done next."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from tieout.calls import Answer
from tieout.channels._asked import REFUSED, TOKEN_EXPIRED
from tieout.core.failure import Busy, Disconnected, NotAllowed, Rejected, RemoteError, Unreachable

THROTTLED, TOO_COSTLY = "THROTTLED", "MAX_COST_EXCEEDED"
_LONGEST = 500


def of_status(answer: Answer) -> RemoteError:
    """An answer that is no 200: its body may be JSON, a page, or nothing."""
    words, status, id = words_of(answer), answer.status, answer.headers.get("x-request-id", "")
    if status == 429:
        return Busy(
            words, code="rate-limit-minute", status=status, correlation_id=id, retry_after_seconds=_after(answer)
        )
    if status == 401:
        return Disconnected(words, code=TOKEN_EXPIRED, status=status, correlation_id=id)
    if status in (402, 403, 404, 423):
        # 402: the shop is frozen; 404: there is no such shop; 423: it is locked.
        return Disconnected(words, code=REFUSED, status=status, correlation_id=id)
    if 400 <= status < 500:
        return Rejected(words, status=status, correlation_id=id)
    return Unreachable(words, code="provider-outage", status=status, correlation_id=id)


def of_errors(answer: Answer, errors: list[Any], wait_milliseconds: int) -> RemoteError:
    """Errors inside a 200. Of several the most telling decides."""
    codes = [code_of(each) for each in errors]
    words = "; ".join(str(each.get("message") if isinstance(each, dict) else each) for each in errors)[:_LONGEST]
    id = answer.headers.get("x-request-id", "")
    if THROTTLED in codes:
        seconds = -(-wait_milliseconds // 1000) or 1
        return Busy(words, code="rate-limit-minute", status=200, correlation_id=id, retry_after_seconds=seconds)
    if "ACCESS_DENIED" in codes:
        return NotAllowed(words, code=REFUSED, status=200, correlation_id=id)
    if "SHOP_INACTIVE" in codes:
        return Disconnected(words, code=REFUSED, status=200, correlation_id=id)
    if TOO_COSTLY in codes:
        return Rejected(words, code=TOO_COSTLY, status=200, correlation_id=id)
    if "INTERNAL_SERVER_ERROR" in codes or "TIMEOUT" in codes:
        return Unreachable(words, code="provider-outage", status=200, correlation_id=id)
    return Rejected(words, code=next(filter(None, codes), ""), status=200, correlation_id=id)


def of_token(answer: Answer) -> RemoteError:
    """The token endpoint: an app or a code or a refresh token that is refused, or no answer."""
    if answer.status in (400, 401, 403, 404):
        return Disconnected(words_of(answer), code=REFUSED, status=answer.status)
    return of_status(answer)


def code_of(error: object) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    return str(extensions.get("code") or "") if isinstance(extensions, dict) else ""


def words_of(answer: Answer) -> str:
    """Their own words: a text or a list under `errors`, `error_description`, or whatever stands there."""
    try:
        found = json.loads(answer.body)
        told = found.get("errors") or found.get("error_description") or found.get("error")
        words = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False) if told else ""
    except (ValueError, AttributeError):
        words = answer.body[:_LONGEST].decode("utf-8", "replace").strip()
    return (words or f"HTTP {answer.status}")[:_LONGEST]


def _after(answer: Answer) -> int:
    try:
        return max(int(Decimal(answer.headers.get("retry-after", "2"))), 1)
    except InvalidOperation:
        return 2
