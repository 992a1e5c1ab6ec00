"""Signing in by password or by a one-use link, and signing out."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import organisations, sessions
from tieout.web import guard
from tieout.web.render import count, page
from tieout.web.routes import get, post

_WRONG = "The e-mail address or the password is not right."


def show(request: Request, tools: guard.CallerTools, back: str = "") -> Response:
    if guard.find_visitor(request):
        return RedirectResponse(guard.own_path(back), 303)
    if organisations.is_empty(tools):
        return RedirectResponse("/first-run", 303)
    return page(request, "sign_in.html", wrong="", email="", back=guard.own_path(back))


def sign_in(
    request: Request,
    tools: guard.CallerTools,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    try:
        token = sessions.sign_in(tools, email[:254], password, guard.visit(request))
    except sessions.WrongCredentials:
        return _again(request, _WRONG, 401, email, back)
    except sessions.TooManyTries as refused:
        wait = count(refused.wait_seconds, "second")
        return _again(request, f"Too many tries. Wait {wait}, then try again.", 429, email, back)
    return _begun(request, token, guard.own_path(back))


def show_link(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    """Looking does not use the link up: mail scanners and previews look too."""
    person = sessions.link_person(tools, token)
    return page(request, "sign_in_link.html", 200 if person else 410, person=person, token_text=token)


def use_link(request: Request, tools: guard.CallerTools, token: Annotated[str, Form()] = "") -> Response:
    try:
        began = sessions.sign_in_by_link(tools, token, guard.visit(request))
    except sessions.LinkUsed:
        return page(request, "sign_in_link.html", 410, person=None, token_text="")
    return _begun(request, began, "/")


def sign_out(request: Request, tools: guard.CallerTools) -> Response:
    sessions.sign_out(tools, guard.cookie(request, "session"))
    response = RedirectResponse("/sign-in", 303)
    guard.end_session(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _begun(request: Request, token: str, target: str) -> Response:
    response = RedirectResponse(target, 303)
    guard.begin_session(request, response, token)
    return response


def _again(request: Request, wrong: str, status: int, email: str, back: str) -> Response:
    return page(request, "sign_in.html", status, wrong=wrong, email=email, back=guard.own_path(back))


ROUTES = (
    get("/sign-in", show, None),
    post("/sign-in", sign_in, None),
    get("/sign-in/link", show_link, None),
    post("/sign-in/link", use_link, None),
    post("/sign-out", sign_out, None),
)
