"""The world a stand-in lives in: clock, seed, the log of calls, the faults armed and the effects still to come."""

from __future__ import annotations

import hashlib
import heapq
import itertools
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tieout.sandbox import Answer, Doc, Ending, Request
from tieout.sandbox.faults import Fault, Faults

CALLS_KEPT, BODY_KEPT = 5_000, 20_000
SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "x-sandbox-secret", "x-amz-access-token", "x-shopify-access-token"}
)
SECRET_PATHS = ("/connect/", "/oauth2/", "/oauth/access_token", "/auth/o2/")


class Clock:
    """The world's time: real, standing still, asked of the caller, or faster than ours; always aware and UTC."""

    def __init__(self, now: datetime | Callable[[], datetime] | None = None, speed: float = 1.0) -> None:
        """`now` None is real time, a moment stands still there until moved, a function is asked each time."""
        self._ask = now if callable(now) else None
        self._speed = speed
        self._frozen = isinstance(now, datetime)
        self._base = now.astimezone(UTC) if isinstance(now, datetime) else datetime.now(UTC)
        self._since = time.monotonic()
        self._pinned: list[datetime] = []

    def now(self) -> datetime:
        if self._pinned:
            return self._pinned[-1]
        if self._ask is not None:
            return self._ask()
        if self._frozen:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._since) * self._speed)

    def set(self, now: datetime | None = None, speed: float | None = None, frozen: bool | None = None) -> None:
        """Moves the clock, changes how fast it runs, or stops it; what is left out stays as it is."""
        current = self.now() if now is None else now.astimezone(UTC)
        self._ask = None
        self._base, self._since = current, time.monotonic()
        self._speed = self._speed if speed is None else speed
        self._frozen = self._frozen if frozen is None else frozen

    def advance(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))

    def real_seconds(self, seconds: float) -> float:
        """How long a caller has to wait in our time for so many seconds of the world's."""
        return seconds if self._frozen or self._ask is not None else seconds / max(self._speed, 0.001)

    def state(self) -> Doc:
        return {"now": self.now().isoformat(), "speed": self._speed, "frozen": self._frozen}

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Inside, it is that moment: for effects that were due while nobody looked."""
        self._pinned.append(moment)
        try:
            yield
        finally:
            self._pinned.pop()


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange as it is shown as evidence; header values that are secret are left out."""

    number: int
    at: datetime
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    tenant: str
    key: str
    body: str
    faults: tuple[str, ...]
    status: int
    ending: str
    answer: str


class StandIn(Protocol):
    """What one stand-in brings to the world."""

    name: str

    def accept(self, request: Request) -> Answer | Callable[[], Answer]: ...
    def finish(self, request: Request, answer: Answer) -> Answer: ...
    def enter(self, request: Request) -> None: ...
    def leave(self, request: Request) -> None: ...
    def places(self, request: Request) -> frozenset[str]: ...
    def tenant(self, request: Request) -> str: ...
    def fault(self, fault: Fault, request: Request) -> Answer | None: ...
    def distort(self, fault: Fault, answer: Answer) -> Answer: ...
    def hand(self, name: str, told: Doc) -> Any: ...
    def evidence(self, name: str, told: Doc) -> Any: ...
    def reset(self, scenario: str) -> Doc: ...
    def deliver(self, told: Doc) -> Any: ...
    def close(self) -> None: ...

    @property
    def switches(self) -> Doc: ...


class World:
    """One stand-in with its time, weather and witnesses. Safe to be asked from several threads."""

    def __init__(
        self,
        build: Callable[[World], StandIn],
        *,
        seed: int = 0,
        now: datetime | Callable[[], datetime] | None = None,
        secret: str | None = None,
    ) -> None:
        self.seed = seed
        self.clock = Clock(now)
        self.random = random.Random(seed)
        self.secret = secret or secrets.token_urlsafe(24)
        self.lock = threading.RLock()
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.base_url = "http://localhost"
        self._numbers = itertools.count(1)
        self._late: list[tuple[datetime, int, Callable[[], Answer]]] = []
        self.stand_in: StandIn = build(self)

    def answer(self, request: Request) -> Answer:
        """The whole exchange in this process. Delay, cut and hang are told by the answer, not acted out."""
        self.enter(request)
        try:
            return self.respond(request)
        finally:
            self.leave(request)

    def enter(self, request: Request) -> None:
        self.stand_in.enter(request)

    def leave(self, request: Request) -> None:
        self.stand_in.leave(request)

    def respond(self, request: Request) -> Answer:
        with self.lock:
            self.settle()
            tenant = self.stand_in.tenant(request)
            armed = self.faults.take(request, self.stand_in.places(request), tenant, self.clock.now(), self.random)
            answer = self.stand_in.finish(request, self._weather(request, armed))
            self._note(request, tenant, armed, answer)
            return answer

    def settle(self) -> None:
        """Lets every late effect that is due by now happen, in order, each at its own moment."""
        while self._late and self._late[0][0] <= self.clock.now():
            due, _, effect = heapq.heappop(self._late)
            with self.clock.at(due):
                effect()

    def arm(self, name: str, /, **how: Any) -> Fault:
        """Arms a fault by its name; see `faults.NAMES`. Raises ValueError when there is none of that name."""
        with self.lock:
            return self.faults.arm(name, how, self.clock.now())

    def hand(self, name: str, /, **told: Any) -> Any:
        """Something a person does in the other system, at once."""
        with self.lock:
            self.settle()
            return self.stand_in.hand(name, told)

    def evidence(self, name: str, /, **told: Any) -> Any:
        with self.lock:
            self.settle()
            return self.stand_in.evidence(name, told)

    def reset(self, scenario: str = "") -> Doc:
        """Empties everything, faults and log included, and seeds the named scenario."""
        with self.lock:
            self.faults.clear()
            self.calls.clear()
            self._late.clear()
            return self.stand_in.reset(scenario)

    def close(self) -> None:
        with self.lock:
            self.stand_in.close()

    def _weather(self, request: Request, armed: tuple[Fault, ...]) -> Answer:
        delay = sum(float(fault.how.get("seconds", 1)) for fault in armed if fault.name == "latency")
        others = [fault for fault in armed if fault.name != "latency"]
        answer = self._carry_out(others[0], request) if others else self._whole(request)
        return replace(answer, delay_seconds=answer.delay_seconds + self.clock.real_seconds(delay)) if delay else answer

    def _whole(self, request: Request) -> Answer:
        accepted = self.stand_in.accept(request)
        return accepted if isinstance(accepted, Answer) else accepted()

    def _carry_out(self, fault: Fault, request: Request) -> Answer:
        match fault.name:
            case "reset" if fault.how.get("when", "after") == "before":
                return Answer(0, ending=Ending.CUT)
            case "reset":
                self._whole(request)
                return Answer(0, ending=Ending.CUT)
            case "refresh-lost":
                # Where the value turns once a day only, the stand-in itself has to turn it now.
                if self.stand_in.fault(fault, request) is None:
                    self._whole(request)
                return Answer(0, ending=Ending.CUT)
            case "hang-before-write":
                return Answer(0, ending=Ending.HANG)
            case "hang-after-write":
                self._whole(request)
                return Answer(0, ending=Ending.HANG)
            case "late-commit":
                return self._later(fault, request)
            case "bad-body":
                return self.stand_in.distort(fault, self._whole(request))
        instead = self.stand_in.fault(fault, request)
        return self._whole(request) if instead is None else instead

    def _later(self, fault: Fault, request: Request) -> Answer:
        # What is refused at the door is refused now; only a write that was let in can come late.
        accepted = self.stand_in.accept(request)
        if isinstance(accepted, Answer):
            return accepted
        due = self.clock.now() + timedelta(seconds=float(fault.how.get("seconds", 30)))
        heapq.heappush(self._late, (due, next(self._numbers), accepted))
        return Answer(0, ending=Ending.CUT if fault.how.get("ending") == "cut" else Ending.HANG)

    def _note(self, request: Request, tenant: str, armed: tuple[Fault, ...], answer: Answer) -> None:
        self.calls.append(
            Call(
                number=next(self._numbers),
                at=self.clock.now(),
                method=request.method,
                path=request.path,
                query=request.query,
                headers=tuple((k, v) for k, v in request.headers.items() if k not in SECRET_HEADERS),
                tenant=tenant,
                key=request.header("idempotency-key") or request.param("requestid") or "",
                body=_shown(request.path, request.body),
                faults=tuple(fault.name for fault in armed),
                status=answer.status,
                ending=answer.ending.value,
                answer=_shown(request.path, answer.body),
            )
        )


def _shown(path: str, body: bytes) -> str:
    # Token calls carry secrets both ways; what they were is kept as a digest, so that equal ones can be told.
    if any(part in path.lower() for part in SECRET_PATHS):
        return f"sha256:{hashlib.sha256(body).hexdigest()}" if body else ""
    try:
        return body.decode()[:BODY_KEPT]
    except UnicodeDecodeError:
        return f"sha256:{hashlib.sha256(body).hexdigest()}"
