"""What the books would refuse, told before they do; each reason by its problem code, all at once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.platforms.making import document, line
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.records import DocumentKind
from tieout.sync.checks import Finding, preflight

BOOKS = Books(
    id="b1",
    name="Harbour & Finch",
    country="GB",
    base_currency="GBP",
    currencies=("GBP", "EUR"),
    accounts=(
        Account("1", "200", "Sales", "REVENUE", "REVENUE"),
        Account("2", "310", "Fees", "EXPENSE", "EXPENSE"),
        Account("3", "090", "Bank", "BANK", "ASSET"),
        Account("4", "800", "Payable", "CURRLIAB", "LIABILITY", is_system=True),
        Account("5", "999", "Old", "REVENUE", "REVENUE", is_active=False),
    ),
    tax_rates=(
        TaxRate("OUTPUT2", "20% on income", Decimal("0.2"), suits=("REVENUE",)),
        TaxRate("OLD", "retired", Decimal("0.175"), is_active=False, suits=("REVENUE",)),
    ),
)


def codes(*findings: Finding) -> list[str]:
    return [finding.code for finding in findings]


def test_a_document_that_fits_has_no_finding() -> None:
    assert preflight([document()], BOOKS) == ()


@pytest.mark.parametrize(
    ("account", "tax", "code", "words"),
    [
        ("404", "OUTPUT2", "mapped-account-removed", "'404' does not exist"),
        ("999", "OUTPUT2", "mapped-account-removed", "999 Old is archived"),
        ("090", "OUTPUT2", "account-code-invalid", "bank account"),
        ("800", "OUTPUT2", "account-code-invalid", "system account"),
        ("200", "NOPE", "tax-type-not-allowed", "'NOPE' does not exist"),
        ("200", "OLD", "tax-type-not-allowed", "no longer in use"),
        ("310", "OUTPUT2", "tax-type-not-allowed", "cannot be used with account 310 Fees"),
        ("200", "", "tax-type-not-allowed", "does not exist"),
    ],
)
def test_each_line_is_held_against_the_chart(account: str, tax: str, code: str, words: str) -> None:
    findings = preflight([document(lines=(line(5), line(5, account=account, tax=tax)))], BOOKS)
    assert code in codes(*findings)
    (found,) = [finding for finding in findings if finding.code == code]
    assert words in found.message and (found.document, found.line) == ("TO-1", 2)


def test_currency_lock_dates_and_rights_are_held_against_the_document() -> None:
    assert codes(*preflight([document(currency="JPY")], BOOKS)) == ["currency-not-enabled"]
    locked = replace(BOOKS, period_lock_on=date(2026, 6, 30))
    (found,) = preflight([document()], locked)
    assert found.code == "period-locked" and "2026-06-30" in found.message
    assert preflight([document()], replace(BOOKS, period_lock_on=date(2026, 6, 29))) == ()
    assert preflight([document()], replace(locked, passes_period_lock=True)) == ()
    both = replace(locked, passes_period_lock=True, year_lock_on=date(2026, 12, 31))
    assert codes(*preflight([document()], both)) == ["period-locked"]
    barred = replace(BOOKS, barred=(DocumentKind.BILL,))
    assert preflight([document()], barred) == ()
    assert codes(*preflight([document(kind=DocumentKind.BILL)], barred)) == ["user-not-permitted"]


def test_all_findings_come_at_once_and_each_only_once() -> None:
    bad = line(5, account="404")
    findings = preflight([document("A", lines=(bad, bad)), document("B", currency="JPY", lines=(bad,))], BOOKS)
    assert [(finding.document, finding.code, finding.line) for finding in findings] == [
        ("A", "mapped-account-removed", 1),
        ("B", "currency-not-enabled", 0),
        ("B", "mapped-account-removed", 1),
    ]


def test_texts_are_measured_to_the_letter() -> None:
    limits = {"number": 4, "reference": 15, "description": 5}
    fits = document("TO-1", lines=(line(5, text="x" * 5),))
    assert len(fits.reference) == 15 and preflight([fits], BOOKS, limits) == ()
    long = document("TO-12", lines=(line(5), line(5, text="x" * 6)))
    findings = preflight([long], BOOKS, limits)
    assert codes(*findings) == ["field-too-long"] * 3
    assert [finding.line for finding in findings] == [0, 0, 2] and "6 characters" in findings[2].message


def test_books_that_name_no_currencies_refuse_none() -> None:
    assert preflight([document(currency="JPY")], replace(BOOKS, currencies=())) == ()
