"""The first page of a new installation: the organisation and its owner, with the token that the console printed."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import accounts, organisations, passwords, sessions
from tieout.people.organisations import FirstOwner, SetupClosed
from tieout.web import guard
from tieout.web.forms import Fields, countries, zones
from tieout.web.render import page
from tieout.web.routes import get, post


def show(request: Request, tools: guard.CallerTools, token: str = "") -> Response:
    is_closed = not organisations.is_empty(tools)
    return _form(request, 410 if is_closed else 200, token, {}, {}, is_closed)


def create(
    request: Request,
    tools: guard.CallerTools,
    token: Annotated[str, Form()] = "",
    organisation: Annotated[str, Form()] = "",
    country: Annotated[str, Form()] = "",
    zone: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    values = {"organisation": organisation, "country": country, "zone": zone, "name": name, "email": email}
    fields = Fields(values)
    wanted = FirstOwner(
        fields.text("organisation", "The organisation's name"),
        fields.choice("country", "Country", countries()),
        fields.choice("zone", "Time zone", zones()),
        fields.text("name", "Your name"),
        fields.email("email"),
        password,
    )
    if refusal := passwords.refusal(password, wanted.name, wanted.email, wanted.organisation):
        fields.mistakes["password"] = refusal
    if organisations.is_empty(tools) and not organisations.is_setup_token(tools, token):
        words = "This is not the token that the console printed last, or it is older than a day."
        fields.mistakes["token"] = f"{words} Start Tieout again: it prints the one that counts."
    if fields.mistakes:
        return _form(request, 422, token, values, fields.mistakes, False)
    try:
        member = organisations.create_first_owner(tools, token, wanted)
    except SetupClosed:
        return _form(request, 410, "", {}, {}, True)
    response = RedirectResponse("/start", 303)
    token = sessions.begin(tools, member.person, guard.visit(request))
    guard.begin_session(request, response, token)
    if session := sessions.current(tools, token):
        accounts.ask_proof(tools, session.person)
    return response


def _form(
    request: Request,
    status: int,
    token: str,
    values: Mapping[str, str],
    mistakes: Mapping[str, str],
    is_closed: bool,
) -> Response:
    return page(
        request,
        "first_run.html",
        status,
        token_text=token,
        values=values,
        mistakes=mistakes,
        countries=countries(),
        zones=zones(),
        is_closed=is_closed,
    )


ROUTES = (get("/first-run", show, None), post("/first-run", create, None))
