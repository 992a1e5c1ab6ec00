"""The Xero stand-in as a whole: every address under one base, each call let in, remembered, refused or carried out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tieout.sandbox import Answer, Doc, Ending, Request
from tieout.sandbox.faults import Fault
from tieout.sandbox.shelf import Shelf
from tieout.sandbox.world import World
from tieout.sandbox.xero import distortion, evidence, front, gate, hands, hooks, refusals, routes, scenarios, tokens
from tieout.sandbox.xero.limits import Limits
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.state import KEY_MEMORY_SECONDS, SWITCHES, Asked, Books

WRITES = frozenset({"PUT", "POST", "DELETE", "PATCH"})
KEY_LONGEST = 128
KEYS_KEPT = timedelta(days=1)


class XeroStandIn:
    """Meets `world.StandIn`. Whatever changes is written through before the answer is given."""

    name = "xero"

    def __init__(self, world: World, path: Path | None) -> None:
        self.world = world
        self.shelf = Shelf(path, world.seed)
        self.books = Books(world, self.shelf)
        self.limits = Limits(self.books.switches)

    @property
    def switches(self) -> Doc:
        return self.books.switches

    def accept(self, request: Request) -> Answer | Callable[[], Answer]:
        """An answer when the call is refused at the door, else what is to be carried out."""
        segments = tuple(part.lower() for part in request.segments)
        if segments[:2] == routes.API:
            return self._accept_api(request)
        outside = front.page_for(self.books, request, segments)
        if outside is None:
            return routes.unknown(request.method, request.path)
        return lambda: self._kept(outside)

    def finish(self, request: Request, answer: Answer) -> Answer:
        if answer.ending in {Ending.CUT, Ending.HANG}:
            return answer
        more: tuple[tuple[str, str], ...] = ()
        if request.path.lower().startswith("/api.xro/"):
            more = gate.limit_headers(self.books, self.limits, request)
            seconds = float(self.switches["latency_seconds"])
            answer = replace(answer, delay_seconds=answer.delay_seconds + self.world.clock.real_seconds(seconds))
            front.count_egress(self.books, request, answer)
        return answer.with_headers(("Xero-Correlation-Id", self.books.passing_id()), *more)

    def enter(self, request: Request) -> None:
        if who := gate.flight(self.books, request):
            self.limits.enter(who)

    def leave(self, request: Request) -> None:
        if who := gate.flight(self.books, request):
            self.limits.leave(who)

    def places(self, request: Request) -> frozenset[str]:
        path = request.path.lower()
        if path.startswith("/api.xro/"):
            return frozenset({"api", "write"} if request.method in WRITES else {"api"})
        if path.startswith("/connect/token"):
            refreshing = request.form().get("grant_type") == "refresh_token"
            return frozenset({"token", "refresh"} if refreshing else {"token"})
        if path.startswith("/identity/connect/authorize") and request.method == "POST":
            return frozenset({"consent"})
        return frozenset()

    def tenant(self, request: Request) -> str:
        return request.header("xero-tenant-id").lower()

    def fault(self, fault: Fault, request: Request) -> Answer | None:
        return distortion.instead(self, fault, request)

    def distort(self, fault: Fault, answer: Answer) -> Answer:
        return distortion.distorted(fault, answer, self.world.random)

    def hand(self, name: str, told: Doc) -> Any:
        with self.shelf.change():
            return hands.act(self.books, name, told)

    def evidence(self, name: str, told: Doc) -> Any:
        return evidence.show(self.books, name, told)

    def deliver(self, told: Doc) -> Any:
        return hooks.deliver(self.books, told)

    def reset(self, scenario: str) -> Doc:
        """Forgets everything and seeds the scenario. Raises LookupError when there is none of that name."""
        seed = scenarios.named(scenario or "london")
        self.shelf.clear()
        self.limits.clear()
        self.switches.update(SWITCHES)
        with self.shelf.change():
            return seed(self.books)

    def close(self) -> None:
        self.shelf.close()

    def replayed(self, request: Request, *, however_old: bool = False) -> Answer | None:
        """The answer remembered under the request's idempotency key; a 400 when the key was used for another."""
        row = self.shelf.get("key", self._key(request)) if self._key(request) else None
        if row is None:
            return None
        if not however_old and self.books.now() >= row["at"] + timedelta(seconds=KEY_MEMORY_SECONDS):
            return None
        if row["request"] != _digest(request):
            key = request.header("idempotency-key")
            return refusals.key_conflict(request, key, bool(self.switches["key_conflict_in_elements"]))
        return Answer(row["status"], row["body"], row["content_type"], tuple(tuple(pair) for pair in row["headers"]))

    def _accept_api(self, request: Request) -> Answer | Callable[[], Answer]:
        segments = request.segments
        kind = routes.named_kind(segments)
        if kind is None:
            return routes.unknown(request.method, request.path)
        rest = segments[3:]
        try:
            asked = gate.let_in(self.books, self.limits, request, kind, rest[1].lower() if len(rest) > 1 else "")
        except Refused as refused:
            return refused.answer
        return lambda: self._once(asked, lambda now: routes.answer(now, kind, rest))

    def _once(self, asked: Asked, act: Callable[[Asked], Answer]) -> Answer:
        """Carries the call out, unless its key is remembered; the answer is remembered, errors too."""
        request, key = asked.request, self._key(asked.request)
        if len(key) > KEY_LONGEST + len(self._app(request)) + 1:
            return refusals.plain_400(
                request, 10, "ValidationException", "Idempotency Key is longer than 128 characters"
            )
        if key and (before := self.replayed(request)) is not None:
            return before
        try:
            with self.shelf.change():
                answer = act(replace(asked, now=self.books.now()))
                self._remember(request, key, answer)
        except Refused as refused:
            answer = refused.answer
            self._remember(request, key, answer)
        return answer

    def _remember(self, request: Request, key: str, answer: Answer) -> None:
        if not key:
            return
        row: Doc = {"at": self.books.now(), "request": _digest(request), "status": answer.status, "body": answer.body}
        row |= {"content_type": answer.content_type, "headers": [list(pair) for pair in answer.headers]}
        self.shelf.put("key", key, row | {"id": key})
        # Far longer than Xero remembers, so that the fault `key-replay` has something to repeat.
        while (oldest := self.shelf.oldest("key")) is not None and oldest["at"] < self.books.now() - KEYS_KEPT:
            self.shelf.drop("key", oldest["id"])

    def _key(self, request: Request) -> str:
        # Honoured on writes only, and kept apart for each app.
        sent = request.header("idempotency-key")
        return f"{self._app(request)}/{sent}" if sent and request.method in WRITES - {"DELETE"} else ""

    def _app(self, request: Request) -> str:
        row = tokens.read_access(self.books, request.header("authorization").partition(" ")[2])
        return "" if row is None else str(row["app"])

    def _kept(self, outside: Callable[[], Answer]) -> Answer:
        with self.shelf.change():
            return outside()


def _digest(request: Request) -> str:
    said = f"{request.method} {request.path}?{request.query}".encode() + b"\n" + request.body
    return hashlib.sha256(said).hexdigest()
