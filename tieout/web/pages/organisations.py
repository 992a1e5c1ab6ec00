"""Organisations: from one to another in the same sign-in, and one more."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import organisations, sessions
from tieout.people.organisations import Further
from tieout.people.roles import Right
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.forms import Fields, countries, zones
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

Words = Annotated[str, Form(max_length=200)]


def switch(visitor: guard.SignedIn, tools: guard.CallerTools, organisation: Words = "") -> Response:
    """Always to the first page: what another page showed belongs to the organisation that was left."""
    if not sessions.switch(tools, visitor.session, organisation):
        raise Missing
    return RedirectResponse("/", 303)


def show(request: Request, visitor: guard.SignedIn) -> Response:
    return _form(request, 200, {"zone": visitor.session.organisation.zone}, {})


def create(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    organisation: Words = "",
    country: Words = "",
    zone: Words = "",
) -> Response:
    values = {"organisation": organisation, "country": country, "zone": zone}
    fields = Fields(values)
    wanted = Further(
        fields.text("organisation", "The organisation's name"),
        fields.choice("country", "Country", countries()),
        fields.choice("zone", "Time zone", zones()),
    )
    if fields.mistakes:
        return _form(request, 422, values, fields.mistakes)
    made = organisations.add_organisation(tools, visitor.session.person.id, wanted)
    sessions.switch(tools, visitor.session, made.organisation)
    response = RedirectResponse("/connection", 303)
    say(request, response, f"{wanted.organisation} is there, and you own it. Connect its books next.")
    return response


def _form(request: Request, status: int, values: Mapping[str, str], mistakes: Mapping[str, str]) -> Response:
    return page(
        request,
        "organisation_new.html",
        status,
        values=values,
        mistakes=mistakes,
        countries=countries(),
        zones=zones(),
    )


ROUTES = (
    post("/organisations/switch", switch, Right.VIEW),
    get("/organisations/new", show, Right.OWN),
    post("/organisations/new", create, Right.OWN),
)
