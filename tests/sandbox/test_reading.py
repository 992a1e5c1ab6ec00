"""Reading at the stand-in: filters, order, pages, moments in every form, JSON and XML."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from xero_python.accounting import models

from tests.sandbox.calling import Caller, invoice, london
from tieout.sandbox.xero import of, properties, where, wire, xml
from tieout.sandbox.xero.kinds import KINDS


@pytest.fixture
def caller() -> Caller:
    """Three invoices, a minute apart: R-0 and R-1 approved, R-2 a draft; R-1 has a reference."""
    found = london()
    for at, change in enumerate(({}, {"Reference": "settlement 7", "Date": "2026-11-12"}, {"Status": "DRAFT"})):
        found.put("Invoices", invoice(f"R-{at}", (f"{at + 1}0.00", "TO-200", "OUTPUT2"), **change))
        found.world.clock.advance(60)
    return found


def numbers(caller: Caller, query: str) -> list[str]:
    reply = caller.get(f"Invoices?{query}")
    assert reply.status == 200, reply.doc
    return [one["InvoiceNumber"] for one in reply.doc["Invoices"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Status=="DRAFT"', ["R-2"]),
        ('Status!="DRAFT"', ["R-0", "R-1"]),
        ('Type=="ACCREC" AND Status=="AUTHORISED"', ["R-0", "R-1"]),
        ('InvoiceNumber=="R-0" OR InvoiceNumber=="R-2"', ["R-0", "R-2"]),
        ('InvoiceNumber=="R-0" || InvoiceNumber=="R-2" && Status=="AUTHORISED"', ["R-0"]),
        ("Date>=DateTime(2026, 11, 11)", ["R-1"]),
        ("Date >= DateTime(2026,11,1) && Date < DateTime(2026,11,11)", ["R-0", "R-2"]),
        ("AmountDue>15", ["R-1", "R-2"]),
        ("Total==20.00", ["R-1"]),
        ("Reference!=null", ["R-1"]),
        ("Reference==null", ["R-0", "R-2"]),
        ('Reference!=null AND Reference.StartsWith("settlement")', ["R-1"]),
        ('Reference!=null AND Reference.tolower().contains("SETT")', []),
        ('InvoiceNumber.EndsWith("-2")', ["R-2"]),
        ('Contact.Name=="Amazon UK"', ["R-0", "R-1", "R-2"]),
        ('!(Status=="DRAFT")', ["R-0", "R-1"]),
        ('(Status=="DRAFT" OR Total==10) AND InvoiceNumber!="R-0"', ["R-2"]),
    ],
)
def test_where_understands_xeros_language(caller: Caller, text: str, found: list[str]) -> None:
    assert numbers(caller, f"where={quote(text)}") == found


def test_where_takes_a_guid_in_any_case(caller: Caller) -> None:
    wanted = caller.get("Invoices/R-1").first("Invoices")["InvoiceID"]
    for form in (f'InvoiceID==Guid("{wanted}")', f'InvoiceID==guid("{wanted.upper()}")', f'invoiceid=="{wanted}"'):
        assert numbers(caller, f"where={quote(form)}") == ["R-1"]


@pytest.mark.parametrize(
    "text",
    [
        "Status==",
        '(Status=="DRAFT"',
        "Date>=DateTime(2026)",
        "Date>=DateTime(2026,13,1)",
        'Date>=DateTime("soon")',
        'Reference.Contains("x")',
        'Reference=="x"',
        'Status=="DRAFT" OR reference.ToLower()=="x"',
        'Contact.Name=="Reference!=null" AND Reference=="x"',
        "Status~1",
        "Date>5",
        'Foo=="x"',
        'Contact.Foo=="x"',
        '_app=="x"',
        'Foo.Contains("x")',
        'Total=="abc"',
        'Total.Contains("1")',
        "Status==1",
        'Date>="2026-11-01"',
        "Status",
        "Contact==1",
        "InvoiceNumber.Contains()",
        'InvoiceID==guid("zz")',
        "InvoiceID==guid(7)",
    ],
)
def test_a_filter_that_cannot_be_read_is_a_query_parse_exception(caller: Caller, text: str) -> None:
    reply = caller.get(f"Invoices?where={quote(text)}")
    assert (reply.status, reply.doc["ErrorNumber"], reply.doc["Type"]) == (400, 16, "QueryParseException")
    assert "Decimal(" not in reply.doc["Message"] and len(reply.doc["Message"]) > 10


@pytest.mark.parametrize(
    "query", ["order=Foo", "order=Contact", "order=_app", "IDs=zzz", "IDs={0},zzz", "ContactIDs=7"]
)
def test_an_order_or_an_id_that_is_none_is_a_query_parse_exception(caller: Caller, query: str) -> None:
    row = caller.get("Invoices/R-1").first("Invoices")
    reply = caller.get(f"Invoices?{query.format(row['InvoiceID'])}")
    assert (reply.status, reply.doc["Type"]) == (400, "QueryParseException")


def test_every_property_that_an_answer_shows_can_be_filtered_and_what_is_plain_can_be_sorted_by() -> None:
    caller = london()
    of(caller.world).switches.update(minute_limit=10**9)
    caller.put("Invoices", invoice("R-1", Reference="x"))
    for key in ("Invoices", "Contacts", "Accounts", "TaxRates", "Currencies", "BrandingThemes"):
        shown = caller.get(f"{key}?page=1").first(key)
        for name in shown.keys() - {"DateString", "DueDateString"}:
            assert caller.get(f"{key}?where={quote(name + '!=null')}").status == 200, name
            if not isinstance(shown[name], dict | list):
                assert caller.get(f"{key}?order={name}").status == 200, name


def test_the_table_of_properties_is_that_of_the_published_clients() -> None:
    for model, known in properties.models().items():
        theirs = getattr(models, model)
        assert known.keys() == {name.lower() for name in theirs.attribute_map.values()}, model
    assert {kind.one for kind in KINDS.values()} <= properties.models().keys()


def test_the_filter_is_parsed_to_the_end() -> None:
    with pytest.raises(where.BadQuery):
        where.parse('Status=="DRAFT" Status')


def test_order_and_its_default(caller: Caller) -> None:
    assert numbers(caller, "order=InvoiceNumber%20DESC") == ["R-2", "R-1", "R-0"]
    assert numbers(caller, "order=Total") == ["R-0", "R-1", "R-2"]
    caller.post("Invoices/R-0", {"Reference": "later"})
    assert numbers(caller, "page=1") == ["R-1", "R-2", "R-0"]
    assert caller.get("Invoices?order=Total%20SIDEWAYS").doc["Type"] == "QueryParseException"


def test_list_parameters(caller: Caller) -> None:
    row = caller.get("Invoices/R-1").first("Invoices")
    bare = row["InvoiceID"].replace("-", "")
    assert numbers(caller, f"IDs={bare}") == ["R-1"]
    assert numbers(caller, "InvoiceNumbers=R-0,R-2,R-9") == ["R-0", "R-2"]
    assert numbers(caller, f"ContactIDs={row['Contact']['ContactID']}&Statuses=DRAFT,VOIDED") == ["R-2"]
    assert numbers(caller, "SEARCHTERM=SettleMENT") == ["R-1"]
    assert numbers(caller, "createdByMyApp=True") == ["R-0", "R-1", "R-2"]
    assert numbers(caller, "page_size=1&nonsense=2") == ["R-0", "R-1", "R-2"]


@pytest.mark.parametrize(
    "form",
    [
        "2026-11-20T09:01:00",
        "2026-11-20T09:01:00Z",
        "2026-11-20T09:01:00.000Z",
        "2026-11-20T09:01:00+00:00",
        "2026-11-20T09:01:00.000000+00:00",
        "2026-11-20T10:01:00+01:00",
        "Fri, 20 Nov 2026 09:01:00 GMT",
        '"2026-11-20T09:01:00"',
    ],
)
def test_if_modified_since_in_every_form_that_clients_send(caller: Caller, form: str) -> None:
    reply = caller.get("Invoices", If_Modified_Since=form)
    assert [one["InvoiceNumber"] for one in reply.doc["Invoices"]] == ["R-1", "R-2"]


def test_pages_are_full_until_the_last_and_count_everything(caller: Caller) -> None:
    reply = caller.get("Invoices?page=2&pageSize=2")
    assert [one["InvoiceNumber"] for one in reply.doc["Invoices"]] == ["R-2"]
    assert reply.doc["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 2, "itemCount": 3}
    assert caller.get("Invoices?page=1&pageSize=9000").doc["pagination"]["pageSize"] == 1000
    assert caller.get("Invoices?page=1&where=Total==1").doc["pagination"] == {
        "page": 1,
        "pageSize": 100,
        "pageCount": 0,
        "itemCount": 0,
    }


def test_lines_come_with_a_page_or_a_single_invoice_only(caller: Caller) -> None:
    assert caller.get("Invoices").first("Invoices")["LineItems"] == []
    assert caller.get("Invoices?summaryOnly=true").first("Invoices")["LineItems"] == []
    assert caller.get("Invoices?page=1").first("Invoices")["LineItems"]
    assert caller.get("Invoices/R-0").first("Invoices")["LineItems"]


def test_journals_with_an_order_come_unpaged(caller: Caller) -> None:
    for at in range(3):
        lines = [{"LineAmount": at + 1, "AccountCode": "400"}, {"LineAmount": -at - 1, "AccountCode": "404"}]
        assert caller.put("ManualJournals", {"Narration": f"J{at}", "JournalLines": lines}).status == 200
    asked = "ManualJournals?page=1&pageSize=2&order=Narration%20DESC"
    assert [one["Narration"] for one in caller.get(asked).doc["ManualJournals"]] == ["J2", "J1", "J0"]
    of(caller.world).switches["journals_order_unpaged"] = False
    assert len(caller.get(asked).doc["ManualJournals"]) == 2


def test_paths_are_read_in_any_case_with_a_slash_at_the_end_and_in_the_plural(caller: Caller) -> None:
    for path in ("organisation", "Organisations", "ORGANISATION/", "invoices/r-0", "Invoices/R-0/history"):
        assert caller.get(path).status == 200, path


def test_every_list_that_a_full_sync_touches_is_there(caller: Caller) -> None:
    for path in "RepeatingInvoices LinkedTransactions Employees ExpenseClaims Receipts BatchPayments Quotes".split():
        assert caller.get(path).doc[path] == []


def test_dates_come_in_xeros_forms_and_nothing_is_null(caller: Caller) -> None:
    body = caller.get("Invoices/R-0").answer.body
    assert b'"Date":"\\/Date(1794268800000+0000)\\/"' in body and b'"DateString":"2026-11-10T00:00:00"' in body
    assert b'"UpdatedDateUTCString":"2026-11-20T09:00:00Z"' in body and b"null" not in body


@pytest.mark.parametrize(
    "form",
    [
        "2026-11-10",
        "2026-11-10T00:00:00",
        "2026-11-10T00:00:00Z",
        "/Date(1794268800000)/",
        "/Date(1794268800000+0000)/",
    ],
)
def test_dates_go_in_in_every_form(form: str) -> None:
    assert wire.read_date(form).isoformat() == "2026-11-10"
    assert london().put("Invoices", invoice(Date=form)).first("Invoices")["DateString"] == "2026-11-10T00:00:00"


def test_xml_comes_when_json_is_not_asked_for(caller: Caller) -> None:
    answer = caller.get("Invoices/R-0", Accept="*/*").answer
    root = ElementTree.fromstring(answer.body)
    assert answer.content_type == "text/xml; charset=utf-8" and root.tag == "Response"
    assert root.findtext("Status") == "OK" and root.findtext("Invoices/Invoice/Total") == "10.00"
    assert root.findtext("Invoices/Invoice/Date") == "2026-11-10T00:00:00"


def test_a_body_may_be_xml_and_the_answer_json() -> None:
    caller = london()
    one = """<Invoice><Type>ACCREC</Type><Contact><Name>Etsy</Name></Contact><Date>2026-11-10</Date>
    <DueDate>2026-11-10T00:00:00</DueDate><LineAmountTypes>NoTax</LineAmountTypes><Status>AUTHORISED</Status><LineItems>
    <LineItem><Description>x</Description><UnitAmount>12.50</UnitAmount><AccountCode>TO-200</AccountCode></LineItem>
    </LineItems></Invoice>"""
    for body in (one, f"<Invoices>{one}{one}</Invoices>"):
        reply = caller.put("Invoices", body, Content_Type="application/xml")
        assert {one["Total"] for one in reply.doc["Invoices"]} == {Decimal("12.50")}
    assert len(caller.get("Invoices").doc["Invoices"]) == 3


def test_errors_are_xml_too_with_the_general_message_first() -> None:
    answer = london().put("Invoices", invoice(Status="PAID"), Accept="text/xml").answer
    messages = [one.text for one in ElementTree.fromstring(answer.body).iter("Message")]
    assert messages == ["A validation exception occurred", "Invoice not of valid status for creation"]
    assert b'type="Invoice"' in answer.body


@pytest.mark.parametrize(
    ("body", "content_type", "status", "number"),
    [
        ("{", "application/json", 400, 14),
        ('{"Invoices":[{"Total":NaN}]}', "application/json", 400, 14),
        ("<Invoices><Invoice>", "application/xml", 400, 14),
        ('<!DOCTYPE x [<!ENTITY a "b">]><Invoice>&a;</Invoice>', "application/xml", 400, 14),
        ("", "application/json", 400, 17),
        ('{"Invoices":[]}', "application/json", 400, 17),
        ("[1]", "application/json", 400, 17),
        ("a=b", "application/x-www-form-urlencoded", 415, None),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_by_kind(
    body: str, content_type: str, status: int, number: int | None
) -> None:
    reply = london().put("Invoices", body, Content_Type=content_type)
    assert reply.status == status
    if number is not None:
        assert reply.doc["ErrorNumber"] == number and reply.doc["Message"]


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (b'{"Invoices":[', "application/json", "Unexpected end when reading JSON. Line 1, position 14."),
        (b'{\n "a" 1}', "application/json", "character encountered while parsing value: 1. Line 2, position 6."),
        (b'{"a":"\xff"}', "application/json", "Unable to translate bytes at index 6"),
        (b'{"a":' + b"9" * 5000 + b"}", "application/json", "A value in the body cannot be read."),
        (b"[" * 200_000, "application/json", "MaxDepth"),
        (b"<Invoices><Invoice>", "text/xml", "There is an error in XML document (1, 20)."),
        (b'<?xml version="1.0" encoding="odd"?><Invoice/>', "text/xml", "A value in the body cannot be read."),
        (b'{"Invoices":[{"Total":{"a":[1,null]}}]}', "application/json", "value: {. Path 'Invoices[0].Total'."),
    ],
)
def test_a_body_that_cannot_be_read_is_told_in_no_words_of_python(body: bytes, content_type: str, told: str) -> None:
    doc = london().put("Invoices", body, Content_Type=content_type).doc
    assert (doc["Type"], told in doc["Message"]) == ("PostDataInvalidException", True), doc["Message"]
    assert not any(word in doc["Message"] for word in ("Expecting", "codec", "char 1", "Decimal(", "None", "digits"))


def test_a_bare_object_a_bare_list_and_an_envelope_are_all_read() -> None:
    caller = london()
    for at, body in enumerate(
        (invoice("F-0"), [invoice("F-1")], {"invoices": [invoice("F-2")]}, {"Invoice": invoice("F-3")})
    ):
        assert caller.put("Invoices", body).first("Invoices")["InvoiceNumber"] == f"F-{at}"


def test_xml_and_json_hold_the_same(caller: Caller) -> None:
    whole = caller.get("Invoices/R-1", Accept="text/xml").answer.body
    read = xml.read(ElementTree.tostring(ElementTree.fromstring(whole).find("Invoices")))  # type: ignore[arg-type]
    assert read["Invoices"][0]["LineItems"][0]["LineAmount"] == "20.00"
    assert read["Invoices"][0]["Contact"]["Phones"] == [
        {"PhoneType": one} for one in ("DDI", "DEFAULT", "FAX", "MOBILE")
    ]
