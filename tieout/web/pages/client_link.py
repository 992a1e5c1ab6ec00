"""The accountant's side of starting for a client: making the client's organisation, sending the completion link."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import organisations, practices, sessions
from tieout.people.members import Impossible
from tieout.people.organisations import Further
from tieout.people.roles import Right
from tieout.sync import channel_accounts, clients, starting_for_client
from tieout.sync.starting_for_client import Sent
from tieout.web import guard
from tieout.web.forms import Fields, countries, zones
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

Words = Annotated[str, Form(max_length=600)]
Id = Annotated[str, Query(max_length=64)]

STATES = {"sent": ("queued", "Sent"), "opened": ("sending", "The client is at it"), "done": ("sent", "Done")}


def show_start(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, practice: Id = "") -> Response:
    return _form(request, visitor, tools, 200, {"zone": visitor.session.organisation.zone, "practice": practice}, {})


def start(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    organisation: Words = "",
    country: Words = "",
    zone: Words = "",
    practice: Words = "",
) -> Response:
    """Afterwards in the client's organisation, at the page that leads through what is left."""
    values = {"organisation": organisation, "country": country, "zone": zone, "practice": practice}
    fields = Fields(values)
    wanted = Further(
        fields.text("organisation", "The client's name"),
        fields.choice("country", "Country", countries()),
        fields.choice("zone", "Time zone", zones()),
    )
    if fields.mistakes:
        return _form(request, visitor, tools, 422, values, fields.mistakes)
    made = organisations.add_organisation(tools, visitor.session.person.id, wanted, practice)
    sessions.switch(tools, visitor.session, made.organisation)
    response = RedirectResponse("/client-link", 303)
    say(request, response, f"{wanted.organisation} is there, and you are in it. Two steps are left; they stand below.")
    return response


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, account: Id = "") -> Response:
    return _page(request, visitor, tools, account=account)


def send(
    request: Request,
    visitor: guard.Proven,
    tools: guard.CallerTools,
    email: Words = "",
    words: Words = "",
    account: Words = "",
    ownership: Words = "",
) -> Response:
    """The answer itself shows the link: it is kept nowhere, so no later page could."""
    fields = Fields({"email": email})
    address = fields.email("email")
    try:
        if fields.mistakes:
            raise Impossible(fields.mistakes["email"])
        sent = starting_for_client.send(tools, visitor.actor, address, words, account, ownership == "yes")
    except Impossible as error:
        return _page(request, visitor, tools, 422, account=account, mistake=str(error), email=email)
    return _page(request, visitor, tools, 201, sent)


def send_again(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str) -> Response:
    try:
        sent = starting_for_client.send_again(tools, visitor.actor, id)
    except Impossible as error:
        return _page(request, visitor, tools, 409, mistake=str(error))
    return _page(request, visitor, tools, 201, sent)


def withdraw(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    response = RedirectResponse("/client-link", 303)
    try:
        starting_for_client.withdraw(tools, visitor.actor, id)
        say(request, response, "Withdrawn: the link opens nothing, and nobody is at it any more.")
    except Impossible as error:
        say(request, response, str(error), "danger")
    return response


def _page(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    status: int = 200,
    sent: Sent | None = None,
    account: str = "",
    mistake: str = "",
    email: str = "",
) -> Response:
    cards = channel_accounts.cards(tools, visitor.organisation)
    return page(
        request,
        "client_link.html",
        status,
        sent=sent,
        address=guard.settings_of(request).public_url,
        links=[(each, *STATES[each.state]) for each in starting_for_client.listed(tools, visitor.organisation)],
        client=clients.overview(tools, visitor.organisation),
        accounts=[card.account for card in cards if card.account.is_live],
        account=account,
        mistake=mistake,
        email=email,
        now=tools.now(),
    )


def _form(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    status: int,
    values: Mapping[str, str],
    mistakes: Mapping[str, str],
) -> Response:
    return page(
        request,
        "client_new.html",
        status,
        values=values,
        mistakes=mistakes,
        countries=countries(),
        zones=zones(),
        practices=[firm.practice for firm in practices.of_person(tools, visitor.session.person.id)],
    )


ROUTES = (
    get("/clients/new", show_start),
    post("/clients/new", start, Right.VIEW),
    get("/client-link", show, Right.CONNECT),
    post("/client-link", send, Right.CONNECT),
    post("/client-link/{id}/again", send_again, Right.CONNECT),
    post("/client-link/{id}/withdraw", withdraw, Right.CONNECT),
)
