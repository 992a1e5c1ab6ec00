"""The list of settlements: search, filter, upload, and sending several at once."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.status import TITLES, UNSENT, Status
from tieout.people.roles import Right
from tieout.store.settlements import Order
from tieout.sync import onboarding, settlements
from tieout.sync.settlements import Finer
from tieout.web import guard
from tieout.web.notes import say
from tieout.web.pages.operation import operations_address
from tieout.web.render import count, page, query
from tieout.web.routes import Entry, get, post
from tieout.web.spool import Received

SENDABLE = (Status.READY, Status.BLOCKED, Status.PARTIALLY_SENT)
_WAITING = (Status.UNKNOWN_ROWS, Status.MAPPING_NEEDED, Status.REVIEW_NEEDED, Status.SOURCE_CHANGED, Status.BLOCKED)
_MOST_AT_ONCE = 1000

_UNSENT = "unsent"

# The orders of the list: the word in the address, what a person reads, and what is asked of the store.
ORDERS = {
    "newest": ("Newest first", Order.END, False),
    "oldest": ("Oldest first", Order.END, True),
    "largest": ("Largest amount first", Order.AMOUNT, False),
    "smallest": ("Smallest amount first", Order.AMOUNT, True),
    "status": ("By status", Order.STATUS, True),
    "status-down": ("By status, backwards", Order.STATUS, False),
}

MENU = Entry(10, "Settlements", "/settlements", "report-money")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says of the list; what makes no sense in it narrows nothing."""

    search: str
    status: str
    finer: Finer
    sort: str
    after: str

    @property
    def only_status(self) -> str:
        return self.status if self.status != _UNSENT else ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.status or self.has_more)

    @property
    def has_more(self) -> bool:
        """Whether something is chosen of what stands folded away."""
        return bool(self.finer.marketplace or self.finer.code or self.finer.since or self.finer.until)

    def query(self, **other: str) -> str:
        """The same list by another address: `sort` and `after` may differ."""
        told: dict[str, object] = {
            "search": self.search,
            "status": self.status,
            "marketplace": self.finer.marketplace,
            "problem": self.finer.code,
            "since": self.finer.since,
            "until": self.finer.until,
            "sort": self.sort if self.sort != "newest" else "",
        }
        return query(**{**told, **other})


def asked_for(
    search: str = "",
    status: str = "",
    marketplace: str = "",
    problem: str = "",
    since: str = "",
    until: str = "",
    sort: str = "",
    after: str = "",
) -> Asked:
    sort = sort if sort in ORDERS else "newest"
    _, order, rises = ORDERS[sort]
    known_status = status if status in TITLES or status == _UNSENT else ""
    days = _day(since), _day(until)
    finer = Finer(known_status == _UNSENT, marketplace[:64], problem[:64], *days, order, rises)
    return Asked(search[:100], known_status, finer, sort, after[:200])


Narrowed = Annotated[Asked, Depends(asked_for)]


def home(visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """A new organisation lands on its set-up until that is done or put aside."""
    leads = onboarding.leads_here(tools, visitor.organisation)
    return RedirectResponse("/start" if leads else "/settlements", 303)


def listing(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, asked: Narrowed) -> Response:
    found = settlements.listing(
        tools, visitor.organisation, asked.search, asked.only_status, after=asked.after, finer=asked.finer
    )
    numbers = found.counts
    known = settlements.choices(tools, visitor.organisation)
    return page(
        request,
        "settlements.html",
        cards=found.cards,
        asked=asked,
        next=found.next,
        total=sum(numbers.values()),
        unsent=sum(numbers.get(status, 0) for status in UNSENT),
        statuses=[(each, TITLES[each], numbers[each]) for each in Status if numbers.get(each)],
        marketplaces=known.marketplaces,
        codes=[(code, code.replace("-", " ").capitalize()) for code in known.codes],
        orders=ORDERS,
        summary=_summary(numbers),
        ready=numbers.get(Status.READY, 0),
        sendable=SENDABLE,
        files=settlements.files_taken(),
        setup=onboarding.bar(tools, visitor.organisation),
        upload_limit_bytes=request.app.state.settings.upload_limit_bytes,
    )


def upload(visitor: guard.SignedIn, tools: guard.CallerTools, received: Received) -> Response:
    """Each file is an operation of its own, so that one that is refused stops no other."""
    begun = [settlements.receive(tools, visitor.actor, each.filename[:255], each.path) for each in received]
    return RedirectResponse(operations_address(begun), 303)


def send(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    id: Annotated[list[str] | None, Form()] = None,
    plan: Annotated[str, Form()] = "",
) -> Response:
    if not id:
        response = RedirectResponse("/settlements", 303)
        say(request, response, "Select at least one settlement that is ready, then send.", "warning")
        return response
    shown = {id[0]: plan} if plan and len(id) == 1 else {}
    operation = settlements.approve(tools, visitor.actor, tuple(id[:_MOST_AT_ONCE]), shown)
    return RedirectResponse(f"/operations/{operation}", 303)


def show_ready(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """What would be sent, before it is."""
    return page(request, "send_ready.html", ready=settlements.ready(tools, visitor.organisation))


def send_ready(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, mark: Annotated[str, Form()] = ""
) -> Response:
    operation = settlements.send_all_ready(tools, visitor.actor, mark)
    if operation:
        return RedirectResponse(f"/operations/{operation}", 303)
    response = RedirectResponse("/send/ready", 303)
    say(request, response, "What is ready has changed since you looked. Look at it again, then send.", "warning")
    return response


def _day(text: str) -> date | None:
    """A day as a date field sends it; anything else is none. Nothing was settled before 1995."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1995 <= found.year <= 2999 else None


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
    get("/send/ready", show_ready, Right.SEND),
    post("/send/ready", send_ready, Right.SEND),
    post("/settlements/upload", upload, Right.IMPORT, checks_form=True),
    post("/settlements/send", send, Right.SEND),
)
