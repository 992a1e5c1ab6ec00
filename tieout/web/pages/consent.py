"""The way to books and back: connect, come back from the consent page, say which books are meant, or where it stopped.

What a browser needs for the way back is its session and one cookie of its own, which holds the state while a choice or
a sign-in is awaited.
"""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout import problems
from tieout.core.consent import HELD, LIVES
from tieout.people import sessions
from tieout.people.roles import Right
from tieout.store import people
from tieout.store.engine import read
from tieout.sync import clean_reconnect, connecting, own_apps
from tieout.sync.connecting import Browser, ConnectOutcome, ConnectResult
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.forms import countries
from tieout.web.notes import say
from tieout.web.remedies import REMEDIES
from tieout.web.render import page
from tieout.web.routes import get, post

STATE = "consent"  # the cookie


def connect(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    platform: Annotated[str, Form()] = "",
    reconnects: Annotated[str, Form()] = "",
) -> Response:
    """Off to the consent page, or straight to the books where the organisation's own app needs no consent."""
    offered = dict(own_apps.offered(tools, visitor.organisation))
    if platform not in offered:
        raise Missing
    if own_apps.app_of(tools, visitor.organisation, platform).is_custom:
        state, result = connecting.connect_custom(tools, visitor.actor, platform, visitor.binding, reconnects)
        return _answered(request, result, state, is_by_link=False)
    url = connecting.begin_connect(tools, visitor.actor, platform, visitor.binding, reconnects)
    return leaving(request, url, offered[platform])


def leaving(request: Request, url: str, label: str, **more: object) -> Response:
    """Off by a Refresh header: `form-action 'self'` would stop a redirect that a form began."""
    response = page(request, "leaving.html", url=url, label=label, **more)
    response.headers["Refresh"] = f"0; url={url}"
    response.headers["Referrer-Policy"] = "no-referrer"
    guard.keep_device(request, response)
    return response


def show_start_over(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """What starting over does, before it is done."""
    found = clean_reconnect.view(tools, visitor.organisation, id)
    if found is None:
        raise Missing
    return page(request, "start_over.html", connection=found[0], label=found[1])


def start_over(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """This one connection is ended there, then asked for anew."""
    begun = clean_reconnect.start_over(tools, visitor.actor, id, visitor.binding)
    if begun is None:
        raise Missing
    return leaving(request, begun.url, begun.label, failure=begun.failure.sentence if begun.failure else "")


def browser_of(request: Request) -> Browser:
    """What this browser can show of a connection that it began."""
    visitor = guard.find_visitor(request)
    token, device = guard.cookie(request, "session"), guard.cookie(request, "device")
    return Browser(
        session=visitor.binding if visitor else "",
        former=guard.bound(token, "connect") if token and not visitor and _has_timed_out(request, token) else "",
        device=guard.bound(device, "connect") if device else "",
        organisation=visitor.organisation if visitor else "",
    )


def _has_timed_out(request: Request, token: str) -> bool:
    """Whether the session is still on record, and only too old: who signs out takes it away."""
    with read(guard.tools_of(request).engines, "") as db:
        return people.session(db, sessions.digest(token)) is not None


def callback(request: Request, tools: guard.CallerTools, platform: str) -> Response:
    """Back from the consent page. The answer is empty and leads to a clean address, so that no code stays anywhere."""
    if not own_apps.is_known(platform):
        raise Missing
    params = {name: value[:4096] for name, value in request.query_params.items()}
    state = params.get("state", "")
    _, draft = connecting.find_draft(tools, state)
    result = connecting.finish_connect(tools, platform, params, browser_of(request))
    return _answered(request, result, state, is_by_link=draft is not None and bool(draft.link))


def _answered(request: Request, result: ConnectResult, state: str, is_by_link: bool) -> Response:
    """To the page that says how it ended, with what that page needs."""
    visitor = guard.find_visitor(request)
    match result.outcome:
        case ConnectOutcome.CHOOSE:
            response = _away("/connect/books" if is_by_link else "/connection/choose")
            guard.set_cookie(request, response, STATE, state, int(LIVES.total_seconds()))
            return response
        case ConnectOutcome.SIGN_IN:
            response = _away("/sign-in?back=/connection/continue")
            guard.set_cookie(request, response, STATE, state, int(HELD.total_seconds()))
            return response
        case _ if is_by_link:
            return _away(f"/connect/ended?how={result.outcome}&why={result.code}")
        case _ if visitor is None:
            return _away(f"/connection/stopped?why={result.code}")
        case ConnectOutcome.PARKED:
            return _away(f"/connection/{result.connection}/parked")
        case ConnectOutcome.REFUSED if result.attempt and result.organisation == visitor.organisation:
            return _away(f"/connection/attempts/{result.attempt}")
    response = _away("/connection")
    say(request, response, *told(result))
    return response


def show_choice(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """Which books are meant; of a single set, whether they are the right ones. Nothing else of them was read."""
    result = connecting.choices(tools, guard.cookie(request, STATE), browser_of(request))
    if result is None:
        return RedirectResponse("/connection", 303)
    return page(request, "choose_books.html", **asked(result), action="/connection/choose", back="/connection")


def asked(result: ConnectResult) -> dict[str, object]:
    return {"choices": result.choices, "countries": countries()}


def choose(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, books: Annotated[str, Form()] = ""
) -> Response:
    state = guard.cookie(request, STATE)
    result = connecting.choose_books(tools, state, books, browser_of(request))
    response = _answered(request, result, state, is_by_link=False)
    response.status_code = 303
    guard.set_cookie(request, response, STATE, "", 0)
    return response


def resume(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools) -> Response:
    """Signed in again in the browser that came back: what was kept for it goes on."""
    state = guard.cookie(request, STATE)
    organisation, draft = connecting.find_draft(tools, state)
    if draft is not None and draft.person == visitor.session.person.id and organisation != visitor.organisation:
        sessions.switch(tools, visitor.session, organisation)
    result = connecting.resume(tools, visitor.actor, state, visitor.binding)
    return _answered(request, result, state, is_by_link=False)


def show_attempt(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    """The step at which an attempt stopped, and the ways on."""
    found = connecting.attempt(tools, visitor.organisation, id)
    if found is None:
        raise Missing
    attempt, facts = found
    return page(
        request,
        "attempt.html",
        attempt=attempt,
        facts=facts,
        problem=problems.named(attempt.code),
        remedy=REMEDIES.get(attempt.code, ""),
    )


def show_stopped(request: Request, why: str = "") -> Response:
    """For a browser that nobody is signed in with: why nothing was connected."""
    return page(request, "stopped.html", problem=problems.named(why), why=why, visitor=None)


def told(result: ConnectResult) -> tuple[str, str]:
    """A sentence and its kind. Their words and our remedy stand side by side."""
    if result.outcome is ConnectOutcome.CONNECTED and not result.code:
        return "Connected. The books were read, and documents can be sent.", "success"
    remedy = REMEDIES.get(result.code, "")
    words = f"{result.words.rstrip('.')}. " if result.words else ""
    if result.outcome is ConnectOutcome.CONNECTED:
        return f"Connected, but: {words}{remedy}", "warning"
    return f"Not connected. {words}{remedy}", "danger"


def _away(target: str) -> Response:
    return Response(status_code=302, headers={"Location": target, "Referrer-Policy": "no-referrer"})


ROUTES = (
    post("/connection/connect", connect, Right.CONNECT),
    get("/oauth/{platform}/callback", callback, None),
    get("/connection/choose", show_choice, Right.CONNECT),
    post("/connection/choose", choose, Right.CONNECT),
    get("/connection/continue", resume, Right.CONNECT),
    get("/connection/stopped", show_stopped, None),
    get("/connection/attempts/{id}", show_attempt, Right.CONNECT),
    get("/connection/{id}/start-over", show_start_over, Right.CONNECT),
    post("/connection/{id}/start-over", start_over, Right.CONNECT),
)
