"""The books that a test's organisation keeps, one class a platform: its stand-in, our app there, and its documents.

A test that says nothing of a platform runs on each of them.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tieout.core.secret import Secret
from tieout.platforms import App, named
from tieout.sandbox.world import World

SITE = "http://localhost:8080"


@dataclass(frozen=True)
class Ledger(ABC):
    """Calls that faults are aimed at: `writes` create documents, `reads` look for them, `beforehand` come before them,
    `attaches` put a file on a document.

    `wanted` is a scope that sending needs; `taken` what a document by hand is told to be, beside its number;
    `said` the fault, by the code of a problem, with which the platform says just that.
    """

    name: str
    client_id: str
    secret: str
    writes: dict[str, str]
    reads: dict[str, str]
    beforehand: dict[str, str]
    attaches: dict[str, str]
    wanted: str
    taken: dict[str, dict[str, str]]
    said: dict[str, tuple[str, dict[str, Any]]]
    largest_body: str  # where the platform keeps how large a call may be
    small_body: int  # room for a small document of the samples, not for a large one

    @property
    def redirect(self) -> str:
        return f"{SITE}/oauth/{self.name}/callback"

    def app(self, base_url: str) -> App:
        urls = dict.fromkeys(named(self.name).URLS, base_url)
        return App(self.client_id, Secret(self.secret), self.redirect, urls)

    @abstractmethod
    def world(self, clock: Any) -> World:
        """The stand-in with our app registered there, in the test's time."""

    @abstractmethod
    def documents(self, world: World) -> dict[str, int]:
        """How many live documents of each number the books hold, by the stand-in's own evidence."""

    def attached(self, world: World) -> int:
        """How many files hang on documents."""
        return sum(each["attachments"] for each in world.evidence("documents"))

    @abstractmethod
    def second(self, world: World) -> str:
        """The id of another set of books there, in another country, made for the same person."""

    @abstractmethod
    def remembered(self, world: World) -> Callable[[], None]:
        """Puts chart, currencies and facts of the books back to what they are now."""


class _Xero(Ledger):
    def world(self, clock: Any) -> World:
        from tieout.sandbox import xero

        world = xero.books(now=clock)
        xero.app(xero.of(world).books, redirect_uris=(self.redirect,))
        return world

    def documents(self, world: World) -> dict[str, int]:
        shown = world.evidence("documents")
        return Counter(each["number"] for each in shown if each["Status"] not in ("VOIDED", "DELETED"))

    def second(self, world: World) -> str:
        from tieout.sandbox import xero
        from tieout.sandbox.xero import scenarios

        books = xero.of(world).books
        made = scenarios.demo_organisation(books, "Wattle Trading Pty Ltd", "AU")
        user = next(iter(books.shelf.all("user")))
        scenarios.member(books, made["OrganisationID"], user["id"], "STANDARD")
        return str(made["OrganisationID"])

    def remembered(self, world: World) -> Callable[[], None]:
        from tieout.sandbox import xero

        shelf = xero.of(world).books.shelf
        (tenant,) = (str(row["OrganisationID"]) for row in shelf.all("organisation"))
        kept = [("organisation", tenant, shelf.get("organisation", tenant))]
        for table, key in (("Accounts", "AccountID"), ("Currencies", "Code"), ("TaxRates", "TaxType")):
            kept += [(f"{tenant}/{table}", row[key], row) for row in shelf.all(f"{tenant}/{table}")]

        def back() -> None:
            for table, key, row in kept:
                shelf.put(table, key, row)

        return back


class _QuickBooks(Ledger):
    def world(self, clock: Any) -> World:
        from tieout.sandbox.quickbooks import apps, scenarios
        from tieout.sandbox.quickbooks.stand_in import QuickBooksStandIn

        world = World(lambda inside: QuickBooksStandIn(inside, None), now=clock)
        world.reset("london")
        stand_in: Any = world.stand_in
        stand_in.switches["sandbox_metered"] = True
        apps.app(stand_in.books, redirect_uris=(self.redirect,))
        (company,) = (each for each in stand_in.books.companies() if each.facts["country"] == "GB")
        company.set(multi_currency=True)  # the samples are in three currencies
        for currency in ("USD", "EUR"):
            scenarios.add_currency(company, currency)
        return world

    def documents(self, world: World) -> dict[str, int]:
        shown = world.evidence("documents", entity="JournalEntry")
        return Counter(each["number"] for each in shown if each["status"] != "VOID")

    def second(self, world: World) -> str:
        from tieout.sandbox.quickbooks import scenarios

        stand_in: Any = world.stand_in
        return scenarios.demo_company(stand_in.books, "9130000000000777", "Wattle Trading Pty Ltd", "AU").realm

    def remembered(self, world: World) -> Callable[[], None]:
        from tieout.sandbox.quickbooks.state import FACTS

        stand_in: Any = world.stand_in
        (company,) = stand_in.books.companies()
        facts = dict(company.facts)
        kept = [(entity, row) for entity in ("Account", "CompanyCurrency", "TaxCode") for row in company.rows(entity)]

        def back() -> None:
            company.set(**{name: value for name, value in facts.items() if name in FACTS})
            for entity, row in kept:
                company.put(entity, row)

        return back


XERO = _Xero(
    name="xero",
    client_id="tieout-demo",
    secret="tieout-demo-secret",
    writes={"method": "PUT", "path": "*/Invoices*"},
    reads={"method": "GET", "path": "*/Invoices*"},
    beforehand={"method": "GET", "path": "*/Contacts*"},
    attaches={"method": "PUT,POST", "path": "*/Attachments*"},
    wanted="accounting.invoices",
    taken={"bill": {"type": "ACCPAY", "status": "AUTHORISED"}, "invoice": {"status": "AUTHORISED"}},
    said={
        "document-unbalanced": ("unknown-error", {"text": "The total debits (1.00) must equal total credits (2.00)"}),
        "provider-fault-confirmed": ("http-error", {"status": 501}),
        "stale-write-refused": ("http-error", {"status": 412}),
        "tax-mapping-missing": ("unknown-error", {"text": "The TaxType field is mandatory."}),
    },
    largest_body="tieout.platforms.xero.LARGEST_BODY",
    small_body=1500,
)
QUICKBOOKS = _QuickBooks(
    name="quickbooks",
    client_id="tieout-demo",
    secret="tieout-demo-secret",
    writes={"method": "POST", "path": "*/batch*"},
    reads={"method": "GET", "path": "*/query*"},
    beforehand={"method": "GET", "path": "*/query*"},
    attaches={"method": "POST", "path": "*/upload*"},
    wanted="com.intuit.quickbooks.accounting",
    taken={"journal": {"entity": "JournalEntry"}},
    said={
        "books-edition-unsupported": ("http-error", {"code": 5030, "product": "QuickBooks Online Simple Start"}),
        "currency-mixed-document": ("http-error", {"code": 6000, "key": "one-currency"}),
        "document-unbalanced": ("http-error", {"code": 2300, "debits": "1.00", "credits": "2.00"}),
        "provider-fault-confirmed": ("http-error", {"code": 10000, "reason": "null"}),
        "stale-write-refused": ("http-error", {"code": 5010, "status": 200, "who": "root", "other": "You"}),
        "tax-mapping-missing": ("http-error", {"code": 6000, "key": "rate-missing"}),
    },
    largest_body="tieout.platforms.quickbooks.journals.LARGEST_BODY",
    small_body=3000,
)
LEDGERS = (XERO, QUICKBOOKS)
