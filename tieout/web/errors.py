"""Error class → page, once. Every page says what happened and what to do; none shows how we are built."""

import errno
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from tieout.people import organisations
from tieout.people.roles import NotPermitted, Right, roles_with
from tieout.web import guard
from tieout.web.guard import Forged, SignInNeeded
from tieout.web.render import page, query
from tieout.web.spool import UploadBroken, UploadTooLarge

log = logging.getLogger("tieout.web")


class Missing(Exception):
    """An address of ours that leads to something this organisation does not have; told like one that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Explained:
    """`what` happened and what to do `then`; `link` and `label` are the way on."""

    status: int
    title: str
    what: str
    then: str
    link: str = "/"
    label: str = "Go to the settlements"


NOT_FOUND = Explained(
    404,
    "There is nothing here",
    "This address leads to no page, or to something that your organisation does not have.",
    "Check the address, or look for it in the list.",
)

_RIGHT_WORDS = {
    Right.VIEW: "look at this",
    Right.SEND: "send settlements",
    Right.IMPORT: "upload statements",
    Right.MAP: "say what a label means",
    Right.CONNECT: "connect or disconnect books",
    Right.PEOPLE: "invite and remove people",
    Right.OWN: "do what only the owner does",
}


def explain(request: Request, error: Exception) -> Explained | None:
    """The page of an error; the nearest class decides. None: nobody foresaw it."""
    for kind in type(error).__mro__:
        if kind in PAGES:
            return PAGES[kind](request, error)
    return None


def answer(request: Request, error: Exception) -> Response:
    explained = explain(request, error)
    if explained is None:
        return unforeseen(request, error)
    return page(request, "error.html", explained.status, explained=explained, id="")


def unforeseen(request: Request, error: Exception) -> Response:
    """A 500 with an id that leads to the log line; the visitor sees no more of it."""
    id = secrets.token_hex(4)
    log.error("unforeseen error %s at %s %s", id, request.method, request.url.path, exc_info=error)
    explained = Explained(
        500,
        "Something went wrong on our side",
        "Nothing was lost: what was saved before is still there, and what was being sent is looked for in the books "
        "before it is sent again.",
        "Try again. If it happens again, look for the id below in Tieout's log, or run tieout doctor.",
    )
    response = page(request, "error.html", 500, explained=explained, id=id)
    # This answer is made outside of everything that would put the headers on.
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


def register(app: FastAPI) -> None:
    for kind in PAGES:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(SignInNeeded, to_sign_in)
    app.add_exception_handler(Exception, unforeseen)


def _http(request: Request, error: Exception) -> Explained:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return NOT_FOUND
    if error.status_code == 405:
        return Explained(
            405, "This can't be done here", "The address exists, but not for this.", "Go back and try again."
        )
    return Explained(error.status_code, "This can't be answered", str(error.detail), "Go back and try again.")


def _nowhere(request: Request, error: Exception) -> Explained:
    """Also an address whose parts make no sense, like a letter where a row number belongs."""
    return NOT_FOUND


def _not_permitted(request: Request, error: Exception) -> Explained:
    assert isinstance(error, NotPermitted)
    helpers = " or ".join(roles_with(error.right))
    return Explained(
        403,
        "Your role does not include this",
        f"You are signed in as {error.role}; that role may not {_RIGHT_WORDS[error.right]}.",
        f"Ask somebody of your organisation who is {helpers}.",
    )


def _forged(request: Request, error: Exception) -> Explained:
    return Explained(
        403,
        "This form is out of date",
        "Nothing was changed. The form was opened before you signed in or out, or it was sent from another site.",
        "Open the page again and repeat what you did.",
        request.url.path if request.method == "GET" else "/",
        "Open Tieout again",
    )


def _too_large(request: Request, error: Exception) -> Explained:
    assert isinstance(error, UploadTooLarge)
    limit = error.limit_bytes // (1024 * 1024)
    return Explained(
        413,
        "This file is too large for the browser",
        f"A file that is uploaded here may have up to {limit} MB. Nothing of it was kept.",
        "Import it from the command line, which has no limit: tieout import FILE. Or split it into single settlements.",
    )


def _broken(request: Request, error: Exception) -> Explained:
    return Explained(
        400,
        "The file did not arrive",
        f"Nothing was kept: {error}.",
        "Choose the file again and upload it.",
    )


def _disk(request: Request, error: Exception) -> Explained | None:
    assert isinstance(error, OSError)
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return Explained(
        507,
        "The disk is full",
        "Nothing was kept of what you just did; everything from before is safe.",
        "Whoever runs this server must free some space; then repeat it.",
    )


PAGES: dict[type[Any], Callable[[Request, Exception], Explained | None]] = {
    HTTPException: _http,
    RequestValidationError: _nowhere,
    Missing: _nowhere,
    NotPermitted: _not_permitted,
    Forged: _forged,
    UploadTooLarge: _too_large,
    UploadBroken: _broken,
    OSError: _disk,
}
