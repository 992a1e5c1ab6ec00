"""Connections whose permissions are being withdrawn: what is left, what is done, and the link for each."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from tieout.people.roles import Right
from tieout.sync import scope_campaign
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import leave
from tieout.web.render import page
from tieout.web.routes import get, post

_SHOWN_SECONDS = 600


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    progress = scope_campaign.progress(tools, visitor.organisation)
    return page(request, "scope_campaign.html", progress=progress, reminders=scope_campaign.REMINDERS)


def ask(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """One link for this connection; it is shown once, where all links are."""
    made = scope_campaign.ask(tools, visitor.actor, id)
    if made is None:
        raise Missing
    response = RedirectResponse("/connection/links", 303)
    leave(request, response, "link", made.path, _SHOWN_SECONDS)
    return response


ROUTES = (
    get("/connection/permissions", show, Right.CONNECT),
    post("/connection/{id}/approve-again", ask, Right.CONNECT),
)
