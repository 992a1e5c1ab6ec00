"""The Shopify stand-in as a whole: installs, tokens, the GraphQL Admin API and the remnants of REST, shop by shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tieout.sandbox import Answer, Doc, Ending, Request
from tieout.sandbox.faults import Fault
from tieout.sandbox.shelf import Shelf
from tieout.sandbox.shopify import (
    distortion,
    evidence,
    gate,
    graphql,
    hands,
    hooks,
    installing,
    rest,
    scenarios,
    tokens,
    trade,
    versions,
)
from tieout.sandbox.shopify.asking import Asked
from tieout.sandbox.shopify.refusals import Refused
from tieout.sandbox.shopify.state import SWITCHES, Books, Shops
from tieout.sandbox.world import World


class ShopifyStandIn:
    """Meets `world.StandIn`. Whatever changes is written through before the answer is given."""

    name = "shopify"

    def __init__(self, world: World, path: Path | None) -> None:
        self.world = world
        self.shelf = Shelf(path, world.seed)
        self.shops = Shops(world, self.shelf)

    @property
    def switches(self) -> Doc:
        return self.shops.switches

    def accept(self, request: Request) -> Answer | Callable[[], Answer]:
        domain, segments = gate.split(request)
        match (request.method, segments):
            case ("GET" | "POST", ("admin", "oauth", "authorize")):
                return lambda: self._kept(lambda: installing.authorise(self.shops, request, self._domain(domain)))
            case ("POST", ("admin", "oauth", "access_token" | "access_token.json")):
                return lambda: self._kept(lambda: tokens.token(self.shops, request, self._domain(domain)))
            case ("GET", ("admin", "oauth", "access_scopes.json")):
                latest = versions.stable(self.shops.now())[-1]
                return lambda: self._api(request, domain, latest, rest.access_scopes)
            case ("POST", ("admin", "api", version, "graphql.json")):
                return lambda: self._api(request, domain, version, lambda asked: graphql.answer(asked, request))
            case ("GET", ("admin", "api", version, "shop.json")):
                return lambda: self._api(request, domain, version, rest.shop)
        return unknown(request.method, request.path)

    def finish(self, request: Request, answer: Answer) -> Answer:
        if answer.ending in {Ending.CUT, Ending.HANG}:
            return answer
        seconds = self.world.clock.real_seconds(float(self.switches["latency_seconds"]))
        found = replace(answer, delay_seconds=answer.delay_seconds + seconds)
        return found.with_headers(("X-Request-Id", self.shops.passing_id()))

    def enter(self, request: Request) -> None:
        """Shopify counts points, not calls at once."""

    def leave(self, request: Request) -> None:
        """As `enter`."""

    def places(self, request: Request) -> frozenset[str]:
        match gate.split(request)[1]:
            case ("admin", "oauth", "authorize"):
                return frozenset({"consent"} if request.method == "POST" else set())
            case ("admin", "oauth", "access_token" | "access_token.json"):
                refreshing = b"refresh_token" in request.body and b"grant_type" in request.body
                return frozenset({"token", "refresh"} if refreshing else {"token"})
            case ("admin", "oauth", _):
                return frozenset({"api"})
            case ("admin", "api", *_):
                return frozenset({"api", "write"} if b"mutation" in request.body else {"api"})
        return frozenset()

    def tenant(self, request: Request) -> str:
        """The domain of the shop."""
        row = tokens.read_access(self.shops, request.header("x-shopify-access-token"))
        return gate.split(request)[0] or ("" if row is None else str(row["shop"]))

    def fault(self, fault: Fault, request: Request) -> Answer | None:
        try:
            with self.shelf.change():
                return distortion.instead(self, fault, request)
        except Refused as refused:
            return refused.answer

    def distort(self, fault: Fault, answer: Answer) -> Answer:
        return distortion.distorted(fault, answer, self.world.random)

    def hand(self, name: str, told: Doc) -> Any:
        with self.shelf.change():
            self._trade()
            return hands.act(self.shops, name, told)

    def evidence(self, name: str, told: Doc) -> Any:
        with self.shelf.change():
            self._trade()
        return evidence.show(self.shops, name, told)

    def deliver(self, told: Doc) -> Any:
        with self.world.lock, self.shelf.change():
            self._trade()
        return hooks.deliver(self.shops, told)

    def reset(self, scenario: str) -> Doc:
        """Forgets everything and seeds the scenario. Raises LookupError when there is none of that name."""
        seed = scenarios.named(scenario or "london")
        self.shelf.clear()
        self.shops.buckets.clear()
        self.switches.update(SWITCHES)
        with self.shelf.change():
            return seed(self.shops)

    def close(self) -> None:
        self.shelf.close()

    def domain_of(self, request: Request) -> str:
        return self._domain(gate.split(request)[0])

    def _trade(self) -> None:
        for shop in self.shelf.all("shop"):
            trade.up_to_now(Books(self.shops, shop["myshopifyDomain"]))

    def _domain(self, domain: str) -> str:
        return str(gate.shop_of(self.shops, domain)["myshopifyDomain"])

    def _api(self, request: Request, domain: str, version: str, act: Callable[[Asked], Answer]) -> Answer:
        try:
            with self.shelf.change():
                asked = gate.let_in(self.shops, request, domain, version)
                answer = act(asked)
        except Refused as refused:
            return refused.answer
        return answer.with_headers(("X-Shopify-API-Version", asked.version))

    def _kept(self, act: Callable[[], Answer]) -> Answer:
        try:
            with self.shelf.change():
                return act()
        except Refused as refused:
            return refused.answer


def unknown(method: str, path: str) -> Answer:
    return Answer(501, f"The Shopify stand-in has no address {method} {path}".encode(), "text/plain; charset=utf-8")
