"""Batches, the change feed and what a request id remembers."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.sandbox.quickbooks.calling import Caller, Reply, signed_in


def customer(name: str) -> dict[str, Any]:
    return {"Customer": {"DisplayName": name}, "operation": "create"}


def send(caller: Caller, *items: dict[str, Any], query: str = "") -> Reply:
    numbered = [{"bId": str(at)} | item for at, item in enumerate(items, 1)]
    return caller.post(f"batch{query}", {"BatchItemRequest": numbered})


def by_id(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.answer
    return {item["bId"]: item for item in reply.doc["BatchItemResponse"]}


def test_each_item_is_done_or_refused_by_itself() -> None:
    caller = signed_in()
    found = by_id(
        send(
            caller,
            customer("Twice"),
            customer("Twice"),
            {"Customer": {"DisplayName": "Without operation"}},
            {"Query": "select * from Customer where DisplayName = 'Twice'"},
            {"operation": "delete", "JournalEntry": {"Id": "999999", "SyncToken": "0"}},
            {"operation": "update", "Customer": {"Id": "x", "SyncToken": "0"}},
            {"operation": "explode", "Customer": {}},
            {"customer": {"DisplayName": "Small letters"}},
            {"Nonsense": {}},
            {"bId": "10"},
            {"Query": "nonsense"},
        )
    )
    assert found["1"]["Customer"]["DisplayName"] == "Twice" and found["3"]["Customer"]["Id"]
    assert found["4"]["QueryResponse"]["Customer"][0]["Id"] == found["1"]["Customer"]["Id"]
    codes = {at: item["Fault"]["Error"][0]["code"] for at, item in found.items() if "Fault" in item}
    refused = {"2": "6240", "5": "610", "6": "2030", "7": "500", "8": "2010", "9": "2010", "10": "2020", "11": "4000"}
    assert codes == refused
    assert found["2"]["Fault"]["type"] == "ValidationFault"


def test_what_an_item_changed_before_it_was_refused_is_undone() -> None:
    caller = signed_in()
    before = caller.world.evidence("writes")["count"]
    send(caller, customer("Twice"), customer("Twice"))
    assert caller.world.evidence("writes")["count"] == before + 1
    assert caller.query("select count(*) from Customer where DisplayName = 'Twice'") == {"totalCount": 1}


def test_the_order_of_answers_is_not_promised() -> None:
    caller = signed_in()
    items = [{"Query": "select count(*) from Customer"}] * 30
    orders = {tuple(one["bId"] for one in send(caller, *items).doc["BatchItemResponse"]) for _ in range(2)}
    assert len(orders) == 2
    caller.switches["shuffle_batch"] = False
    kept = [one["bId"] for one in send(caller, *items).doc["BatchItemResponse"]]
    assert kept == [str(at) for at in range(1, 31)]


@pytest.mark.parametrize(
    ("items", "query", "code"),
    [
        ([{"bId": str(at), "Query": "select * from Customer"} for at in range(31)], "", "1040"),
        ([{"bId": "x" * 37, "Query": "select * from Customer"}], "", "2130"),
        ([{"bId": "x" * 11, "Query": "select * from Customer"}], "?requestid=r1", "2130"),
        ([{"bId": "1", "Query": "q"}, {"bId": "1", "Query": "q"}], "", "2130"),
        ([{"Query": "select * from Customer"}], "", "2020"),
        ("none", "", "2020"),
        (["none"], "", "2020"),
        ([{"bId": "1", "Query": "select * from Customer"}], f"?requestid={'x' * 37}", "2130"),
    ],
)
def test_a_batch_is_refused_as_a_whole(items: Any, query: str, code: str) -> None:
    reply = signed_in().post(f"batch{query}", {"BatchItemRequest": items})
    assert (reply.status, reply.code) == (400, code)


def test_ids_may_be_long_without_a_request_id_and_ten_characters_with_one() -> None:
    caller = signed_in()
    long = str(uuid.uuid4())
    assert by_id(caller.post("batch", {"BatchItemRequest": [{"bId": long, "Query": "select * from Term"}]}))[long]
    found = send(caller, {"bId": "x" * 10, "Query": "select * from Term"}, query="?requestid=r1")
    assert set(by_id(found)) == {"x" * 10}


def test_a_repeated_batch_writes_nothing_and_each_item_is_counted_under_its_id() -> None:
    caller = signed_in()
    first = send(caller, customer("A"), customer("B"), query="?requestid=r1")
    assert send(caller, customer("A"), customer("B"), query="?requestid=r1").answer.body == first.answer.body
    assert caller.world.evidence("writes")["by_key"] == {"r1/1": 1, "r1/2": 1}


# --- requestid ----------------------------------------------------------------------------------------------


def create(caller: Caller, name: str = "A", key: str = "k1", **query: str) -> Reply:
    more = "".join(f"&{key}={value}" for key, value in query.items())
    return caller.post(f"customer?requestid={key}{more}", {"DisplayName": name})


def test_a_repeat_gets_the_stored_answer_and_writes_nothing() -> None:
    caller = signed_in()
    first = create(caller)
    caller.world.clock.advance(3_599)
    caller.renew()
    assert create(caller, minorversion="75").answer.body == first.answer.body
    assert caller.world.evidence("writes")["by_key"] == {"k1": 1}


def test_what_is_forgotten_is_written_again() -> None:
    caller = signed_in()
    create(caller)
    caller.switches["request_id_memory_seconds"] = 30
    caller.world.clock.advance(30)
    assert create(caller).code == "6240"
    caller.world.arm("key-replay")
    assert create(caller).status == 200


def test_another_body_under_the_same_id_is_evidence() -> None:
    caller = signed_in()
    first = create(caller)
    assert create(caller, "Another").answer.body == first.answer.body
    caller.switches["request_id_conflict"] = "refuse"
    assert create(caller, "Another").code == "600"
    assert len(caller.world.evidence("conflicts")) == 2


def test_a_refusal_is_remembered_by_switch() -> None:
    caller = signed_in()
    caller.made("Customer", {"DisplayName": "Taken"})
    assert create(caller, "Taken").code == "6240"
    assert create(caller, "Free").status == 200
    caller.switches["request_id_keeps_faults"] = True
    refused = create(caller, "Taken", "k2")
    assert create(caller, "Free too", "k2").answer.body == refused.answer.body


def test_ids_belong_to_the_company() -> None:
    caller = signed_in(scenario="everywhere")
    create(caller)
    realms = [company.realm for company in caller.company.books.companies() if company.realm != caller.realm]
    other = Caller(caller.world).sign_in(company=realms[0])
    assert create(other, "Elsewhere").doc["Customer"]["DisplayName"] == "Elsewhere"


@pytest.mark.parametrize(("key", "status"), [("x" * 50, 200), ("x" * 51, 400), ("with%20space", 400), ("", 400)])
def test_the_form_of_an_id(key: str, status: int) -> None:
    reply = create(signed_in(), key=key)
    assert reply.status == status and (status == 200 or reply.code == "2130")


def test_an_id_of_a_read_is_nothing() -> None:
    caller = signed_in()
    assert caller.get("customer/1?requestid=" + "x" * 99).code != "2130"


def test_while_the_first_is_under_way_the_id_is_in_use() -> None:
    caller = signed_in()
    caller.world.arm("late-commit", seconds=60)
    create(caller)
    assert create(caller).code == "600"
    caller.world.clock.advance(60)
    assert create(caller).status == 200
    assert caller.world.evidence("writes")["by_key"] == {"k1": 1}


# --- the change feed ----------------------------------------------------------------------------------------


def feed(caller: Caller, entities: str, since: str) -> Any:
    reply = caller.get(f"cdc?entities={entities}&changedSince={since}")
    assert reply.status == 200, reply.answer
    return reply.doc["CDCResponse"][0]["QueryResponse"]


def journal(caller: Caller) -> Any:
    accounts = caller.query("select * from Account where AccountType in ('Bank', 'Other Current Asset')")["Account"]
    lines = [
        {
            "Amount": 10,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account["Id"]}},
        }
        for side, account in zip(("Debit", "Credit"), accounts, strict=False)
    ]
    return caller.made("JournalEntry", {"Line": lines, "GlobalTaxCalculation": "NotApplicable"})


def test_the_feed_has_one_element_for_each_entity_and_tells_what_was_deleted() -> None:
    caller = signed_in()
    first = journal(caller)
    caller.world.clock.advance(60)
    second = journal(caller)
    caller.post("journalentry?operation=delete", {"Id": first["Id"], "SyncToken": first["SyncToken"]})
    journals, payments = feed(caller, "JournalEntry,Payment", "2026-11-20T09:01:00Z")
    assert payments == {} and journals["maxResults"] == 2
    found = {row["Id"]: row for row in journals["JournalEntry"]}
    assert found[second["Id"]]["Line"] and found[first["Id"]]["status"] == "Deleted"
    assert set(found[first["Id"]]) == {"domain", "status", "Id", "MetaData"}
    assert feed(caller, "journalentry", "2026-11-20T09:02:00Z") == [{}]


def test_names_made_inactive_are_in_the_feed() -> None:
    caller = signed_in()
    made = caller.made("Customer", {"DisplayName": "Goes"})
    caller.world.clock.advance(60)
    caller.post("customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    (customers,) = feed(caller, "Customer", "2026-11-20T01:01:00-08:00")
    assert [(row["Id"], row["Active"]) for row in customers["Customer"]] == [(made["Id"], False)]


def test_a_moment_without_an_offset_is_the_vendors_own() -> None:
    caller = signed_in()
    made = caller.made("Customer", {"DisplayName": "Now"})
    assert made["Id"] in {row["Id"] for row in feed(caller, "Customer", "2026-11-20T01:00:00")[0]["Customer"]}
    assert feed(caller, "Customer", "2026-11-20T01:00:01") == [{}]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("entities=Customer&changedSince=2026-10-20T00:00:00Z", "2190"),
        ("entities=Customer&changedSince=yesterday", "2060"),
        ("entities=Customer", "2020"),
        ("changedSince=2026-11-20T00:00:00Z", "2020"),
        ("entities=Nonsense&changedSince=2026-11-20T00:00:00Z", "4001"),
    ],
)
def test_a_feed_is_refused(query: str, code: str) -> None:
    reply = signed_in().get(f"cdc?{query}")
    assert (reply.status, reply.code) == (400, code)


def test_a_feed_holds_a_thousand_and_not_one_more() -> None:
    caller = signed_in()
    row = caller.made("Customer", {"DisplayName": "One"})
    for at in range(1_200):
        caller.company.put("Class", row | {"Id": str(at), "Name": str(at)})
    customers, classes = feed(caller, "Customer,Class", "2026-11-20T00:00:00Z")
    assert customers["maxResults"] + classes["maxResults"] == 1_000
