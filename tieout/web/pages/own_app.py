"""An organisation's own app at a platform: its client id and secret go in, and nobody ever sees the secret again."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.secret import Secret
from tieout.people.roles import Right
from tieout.sync import own_apps
from tieout.sync.tools import Tools
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.forms import Fields
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import get, post


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, platform: str) -> Response:
    return _page(request, tools, visitor, platform, {}, "")


def put(
    request: Request,
    visitor: guard.Proven,
    tools: guard.CallerTools,
    platform: str,
    client_id: Annotated[str, Form()] = "",
    secret: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
) -> Response:
    found = _known(tools, visitor, platform)
    fields = Fields({"client_id": client_id, "secret": secret})
    name = fields.text("client_id", "The client id", own_apps.LONGEST_ID)
    word = fields.text("secret", "The client secret", own_apps.LONGEST_SECRET)
    if fields.mistakes:
        return _page(request, tools, visitor, platform, fields.mistakes, client_id, 422)
    own_apps.put(tools, visitor.actor, platform, name, Secret(word), kind == "custom" and found.takes_custom)
    is_good, told = own_apps.check_settings(tools, visitor.actor, platform)
    response = RedirectResponse(f"/connection/apps/{platform}", 303)
    then = " Books that were connected by another app need a reconnect; their links stay." if is_good else ""
    say(request, response, f"Saved. {told}{then}", "success" if is_good else "danger")
    return response


def check(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, platform: str) -> Response:
    _known(tools, visitor, platform)
    is_good, told = own_apps.check_settings(tools, visitor.actor, platform)
    response = RedirectResponse(f"/connection/apps/{platform}", 303)
    say(request, response, told, "success" if is_good else "danger")
    return response


def remove(request: Request, visitor: guard.Proven, tools: guard.CallerTools, platform: str) -> Response:
    _known(tools, visitor, platform)
    response = RedirectResponse(f"/connection/apps/{platform}", 303)
    if own_apps.remove(tools, visitor.actor, platform):
        say(request, response, "Removed. The app of this installation is used again; reconnect what was connected.")
    return response


def _known(tools: Tools, visitor: guard.Visitor, platform: str) -> own_apps.ShownApp:
    if not own_apps.is_known(platform):
        raise Missing
    return own_apps.shown(tools, visitor.organisation, platform)


def _page(
    request: Request,
    tools: Tools,
    visitor: guard.Visitor,
    platform: str,
    mistakes: dict[str, str],
    client_id: str,
    status: int = 200,
) -> Response:
    app = _known(tools, visitor, platform)
    return page(request, "own_app.html", status, app=app, mistakes=mistakes, client_id=client_id)


ROUTES = (
    get("/connection/apps/{platform}", show, Right.CONNECT),
    post("/connection/apps/{platform}", put, Right.CONNECT),
    post("/connection/apps/{platform}/check", check, Right.CONNECT),
    post("/connection/apps/{platform}/remove", remove, Right.CONNECT),
)
