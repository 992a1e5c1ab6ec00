"""The Amazon stand-in as a whole: Login with Amazon, the Reports API of three regions, and the store of documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tieout.sandbox import Answer, Doc, Ending, Request
from tieout.sandbox.amazon import distortion, documents, evidence, gate, hands, reports, scenarios, tokens
from tieout.sandbox.amazon.marketplaces import REGIONS
from tieout.sandbox.amazon.refusals import Refused
from tieout.sandbox.amazon.state import SWITCHES, Sellers
from tieout.sandbox.faults import Fault
from tieout.sandbox.shelf import Shelf
from tieout.sandbox.world import World

API = ("reports", "2021-06-30")


class AmazonStandIn:
    """Meets `world.StandIn`. Whatever changes is written through before the answer is given."""

    name = "amazon"

    def __init__(self, world: World, path: Path | None) -> None:
        self.world = world
        self.shelf = Shelf(path, world.seed)
        self.sellers = Sellers(world, self.shelf)

    @property
    def switches(self) -> Doc:
        return self.sellers.switches

    def accept(self, request: Request) -> Answer | Callable[[], Answer]:
        segments = _inner(request)
        if tuple(part.lower() for part in segments) == ("auth", "o2", "token") and request.method == "POST":
            return lambda: self._kept(lambda: tokens.token(self.sellers, request))
        if segments[:1] == (documents.FOLDER,) and len(segments) == 2 and request.method in {"GET", "HEAD"}:
            return lambda: documents.download(self.sellers, request)
        found = _operation(request.method, segments)
        if found is None:
            return unknown(request.method, request.path)
        return lambda: self._api(request, *found)

    def finish(self, request: Request, answer: Answer) -> Answer:
        if answer.ending in {Ending.CUT, Ending.HANG} or _operation(request.method, _inner(request)) is None:
            return answer
        seconds = self.world.clock.real_seconds(float(self.switches["latency_seconds"]))
        return replace(answer, delay_seconds=answer.delay_seconds + seconds).with_headers(
            ("x-amzn-RequestId", self.sellers.passing_id())
        )

    def enter(self, request: Request) -> None:
        """Amazon names no limit of calls at once."""

    def leave(self, request: Request) -> None:
        """As `enter`."""

    def places(self, request: Request) -> frozenset[str]:
        segments = _inner(request)
        if tuple(part.lower() for part in segments) == ("auth", "o2", "token"):
            refreshing = request.form().get("grant_type") == "refresh_token"
            return frozenset({"token", "refresh"} if refreshing else {"token"})
        if segments[:1] == (documents.FOLDER,):
            return frozenset({"download"})
        return frozenset({"api", "write"} if request.method in {"POST", "DELETE"} else {"api"})

    def tenant(self, request: Request) -> str:
        """The seller id, where the token tells it."""
        row = tokens.read_access(self.sellers, request.header("x-amz-access-token"))
        held = self.shelf.get("grant", row["grant"]) if row else None
        return str(held["seller"]) if held else ""

    def fault(self, fault: Fault, request: Request) -> Answer | None:
        return distortion.instead(self, fault, request)

    def distort(self, fault: Fault, answer: Answer) -> Answer:
        return distortion.distorted(fault, answer, self.world.random)

    def hand(self, name: str, told: Doc) -> Any:
        with self.shelf.change():
            return hands.act(self.sellers, name, told)

    def evidence(self, name: str, told: Doc) -> Any:
        return evidence.show(self.sellers, name, told)

    def deliver(self, told: Doc) -> Any:
        raise LookupError("Amazon tells of new settlements by no webhook: they are found by asking")

    def reset(self, scenario: str) -> Doc:
        """Forgets everything and seeds the scenario. Raises LookupError when there is none of that name."""
        seed = scenarios.named(scenario or "london")
        self.shelf.clear()
        self.sellers.buckets.clear()
        self.switches.update(SWITCHES)
        with self.shelf.change():
            return seed(self.sellers)

    def close(self) -> None:
        self.shelf.close()

    def _api(self, request: Request, operation: str, rest: tuple[str, ...]) -> Answer:
        try:
            with self.shelf.change():
                asked = gate.let_in(self.sellers, request, operation)
                answer = _carry_out(asked, operation, rest)
        except Refused as refused:
            answer = refused.answer
        if answer.status in {403, 429} or not self.switches["limit_header"]:
            return answer
        return answer.with_headers(("x-amzn-RateLimit-Limit", gate.rate_of(operation)))

    def _kept(self, act: Callable[[], Answer]) -> Answer:
        with self.shelf.change():
            return act()


def _inner(request: Request) -> tuple[str, ...]:
    """The segments below the region, where the address names one."""
    segments = request.segments
    return segments[1:] if segments and segments[0].lower() in REGIONS else segments


def _operation(method: str, segments: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    match (method, segments):
        case ("GET", (_, _, "reports")) if segments[:2] == API:
            return "getReports", ()
        case ("POST", (_, _, "reports")) if segments[:2] == API:
            return "createReport", ()
        case ("GET", (_, _, "reports", report_id)) if segments[:2] == API:
            return "getReport", (report_id,)
        case ("DELETE", (_, _, "reports", report_id)) if segments[:2] == API:
            return "cancelReport", (report_id,)
        case ("GET", (_, _, "documents", document_id)) if segments[:2] == API:
            return "getReportDocument", (document_id,)
    return None


def _carry_out(asked: gate.Asked, operation: str, rest: tuple[str, ...]) -> Answer:
    match operation:
        case "getReports":
            return reports.many(asked)
        case "createReport":
            return reports.create(asked)
        case "getReport":
            return reports.one(asked, *rest)
        case "cancelReport":
            return reports.cancel(asked, *rest)
        case "getReportDocument":
            return documents.get(asked, *rest)
    raise AssertionError(f"{operation} is no operation")


def unknown(method: str, path: str) -> Answer:
    return Answer(501, f"The Amazon stand-in has no address {method} {path}".encode(), "text/plain; charset=utf-8")
