"""How QuickBooks says no: a table, a line an error. `read_error` makes a remote error of any answer that is not a yes.

A fault is found in either of Intuit's two shapes, whatever the case of its keys, with one error or several, under any
status: HTTP 200 may carry one. It is read by code and text; what no line knows is shown in Intuit's own words. Whatever
does not say "not carried out" leaves a write's outcome unknown. Sources: Intuit's error pages, and recorded answers.
"""

import re
from dataclasses import dataclass
from typing import Any

from tieout.calls import Answer, Request, correlation_id, lost_answer
from tieout.core.failure import Busy, Disconnected, Failure, FailureKind, NotAllowed, Rejected, RemoteError, Stale
from tieout.platforms import (
    ACCESS_EXPIRED,
    CONTACT_ARCHIVED,
    GRANT_ENDED,
    NOT_FOUND,
    NUMBER_TAKEN,
    ROLE_TOO_SMALL,
    TENANT_REFUSED,
    Limits,
)
from tieout.platforms._exact import Unreadable, tree

DEFAULT_WAIT_SECONDS = 60  # Intuit: after a 429 wait a minute; it is not reliably told how long
SLOW_WAIT_SECONDS = 300
LONGEST_WAIT_SECONDS = 24 * 3600
_MOST_WORDS, _LONGEST_WORDS = 100, 1000

UNRECOGNISED, OUTAGE, LIMIT = "provider-error-unrecognised", "provider-outage", "rate-limit-minute"
_UNKNOWN, _BUSY, _STALE = FailureKind.OUTCOME_UNKNOWN, FailureKind.BUSY, FailureKind.STALE
_OUT, _BARRED, _NO = FailureKind.DISCONNECTED, FailureKind.NOT_ALLOWED, FailureKind.REJECTED

# Codes, what the words must mention, what we may do next, our code. The first line that any error of a fault fits wins,
# so order is weight. Codes that only say that a call of ours was wrong need no line: they are shown as received.
_FAULTS: tuple[tuple[tuple[int, ...], str, FailureKind, str], ...] = (
    ((10000,), "", _UNKNOWN, "provider-fault-confirmed"),
    ((1000, 1010, 1020), "", _UNKNOWN, UNRECOGNISED),
    ((600,), "", _UNKNOWN, "send-outcome-unknown"),
    ((3200, 100, 110), "", _OUT, ACCESS_EXPIRED),
    ((3100,), "", _OUT, TENANT_REFUSED),
    ((10200,), "", _OUT, "demo-company-reset"),
    ((120,), "", _BARRED, "user-rights-changed"),
    ((5020,), "", _BARRED, ROLE_TOO_SMALL),
    ((6190,), "", _BARRED, "books-subscription-lapsed"),
    ((5030,), "", _BARRED, "books-edition-unsupported"),
    ((3001,), "", _BUSY, LIMIT),
    ((130,), "", _BUSY, "transient-network-error"),
    ((140, 150), "", _BUSY, OUTAGE),
    ((6000,), "one name at a time", _BUSY, UNRECOGNISED),
    ((6140, 630), "", _NO, NUMBER_TAKEN),
    ((6210,), "duplicate document number", _NO, NUMBER_TAKEN),  # so in a post of Intuit's of 2017
    ((5010,), "", _STALE, "stale-write-refused"),
    ((6200, 6210), "", _NO, "period-locked"),
    ((610,), "another user has deleted", _NO, "document-gone-in-books"),
    ((610,), "itemref", _NO, "item-archived"),
    ((610,), "(customer|vendor)ref", _NO, CONTACT_ARCHIVED),
    ((610, 2500), "taxcoderef", _NO, "tax-type-not-allowed"),
    ((610, 2500), "", _NO, "mapped-account-removed"),
    ((6430,), "", _NO, "account-code-invalid"),
    ((2020, 6440), "", _NO, "mapping-incomplete"),
    ((6100, 6160, 6230, 6470), "", _NO, "tax-type-not-allowed"),
    ((6000,), "have a GST/HST rate before you save", _NO, "tax-mapping-missing"),
    ((6000,), "only use one foreign currency per transaction", _NO, "currency-mixed-document"),
    ((2220,), "", _NO, "currency-not-enabled"),
    ((2250, 2260, 2290, 2300), "", _NO, "document-unbalanced"),
    ((6000,), "debits.*(equal|match|balance)", _NO, "document-unbalanced"),
    ((2050,), "", _NO, "field-too-long"),
    ((6000,), "at most 21 characters", _NO, "field-too-long"),
    ((6000,), "activate this item", _NO, "item-archived"),
    ((6240,), "", _NO, "contact-duplicate-blocks"),
    ((6250,), "", _NO, CONTACT_ARCHIVED),
    ((2040, 2200, 2210), "", _NO, "contact-fields-missing"),
    ((2030,), "", _NO, "link-id-corrupt"),
    ((800, 6450), "", _NO, "document-has-payment"),
    ((6480,), "", _NO, "payment-already-reconciled"),
    ((6540,), "", _NO, "rollback-blocked"),
)
_LINES = tuple((codes, re.compile(words, re.I), kind, code) for codes, words, kind, code in _FAULTS)

# What a status says where no line of the table does. None of these was carried out.
_STATUSES: dict[int, tuple[FailureKind, str]] = {
    401: (_OUT, ACCESS_EXPIRED),
    403: (_BARRED, ROLE_TOO_SMALL),
    404: (_NO, NOT_FOUND),
    405: (_NO, UNRECOGNISED),
    413: (_NO, UNRECOGNISED),
    415: (_NO, UNRECOGNISED),
}
_ERRORS: dict[FailureKind, type[RemoteError]] = {
    each.kind: each for each in (Busy, Disconnected, NotAllowed, Rejected, Stale)
}
# Errors of the token endpoint, RFC 6749.
_GRANT_ERRORS: dict[str, tuple[type[RemoteError], str]] = {
    "invalid_grant": (Disconnected, GRANT_ENDED),
    "invalid_client": (NotAllowed, "connect-error-shown"),
    "unauthorized_client": (NotAllowed, "connect-error-shown"),
    "invalid_scope": (NotAllowed, "connect-error-shown"),
    "unsupported_grant_type": (Rejected, "connect-error-shown"),
    "invalid_request": (Rejected, "connect-error-shown"),
}
_TOKEN = re.compile(r"(?i)(token[\w ]*: )\S+")  # they print the token that has died


@dataclass(frozen=True, slots=True)
class Fault:
    """What an answer holds against us: code and sentence of each error, a code of 0 where none was told.

    Without any it was no fault of theirs but a page, or nothing at all: `text` is what that says.
    """

    type: str = ""
    errors: tuple[tuple[int, str], ...] = ()
    text: str = ""

    @property
    def codes(self) -> tuple[int, ...]:
        return tuple(code for code, _ in self.errors if code)

    @property
    def words(self) -> tuple[str, ...]:
        """Never endless: as many as a person may read, each cut."""
        once = dict.fromkeys(
            words.strip()[:_LONGEST_WORDS] for words in [words for _, words in self.errors] or [self.text]
        )
        return tuple(each for each in once if each)[:_MOST_WORDS]


def read_error(request: Request, answer: Answer, said: Fault | None = None) -> RemoteError:
    """The error for an answer that is no 2xx, or that holds a fault; `said` where it lies deeper. Never raises."""
    said = said or hear(answer)
    kind, code = _judged(said, answer.status)
    if kind is _UNKNOWN:
        words = said.words or (f"HTTP {answer.status}",)
        return lost_answer(request, *words, code=code, status=answer.status, correlation_id=correlation_id(answer))
    if not request.is_write and 610 in said.codes:
        code = NOT_FOUND
    return _ERRORS[kind](
        *(said.words or (f"HTTP {answer.status}",)),
        code=code,
        status=answer.status,
        correlation_id=correlation_id(answer),
        retry_after_seconds=_wait_of(answer, code) if kind is _BUSY else None,
    )


def read_grant_error(request: Request, answer: Answer) -> RemoteError:
    """The same for the token endpoint, which says {"error": "invalid_grant"}: only a clear word ends a grant."""
    try:
        found = tree(answer.body)
    except Unreadable:
        found = None
    error = str(found.get("error", "")) if isinstance(found, dict) else ""
    if answer.status in (400, 401) and error in _GRANT_ERRORS:
        kind, code = _GRANT_ERRORS[error]
        described = str(found.get("error_description", ""))[:_LONGEST_WORDS]
        return kind(
            *filter(None, (error, described)), code=code, status=answer.status, correlation_id=correlation_id(answer)
        )
    if answer.status == 429:
        return read_error(request, answer)
    code = OUTAGE if answer.status >= 500 else UNRECOGNISED
    words = hear(answer).words or (f"HTTP {answer.status}",)
    return lost_answer(request, *words, code=code, status=answer.status, correlation_id=correlation_id(answer))


def refusal(said: Fault, answer: Answer) -> Failure:
    """The Failure of one element of a batch; the weightiest of its errors gives code and kind."""
    kind, code = _judged(said, 200)
    wait_seconds = _wait_of(answer, code) if kind is _BUSY else None
    return Failure(kind, code, said.words, answer.status, correlation_id(answer), wait_seconds)


def limits_of(answer: Answer) -> Limits:
    """Only a refusal says anything of the allowance: send nothing for at least a minute."""
    return Limits(wait_seconds=_wait_of(answer, LIMIT), code=LIMIT) if answer.status == 429 else Limits()


def hear(answer: Answer) -> Fault:
    """What an answer says against us, whatever its form. Never raises."""
    try:
        return fault_in(tree(answer.body)) or Fault(text=answer.body.decode("utf-8", "replace"))
    except Unreadable:
        return _hear_text(answer.body.decode("utf-8", "replace"))


def fault_in(found: Any) -> Fault | None:
    """The fault that an answer, or one element of it, holds; None when it holds none."""
    fault = _small(found).get("fault")
    if fault is None:
        return None
    fields = _small(fault)
    errors = fields.get("error", [])
    told = [_small(each) for each in (errors if isinstance(errors, list) else [errors])]
    return Fault(str(fields.get("type", "")), tuple((_code(each), _sentence(each)) for each in told))


def _judged(said: Fault, status: int) -> tuple[FailureKind, str]:
    if status == 429:
        return _BUSY, LIMIT
    known = _line(said)
    if status >= 500 or status == 408:
        return (_UNKNOWN, known[1]) if known and known[0] is _UNKNOWN else (_UNKNOWN, OUTAGE)
    if known:
        return known
    if status in _STATUSES:
        return _STATUSES[status]
    is_refusal = status in (200, 400) and said.codes and said.type.lower() != "systemfault"
    return (_NO if is_refusal else _UNKNOWN), UNRECOGNISED


def _line(said: Fault) -> tuple[FailureKind, str] | None:
    for codes, pattern, kind, code in _LINES:
        if any(each in codes and pattern.search(words) for each, words in said.errors):
            return kind, code
    return None


def _wait_of(answer: Answer, code: str) -> int:
    """Never less than a minute, since what the headers say is not relied upon."""
    least_seconds = SLOW_WAIT_SECONDS if code == OUTAGE else DEFAULT_WAIT_SECONDS
    text = answer.headers.get("retry-after", "").strip()
    told_seconds = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return min(max(least_seconds, told_seconds), LONGEST_WAIT_SECONDS)


def _small(found: Any) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in found.items()} if isinstance(found, dict) else {}


def _code(error: dict[str, Any]) -> int:
    text = str(error.get("code", "")).strip()
    if not text.isdecimal():
        told = re.search(r"errorCode=(\d+)", str(error.get("message", "")))
        text = told[1] if told else "0"
    return int(text[:9])


def _sentence(error: dict[str, Any]) -> str:
    """Message and detail, each said once, and the code that their support asks for."""
    message, detail, element = (str(error.get(name, "")).strip() for name in ("message", "detail", "element"))
    words = detail if detail.startswith(message) else f"{message}: {detail}" if detail else message
    words = _TOKEN.sub(r"\1…", words)
    named = ", ".join(filter(None, (element, f"code {code}" if (code := _code(error)) else "")))
    return f"{words[: _LONGEST_WORDS - 100]} ({named[:90]})" if named else words


def _hear_text(text: str) -> Fault:
    """XML faults are readable; HTML and plain text only give words."""
    plain = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", " ", text[:100_000])
    said = " ".join(plain.split())
    codes = re.findall(r"<Error\b[^>]*\bcode=\"(\d{1,9})\"", text)
    kind = re.search(r"<Fault\b[^>]*\btype=\"(\w+)\"", text)
    return Fault(kind[1] if kind else "", tuple((int(code), said) for code in codes), said)
