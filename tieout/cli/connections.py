"""`connect`, `disconnect`, `connections`: access to the books, at the console."""

import secrets
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from tieout.cli._doors import Exit, actor_of, fail, looking, organisation_of, say, say_json, working
from tieout.cli._table import table
from tieout.cli.settlements import plain

_MINUTES = 10
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_DONE = b"<!doctype html><title>Tieout</title><p>Back at the console: this page can be closed."
_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def add(commands: typer.Typer) -> None:
    commands.command("connect")(connect)
    commands.command("connections")(list_connections)
    commands.command("disconnect")(disconnect)


def connect(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help="Where the books are kept; needed where there are several.")] = "",
    as_json: _Json = False,
) -> None:
    """Connect the books: prints an address to open in a browser, and waits for the answer.

    While `tieout serve` runs, the answer goes to its pages: then this prints where to press Connect.
    """
    with working(context) as product:
        platform = _registered(product.tools, platform)
        listener = _listener(product.tools.apps[platform].redirect_uri)
        if listener is None:
            say(f"Open {product.environment.url}/connection, sign in, and press Connect.")
            return
        result = _wait_for_consent(product.tools, platform, listener)
    if as_json:
        say_json(plain(result))
    elif result.connection:
        say(f"Connected. {result.words}".strip())
    if not result.connection:
        fail(f"Not connected ({result.code}): {result.words}")


def _registered(tools: Any, platform: str) -> str:
    """The platform that is meant. Ends the command where this installation has no app there, or at several."""
    from tieout.sync.connections import offered

    names = [name for name, _ in offered(tools)]
    if platform in names or (not platform and len(names) == 1):
        return platform or names[0]
    if not platform and names:
        fail(f"Name where the books are kept: {', '.join(names)}.", Exit.USAGE)
    at, name = (platform, platform.upper()) if platform else ("any platform", "<PLATFORM>")
    told = f"set TIEOUT_{name}_CLIENT_ID and TIEOUT_{name}_CLIENT_SECRET (README, Connecting a real …)"
    return fail(f"Tieout has no registered app at {at}: {told}.", Exit.CANNOT_START)


def list_connections(context: typer.Context, as_json: _Json = False) -> None:
    """List the connections: state, books, who connected, what is left of the day's calls."""
    from tieout.sync.connections import card

    with looking(context) as product:
        found = card(product.tools, organisation_of(product.tools))
    if as_json:
        say_json(plain(found))
        return
    rows = [(c.connection.id, c.label, c.connection.books_name, c.state.value, c.words or c.cause) for c in found]
    table(("Id", "At", "Books", "State", "Why"), rows)
    if not found:
        say("No books are connected: `tieout connect`.")


def disconnect(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Its id, as `tieout connections` prints it.")],
) -> None:
    """End one connection, here and at the platform. What is in the books stays; what waits is named."""
    from tieout.sync import connections

    with working(context) as product:
        ended = connections.disconnect(product.tools, actor_of(product.tools), connection)
    if ended is None:
        fail(f"There is no connection {connection}; `tieout connections` lists them.")
    say(f"Disconnected. {ended.documents_waiting} document(s) wait until books are connected again.")


def _wait_for_consent(tools: Any, platform: str, listener: "_Listener") -> Any:
    from tieout.sync.connections import begin_connect, choose_books, finish_connect

    session = secrets.token_urlsafe(32)
    say("Open this address in a browser, choose the books and allow access:")
    say(begin_connect(tools, actor_of(tools), platform, session))
    params = listener.params(_MINUTES * 60)
    if params is None:
        fail(f"No answer within {_MINUTES} minutes; nothing was changed. Start again when you are ready.")
    result = finish_connect(tools, platform, params, session)
    if result.choices:
        for number, each in enumerate(result.choices, start=1):
            say(f"{number}  {', '.join(filter(None, (each.name, each.country, each.currency)))}")
        result = choose_books(tools, params.get("state", ""), _pick(result), session)
    return result


def _pick(result: Any) -> str:
    """Which books are meant. The only ones are taken where nobody sits at the console to say so."""
    if len(result.choices) == 1 and not sys.stdin.isatty():
        return str(result.choices[0].books)
    while True:
        typed = str(typer.prompt("Which books (number)", default="1" if len(result.choices) == 1 else None))
        if typed.isdigit() and 1 <= int(typed) <= len(result.choices):
            return str(result.choices[int(typed) - 1].books)
        say(f"Type a number from 1 to {len(result.choices)}.")


class _Listener(HTTPServer):
    """Waits at the redirect address for one answer; other requests are answered and ignored."""

    def __init__(self, port: int, path: str) -> None:
        self.path = path
        self.answer: dict[str, str] | None = None
        super().__init__(("127.0.0.1", port), _Callback)

    def params(self, seconds: int) -> dict[str, str] | None:
        self.timeout = 1
        try:
            for _ in range(seconds):
                self.handle_request()
                if self.answer is not None:
                    return self.answer
            return None
        finally:
            self.server_close()


class _Callback(BaseHTTPRequestHandler):
    server: _Listener

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        is_ours = asked.path == self.server.path
        if is_ours:
            self.server.answer = dict(parse_qsl(asked.query))
        self.send_response(200 if is_ours else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(_DONE if is_ours else b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address holds a code."""


def _listener(redirect_uri: str) -> _Listener | None:
    """A listener at our own redirect address; None when that is elsewhere or a server already listens there."""
    parts = urlsplit(redirect_uri)
    if parts.hostname not in _LOOPBACK:
        return None
    try:
        return _Listener(parts.port or 80, parts.path)
    except OSError:
        return None
