"""One outgoing call: sent once, bounded in time, recorded without a secret, failures named by what may be so."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tieout.calls import Answer, Exchange, Request, Transport, make_call
from tieout.core.failure import Busy, OutcomeUnknown, RemoteError, Unreachable

Act = Callable[[socket.socket, int], None]


class Listener:
    """A server that does to each connection whatever the test says, and counts the requests that reached it."""

    def __init__(self, act: Act) -> None:
        self.requests: list[bytes] = []
        self._act = act
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with closing(client):
            while data := read_request(client):
                self.requests.append(data)
                try:
                    self._act(client, len(self.requests))
                except OSError:
                    return

    def close(self) -> None:
        self._socket.close()


def read_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            piece = client.recv(65536)
        except OSError:
            return b""
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(client: socket.socket, _count: int) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Upper-Case: Yes\r\nXero-Correlation-Id: c-9\r\n\r\nok")


def cut(client: socket.socket, _count: int) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    client.close()


def truncate(client: socket.socket, _count: int) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nhalf")
    client.shutdown(socket.SHUT_RDWR)
    client.close()


def hang(client: socket.socket, _count: int) -> None:
    time.sleep(2)


def drip(client: socket.socket, _count: int) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        client.sendall(b".")
        time.sleep(0.05)


def garbage(client: socket.socket, _count: int) -> None:
    client.sendall(b"SSH-2.0-OpenSSH_9.7\r\n\r\n")


def redirect(client: socket.socket, _count: int) -> None:
    client.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")


def bad_compression(client: socket.socket, _count: int) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


@pytest.fixture
def listen() -> Iterator[Callable[[Act], Listener]]:
    made: list[Listener] = []

    def start(act: Act) -> Listener:
        made.append(Listener(act))
        return made[-1]

    yield start
    for each in made:
        each.close()


def write(url: str, timeout_seconds: float = 10) -> Request:
    headers = {"Authorization": "Bearer very-secret", "Idempotency-Key": "k"}
    return Request("PUT", f"{url}/Invoices?x=1", headers, b'{"a":1}', "/Invoices", timeout_seconds)


def read(url: str) -> Request:
    return Request("GET", f"{url}/Invoices", template="/Invoices", timeout_seconds=0.4, is_write=False)


def test_an_answer_of_any_status_is_an_answer(transport: Transport, listen: Callable[[Act], Listener]) -> None:
    got = transport.send(write(listen(answer).url))
    assert (got.status, got.body, got.headers["x-upper-case"]) == (200, b"ok", "Yes")


@pytest.mark.parametrize("act", [cut, truncate, hang, drip, garbage, bad_compression], ids=lambda act: act.__name__)
def test_a_write_whose_answer_is_lost_went_out_once_and_may_have_been_carried_out(
    transport: Transport, listen: Callable[[Act], Listener], act: Act
) -> None:
    there = listen(act)
    with pytest.raises(OutcomeUnknown):
        transport.send(write(there.url, 0.4))
    assert len(there.requests) == 1
    with pytest.raises(Unreachable):
        transport.send(read(there.url))
    assert len(there.requests) == 2


def test_a_redirect_is_an_answer_and_nobody_follows_it(transport: Transport, listen: Callable[[Act], Listener]) -> None:
    there = listen(redirect)
    assert transport.send(write(there.url)).status == 307
    assert len(there.requests) == 1


def test_where_nobody_listens_nothing_was_sent(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for request in (write(url), read(url), write("http://localhost.invalid"), write("gopher://x")):
        with pytest.raises(Unreachable):
            transport.send(request)


def test_a_call_ends_by_its_deadline(transport: Transport, listen: Callable[[Act], Listener]) -> None:
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        transport.send(write(listen(drip).url, 0.4))
    assert time.monotonic() - began < 3


def test_a_kept_connection_that_died_sends_a_write_once(
    transport: Transport, listen: Callable[[Act], Listener]
) -> None:
    def first_then_cut(client: socket.socket, count: int) -> None:
        answer(client, count) if count == 1 else cut(client, count)

    there = listen(first_then_cut)
    assert transport.send(write(there.url)).status == 200
    with pytest.raises(OutcomeUnknown):
        transport.send(write(there.url))
    assert len(there.requests) == 2


def test_an_exchange_holds_nothing_that_must_stay_secret(
    transport: Transport, listen: Callable[[Act], Listener]
) -> None:
    kept: list[Exchange] = []
    there = listen(answer)
    transport.send(write(f"{there.url.replace('//', '//name:password@')}"), kept.append)
    with pytest.raises(RemoteError):
        transport.send(write(listen(cut).url), kept.append)
    good, lost = kept
    assert (good.method, good.template, good.status, good.correlation_id) == ("PUT", "/Invoices", 200, "c-9")
    assert good.request_bytes == 7 and good.answer_bytes == 2 and good.milliseconds >= 0
    assert (lost.status, lost.failure) == (0, "outcome-unknown")
    for secret in ("very-secret", "password", "x=1"):
        assert secret not in repr(kept)
    assert "very-secret" not in repr(write(there.url))


class OneAtATime:
    """A gate that lets one call through and counts who came."""

    def __init__(self) -> None:
        self.inside = 0
        self.left: list[tuple[str, int | None]] = []

    def enter(self, request: Request) -> str:
        if self.inside:
            raise Busy("one is under way", retry_after_seconds=3)
        self.inside += 1
        return request.template

    def leave(self, slot: str, answer: Answer | None) -> None:
        self.inside -= 1
        self.left.append((slot, answer.status if answer else None))


def test_the_gate_is_left_whatever_happened_and_what_it_refuses_is_never_sent(
    transport: Transport, listen: Callable[[Act], Listener]
) -> None:
    gate, there = OneAtATime(), listen(answer)
    call = make_call(transport, gate)
    assert call(write(there.url)).status == 200
    with pytest.raises(OutcomeUnknown):
        call(write(listen(cut).url))
    assert gate.left == [("/Invoices", 200), ("/Invoices", None)]
    gate.inside = 1
    with pytest.raises(Busy):
        call(write(there.url))
    assert len(there.requests) == 1 and len(gate.left) == 2


def test_the_client_library_is_loaded_by_the_first_call_only() -> None:
    asked = "[name for name in ('httpx2', 'opentelemetry') if name in sys.modules]"
    code = f"import sys, tieout.calls, tieout.platforms; print({asked})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
