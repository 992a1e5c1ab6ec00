"""Four things the vendor's own library does that endanger money, each shown not to happen here.

It writes amounts through binary floating point; repeats a PUT by itself and sleeps for as long as it is told; sends
four times when the connection drops; and fails on reading a word that a newer release over there has added.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.platforms.making import ACCESS, KNOWN, answering, document, json_answer, line
from tests.test_calls import Listener, cut
from tieout.calls import Answer, Transport, make_call
from tieout.core.failure import Busy, OutcomeUnknown, Unreachable
from tieout.core.money import Money
from tieout.core.records import DocumentKind
from tieout.platforms import Access, Platform, named


@pytest.fixture
def xero() -> Platform:
    return named("xero")


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        "InvoiceID": "5f2a7b1c-0000-4000-8000-000000000001",
        "Type": "ACCREC",
        "InvoiceNumber": "TO-1",
        "Contact": {"ContactID": "c-1", "Name": "N" * 300},
        "DateString": "2026-06-30T00:00:00",
        "CurrencyCode": "GBP",
        "Status": "AUTHORISED",
        "LineAmountTypes": "Inclusive",
        "LineItems": [{"LineAmount": 12.34, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 2.06}],
        "Total": 12.34,
        "TotalTax": 2.06,
    } | changes


def envelope(key: str, *rows: dict[str, Any]) -> Answer:
    return json_answer(json.dumps({"Status": "OK", key: rows}))


@pytest.mark.parametrize("amount", ["1234567890123.45", "0.1", "0.29", "1.10", "99999999999.99", "-4.35"])
def test_an_amount_is_written_as_it_is(xero: Platform, amount: str) -> None:
    money = Money.of(Decimal(amount), "GBP")
    call, asked = answering(envelope("Invoices", invoice()))
    body = xero.to_wire([document(lines=(line(money.minor),))], KNOWN, xero.APPROVED)
    xero.send(call, ACCESS, DocumentKind.INVOICE, body, "k1")
    assert f'"UnitAmount":{money.amount}'.encode() in (asked[0].body or b"")


def test_a_limit_is_told_at_once_and_nobody_sleeps_or_repeats(xero: Platform) -> None:
    call, asked = answering(Answer(429, {"retry-after": "17", "x-rate-limit-problem": "minute"}))
    began = time.monotonic()
    with pytest.raises(Busy) as busy:
        xero.send(call, ACCESS, DocumentKind.INVOICE, b"{}", "k1")
    assert time.monotonic() - began < 0.5 and len(asked) == 1
    assert busy.value.failure.retry_after_seconds == 17


@pytest.fixture
def dropping() -> Iterator[Listener]:
    there = Listener(cut)
    yield there
    there.close()


def test_a_dropped_connection_sends_once(xero: Platform, dropping: Listener) -> None:
    app = replace(ACCESS.app, urls=dict.fromkeys(("login", "identity", "api"), dropping.url))
    access = Access(ACCESS.token, "t1", datetime(2026, 7, 1, tzinfo=UTC), "b1", app)
    transport = Transport()
    with pytest.raises(OutcomeUnknown):
        xero.send(make_call(transport), access, DocumentKind.INVOICE, b'{"Invoices":[]}', "k1")
    transport.close()
    assert len(dropping.requests) == 1
    head = dropping.requests[0].lower()
    assert b"idempotency-key: k1" in head and b"summarizeerrors=false" in head and b"unitdp=4" in head
    assert b"xero-tenant-id: b1" in head and head.startswith(b"put /api.xro/2.0/invoices?")


@pytest.mark.parametrize(
    "changes",
    [
        {"Status": "HALFPAID"},
        {"LineAmountTypes": "Sideways"},
        {"CurrencyCode": "GBP", "NewField": {"deep": [1, None]}},
        {"SentToContact": "yes", "Payments": "none", "DueDate": None},
    ],
)
def test_a_new_word_in_an_answer_does_not_lose_the_invoice(xero: Platform, changes: dict[str, Any]) -> None:
    call, _ = answering(envelope("Invoices", invoice(**changes)))
    (element,) = xero.send(call, ACCESS, DocumentKind.INVOICE, b"{}", "k1")
    assert element.document is not None and element.document.total == Money(1234, "GBP")
    assert element.document.status == changes.get("Status", "AUTHORISED")


def test_new_words_in_the_chart_are_kept_as_they_are(xero: Platform) -> None:
    call, _ = answering(
        envelope("Organisations", {"OrganisationID": "o", "Name": "N" * 300, "Class": "HYPER", "CountryCode": "ZZ"}),
        envelope("Actions", {"Name": "CreateApprovedInvoice", "Status": "MAYBE"}, {"Name": "Fly", "Status": "ALLOWED"}),
        envelope("Accounts", {"Code": "478", "Type": "SUPERANNUATIONEXPENSE", "Class": "EXPENSE", "Status": "ASLEEP"}),
        envelope(
            "TaxRates", {"TaxType": "TAX001", "ReportTaxType": "LUNAR", "EffectiveRate": 12.5, "Status": "ACTIVE"}
        ),
        envelope("Currencies", {"Code": "XTS"}),
    )
    books = xero.read_books(call, ACCESS)
    (account,), (rate,) = books.accounts, books.tax_rates
    assert (books.plan, books.country, books.currencies) == ("HYPER", "ZZ", ("XTS",))
    assert account.kind == "SUPERANNUATIONEXPENSE" and not account.is_active
    assert rate.rate == Decimal("0.125") and books.barred == (DocumentKind.INVOICE,)


def test_an_account_that_was_dropped_with_a_warning_is_no_success(xero: Platform) -> None:
    words = "Account code '999' has been removed as it does not match a recognised account."
    warned = invoice(Warnings=[{"Message": words}], StatusAttributeString="WARNING")
    call, _ = answering(envelope("Invoices", warned))
    (element,) = xero.send(call, ACCESS, DocumentKind.INVOICE, b"{}", "k1")
    assert element.is_altered and element.warnings == (words,)
    rate = invoice(Warnings=[{"Message": "The CurrencyRate differs"}])
    call, _ = answering(envelope("Invoices", rate))
    (element,) = xero.send(call, ACCESS, DocumentKind.INVOICE, b"{}", "k1")
    assert not element.is_altered and element.warnings


@pytest.mark.parametrize(
    "changes",
    [
        {"InvoiceID": "00000000-0000-0000-0000-000000000000"},
        {"InvoiceID": None},
        {"HasErrors": True},
        {"StatusAttributeString": "ERROR"},
        {"ValidationErrors": [{"Message": "Invoice # must be unique."}]},
        {"Total": "many"},
        {"DateString": ""},
        {"Type": "ACCRECCREDIT"},
    ],
)
def test_what_is_no_clear_yes_is_unclear_and_never_done(xero: Platform, changes: dict[str, Any]) -> None:
    call, _ = answering(envelope("Invoices", invoice(**changes)))
    (element,) = xero.send(call, ACCESS, DocumentKind.INVOICE, b"{}", "k1")
    assert element.document is None and element.failure is not None
    assert str(element.failure.kind) == "outcome-unknown" and element.number == "TO-1"


def test_an_element_without_a_number_is_told_as_nobodys(xero: Platform) -> None:
    call, _ = answering(json_answer('{"Invoices":[5,{"InvoiceID":"x"}]}'))
    elements = xero.send(call, ACCESS, DocumentKind.INVOICE, b"{}", "k1")
    assert [element.number for element in elements] == [None, None]


def test_a_look_that_cannot_read_one_of_the_documents_has_failed(xero: Platform) -> None:
    call, _ = answering(envelope("Invoices", invoice(), invoice(Total="many")))
    with pytest.raises(Unreachable):
        xero.find(call, ACCESS, DocumentKind.INVOICE, ["TO-1"])


def test_pages_that_repeat_a_row_show_it_once_and_endless_pages_end(xero: Platform) -> None:
    full = envelope("Invoices", *[invoice(InvoiceID=f"i-{n}") for n in range(1000)])
    rest = envelope("Invoices", invoice(InvoiceID="i-999"), invoice(InvoiceID="i-1000"))
    call, asked = answering(full, rest)
    assert len(xero.find(call, ACCESS, DocumentKind.INVOICE, ["TO-1"])) == 1001 and len(asked) == 2
    endless, asked = answering(full)
    with pytest.raises(Unreachable):
        xero.find(endless, ACCESS, DocumentKind.INVOICE, ["TO-1"])
    assert len(asked) == 20


def test_many_numbers_are_asked_for_in_as_few_calls_as_addresses_allow(xero: Platform) -> None:
    call, asked = answering(envelope("Invoices"))
    xero.find(call, ACCESS, DocumentKind.BILL, [f"TO-GB-99000000{n:03}-1-v1" for n in range(50)])
    assert len(asked) == 1 and len(asked[0].url) < 8000
    call, asked = answering(envelope("Invoices"))
    xero.find(call, ACCESS, DocumentKind.BILL, [f"{n:03}" + "x" * 200 for n in range(100)])
    assert 1 < len(asked) <= 5 and all(len(each.url) < 8000 for each in asked)
