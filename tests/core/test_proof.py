"""Proofs: each holds for a right plan, and each is broken by the very mistake it is there for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from tests.core.invented import planned, settlement, settlements, subtotal
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.money import CurrencyMixed, Money, total
from tieout.core.plan import Document, Plan, PlannedLine
from tieout.core.proof import (
    Difference,
    by_account,
    difference,
    differences,
    prove,
    reserve_drift,
    settlement_gap,
    tax_differences,
)
from tieout.core.records import BooksDocument, BooksLine, DocumentKind
from tieout.core.settlement import Label, Settlement

MAY = Month(2026, 5)
SOURCE = settlement(
    [
        subtotal(Category.SALES_PRINCIPAL, 12000, MAY),
        subtotal(Category.FEE_REFERRAL, -1800),
        subtotal(Category.SALES_PRINCIPAL, 6000, rows=4),
    ]
)
PLAN = planned(SOURCE)


def with_line(plan: Plan, document: int, line: int, **changes: Any) -> Plan:
    def change(which: PlannedLine) -> PlannedLine:
        return replace(which, **changes)

    target = plan.documents[document]
    lines = tuple(change(item) if i == line else item for i, item in enumerate(target.lines))
    return with_document(plan, document, lines=lines)


def with_document(plan: Plan, which: int, **changes: Any) -> Plan:
    documents = tuple(replace(item, **changes) if i == which else item for i, item in enumerate(plan.documents))
    return replace(plan, documents=documents)


def broken(source: Settlement, plan: Plan) -> set[str]:
    return {proof.code for proof in prove(source, plan) if not proof.holds}


@given(settlements())
def test_every_proof_holds_for_every_plan(source: Settlement) -> None:
    assert broken(source, planned(source)) == set()


@pytest.mark.parametrize(
    ("code", "source", "plan"),
    [
        ("AC1", replace(SOURCE, total=Money(16199, "GBP")), PLAN),
        ("AC2", SOURCE, with_line(PLAN, 1, 0, subtotals=(0,))),
        ("AC2", SOURCE, with_line(PLAN, 1, 0, subtotals=(2, 2))),
        ("AC2", SOURCE, with_line(PLAN, 1, 0, subtotals=(2, 99))),
        ("AC2", SOURCE, with_line(PLAN, 1, 0, rows=3)),
        ("AC2", replace(SOURCE, subtotals=(*SOURCE.subtotals, subtotal(Category.ADJUSTMENT_MISC, 0))), PLAN),
        ("AC3", SOURCE, replace(PLAN, documents=PLAN.documents[:1])),
        ("AC3", SOURCE, with_document(PLAN, 0, lines=PLAN.documents[0].lines[:1])),
        ("AC4", SOURCE, with_line(PLAN, 1, 2, gross=Money(11999, "GBP"))),
        ("AC5", SOURCE, with_document(PLAN, 1, kind=DocumentKind.BILL, lines=())),
        ("AC5", SOURCE, with_document(PLAN, 1, lines=(replace(PLAN.documents[1].lines[0], gross=Money(-1, "GBP")),))),
        ("AC6", SOURCE, with_line(PLAN, 1, 0, vat=Money(0, "GBP"))),
        ("AC7", SOURCE, with_line(PLAN, 1, 0, vat=Money(1, "GBP"))),
        ("AC11", SOURCE, with_document(PLAN, 1, contact="Somebody else")),
        ("AC11", replace(SOURCE, statement="other bytes"), PLAN),
    ],
)
def test_a_proof_is_broken_by_its_mistake(code: str, source: Settlement, plan: Plan) -> None:
    assert broken(SOURCE, PLAN) == set()
    assert code in broken(source, plan)


def test_a_broken_proof_names_both_sides_and_what_lies_between() -> None:
    ac1 = prove(replace(SOURCE, total=Money(16203, "GBP")), PLAN)[0]
    assert (ac1.left, ac1.right) == ("162.00 GBP", "162.03 GBP")
    assert ac1.text.endswith("-0.03 GBP apart")


def test_a_document_of_another_currency_adds_up_to_nothing() -> None:
    with pytest.raises(CurrencyMixed, match="GBP and EUR never mix"):
        prove(SOURCE, with_document(PLAN, 0, currency="EUR", lines=()))


def test_parts_that_swap_money_are_caught_although_they_add_up() -> None:
    moved = with_line(with_line(PLAN, 0, 1, gross=Money(-11900, "GBP")), 1, 2, gross=Money(11900, "GBP"))
    assert "AC3" in broken(SOURCE, moved)


# --- Neighbours


def test_a_reserve_held_is_released_by_the_next_or_the_drift_is_told() -> None:
    held = settlement([subtotal(Category.RESERVE_CURRENT, -20000), subtotal(Category.RESERVE_CURRENT, -500, MAY)])
    released = settlement([subtotal(Category.RESERVE_PREVIOUS, 20500)], id="26100000102")
    assert reserve_drift(held, released).holds
    drift = reserve_drift(held, settlement([subtotal(Category.RESERVE_PREVIOUS, 20000)], id="26100000102"))
    assert not drift.holds and "5.00 GBP apart" in drift.text and "26100000102" in drift.text


def test_settlements_of_two_currencies_are_no_neighbours() -> None:
    with pytest.raises(AssertionError, match="not neighbours"):
        reserve_drift(settlement([]), settlement([], currency="EUR"))


def test_a_settlement_starts_where_the_one_before_ended_in_whatever_zone_that_is_written() -> None:
    tokyo = datetime.fromisoformat("2026-06-17T18:12:41+09:00")
    assert settlement_gap(settlement([]), settlement([], start=tokyo)).holds
    assert not settlement_gap(settlement([]), settlement([], start=tokyo + timedelta(seconds=1))).holds


# --- What the books show


def in_books(document: Document, **changes: Any) -> BooksDocument:
    zero = Money.zero(document.currency)
    lines = tuple(BooksLine(line.description, line.account, line.tax, line.gross, line.vat) for line in document.lines)
    found = BooksDocument(
        id="id-1",
        kind=document.kind,
        number=document.number,
        reference=document.reference,
        contact_id="c-1",
        contact_name=document.contact,
        dated=document.dated,
        due=document.due,
        currency=document.currency,
        status="AUTHORISED",
        total=document.total,
        tax_total=total((line.vat for line in document.lines), document.currency) or zero,
        lines=lines,
    )
    return replace(found, **changes)


@given(settlements())
def test_what_was_sent_and_read_back_alike_has_no_differences(source: Settlement) -> None:
    for document in planned(source).documents:
        assert differences(document, in_books(document), ("AUTHORISED", "PAID")) == ()
        assert differences(document, in_books(document, lines=())) == ()
        assert tax_differences(document, in_books(document)) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"total": Money(16201, "GBP")}, "total: sent 162.00 GBP, the books have 162.01 GBP"),
        ({"lines": in_books(PLAN.documents[1]).lines[:2]}, "number of lines: sent 3, the books have 2"),
        ({"contact_name": "Other"}, "contact: sent Market.example, the books have Other"),
        ({"currency": "EUR"}, "currency: sent GBP, the books have EUR"),
        ({"dated": date(2026, 6, 18)}, "date: sent 2026-06-17, the books have 2026-06-18"),
        ({"number": "INV-1"}, "number: sent TO-GB-26100000101-2-v1, the books have INV-1"),
        ({"kind": DocumentKind.BILL}, "kind: sent invoice, the books have bill"),
        ({"status": "VOIDED"}, "status: VOIDED is none of AUTHORISED, PAID"),
    ],
)
def test_each_difference_is_named_with_both_sides(changes: dict[str, Any], said: str) -> None:
    document = PLAN.documents[1]
    assert differences(document, in_books(document, **changes), ("PAID", "AUTHORISED")) == (said,)


def test_every_difference_is_told_and_not_the_first_alone() -> None:
    document = PLAN.documents[1]
    found = in_books(document, contact_name="Other", dated=date(2026, 1, 1), total=Money(0, "GBP"))
    assert len(differences(document, found)) == 3


def test_a_tax_the_books_reckoned_otherwise_is_a_difference_of_its_own() -> None:
    document = PLAN.documents[1]
    found = in_books(document, tax_total=document.tax_total + Money(1, "GBP"))
    assert differences(document, found) == ()
    assert tax_differences(document, found) == (
        "the books reckon 7.01 GBP of tax in it, not 7.00 GBP as planned; the total is the same",
    )


# --- What changed


def test_a_changed_file_shows_what_it_changes_and_nothing_else() -> None:
    newer = settlement(
        [
            subtotal(Category.SALES_PRINCIPAL, 12000, MAY),
            subtotal(Category.FEE_REFERRAL, -1750),
            subtotal(Category.FEE_CLOSING, -50),
            subtotal(Category.SALES_PRINCIPAL, 6000, rows=5),
        ]
    )

    def changed(label: str, before: int, rows_before: int, after: int, rows_after: int) -> Difference:
        money = (Money(before, "GBP"), rows_before, Money(after, "GBP"), rows_after)
        return Difference(Label((label,)), "Market.example", Month(2026, 6), *money)

    found = difference(SOURCE, newer)
    assert found == (
        changed("fee.closing", 0, 0, -50, 1),
        changed("fee.referral", -1800, 1, -1750, 1),
        changed("sales.principal", 6000, 4, 6000, 5),
    )
    assert [item.delta.minor for item in found] == [-50, 50, 0]
    assert difference(SOURCE, SOURCE) == ()


@given(settlements(), settlements())
def test_the_changes_add_up_to_the_change_of_the_payout(old: Settlement, new: Settlement) -> None:
    if old.currency == new.currency:
        deltas = total((item.delta for item in difference(old, new)), new.currency)
        assert deltas == new.total - old.total


def test_a_figure_that_went_away_is_shown() -> None:
    (gone,) = difference(settlement([subtotal(Category.FEE_VINE, -6000)]), settlement([]))
    assert (gone.before.minor, gone.after.minor, gone.rows_after) == (-6000, 0, 0)


# --- What each account gains


@given(settlements())
def test_what_the_accounts_change_by_sums_to_zero(source: Settlement) -> None:
    changes = by_account(planned(source))
    assert total((change for _, change in changes), source.currency).minor == 0
    owed = dict(changes)
    paid = owed.get("Accounts receivable", Money.zero(source.currency)) + owed.get(
        "Accounts payable", Money.zero(source.currency)
    )
    assert paid == source.total


def test_an_invoice_debits_fees_and_credits_sales() -> None:
    assert [(account, change.minor) for account, change in by_account(PLAN)] == [
        ("Accounts receivable", 16200),
        ("TO-200", -15000),
        ("TO-203", 1500),
        ("VAT control", -2700),
    ]


def test_a_bill_debits_fees_and_credits_what_we_owe() -> None:
    plan = planned(settlement([subtotal(Category.FEE_REFERRAL, -1200)], end=datetime(2026, 6, 17, tzinfo=UTC)))
    assert [(account, change.minor) for account, change in by_account(plan)] == [
        ("Accounts payable", -1200),
        ("TO-203", 1000),
        ("VAT control", 200),
    ]
