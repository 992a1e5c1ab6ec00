"""A bookkeeper of the QuickBooks stand-in: the ledger's own functions asked directly, by names instead of ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tieout.sandbox import Request
from tieout.sandbox.quickbooks import evidence, ledger
from tieout.sandbox.quickbooks.stand_in import QuickBooksStandIn
from tieout.sandbox.quickbooks.state import Asked, Books, Company, Fault
from tieout.sandbox.world import World

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
Body = dict[str, Any]


@dataclass
class Bookkeeper:
    """Somebody who may do all in one company. `query` are the parameters of the calls, `role` their own."""

    world: World
    books: Books
    company: Company
    role: str = "admin"
    query: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> Asked:
        who = {"name": "Lucy Harbour", "email": "lucy@harbourandfinch.example", "role": self.role}
        return Asked(Request("POST", "/"), self.company, who, {}, self.books.now(), self.query)

    def create(self, entity: str, **body: Any) -> Body:
        return ledger.create(self.asked, entity, body)

    def update(self, entity: str, body: Body, *, sparse: bool = True) -> Body:
        return ledger.update(self.asked, entity, body, sparse)

    def delete(self, entity: str, row: Body) -> Body:
        return ledger.delete(self.asked, entity, {"Id": row["Id"], "SyncToken": row["SyncToken"]})

    def void(self, entity: str, row: Body) -> Body:
        return ledger.void(self.asked, entity, {"Id": row["Id"], "SyncToken": row["SyncToken"]})

    def read(self, entity: str, row_id: str) -> Body:
        return ledger.read(self.asked, entity, row_id)

    def hand(self, name: str, /, **told: Any) -> Any:
        return self.world.hand(name, **told)

    def switch(self, **values: Any) -> None:
        self.books.switches.update(values)

    def ref(self, entity: str, called: str) -> Body:
        """A reference by AcctNum, Name or DisplayName."""
        for name in ("AcctNum", "DisplayName", "Name"):
            if rows := self.company.find(entity, name, called):
                return {"value": rows[0]["Id"]}
        raise LookupError(f"no {entity} {called}")

    def account(self, called: str) -> Body:
        return self.ref("Account", called)

    def tax(self, called: str = "20.0% S") -> Body:
        return self.ref("TaxCode", called)

    def balance(self, called: str) -> Decimal:
        """Debits less credits of an account, from what the documents posted."""
        return evidence.totals(self.company, called).get(called, Decimal("0.00"))

    def totals(self) -> dict[str, Decimal]:
        return {name: amount for name, amount in evidence.totals(self.company).items() if amount}

    def side(self, posting: str, account: str, amount: str, **detail: Any) -> Body:
        """One line of a journal; `tax_amount`, `code` and `on` for one with tax."""
        inner = {"PostingType": posting, "AccountRef": self.account(account)} | detail
        return {"DetailType": "JournalEntryLineDetail", "Amount": Decimal(amount), "JournalEntryLineDetail": inner}

    def journal(self, *lines: Body, **more: Any) -> Body:
        return self.create("JournalEntry", Line=list(lines), **more)

    def item_line(self, amount: str, code: str = "", **detail: Any) -> Body:
        inner: Body = {"ItemRef": self.ref("Item", "Goods")} | detail
        inner |= {"TaxCodeRef": self.tax(code) if code not in {"TAX", "NON"} else {"value": code}} if code else {}
        return {"DetailType": "SalesItemLineDetail", "Amount": Decimal(amount), "SalesItemLineDetail": inner}

    @property
    def usual(self) -> str:
        """The country's standard tax code."""
        return {"GB": "20.0% S", "US": "TAX", "AU": "GST", "CA": "HST ON"}[self.company.facts["country"]]

    def invoice(self, amount: str = "100", code: str = "", **more: Any) -> Body:
        line = self.item_line(amount, code or self.usual)
        told: Body = {"CustomerRef": self.ref("Customer", "Corner Shop"), "Line": [line]}
        told |= {"GlobalTaxCalculation": "TaxExcluded"} if self.company.facts["tax_mode"] == "global" else {}
        return self.create("Invoice", **(told | more))

    def expense_line(self, amount: str, account: str = "6200", code: str = "", **detail: Any) -> Body:
        inner: Body = {"AccountRef": self.account(account)} | detail
        inner |= {"TaxCodeRef": self.tax(code)} if code else {}
        how = "AccountBasedExpenseLineDetail"
        return {"DetailType": how, "Amount": Decimal(amount), how: inner}

    def bill(self, amount: str = "50", code: str = "", **more: Any) -> Body:
        line = self.expense_line(amount, code=code or self.usual)
        told: Body = {"VendorRef": self.ref("Vendor", "Paper Mill"), "Line": [line]}
        return self.create("Bill", **(told | {"GlobalTaxCalculation": "TaxExcluded"} | more))

    def payment(self, amount: str, *invoices: tuple[Body, str], **more: Any) -> Body:
        lines = [
            {"Amount": Decimal(part), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}
            for row, part in invoices
        ]
        told: Body = {"CustomerRef": self.ref("Customer", "Corner Shop"), "TotalAmt": Decimal(amount), "Line": lines}
        return self.create("Payment", **(told | more))


def company(scenario: str = "london", **facts: Any) -> Bookkeeper:
    """The first company of a scenario, with these facts over its own."""
    world = World(lambda inside: QuickBooksStandIn(inside, None), seed=7, now=START)
    told = world.reset(scenario)
    assert isinstance(world.stand_in, QuickBooksStandIn)
    books = world.stand_in.books
    found = books.company(told["realm"])
    assert found is not None
    if facts:
        found.set(**facts)
    return Bookkeeper(world, books, found)


def refusal(act: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    """Code and detail of the first error with which something is refused."""
    with pytest.raises(Fault) as found:
        act(*args, **kwargs)
    return found.value.code, found.value.detail
