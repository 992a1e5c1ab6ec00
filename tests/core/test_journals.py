"""Journals: what books take that want debits and credits; the same settlement, the same proofs, another form."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from tests.core.invented import SITE, planned, settlement, settlements, subtotal
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.defaults import default_mapping
from tieout.core.mapping import Bank, BankPlace, Mapping
from tieout.core.money import Money
from tieout.core.plan import Gap, Plan, Terms, make_plan, plan_from_record, to_record
from tieout.core.proof import as_paid_in_books, by_account, differences, prove
from tieout.core.records import BooksDocument, BooksLine, DocumentKind, Form
from tieout.core.settlement import Settlement

SALE, FEE = Category.SALES_PRINCIPAL, Category.FEE_REFERRAL
MAPPING = default_mapping("GB").with_banks(
    {BankPlace(SITE, "GBP"): Bank("Bank", "Card"), BankPlace("", "GBP"): Bank("Other bank")}
)


def journal(source: Settlement, mapping: Mapping = MAPPING) -> Plan:
    return planned(source, mapping, form=Form.JOURNALS, contact=source.marketplace, longest=21)


def gaps(source: Settlement, mapping: Mapping) -> tuple[Gap, ...]:
    made = make_plan(source, mapping, Terms("GB", source.zone, form=Form.JOURNALS, contact=SITE), 1)
    assert not isinstance(made, Plan)
    return made


@pytest.mark.parametrize(("payout", "against"), [(5000, "Bank"), (-5000, "Card"), (0, "")])
def test_money_reaches_the_deposit_account_or_leaves_the_charge_account(payout: int, against: str) -> None:
    source = settlement([subtotal(SALE, 9000), subtotal(FEE, payout - 9000)])
    plan = journal(source)
    (document,) = plan.documents
    assert (document.kind, document.against, document.total) == (DocumentKind.JOURNAL, against, Money(payout, "GBP"))
    assert all(proof.holds for proof in prove(source, plan))
    assert dict(by_account(plan)).get(against, Money(0, "GBP")) == Money(payout, "GBP")


def test_only_the_last_month_moves_the_bank() -> None:
    source = settlement([subtotal(SALE, 7000, Month(2026, 5)), subtotal(FEE, -2000)])
    first, second = journal(source).documents
    assert (first.against, second.against) == ("", "Bank")
    assert (first.total, second.total) == (Money(0, "GBP"), Money(5000, "GBP"))


def test_without_a_bank_account_there_is_nothing_to_balance_against() -> None:
    nothing = replace(MAPPING, banks=())
    (gap,) = gaps(settlement([subtotal(SALE, 100)]), nothing)
    assert (gap.code, gap.amount, gap.label) == ("bank-account-not-selected", Money(100, "GBP"), f"{SITE} / GBP")
    (gap,) = gaps(settlement([subtotal(FEE, -100)]), MAPPING.with_banks({BankPlace(SITE, "GBP"): Bank("Bank")}))
    assert "charge account" in gap.message
    assert planned(settlement([subtotal(SALE, 100)]), nothing).documents[0].kind is DocumentKind.INVOICE
    assert planned(settlement([subtotal(SALE, 100), subtotal(FEE, -100)]), nothing, form=Form.JOURNALS).documents


def test_an_account_for_every_marketplace_serves_those_without_their_own() -> None:
    assert MAPPING.bank_for("Elsewhere", "GBP") == Bank("Other bank")
    assert MAPPING.with_banks({BankPlace(SITE, "GBP"): Bank("", "Card")}).bank_for(SITE, "GBP") == Bank(
        "Other bank", "Card"
    )
    assert MAPPING.bank_for(SITE, "EUR") == Bank()
    assert Mapping.from_record(MAPPING.to_record()) == MAPPING


def test_another_bank_account_is_another_plan() -> None:
    source = settlement([subtotal(SALE, 100)])
    other = MAPPING.with_banks({BankPlace(SITE, "GBP"): Bank("Savings")})
    assert journal(source).hash != journal(source, other).hash


@given(settlements())
def test_every_proof_holds_for_journals_too_and_the_record_comes_back(source: Settlement) -> None:
    mapping = default_mapping("GB").with_banks({BankPlace("", source.currency): Bank("Bank", "Card")})
    plan = journal(source, mapping)
    assert all(proof.holds for proof in prove(source, plan))
    assert plan_from_record(to_record(plan)) == plan
    invoices = planned(source, mapping)
    assert [one.as_paid(one.total) for one in plan.documents] == [two.as_paid(two.total) for two in invoices.documents]


# --- Read back


def in_books(plan: Plan) -> BooksDocument:
    """As a platform lists it: each line credited with its tax, then the account against them; the sum of the debits."""
    (document,) = plan.documents
    lines = [BooksLine(line.description, line.account, line.tax, line.gross, line.vat) for line in document.lines]
    if document.against:
        lines.append(BooksLine("", document.against, "", -document.total, Money(0, "GBP")))
    debits = -sum(line.amount.minor for line in lines if line.amount.minor < 0)
    total, tax = Money(debits, "GBP"), document.tax_total
    dated, kind = document.dated, DocumentKind.JOURNAL
    return BooksDocument(
        "7", kind, document.number, document.reference, "", "", dated, None, "GBP", "POSTED", total, tax, tuple(lines)
    )


@pytest.mark.parametrize("payout", [5000, -5000, 0])
def test_a_journal_read_back_is_compared_account_by_account(payout: int) -> None:
    plan = journal(settlement([subtotal(SALE, 9000), subtotal(FEE, payout - 9000)]))
    (document,), shown = plan.documents, in_books(plan)
    found = as_paid_in_books(document, shown)
    assert found.total == document.total and differences(document, found) == ()
    moved = replace(found, lines=(replace(found.lines[0], account="Elsewhere"), *found.lines[1:]))
    assert any("account Elsewhere" in text for text in differences(document, moved))
    redated = replace(found, dated=date(2026, 1, 1))
    assert len(differences(document, redated)) == 1


@pytest.mark.parametrize("payout", [5000, -5000])
def test_an_account_that_clears_and_takes_the_money_counts_what_was_paid_alone(payout: int) -> None:
    one = MAPPING.entries[0][1].account
    every = MAPPING.with_entries({node: replace(entry, account=one) for node, entry in MAPPING.entries})
    clears = every.with_banks({BankPlace(SITE, "GBP"): Bank(one, one)})
    plan = journal(settlement([subtotal(SALE, 9000), subtotal(FEE, payout - 9000)]), clears)
    (document,) = plan.documents
    found = as_paid_in_books(document, in_books(plan))
    assert found.total == document.total and differences(document, found) == ()


def test_somebody_elses_journal_in_another_currency_is_a_difference_and_no_error() -> None:
    plan = journal(settlement([subtotal(SALE, 9000)]))
    (document,), shown = plan.documents, in_books(plan)
    lines = tuple(replace(line, amount=Money(line.amount.minor, "USD")) for line in shown.lines)
    other = replace(shown, currency="USD", total=Money(shown.total.minor, "USD"), lines=lines)
    told = differences(document, as_paid_in_books(document, other))
    assert any(text.startswith("currency: sent GBP, the books have USD") for text in told)


def test_an_invoice_under_the_number_of_a_journal_is_a_difference() -> None:
    plan = journal(settlement([subtotal(SALE, 9000)]))
    other = replace(in_books(plan), kind=DocumentKind.INVOICE)
    assert any(
        text.startswith("kind") for text in differences(plan.documents[0], as_paid_in_books(plan.documents[0], other))
    )
