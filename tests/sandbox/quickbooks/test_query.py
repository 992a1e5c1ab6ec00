"""The query language: what it reads, what it finds, and what it refuses."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.sandbox.quickbooks.calling import Caller, signed_in
from tests.sandbox.quickbooks.test_papers import an_invoice


@pytest.fixture
def caller() -> Caller:
    found = signed_in()
    for name in ("Anna's Shop", "Bella", "Carla & Co"):
        found.made("Customer", {"DisplayName": name})
        found.world.clock.advance(60)
    return found


def names(caller: Caller, rest: str) -> list[str]:
    found = caller.query(f"select * from Customer {rest}").get("Customer", [])
    mine = {"Anna's Shop", "Bella", "Carla & Co"}
    return [row["DisplayName"] for row in found if row["DisplayName"] in mine]


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        (r"where DisplayName = 'Anna\'s Shop'", ["Anna's Shop"]),
        ("WHERE DisplayName = 'bella'", ["Bella"]),
        ("where DisplayName IN ('Bella', 'Carla & Co', 'Nobody')", ["Bella", "Carla & Co"]),
        ("where DisplayName Like '%ell%'", ["Bella"]),
        ("where DisplayName like 'B%'", ["Bella"]),
        ("where DisplayName like 'ell'", []),
        ("where DisplayName > 'B' and DisplayName < 'C'", ["Bella"]),
        ("where Active = true AND DisplayName = 'Bella'", ["Bella"]),
        ("where MetaData.CreateTime >= '2026-11-20T01:01:00-08:00'", ["Bella", "Carla & Co"]),
        ("where MetaData.CreateTime >= '2026-11-20T09:01:00Z'", ["Bella", "Carla & Co"]),
        ("where MetaData.LastUpdatedTime < '2026-11-20T01:01:00-08:00'", ["Anna's Shop"]),
        ("orderby DisplayName desc", ["Carla & Co", "Bella", "Anna's Shop"]),
        ("ORDER BY MetaData.CreateTime DESC, Id", ["Carla & Co", "Bella", "Anna's Shop"]),
        ("", ["Anna's Shop", "Bella", "Carla & Co"]),
    ],
)
def test_conditions_and_order(caller: Caller, rest: str, found: list[str]) -> None:
    assert names(caller, rest) == found


def test_a_statement_is_posted_as_text_too(caller: Caller) -> None:
    statement = "SELECT * FROM customer WHERE DisplayName = 'Bella' STARTPOSITION 1 MAXRESULTS 10"
    reply = caller.post("query?minorversion=75", statement, Content_Type="application/text")
    assert [row["DisplayName"] for row in reply.doc["QueryResponse"]["Customer"]] == ["Bella"]
    assert caller.post("query", statement, Content_Type="application/json").code == "4000"


def test_nothing_found_is_an_empty_answer_without_the_key(caller: Caller) -> None:
    assert caller.query("select * from Customer where DisplayName = 'Nobody'") == {}
    assert caller.query("select * from Customer startposition 500") == {}


def test_a_window_is_told_and_pages_on(caller: Caller) -> None:
    first = caller.query("select * from Customer orderby Id startposition 1 maxresults 2")
    second = caller.query("select * from Customer orderby Id maxresults 2 startposition 3")
    assert (first["startPosition"], first["maxResults"], second["startPosition"]) == (1, 2, 3)
    assert {row["Id"] for row in first["Customer"]}.isdisjoint(row["Id"] for row in second["Customer"])


def test_a_count_is_a_number_and_counts_beyond_the_window(caller: Caller) -> None:
    assert caller.query("select count(*) from Customer where DisplayName in ('Bella', 'Carla & Co')") == {
        "totalCount": 2
    }
    for at in range(110):
        caller.company.put("Customer", {"Id": f"9{at:03d}", "DisplayName": f"Many {at}", "Active": True})
    assert caller.query("select count(*) from Customer where DisplayName like 'Many%'") == {"totalCount": 110}
    assert caller.query("select * from Customer where DisplayName like 'Many%'")["maxResults"] == 100


def test_named_columns_alone_come_back_and_a_star_brings_all(caller: Caller) -> None:
    row = caller.query("select Id, DisplayName from Customer where DisplayName = 'Bella'")["Customer"][0]
    assert set(row) == {"Id", "DisplayName", "domain", "sparse"} and row["sparse"] is True
    assert "MetaData" in caller.query("select *, Active from Customer where DisplayName = 'Bella'")["Customer"][0]


def test_inactive_names_are_hidden_until_they_are_asked_for(caller: Caller) -> None:
    found = caller.query("select * from Customer where DisplayName = 'Bella'")["Customer"][0]
    body = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True, "Active": False}
    inactive = caller.post("customer", body).doc["Customer"]
    assert inactive["Active"] is False
    assert "Bella" not in names(caller, "")
    for asked in ("Active = false", "Active in (true, false)", "Active IN ('true', 'false')"):
        found = caller.query(f"select * from Customer where {asked}")["Customer"]
        assert inactive["Id"] in {row["Id"] for row in found}


def test_ids_are_numbers_and_document_numbers_keep_their_zeros(caller: Caller) -> None:
    company = caller.company
    for row_id, number in (("901", "7"), ("902", "07"), ("1003", "70")):
        company.put("JournalEntry", {"Id": row_id, "DocNumber": number, "TxnDate": "2026-11-10"})

    def ids(rest: str) -> list[str]:
        return [row["Id"] for row in caller.query(f"select * from JournalEntry where {rest}").get("JournalEntry", [])]

    assert ids("DocNumber = '7'") == ["901"] and ids("DocNumber in ('07')") == ["902"]
    assert ids("Id > '902' orderby Id") == ["1003"]
    assert ids("TxnDate >= '2026-11-10' and TxnDate <= '2026-11-10'") == ["1003", "902", "901"], "newest first"
    assert ids("TxnDate > '2026-11-10'") == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select * from Customer where DisplayName = 'a' or DisplayName = 'b'", "4000"),
        ("select * from Customer where (DisplayName = 'a')", "4000"),
        ("select * from Customer join Invoice", "4000"),
        ("select * from Customer, Invoice", "4000"),
        ("select * from Customer where DisplayName != 'a'", "4000"),
        ("select * from Customer where not Active = true", "4000"),
        ("select * from Customer where DisplayName = Bella", "4000"),
        ("select * from Customer where DisplayName = 'it's'", "4000"),
        ("select * from Customer where DisplayName = 'open", "4000"),
        ("select * from", "4000"),
        ("update Customer", "4000"),
        ("", "4000"),
        ("select * from Customer maxresults ten", "4000"),
        ("select * from Customer maxresults 1001", "4001"),
        ("select * from Customer startposition 0", "4001"),
        ("select * from Nonsense", "4001"),
        ("select * from Customer where Nonsense = '1'", "4001"),
        ("select Nonsense from Customer", "4001"),
        ("select * from Invoice where Line.Amount = '1'", "4001"),
        ("select * from Payment where DocNumber = '1'", "4001"),
        ("select * from Invoice where PrivateNote = 'x'", "4001"),
        ("select * from Customer where MetaData.CreateTime > 'yesterday'", "4001"),
        ("select * from Customer where Active = 'maybe'", "4001"),
    ],
)
def test_what_the_language_does_not_have_is_refused(caller: Caller, statement: str, code: str) -> None:
    assert caller.refused(statement) == (400, code)


def test_a_note_can_be_looked_for_by_switch(caller: Caller) -> None:
    caller.switches["private_note_queryable"] = True
    note = {"Id": "901", "PrivateNote": "[src:1]", "TxnDate": "2026-11-10"}
    caller.company.put("JournalEntry", note)
    assert caller.query("select * from JournalEntry where PrivateNote like '%[src:1]%'")["maxResults"] == 1


def test_the_company_itself_can_be_queried(caller: Caller) -> None:
    info = caller.query("select * from CompanyInfo")["CompanyInfo"]
    assert len(info) == 1 and info[0]["CompanyName"] == caller.company.facts["name"]
    assert len(caller.query("select * from preferences where Id = '1'")["Preferences"]) == 1


def test_a_column_that_is_not_sent_by_itself_may_be_named(caller: Caller) -> None:
    assert caller.query("SELECT *, Sku FROM Item")["Item"] and caller.query("SELECT * FROM Item where Sku = 'x'") == {}


def test_what_is_looked_up_is_what_is_found_by_going_through(caller: Caller) -> None:
    made = caller.made("Customer", {"DisplayName": "Delta"})
    both = caller.query("select * from Customer where DisplayName in ('delta', 'Bella') and Active = true")["Customer"]
    assert [row["DisplayName"] for row in both] == ["Bella", "Delta"]
    assert caller.query(f"select * from Customer where Id = '{made['Id']}' and DisplayName = 'Bella'") == {}
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Epsilon"}
    caller.post("customer", body)
    assert caller.query("select * from Customer where DisplayName = 'Delta'") == {}


def test_a_plus_sign_of_an_offset_may_arrive_as_a_space(caller: Caller) -> None:
    statement = quote("select * from Customer where MetaData.CreateTime >= '2026-11-20T09:01:00+00:00'", safe="+")
    found = caller.get(f"query?query={statement}").doc["QueryResponse"]["Customer"]
    assert {"Bella", "Carla & Co"} <= {row["DisplayName"] for row in found}


def test_what_hangs_on_a_document_is_found_by_what_it_hangs_on() -> None:
    caller = signed_in()
    invoice = an_invoice(caller)["Id"]
    customer = caller.made("Customer", {"DisplayName": "Dora"})["Id"]
    refs = [{"EntityRef": {"type": kind, "value": id}} for kind, id in (("Invoice", invoice), ("Customer", customer))]
    for name, hangs in (("both", refs), ("customer", refs[1:])):
        caller.made("Attachable", {"Note": name, "AttachableRef": hangs})
    caller.made("Attachable", {"Note": "none"})

    def found(kind: str, row_id: str) -> list[str]:
        where = f"AttachableRef.EntityRef.Type = '{kind}' AND AttachableRef.EntityRef.value = '{row_id}'"
        return sorted(
            row["Note"] for row in caller.query(f"SELECT * FROM Attachable WHERE {where}").get("Attachable", [])
        )

    assert (found("Invoice", invoice), found("Customer", customer)) == (["both"], ["both", "customer"])
    assert (found("Customer", invoice), found("Invoice", customer)) == ([], []), "kind and id are those of one link"
