"""Single records, what changed, customers, and files: each call once, exact, and judged by what it says."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.platforms.making import answering
from tests.platforms.quickbooks.making import ACCESS, JOURNAL, REALM, fault, told
from tieout.calls import Answer, Request
from tieout.core.failure import NotAllowed, OutcomeUnknown, Rejected, RemoteError, Stale, Unreachable
from tieout.platforms import CONTACT_ARCHIVED, NOT_FOUND, quickbooks
from tieout.platforms.quickbooks.records import Change

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def query_of(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def path_of(request: Request) -> str:
    return urlsplit(request.url).path.removeprefix(f"/v3/company/{REALM}/")


def sent_by(request: Request) -> Any:
    return json.loads(request.body or b"")


# --- one record -----------------------------------------------------------------------------------------------------


def test_a_record_is_made_under_its_key_with_exact_numbers_and_comes_back_whole() -> None:
    body = b'{"Invoice":{"Id":"7","SyncToken":"0","TotalAmt":1234567890123.45,"Sparkle":{"new":[1]}},"time":"now"}'
    call, asked = answering(told(body))
    amount = Decimal("1234567890123.45")
    made = quickbooks.create_record(call, ACCESS, "Invoice", {"Line": [{"Amount": amount}], "Sparkle": "in"}, "k-1")
    assert path_of(asked[0]) == "invoice" and query_of(asked[0]) == {"minorversion": "75", "requestid": "k-1"}
    assert asked[0].body == b'{"Line":[{"Amount":1234567890123.45}],"Sparkle":"in"}' and asked[0].is_write
    assert made["TotalAmt"] == amount and made["Sparkle"] == {"new": [1]}


def test_an_inexact_amount_is_our_own_mistake() -> None:
    call, asked = answering(told({}))
    for fields in ({"TotalAmt": 0.1}, {"Line": [{"Amount": 0.1}]}):
        with pytest.raises(AssertionError):
            quickbooks.create_record(call, ACCESS, "Payment", fields, "k")
    with pytest.raises(AssertionError):
        quickbooks.create_record(call, ACCESS, "Estimate", {}, "k")
    assert not asked


def test_a_change_touches_only_what_it_names() -> None:
    call, asked = answering(told({"Customer": {"Id": "7", "SyncToken": "4"}}))
    quickbooks.update_record(call, ACCESS, "Customer", "7", "3", {"DisplayName": "New"}, "k")
    assert sent_by(asked[0]) == {"DisplayName": "New", "Id": "7", "SyncToken": "3", "sparse": True}


def test_a_change_of_what_changed_meanwhile_is_stale_and_not_repeated() -> None:
    call, asked = answering(told(fault("5010", "Stale Object Error"), 400))
    with pytest.raises(Stale) as stale:
        quickbooks.update_record(call, ACCESS, "Customer", "7", "3", {}, "k")
    assert stale.value.failure.code == "stale-write-refused" and len(asked) == 1


@pytest.mark.parametrize(
    ("entity", "query"),
    [("Invoice", {"operation": "void"}), ("Payment", {"operation": "update", "include": "void"})],
)
def test_each_kind_is_voided_in_its_own_way(entity: str, query: dict[str, str]) -> None:
    call, asked = answering(told({entity: {"Id": "7", "PrivateNote": "Voided"}}))
    quickbooks.void_record(call, ACCESS, entity, "7", "3", "k")
    assert query_of(asked[0]) == {**query, "minorversion": "75", "requestid": "k"}
    assert sent_by(asked[0]) == {"Id": "7", "SyncToken": "3", "sparse": True}


def test_what_quickbooks_does_not_void_is_said_and_nothing_is_sent() -> None:
    call, asked = answering(told({}))
    with pytest.raises(Rejected):
        quickbooks.void_record(call, ACCESS, "Bill", "7", "3", "k")
    assert not asked


def test_a_record_is_read_by_its_id_and_a_missing_one_is_not_found() -> None:
    call, asked = answering(told({"Bill": {"Id": "7"}}), told(fault("610", "Object Not Found"), 400))
    assert quickbooks.read_record(call, ACCESS, "Bill", "7") == {"Id": "7"}
    assert path_of(asked[0]) == "bill/7" and asked[0].template == "/v3/company/{id}/bill/{id}"
    with pytest.raises(Rejected) as missing:
        quickbooks.read_record(call, ACCESS, "Bill", "8")
    assert missing.value.failure.code == NOT_FOUND


def test_records_are_listed_by_conditions_and_order() -> None:
    call, asked = answering(told({"QueryResponse": {"Vendor": [{"Id": "1"}]}}))
    conditions = (("DisplayName", "LIKE", "O'%"), ("Active", "IN", (True, False)))
    found = list(quickbooks.query_records(call, ACCESS, "Vendor", *conditions, order="Id"))
    assert found == [{"Id": "1"}]
    assert query_of(asked[0])["query"] == (
        "SELECT * FROM Vendor WHERE DisplayName LIKE 'O\\'%' AND Active IN (true, false) ORDERBY Id "
        "STARTPOSITION 1 MAXRESULTS 1000"
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told({"time": "now"}), OutcomeUnknown),
        (told({"Customer": []}), OutcomeUnknown),
        (told(b'{"Customer":{"Id":"7"'), OutcomeUnknown),
        (told(fault("6240", "Duplicate Name")), Rejected),
        (told(b"<html>", 502), OutcomeUnknown),
    ],
)
def test_an_answer_that_shows_no_record_leaves_the_outcome_open(answer: Answer, error: type[RemoteError]) -> None:
    call, asked = answering(answer)
    with pytest.raises(error):
        quickbooks.create_record(call, ACCESS, "Customer", {"DisplayName": "A"}, "k")
    assert len(asked) == 1


# --- what changed ---------------------------------------------------------------------------------------------------


def fed(**records: list[dict[str, Any]]) -> Answer:
    lists: list[Any] = [{name: some} if some else {} for name, some in records.items()]
    return told({"CDCResponse": [{"QueryResponse": lists}], "time": "now"})


def test_the_feed_is_asked_once_for_all_and_shows_what_was_deleted() -> None:
    call, asked = answering(
        fed(Invoice=[{"Id": "1"}, {"Id": "2", "status": "Deleted"}], Payment=[], Customer=[{"Id": "3"}])
    )
    since = NOW - timedelta(days=2)
    invoices, payments, customers = quickbooks.changed_records(
        call, ACCESS, ["Invoice", "Payment", "Customer"], since, NOW
    )
    assert query_of(asked[0]) == {
        "entities": "Invoice,Payment,Customer",
        "changedSince": "2026-11-18T12:00:00+00:00",
        "minorversion": "75",
    }
    assert invoices.changes == (
        Change("Invoice", {"Id": "1"}, False),
        Change("Invoice", {"Id": "2", "status": "Deleted"}, True),
    )
    assert payments.changes == () and len(customers.changes) == 1 and invoices.deleted_since == since
    assert len(asked) == 1


def test_a_feed_that_is_full_is_asked_about_a_shorter_time_and_the_living_are_listed() -> None:
    full = fed(Invoice=[{"Id": str(n)} for n in range(1000)])
    short = fed(Invoice=[{"Id": "1"}, {"Id": "9", "status": "Deleted"}])
    living = told({"QueryResponse": {"Invoice": [{"Id": "1"}, {"Id": "2"}, {"Id": "2"}]}})
    call, asked = answering(full, full, short, living)
    since = NOW - timedelta(days=2)
    (invoices,) = quickbooks.changed_records(call, ACCESS, ["Invoice"], since, NOW)
    assert [(each.record["Id"], each.is_deleted) for each in invoices.changes] == [
        ("1", False),
        ("2", False),
        ("9", True),
    ]
    assert invoices.deleted_since == NOW - timedelta(days=1)
    assert query_of(asked[2])["changedSince"] == "2026-11-19T12:00:00+00:00"
    assert "MetaData.LastUpdatedTime >= '2026-11-18T12:00:00+00:00'" in query_of(asked[3])["query"]


def test_an_entity_that_is_not_full_by_itself_needs_no_query() -> None:
    full = fed(Invoice=[{"Id": str(n)} for n in range(600)], Payment=[{"Id": str(n)} for n in range(400)])
    call, asked = answering(full, fed(Invoice=[{"Id": "1"}]), fed(Payment=[{"Id": "2"}]))
    since = NOW - timedelta(days=2)
    found = quickbooks.changed_records(call, ACCESS, ["Invoice", "Payment"], since, NOW)
    assert [each.deleted_since for each in found] == [since, since] and len(asked) == 3


def test_what_lies_further_back_than_the_feed_is_listed_and_says_so() -> None:
    call, asked = answering(fed(Customer=[]), told({"QueryResponse": {"Customer": [{"Id": "1"}]}}))
    (customers,) = quickbooks.changed_records(call, ACCESS, ["Customer"], NOW - timedelta(days=90), NOW)
    assert customers.deleted_since > NOW - timedelta(days=30) and len(customers.changes) == 1
    assert "Active IN (true, false)" in query_of(asked[1])["query"]


def test_a_feed_that_stays_full_ends() -> None:
    call, asked = answering(fed(Invoice=[{"Id": str(n)} for n in range(1000)]))
    with pytest.raises(Unreachable):
        quickbooks.changed_records(call, ACCESS, ["Invoice"], NOW - timedelta(days=2), NOW)
    assert len(asked) < 20


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told({"CDCResponse": [fault("4001", "bad")]}), Rejected),
        (told({"CDCResponse": [fault("6190", "ended")]}), NotAllowed),
        (told({}), Unreachable),
        (told({"CDCResponse": [{}]}), Unreachable),
        (fed(Invoice=[5]), Unreachable),  # type: ignore[list-item]
    ],
)
def test_a_feed_that_cannot_be_read_says_nothing(answer: Answer, error: type[RemoteError]) -> None:
    call, _ = answering(answer)
    with pytest.raises(error):
        quickbooks.changed_records(call, ACCESS, ["Invoice"], NOW - timedelta(days=2), NOW)


# --- customers ------------------------------------------------------------------------------------------------------


def customers(*names: str, active: bool = True) -> Answer:
    rows = [{"Id": str(n), "DisplayName": name, "Active": active} for n, name in enumerate(names, 7)]
    return told({"QueryResponse": {"Customer": rows} if rows else {}})


def test_a_customer_is_found_whatever_its_case_and_made_once_otherwise() -> None:
    call, asked = answering(customers("AMAZON.CO.UK"))
    assert quickbooks.contact(call, ACCESS, "Amazon.co.uk", "k").id == "7" and len(asked) == 1
    call, asked = answering(customers(), customers(), told({"Customer": {"Id": "9", "DisplayName": "Amazon UK"}}))
    assert quickbooks.contact(call, ACCESS, "Amazon:\tUK", "k").id == "9"
    assert sent_by(asked[2]) == {"DisplayName": "Amazon UK"} and query_of(asked[2])["requestid"] == "k"


def test_a_name_that_a_vendor_has_gets_a_suffix() -> None:
    taken, made = (
        told(fault("6240", "Duplicate Name"), 400),
        told({"Customer": {"Id": "9", "DisplayName": "A (customer)"}}),
    )
    call, asked = answering(customers(), customers(), taken, customers(), made)
    assert quickbooks.contact(call, ACCESS, "A", "k").id == "9"
    assert sent_by(asked[4]) == {"DisplayName": "A (customer)"}
    assert query_of(asked[4])["requestid"] != query_of(asked[2])["requestid"]


def test_a_customer_made_inactive_is_a_clear_error() -> None:
    call, _ = answering(customers("A", active=False))
    with pytest.raises(Rejected) as refused:
        quickbooks.contact(call, ACCESS, "A", "k")
    assert refused.value.failure.code == CONTACT_ARCHIVED


def test_a_customer_that_is_refused_for_another_reason_is_not_tried_again() -> None:
    call, asked = answering(customers(), customers(), told(fault("2040", "Invalid String"), 400))
    with pytest.raises(Rejected):
        quickbooks.contact(call, ACCESS, "A", "k")
    assert len(asked) == 3


# --- files ----------------------------------------------------------------------------------------------------------


def stored(**changes: Any) -> Answer:
    attachable = {"Id": "5", "AttachableRef": [{"EntityRef": {"type": "JournalEntry", "value": "201"}}], **changes}
    return told({"AttachableResponse": [{"Attachable": attachable}]})


def test_a_file_goes_up_in_two_parts_and_hangs_on_its_journal() -> None:
    call, asked = answering(stored())
    content = b"settlement\tbytes\x00\xff\r\n"
    quickbooks.attach(call, ACCESS, JOURNAL, "201", "../June <1>.txt", content, "p-1-attach")
    (request,) = asked
    assert path_of(request) == "upload" and query_of(request)["requestid"] == "p-1-attach"
    boundary = request.headers["Content-Type"].removeprefix("multipart/form-data; boundary=").encode()
    _, about, file, end = (request.body or b"").split(b"--" + boundary)
    assert end == b"--\r\n"
    head, _, body = about.partition(b"\r\n\r\n")
    assert b'name="file_metadata_01"' in head and b"application/json" in head
    assert json.loads(body) == {
        "AttachableRef": [{"EntityRef": {"type": "JournalEntry", "value": "201"}, "IncludeOnSend": False}],
        "FileName": "June _1_.txt",
        "ContentType": "text/plain",
    }
    head, _, body = file.partition(b"\r\n\r\n")
    assert b'name="file_content_01"; filename="June _1_.txt"' in head and body == content + b"\r\n"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (stored(AttachableRef=[]), OutcomeUnknown),
        (stored(AttachableRef=[{"EntityRef": {"value": "9"}}]), OutcomeUnknown),
        (told({"AttachableResponse": [fault("2010", "too large")]}), Rejected),
        (told({"AttachableResponse": []}), OutcomeUnknown),
        (told(b"<html>", 413), Rejected),
        (told({}), OutcomeUnknown),
    ],
)
def test_a_file_that_does_not_show_on_its_journal_is_not_taken_for_attached(
    answer: Answer, error: type[RemoteError]
) -> None:
    call, _ = answering(answer)
    with pytest.raises(error):
        quickbooks.attach(call, ACCESS, JOURNAL, "201", "a.csv", b"x", "k")


def test_the_files_on_a_journal_are_listed_by_name() -> None:
    call, asked = answering(told({"QueryResponse": {"Attachable": [{"FileName": "a.csv"}, {"Note": "only words"}]}}))
    assert quickbooks.attachments(call, ACCESS, JOURNAL, "201") == ("a.csv",)
    assert query_of(asked[0])["query"].startswith(
        "SELECT * FROM Attachable WHERE AttachableRef.EntityRef.Type = 'JournalEntry' "
        "AND AttachableRef.EntityRef.value = '201'"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("settlement-26100000101.txt", "settlement-26100000101.txt"),
        ("C:\\files\\june.txt", "june.txt"),
        ('a"b\r\nX: y.csv', "a_b__X_ y.csv"),
        ("", "file"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("Zahlung März.csv", "Zahlung März.csv"),
    ],
)
def test_a_file_name_is_made_acceptable(given: str, expected: str) -> None:
    assert quickbooks.attachable(given) == expected
