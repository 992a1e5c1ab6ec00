"""Error class → status, code and the one body (RFC 9457), once. No answer shows how we are built.

A trouble at the books is no error here: the call is accepted, and its operation says what it waits for.
"""

import errno
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from tieout.api.codes import CODES
from tieout.core.failure import RemoteError
from tieout.core.money import CurrencyMixed, PrecisionExcess
from tieout.people.accounts import AddressTaken
from tieout.people.id_tokens import Untrusted
from tieout.people.members import Impossible
from tieout.people.organisations import SetupClosed
from tieout.people.passkeys import PasskeyRefused
from tieout.people.roles import NotPermitted, Right
from tieout.people.second_factor import WrongCode
from tieout.people.sessions import FactorNeeded, LinkUsed, TooManyTries, WrongCredentials
from tieout.store.backup import BackupFailed
from tieout.store.checkpoints import NotACheckpoint
from tieout.store.connections import BooksTaken
from tieout.store.deployment import WrongDatabase
from tieout.store.schema import UnknownSchema
from tieout.store.statements import NotKept
from tieout.store.vault import KeyMissing, Tampered
from tieout.sync.fixes import NoSuchFix
from tieout.sync.mapping import MappingMoved, NotAMeaning

log = logging.getLogger("tieout.api")

PROBLEM_JSON = "application/problem+json"
_MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake of a request. `path` names the field, as in record_ids[1]."""

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Action:
    """What can be called next, by this caller."""

    label: str
    method: str
    href: str


@dataclass(eq=False)
class Declined(Exception):
    """A request that is not carried out, and nothing of it was. `code` is one of CODES.

    `problem` and `issue` name the entry of the catalogue and the open issue behind it; `operation` what stands in the
    way or took part; `headers` go on the answer.
    """

    code: str
    detail: str = ""
    fields: tuple[Mistake, ...] = ()
    title: str = ""
    problem: str | None = None
    issue: str | None = None
    operation: str | None = None
    after_seconds: int | None = None
    actions: tuple[Action, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return CODES[self.code].status


def answer(request: Request, error: Exception) -> Response:
    """The one body, for whatever was raised."""
    return respond(request, explain(request, error))


def respond(request: Request, declined: Declined) -> Response:
    known = CODES[declined.code]
    after_seconds = declined.after_seconds if declined.after_seconds is not None else known.after_seconds
    headers = dict(declined.headers)
    if after_seconds is not None:
        headers["Retry-After"] = str(after_seconds)
    body = {
        "type": f"/errors/{declined.code}",
        "title": declined.title or known.title,
        "status": known.status,
        "detail": declined.detail or known.when,
        "code": declined.code,
        "request_id": request.state.request_id,
        "fields": [_record(mistake) for mistake in declined.fields[:_MOST_FIELDS]],
        "problem": declined.problem,
        "issue_id": declined.issue,
        "operation_id": declined.operation,
        "retry": {"class": known.retry, "after_seconds": after_seconds},
        "actions": [_record(action) for action in declined.actions],
    }
    return JSONResponse(body, known.status, headers, media_type=PROBLEM_JSON)


def explain(request: Request, error: Exception) -> Declined:
    """The nearest class decides; what nobody foresaw is ours, logged under the id that the answer carries."""
    if isinstance(error, Declined):
        return error
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, RequestValidationError):
        return _validation(request, error)
    if isinstance(error, NotPermitted) and error.right is Right.CONNECT:
        return Declined("insufficient_scope", f"{error}.", problem="connect-role-too-low")
    for name in (kind.__name__ for kind in type(error).__mro__):
        if name in ANSWERS:
            return replace(ANSWERS[name], detail=f"{error}.") if name in SPOKEN else ANSWERS[name]
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return Declined("unavailable", "The disk is full. Nothing was kept of this request.")
    log.error(
        "unforeseen error %s at %s %s", request.state.request_id, request.method, request.url.path, exc_info=error
    )
    return Declined("internal_error")


def mistakes_of(error: ValidationError | RequestValidationError) -> tuple[Mistake, ...]:
    """Everything that is wrong with a body or an address, at once."""
    return tuple(_mistake(each) for each in error.errors())


def refused_whole(mistakes: Iterable[Mistake]) -> Declined:
    found = tuple(mistakes)
    title = "The request has a mistake" if len(found) == 1 else f"The request has {len(found)} mistakes"
    return Declined("validation_failed", "Nothing was started. " + found[0].message, found, title)


def register(app: FastAPI) -> None:
    for kind in (Declined, HTTPException, RequestValidationError, OSError, *CLASSES):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, answer)


def _http(error: HTTPException) -> Declined:
    headers = dict(error.headers or {})
    if error.status_code == 405:
        return Declined("method_not_allowed", headers=headers)
    return Declined("not_found" if error.status_code == 404 else "malformed_request", headers=headers)


def _validation(request: Request, error: RequestValidationError) -> Declined:
    """A part of the path that makes no sense names nothing; the rest is a mistake of the caller's."""
    if any(each["loc"][0] == "path" for each in error.errors()):
        return Declined(request.state.missing)
    return refused_whole(mistakes_of(error))


# How pydantic's kinds of error are told; by prefix, the first that fits.
_KINDS = (
    ("missing", "required", "This field is required."),
    ("extra_forbidden", "unknown_field", "There is no field of this name."),
    ("string_too_long", "too_long", ""),
    ("too_long", "too_many", ""),
    ("string_too_short", "empty", ""),
    ("too_short", "empty", ""),
    ("literal", "not_allowed", ""),
    ("enum", "not_allowed", ""),
    ("greater", "not_allowed", ""),
    ("less", "not_allowed", ""),
    ("string_pattern", "not_allowed", ""),
    ("value_error", "not_allowed", ""),
)


def _mistake(error: Any) -> Mistake:
    code, message = next(((c, m) for kind, c, m in _KINDS if error["type"].startswith(kind)), ("wrong_type", ""))
    parts = [part for part in error["loc"] if part not in ("query", "body")]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    return Mistake(path[:200], code, message or f"{error['msg'].removeprefix('Value error, ')}.")


def _record(value: Mistake | Action) -> dict[str, str]:
    return {name: getattr(value, name) for name in value.__slots__}


_BUSY = Declined("unavailable", "The database cannot be reached or written to just now. Nothing was changed.")
_MOVED = Declined("state_conflict", "Somebody else changed this at the same moment. Read it again, then decide.")
_OPERATORS = Declined("unavailable", "Whoever runs this installation has to look at its log.", after_seconds=600)
_OURS = Declined("internal_error")
_SIGN_IN = Declined("unauthenticated", headers={"WWW-Authenticate": "Bearer"})

CLASSES: dict[type[Exception], Declined] = {
    NotPermitted: Declined("insufficient_scope"),
    Impossible: Declined("state_conflict"),
    WrongCredentials: _SIGN_IN,
    LinkUsed: _SIGN_IN,
    Untrusted: _SIGN_IN,
    FactorNeeded: _SIGN_IN,
    WrongCode: _SIGN_IN,
    PasskeyRefused: _SIGN_IN,
    AddressTaken: Declined("state_conflict"),
    TooManyTries: Declined("too_many_requests"),
    SetupClosed: Declined("state_conflict"),
    NotAMeaning: Declined("validation_failed"),
    MappingMoved: Declined("version_mismatch"),
    NoSuchFix: Declined("issue_not_found"),
    BooksTaken: Declined("state_conflict"),
    RemoteError: Declined("unavailable"),
    BackupFailed: _OPERATORS,
    KeyMissing: _OPERATORS,
    NotKept: _OPERATORS,
    Tampered: _OPERATORS,
    UnknownSchema: _OPERATORS,
    NotACheckpoint: _OPERATORS,
    WrongDatabase: _OPERATORS,
    CurrencyMixed: _OURS,
    PrecisionExcess: _OURS,
}
# Also those of rooms and libraries that this room may not import, by the name of their class.
ANSWERS: dict[str, Declined] = {kind.__name__: declined for kind, declined in CLASSES.items()} | {
    "Refused": Declined("validation_failed"),
    "Unreadable": Declined("validation_failed"),
    "UnknownPlatform": Declined("provider_not_found"),
    "FolderInUse": _OPERATORS,
    "UnsafeFolder": _OPERATORS,
    "JobsMisplaced": _OPERATORS,
    "JobError": _OURS,
    "Undelivered": _OPERATORS,
    "OperationalError": _BUSY,
    "IntegrityError": _MOVED,
}
# Their sentence is written for the caller.
SPOKEN = {"NotPermitted", "NotAMeaning", "MappingMoved", "BooksTaken", "RemoteError", "Refused", "Unreadable"}
