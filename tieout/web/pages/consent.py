"""The way to books and back: connect, come back from the consent page, choose among several sets of books."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.people.roles import Right
from tieout.sync import connections
from tieout.sync.connections import ConnectOutcome, ConnectResult
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import clear, leave, left, say
from tieout.web.pages.connection import REMEDIES
from tieout.web.render import page
from tieout.web.routes import get, post

_CHOICE_SECONDS = 600
_CHOICES_MOST, _NAME_MOST = 20, 40  # what fits into a cookie


def connect(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    platform: Annotated[str, Form()] = "",
    reconnects: Annotated[str, Form()] = "",
) -> Response:
    """Off to the consent page by a Refresh header: `form-action 'self'` would stop a redirect that a form began."""
    if platform not in tools.apps:
        raise Missing
    url = connections.begin_connect(tools, visitor.actor, platform, visitor.binding, reconnects)
    response = page(request, "leaving.html", url=url, label=dict(connections.offered(tools))[platform])
    response.headers["Refresh"] = f"0; url={url}"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def callback(request: Request, tools: guard.CallerTools, platform: str) -> Response:
    """Back from the consent page. The answer is empty and leads to a clean address, so that no code stays anywhere."""
    visitor = guard.find_visitor(request)
    if platform not in tools.apps:
        raise Missing
    if visitor is None:
        return _away("/sign-in?back=/connection")
    params = {name: value[:4096] for name, value in request.query_params.items()}
    result = connections.finish_connect(tools, platform, params, visitor.binding)
    if result.outcome is ConnectOutcome.CHOOSE:
        response = _away("/connection/choose")
        choices = [(each.books, each.name[:_NAME_MOST]) for each in result.choices[:_CHOICES_MOST]]
        leave(request, response, "choice", [params.get("state", ""), choices], _CHOICE_SECONDS)
        return response
    response = _away("/connection")
    say(request, response, *_told(result))
    return response


def show_choice(request: Request, visitor: guard.SignedIn) -> Response:
    """Several sets of books were approved at once: which one is meant?"""
    found = left(request, "choice", _CHOICE_SECONDS)
    return page(request, "choose_books.html", choices=found[1]) if found else RedirectResponse("/connection", 303)


def choose(
    request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, books: Annotated[str, Form()] = ""
) -> Response:
    found = left(request, "choice", _CHOICE_SECONDS)
    response = RedirectResponse("/connection", 303)
    if not found:
        say(request, response, "The choice was open for more than ten minutes. Connect again.", "warning")
        return response
    say(request, response, *_told(connections.choose_books(tools, found[0], books, visitor.binding)))
    clear(request, response, "choice")
    return response


def _told(result: ConnectResult) -> tuple[str, str]:
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
)
