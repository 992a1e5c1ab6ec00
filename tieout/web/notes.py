"""What one answer leaves for the next page: a sentence, or a choice to be made. Signed, short-lived, for one browser.

It travels in a cookie, so that addresses stay clean; it is signed with the session, so nobody else can put words on our
pages.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from itsdangerous import BadData, URLSafeTimedSerializer

from tieout.web import guard

_WORDS = 800  # a cookie holds 4 kB


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence on top of a page; `kind` is success, warning or danger."""

    kind: str
    text: str


def leave(request: Request, response: Response, name: str, value: Any, seconds: int) -> None:
    sealed = URLSafeTimedSerializer(guard.cookie(request, "session"), salt=name).dumps(value)
    guard.set_cookie(request, response, name, str(sealed), seconds)


def left(request: Request, name: str, seconds: int) -> Any:
    """What was left under this name; None when nothing was, when it is too old or not of this session."""
    sealed, secret = guard.cookie(request, name), guard.cookie(request, "session")
    if not sealed or not secret:
        return None
    try:
        return URLSafeTimedSerializer(secret, salt=name).loads(sealed, max_age=seconds)
    except BadData:
        return None


def clear(request: Request, response: Response, name: str) -> None:
    guard.set_cookie(request, response, name, "", 0)


def say(request: Request, response: Response, text: str, kind: str = "success") -> None:
    """One sentence for the page that the visitor sees next."""
    leave(request, response, "said", [kind, text[:_WORDS]], 60)


def said(request: Request) -> Said | None:
    found = left(request, "said", 60)
    return Said(*found) if found else None
