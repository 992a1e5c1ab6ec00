"""The wire: JSON when asked, XML otherwise, the envelope, bodies that cannot be read, addresses that are not there."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.sandbox.quickbooks.calling import signed_in

SPACE = "{http://schema.intuit.com/finance/v3}"


@pytest.mark.parametrize("target", ["preferences?format=json", "preferences"])
def test_json_comes_to_those_who_ask_for_it(target: str) -> None:
    caller = signed_in()
    accept = "*/*" if "format" in target else "application/json"
    reply = caller.get(target, Accept=accept)
    assert set(reply.doc) == {"Preferences", "time"}
    assert re.fullmatch(r"2026-11-20T01:00:00\.\d{3}-08:00", reply.doc["time"])


def test_xml_comes_to_those_who_do_not() -> None:
    caller = signed_in()
    caller.made("Customer", {"DisplayName": "A & B"})
    found = caller.get("query?query=select * from Customer where DisplayName = 'A %26 B'".replace(" ", "+"), Accept="")
    root = ElementTree.fromstring(found.answer.body)
    assert root.tag == f"{SPACE}IntuitResponse" and root.attrib["time"]
    listed = root.find(f"{SPACE}QueryResponse")
    assert listed is not None and listed.attrib == {"startPosition": "1", "maxResults": "1"}
    assert listed.findtext(f"{SPACE}Customer/{SPACE}DisplayName") == "A & B"


@pytest.mark.parametrize("authorization", [None, ""])
def test_refusals_are_xml_too(authorization: str | None) -> None:
    caller = signed_in()
    headers = {"Accept": "text/html"} | ({} if authorization is None else {"Authorization": authorization})
    root = ElementTree.fromstring(caller.get("customer/999999", **headers).answer.body)
    error = root.find(f"{SPACE}Fault/{SPACE}Error")
    assert error is not None and error.attrib["code"] == ("610" if authorization is None else "003202")


def test_every_answer_carries_its_own_intuit_tid() -> None:
    caller = signed_in()
    replies = [caller.get("preferences"), caller.get("customer/999999"), caller.get("/nowhere"), caller.renew()]
    seen = {reply.header("intuit_tid") for reply in replies}
    assert len(seen) == 4 and None not in seen


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b'{"DisplayName": "\xff"}', "application/json", "500"),
        (b"not json", "application/json", "2010"),
        (b"[1]", "application/json", "2010"),
        (b'{"Balance": NaN}', "application/json", "2010"),
        (b"{}", "text/plain", "500"),
        (b"<Customer/>", "application/xml", "500"),
        (b'{"Id": ["1"], "SyncToken": "0"}', "application/json", "2010"),
        (b'{"Id": "1", "SyncToken": {}}', "application/json", "2010"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: bytes, kind: str, code: str) -> None:
    reply = signed_in().post("customer", body, Content_Type=kind)
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "nonsense/1", 400),
        ("GET", "customer", 400),
        ("PUT", "customer/1", 400),
        ("DELETE", "customer/1", 400),
        ("GET", "reports/ProfitAndLoss", 501),
        ("GET", "/nowhere", 501),
    ],
)
def test_an_address_that_is_not_there_is_told_apart_from_one_that_is_not_stood_in_for(
    method: str, target: str, status: int
) -> None:
    reply = signed_in().ask(method, target)
    assert reply.status == status
    assert reply.code == "500" if status == 400 else b"stand-in has no address" in reply.answer.body


def test_names_in_the_path_are_taken_in_any_case() -> None:
    caller = signed_in()
    made = caller.post("CUSTOMER", {"DisplayName": "Case"}).doc["Customer"]
    assert caller.get(f"Customer/{made['Id']}").doc["Customer"]["DisplayName"] == "Case"
    assert (
        caller.get("CompanyInfo/1").doc["CompanyInfo"] == caller.get(f"companyinfo/{caller.realm}").doc["CompanyInfo"]
    )


@pytest.mark.parametrize(("form", "element"), [("empty", ""), ("null", None), ("absent", "absent")])
def test_an_error_that_names_no_field_says_so_in_three_ways(form: str, element: str | None) -> None:
    caller = signed_in()
    caller.switches["element_form"] = form
    error = caller.get("customer/999999").doc["Fault"]["Error"][0]
    assert error.get("element", "absent") == element and error["code"] == "610"


def test_what_is_private_to_the_stand_in_never_leaves_it() -> None:
    caller = signed_in()
    made = caller.made("Customer", {"DisplayName": "Private"})
    row = caller.company.get("Customer", made["Id"])
    assert row is not None
    caller.company.put("Customer", row | {"_secret": 1, "BillAddr": {"City": "Leeds", "_deep": 2}})
    shown = caller.get(f"customer/{made['Id']}").doc["Customer"]
    assert shown["BillAddr"] == {"City": "Leeds"} and not [key for key in shown if key.startswith("_")]
    assert (shown["domain"], shown["sparse"]) == ("QBO", False)
