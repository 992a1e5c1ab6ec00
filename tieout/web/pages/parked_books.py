"""Books that are not the ones meant: what was approved, what was there before, and the decision."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people.roles import Right
from tieout.sync import connecting, parked
from tieout.sync.connecting import ConnectOutcome
from tieout.sync.parked import Decision
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.forms import countries
from tieout.web.notes import say
from tieout.web.pages.consent import leaving, told
from tieout.web.render import page
from tieout.web.routes import get, post


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    found = parked.view(tools, visitor.organisation, id)
    if found is None:
        return RedirectResponse("/connection", 303)
    return page(request, "parked.html", parked=found, countries=countries())


def decide(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str, choice: Annotated[str, Form()] = ""
) -> Response:
    found = parked.view(tools, visitor.organisation, id)
    if found is None or choice not in [each.value for each in Decision]:
        raise Missing
    result = parked.decide_parked(tools, visitor.actor, id, Decision(choice))
    if choice == Decision.SWITCH_BACK and result.outcome is not ConnectOutcome.REFUSED:
        platform = found.connection.platform
        return leaving(
            request, connecting.begin_connect(tools, visitor.actor, platform, visitor.binding, id), found.label
        )
    response = RedirectResponse("/connection", 303)
    if choice == Decision.NEW_BOOK and result.outcome is ConnectOutcome.CONNECTED and not result.code:
        name = found.approved.name if found.approved else "These books"
        text = f"{name} is connected as a new book. The history of {found.connection.books_name} stays."
        say(request, response, text)
    else:
        say(request, response, *told(result))
    return response


ROUTES = (
    get("/connection/{id}/parked", show, Right.CONNECT),
    post("/connection/{id}/parked", decide, Right.CONNECT),
)
