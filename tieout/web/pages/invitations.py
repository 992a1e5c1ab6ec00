"""The way in for somebody who was invited: to an organisation or to a practice, with an account or a new one."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import invitations, organisations, passwords, practices, second_factor, sessions
from tieout.people.members import Impossible
from tieout.people.sessions import FactorNeeded, TooManyTries, WrongCredentials
from tieout.web import guard
from tieout.web.errors import second_step
from tieout.web.forms import Fields
from tieout.web.notes import say
from tieout.web.render import count, page, query
from tieout.web.routes import get, post

Token = Annotated[str, Form(max_length=200)]
Words = Annotated[str, Form(max_length=300)]


def show(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    """Looking does not use the link up: mail scanners and previews look too."""
    return _page(request, tools, token)


def accept(request: Request, tools: guard.CallerTools, token: Token = "") -> Response:
    """By whoever is signed in."""
    visitor = guard.signed_in(request)
    try:
        member = invitations.accept(tools, token, visitor.session.person.id)
    except Impossible as error:
        return _page(request, tools, token, 409, {"": str(error)})
    sessions.switch(tools, visitor.session, member.organisation)
    response = RedirectResponse("/", 303)
    say(request, response, f"You are in, as {member.role}. At the top of every page you go from one to the other.")
    return response


def accept_known(
    request: Request, tools: guard.CallerTools, token: Token = "", password: Annotated[str, Form()] = ""
) -> Response:
    """By somebody who has an account with the invited address, perhaps without any organisation so far.

    A password alone accepts nothing for who has a second factor too; only who belongs nowhere can't sign in before.
    """
    offered, back = invitations.look(tools, token), "/invitations/accept" + query(token=token)
    if offered is None:
        return _page(request, tools, token)
    try:
        person = sessions.by_password(tools, offered.invitation.email, password, guard.visit(request))
        if second_factor.of_person(tools, person.id).any and organisations.of_person(tools, person.id):
            sessions.begin(tools, person.id, guard.visit(request))
        back = "/"
        invitations.accept(tools, token, person.id)
        began = sessions.begin(tools, person.id, guard.visit(request))
    except WrongCredentials:
        return _page(request, tools, token, 401, {"password": "The password is not right."})
    except TooManyTries as refused:
        wait = count(refused.wait_seconds, "second")
        return _page(request, tools, token, 429, {"password": f"Too many tries. Wait {wait}, then try again."})
    except Impossible as error:
        return _page(request, tools, token, 409, {"": str(error)})
    except FactorNeeded as needed:
        return second_step(request, needed, back)
    return _begun(request, began)


def accept_as_new(
    request: Request,
    tools: guard.CallerTools,
    token: Token = "",
    name: Words = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    offered = invitations.look(tools, token)
    if offered is None:
        return _page(request, tools, token)
    fields = Fields({"name": name})
    chosen = fields.text("name", "Your name")
    if refusal := passwords.refusal(password, chosen, offered.invitation.email, offered.organisation_name):
        fields.mistakes["password"] = refusal
    if fields.mistakes:
        return _page(request, tools, token, 422, fields.mistakes, name)
    try:
        member = invitations.accept_as_new(tools, token, chosen, password)
    except Impossible as error:
        return _page(request, tools, token, 409, {"": str(error)}, name)
    return _begun(request, sessions.begin(tools, member.person, guard.visit(request)))


def decline(request: Request, tools: guard.CallerTools, token: Token = "") -> Response:
    try:
        invitations.decline(tools, token)
    except Impossible:
        return _page(request, tools, token)
    return page(request, "invitation.html", offered=None, declined=True, token_text="", mistakes={}, name="", back="")


def show_practice(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    found = practices.look(tools, token)
    back = "/sign-in" + query(back="/practice/join" + query(token=token))
    return page(request, "practice_join.html", 200 if found else 410, found=found, token_text=token, back=back)


def join_practice(request: Request, tools: guard.CallerTools, token: Token = "") -> Response:
    visitor = guard.signed_in(request)
    response = RedirectResponse("/practice", 303)
    try:
        practice = practices.join(tools, token, visitor.session.person.id)
        say(request, response, f"You belong to {practice.name} now, and get in at all its clients.")
    except Impossible as error:
        say(request, response, str(error), "danger")
    return response


def _page(
    request: Request,
    tools: guard.CallerTools,
    token: str,
    status: int = 200,
    mistakes: Mapping[str, str] | None = None,
    name: str = "",
) -> Response:
    offered = invitations.look(tools, token)
    back = "/sign-in" + query(back="/invitations/accept" + query(token=token))
    return page(
        request,
        "invitation.html",
        status if offered else 410,
        offered=offered,
        declined=False,
        token_text=token,
        mistakes=mistakes or {},
        name=name,
        back=back,
    )


def _begun(request: Request, began: str) -> Response:
    response = RedirectResponse("/", 303)
    guard.begin_session(request, response, began)
    return response


ROUTES = (
    get("/invitations/accept", show, None),
    post("/invitations/accept", accept, None),
    post("/invitations/accept/known", accept_known, None),
    post("/invitations/accept/new", accept_as_new, None),
    post("/invitations/decline", decline, None),
    get("/practice/join", show_practice, None),
    post("/practice/join", join_practice, None),
)
