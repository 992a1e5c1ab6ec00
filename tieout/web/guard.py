"""Who is calling and whether we believe it: session cookie, request forgery, headers on every answer.

An address is closed unless its route names no right. Whatever changes something is a POST that passes two checks: the
browser says it comes from our own origin, and the form carries the token of this very session.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from fastapi import Depends, Form, Request
from starlette.datastructures import MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tieout.core.actor import Actor
from tieout.people import roles, sessions
from tieout.people.passkeys import Party
from tieout.people.roles import Right
from tieout.store.people import Session
from tieout.sync.tools import Tools
from tieout.web.settings import WebSettings

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_DEVICE_SECONDS = 365 * 24 * 60 * 60

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class SignInNeeded(Exception):
    """Nobody is signed in. `back` is the page to return to afterwards."""

    def __init__(self, back: str) -> None:
        self.back = back
        super().__init__("sign in first")


class ProofNeeded(Exception):
    """Something of weight is asked for, and it is long since the visitor proved who they are. `back` is where to go on.

    Whatever a form held is lost on the way: what changes something has to be asked for again, with the eyes open.
    """

    def __init__(self, back: str) -> None:
        self.back = back
        super().__init__("prove first that it is you")


class Forged(Exception):
    """A change was asked for without the token of the session, or from a page of somebody else."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, with the session's own form token."""

    session: Session
    csrf: str
    binding: str

    @property
    def organisation(self) -> str:
        return self.session.organisation.id

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.session.organisation.zone)

    @property
    def actor(self) -> Actor:
        return Actor(self.organisation, self.session.person.id, self.session.person.name)

    def may(self, right: str) -> bool:
        return roles.allows(self.session.role, Right(right))


def tools_of(request: Request) -> Tools:
    tools: Tools = request.app.state.tools
    return tools


def settings_of(request: Request) -> WebSettings:
    settings: WebSettings = request.app.state.settings
    return settings


# --- Cookies ----------------------------------------------------------------------------------------------------------


def cookie_name(settings: WebSettings, name: str) -> str:
    """`__Host-` pins a cookie to this very host; browsers accept it over https only."""
    return f"__Host-tieout-{name}" if settings.is_https else f"tieout-{name}"


def cookie(request: Request, name: str) -> str:
    return request.cookies.get(cookie_name(settings_of(request), name), "")


def set_cookie(request: Request, response: Response, name: str, value: str, max_age: int) -> None:
    settings = settings_of(request)
    response.set_cookie(
        cookie_name(settings, name), value, max_age, path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )


def begin_session(request: Request, response: Response, token: str) -> None:
    set_cookie(request, response, "session", token, int(sessions.LONGEST.total_seconds()))


def end_session(request: Request, response: Response) -> None:
    set_cookie(request, response, "session", "", 0)


# --- Who --------------------------------------------------------------------------------------------------------------


def find_visitor(request: Request) -> Visitor | None:
    """Whoever the session cookie stands for; asked once a request."""
    if not hasattr(request.state, "visitor"):
        token = cookie(request, "session")
        session = sessions.current(tools_of(request), token) if token else None
        visitor = _visitor(session, token) if session else None
        request.state.visitor = visitor
    found: Visitor | None = request.state.visitor
    return found


def _visitor(session: Session, token: str) -> Visitor:
    return Visitor(session, form_token(token, session.organisation.id), bound(token, "connect"))


def signed_in(request: Request) -> Visitor:
    """Raises SignInNeeded."""
    visitor = find_visitor(request)
    if visitor is None:
        raise SignInNeeded(own_path(str(request.url.path)) if request.method in _SAFE_METHODS else "/")
    return visitor


SignedIn = Annotated[Visitor, Depends(signed_in)]
CallerTools = Annotated[Tools, Depends(tools_of)]
CallerSettings = Annotated[WebSettings, Depends(settings_of)]


def needs(right: Right) -> Callable[[Visitor], None]:
    """A dependency that raises NotPermitted for a visitor without the right."""

    def check(visitor: SignedIn) -> None:
        roles.ensure(visitor.session.role, right)

    return check


def recently_proven(request: Request, visitor: SignedIn, tools: CallerTools) -> Visitor:
    """The visitor, whose sign-in or last proof is at most ten minutes old. Raises ProofNeeded.

    For what would let a stranger at an open desk take over: passwords, factors, tokens, connections, members. Take it
    as a parameter, `visitor: guard.Proven` in the place of `guard.SignedIn`.
    """
    if not sessions.is_proven(visitor.session, tools):
        referrer = urlsplit(request.headers.get("referer", ""))
        asked = str(request.url.path) if request.method in _SAFE_METHODS else referrer.path or "/"
        raise ProofNeeded(own_path(asked))
    return visitor


Proven = Annotated[Visitor, Depends(recently_proven)]


def party(request: Request) -> Party:
    """Who we are to a browser's passkeys."""
    origin = settings_of(request).origin
    return Party(urlsplit(origin).hostname or "", origin)


def asked_of(request: Request) -> str:
    """Whom a passkey's challenge is bound to: the session of this browser, or before sign-in the browser itself."""
    visitor = find_visitor(request)
    return visitor.session.digest if visitor else bound(device(request), "passkey")


def visit(request: Request) -> sessions.Visit:
    return sessions.Visit(address(request), cookie(request, "device"), request.headers.get("user-agent", "")[:255])


def address(request: Request) -> str:
    """The visitor's network address, as far as it can be believed."""
    direct = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return (forwarded or direct)[:64] if settings_of(request).trusts_proxy else direct


def own_path(path: str) -> str:
    """A path of ours to return to, never another host: `//elsewhere` and `/\\elsewhere` lead away in a browser."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not (parts.scheme or parts.netloc)
    return quote(path, safe="/?=&%-._~") if is_ours and path.isprintable() else "/"


# --- Forged requests --------------------------------------------------------------------------------------------------


def form_token(secret: str, organisation: str = "") -> str:
    """The token that a form carries: derived from a cookie that no script and no other site can read.

    It is of one organisation, so that a page left open in another tab does nothing to the one that was gone to since.
    """
    return bound(secret, f"form {organisation}")


def bound(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def visitor_token(request: Request) -> str:
    """The form token of this caller: of the session, or before sign-in of the browser's own cookie."""
    visitor = find_visitor(request)
    return visitor.csrf if visitor else form_token(device(request))


def device(request: Request) -> str:
    """A random text this browser keeps for long; made on its first visit and set by `keep_device`."""
    if not hasattr(request.state, "device"):
        request.state.device = cookie(request, "device") or secrets.token_urlsafe(32)
    made: str = request.state.device
    return made


def keep_device(request: Request, response: Response) -> None:
    if not cookie(request, "device"):
        set_cookie(request, response, "device", device(request), _DEVICE_SECONDS)


def not_forged(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    """Raises Forged for a change whose form does not carry the caller's own token."""
    has_cookie = find_visitor(request) is not None or bool(cookie(request, "device"))
    if not has_cookie or not is_own_token(request, csrf):
        raise Forged("the form token is missing or of another session")


def is_own_token(request: Request, token: str) -> bool:
    return hmac.compare_digest(token.encode(), visitor_token(request).encode())


def same_origin(request: Request) -> None:
    """Raises Forged for a change that a page of another origin asks for, as the browser itself tells us."""
    if request.method in _SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin", "none"):
        raise Forged("the request comes from another site")
    own = {settings_of(request).origin, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if origin is not None and origin not in own and not (origin == "null" and site == "same-origin"):
        raise Forged("the request comes from another site")


# --- Headers ----------------------------------------------------------------------------------------------------------


def headers(is_https: bool) -> dict[str, str]:
    """What every answer says to the browser. Referrers stay inside: `no-referrer` would blank the Origin of forms."""
    found = {
        "Content-Security-Policy": CSP,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    return found | {"Strict-Transport-Security": "max-age=31536000"} if is_https else found


class Headers:
    """Puts the headers on every answer that has not set its own."""

    def __init__(self, app: ASGIApp, settings: WebSettings, cache_control: str) -> None:
        self.app = app
        self.headers = headers(settings.is_https) | {"Cache-Control": cache_control}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    found.setdefault(name, value)
            return send(message)

        return self.app(scope, receive, send_with_headers)


class FormLimit:
    """Forms are small. The few addresses in `unlimited` count for themselves what they take in."""

    def __init__(self, app: ASGIApp, most_bytes: int, unlimited: frozenset[str]) -> None:
        self.app, self.limited, self.unlimited = app, RequestBodyLimitMiddleware(app, most_bytes), unlimited

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_free = scope["type"] != "http" or scope["path"] in self.unlimited
        return self.app(scope, receive, send) if is_free else self.limited(scope, receive, send)
