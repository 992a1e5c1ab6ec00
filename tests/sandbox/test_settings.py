"""Contacts, chart, tax rates, currencies, tracking, items, attachments and history at the stand-in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.calling import Caller, invoice, london


def contact(caller: Caller, name: str = "Etsy", **more: Any) -> Any:
    return caller.put("Contacts", {"Contacts": [{"Name": name} | more]})


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            {"Name": "eTSY"},
            "The contact name eTSY is already assigned to another contact."
            " The contact name must be unique across all active contacts.",
        ),
        (
            {"Name": "B", "ContactNumber": "e-1"},
            "Another contact has this contact number. Please enter a different contact number.",
        ),
        (
            {"FirstName": "x"},
            "The Contact must contain at least 1 of the following elements to identify the contact:"
            " Name, ContactID, ContactNumber",
        ),
        ({"Name": "B", "ContactStatus": "ARCHIVED"}, "The status 'ARCHIVED' is not valid for contacts"),
        ({"Name": "B", "EmailAddress": "ü@x.example"}, "Email address must be valid."),
        ({"Name": "B", "Website": "x"}, "Website must be valid"),
        (
            {"Name": "B", "PaymentTerms": {"Sales": {"Day": 0, "Type": "OFFOLLOWINGMONTH"}}},
            "Due Date for Sales Invoices must be between 1 and 31 when set to the following (or current) month",
        ),
    ],
)
def test_a_contact_is_refused_in_xeros_words(sent: dict[str, Any], message: str) -> None:
    caller = london()
    contact(caller, ContactNumber="e-1")
    assert caller.put("Contacts", {"Contacts": [sent]}).messages == [message]


def test_spaces_make_no_second_contact_of_the_same_name() -> None:
    caller = london()
    contact(caller, "Amazon UK")
    assert contact(caller, " Amazon  UK ").status == 400
    made = caller.put("Invoices", invoice(Contact={"Name": "amazon  uk "})).first("Invoices")
    assert made["Contact"]["Name"] == "Amazon UK" and len(caller.get("Contacts").doc["Contacts"]) == 1


def test_post_updates_the_contact_that_matches() -> None:
    caller = london()
    first = contact(caller, ContactNumber="e-1").first("Contacts")["ContactID"]
    for match in ({"Name": "ETSY"}, {"ContactNumber": "e-1"}, {"ContactID": first}):
        changed = caller.post("Contacts", match | {"EmailAddress": "a@b.example"}).first("Contacts")
        assert changed["ContactID"] == first
    assert caller.get("Contacts/e-1").first("Contacts")["EmailAddress"] == "a@b.example"


def test_four_phones_two_addresses_and_every_list_are_always_there() -> None:
    row = contact(london()).first("Contacts")
    assert [one["PhoneType"] for one in row["Phones"]] == ["DDI", "DEFAULT", "FAX", "MOBILE"]
    assert [one["AddressType"] for one in row["Addresses"]] == ["STREET", "POBOX"]
    assert row["ContactGroups"] == [] and row["ContactPersons"] == []


def test_an_archived_contact_is_hidden_refuses_edits_and_documents() -> None:
    caller = london()
    row = contact(caller).first("Contacts")["ContactID"]
    caller.world.hand("contact-edit", id=row, act="archive")
    assert caller.get("Contacts").doc["Contacts"] == []
    assert len(caller.get("Contacts?includeArchived=true").doc["Contacts"]) == 1
    said = caller.post("Contacts", {"ContactID": row, "ContactStatus": "ACTIVE"}).messages
    assert said == [
        "The specified contact details matched an archived contact."
        " Archived contacts cannot currently be edited via the API."
    ]
    said = caller.put("Invoices", invoice(Contact={"ContactID": row})).messages
    assert said[0].startswith("The contact with the specified contact details has been archived.")
    assert contact(caller).status == 200


def test_a_merged_contact_names_the_one_that_is_left() -> None:
    caller = london()
    lost, kept = (contact(caller, name).first("Contacts")["ContactID"] for name in ("A", "B"))
    caller.world.hand("contact-edit", id=lost, act="merge", into=kept)
    assert caller.get(f"Contacts/{lost}").first("Contacts")["MergedToContactID"] == kept


def test_a_contact_limit_refuses_new_ones_and_takes_updates() -> None:
    caller = london()
    contact(caller)
    caller.world.hand("contact-limit", most=1)
    assert contact(caller, "B").status == 400
    assert caller.post("Contacts", {"Name": "Etsy", "EmailAddress": "a@b.example"}).status == 200


def test_fields_beside_the_id_in_an_invoice_overwrite_the_contact() -> None:
    caller = london()
    row = contact(caller, ContactPersons=[{"FirstName": "P"}]).first("Contacts")["ContactID"]
    caller.put("Invoices", invoice("C-1", Contact={"ContactID": row}))
    assert caller.get(f"Contacts/{row}").first("Contacts")["ContactPersons"]
    caller.put("Invoices", invoice("C-2", Contact={"ContactID": row, "EmailAddress": "a@b.example"}))
    after = caller.get(f"Contacts/{row}").first("Contacts")
    assert (after["EmailAddress"], after["ContactPersons"]) == ("a@b.example", [])


def test_groups_hold_contacts_and_end_at_a_hundred() -> None:
    caller = london()
    row = contact(caller).first("Contacts")["ContactID"]
    group = caller.put("ContactGroups", {"Name": "G"}).first("ContactGroups")["ContactGroupID"]
    assert caller.put(f"ContactGroups/{group}/Contacts", {"Contacts": [{"ContactID": row}]}).status == 200
    assert caller.get(f"Contacts/{row}").first("Contacts")["ContactGroups"][0]["Name"] == "G"
    assert caller.ask("DELETE", f"ContactGroups/{group}/Contacts/{row}").status == 204
    assert caller.get(f"Contacts/{row}").first("Contacts")["ContactGroups"] == []
    many = caller.put("ContactGroups", {"ContactGroups": [{"Name": f"G{at}"} for at in range(100)]})
    assert "limit of 100 contact groups" in many.messages[0]


def test_an_account_is_made_renamed_archived_and_not_deleted_when_used() -> None:
    caller = london()
    made = caller.put("Accounts", {"Code": "TO-220", "Name": "eBay sales", "Type": "REVENUE", "TaxType": "OUTPUT2"})
    row = made.first("Accounts")
    assert (row["Class"], row["Status"]) == ("REVENUE", "ACTIVE")
    assert caller.put("Accounts", {"Code": "X", "Name": "ebay SALES", "Type": "REVENUE"}).messages == [
        "Please enter a unique Name."
    ]
    assert caller.put("Accounts", {"Code": "TO-220", "Name": "Y", "Type": "REVENUE"}).status == 400
    assert caller.put("Accounts", {"Code": "12345678901", "Name": "Z", "Type": "REVENUE"}).status == 400
    assert caller.put("Accounts", {"Code": "B", "Name": "Z", "Type": "NONSENSE"}).status == 400
    path = f"Accounts/{row['AccountID']}"
    assert caller.post(path, {"Name": "eBay turnover"}).first("Accounts")["Name"] == "eBay turnover"
    assert caller.post(path, {"Name": "x", "Status": "ARCHIVED"}).status == 400
    assert caller.post(path, {"Status": "ARCHIVED"}).first("Accounts")["Status"] == "ARCHIVED"
    bank = next(one for one in caller.get("Accounts").doc["Accounts"] if one["Code"] == "090")
    assert caller.post(f"Accounts/{bank['AccountID']}", {"Name": "x"}).status == 400
    system = next(one for one in caller.get("Accounts").doc["Accounts"] if one.get("SystemAccount") == "DEBTORS")
    assert caller.ask("DELETE", f"Accounts/{system['AccountID']}").status == 400
    assert caller.ask("DELETE", path).first("Accounts")["Status"] == "DELETED"


def test_a_bank_account_must_be_in_a_subscribed_currency() -> None:
    caller = london()
    sent = {"Code": "TO-150", "Name": "SEK clearing", "Type": "BANK", "BankAccountNumber": "1", "CurrencyCode": "SEK"}
    assert caller.put("Accounts", sent).messages == ["The current organisation is not subscribed to currency 'SEK'."]
    assert caller.put("Currencies", {"Code": "SEK"}).status == 200
    assert caller.put("Accounts", sent).first("Accounts")["CurrencyCode"] == "SEK"
    caller.world.hand("currency-off")
    assert caller.put("Currencies", {"Code": "JPY"}).status == 400
    caller.world.hand("currency-off", currency="USD")
    assert "USD" not in {one["Code"] for one in caller.get("Currencies").doc["Currencies"]}


def test_a_tax_rate_of_ones_own_is_numbered_and_used() -> None:
    caller = london()
    sent = {"Name": "Half", "ReportTaxType": "OUTPUT", "TaxComponents": [{"Name": "VAT", "Rate": "10"}]}
    assert caller.put("TaxRates", sent).first("TaxRates")["TaxType"] == "TAX001"
    row = caller.put("Invoices", invoice("T-1", ("11.00", "TO-200", "TAX001"))).first("Invoices")
    assert row["TotalTax"] == Decimal("1.00")
    assert caller.put("TaxRates", sent | {"ReportTaxType": ""}).status == 400
    caller.world.hand("tax-edit", type="TAX001", status="DELETED")
    assert "does not exist" in caller.put("Invoices", invoice("T-2", ("1.00", "TO-200", "TAX001"))).messages[0]


def test_tracking_has_two_active_categories_and_options_are_never_made_by_a_line() -> None:
    caller = london()
    first = caller.put("TrackingCategories", {"Name": "Region"}).first("TrackingCategories")["TrackingCategoryID"]
    assert caller.put(f"TrackingCategories/{first}/Options", {"Name": "North"}).first("Options")["Name"] == "North"
    tracked = {"Description": "x", "UnitAmount": 1, "AccountCode": "TO-200", "TaxType": "OUTPUT2"}
    good = tracked | {"Tracking": [{"Name": "region", "Option": "north"}]}
    row = caller.put("Invoices", invoice("T-1", LineItems=[good])).first("Invoices")
    assert row["LineItems"][0]["Tracking"][0]["Option"] == "North"
    bad = tracked | {"Tracking": [{"Name": "Region", "Option": "South"}]}
    assert caller.put("Invoices", invoice("T-2", LineItems=[bad])).status == 400
    assert caller.put("TrackingCategories", {"Name": "Shop"}).status == 200
    assert caller.put("TrackingCategories", {"Name": "Third"}).status == 400


def test_an_item_fills_the_line_and_its_code_is_taken_once() -> None:
    caller = london()
    sales = {"UnitPrice": 7, "AccountCode": "TO-200", "TaxType": "OUTPUT2"}
    sent = {"Code": "MUG", "Name": "Mug", "Description": "A mug", "SalesDetails": sales}
    assert caller.put("Items", sent).status == 200
    assert caller.put("Items", sent).messages == ["Price List Item with Code 'MUG' already exists"]
    row = caller.put("Invoices", invoice("I-1", LineItems=[{"ItemCode": "MUG", "Quantity": 2}])).first("Invoices")
    assert (row["Total"], row["LineItems"][0]["Description"]) == (Decimal("14.00"), "A mug")


def test_an_attachment_is_kept_byte_for_byte() -> None:
    caller = london()
    row = caller.put("Invoices", invoice("A-1")).first("Invoices")["InvoiceID"]
    content = bytes(range(256))
    path = f"Invoices/{row}/Attachments"
    held = caller.put(f"{path}/settlement%207.txt?IncludeOnline=True", content, Content_Type="text/plain").first(
        "Attachments"
    )
    assert (held["FileName"], held["ContentLength"], held["IncludeOnline"]) == ("settlement 7.txt", 256, True)
    for name in ("settlement%207.txt", held["AttachmentID"]):
        answer = caller.get(f"{path}/{name}").answer
        assert (answer.body, answer.content_type) == (content, "text/plain")
    assert caller.get(f"Invoices/{row}").first("Invoices")["HasAttachments"] is True
    assert len(caller.get(path).doc["Attachments"]) == 1
    caller.put(f"{path}/settlement%207.txt", b"new", Content_Type="text/plain")
    assert len(caller.get(path).doc["Attachments"]) == 1


def test_attachments_have_limits_of_name_number_and_size() -> None:
    caller = london()
    row = caller.put("Invoices", invoice("A-1")).first("Invoices")["InvoiceID"]
    path = f"Invoices/{row}/Attachments"
    for name, content, told in (
        ("a%3Cb.txt", b"x", "characters that are not allowed"),
        ("a.txt", b"", "no content"),
        ("a.txt", b"x" * (10 * 1024 * 1024 + 1), "exceeds the maximum size"),
    ):
        reply = caller.put(f"{path}/{name}", content, Content_Type="text/plain")
        assert reply.status == 400 and len(reply.messages) == 1 and told in reply.messages[0]
    seen = [caller.put(f"{path}/{at}.txt", b"x", Content_Type="text/plain").status for at in range(11)]
    assert seen == [200] * 10 + [400]
    never = "11111111-1111-4111-8111-111111111111"
    assert caller.put(f"Invoices/{never}/Attachments/a.txt", b"x", Content_Type="text/plain").status == 404


def test_a_note_is_added_by_the_system_and_stays() -> None:
    caller = london()
    row = caller.put("Invoices", invoice("A-1")).first("Invoices")["InvoiceID"]
    for text in ("first", "second"):
        caller.put(f"Invoices/{row}/History", {"HistoryRecords": [{"Details": text}]})
    notes = caller.get(f"Invoices/{row}/history").doc["HistoryRecords"]
    assert [(one["Details"], one["User"]) for one in notes] == [
        ("second", "System Generated"),
        ("first", "System Generated"),
    ]
    assert caller.put(f"Invoices/{row}/History", {"HistoryRecords": [{"Details": "x" * 2501}]}).status == 400


def test_orders_and_quotes_are_kept_and_a_post_by_number_edits_quietly() -> None:
    caller = london()
    row = contact(caller).first("Contacts")["ContactID"]
    line = {"Description": "x", "Quantity": 1, "UnitAmount": 5, "AccountCode": "TO-203", "TaxType": "INPUT2"}
    sent = {"Contact": {"ContactID": row}, "PurchaseOrderNumber": "PO-9", "LineItems": [line]}
    first = caller.put("PurchaseOrders", sent).first("PurchaseOrders")["PurchaseOrderID"]
    assert caller.put("PurchaseOrders", sent).messages == ["Order number must be unique"]
    assert caller.post("PurchaseOrders", sent).first("PurchaseOrders")["PurchaseOrderID"] == first
    assert caller.put("PurchaseOrders", sent | {"Contact": {"Name": "New"}}).status == 400
    caller.post(f"PurchaseOrders/{first}", {"Status": "DELETED"})
    assert caller.post(f"PurchaseOrders/{first}", {"Reference": "x"}).messages == [
        "Deleted PurchaseOrders cannot be updated"
    ]
    assert caller.put("Quotes", {"Contact": {"Name": "New"}, "LineItems": [line]}).first("Quotes")["Status"] == "DRAFT"
