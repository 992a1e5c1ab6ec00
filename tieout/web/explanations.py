"""What each error means for a person: what happened, and what to do then. Which error gets which stands in `errors`."""

import errno
from dataclasses import dataclass

from fastapi import Request
from starlette.exceptions import HTTPException

from tieout.core.failure import RemoteError
from tieout.people.roles import NotPermitted, Right, roles_with
from tieout.people.sessions import TooManyTries
from tieout.web.render import count
from tieout.web.spool import UploadTooLarge


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
    Right.AUDIT: "read who changed what",
    Right.PEOPLE: "invite and remove people",
    Right.OWN: "do what only the owner does",
}


def http(request: Request, error: Exception) -> Explained:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return NOT_FOUND
    if error.status_code == 405:
        return Explained(
            405, "This can't be done here", "The address exists, but not for this.", "Go back and try again."
        )
    return Explained(error.status_code, "This can't be answered", str(error.detail), "Go back and try again.")


def nowhere(request: Request, error: Exception) -> Explained:
    """Also an address whose parts make no sense, like a letter where a row number belongs."""
    return NOT_FOUND


def not_permitted(request: Request, error: Exception) -> Explained:
    assert isinstance(error, NotPermitted)
    *others, last = roles_with(error.right)
    helpers = f"{', '.join(others)} or {last}" if others else last
    return Explained(
        403,
        "Your role does not include this",
        f"You are signed in as {error.role}; that role may not {_RIGHT_WORDS[error.right]}.",
        f"Ask somebody of your organisation who is {helpers}.",
        f"/access/ask?right={error.right}",
        "Ask for access",
    )


def forged(request: Request, error: Exception) -> Explained:
    return Explained(
        403,
        "This form is out of date",
        "Nothing was changed. The form was opened before you signed in or out or went to another organisation, or it "
        "was sent from another site.",
        "Open the page again and repeat what you did.",
        request.url.path if request.method == "GET" else "/",
        "Open Tieout again",
    )


def too_large(request: Request, error: Exception) -> Explained:
    assert isinstance(error, UploadTooLarge)
    limit = error.limit_bytes // (1024 * 1024)
    return Explained(
        413,
        "This file is too large for the browser",
        f"A file that is uploaded here may have up to {limit} MB. Nothing of it was kept.",
        "Import it from the command line, which has no limit: tieout import FILE. Or split it into single settlements.",
    )


def broken(request: Request, error: Exception) -> Explained:
    return Explained(
        400,
        "The file did not arrive",
        f"Nothing was kept: {error}.",
        "Choose the file again and upload it.",
    )


def remote(request: Request, error: Exception) -> Explained:
    """Their words and their id for it stand on the page: whoever asks them about it needs both."""
    assert isinstance(error, RemoteError)
    id = error.failure.correlation_id
    return Explained(
        503,
        "The books did not answer as they should",
        f"They said: {error.failure.sentence}" + (f" (their id {id})" if id else ""),
        "Nothing was lost. Look at the connection's card, or try again in a minute.",
        "/connection",
        "Look at the connection",
    )


def disk(request: Request, error: Exception) -> Explained | None:
    assert isinstance(error, OSError)
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return Explained(
        507,
        "The disk is full",
        "Nothing was kept of what you just did; everything from before is safe.",
        "Whoever runs this server must free some space; then repeat it.",
    )


def too_fast(request: Request, error: Exception) -> Explained:
    assert isinstance(error, TooManyTries)
    wait = count(error.wait_seconds, "second")
    return Explained(
        429, "Too many tries", "Wrong passwords came too fast.", f"Wait {wait}, then try again.", "/sign-in"
    )


def not_signed_in(request: Request, error: Exception) -> Explained:
    return Explained(
        401, "Not signed in", "The link or the password is not right.", "Sign in again.", "/sign-in", "Sign in"
    )


def set_up_already(request: Request, error: Exception) -> Explained:
    return Explained(
        410, "Tieout is set up already", "The first owner has been made.", "Sign in.", "/sign-in", "Sign in"
    )


def refused(request: Request, error: Exception) -> Explained:
    """A file or a choice that can't be taken; the sentence says why."""
    return Explained(422, "This can't be taken", str(error), "Nothing was kept. Change it, and try again.")


def moved(request: Request, error: Exception) -> Explained:
    """Somebody else changed the mapping while a form was open; what they said must not be overwritten unseen."""
    return Explained(
        409,
        "The mapping has changed meanwhile",
        f"Nothing was saved: {error}.",
        "Look at what it says now, then choose again. Its versions show who changed what.",
        "/mapping",
        "Look at the mapping",
    )


def taken(request: Request, error: Exception) -> Explained:
    return Explained(
        409,
        "These books are connected already",
        "Another connection of this installation uses them.",
        "End that connection first.",
        "/connection",
        "Look at the connection",
    )


def address_taken(request: Request, error: Exception) -> Explained:
    return Explained(
        409,
        "This e-mail address is taken",
        "Somebody else here signs in with it. Nothing was changed.",
        "If it is you, sign in with that address. Else use another one.",
        "/account",
        "Go to your account",
    )


def operators(request: Request, error: Exception) -> Explained:
    """Something of the installation itself. The log has the cause; a visitor can't mend it, so none of it is shown."""
    return Explained(
        503,
        "Tieout can't do this just now",
        "What it keeps, or the key to it, is not as it should be. Nothing was changed.",
        "Whoever runs this server runs tieout doctor, which names the cause and the remedy.",
    )


def unforeseen(request: Request, error: Exception) -> None:
    """A mistake of ours: it gets an id, and the log has the rest."""
