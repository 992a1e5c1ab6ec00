"""Invitations and offers to whoever is signed in: each is accepted or declined here, and nobody else decides."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import invitations, organisations, ownership
from tieout.people.members import Impossible
from tieout.people.roles import Right
from tieout.sync import channel_transfers
from tieout.web import guard
from tieout.web.forms import Fields
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

Words = Annotated[str, Form(max_length=64)]
Email = Annotated[str, Form(max_length=300)]


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    person = visitor.session.person
    return page(
        request,
        "offers.html",
        invitations=invitations.offered_to(tools, person.id),
        offers=ownership.offered_to(tools, person.id),
        owned=organisations.owned_by(tools, person.id),
        is_proven=person.email_proven_at is not None,
    )


def accept_invitation(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, organisation: str, id: str
) -> Response:
    return _tried(
        request,
        lambda: invitations.accept_offered(tools, organisation, id, visitor.session.person.id),
        "You are in. Choose the organisation at the top of the page.",
    )


def decline_invitation(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, organisation: str, id: str
) -> Response:
    return _tried(
        request,
        lambda: invitations.decline_offered(tools, organisation, id, visitor.session.person.id),
        "The invitation is declined.",
    )


def accept_ownership(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, organisation: str, id: str
) -> Response:
    return _tried(
        request,
        lambda: ownership.accept(tools, organisation, id, visitor.session.person.id),
        "It is yours. Who owned it before is an admin now.",
    )


def offer_channel(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str, email: Email = ""
) -> Response:
    """The other half of this page: an owner offers a seller account to whoever has an address."""
    fields = Fields({"email": email})
    address = fields.email("email")
    response = RedirectResponse("/people", 303)
    try:
        if fields.mistakes:
            raise Impossible(fields.mistakes["email"])
        made = channel_transfers.offer(tools, visitor.actor, id, address)
    except Impossible as error:
        say(request, response, str(error), "danger")
        return response
    say(request, response, f"{made.subject_name} is offered to {address}. Nothing changes until they accept.")
    return response


def accept_channel(
    request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str, organisation: Words = ""
) -> Response:
    return _tried(
        request,
        lambda: channel_transfers.accept(tools, id, visitor.session.person.id, organisation),
        "The seller account is connected to your organisation. Its new payouts come in there by themselves.",
    )


def decline(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    return _tried(
        request, lambda: ownership.decline(tools, id, visitor.session.person.id), "Declined. It stays where it is."
    )


def _tried(request: Request, change: Callable[[], object], done: str) -> Response:
    response = RedirectResponse("/offers", 303)
    try:
        change()
        say(request, response, done)
    except Impossible as error:
        say(request, response, str(error), "danger")
    return response


ROUTES = (
    get("/offers", show),
    post("/offers/invitations/{organisation}/{id}/accept", accept_invitation, Right.VIEW),
    post("/offers/invitations/{organisation}/{id}/decline", decline_invitation, Right.VIEW),
    post("/offers/ownership/{organisation}/{id}/accept", accept_ownership, Right.VIEW),
    post("/channels/{id}/offer", offer_channel, Right.OWN),
    post("/offers/channels/{id}/accept", accept_channel, Right.VIEW),
    post("/offers/{id}/decline", decline, Right.VIEW),
)
