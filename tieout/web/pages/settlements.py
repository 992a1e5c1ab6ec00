"""The list of settlements: search, filter, upload, and sending several at once."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.status import TITLES, Status
from tieout.people.roles import Right
from tieout.sync import settlements
from tieout.web import guard
from tieout.web.notes import say
from tieout.web.render import count, page
from tieout.web.routes import Entry, get, post
from tieout.web.spool import Received

SENDABLE = (Status.READY, Status.BLOCKED, Status.PARTIALLY_SENT)
_WAITING = (Status.UNKNOWN_ROWS, Status.MAPPING_NEEDED, Status.REVIEW_NEEDED, Status.SOURCE_CHANGED, Status.BLOCKED)
_MOST_AT_ONCE = 1000

MENU = Entry(10, "Settlements", "/settlements", "report-money")


def home(visitor: guard.SignedIn) -> Response:
    return RedirectResponse("/settlements", 303)


def listing(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    settings: guard.CallerSettings,
    search: str = "",
    status: str = "",
    after: str = "",
) -> Response:
    known_status = status if status in TITLES else ""
    found = settlements.listing(tools, visitor.organisation, search[:100], known_status, after=after[:100])
    numbers = found.counts
    return page(
        request,
        "settlements.html",
        cards=found.cards,
        next=found.next,
        search=search[:100],
        status=known_status,
        is_later_page=bool(after),
        total=sum(numbers.values()),
        statuses=[(each, TITLES[each], numbers[each]) for each in Status if numbers.get(each)],
        summary=_summary(numbers),
        sendable=SENDABLE,
        upload_limit_bytes=settings.upload_limit_bytes,
    )


def upload(visitor: guard.SignedIn, tools: guard.CallerTools, received: Received) -> Response:
    operation = settlements.receive(tools, visitor.actor, received.filename[:255], received.path)
    return RedirectResponse(f"/operations/{operation}", 303)


def send(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    id: Annotated[list[str] | None, Form()] = None,
) -> Response:
    if not id:
        response = RedirectResponse("/settlements", 303)
        say(request, response, "Select at least one settlement that is ready, then send.", "warning")
        return response
    operation = settlements.approve(tools, visitor.actor, tuple(id[:_MOST_AT_ONCE]))
    return RedirectResponse(f"/operations/{operation}", 303)


def _summary(numbers: dict[str, int]) -> str:
    """What there is to do, in one line."""
    ready, waiting = numbers.get(Status.READY, 0), sum(numbers.get(status, 0) for status in _WAITING)
    if not numbers:
        return "Each payout of a sales channel becomes one document a month that equals the deposit."
    told = [f"{count(ready, 'is', 'are')} ready to send"] if ready else []
    told += [f"{count(waiting, 'needs', 'need')} a decision of yours"] if waiting else []
    return f"{' and '.join(told)}." if told else "Nothing waits for you."


ROUTES = (
    get("/", home),
    get("/settlements", listing),
    post("/settlements/upload", upload, Right.IMPORT, checks_form=True),
    post("/settlements/send", send, Right.SEND),
)
