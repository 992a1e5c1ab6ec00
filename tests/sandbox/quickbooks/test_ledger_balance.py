"""Whatever is posted, changed or taken back, debits equal credits over all accounts and balances agree with papers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.quickbooks.bookkeeping import Body, Bookkeeper, company
from tieout.sandbox.quickbooks import evidence
from tieout.sandbox.quickbooks.state import Fault

AMOUNTS = st.decimals(min_value="-5", max_value="5000", places=2)
TAXES = st.decimals(min_value="0", max_value="900", places=2)
ACTS = st.sampled_from("journal invoice inclusive bill payment credit receipt purchase delete void edit abroad".split())
CODES = ("HST ON", "GST/PST BC", "Out of scope")
STEPS = st.lists(st.tuples(ACTS, AMOUNTS, TAXES, st.integers(0, 10)), max_size=12)


def journal(keeper: Bookkeeper, amount: Decimal, vat: Decimal, pick: int) -> Body:
    more = {"TaxCodeRef": keeper.tax(CODES[pick % 2]), "TaxApplicableOn": "Sales", "TaxAmount": vat}
    lines = (keeper.side("Credit", "TO-200", str(amount), **more), keeper.side("Debit", "1200", str(amount + vat)))
    return keeper.journal(*lines, GlobalTaxCalculation="TaxExcluded")


def abroad(keeper: Bookkeeper, amount: Decimal, vat: Decimal, pick: int) -> Body:
    lines = [keeper.side("Credit", "TO-200", str(amount)) for _ in range(pick + 1)]
    whole = keeper.side("Debit", "1200", str(amount * (pick + 1)))
    return keeper.journal(*lines, whole, CurrencyRef={"value": "USD"}, ExchangeRate=Decimal("1.333333") + vat / 1000)


def sale(keeper: Bookkeeper, amount: Decimal, vat: Decimal, pick: int, how: str = "TaxExcluded") -> Body:
    lines = [keeper.item_line(str(amount), CODES[pick % 3]), keeper.item_line(str(vat), CODES[0])]
    return keeper.invoice(Line=lines, GlobalTaxCalculation=how)


def step(keeper: Bookkeeper, act: str, amount: Decimal, vat: Decimal, pick: int) -> Any:
    match act:
        case "journal":
            return journal(keeper, amount, vat, pick)
        case "abroad":
            return abroad(keeper, amount, vat, pick)
        case "invoice":
            return sale(keeper, amount, vat, pick)
        case "inclusive":
            return sale(keeper, amount, vat, pick, "TaxInclusive")
        case "bill":
            return keeper.bill(str(amount), CODES[pick % 3])
        case "receipt" | "credit":
            told: Body = {"Line": [keeper.item_line(str(amount), CODES[pick % 3])]}
            told |= {"GlobalTaxCalculation": "TaxInclusive", "CustomerRef": keeper.ref("Customer", "Corner Shop")}
            return keeper.create("SalesReceipt" if act == "receipt" else "CreditMemo", **told)
        case "purchase":
            told = {"PaymentType": "Cash", "AccountRef": keeper.account("1200"), "Credit": pick % 2 == 0}
            told |= {"Line": [keeper.expense_line(str(amount), code=CODES[pick % 3])]}
            return keeper.create("Purchase", **told, GlobalTaxCalculation="TaxExcluded")
        case "payment":
            open_ones = [row for row in keeper.company.rows("Invoice") if row.get("Balance")]
            links = [(open_ones[pick % len(open_ones)], str(amount))] if open_ones else []
            return keeper.payment(str(amount), *links)
    papers = [
        (entity, row) for entity in evidence.DOCUMENTS for row in keeper.company.rows(entity) if "status" not in row
    ]
    entity, row = papers[pick % len(papers)] if papers else ("Invoice", {"Id": "1", "SyncToken": "0"})
    if act == "edit":
        return keeper.update(entity, {"Id": row["Id"], "SyncToken": row["SyncToken"], "PrivateNote": "edited"})
    return keeper.void(entity, row) if act == "void" else keeper.delete(entity, row)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_debits_equal_credits_whatever_is_done(steps: list[tuple[str, Decimal, Decimal, int]]) -> None:
    keeper = company("toronto")
    for act, amount, vat, pick in steps:
        before = evidence.totals(keeper.company)
        try:
            step(keeper, act, amount, vat, pick)
        except Fault:
            assert evidence.totals(keeper.company) == before, "what is refused posts nothing"
    totals = evidence.totals(keeper.company)
    assert sum(totals.values()) == 0
    kept = {row["Id"]: row["home"] for row in keeper.company.rows("_Balance")}
    for row in keeper.company.rows("Account"):
        called = row.get("AcctNum") or row["Name"]
        assert kept.get(f"Account/{row['Id']}", 0) == totals.get(called, 0), called
    for row in keeper.company.rows("Invoice"):
        if "status" not in row:
            assert 0 <= row["Balance"] <= row["TotalAmt"]
