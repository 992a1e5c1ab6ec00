"""A practice: its members, and its clients with what needs attention at each; starting for a new client."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import practices, standing
from tieout.people.members import Impossible
from tieout.people.roles import Right
from tieout.sync import clients
from tieout.web import guard
from tieout.web.forms import Fields
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

Words = Annotated[str, Form(max_length=300)]


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    return _page(request, visitor, tools)


def found(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, name: Words = "") -> Response:
    return _tried(
        request,
        lambda: practices.found(tools, visitor.session.person.id, name),
        "The practice is there. Give its code to clients, and invite your colleagues.",
    )


def invite(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str, email: Words = "") -> Response:
    """The answer itself shows the link: it is kept nowhere, so no later page could."""
    fields = Fields({"email": email})
    address = fields.email("email")
    try:
        if fields.mistakes:
            raise Impossible(fields.mistakes["email"])
        link = practices.invite(tools, id, visitor.session.person.id, address)
    except Impossible as error:
        return _back(request, str(error), "danger")
    return _page(request, visitor, tools, 201, link, address)


def withdraw(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str, link: str) -> Response:
    return _tried(
        request,
        lambda: practices.withdraw(tools, id, visitor.session.person.id, link),
        "The invitation is withdrawn: its link is dead.",
    )


def let_lead(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str, person: str) -> Response:
    return _tried(
        request, lambda: practices.let_lead(tools, id, visitor.session.person.id, person), "They lead the practice too."
    )


def leave(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str, person: str) -> Response:
    """Oneself, or a colleague whom a lead removes. Whoever was at a client by the practice is signed out there."""
    me = visitor.session.person.id
    return _tried(
        request,
        lambda: practices.leave(tools, id, me, person),
        "You have left the practice." if person == me else "They are out, at every client.",
    )


def _page(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    status: int = 200,
    link: str = "",
    invited: str = "",
) -> Response:
    firms = practices.of_person(tools, visitor.session.person.id)
    mine = set(standing.of(tools, visitor.session).roles)  # a client may have suspended this very person
    return page(
        request,
        "practice.html",
        status,
        firms=[(firm, [clients.overview(tools, each) for each in firm.clients if each in mine]) for firm in firms],
        link=link,
        invited=invited,
        address=guard.settings_of(request).public_url,
    )


def _tried(request: Request, change: Callable[[], object], done: str) -> Response:
    try:
        change()
    except Impossible as error:
        return _back(request, str(error), "danger")
    return _back(request, done)


def _back(request: Request, words: str, kind: str = "success") -> Response:
    response = RedirectResponse("/practice", 303)
    say(request, response, words, kind)
    return response


ROUTES = (
    get("/practice", show),
    post("/practice", found, Right.VIEW),
    post("/practice/{id}/invitations", invite, Right.VIEW),
    post("/practice/{id}/invitations/{link}/withdraw", withdraw, Right.VIEW),
    post("/practice/{id}/members/{person}/lead", let_lead, Right.VIEW),
    post("/practice/{id}/members/{person}/leave", leave, Right.VIEW),
)
