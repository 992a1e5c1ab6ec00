"""What became of a click: the step it is at, since when, until when at the latest, and what to do afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response

from tieout.core.operation import OperationState
from tieout.core.status import Status
from tieout.store.operations import Operation
from tieout.sync import operations, settlements
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.render import count, page
from tieout.web.routes import get

TITLES = {
    "import": "Reading a file",
    "send": "Sending",
    "check": "Checking the connection",
    "fetch": "Fetching payouts",
}
STATES = {
    OperationState.WAITING: ("Waiting for its turn", "going", "clock"),
    OperationState.RUNNING: ("Under way", "going", "clock"),
    OperationState.DONE: ("Done", "good", "circle-check"),
    OperationState.FAILED: ("Not done", "bad", "circle-x"),
    OperationState.EXPIRED: ("Ended at its deadline", "odd", "alert-triangle"),
}
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one settlement of an operation."""

    id: str
    name: str
    status: str
    status_text: str
    text: str


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    shown = _context(visitor, tools, id)
    if shown is None:
        raise Missing
    return page(request, "operation.html", **shown)


def show_several(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    id: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """What was asked for at once, each with its own end."""
    wanted = list(dict.fromkeys(id or ()))[:_MOST_SHOWN]
    found = [shown for each in wanted if (shown := _context(visitor, tools, each, "h2"))]
    if not found:
        raise Missing
    is_open = any(shown["is_open"] for shown in found)
    return page(request, "operations.html", found=found, is_open=is_open)


def show_state(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str, level: str = "h1"
) -> Response:
    """The part that changes, asked for every second while it does."""
    shown = _context(visitor, tools, id, "h2" if level == "h2" else "h1")
    if shown is None:
        raise Missing
    return page(request, "parts/operation.html", **shown)


def operations_address(ids: Sequence[str]) -> str:
    """Where to look what becomes of one or several."""
    return f"/operations/{ids[0]}" if len(ids) == 1 else "/operations?" + urlencode([("id", id) for id in ids])


def _context(visitor: guard.Visitor, tools: guard.CallerTools, id: str, level: str = "h1") -> dict[str, Any] | None:
    operation = operations.view(tools, visitor.organisation, id)
    if operation is None:
        return None
    state = OperationState(operation.state)
    is_overdue = not state.is_final and operation.deadline <= tools.now()
    state_text, look, look_icon = STATES[state]
    if state is OperationState.DONE and any(
        each.get("status", Status.SENT) != Status.SENT for each in _told(operation)
    ):
        state_text, look, look_icon = "Ended, but not everything was sent", "odd", "alert-triangle"
    return {
        "operation": operation,
        "level": level,
        "title": TITLES.get(operation.kind, "Work under way"),
        "subject": _subject(tools, visitor, operation),
        # Past its deadline nothing is asked for any more, so that no page waits for ever.
        "is_open": not state.is_final and not is_overdue,
        "is_overdue": is_overdue,
        "state_text": "Overdue" if is_overdue else state_text,
        "look": "odd" if is_overdue else look,
        "look_icon": "alert-triangle" if is_overdue else look_icon,
        "refusals": operation.result.get("refused", ()),
        "outcomes": _outcomes(tools, visitor, operation),
    }


def _subject(tools: guard.CallerTools, visitor: guard.Visitor, operation: Operation) -> str:
    asked = operation.arguments.get("settlements", [])
    if len(asked) > 1:
        return count(len(asked), "settlement")
    card = settlements.card(tools, visitor.organisation, asked[0]) if asked else None
    return f"{card.marketplace or card.channel} {card.number}" if card else operation.subject


def _outcomes(tools: guard.CallerTools, visitor: guard.Visitor, operation: Operation) -> list[Outcome]:
    """Before its end a send shows where its settlements stand now; afterwards each ends in what was said of it."""
    told = {each["id"]: each.get("message", "") for each in _told(operation)}
    found = []
    for id in list(dict.fromkeys([*told, *operation.arguments.get("settlements", ())]))[:_MOST_SHOWN]:
        card = settlements.card(tools, visitor.organisation, id)
        if card is not None:
            name = f"{card.marketplace or card.channel} {card.number}"
            found.append(Outcome(id, name, card.status, card.status_text, told.get(id) or card.reason))
    return found


def _told(operation: Operation) -> list[dict[str, str]]:
    """What the operation says of each settlement: of an import how it was taken in, of a send its status at the end."""
    found: list[dict[str, str]] = operation.result.get("settlements", [])
    return found


ROUTES = (
    get("/operations", show_several),
    get("/operations/{id}", show),
    get("/operations/{id}/state", show_state),
)
