"""Money goes to Xero and comes back exactly; what their side adds passes."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.making import KNOWN, document, line
from tieout.core.money import Money
from tieout.core.plan import Document
from tieout.core.records import DocumentKind
from tieout.platforms._exact import Unreadable, encode, tree, unnamed_fields
from tieout.platforms.xero import attachable, how_many_fit, to_wire, wire


def sent(given_document: Document) -> dict[str, Any]:
    body = to_wire([given_document], KNOWN, "AUTHORISED")
    (element,) = json.loads(body, parse_float=Decimal)["Invoices"]
    return dict(element)


def echoed(element: dict[str, Any], tax_minor: int = 0) -> dict[str, Any]:
    """What Xero would show of it: the same figures, totals added."""
    lines = [{**each, "LineAmount": each["UnitAmount"]} for each in element["LineItems"]]
    total = sum((Decimal(each["UnitAmount"]) for each in lines), Decimal(0))
    return {**element, "InvoiceID": "i-1", "LineItems": lines, "Total": total, "TotalTax": Decimal(tax_minor)}


@given(st.integers(-(10**15), 10**15), st.sampled_from(["GBP", "USD", "JPY", "KWD"]))
def test_an_amount_goes_out_and_comes_back_to_the_last_digit(minor: int, currency: str) -> None:
    element = sent(document(currency=currency, lines=(line(minor, currency),)))
    back = wire.document_from_wire(tree(encode(echoed(element))))
    assert back.total == Money(minor, currency)
    assert [each.amount for each in back.lines] == [Money(minor, currency)]


def test_a_large_amount_is_a_json_number_with_every_digit() -> None:
    body = to_wire([document(lines=(line(123456789012345),))], KNOWN, "AUTHORISED")
    assert b'"UnitAmount":1234567890123.45' in body
    assert b'"UnitAmount":199,' in to_wire([document(currency="JPY", lines=(line(199, "JPY"),))], KNOWN, "DRAFT")
    assert b'"UnitAmount":-1.234,' in to_wire([document(currency="KWD", lines=(line(-1234, "KWD"),))], KNOWN, "DRAFT")


def test_an_invoice_carries_its_reference_and_only_the_id_of_its_contact() -> None:
    element = sent(document("TO-9"))
    assert element["Type"] == "ACCREC" and element["Reference"] == "TO-9 settlement"
    assert element["Contact"] == {"ContactID": "c-1"}
    assert (element["Date"], element["DueDate"], element["LineAmountTypes"]) == (
        "2026-06-30",
        "2026-07-01",
        "Inclusive",
    )


def test_a_bill_has_no_reference_because_its_number_is_one() -> None:
    element = sent(document("TO-9", DocumentKind.BILL))
    assert element["Type"] == "ACCPAY" and element["InvoiceNumber"] == "TO-9" and "Reference" not in element


def test_the_same_documents_give_the_same_bytes() -> None:
    pair = [document("TO-1"), document("TO-2")]
    assert to_wire(pair, KNOWN, "AUTHORISED") == to_wire(pair, KNOWN, "AUTHORISED")


def test_one_call_holds_fifty_documents_or_as_many_as_its_size_allows() -> None:
    assert how_many_fit([document(str(n)) for n in range(70)], KNOWN, "DRAFT") == 50
    long = [line(1, text="x" * 4000) for _ in range(300)]
    heavy = [document(str(n), lines=tuple(long)) for n in range(5)]
    count = how_many_fit(heavy, KNOWN, "DRAFT")
    assert 0 < count < 5 and len(to_wire(heavy[:count], KNOWN, "DRAFT")) <= 3_500_000
    assert how_many_fit([document(lines=tuple(long * 4))], KNOWN, "DRAFT") == 0


def test_what_their_side_adds_passes_and_is_counted() -> None:
    before = unnamed_fields["InvoiceShape", "Sparkle"]
    element = echoed(sent(document())) | {"Sparkle": "new", "Status": "HALFPAID", "SentToContact": None}
    back = wire.document_from_wire(tree(encode(element)))
    assert back.status == "HALFPAID" and unnamed_fields["InvoiceShape", "Sparkle"] == before + 1


def test_the_amount_of_a_line_includes_its_tax_however_the_document_was_entered() -> None:
    element = echoed(sent(document())) | {"LineAmountTypes": "Exclusive"}
    element["LineItems"] = [{"LineAmount": Decimal("10.00"), "TaxAmount": Decimal("2.00"), "AccountCode": "200"}]
    assert wire.document_from_wire(tree(encode(element))).lines[0].amount == Money(1200, "GBP")


def test_a_figure_its_currency_cannot_hold_is_never_rounded_into_equality() -> None:
    element = echoed(sent(document(currency="JPY", lines=(line(100, "JPY"),)))) | {"Total": Decimal("100.4")}
    with pytest.raises(Unreadable, match=r"100\.4"):
        wire.document_from_wire(tree(encode(element)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/Date(1789344000000+0000)/", date(2026, 9, 14)),
        ("2026-09-14T00:00:00", date(2026, 9, 14)),
        ("", None),
    ],
)
def test_days_are_read_in_both_forms(text: str, expected: date | None) -> None:
    assert wire.day(text) == expected


def test_moments_without_a_zone_are_utc_and_may_have_seven_decimals() -> None:
    assert wire.moment("2020-03-18T21:20:07.7179250") == datetime(2020, 3, 18, 21, 20, 7, 717925, tzinfo=UTC)
    assert wire.moment("/Date(1584585851967)/") == datetime(2020, 3, 19, 2, 44, 11, 967000, tzinfo=UTC)


def test_every_sentence_of_an_element_is_heard_wherever_it_hangs() -> None:
    element = {
        "InvoiceNumber": "TO-1",
        "InvoiceID": wire.NO_ID,
        "HasErrors": True,
        "ValidationErrors": [{"Message": "one"}, {"Description": "two"}],
        "Contact": {"ValidationErrors": [{"Message": "three"}]},
        "LineItems": [{"ValidationErrors": [{"Message": "four"}]}],
    }
    judged = wire.judged(element)
    assert judged.errors == ("one", "two", "three", "four") and judged.id == "" and judged.has_errors


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\june.txt", "june.txt"),
        ('a<b>:"|?*+.csv', "a_b_______.csv"),
        ("nul\0.txt", "nul_.txt"),
        ("", "file"),
    ],
)
def test_a_file_name_is_made_acceptable(given_name: str, expected: str) -> None:
    assert attachable(given_name) == expected


def test_a_long_file_name_keeps_its_ending() -> None:
    assert attachable("x" * 300 + ".txt") == "x" * 251 + ".txt"
