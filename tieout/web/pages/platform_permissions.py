"""For administrators of the installation: whose permissions end, who was asked again, and asking all that are left."""

from collections import Counter

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import support
from tieout.people.roles import Right
from tieout.sync import scope_campaigns
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import count, page
from tieout.web.routes import get, post

_STATES = {
    scope_campaigns.LEFT: ("not-asked", "Not asked"),
    scope_campaigns.ASKED: ("queued", "Asked"),
    scope_campaigns.OPENED: ("sending", "Link opened"),
    scope_campaigns.DONE: ("sent", "Done"),
}


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    _check(visitor, tools)
    places = scope_campaigns.everywhere(tools)
    numbers = Counter(each.state for each in places)
    return page(
        request,
        "platform_permissions.html",
        places=places,
        looks=_STATES,
        numbers=numbers,
        done=numbers[scope_campaigns.DONE],
        unasked=numbers[scope_campaigns.LEFT],
    )


def ask_all(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    _check(visitor, tools)
    sent = scope_campaigns.ask_all(tools, visitor.session.person.id)
    response = RedirectResponse("/platform/permissions", 303)
    words = f"{count(sent.links, 'link')} made, {count(sent.letters, 'letter')} on the way."
    say(request, response, words if sent.links else "Nobody was left to ask: no letter was written.")
    return response


def _check(visitor: guard.Visitor, tools: guard.CallerTools) -> None:
    """For everybody else there is nothing here."""
    if not support.is_admin(tools, visitor.session.person.id):
        raise Missing


ROUTES = (
    get("/platform/permissions", show),
    post("/platform/permissions/ask", ask_all, Right.VIEW),
)
