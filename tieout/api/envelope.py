"""What stands on every answer, and the fork between the pages and the API, which share one server."""

import secrets
from collections.abc import Awaitable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VERSION = "2026-11-20"  # rises with every change that breaks a client
OURS = ("/api", "/errors", "/hooks")


class Fork:
    """Addresses of the API go to it, whatever the pages would do; all others go to the pages."""

    def __init__(self, app: ASGIApp, api: ASGIApp) -> None:
        self.app, self.api = app, api

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_ours = scope["type"] == "http" and belongs(scope["path"])
        return (self.api if is_ours else self.app)(scope, receive, send)


def belongs(path: str) -> bool:
    return any(path == own or path.startswith(own + "/") for own in OURS)


class Envelope:
    """Gives every request an id, and puts the headers on every answer that has not set its own."""

    def __init__(self, app: ASGIApp, is_https: bool) -> None:
        self.app = app
        self.headers = {
            "Cache-Control": "no-store",
            "Tieout-Version": VERSION,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
        } | ({"Strict-Transport-Security": "max-age=31536000"} if is_https else {})

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        request_id = f"req_{secrets.token_hex(10)}"

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in {**self.headers, "X-Request-Id": request_id}.items():
                    found.setdefault(name, value)
            return send(message)

        told = {**scope, "state": {**scope.get("state", {}), "request_id": request_id}}
        return self.app(told, receive, send_with_headers)
