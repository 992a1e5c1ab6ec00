"""Closed doors, each with its way round: in a frame, by a page of an older release, without the right to connect."""

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from tieout import __version__
from tieout.people import asking_access
from tieout.people.roles import NotPermitted, Right
from tieout.sync import door_issues
from tieout.web import guard
from tieout.web.render import environment, page
from tieout.web.spool import Entered

_FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
_OURS = frozenset({"csrf", "release"})
# What is typed as a secret is never written into a page again, whatever the form.
_SECRET = ("password", "secret", "token", "code", "value", "key")


class Framed(Exception):
    """A page of ours was asked for inside a frame of another one."""


class Stale(Exception):
    """A page of another release asks for something; `entered` is what was typed there."""

    def __init__(self, release: str, entered: tuple[tuple[str, str], ...]) -> None:
        self.release, self.entered = release, entered
        super().__init__(f"the page is of release {release}")


def unframed(request: Request) -> None:
    """Raises Framed. The header that forbids framing makes browsers show nothing of it; this spares them the rest."""
    if request.headers.get("sec-fetch-dest", "") in _FRAMES:
        raise Framed


def current(request: Request, entered: Entered) -> None:
    """Raises Stale for a form of another release; a page that works ends what was told of an old one."""
    release = dict(entered).get("release", "")
    if release and release != __version__:
        raise Stale(release[:40], entered)
    visitor = guard.find_visitor(request)
    if visitor is not None and release:
        door_issues.past(guard.tools_of(request), visitor.organisation, visitor.session.person.id, door_issues.STALE)


def in_frame(request: Request, error: Exception) -> Response:
    """A plain page with the direct address. It holds nothing of anybody, and what runs in the background goes on."""
    _met(request, door_issues.FRAMED, {"address": _tab(request.url.path)})
    address = guard.settings_of(request).origin + guard.own_path(request.url.path)
    return HTMLResponse(environment().get_template("framed.html").render(address=address), 403)


def too_old(request: Request, error: Exception) -> Response:
    """What was entered stands on the page, so that one press does what was meant; secrets are typed again."""
    assert isinstance(error, Stale)
    names = [name for name, _ in error.entered if name not in _OURS]
    is_secret = any(word in name.lower() for name in names for word in _SECRET)
    kept = () if is_secret else tuple(pair for pair in error.entered if pair[0] not in _OURS)
    _met(request, door_issues.STALE, {"release": error.release, "address": _back(request)})
    back, is_kept = _back(request), not is_secret
    return page(request, "stale.html", 409, entered=kept, is_kept=is_kept, action=request.url.path, back=back)


def may_not(request: Request, error: Exception) -> Response | None:
    """Where the right to connect is missing: who can grant it, and the ways to get there. None for other rights."""
    assert isinstance(error, NotPermitted)
    visitor = guard.find_visitor(request)
    if error.right is not Right.CONNECT or visitor is None:
        return None
    _met(request, door_issues.ROLE, {"right": error.right.value, "address": request.url.path})
    tools = guard.tools_of(request)
    helpers = asking_access.helpers(tools, visitor.organisation, error.right)
    return page(request, "role_too_low.html", 403, role=error.role, right=error.right.value, helpers=helpers)


def _met(request: Request, code: str, facts: dict[str, str]) -> None:
    visitor = guard.find_visitor(request)
    if visitor is not None:
        door_issues.met(guard.tools_of(request), visitor.actor, code, facts)


def _tab(path: str) -> str:
    return f"/start/tab?to={guard.own_path(path)}"


def _back(request: Request) -> str:
    """The page that the form stood on, as the browser says; a path of ours in any case."""
    referrer, origin = request.headers.get("referer", ""), guard.settings_of(request).origin
    return guard.own_path(referrer.removeprefix(origin)) if referrer.startswith(f"{origin}/") else "/settlements"
