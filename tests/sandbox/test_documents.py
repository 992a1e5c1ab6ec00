"""Invoices, bills and credit notes at the stand-in: what is refused in which words, and which status may follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.calling import Caller, invoice, london
from tieout.sandbox.xero import of

LOCKED = ("lock-date", {"year": "2026-11-10"})
ARCHIVED = ("chart-edit", {"code": "TO-200", "act": "archive"})


def line(**change: Any) -> dict[str, Any]:
    made = {"Description": "x", "Quantity": 1, "UnitAmount": 10, "AccountCode": "TO-200", "TaxType": "OUTPUT2"}
    return {key: value for key, value in (made | change).items() if value is not None}


# What is sent, in words that Xero answers; the first is done by a hand before.
REFUSED: list[tuple[str, tuple[str, dict[str, Any]] | None, dict[str, Any]]] = [
    ("Account code 'X9' is not a valid code for this document.", None, {"LineItems": [line(AccountCode="X9")]}),
    ("Account code '090' is not a valid code for this document.", None, {"LineItems": [line(AccountCode="090")]}),
    ("Account code '610' is not a valid code for this document.", None, {"LineItems": [line(AccountCode="610")]}),
    (
        "Account code 'TO-200' has been archived, or has been deleted. Each line item must reference a valid account.",
        ARCHIVED,
        {"LineItems": [line()]},
    ),
    ("Account code or ID must be specified.", None, {"LineItems": [line(AccountCode=None)]}),
    (
        "The TaxType code 'INPUT2' cannot be used with account code 'TO-200'.",
        None,
        {"LineItems": [line(TaxType="INPUT2")]},
    ),
    (
        "The TaxType code NONSENSE does not exist or cannot be used for this type of transaction.",
        None,
        {"LineItems": [line(TaxType="NONSENSE")]},
    ),
    ("The TaxType field is mandatory", None, {"LineItems": [line(AccountCode=None, TaxType=None)]}),
    ("Item code 'NIX' is not valid.", None, {"LineItems": [line(ItemCode="NIX")]}),
    (
        "Unknown tracking details. A Tracking Category did not match a known active Tracking Category.",
        None,
        {"LineItems": [line(Tracking=[{"Name": "Region", "Option": "North"}])]},
    ),
    (
        "The line total 1.00 does not match the expected line total 10.00",
        None,
        {"LineItems": [line(LineAmount=1)]},
    ),
    (
        "The quantity value '-1' is invalid. Quantity must not be less than zero.",
        None,
        {"LineItems": [line(Quantity=-1)]},
    ),
    ("One or more line items must be specified", None, {"LineItems": []}),
    ("A Contact must be specified for this type of transaction", None, {"Contact": None}),
    (
        "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID,"
        " ContactNumber",
        None,
        {"Contact": {"EmailAddress": "a@b.example"}},
    ),
    ("Invoice not of valid status for creation", None, {"Status": "PAID"}),
    ("Invoice not of valid status for creation", None, {"Status": "VOIDED"}),
    ("Invoice not of valid type for creation", None, {"Type": "ARPREPAYMENT"}),
    ("Url must be a valid absolute url", None, {"Url": "tieout"}),
    ("Url must be a valid absolute url", None, {"Url": "https://xero.example/1"}),
    ("Organisation is not subscribed to currency SEK", None, {"CurrencyCode": "SEK"}),
    (
        "The document date cannot be before the end of year lock date, currently set at 10-Nov-2026",
        LOCKED,
        {},
    ),
    (
        "The document date cannot be before the period lock date, currently set at 30-Nov-2026",
        ("lock-date", {"period": "2026-11-30"}),
        {},
    ),
    ("You have reached the limit of invoices you can approve", ("plan-limit", {"sales": 0}), {}),
    ("Email address must be valid.", None, {"Contact": {"Name": "Zoë", "EmailAddress": "zoë@müller.example"}}),
]


@pytest.mark.parametrize(("message", "hand", "change"), REFUSED)
def test_xero_says_no_in_its_own_words(message: str, hand: Any, change: dict[str, Any]) -> None:
    caller = london()
    if hand:
        caller.world.hand(hand[0], **hand[1])
    reply = caller.put("Invoices", {"Invoices": [invoice() | change]})
    assert reply.status == 400 and reply.doc["Type"] == "ValidationException"
    assert message in reply.messages
    assert reply.doc["Elements"][0]["InvoiceID"] == "00000000-0000-0000-0000-000000000000"
    assert caller.get("Invoices").doc["Invoices"] == [] and caller.world.evidence("writes")["count"] == 0


def test_a_wrong_account_of_a_draft_is_a_warning_and_the_draft_is_kept() -> None:
    caller = london()
    sent = invoice(Status="DRAFT", LineItems=[line(AccountCode="X9", TaxType=None)])
    reply = caller.put("Invoices?summarizeErrors=false", sent).first("Invoices")
    assert reply["StatusAttributeString"] == "WARNING" and "AccountCode" not in reply["LineItems"][0]
    assert reply["Warnings"] == [
        {"Message": "Account code 'X9' has been removed as it does not match a recognised account."}
    ]


def test_all_that_is_wrong_is_said_at_once_and_nested_errors_hang_on_the_contact() -> None:
    caller = london()
    bad = invoice(Contact={"EmailAddress": "x"}, LineItems=[line(AccountCode="X9"), line(TaxType="NO")])
    reply = caller.put("Invoices", bad)
    assert len(reply.messages) == 3
    assert reply.doc["Elements"][0]["Contact"]["ValidationErrors"]


def test_tax_is_computed_per_line_and_inclusive_totals_are_plain_sums() -> None:
    caller = london()
    made = caller.put("Invoices", invoice("S-2", ("0.09", "TO-200", "OUTPUT2"), ("-0.05", "TO-203", "INPUT2")))
    row = made.first("Invoices")
    assert [(one["LineAmount"], one["TaxAmount"]) for one in row["LineItems"]] == [
        (Decimal("0.09"), Decimal("0.02")),
        (Decimal("-0.05"), Decimal("-0.01")),
    ]
    assert (row["Total"], row["TotalTax"], row["SubTotal"]) == (Decimal("0.04"), Decimal("0.01"), Decimal("0.03"))
    net = caller.put("Invoices", invoice("S-3", ("10.00", "TO-200", "OUTPUT2"), LineAmountTypes="Exclusive"))
    assert net.first("Invoices")["Total"] == Decimal("12.00")


@pytest.mark.parametrize(
    ("amount", "kind", "tax"),
    [
        ("0.03", "Inclusive", "0.01"),
        ("-0.03", "Inclusive", "-0.01"),
        ("0.125", "NoTax", "0.00"),
        ("2.50", "Exclusive", "0.13"),
    ],
)
def test_halves_go_away_from_zero(amount: str, kind: str, tax: str) -> None:
    tax_type = "RROUTPUT" if kind == "Exclusive" else "OUTPUT2"
    sent = invoice("S-2", ("9.00", "TO-200", "ZERORATEDOUTPUT"), (amount, "TO-200", tax_type), LineAmountTypes=kind)
    last = london().put("Invoices?unitdp=4", sent).first("Invoices")["LineItems"][1]
    assert last["TaxAmount"] == Decimal(tax)
    assert last["LineAmount"] == Decimal("0.13" if amount == "0.125" else amount)


@pytest.mark.parametrize(("lock", "good"), [("2026-11-09", True), ("2026-11-10", False)])
@pytest.mark.parametrize("which", ["period", "year"])
def test_a_lock_date_refuses_its_own_day_and_not_the_next(which: str, lock: str, good: bool) -> None:
    caller = london()
    caller.world.hand("lock-date", **{which: lock})
    assert (caller.put("Invoices", invoice("S-2")).status == 200) == good


def test_money_never_passes_through_a_float() -> None:
    caller = london()
    raw = b'{"Invoices":[{"Type":"ACCREC","Contact":{"Name":"A"},"Date":"2026-11-10","DueDate":"2026-11-10",'
    raw += b'"Status":"AUTHORISED","LineAmountTypes":"NoTax","LineItems":[{"Description":"x","AccountCode":"TO-200",'
    raw += b'"UnitAmount":9007199254740.93}]}]}'
    reply = caller.put("Invoices", raw)
    assert reply.messages == ["The line amount must not exceed 9,999,999,999.99"]
    reply = caller.put("Invoices", raw.replace(b"9007199254740.93", b"9999999999.99"))
    assert b'"Total":9999999999.99,' in reply.answer.body


def test_unit_amounts_are_rounded_before_the_line_unless_four_places_are_asked_for() -> None:
    caller = london()
    sent = invoice("S-4", LineItems=[line(Quantity=1000, UnitAmount=0.0149)], LineAmountTypes="NoTax")
    assert caller.put("Invoices", sent).first("Invoices")["Total"] == Decimal("10.00")
    four = caller.put("Invoices?unitdp=4", sent | {"InvoiceNumber": "S-5"})
    assert four.first("Invoices")["Total"] == Decimal("14.90")


def test_a_total_below_zero_is_refused_and_zero_is_paid_by_itself() -> None:
    caller = london()
    assert caller.put("Invoices", invoice("S-6", ("-1.00", "TO-200", "OUTPUT2"))).status == 400
    nought = invoice("S-7", ("5.00", "TO-200", "OUTPUT2"), ("-5.00", "TO-211", "NONE"))
    row = caller.put("Invoices", nought).first("Invoices")
    assert (row["Status"], row["AmountDue"]) == ("PAID", Decimal("0.00")) and row["FullyPaidOnDate"]


def test_a_document_of_zero_is_voided_only_where_the_switch_says_so() -> None:
    caller = london()
    nought = invoice("S-7", ("5.00", "TO-200", "OUTPUT2"), ("-5.00", "TO-211", "NONE"))
    made = caller.put("Invoices", nought).first("Invoices")["InvoiceID"]
    said = caller.post(f"Invoices/{made}", {"Status": "VOIDED"}).messages
    assert said == ["Invoice not of valid status for modification"]
    of(caller.world).switches["zero_paid_voidable"] = True
    assert caller.post(f"Invoices/{made}", {"Status": "VOIDED"}).first("Invoices")["Status"] == "VOIDED"


def test_put_creates_only_and_post_edits_what_has_the_number() -> None:
    caller = london()
    first = caller.put("Invoices", invoice("S-8")).first("Invoices")["InvoiceID"]
    assert caller.put("Invoices", invoice("S-8")).messages == ["Invoice # must be unique."]
    edited = caller.post("Invoices", invoice("S-8", Reference="again")).first("Invoices")
    assert (edited["InvoiceID"], edited["Reference"]) == (first, "again")
    caller.post(f"Invoices/{first}", {"Status": "VOIDED"})
    assert caller.post("Invoices", invoice("S-8")).messages == ["Invoice not of valid status for modification"]
    assert caller.put("Invoices", invoice("S-8")).messages == ["Invoice # must be unique."]


def test_a_deleted_number_may_be_used_again() -> None:
    caller = london()
    made = caller.put("Invoices", invoice("S-9", Status="DRAFT")).first("Invoices")["InvoiceID"]
    assert caller.post(f"Invoices/{made}", {"Status": "DELETED"}).status == 200
    assert caller.put("Invoices", invoice("S-9")).status == 200


def test_the_numbers_of_bills_are_not_unique_and_a_post_makes_another() -> None:
    caller = london()
    bill = invoice("B-1", ("10.00", "TO-203", "INPUT2"), Type="ACCPAY", Reference="dropped")
    ids = {caller.put("Invoices", bill).first("Invoices")["InvoiceID"] for _ in range(2)}
    last = caller.post("Invoices", bill).first("Invoices")
    assert len(ids | {last["InvoiceID"]}) == 3 and "Reference" not in last
    assert caller.world.evidence("writes")["documents_by_number"] == {"B-1": 3}


@pytest.mark.parametrize(
    ("start", "wanted", "good"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "DRAFT", True),
        ("SUBMITTED", "AUTHORISED", True),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "PAID", False),
    ],
)
def test_a_status_follows_only_where_xero_lets_it(start: str, wanted: str, good: bool) -> None:
    caller = london()
    made = caller.put("Invoices", invoice(Status=start)).first("Invoices")["InvoiceID"]
    reply = caller.post(f"Invoices/{made}", {"Status": wanted})
    assert (reply.status == 200) == good
    if not good:
        assert reply.messages == ["Invoice not of valid status for modification"]


def test_lines_that_are_not_sent_again_are_deleted() -> None:
    caller = london()
    row = caller.put("Invoices", invoice("S-10")).first("Invoices")
    kept = row["LineItems"][0]
    sent = {key: value for key, value in kept.items() if key in {"LineItemID", "Quantity", "UnitAmount", "AccountCode"}}
    sent |= {"Quantity": 1, "UnitAmount": 120, "TaxType": "OUTPUT2"}
    after = caller.post(f"Invoices/{row['InvoiceID']}", {"LineItems": [sent]}).first("Invoices")
    assert [one["LineItemID"] for one in after["LineItems"]] == [kept["LineItemID"]]
    assert after["Total"] == Decimal("120.00")


def test_a_draft_may_be_dated_in_a_locked_period_and_an_adviser_passes_its_lock() -> None:
    caller = london()
    caller.world.hand("lock-date", period="2026-11-30")
    assert caller.put("Invoices", invoice("S-11", Status="DRAFT")).status == 200
    caller.world.hand("user-role", role="adviser")
    assert caller.put("Invoices", invoice("S-12")).status == 200


def test_what_is_dated_in_a_locked_year_can_neither_be_edited_nor_voided() -> None:
    caller = london()
    made = caller.put("Invoices", invoice("S-13")).first("Invoices")["InvoiceID"]
    caller.world.hand("lock-date", year="2026-11-30")
    said = ["The document cannot be edited as it is currently dated before the end of year lock date"]
    assert caller.post(f"Invoices/{made}", {"Status": "VOIDED"}).messages == said
    quiet = caller.post(f"Invoices/{made}?summarizeErrors=false", {"Reference": "x"})
    assert (quiet.status, quiet.first("Invoices")["HasErrors"], quiet.messages[0]) == (200, True, said[0])


def test_an_id_never_issued_is_a_404_for_the_whole_request() -> None:
    caller = london()
    never = "11111111-1111-4111-8111-111111111111"
    reply = caller.post("Invoices", {"Invoices": [invoice("S-14"), invoice("S-15", Contact={"ContactID": never})]})
    assert (reply.status, reply.answer.content_type, reply.answer.body) == (404, "text/html", b"")
    assert caller.get("Invoices").doc["Invoices"] == []


def test_a_guid_that_is_none_and_an_enum_that_is_none_are_bad_data() -> None:
    caller = london()
    bad = caller.put("Invoices", invoice(Contact={"ContactID": "12"}))
    assert bad.doc["Message"].startswith("Guid should contain 32 digits with 4 dashes")
    for change in ({"Type": "SALE"}, {"LineAmountTypes": "NO_TAX"}, {"Date": "yesterday"}):
        reply = caller.put("Invoices", invoice(**change))
        assert (reply.status, reply.doc["ErrorNumber"], reply.doc["Type"]) == (400, 14, "PostDataInvalidException")


def test_one_bad_element_fails_all_by_default_and_itself_alone_when_asked() -> None:
    caller = london()
    both = {"Invoices": [invoice("G-1"), invoice("G-2", Status="PAID")]}
    assert caller.put("Invoices", both).status == 400
    assert caller.get("Invoices").doc["Invoices"] == []
    reply = caller.put("Invoices?summarizeErrors=False", both)
    assert reply.status == 200
    assert [one["StatusAttributeString"] for one in reply.doc["Invoices"]] == ["OK", "ERROR"]
    assert caller.world.evidence("writes")["by_number"] == {"G-1": 1}


def test_two_of_one_number_in_one_request_are_refused() -> None:
    reply = london().put("Invoices", {"Invoices": [invoice("T-1"), invoice("T-1")]})
    assert reply.messages == ["Invoice # must be unique."]


def test_foreign_currency_keeps_a_rate_and_warns_of_one_that_was_sent() -> None:
    caller = london()
    row = caller.put("Invoices", invoice("S-16", CurrencyCode="USD")).first("Invoices")
    assert (row["CurrencyCode"], row["CurrencyRate"]) == ("USD", Decimal("1.2700000000"))
    told = caller.put("Invoices", invoice("S-17", CurrencyCode="EUR", CurrencyRate=1.5)).first("Invoices")
    assert told["CurrencyRate"] == Decimal("1.5") and told["Warnings"]


def test_a_country_has_its_own_tax_types() -> None:
    from tieout.sandbox.xero import demo_organisation, member

    caller = london()
    inside = of(caller.world).books
    for country, sale in (("AU", "OUTPUT"), ("NZ", "OUTPUT2"), ("US", "OUTPUT")):
        made = demo_organisation(inside, f"Shop {country}", country)
        member(inside, made["OrganisationID"], inside.shelf.all("user")[0]["id"], "STANDARD")
        there = Caller(caller.world).sign_in(tenant=made["OrganisationID"])
        sent = invoice("C-1", ("10.00", "TO-200", sale))
        assert there.put("Invoices", sent).status == 200, country
    avalara = invoice("C-2", ("10.00", "TO-200", "AVALARA"))
    assert "does not exist or cannot be used" in there.put("Invoices", avalara).messages[0]


def test_an_edition_without_invoicing_refuses_documents_and_its_actions_say_so() -> None:
    caller = london()
    caller.world.hand("edition")
    assert caller.put("Invoices", invoice()).status == 400
    actions = {one["Name"]: one["Status"] for one in caller.get("Organisation/Actions").doc["Actions"]}
    assert (actions["CreateApprovedInvoice"], actions["UseMulticurrency"]) == ("NOT-ALLOWED", "ALLOWED")


def test_a_credit_note_is_allocated_and_taken_off_again() -> None:
    caller = london()
    owed = caller.put("Invoices", invoice("S-18", ("100.00", "TO-200", "OUTPUT2"))).first("Invoices")["InvoiceID"]
    sent = invoice("x", ("40.00", "TO-201", "OUTPUT2"), Type="ACCRECCREDIT", CreditNoteNumber="CN-1")
    note = caller.put("CreditNotes", {"CreditNotes": [sent]}).first("CreditNotes")
    assert (note["RemainingCredit"], note["Status"]) == (Decimal("40.00"), "AUTHORISED")
    part = {"Invoice": {"InvoiceID": owed}, "Amount": 40}
    made = caller.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", part).first("Allocations")
    after = caller.get(f"Invoices/{owed}").first("Invoices")
    assert (after["AmountDue"], after["AmountCredited"]) == (Decimal("60.00"), Decimal("40.00"))
    assert caller.get("CreditNotes/CN-1").first("CreditNotes")["Status"] == "PAID"
    assert caller.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", part).status == 400
    assert caller.ask("DELETE", f"CreditNotes/CN-1/Allocations/{made['AllocationID']}").status == 200
    assert caller.get(f"Invoices/{owed}").first("Invoices")["AmountDue"] == Decimal("100.00")
