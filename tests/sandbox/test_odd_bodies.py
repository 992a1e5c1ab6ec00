"""Whatever a client sends, the stand-in answers as Xero would, without null, and its books still balance."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.calling import invoice, london
from tieout.sandbox.xero import of

ODD = [None, [], {}, "", "x", 0, -1, 1e30, "1e9999999", True, [None], [[]], [{}], {"a": {}}, "2026-13-45", [1, "a"]]
ODD += ["/Date(99999999999999999)/", "é" * 300, {"InvoiceID": 5}, "DELETED", "AUTHORISED", "VOIDED", 12.345678]
JOURNAL_LINES = [{"LineAmount": 1, "AccountCode": "400"}, {"LineAmount": -1, "AccountCode": "404"}]
GOOD: dict[str, Any] = {
    "Invoices": invoice("S-2"),
    "CreditNotes": invoice(Type="ACCRECCREDIT", CreditNoteNumber="CN-1"),
    "Contacts": {"Name": "A", "Phones": [{"PhoneType": "DDI"}], "PaymentTerms": {"Sales": {"Day": 1}}},
    "Payments": {"Invoice": {"InvoiceNumber": "S-1"}, "Account": {"Code": "090"}, "Amount": 1, "Date": "2026-11-11"},
    "BankTransactions": invoice(Type="SPEND", BankAccount={"Code": "090"}),
    "ManualJournals": {"Narration": "n", "JournalLines": JOURNAL_LINES},
    "Accounts": {"Code": "q", "Name": "q", "Type": "REVENUE"},
    "TaxRates": {"Name": "t", "ReportTaxType": "OUTPUT", "TaxComponents": [{"Rate": 1}]},
    "TrackingCategories": {"Name": "T"},
    "Items": {"Code": "i", "SalesDetails": {"UnitPrice": 1}},
    "BatchPayments": {"Account": {"Code": "090"}, "Payments": [{"Invoice": {"InvoiceNumber": "S-1"}, "Amount": 1}]},
    "BankTransfers": {"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "091"}, "Amount": 1},
    "PurchaseOrders": invoice(),
    "Quotes": invoice(),
    "ContactGroups": {"Name": "g"},
}


def places(found: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if here:
        yield here
    for key in found if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ():
        yield from places(found[key], (*here, key))


def changed(found: Any, place: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(found)
    inner = made
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return made


@pytest.mark.parametrize("seed", range(4))
def test_an_odd_value_anywhere_is_taken_or_refused_and_never_breaks_the_stand_in(seed: int) -> None:
    chance, caller = random.Random(seed), london()
    of(caller.world).switches.update(minute_limit=10**9, day_limit=10**9)
    caller.put("Invoices", invoice("S-1"))
    seen = set()
    for _ in range(300):
        key = chance.choice(list(GOOD))
        body = changed(GOOD[key], chance.choice(list(places(GOOD[key]))), chance.choice(ODD))
        reply = caller.ask(chance.choice(["PUT", "POST"]), key + chance.choice(["", "?summarizeErrors=false"]), body)
        assert b"null" not in reply.answer.body
        seen.add(reply.status)
    assert seen <= {200, 400, 404, 501} and {200, 400} <= seen
    assert caller.world.evidence("totals")["sum"] == 0
    for key in GOOD:
        for accept in ("application/json", "text/xml"):
            assert caller.get(f"{key}?page=1", Accept=accept).status == 200
