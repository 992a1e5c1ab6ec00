"""For administrators of the installation: which organisations there are and how their connections stand, no figures.

To look into one they open a support grant, which its owner sees and can end.
"""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.actor import Actor
from tieout.people import organisations, sessions, support
from tieout.people.members import Impossible
from tieout.people.roles import SUPPORT, Right
from tieout.sync import clients
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

Words = Annotated[str, Form(max_length=1000)]


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    _check(visitor, tools)
    return page(
        request,
        "platform.html",
        states=clients.states(tools),
        grants={each.organisation: each for each in support.open_grants(tools, visitor.session.person.id)},
        longest=support.LONGEST_MINUTES,
    )


def begin(
    request: Request,
    visitor: guard.Proven,
    tools: guard.CallerTools,
    organisation: Words = "",
    reason: Words = "",
    minutes: Annotated[int, Form()] = 0,
) -> Response:
    _check(visitor, tools)
    response = RedirectResponse("/platform", 303)
    try:
        support.begin(tools, visitor.session.person.id, organisation, reason, minutes)
        say(request, response, "Granted. The owner has a letter about it and can end it at any time.")
    except Impossible as error:
        say(request, response, str(error), "danger")
    return response


def enter(visitor: guard.SignedIn, tools: guard.CallerTools, organisation: Words = "") -> Response:
    _check(visitor, tools)
    if not support.enter(tools, visitor.session, organisation):
        raise Missing
    return RedirectResponse("/", 303)


def end(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, organisation: str, id: str) -> Response:
    """A session that looks there goes back to an organisation of the person's own first, where there is one."""
    _check(visitor, tools)
    own = organisations.of_person(tools, visitor.session.person.id)
    if own and visitor.organisation == organisation and visitor.session.role == SUPPORT:
        sessions.switch(tools, visitor.session, own[0].id)
    response = RedirectResponse("/platform", 303)
    try:
        support.end(tools, Actor(organisation, visitor.session.person.id, visitor.actor.name), id)
        say(request, response, "Ended.")
    except Impossible as error:
        say(request, response, str(error), "danger")
    return response


def _check(visitor: guard.Visitor, tools: guard.CallerTools) -> None:
    """For everybody else there is nothing here."""
    if not support.is_admin(tools, visitor.session.person.id):
        raise Missing


ROUTES = (
    get("/platform", show),
    post("/platform/support", begin, Right.VIEW),
    post("/platform/enter", enter, Right.VIEW),
    post("/platform/support/{organisation}/{id}/end", end, Right.VIEW),
)
