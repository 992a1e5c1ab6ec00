"""Error class → page, once. Every page says what happened and what to do; none shows how we are built."""

import logging
import secrets
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from tieout.core.failure import RemoteError
from tieout.core.money import CurrencyMixed, PrecisionExcess
from tieout.people import organisations, sessions
from tieout.people.accounts import AddressTaken
from tieout.people.id_tokens import Untrusted
from tieout.people.members import Impossible
from tieout.people.organisations import SetupClosed
from tieout.people.passkeys import PasskeyRefused
from tieout.people.roles import NotPermitted
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
from tieout.web import explanations, guard
from tieout.web.explanations import Explained
from tieout.web.guard import Forged, ProofNeeded, SignInNeeded
from tieout.web.render import page, query
from tieout.web.spool import UploadBroken, UploadTooLarge

log = logging.getLogger("tieout.web")

Explain = Callable[[Request, Exception], Explained | None]


class Missing(Exception):
    """An address of ours that leads to something this organisation does not have; told like one that leads nowhere."""


def explain(request: Request, error: Exception) -> Explained | None:
    """The page of an error; the nearest class decides. None: nobody foresaw it."""
    for kind in type(error).__mro__:
        if found := PAGES.get(kind) or BY_NAME.get(kind.__name__):
            return found(request, error)
    return None


def answer(request: Request, error: Exception) -> Response:
    explained = explain(request, error)
    if explained is None:
        return unforeseen(request, error)
    if explained.status >= 500:
        log.error("%s at %s %s", type(error).__name__, request.method, request.url.path, exc_info=error)
    return page(request, "error.html", explained.status, explained=explained, id="")


def unforeseen(request: Request, error: Exception) -> Response:
    """A page for what no table names, and for what it names as our mistake: a 500 with an id that leads to the log."""
    explained = explain(request, error)
    if explained is not None:
        return on_its_own(request, page(request, "error.html", explained.status, explained=explained, id=""))
    id = secrets.token_hex(4)
    log.error("unforeseen error %s at %s %s", id, request.method, request.url.path, exc_info=error)
    explained = Explained(
        500,
        "Something went wrong on our side",
        "Nothing was lost: what was saved before is still there, and what was being sent is looked for in the books "
        "before it is sent again.",
        "Try again. If it happens again, look for the id below in Tieout's log, or run tieout doctor.",
    )
    return on_its_own(request, page(request, "error.html", 500, explained=explained, id=id))


def on_its_own(request: Request, response: Response) -> Response:
    """An answer that is made outside of everything that would put the headers on."""
    for name, value in guard.headers(guard.settings_of(request).is_https).items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    return response


def to_sign_in(request: Request, error: Exception) -> Response:
    """A page answers with the way to sign in; a fragment tells the whole page to go there."""
    assert isinstance(error, SignInNeeded)
    is_new = organisations.is_empty(guard.tools_of(request))
    target = "/first-run" if is_new else "/sign-in" + query(back=error.back if error.back != "/" else "")
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target.rstrip("?"), 303)


def to_proof(request: Request, error: Exception) -> Response:
    """Prove that it is you, then go on where you were."""
    assert isinstance(error, ProofNeeded)
    target = "/prove" + query(back=error.back)
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


def to_second_factor(request: Request, error: Exception) -> Response:
    """Whichever page began a session: a person with a second factor gives it first."""
    assert isinstance(error, FactorNeeded)
    return second_step(request, error, "/")


def second_step(request: Request, needed: FactorNeeded, back: str) -> Response:
    response = RedirectResponse("/sign-in/second-factor" + query(back=back if back != "/" else "").rstrip("?"), 303)
    guard.set_cookie(request, response, "factor", needed.token, int(sessions.PENDING.total_seconds()))
    return response


def register(app: FastAPI) -> None:
    for kind in PAGES:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(SignInNeeded, to_sign_in)
    app.add_exception_handler(ProofNeeded, to_proof)
    app.add_exception_handler(FactorNeeded, to_second_factor)
    app.add_exception_handler(Exception, unforeseen)


PAGES: dict[type[Any], Explain] = {
    HTTPException: explanations.http,
    RequestValidationError: explanations.nowhere,
    Missing: explanations.nowhere,
    NotPermitted: explanations.not_permitted,
    Impossible: explanations.refused,
    Forged: explanations.forged,
    UploadTooLarge: explanations.too_large,
    UploadBroken: explanations.broken,
    WrongCredentials: explanations.not_signed_in,
    TooManyTries: explanations.too_fast,
    LinkUsed: explanations.not_signed_in,
    Untrusted: explanations.not_signed_in,
    WrongCode: explanations.not_signed_in,
    PasskeyRefused: explanations.not_signed_in,
    AddressTaken: explanations.address_taken,
    SetupClosed: explanations.set_up_already,
    MappingMoved: explanations.moved,
    NotAMeaning: explanations.refused,
    NoSuchFix: explanations.nowhere,
    BooksTaken: explanations.taken,
    RemoteError: explanations.remote,
    BackupFailed: explanations.operators,
    KeyMissing: explanations.operators,
    NotKept: explanations.operators,
    Tampered: explanations.operators,
    UnknownSchema: explanations.operators,
    NotACheckpoint: explanations.operators,
    WrongDatabase: explanations.operators,
    CurrencyMixed: explanations.unforeseen,
    PrecisionExcess: explanations.unforeseen,
    OSError: explanations.disk,
}

# Errors of rooms that this one may not import, by the name of their class.
BY_NAME: dict[str, Explain] = {
    "Refused": explanations.refused,
    "Unreadable": explanations.refused,
    "UnknownPlatform": explanations.nowhere,
    "FolderInUse": explanations.operators,
    "UnsafeFolder": explanations.operators,
    "JobsMisplaced": explanations.operators,
    "JobError": explanations.unforeseen,
    "Undelivered": explanations.operators,
}
