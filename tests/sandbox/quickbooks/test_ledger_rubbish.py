"""Whatever a client sends, the ledger of the QuickBooks stand-in answers or refuses; it never breaks."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.quickbooks.bookkeeping import Body, Bookkeeper, company
from tieout.sandbox.quickbooks import evidence, ledger
from tieout.sandbox.quickbooks.state import Fault

JUNK: list[Any] = [None, "", "x", 0, -1, True, [], {}, [{}], ["x"], [None], {"value": "1"}, {"value": None}, {"x": {}}]
JUNK += [Decimal("1e30"), Decimal("0.001"), Decimal("1e-30"), Decimal(99999999999), "2026-13-01", "\x00", "9" * 5000]
JUNK += [[{"LinkedTxn": "x"}], [{"LinkedTxn": [{"TxnId": {}}]}], {"TaxLine": "x"}, {"TaxLine": [1]}, {"TotalTax": "x"}]


def bodies(keeper: Bookkeeper) -> Iterator[tuple[str, Body]]:
    """A good one of each kind."""
    ref, account = keeper.ref, keeper.account
    who = {"Type": "Customer", "EntityRef": ref("Customer", "Corner Shop")}
    tax = {"TaxCodeRef": keeper.tax(), "TaxApplicableOn": "Sales", "TaxAmount": Decimal(2)}
    sides = [keeper.side("Credit", "TO-200", "10", **tax), keeper.side("Debit", "1100", "12", Entity=who)]
    global_tax = {"GlobalTaxCalculation": "TaxInclusive", "DocNumber": "N", "PrivateNote": "n", "TxnDate": "2026-11-01"}
    invoice = keeper.invoice("100", "No VAT")
    rate = invoice["TxnTaxDetail"]["TaxLine"][0]
    own = {"TxnTaxDetail": {"TotalTax": Decimal(1), "TaxLine": [rate | {"Amount": Decimal(1)}]}}
    yield "JournalEntry", {"Line": sides} | global_tax | {"GlobalTaxCalculation": "TaxExcluded"}
    sale: Body = {"CustomerRef": ref("Customer", "Corner Shop"), "Line": [keeper.item_line("10", "No VAT", Qty=2)]}
    sale |= {"BillEmail": {"Address": "a@b.example"}, "ShipAddr": {"City": "London"}} | own | global_tax
    for entity in ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"):
        yield entity, sale | {"DepositToAccountRef": account("1200")}
    link = {"Amount": Decimal(5), "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    yield "Payment", {"CustomerRef": sale["CustomerRef"], "TotalAmt": Decimal(5), "Line": [link]}
    bill: Body = {"VendorRef": ref("Vendor", "Paper Mill"), "Line": [keeper.expense_line("10", code="No VAT")]}
    for entity in ("Bill", "VendorCredit"):
        yield entity, bill | global_tax
    paid = {"LinkedTxn": [{"TxnId": keeper.bill()["Id"], "TxnType": "Bill"}], "Amount": Decimal(5)}
    by_check = {"PayType": "Check", "CheckPayment": {"BankAccountRef": account("1200")}}
    yield "BillPayment", by_check | {"VendorRef": bill["VendorRef"], "TotalAmt": Decimal(5), "Line": [paid]}
    yield "Purchase", bill | global_tax | {"PaymentType": "Cash", "AccountRef": account("1200")}
    direct = {"Amount": Decimal(5), "DetailType": "DepositLineDetail"}
    direct |= {"DepositLineDetail": {"AccountRef": account("TO-200"), "TaxCodeRef": keeper.tax("No VAT")}}
    back = {"CashBack": {"AccountRef": account("6200"), "Amount": Decimal(1)}}
    yield "Deposit", {"DepositToAccountRef": account("1200"), "Line": [direct]} | back
    yield (
        "Transfer",
        {"FromAccountRef": account("1200"), "ToAccountRef": account("1250"), "Amount": Decimal(1)},
    )
    yield "Customer", {"DisplayName": "A", "ParentRef": sale["CustomerRef"], "WebAddr": {"URI": "https://a.example"}}
    yield "Vendor", {"DisplayName": "B", "TermRef": ref("Term", "Net 15"), "PrimaryPhone": {"FreeFormNumber": "1"}}
    yield "Account", {"Name": "A", "AccountType": "Income", "AccountSubType": "ServiceFeeIncome", "AcctNum": "1"}
    yield "Item", {"Name": "A", "IncomeAccountRef": account("4000"), "Type": "Service", "UnitPrice": Decimal(1)}
    yield "Term", {"Name": "A", "DueDays": 5}
    yield "TaxService", {"TaxCode": "A", "TaxRateDetails": [{"TaxRateName": "A", "RateValue": "5", "TaxAgencyId": "1"}]}
    yield "Attachable", {"Note": "A", "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": invoice["Id"]}}]}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside a body, outermost first."""
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from places(inner, (*path, key))


def spoiled(body: Body, path: tuple[Any, ...], junk: Any) -> Body:
    copied = copy.deepcopy(body)
    inner: Any = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    return copied


def tried(act: Callable[[], Any]) -> None:
    try:
        act()
    except Fault as refused:
        assert refused.code.isdigit() and refused.detail


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9))
def test_rubbish_anywhere_in_a_body_is_answered(seed: int) -> None:
    chance, keeper = random.Random(seed), company()
    for entity, body in list(bodies(keeper)):
        path = chance.choice(list(places(body)))
        sent = spoiled(body, path, chance.choice(JUNK))
        tried(lambda entity=entity, sent=sent: keeper.create(entity, **sent))  # type: ignore[misc]
        for row in keeper.company.rows(entity)[-1:]:
            if entity not in {"TaxService"} and "status" not in row:
                told = sent | {"Id": row["Id"], "SyncToken": row["SyncToken"]}
                tried(lambda entity=entity, told=told: keeper.update(entity, told, sparse=chance.random() < 0.5))  # type: ignore[misc]
    assert sum(evidence.totals(keeper.company).values()) == 0
    for entity in ledger.ENTITIES:
        ledger.visible(keeper.asked, entity)


def test_what_is_good_is_taken() -> None:
    keeper = company()
    for entity, body in bodies(keeper):
        assert keeper.create(entity, **body)
