"""The QuickBooks stand-in as a whole: every address under one base, each call let in, remembered, refused or done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tieout.sandbox import Answer, Doc, Ending, Request
from tieout.sandbox.faults import Fault as Armed
from tieout.sandbox.quickbooks import (
    apps,
    denials,
    distortion,
    evidence,
    front,
    gate,
    hands,
    hooks,
    limits,
    portal,
    repeats,
    routes,
    scenarios,
)
from tieout.sandbox.quickbooks.denials import Refused
from tieout.sandbox.quickbooks.limits import Limits
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import SWITCHES, Asked, Books, Fault
from tieout.sandbox.shelf import Shelf
from tieout.sandbox.world import World

FIRST_SCENARIO = "london"
READING = frozenset({"query", "cdc"})  # what reads though it is posted


class QuickBooksStandIn:
    """Meets `world.StandIn`. Whatever changes is written through before the answer is given."""

    name = "quickbooks"

    def __init__(self, world: World, path: Path | None) -> None:
        self.world = world
        self.shelf = Shelf(path, world.seed)
        self.books = Books(world, self.shelf)
        self.limits = Limits(self.books.switches)
        self._under_way: set[str] = set()

    @property
    def switches(self) -> Doc:
        return self.books.switches

    def accept(self, request: Request) -> Answer | Callable[[], Answer]:
        """An answer when the call is refused at the door, else what is to be carried out."""
        if gate.realm_of(request):
            return self._accept_api(request)
        outside = front.page_for(self.books, request)
        if outside is None:
            return denials.unknown(request)
        return lambda: self._kept(outside)

    def finish(self, request: Request, answer: Answer) -> Answer:
        if answer.ending in {Ending.CUT, Ending.HANG}:
            return answer
        clock = self.world.clock
        if gate.realm_of(request):
            slow = clock.real_seconds(float(self.switches["latency_seconds"]))
            answer = replace(answer, delay_seconds=answer.delay_seconds + slow)
            longest = clock.real_seconds(float(self.switches["longest_seconds"]))
            if answer.delay_seconds > longest:
                return Answer(0, delay_seconds=longest, ending=Ending.CUT)
        return answer.with_headers(("intuit_tid", self.books.passing_id()))

    def enter(self, request: Request) -> None:
        if who := gate.flight(self.books, request):
            self.limits.enter(who)

    def leave(self, request: Request) -> None:
        if who := gate.flight(self.books, request):
            self.limits.leave(who)

    def places(self, request: Request) -> frozenset[str]:
        if gate.realm_of(request):
            last = request.segments[-1].lower()
            return frozenset({"api", "write"} if request.method == "POST" and last not in READING else {"api"})
        if request.path.startswith("/oauth2/v1/tokens/bearer"):
            refreshing = request.form().get("grant_type") == "refresh_token"
            return frozenset({"token", "refresh"} if refreshing else {"token"})
        if request.path.startswith("/connect/oauth2") and request.method == "POST":
            return frozenset({"consent"})
        return frozenset()

    def tenant(self, request: Request) -> str:
        return gate.realm_of(request)

    def fault(self, fault: Armed, request: Request) -> Answer | None:
        with self.shelf.change():
            return distortion.instead(self, fault, request)

    def distort(self, fault: Armed, answer: Answer) -> Answer:
        return distortion.distorted(self.books, fault, answer)

    def hand(self, name: str, told: Doc) -> Any:
        with self.shelf.change():
            own = portal.HANDS.get(name)
            return own(self.books, told) if own is not None else hands.act(self.books, name, told)

    def evidence(self, name: str, told: Doc) -> Any:
        own = portal.EVIDENCE.get(name)
        return own(self.books, told) if own is not None else evidence.show(self.books, name, told)

    def deliver(self, told: Doc) -> Any:
        return hooks.deliver(self.books, told)

    def reset(self, scenario: str) -> Doc:
        """Forgets everything and seeds the scenario. Raises LookupError when there is none of that name."""
        seed = scenarios.named(scenario or FIRST_SCENARIO)
        self.shelf.clear()
        self.limits.clear()
        self._under_way.clear()
        self.switches.update(SWITCHES)
        with self.shelf.change():
            apps.app(self.books)
            return seed(self.books)

    def close(self) -> None:
        self.shelf.close()

    def replayed(self, request: Request) -> Answer | None:
        """The answer remembered under the request's id, however old; None when there is none."""
        at = repeats.place(gate.realm_of(request), request.param("requestid") or "")
        row = repeats.stored(self.books, at, however_old=True)
        return None if row is None else Answer(row["status"], row["body"], row["content_type"])

    def _accept_api(self, request: Request) -> Answer | Callable[[], Answer]:
        try:
            asked = gate.let_in(self.books, self.limits, request)
            key = repeats.key(asked)
            at = repeats.place(asked.company.realm, key) if key else ""
            if at in self._under_way and self.switches["request_id_in_flight"] == "refuse":
                raise fault("duplicate-request")
        except Refused as refused:
            return refused.answer
        except Fault as refused:
            return denials.fault(self.books, request, refused)
        if at:
            self._under_way.add(at)
        return lambda: self._once(asked, key, at)

    def _once(self, asked: Asked, key: str, at: str) -> Answer:
        """Carries the call out, unless its id is remembered; the answer is remembered, by switch refusals too."""
        request = asked.request
        self._under_way.discard(at)
        try:
            row = repeats.stored(self.books, at) if at else None
            if row is not None:
                return repeats.replayed(self.books, request, row)
            with self.shelf.change():
                answer = routes.answer(replace(asked, now=self.books.now()), key)
                if gate.is_read(request) and answer.status == 200:
                    limits.count_reads(self.books, asked.app, 1)
                if at:
                    repeats.remember(self.books, request, at, answer)
            return answer
        except Refused as refused:
            return refused.answer
        except Fault as refused:
            answer = denials.fault(self.books, request, refused)
            if at and self.switches["request_id_keeps_faults"]:
                repeats.remember(self.books, request, at, answer)
            return answer

    def _kept(self, outside: Callable[[], Answer]) -> Answer:
        with self.shelf.change():
            return outside()
