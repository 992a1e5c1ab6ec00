"""A settlement's journal on the wire: exact, balanced, and read back as it was."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.quickbooks.making import (
    BOOKS,
    CODES,
    IDS,
    KNOWN,
    example,
    journal,
    line,
    saved,
    sent_journals,
)
from tieout.core.money import Money
from tieout.core.plan import Document, PlannedLine
from tieout.core.proof import as_paid_in_books, differences, tax_differences
from tieout.core.records import DocumentKind
from tieout.platforms import Known
from tieout.platforms._exact import Unreadable, tree, unnamed_fields
from tieout.platforms.quickbooks import LONGEST, how_many_fit, is_void, to_wire, wire

GOLDEN = Path(__file__).parent / "golden"


def e1() -> Document:
    """E1 of accounting.md: Amazon UK, one month, deposit 1,715.90."""
    lines = []
    for row in example("E1-INV"):
        gross, net, vat = (Money.of(Decimal(row[name]), "GBP") for name in ("gross", "net", "vat"))
        lines.append(PlannedLine(row["line"], IDS[row["account"]], CODES[row["tax"]], gross, net, vat, (), 0))
    return journal(*lines)


def sent(document: Document, known: Known = KNOWN) -> dict[str, Any]:
    (element,) = sent_journals(to_wire([document], known, "POSTED"))
    return element


def amounts(element: dict[str, Any], posting: str) -> list[Decimal]:
    details = [(each["Amount"], each["JournalEntryLineDetail"]) for each in element["Line"]]
    return [amount + detail.get("TaxAmount", 0) for amount, detail in details if detail["PostingType"] == posting]


def test_the_body_of_the_worked_example_is_what_it_always_was() -> None:
    body = to_wire([e1()], KNOWN, "POSTED")
    assert json.loads(body) == json.loads((GOLDEN / "E1-JE.json").read_text())


def test_the_worked_example_has_the_lines_taxes_and_deposit_of_its_journal() -> None:
    expected = {row["line"]: row for row in example("E1-JE")}
    element = sent(e1())
    taxes = {"Sales": Decimal(0), "Purchase": Decimal(0)}
    for each in element["Line"][:-1]:
        row, detail = expected.pop(each["Description"]), each["JournalEntryLineDetail"]
        side = "credit" if detail["PostingType"] == "Credit" else "debit"
        assert Decimal(row[side]) == each["Amount"] and IDS[row["account"]] == detail["AccountRef"]["value"]
        taxes[detail["TaxApplicableOn"]] += detail["TaxAmount"] * (1 if side == "credit" else -1)
    assert taxes == {
        "Sales": Decimal(expected.pop("Output VAT")["credit"]),
        "Purchase": -Decimal(expected.pop("Input VAT")["debit"]),
    }
    deposit = element["Line"][-1]
    assert str(deposit["Amount"]) == expected.pop("Deposit")["debit"] == "1715.90" and not expected
    assert deposit["JournalEntryLineDetail"] == {"PostingType": "Debit", "AccountRef": {"value": "35"}}
    assert sum(amounts(element, "Debit")) == sum(amounts(element, "Credit"))


@given(
    st.lists(st.tuples(st.integers(-(10**13), 10**13), st.sampled_from(["0", "0.05", "0.2"])), min_size=1, max_size=9),
    st.sampled_from(["GBP", "JPY", "KWD"]),
)
def test_every_journal_balances_and_comes_back_equal(figures: list[tuple[int, str]], currency: str) -> None:
    lines = []
    for minor, rate in figures:
        gross = Money(minor, currency)
        net = gross.without_tax(Decimal(rate))
        lines.append(PlannedLine("x", "40", "5", gross, net, gross - net, (), 1))
    total = sum(minor for minor, _ in figures)
    document = journal(*lines, currency=currency, against="35" if total else "")
    known = Known(replace(BOOKS, base_currency=currency))
    body = to_wire([document], known, "POSTED")
    element = tree(body)["BatchItemRequest"][0]["JournalEntry"]
    assert sum(amounts(element, "Debit")) == sum(amounts(element, "Credit"))
    found = as_paid_in_books(document, wire.journal_from_wire({**element, "Id": "1"}, ""))
    assert differences(document, found) == () and tax_differences(document, found) == ()


def test_amounts_are_json_numbers_with_every_digit() -> None:
    body = to_wire([journal(line(123456789012345), line(1, account="49"))], KNOWN, "POSTED")
    assert b'"Amount":1234567890123.45,' in body and b'"Amount":0.01,' in body and b'"Amount":1234567890123.46,' in body


def test_the_note_carries_the_reference_and_the_settlement_and_gives_the_reference_back() -> None:
    element = sent(journal())
    reference = "TO-GB-26100000101-1 2026-06 Europe/London"
    assert element["PrivateNote"] == f"{reference} [src:26100000101]"
    assert wire.journal_from_wire(tree(json.dumps(saved(element)).encode()), "").reference == reference
    assert wire.note_of("TO2-US-a-b.c-12 x") == "TO2-US-a-b.c-12 x [src:a-b.c]"
    assert wire.note_of("no stem at all") == "no stem at all"


def test_a_negative_payout_is_taken_from_the_charge_account() -> None:
    element = sent(journal(line(-2527, account="43", text="Fees"), against="36"))
    fees, charge = element["Line"]
    assert fees["JournalEntryLineDetail"]["PostingType"] == "Debit"
    assert charge == {
        "Amount": Decimal("25.27"),
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {"PostingType": "Credit", "AccountRef": {"value": "36"}},
    }


def test_a_part_that_sums_to_nothing_has_no_line_against_it() -> None:
    element = sent(journal(line(500), line(-500, account="49"), against=""))
    assert [each["JournalEntryLineDetail"]["PostingType"] for each in element["Line"]] == ["Credit", "Debit"]


def test_a_line_of_nothing_is_left_out_unless_there_is_nothing_else() -> None:
    assert len(sent(journal(line(0), line(500)))["Line"]) == 2
    assert [each["Amount"] for each in sent(journal(line(0), against=""))["Line"]] == [0]


def test_companies_in_the_us_and_those_without_sales_tax_name_no_tax_code() -> None:
    for known, tax in ((Known(replace(BOOKS, country="US")), "NON"), (KNOWN, "NON")):
        element = sent(journal(line(500, tax=tax)), known)
        assert "GlobalTaxCalculation" not in element and "TaxCodeRef" not in json.dumps(element, default=str)
    assert sent(journal(line(500)))["GlobalTaxCalculation"] == "TaxExcluded"


def test_a_code_with_another_rate_on_purchases_goes_by_its_own_id() -> None:
    detail = sent(journal(line(-500, -100, account="43", tax="8:purchase")))["Line"][0]["JournalEntryLineDetail"]
    assert detail["TaxCodeRef"] == {"value": "8"} and detail["TaxApplicableOn"] == "Purchase"


@pytest.mark.parametrize(
    ("account", "minor", "side"),
    [
        ("40", 100, "Sales"),
        ("41", -100, "Sales"),  # a refund lowers sales
        ("43", -100, "Purchase"),
        ("43", 100, "Purchase"),  # a fee given back lowers purchases
        ("49", -100, "Purchase"),
        ("unknown", 100, "Sales"),
        ("unknown", -100, "Purchase"),
    ],
)
def test_the_account_says_whether_tax_counts_among_sales_or_purchases(account: str, minor: int, side: str) -> None:
    detail = sent(journal(line(minor, account=account)))["Line"][0]["JournalEntryLineDetail"]
    assert detail["TaxApplicableOn"] == side


def test_a_foreign_currency_states_its_rate_and_the_home_currency_none() -> None:
    document = journal(line(500, in_="USD"), currency="USD")
    known = Known(BOOKS, rates={("USD", date(2026, 6, 30)): Decimal("0.745123")})
    element = sent(document, known)
    assert element["CurrencyRef"] == {"value": "USD"} and element["ExchangeRate"] == Decimal("0.745123")
    assert "ExchangeRate" not in sent(journal())


def test_classes_and_locations_go_with_the_lines_that_carry_them() -> None:
    body = wire.batch_to_wire([journal(line(500))], KNOWN, lambda _: wire.Tracking("c-1", "l-2"))
    first, against = sent_journals(body)[0]["Line"]
    assert first["JournalEntryLineDetail"]["ClassRef"] == {"value": "c-1"}
    assert first["JournalEntryLineDetail"]["DepartmentRef"] == {"value": "l-2"}
    assert "ClassRef" not in against["JournalEntryLineDetail"]


def test_the_items_of_a_batch_are_numbered_and_its_bytes_are_the_same_each_time() -> None:
    pair = [journal(number="A"), journal(number="B")]
    body = to_wire(pair, KNOWN, "POSTED")
    assert body == to_wire(pair, KNOWN, "POSTED")
    assert wire.asked_for(body) == {"1": ("A", "GBP"), "2": ("B", "GBP")}


def test_a_batch_takes_thirty_documents_or_as_many_as_its_size_allows() -> None:
    assert how_many_fit([journal(number=str(n)) for n in range(40)], KNOWN, "") == 30
    heavy = [journal(*[line(1, text="x" * 4000) for _ in range(100)], number=str(n)) for n in range(5)]
    assert how_many_fit(heavy, KNOWN, "") == 2
    assert how_many_fit([journal(*[line(1, text="x" * 4000) for _ in range(300)])], KNOWN, "") == 0
    assert LONGEST["number"] == 21


def test_only_journals_are_sent() -> None:
    with pytest.raises(AssertionError):
        to_wire([replace(journal(), kind=DocumentKind.INVOICE)], KNOWN, "")


def test_what_their_side_adds_passes_and_a_remark_is_no_line() -> None:
    before = unnamed_fields["JournalShape", "Sparkle"]
    element = saved(sent(journal()), Sparkle={"new": 1})
    element["Line"].append({"Id": "9", "Description": "only words", "DetailType": "DescriptionOnly"})
    found = wire.journal_from_wire(tree(json.dumps(element).encode()), "")
    assert len(found.lines) == 2 and unnamed_fields["JournalShape", "Sparkle"] == before + 1


def test_a_journal_without_a_currency_is_in_the_companys_own() -> None:
    element = saved(sent(journal()))
    del element["CurrencyRef"]
    assert wire.journal_from_wire(tree(json.dumps(element).encode()), "GBP").currency == "GBP"


@pytest.mark.parametrize(
    "changes",
    [
        {"TxnDate": ""},
        {"TxnDate": "soon"},
        {"CurrencyRef": {"value": "???"}},
        {"Line": [{"Amount": 5}]},
        {"Line": [{"Amount": 5, "JournalEntryLineDetail": {"PostingType": "Sideways"}}]},
        {"Line": [{"Amount": 5.001, "JournalEntryLineDetail": {"PostingType": "Debit"}}]},
        {"Line": [{"Amount": "many", "JournalEntryLineDetail": {"PostingType": "Debit"}}]},
        {"Line": "none"},
    ],
)
def test_what_cannot_be_read_is_never_rounded_or_guessed(changes: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        wire.journal_from_wire(tree(json.dumps(saved(sent(journal()), **changes)).encode()), "")


def test_a_voided_journal_shows_as_such() -> None:
    element = saved(sent(journal()), PrivateNote="Voided - TO-GB-1")
    assert not is_void(wire.journal_from_wire(tree(json.dumps(element).encode()), "").status)
    for each in element["Line"]:
        each["Amount"] = 0
        each["JournalEntryLineDetail"]["TaxAmount"] = 0
    assert is_void(wire.journal_from_wire(tree(json.dumps(element).encode()), "").status)
