"""A consent that a program asked for: the person behind its token goes on from here, signed in."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people.roles import Right
from tieout.sync import consent_asked
from tieout.web import guard
from tieout.web.notes import say
from tieout.web.pages.consent import leaving
from tieout.web.render import page
from tieout.web.routes import get, post

_LONGEST_STATE = 200


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, state: str = "") -> Response:
    """What was asked for, and the button that goes on."""
    label = consent_asked.is_known(tools, visitor.actor, state[:_LONGEST_STATE])
    return page(request, "consent_asked.html", label=label, state=state[:_LONGEST_STATE])


def go_on(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, state: Annotated[str, Form()] = ""
) -> Response:
    found = consent_asked.go_on(tools, visitor.actor, state[:_LONGEST_STATE], visitor.binding)
    if found is None:
        response = RedirectResponse("/connection", 303)
        say(request, response, "This was used, is older than ten minutes, or another person asked for it.", "warning")
        return response
    url, label = found
    return leaving(request, url, label)


ROUTES = (
    get("/connection/approve", show, Right.CONNECT),
    post("/connection/approve", go_on, Right.CONNECT),
)
