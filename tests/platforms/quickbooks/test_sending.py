"""Journals in batches: every item is judged by itself, and what is no clear yes is unclear."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.platforms.making import answering
from tests.platforms.quickbooks.making import ACCESS, JOURNAL, KNOWN, REALM, fault, journal, saved, sent_journals, told
from tieout.calls import Answer
from tieout.core.failure import Busy, Disconnected, FailureKind, OutcomeUnknown, Rejected, RemoteError, Unreachable
from tieout.core.money import Money
from tieout.platforms import NUMBER_TAKEN, Element, quickbooks
from tieout.platforms.quickbooks import company

KEY = "0f9e8d7c-0000-4000-8000-000000000001"


def body_of(*numbers: str) -> bytes:
    return quickbooks.to_wire([journal(number=number) for number in numbers], KNOWN, quickbooks.APPROVED)


def accepted(body: bytes) -> list[dict[str, Any]]:
    return [
        {"bId": str(place), "JournalEntry": saved(wire, f"20{place}")}
        for place, wire in enumerate(sent_journals(body), 1)
    ]


def sent(answer: Answer, *numbers: str) -> tuple[Element, ...]:
    call, _ = answering(answer)
    return quickbooks.send(call, ACCESS, JOURNAL, body_of(*numbers), KEY)


def batch(items: Any) -> Answer:
    return told({"BatchItemResponse": items, "time": "2026-07-01T00:00:00-07:00"})


def test_a_batch_goes_once_with_its_key_its_version_and_its_bytes() -> None:
    body = body_of("A", "B")
    call, asked = answering(batch(accepted(body)))
    elements = quickbooks.send(call, ACCESS, JOURNAL, body, KEY)
    (request,) = asked
    assert request.method == "POST" and request.body == body and request.is_write
    assert urlsplit(request.url).path == f"/v3/company/{REALM}/batch" and request.template == "/v3/company/{id}/batch"
    assert parse_qs(urlsplit(request.url).query) == {"minorversion": ["75"], "requestid": [KEY]}
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Authorization"] == "Bearer access-token"
    assert [(each.number, each.document and each.document.id) for each in elements] == [("A", "201"), ("B", "202")]
    assert not any(each.is_altered or each.failure for each in elements)


def test_the_order_of_an_answer_counts_for_nothing_and_a_missing_item_is_not_spoken_of() -> None:
    items = accepted(body_of("A", "B", "C"))
    elements = sent(batch([items[2], items[0]]), "A", "B", "C")
    assert {each.number: each.document and each.document.id for each in elements} == {"A": "201", "C": "203"}


def test_each_item_may_be_refused_by_itself_in_either_shape() -> None:
    items = accepted(body_of("A", "B", "C"))
    small = {"fault": {"error": [{"message": "closed", "code": 6210}], "type": "ValidationFault"}}
    items[1:] = [{"bId": "2", **fault("6140", "DocNumber=B is assigned")}, {"bId": "3", **small}]
    first, taken, closed = sent(batch(items), "A", "B", "C")
    assert first.document is not None and taken.document is None
    assert taken.failure is not None and (taken.number, taken.failure.code) == ("B", NUMBER_TAKEN)
    assert taken.failure.correlation_id == "1-abc" and taken.failure.kind is FailureKind.REJECTED
    assert closed.failure is not None and closed.failure.code == "period-locked"


def bent(item: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"bId": item["bId"], "JournalEntry": item["JournalEntry"] | changes}


BENT: dict[str, Any] = {
    "no id": lambda item: bent(item, Id=""),
    "null id": lambda item: bent(item, Id=None),
    "a fault and a journal": lambda item: item | fault("6140", "dup"),
    "neither": lambda item: {"bId": item["bId"]},
    "another record": lambda item: {"bId": item["bId"], "Invoice": {"Id": "5"}},
    "no date": lambda item: bent(item, TxnDate=""),
    "an amount that is none": lambda item: bent(item, Line=[{"Amount": "many"}]),
    "their own fault": lambda item: {"bId": item["bId"], **fault("10000", "oops")},
}


@pytest.mark.parametrize("how", BENT)
def test_what_is_no_clear_yes_is_unclear_and_never_done(how: str) -> None:
    (element,) = sent(batch([BENT[how](accepted(body_of("A"))[0])]), "A")
    assert element.document is None and element.failure is not None
    assert element.failure.kind is FailureKind.OUTCOME_UNKNOWN and element.number == "A"


@pytest.mark.parametrize("changes", [{"DocNumber": "OTHER"}, {"CurrencyRef": {"value": "USD"}}, {"DocNumber": None}])
def test_what_was_saved_otherwise_than_sent_is_no_success(changes: dict[str, Any]) -> None:
    (element,) = sent(batch([bent(accepted(body_of("A"))[0], **changes)]), "A")
    assert element.number == "A" and element.is_altered and element.warnings


def test_items_of_nobody_count_for_nobody() -> None:
    item = accepted(body_of("A"))[0]
    elements = sent(batch([item | {"bId": "9"}, {"JournalEntry": {"Id": "7"}}, 5]), "A")
    assert [each.number for each in elements] == [None, None, None]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(fault("6190", "Subscription ended")), RemoteError),  # a fault inside a 200
        (told({"fault": {"error": [{"code": "3200"}]}}, 401), Disconnected),
        (told(b"", 429), Busy),
        (told(b"<html>Bad Gateway</html>", 502), OutcomeUnknown),
        (told(b"<html>Sign in</html>"), OutcomeUnknown),
        (told(b""), OutcomeUnknown),
        (told(b'{"BatchItemResponse":[{"bId":"1","Journ'), OutcomeUnknown),
        (told({}), OutcomeUnknown),
        (told({"BatchItemResponse": {}}), OutcomeUnknown),
        (told([]), OutcomeUnknown),
    ],
)
def test_an_answer_that_concerns_all_is_raised(answer: Answer, error: type[RemoteError]) -> None:
    with pytest.raises(error) as raised:
        sent(answer, "A")
    assert raised.value.failure.sentence and raised.value.failure.correlation_id == "1-abc"


def test_a_key_that_intuit_would_refuse_is_made_fit_and_stays_the_same() -> None:
    asked = []
    for _ in range(2):
        call, requests = answering(batch([]))
        quickbooks.send(call, ACCESS, JOURNAL, body_of("A"), "a key: " + "x" * 60)
        asked += parse_qs(urlsplit(requests[0].url).query)["requestid"]
    assert asked[0] == asked[1] and len(asked[0]) == 36


# --- looking --------------------------------------------------------------------------------------------------------


def listed(*journals: dict[str, Any]) -> Answer:
    return told({"QueryResponse": {"JournalEntry": list(journals)} if journals else {}, "time": "now"})


def query_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["query"][0]


def test_numbers_are_asked_for_together_and_quotes_are_escaped() -> None:
    (wire,) = sent_journals(body_of("IT'S\\1"))
    call, asked = answering(listed(saved(wire), saved(wire, "202", DocNumber="other")))
    (found,) = quickbooks.find(call, ACCESS, JOURNAL, ["IT'S\\1", "TO-2", "TO-2"])
    assert query_of(asked[0].url) == (
        "SELECT * FROM JournalEntry WHERE DocNumber IN ('IT\\'S\\\\1', 'TO-2') STARTPOSITION 1 MAXRESULTS 1000"
    )
    assert not asked[0].is_write and found.id == "201"
    assert (found.total, found.status, found.kind) == (Money(1234, "GBP"), "POSTED", JOURNAL)


def test_nothing_found_is_an_empty_response_without_the_key() -> None:
    call, asked = answering(listed())
    assert quickbooks.find(call, ACCESS, JOURNAL, ["A"]) == () and len(asked) == 1


def test_pages_that_repeat_a_row_show_it_once_and_endless_pages_end() -> None:
    (wire,) = sent_journals(body_of("A"))
    full = listed(*[saved(wire, str(n)) for n in range(1000)])
    call, asked = answering(full, listed(saved(wire, "999"), saved(wire, "1000")))
    assert len(quickbooks.find(call, ACCESS, JOURNAL, ["A"])) == 1001 and len(asked) == 2
    assert "STARTPOSITION 1001 MAXRESULTS 1000" in query_of(asked[1].url)
    call, asked = answering(told({"QueryResponse": {"Customer": [{"Id": str(n)} for n in range(1000)]}}))
    with pytest.raises(Unreachable):
        list(quickbooks.query_records(call, ACCESS, "Customer"))
    assert len(asked) == 100


def test_many_numbers_are_asked_for_in_as_few_calls_as_addresses_allow() -> None:
    call, asked = answering(listed())
    quickbooks.find(call, ACCESS, JOURNAL, [f"TO-00101-K7QXM-{n}-v1" for n in range(100)])
    assert len(asked) == 1 and len(asked[0].url) < 8000
    quickbooks.find(call, ACCESS, JOURNAL, [f"TO-00101-K7QXM-{n}-v1" for n in range(1000)])
    assert 2 < len(asked) < 12 and all(len(each.url) < 16000 for each in asked)


def test_the_home_currency_is_asked_for_once_where_journals_leave_it_out() -> None:
    (wire,) = sent_journals(body_of("A"))
    bare = saved(wire)
    del bare["CurrencyRef"]
    preferences = told({"Preferences": {"CurrencyPrefs": {"HomeCurrency": {"value": "GBP"}}}})
    company._homes.clear()
    call, asked = answering(listed(bare), preferences, listed(bare))
    for _ in range(2):
        (found,) = quickbooks.find(call, ACCESS, JOURNAL, ["A"])
        assert found.currency == "GBP"
    assert [each.template.rpartition("/")[2] for each in asked] == ["query", "preferences", "query"]


@pytest.mark.parametrize(
    "answer",
    [
        listed({"Id": "1", "DocNumber": "A", "TxnDate": "soon", "CurrencyRef": {"value": "GBP"}}),
        told({"QueryResponse": []}),
        told({"QueryResponse": {"JournalEntry": {}}}),
        told({"QueryResponse": {"JournalEntry": [5]}}),
        told(b"<html>", 200),
        told(b"", 503),
    ],
)
def test_a_look_that_cannot_be_read_has_failed(answer: Answer) -> None:
    call, _ = answering(answer)
    with pytest.raises(Unreachable):
        quickbooks.find(call, ACCESS, JOURNAL, ["A"])


def test_a_fault_inside_a_look_is_a_fault() -> None:
    call, _ = answering(told(fault("4000", "Error parsing query")))
    with pytest.raises(Rejected):
        quickbooks.find(call, ACCESS, JOURNAL, ["A"])


def test_links_lead_into_the_right_company() -> None:
    link = quickbooks.link(KNOWN.books, JOURNAL, "201")
    assert link == f"https://qbo.intuit.com/app/login?pagereq=journal%3FtxnId%3D201&deeplinkcompanyid={REALM}"


def test_documents_have_no_notes_here() -> None:
    call, asked = answering(told({}))
    assert quickbooks.notes(call, ACCESS, JOURNAL, "201") == () and not asked
    assert quickbooks.FOLLOWUPS == ("attach",)
    with pytest.raises(AssertionError):
        quickbooks.note(call, ACCESS, JOURNAL, "201", "text", "k")


def test_the_bodies_for_people_keep_every_digit() -> None:
    assert json.loads(body_of("A"))["BatchItemRequest"][0]["operation"] == "create"
