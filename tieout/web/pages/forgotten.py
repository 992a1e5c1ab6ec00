"""A forgotten password: a link to the address, whoever asks; and the page behind the link."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import Response

from tieout.people import accounts, organisations, sessions
from tieout.web import guard
from tieout.web.pages.sign_in import too_many
from tieout.web.render import page
from tieout.web.routes import get, post


def show(request: Request, email: str = "") -> Response:
    return page(request, "forgotten.html", is_asked=False, email=email[:254], wrong="")


def ask(request: Request, tools: guard.CallerTools, email: Annotated[str, Form()] = "") -> Response:
    """The same answer whether anybody here has this address or not."""
    email = email.strip()[:254]
    if "@" not in email:
        wrong = "Type the whole e-mail address, like alice@example.com."
        return page(request, "forgotten.html", 422, is_asked=False, email=email, wrong=wrong)
    try:
        accounts.ask_reset(tools, email, guard.visit(request))
    except sessions.TooManyTries as refused:
        return page(request, "forgotten.html", 429, is_asked=False, email=email, wrong=too_many(refused))
    return page(request, "forgotten.html", is_asked=True, email=email, wrong="")


def show_reset(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    """Looking does not use the link up: mail scanners look too."""
    person = accounts.reset_person(tools, token)
    return page(
        request, "reset.html", 200 if person else 410, person=person, token_text=token, mistakes={}, is_done=False
    )


def reset(
    request: Request,
    tools: guard.CallerTools,
    token: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Nobody is signed in by it: a second factor, where there is one, is still asked for."""
    person = accounts.reset_person(tools, token)
    if person is None:
        return page(request, "reset.html", 410, person=None, token_text="", mistakes={}, is_done=False)
    names = (each.name for each in organisations.of_person(tools, person.id))
    if refusal := accounts.password_refusal(password, person, *names):
        mistakes = {"password": refusal}
        return page(request, "reset.html", 422, person=person, token_text=token, mistakes=mistakes, is_done=False)
    try:
        accounts.reset(tools, token, password)
    except sessions.LinkUsed:
        return page(request, "reset.html", 410, person=None, token_text="", mistakes={}, is_done=False)
    return page(request, "reset.html", person=None, token_text="", mistakes={}, is_done=True)


ROUTES = (
    get("/sign-in/forgotten", show, None),
    post("/sign-in/forgotten", ask, None),
    get(accounts.RESET, show_reset, None),
    post(accounts.RESET, reset, None),
)
