"""Writes by their verbs, and papers: uploads in every form clients send, PDFs, sending by mail."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sandbox.quickbooks.calling import Caller, Reply, signed_in
from tieout.sandbox import Request


def an_invoice(caller: Caller, **more: Any) -> Any:
    item = caller.query("select * from Item where Name = 'Goods'")["Item"][0]
    who = caller.query("select * from Customer")["Customer"][0]
    code = caller.query("select * from TaxCode")["TaxCode"][0]
    detail = {"ItemRef": {"value": item["Id"]}, "TaxCodeRef": {"value": code["Id"]}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 100, "SalesItemLineDetail": detail}
    body = {"CustomerRef": {"value": who["Id"]}, "Line": [line], "GlobalTaxCalculation": "TaxExcluded"}
    return caller.made("Invoice", body | more)


def test_a_full_update_clears_what_is_left_out_and_a_sparse_one_keeps_it() -> None:
    caller = signed_in()
    made = caller.made("Customer", {"DisplayName": "Full", "CompanyName": "Full Ltd", "Notes": "a note"})
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "another"}
    sparse = caller.post("customer?operation=update", body).doc["Customer"]
    assert (sparse["CompanyName"], sparse["Notes"], sparse["SyncToken"]) == ("Full Ltd", "another", "1")
    full = caller.post("customer", {"Id": made["Id"], "SyncToken": 1, "DisplayName": "Full"}).doc["Customer"]
    assert "CompanyName" not in full and "Notes" not in full
    assert caller.post("customer", body).code == "5010"


def test_a_deletion_answers_with_the_status_alone() -> None:
    caller = signed_in()
    made = an_invoice(caller)
    gone = caller.post("invoice?operation=delete", {"Id": made["Id"], "SyncToken": made["SyncToken"]}).doc
    assert gone["Invoice"] == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]} and gone["time"]
    assert caller.get(f"invoice/{made['Id']}").code == "610"
    assert caller.post("customer?operation=delete", {"Id": "1", "SyncToken": "0"}).code == "500"


@pytest.mark.parametrize(
    ("form", "query", "status"),
    [
        ("both", "operation=void", 200),
        ("both", "operation=update&include=void", 200),
        ("operation", "operation=void", 200),
        ("operation", "operation=update&include=void", 400),
        ("include", "operation=void", 400),
        ("include", "operation=update&include=void", 200),
    ],
)
def test_both_ways_to_void_by_switch(form: str, query: str, status: int) -> None:
    caller = signed_in()
    caller.switches["void_form"] = form
    made = an_invoice(caller)
    reply = caller.post(f"invoice?{query}", {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True})
    assert reply.status == status and (status == 400 or reply.doc["Invoice"]["TotalAmt"] == 0)


def test_an_operation_that_is_none_is_refused() -> None:
    assert signed_in().post("customer?operation=explode", {"DisplayName": "A"}).code == "500"


def test_a_number_may_be_taken_twice_when_the_client_says_so() -> None:
    caller = signed_in()
    caller.company.set(warn_duplicate_numbers=True, custom_numbers=True)
    an_invoice(caller, DocNumber="N-1")
    again = {key: an_invoice(caller)[key] for key in ("CustomerRef", "Line", "GlobalTaxCalculation")}
    lines = [line for line in again["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    body = again | {"Line": lines, "DocNumber": "N-1"}
    refused = caller.post("invoice", body)
    assert refused.code == "6140" and "DocNumber=N-1 is assigned to TxnType=Invoice" in refused.detail
    assert caller.post("invoice?include=allowduplicatedocnum", body).status == 200


def test_a_tax_code_is_made_under_its_own_address() -> None:
    caller = signed_in()
    agency = caller.query("select * from TaxAgency")["TaxAgency"][0]["Id"]
    rate = {"TaxRateName": "New rate", "RateValue": 12, "TaxAgencyId": agency, "TaxApplicableOn": "Sales"}
    reply = caller.post("taxservice/taxcode", {"TaxCode": "New code", "TaxRateDetails": [rate]})
    assert reply.status == 200 and reply.doc["TaxCodeId"] and reply.doc["TaxCode"] == "New code"


def test_an_exchange_rate_needs_its_currency() -> None:
    caller = signed_in()
    told = caller.get("exchangerate?sourcecurrencycode=USD&asofdate=2026-07-30").doc["ExchangeRate"]
    assert (told["SourceCurrencyCode"], told["AsOfDate"]) == ("USD", "2026-07-30") and told["Rate"] > 0
    assert caller.get("exchangerate").code == "2020"


# --- uploads ------------------------------------------------------------------------------------------------


def upload(caller: Caller, body: bytes, boundary: str = "xyz", key: str = "") -> Reply:
    kind = f"multipart/form-data; boundary={boundary}"
    return caller.post("upload" + (f"?requestid={key}" if key else ""), body, Content_Type=kind)


def form(*parts: tuple[str, str, str, bytes], end: str = "\r\n") -> bytes:
    whole = b""
    for name, disposition, more, content in parts:
        head = f'--xyz{end}Content-Disposition: form-data; name="{name}"{disposition}{end}{more}{end}{end}'
        whole += head.encode() + content + end.encode()
    return whole + f"--xyz--{end}".encode()


def fetched(caller: Caller, attachable: Any) -> bytes:
    where = caller.get(f"download/{attachable['Id']}").answer.body.decode()
    assert where == attachable["TempDownloadUri"]
    return caller.world.answer(Request.of("GET", where.removeprefix("http://localhost"))).body


def test_a_file_with_its_metadata_becomes_an_attachable_of_a_document() -> None:
    caller = signed_in()
    made = an_invoice(caller)
    told = {
        "FileName": "statement.txt",
        "ContentType": "text/plain",
        "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": made["Id"]}, "IncludeOnSend": False}],
    }
    content = b"settlement-id\t1\r\n\x00\xff--xy\r\n"
    body = form(
        ("file_metadata_01", '; filename="m.json"', "Content-Type: application/json", json.dumps(told).encode()),
        ("file_content_01", '; filename="statement.txt"', "Content-Type: text/plain", content),
    )
    attachable = upload(caller, body).doc["AttachableResponse"][0]["Attachable"]
    assert (attachable["FileName"], attachable["Size"]) == ("statement.txt", len(content))
    assert attachable["AttachableRef"][0]["EntityRef"]["value"] == made["Id"]
    assert fetched(caller, attachable) == content
    assert caller.query("select * from Attachable where FileName = 'statement.txt'")["maxResults"] == 1


def test_a_file_alone_is_linked_by_a_second_call() -> None:
    caller = signed_in()
    body = form(("file_content_01", '; filename="a.csv"', "Content-Type: text/csv", b"a,b"))
    attachable = upload(caller, body).doc["AttachableResponse"][0]["Attachable"]
    made = an_invoice(caller)
    link = {"EntityRef": {"type": "Invoice", "value": made["Id"]}}
    change = {"Id": attachable["Id"], "SyncToken": "0", "AttachableRef": [link], "FileName": "a.csv", "sparse": True}
    linked = caller.post("attachable?operation=update", change).doc["Attachable"]
    assert linked["AttachableRef"][0]["EntityRef"]["value"] == made["Id"]
    assert fetched(caller, attachable) == b"a,b"


def test_a_part_in_base64_with_bare_line_feeds_is_read() -> None:
    caller = signed_in()
    content = base64.b64encode(b"\x00\x01bytes")
    more = "Content-Type: text/plain\nContent-Transfer-Encoding: base64"
    told = b'{"FileName": "b.txt", "ContentType": "text/plain"}\n'
    body = b"\n" + form(
        ("file_metadata_01", "", "Content-Type: application/json", told),
        ("file_content_01", "", more, content + b"\n"),
        end="\n",
    )
    attachable = upload(caller, body).doc["AttachableResponse"][0]["Attachable"]
    assert attachable["FileName"] == "b.txt" and fetched(caller, attachable) == b"\x00\x01bytes"


def test_several_files_are_several_answers_each_by_itself() -> None:
    caller = signed_in()
    body = form(
        ("file_content_01", '; filename="a.txt"', "Content-Type: text/plain", b"a"),
        ("file_metadata_02", "", "Content-Type: application/json", b"not json"),
        ("file_content_02", '; filename="b.txt"', "Content-Type: text/plain", b"b"),
    )
    first, second = upload(caller, body).doc["AttachableResponse"]
    assert first["Attachable"]["FileName"] == "a.txt" and second["Fault"]["Error"][0]["code"] == "2010"


def test_a_repeated_upload_is_stored_once() -> None:
    caller = signed_in()
    body = form(("file_content_01", '; filename="a.txt"', "Content-Type: text/plain", b"a"))
    assert upload(caller, body, key="u1").answer.body == upload(caller, body, key="u1").answer.body
    assert caller.query("select count(*) from Attachable") == {"totalCount": 1}


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("application/json", b"{}", "500"),
        ("multipart/form-data", b"--x", "500"),
        ("multipart/form-data; boundary=xyz", b"", "2020"),
        ("multipart/form-data; boundary=xyz", form(("other", "", "Content-Type: text/plain", b"a")), "2020"),
    ],
)
def test_a_form_that_is_none_is_refused(kind: str, body: bytes, code: str) -> None:
    reply = signed_in().post("upload", body, Content_Type=kind)
    assert (reply.status, reply.code) == (400, code)


def test_a_file_is_had_by_its_address_alone() -> None:
    caller = signed_in()
    body = form(("file_content_01", '; filename="a.txt"', "Content-Type: text/plain", b"a"))
    attachable = upload(caller, body).doc["AttachableResponse"][0]["Attachable"]
    guessed = caller.world.answer(Request.of("GET", f"/download/{caller.realm}/{attachable['Id']}?key=guess"))
    assert guessed.status == 404


# --- PDF and mail -------------------------------------------------------------------------------------------


def test_a_document_is_had_as_pdf_when_that_is_asked_for() -> None:
    caller = signed_in()
    made = an_invoice(caller, DocNumber="P-1")
    answer = caller.get(f"invoice/{made['Id']}/pdf", Accept="application/pdf").answer
    assert answer.content_type == "application/pdf"
    assert answer.body.startswith(b"%PDF-1.4") and b"P-1" in answer.body and answer.body.endswith(b"%%EOF\n")
    assert caller.get(f"invoice/{made['Id']}/pdf").code == "500"
    assert caller.get("invoice/999999/pdf", Accept="application/pdf").status == 400


def test_sending_marks_the_document_and_the_sandbox_sends_forty_a_day() -> None:
    caller = signed_in()
    made = an_invoice(caller)
    target = f"invoice/{made['Id']}/send?sendTo=someone%40example.com"
    sent = caller.ask("POST", target, b"", Content_Type="application/octet-stream").doc["Invoice"]
    assert (sent["EmailStatus"], sent["BillEmail"]["Address"]) == ("EmailSent", "someone@example.com")
    assert sent["DeliveryInfo"]["DeliveryType"] == "Email" and sent["SyncToken"] == "1"
    caller.switches["mails_per_day"] = 1
    assert caller.ask("POST", target, b"").status == 429
    assert caller.ask("POST", f"invoice/{made['Id']}/send?sendTo=nobody", b"").code == "2210"
