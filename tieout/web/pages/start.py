"""The set-up: five steps that can be left and resumed; and the ways round doors that a person found closed."""

from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tieout.people import asking_access
from tieout.people.members import Impossible
from tieout.people.roles import Right
from tieout.sync import channel_accounts, connections, door_issues, onboarding, settlements
from tieout.sync.setup_facts import FILES, STEPS, TITLES, StepState
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post

LOOKS = {
    StepState.DONE: ("sent", "Done"),
    StepState.NOT_NEEDED: ("nothing-to-post", "Not needed"),
    StepState.OPEN: ("ready", "To do"),
    StepState.BEGUN: ("queued", "Begun"),
    StepState.STUCK: ("blocked", "Stopped"),
    StepState.WAITING: ("nothing-to-post", "Later"),
}


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """Every step as it stands, the one to go on with opened."""
    may = visitor.may(Right.CONNECT)
    return page(
        request,
        "start.html",
        setup=onboarding.view(tools, visitor.organisation),
        looks=LOOKS,
        offers=channel_accounts.offers(tools),
        platforms=connections.offered(tools),
        files=settlements.files_taken(),
        helpers=() if may else asking_access.helpers(tools, visitor.organisation, Right.CONNECT),
    )


def choose_channel(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, choice: Annotated[str, Form()] = ""
) -> Response:
    """The choice is kept as a draft; then the channel's own page, or the upload, goes on with it."""
    if choice != FILES and channel_accounts.offer(tools, choice) is None:
        raise Missing
    onboarding.save(tools, visitor.actor, "channel", {"choice": choice})
    return RedirectResponse("/start" if choice == FILES else f"/channels/connect/{choice}", 303)


def confirm_accounts(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    onboarding.save(tools, visitor.actor, "accounts", {"looked": "yes"})
    return RedirectResponse("/start", 303)


def go_to(visitor: guard.SignedIn, tools: guard.CallerTools, step: Annotated[str, Form()] = "") -> Response:
    if step not in STEPS:
        raise Missing
    onboarding.go_to(tools, visitor.actor, step)
    return RedirectResponse("/start", 303)


def show_over(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    step: Annotated[str, Query(max_length=16)] = "",
) -> Response:
    """What starting over would throw away, before it does."""
    if step and step not in STEPS:
        raise Missing
    lines = onboarding.what_would_go(onboarding.view(tools, visitor.organisation), step)
    return page(request, "setup_over.html", step=step, title=TITLES.get(step, ""), lines=lines)


def start_over(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, step: Annotated[str, Form()] = ""
) -> Response:
    if step and step not in STEPS:
        raise Missing
    thrown = onboarding.start_over(tools, visitor.actor, step)
    response = RedirectResponse("/start", 303)
    say(request, response, f"Begun again. Thrown away: {thrown}.")
    return response


def put_aside(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    onboarding.put_aside(tools, visitor.actor)
    response = RedirectResponse("/settlements", 303)
    say(request, response, "Put aside. The set-up stays in the menu behind your organisation's name, at the top right.")
    return response


# --- Ways round a closed door ---------------------------------------------------------------------------------------


def open_tab(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, to: str = "/") -> Response:
    """Where somebody lands who comes out of a frame into a tab of Tieout's own."""
    door_issues.past(tools, visitor.organisation, visitor.session.person.id, door_issues.FRAMED)
    return RedirectResponse(guard.own_path(to), 303)


def not_opened(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    back: Annotated[str, Form()] = "/connection",
) -> Response:
    """The page that leads to a provider was still there seconds after the press, or a person says so."""
    door_issues.met(tools, visitor.actor, door_issues.POPUP, {"address": guard.own_path(back[:200])})
    words = (
        "Your browser stopped the way there. Click the button above, or copy the address into another tab; "
        "it is an ordinary link, and opens no window."
    )
    if "hx-request" in request.headers:
        return HTMLResponse(f'<p class="alert alert-warning mt-3" role="status">{words}</p>')
    response = RedirectResponse("/problems/connect-popup-blocked", 303)
    say(request, response, words, "warning")
    return response


def ask(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """Asks whoever can grant it for the right to connect."""
    response = RedirectResponse("/start", 303)
    try:
        is_new = asking_access.ask(tools, visitor.actor, Right.CONNECT)
    except Impossible as error:
        say(request, response, str(error), "warning")
        return response
    say(request, response, "Asked: whoever may grant it has a letter." if is_new else "You have asked before.")
    return response


ROUTES = (
    get("/start", show),
    post("/start/channel", choose_channel, Right.CONNECT),
    post("/start/accounts", confirm_accounts, Right.CONNECT),
    post("/start/go", go_to, Right.CONNECT),
    get("/start/over", show_over, Right.CONNECT),
    post("/start/over", start_over, Right.CONNECT),
    post("/start/aside", put_aside, Right.CONNECT),
    get("/start/tab", open_tab),
    post("/start/not-opened", not_opened, Right.VIEW),
    post("/start/ask", ask, Right.VIEW),
)
