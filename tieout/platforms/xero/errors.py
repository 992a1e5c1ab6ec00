"""How Xero says no: a table, a line an error. `read_error` makes a remote error of any answer that is not a yes.

Xero has no stable code per message, so sentences are matched by pattern; what no line knows is kept and shown as
received. Whatever does not fit a line that says "not carried out" leaves a write's outcome unknown. Sources: Xero's
published response codes, and recorded answers.
"""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from tieout.calls import Answer, Request, correlation_id, lost_answer
from tieout.core.failure import (
    Busy,
    Disconnected,
    Failure,
    FailureKind,
    NotAllowed,
    Rejected,
    RemoteError,
    Stale,
)
from tieout.platforms import (
    ACCESS_EXPIRED,
    CONTACT_ARCHIVED,
    GRANT_ENDED,
    KEY_REUSED,
    NOT_FOUND,
    NUMBER_TAKEN,
    ROLE_TOO_SMALL,
    SCOPE_MISSING,
    TENANT_REFUSED,
    Limits,
)
from tieout.platforms._exact import Unreadable, tree
from tieout.platforms.xero.wire import sentences

DEFAULT_WAIT_SECONDS = 60
OFFLINE_WAIT_SECONDS = 300
LONGEST_WAIT_SECONDS = 24 * 3600
_MOST_WORDS = 100
_LONGEST_WORDS = 1000

UNRECOGNISED, OUTAGE = "provider-error-unrecognised", "provider-outage"

# Sentences of validation: pattern, our code, what we may do next. The first line that any sentence fits wins.
_SENTENCES: tuple[tuple[str, str, FailureKind], ...] = (
    (r"an error occurred in xero", OUTAGE, FailureKind.OUTCOME_UNKNOWN),
    (r"idempotency key.* is used with a different request", KEY_REUSED, FailureKind.REJECTED),
    (r"invoice # must be unique", NUMBER_TAKEN, FailureKind.REJECTED),
    (r"invoice not of valid status for modification", NUMBER_TAKEN, FailureKind.REJECTED),
    (r"account code .* has been archived, or has been deleted", "mapped-account-removed", FailureKind.REJECTED),
    (r"account code .* has been removed as it does not match", "mapped-account-removed", FailureKind.REJECTED),
    (r"account code .* is not a valid code for this document", "account-code-invalid", FailureKind.REJECTED),
    (r"account code( or id)? must be specified", "account-code-invalid", FailureKind.REJECTED),
    (r"account must be valid", "account-code-invalid", FailureKind.REJECTED),
    (r"account could not be found", "account-code-invalid", FailureKind.REJECTED),
    (r"bank account is archived", "mapped-account-removed", FailureKind.REJECTED),
    (r"taxtype code .* cannot be used with account code", "tax-type-not-allowed", FailureKind.REJECTED),
    (r"taxtype code .* does not exist or cannot be used", "tax-type-not-allowed", FailureKind.REJECTED),
    (r"taxtype field is mandatory", "tax-mapping-missing", FailureKind.REJECTED),
    (r"item code .* is not valid", "item-archived", FailureKind.REJECTED),
    (r"item .* has an incorrect inventory asset account", "item-archived", FailureKind.REJECTED),
    (r"unknown tracking details", "mapping-incomplete", FailureKind.REJECTED),
    (r"line total .* does not match the expected line total", "document-unbalanced", FailureKind.REJECTED),
    (r"total debits .* must equal total credits", "document-unbalanced", FailureKind.REJECTED),
    (r"contact name .* is already assigned to another contact", "contact-duplicate-blocks", FailureKind.REJECTED),
    (r"another contact has this contact number", "contact-duplicate-blocks", FailureKind.REJECTED),
    (r"contact .*has been archived", CONTACT_ARCHIVED, FailureKind.REJECTED),
    (r"matched an archived contact", CONTACT_ARCHIVED, FailureKind.REJECTED),
    (r"contact must (contain|be specified)", "contact-fields-missing", FailureKind.REJECTED),
    (r"email address must be valid", "contact-fields-missing", FailureKind.REJECTED),
    (r"payment or credit note allocated", "document-has-payment", FailureKind.STALE),
    (r"payments or credit notes allocated", "document-has-payment", FailureKind.STALE),
    (r"reached the limit of invoices you can approve", "books-plan-limit", FailureKind.NOT_ALLOWED),
    (r"not subscribed to currency", "currency-not-enabled", FailureKind.REJECTED),
    (r"(end of year|period) lock date", "period-locked", FailureKind.REJECTED),
    (r"not permitted to access this resource", ROLE_TOO_SMALL, FailureKind.NOT_ALLOWED),
    (r"document with the supplied id was not found", NOT_FOUND, FailureKind.REJECTED),
)
_PATTERNS = tuple((re.compile(pattern, re.I), code, kind) for pattern, code, kind in _SENTENCES)

# A warning that says that what was saved is not what was sent.
_ALTERED = re.compile(r"has been removed as it does not match|has been (removed|changed|replaced|ignored)", re.I)

_ERRORS: dict[FailureKind, type[RemoteError]] = {
    FailureKind.REJECTED: Rejected,
    FailureKind.NOT_ALLOWED: NotAllowed,
    FailureKind.STALE: Stale,
}

# Errors of the token endpoint.
_GRANT_ERRORS: dict[str, tuple[type[RemoteError], str]] = {
    "invalid_grant": (Disconnected, GRANT_ENDED),
    "invalid_client": (NotAllowed, "connect-error-shown"),
    "unauthorized_client": (NotAllowed, "connect-error-shown"),
    "invalid_scope": (NotAllowed, "connect-error-shown"),
    "unsupported_grant_type": (Rejected, "connect-error-shown"),
    "invalid_request": (Rejected, "connect-error-shown"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """An error answer as read from any dialect: JSON of the accounting or the identity side, XML, HTML, plain text."""

    type: str
    words: tuple[str, ...]
    is_readable: bool


# Status, what the words must mention, the error and its code; the first line that fits wins. None was carried out.
_STATUSES: tuple[tuple[int, str, type[RemoteError], str], ...] = (
    (401, "AuthorizationUnsuccessful", NotAllowed, SCOPE_MISSING),
    (401, "not permitted to access this resource", NotAllowed, ROLE_TOO_SMALL),
    (401, "", Disconnected, ACCESS_EXPIRED),
    (403, "AuthenticationUnsuccessful", Disconnected, TENANT_REFUSED),
    (403, "", NotAllowed, ROLE_TOO_SMALL),
    (404, "", Rejected, NOT_FOUND),
    (405, "", Rejected, UNRECOGNISED),
    (409, "", Stale, "stale-write-refused"),
    (412, "", Stale, "stale-write-refused"),
    (413, "", Rejected, UNRECOGNISED),
    (415, "", Rejected, UNRECOGNISED),
    (501, "The Api Method called is not implemented", Rejected, "provider-fault-confirmed"),
)


def read_error(request: Request, answer: Answer) -> RemoteError:
    """The error for an answer that is no 2xx, or a 2xx that cannot be understood. Pure; never raises."""
    said = hear(answer)
    if answer.status == 400:
        return _bad_request(request, answer, said)
    if answer.status == 429:
        problem = answer.headers.get("x-rate-limit-problem", "limit not named")
        return _error(
            Busy, said.words or (f"too many calls: {problem}",), _limit_named(answer), answer, wait_of(answer)
        )
    if answer.status == 503 and not request.is_write and _mentions(said, "organisation is offline"):
        return _error(Busy, said.words, OUTAGE, answer, wait_of(answer, OFFLINE_WAIT_SECONDS))
    # Xero's own page prints the header's word misspelt; both spellings are met.
    asked = answer.headers.get("www-authenticate", "").lower()
    if answer.status == 401 and ("insufficient_scope" in asked or "insufficent_scope" in asked):
        return _error(NotAllowed, said.words, SCOPE_MISSING, answer)
    for status, mentioned, kind, code in _STATUSES:
        if answer.status == status and (not mentioned or _mentions(said, mentioned)):
            return _error(kind, said.words, code, answer)
    return _unclear(request, answer, said, OUTAGE if answer.status >= 500 else UNRECOGNISED)


def read_grant_error(request: Request, answer: Answer) -> RemoteError:
    """The same for the token endpoint, which speaks a dialect of its own: {"error": "invalid_grant"}."""
    said = hear(answer)
    if answer.status in (400, 401) and said.type in _GRANT_ERRORS:
        kind, code = _GRANT_ERRORS[said.type]
        return _error(kind, (said.type, *said.words), code, answer)
    return _unclear(request, answer, said, UNRECOGNISED) if answer.status < 429 else read_error(request, answer)


def refusal(words: tuple[str, ...], status: int = 200, correlation: str = "") -> Failure:
    """The Failure of one element that was refused with these sentences; the weightiest of them gives code and kind."""
    code, kind = _classified(words)
    return Failure(kind, code, words, status, correlation)


def alters(warnings: tuple[str, ...]) -> bool:
    return any(_ALTERED.search(words) for words in warnings)


def hear(answer: Answer) -> Said:
    """What an error body says, whatever its form. Never raises."""
    try:
        found = tree(answer.body)
    except Unreadable:
        return _hear_text(answer.body.decode("utf-8", "replace"))
    if not isinstance(found, dict):
        return Said("", _kept((str(found),)), False)
    fields = {str(name).lower(): value for name, value in found.items()}  # early answers used lower-case keys
    own = [fields.get(name) for name in ("title", "detail", "message", "error_description")]
    words = [*sentences(found, "ValidationErrors"), *(text for text in own if isinstance(text, str))]
    kind = fields.get("error") if isinstance(fields.get("error"), str) else fields.get("type")
    return Said(str(kind or ""), _kept(words), True)


def limits_of(answer: Answer) -> Limits:
    """What an answer's headers say of the allowance. A refusal without a stated time orders the default wait."""
    day_left, minute_left = (
        int(text) if (text := answer.headers.get(f"x-{which}limit-remaining", "")).isdecimal() else None
        for which in ("day", "min")
    )
    if answer.status != 429:
        return Limits(day_left, minute_left)
    return Limits(day_left, minute_left, wait_of(answer), _limit_named(answer))


def _limit_named(answer: Answer) -> str:
    # Any but the day's passes within a minute; an unknown one is taken for the app's, which is one of those.
    is_day = answer.headers.get("x-rate-limit-problem", "").lower() == "day"
    return "rate-limit-day" if is_day else "rate-limit-minute"


def wait_of(answer: Answer, otherwise_seconds: int = DEFAULT_WAIT_SECONDS) -> int:
    """Seconds to wait as `Retry-After` says: a number or a date, kept between a second and a day."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return otherwise_seconds
    try:
        wait_seconds = int(text) if re.fullmatch(r"[+-]?\d+", text) else _until(text, answer)
    except (ValueError, TypeError, OverflowError):
        return otherwise_seconds
    return max(1, min(wait_seconds, LONGEST_WAIT_SECONDS))


def _until(text: str, answer: Answer) -> int:
    # Against their own clock, so that ours need not be right.
    there = parsedate_to_datetime(answer.headers["date"]) if "date" in answer.headers else None
    if there is None:
        raise ValueError("a date to wait for, and no clock to compare it with")
    return int((parsedate_to_datetime(text) - there).total_seconds())


def _bad_request(request: Request, answer: Answer, said: Said) -> RemoteError:
    if not said.is_readable or not (said.type or said.words):
        return _unclear(request, answer, said, UNRECOGNISED)
    code, kind = _classified(said.words)
    if kind is FailureKind.OUTCOME_UNKNOWN:
        return _unclear(request, answer, said, code)
    return _error(_ERRORS[kind], said.words or (said.type,), code, answer)


def _error(
    kind: type[RemoteError], words: tuple[str, ...], code: str, answer: Answer, wait_seconds: int | None = None
) -> RemoteError:
    return kind(
        *(words or (f"HTTP {answer.status}",)),
        code=code,
        status=answer.status,
        correlation_id=correlation_id(answer),
        retry_after_seconds=wait_seconds,
    )


def _unclear(request: Request, answer: Answer, said: Said, code: str) -> RemoteError:
    words = said.words or (f"HTTP {answer.status}",)
    return lost_answer(request, *words, code=code, status=answer.status, correlation_id=correlation_id(answer))


def _classified(words: tuple[str, ...]) -> tuple[str, FailureKind]:
    """By the first line of the table that any sentence fits, so that order in the table is weight."""
    for pattern, code, kind in _PATTERNS:
        if any(pattern.search(each) for each in words):
            return code, kind
    return UNRECOGNISED, FailureKind.REJECTED


def _mentions(said: Said, words: str) -> bool:
    return any(words.lower() in each.lower() for each in said.words)


def _hear_text(text: str) -> Said:
    """XML exceptions are readable; HTML and plain text only give words."""
    if "<ApiException" in text:
        kind = re.search(r"<Type>([^<]*)</Type>", text)
        return Said(kind[1] if kind else "", _kept(re.findall(r"<Message>([^<]*)</Message>", text)), True)
    plain = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", " ", text)
    return Said("", _kept((" ".join(plain.split()),)), False)


def _kept(words: Any) -> tuple[str, ...]:
    once = dict.fromkeys(each.strip()[:_LONGEST_WORDS] for each in words)
    return tuple(each for each in once if each)[:_MOST_WORDS]
