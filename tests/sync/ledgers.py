"""The books that a test's organisation keeps, one class a platform: its stand-in, our app there, and its documents.

A test that says nothing of a platform runs on each of them.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tieout.core.secret import Secret
from tieout.platforms import App, named
from tieout.sandbox.world import World

SITE = "http://localhost:8080"


@dataclass(frozen=True)
class Ledger:
    """`writes` and `reads` are the calls that faults are aimed at: those that create documents, and that look for them."""

    name: str
    client_id: str
    secret: str
    writes: dict[str, str]
    reads: dict[str, str]
    largest_body: str  # where the platform keeps how large a call may be
    small_body: int  # room for a small document of the samples, not for a large one

    @property
    def redirect(self) -> str:
        return f"{SITE}/oauth/{self.name}/callback"

    def app(self, base_url: str) -> App:
        urls = dict.fromkeys(named(self.name).URLS, base_url)
        return App(self.client_id, Secret(self.secret), self.redirect, urls)

    def world(self, clock: Any) -> World:
        raise NotImplementedError

    def documents(self, world: World) -> dict[str, int]:
        """How many live documents of each number the books hold, by the stand-in's own evidence."""
        raise NotImplementedError


class _Xero(Ledger):
    def world(self, clock: Any) -> World:
        from tieout.sandbox import xero

        world = xero.books(now=clock)
        xero.app(xero.of(world).books, redirect_uris=(self.redirect,))
        return world

    def documents(self, world: World) -> dict[str, int]:
        shown = world.evidence("documents")
        return Counter(each["number"] for each in shown if each["Status"] not in ("VOIDED", "DELETED"))


class _QuickBooks(Ledger):
    def world(self, clock: Any) -> World:
        from tieout.sandbox.quickbooks import apps, scenarios
        from tieout.sandbox.quickbooks.stand_in import QuickBooksStandIn

        world = World(lambda inside: QuickBooksStandIn(inside, None), now=clock)
        world.reset("london")
        stand_in: Any = world.stand_in
        apps.app(stand_in.books, redirect_uris=(self.redirect,))
        (company,) = (each for each in stand_in.books.companies() if each.facts["country"] == "GB")
        company.set(multi_currency=True)  # the samples are in three currencies
        for currency in ("USD", "EUR"):
            scenarios.add_currency(company, currency)
        return world

    def documents(self, world: World) -> dict[str, int]:
        return Counter(each["number"] for each in world.evidence("documents", entity="JournalEntry"))


XERO = _Xero(
    name="xero",
    client_id="tieout-demo",
    secret="tieout-demo-secret",
    writes={"method": "PUT", "path": "*/Invoices*"},
    reads={"method": "GET", "path": "*/Invoices*"},
    largest_body="tieout.platforms.xero.LARGEST_BODY",
    small_body=1500,
)
QUICKBOOKS = _QuickBooks(
    name="quickbooks",
    client_id="tieout-demo",
    secret="tieout-demo-secret",
    writes={"method": "POST", "path": "*/batch*"},
    reads={"method": "GET", "path": "*/query*"},
    largest_body="tieout.platforms.quickbooks.journals.LARGEST_BODY",
    small_body=3000,
)
LEDGERS = (XERO, QUICKBOOKS)
