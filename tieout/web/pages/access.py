"""Asking for access: a member without a right asks those who can give it."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import asking_access, roles
from tieout.people.members import Impossible
from tieout.people.roles import Right
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.pages.people import RIGHT_WORDS
from tieout.web.render import page
from tieout.web.routes import get, post

_ASKED_FOR = (Right.IMPORT, Right.MAP, Right.CONNECT, Right.PEOPLE)


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, right: str = "") -> Response:
    """`right` is what was missing, where a page of ours led here."""
    missing = Right(right) if right in set(Right) else None
    wanted = [each for each in ((missing,) if missing else _ASKED_FOR) if not visitor.may(each)]
    return page(
        request,
        "access.html",
        wanted=[(each.value, RIGHT_WORDS[each]) for each in wanted],
        missing=RIGHT_WORDS[missing] if missing else "",
        has_it=bool(missing) and not wanted,
        helpers=asking_access.helpers(tools, visitor.organisation, missing or Right.PEOPLE),
        giving=[role.value for role in reversed(roles.roles_with(missing))] if missing else [],
    )


def ask(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    right: Annotated[str, Form(max_length=20)] = "",
    words: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    if right not in set(Right):
        raise Missing
    response = RedirectResponse("/people", 303)
    try:
        is_new = asking_access.ask(tools, visitor.actor, Right(right), words)
    except Impossible as error:
        say(request, response, str(error), "warning")
        return response
    told = "Asked. Whoever can grant it gets a letter; you get one when they decide."
    say(request, response, told if is_new else "You have asked for this already; nobody has decided yet.")
    return response


ROUTES = (get("/access/ask", show), post("/access/ask", ask, Right.VIEW))
