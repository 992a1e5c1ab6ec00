"""Puts a world on a socket: HTTP/1.1 with keep-alive, one thread a connection, and the power to cut or hang it."""

from __future__ import annotations

import select
import socket
import ssl
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tieout.sandbox import Answer, Ending, Request, text
from tieout.sandbox.control import CONTROL, answer_control
from tieout.sandbox.world import World

LONGEST_HANG_SECONDS = 600.0
LONGEST_BODY = 32 * 1024 * 1024


@dataclass(slots=True)
class Running:
    """A server that runs in its own threads until it is stopped."""

    base_url: str
    port: int
    world: World
    _server: _Server
    _thread: threading.Thread

    def stop(self) -> None:
        """Closes the socket, lets go of everybody who hangs, and closes the world's file. Safe to repeat."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
        self.world.close()

    def wait(self) -> None:
        """Blocks until the server is stopped or interrupted."""
        while self._thread.is_alive():
            self._thread.join(timeout=0.5)


def start(world: World, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Running:
    """Serves the world; port 0 takes a free one. Raises OSError when the port is in use."""
    server = _Server((host, port), world, tls)
    chosen = int(server.server_address[1])
    base_url = f"{'https' if tls else 'http'}://localhost:{chosen}"
    if tls is None:
        world.base_url = base_url
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return Running(base_url, chosen, world, server, thread)


@contextmanager
def running(world: World, port: int = 0) -> Iterator[Running]:
    """`start` and `stop` around a block."""
    served = start(world, port)
    try:
        yield served
    finally:
        served.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], world: World, tls: ssl.SSLContext | None) -> None:
        self.world, self.tls, self.stopping = world, tls, threading.Event()
        super().__init__(address, _Conversation)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake belongs to the connection's own thread: a slow client must not hold up the others.
        wrapped = self.tls.wrap_socket(request, server_side=True) if self.tls else request
        super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the weather; anything else is our own mistake and is shown in full."""
        if not _is_weather(sys.exception()):
            traceback.print_exc()


def _is_weather(error: BaseException | None) -> bool:
    # A socket that was cut under a writer says so as OSError, or as ValueError once its file is closed.
    return isinstance(error, OSError) or "closed file" in str(error)


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # every method goes the same way
            return self._exchange
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """The world keeps its own log of calls."""

    def _exchange(self) -> None:
        body = self._body()
        if body is None:
            self._send(text(413, "The request body is larger than the stand-in takes"))
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Request(self.command, path, tuple(parse_qsl(query, keep_blank_values=True)), headers, body)
        if path.startswith(CONTROL):
            self._send(answer_control(self.server.world, asked))
            return
        self.server.world.enter(asked)
        try:
            self._act(self.server.world.respond(asked))
        finally:
            self.server.world.leave(asked)

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        return None if length > LONGEST_BODY else self.rfile.read(length)

    def _chunks(self) -> bytes | None:
        whole = bytearray()
        while size := int(self.rfile.readline(1024).split(b";")[0] or b"0", 16):
            whole += self.rfile.read(size)
            self.rfile.readline(1024)
            if len(whole) > LONGEST_BODY:
                return None
        while self.rfile.readline(1024).strip():
            pass
        return bytes(whole)

    def _act(self, answer: Answer) -> None:
        if answer.delay_seconds and self._wait(answer.delay_seconds):
            return
        match answer.ending:
            case Ending.WHOLE:
                self._send(answer)
            case Ending.TRUNCATED:
                self._send(answer, cut_at=len(answer.body) // 2)
                self._cut()
            case Ending.CUT:
                self._cut()
            case Ending.HANG:
                self._wait(LONGEST_HANG_SECONDS)
                self._cut()

    def _send(self, answer: Answer, cut_at: int | None = None) -> None:
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string(self.server.world.clock.now().timestamp()))
        if answer.content_type is not None:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:cut_at])
        self.wfile.flush()

    def _wait(self, seconds: float) -> bool:
        """Waits, unless the client goes away or the server stops; True when one of these happened."""
        step, waited = 0.05, 0.0
        while waited < seconds:
            if self.server.stopping.is_set() or self._gone():
                self._cut()
                return True
            pause = min(step, seconds - waited)
            self.server.stopping.wait(pause)
            waited += pause
        return False

    def _gone(self) -> bool:
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    def _cut(self) -> None:
        self.close_connection = True
        try:
            # Zero linger sends a reset, as a dropped connection does, not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
