"""One outgoing call: a deadline, a gate, a redacted record of it. Nothing here repeats a call or follows a redirect.

What went wrong below HTTP is named once, here, by what we may do next: never connected is Unreachable; once bytes may
have left, a write is OutcomeUnknown and a read Unreachable. An answer of any status is an Answer, not an error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from tieout.core.failure import OutcomeUnknown, RemoteError, Unreachable

if TYPE_CHECKING:
    import httpx2
    from opentelemetry.trace import Span

TIMEOUT_SECONDS = 30.0
CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One call to be made. `template` is the path without ids and names, which is all that records and spans may show.

    `is_write` decides what a lost answer means. `timeout_seconds` bounds every silence, and the whole call once its
    answer has begun. Headers and body are kept out of `repr`, since they hold tokens and money.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    template: str = ""
    timeout_seconds: float = TIMEOUT_SECONDS
    is_write: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Header names are lower case; the body is as it was, after content decoding."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What may be kept and shown of one call: no header, no token, no body, no query.

    `status` is 0 when no answer came; then `failure` is the kind of the error.
    """

    method: str
    host: str
    template: str
    is_write: bool
    status: int
    correlation_id: str
    milliseconds: int
    request_bytes: int
    answer_bytes: int
    failure: str = ""


Call = Callable[[Request], Answer]
Record = Callable[[Exchange], None]


class Gate(Protocol):
    """Lets a call pass or refuses it. `enter` raises Busy, else gives a slot; `leave` hands it back in any case."""

    def enter(self, request: Request) -> str: ...

    def leave(self, slot: str, answer: Answer | None) -> None: ...


def unrecorded(_exchange: Exchange) -> None:
    """For calls of which nobody keeps a record."""


class Transport:
    """The one HTTP client of the process, safe for many threads. The library is loaded at the first call."""

    def __init__(self, make_client: Callable[[], httpx2.Client] | None = None) -> None:
        self._make_client = make_client or plain_client
        self._client: httpx2.Client | None = None
        self._lock = threading.Lock()

    def send(self, request: Request, record: Record = unrecorded) -> Answer:
        """Send once. Raises Unreachable or OutcomeUnknown; `record` gets the exchange either way."""
        client = self._open()  # loads the libraries, which is no part of the call's time
        started_seconds = time.monotonic()
        with _span(request) as span:
            try:
                answer = _exchange(client, request, started_seconds + request.timeout_seconds)
            except RemoteError as error:
                record(_exchange_of(request, Answer(0), started_seconds, str(error.kind)))
                raise
            span.set_attribute("http.response.status_code", answer.status)
        record(_exchange_of(request, answer, started_seconds))
        return answer

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _open(self) -> httpx2.Client:
        import opentelemetry.trace  # noqa: F401

        with self._lock:
            if self._client is None:
                self._client = self._make_client()
            return self._client


def plain_client() -> httpx2.Client:
    """No transport retries (the library's own would repeat only connecting, but a rule without exceptions is kept)."""
    import httpx2

    return httpx2.Client(
        transport=httpx2.HTTPTransport(retries=0, limits=httpx2.Limits(max_connections=100)),
        timeout=httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
    )


def make_call(transport: Transport, gate: Gate | None = None, record: Record = unrecorded) -> Call:
    """A call through the gate. Raises Busy (nothing was sent), Unreachable or OutcomeUnknown. Never repeats."""

    def call(request: Request) -> Answer:
        if gate is None:
            return transport.send(request, record)
        slot, answer = gate.enter(request), None
        try:
            answer = transport.send(request, record)
        finally:
            gate.leave(slot, answer)
        return answer

    return call


def lost_answer(
    request: Request, *words: str, code: str = "", status: int = 0, correlation_id: str = ""
) -> RemoteError:
    """The error for an answer that never came or cannot be read: it says nothing about what a write has done."""
    kind = OutcomeUnknown if request.is_write else Unreachable
    return kind(*words, code=code, status=status, correlation_id=correlation_id)


def _exchange(client: httpx2.Client, request: Request, deadline_seconds: float) -> Answer:
    import httpx2

    timeout = httpx2.Timeout(request.timeout_seconds, connect=min(CONNECT_SECONDS, request.timeout_seconds))
    try:
        with client.stream(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body,
            timeout=timeout,
            follow_redirects=False,
        ) as response:
            body = _read_whole(response, request, deadline_seconds)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
        raise Unreachable(_words(error), code="no-connection") from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise Unreachable(_words(error), code="bad-address") from error
    except httpx2.HTTPError as error:
        raise lost_answer(request, _words(error), code="no-answer") from error


def _read_whole(response: httpx2.Response, request: Request, deadline_seconds: float) -> bytes:
    """The body, unless it grows too large or drips past the deadline (the library's timeouts only bound silence)."""
    whole = bytearray()
    for piece in response.iter_bytes():
        whole += piece
        if len(whole) > LARGEST_ANSWER:
            raise lost_answer(request, f"the answer is larger than {LARGEST_ANSWER} bytes", code="answer-too-large")
        if time.monotonic() > deadline_seconds:
            raise lost_answer(request, "the answer took longer than the deadline", code="no-answer")
    return bytes(whole)


def _exchange_of(request: Request, answer: Answer, started_seconds: float, failure: str = "") -> Exchange:
    return Exchange(
        method=request.method,
        host=urlsplit(request.url).netloc.rpartition("@")[2],
        template=request.template,
        is_write=request.is_write,
        status=answer.status,
        correlation_id=correlation_id(answer),
        milliseconds=round((time.monotonic() - started_seconds) * 1000),
        request_bytes=len(request.body or b""),
        answer_bytes=len(answer.body),
        failure=failure,
    )


def correlation_id(answer: Answer) -> str:
    """The other side's own name for this exchange, which their support asks for; empty when they gave none."""
    named = (value for name, value in answer.headers.items() if name.endswith(("correlation-id", "intuit_tid")))
    return next(named, "")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


@contextmanager
def _span(request: Request) -> Iterator[Span]:
    from opentelemetry import trace

    attributes = {"http.request.method": request.method, "url.template": request.template}
    with trace.get_tracer("tieout").start_as_current_span(
        f"{request.method} {request.template}",
        kind=trace.SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
    ) as span:
        yield span
