"""API tokens: what other programs sign in with. Made here and shown once, listed, revoked."""

from datetime import datetime
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people import tokens
from tieout.people.roles import Right
from tieout.people.tokens import RIGHTS, Scope, Wanted
from tieout.store.tokens import Token
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import Entry, get, post

MENU = Entry(40, "API tokens", "/tokens", "key", aside=True)

WORDS = {
    Scope.INTEGRATIONS_READ: "Read problems and operations",
    Scope.INTEGRATIONS_RETRY: "Carry out a way out of a problem: check again, mute",
    Scope.INTEGRATIONS_CONNECT: "Renew the access to the books",
    Scope.INTEGRATIONS_SETTINGS: "Say what a label means",
    Scope.SETTLEMENTS_READ: "Read settlements down to their rows, and preview",
    Scope.SETTLEMENTS_IMPORT: "Upload statements",
    Scope.SETTLEMENTS_SEND: "Send settlements to the books",
    Scope.AUDIT_READ: "Read who changed what",
}
_DAYS = (30, 90, 365)


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    return _page(request, visitor, tools, 200, "", (), "", "")


def create(
    request: Request,
    visitor: guard.Proven,
    tools: guard.CallerTools,
    name: Annotated[str, Form()] = "",
    scope: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form()] = 90,
) -> Response:
    """The answer itself shows the token: it is kept nowhere, so no later page could."""
    scopes = tuple(scope or ())
    wanted = Wanted(name, scopes, (visitor.organisation,), days, visitor.session.person.id)
    if refusal := tokens.refusal(wanted):
        return _page(request, visitor, tools, 422, name, scopes, refusal, "")
    _, text = tokens.create(tools, visitor.actor, wanted)
    return _page(request, visitor, tools, 201, "", (), "", text)


def revoke(request: Request, visitor: guard.Proven, tools: guard.CallerTools, id: str) -> Response:
    found = next((each for each in tokens.listed(tools, visitor.organisation) if each.id == id), None)
    if found is None:
        raise Missing
    is_done = tokens.revoke(tools, visitor.actor, id)
    response = RedirectResponse("/tokens", 303)
    words = f"{found.name} is revoked: it opens nothing any more." if is_done else f"{found.name} was revoked before."
    say(request, response, words, "success" if is_done else "warning")
    return response


def _page(
    request: Request,
    visitor: guard.Visitor,
    tools: guard.CallerTools,
    status: int,
    name: str,
    chosen: tuple[str, ...],
    mistake: str,
    made: str,
) -> Response:
    now = tools.now()
    return page(
        request,
        "tokens.html",
        status,
        tokens=[
            (each, _state(each, now), each.revoked_at is None and (_is_own(visitor, each) or visitor.may(Right.PEOPLE)))
            for each in tokens.listed(tools, visitor.organisation)
        ],
        scopes=[(scope.value, words) for scope, words in WORDS.items() if visitor.may(RIGHTS[scope])],
        words={scope.value: words for scope, words in WORDS.items()},
        days=_DAYS,
        name=name,
        chosen=chosen,
        mistake=mistake,
        made=made,
        address=request.app.state.settings.public_url,
    )


def _is_own(visitor: guard.Visitor, token: Token) -> bool:
    return token.person == visitor.session.person.id


def _state(token: Token, now: datetime) -> tuple[str, str]:
    if token.revoked_at is not None:
        return "nothing-to-post", "Revoked"
    return ("nothing-to-post", "Ended") if token.expires_at <= now else ("sent", "Works")


ROUTES = (
    get("/tokens", show),
    post("/tokens", create, Right.VIEW),
    post("/tokens/{id}/revoke", revoke, Right.VIEW),
)
