"""The ledger of the QuickBooks stand-in through its API: batches, both ways to update, and what people change."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.quickbooks.calling import START, Caller, signed_in
from tieout.sandbox.quickbooks import books


@pytest.fixture
def caller() -> Caller:
    return signed_in()


def ids(caller: Caller, entity: str, name: str, *wanted: str) -> list[str]:
    rows = caller.query(f"select * from {entity} maxresults 1000")[entity]
    return [next(row["Id"] for row in rows if row.get(name) == one) for one in wanted]


def journal(caller: Caller, number: str, net: float = 100, vat: float = 20) -> dict[str, Any]:
    sales, bank = ids(caller, "Account", "AcctNum", "TO-200", "1200")
    (code,) = ids(caller, "TaxCode", "Name", "20.0% S")
    tax = {"TaxCodeRef": {"value": code}, "TaxApplicableOn": "Sales", "TaxAmount": vat}
    return {
        "DocNumber": number,
        "TxnDate": "2026-11-10",
        "PrivateNote": f"{number} 2026-11 Europe/London [src:26100000101]",
        "CurrencyRef": {"value": "GBP"},
        "GlobalTaxCalculation": "TaxExcluded",
        "Line": [
            {
                "Amount": net,
                "Description": "Amazon sales",
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": "Credit", "AccountRef": {"value": sales}} | tax,
            },
            {
                "Amount": net + vat,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": "Debit", "AccountRef": {"value": bank}},
            },
        ],
    }


def batch(caller: Caller, *items: dict[str, Any], key: str = "k-1") -> dict[str, Any]:
    told = [{"bId": str(place), "operation": "create", "JournalEntry": one} for place, one in enumerate(items, 1)]
    reply = caller.post(f"batch?requestid={key}&minorversion=75", {"BatchItemRequest": told})
    assert reply.status == 200, reply.answer
    return {one["bId"]: one for one in reply.doc["BatchItemResponse"]}


def test_a_batch_posts_what_balances_and_refuses_the_rest(caller: Caller) -> None:
    unbalanced = journal(caller, "TO-2")
    unbalanced["Line"][1]["Amount"] = 119.99
    found = batch(caller, journal(caller, "TO-1"), unbalanced, journal(caller, "TO-3", 0.08, 0.01))
    assert found["1"]["JournalEntry"]["DocNumber"] == "TO-1" and found["3"]["JournalEntry"]["TotalAmt"] == Decimal(
        "0.09"
    )
    assert found["2"]["Fault"]["Error"][0]["code"] == "2300"
    totals = caller.world.evidence("totals")
    assert totals["sum"] == 0 and totals["accounts"]["TO-200"] == Decimal("-100.08")
    shown = caller.world.evidence("writes")
    assert (shown["count"], shown["by_number"], shown["by_key"]) == (
        2,
        {"TO-1": 1, "TO-3": 1},
        {"k-1/1": 1, "k-1/3": 1},
    )


def test_the_same_request_id_writes_once(caller: Caller) -> None:
    first, again = (batch(caller, journal(caller, "TO-1")) for _ in range(2))
    assert first == again and caller.world.evidence("numbers") == {"TO-1": 1}


def test_a_journal_is_found_by_its_number_with_its_lines_and_its_tax(caller: Caller) -> None:
    batch(caller, journal(caller, "TO-1"))
    (row,) = caller.query("select * from JournalEntry where DocNumber = 'TO-1'")["JournalEntry"]
    assert row["PrivateNote"].endswith("[src:26100000101]") and row["TxnDate"] == "2026-11-10"
    detail = row["Line"][0]["JournalEntryLineDetail"]
    assert (detail["PostingType"], detail["TaxAmount"], detail["AccountRef"]["name"]) == (
        "Credit",
        Decimal("20.00"),
        "Amazon sales",
    )
    assert not [name for name in row if name.startswith("_")]


def test_what_people_did_is_seen_in_the_change_feed(caller: Caller) -> None:
    made = batch(caller, journal(caller, "TO-1"), journal(caller, "TO-2"))
    caller.world.clock.advance(60)
    since = caller.world.clock.now().isoformat()
    caller.world.clock.advance(60)
    caller.world.hand("delete", number="TO-1")
    caller.world.hand("edit", number="TO-2", set={"PrivateNote": "gone"})
    reply = caller.get(f"cdc?entities=JournalEntry&changedSince={since.replace('+00:00', 'Z')}")
    rows = reply.doc["CDCResponse"][0]["QueryResponse"][0]["JournalEntry"]
    found = {row["Id"]: row.get("status", row.get("PrivateNote")) for row in rows}
    assert found == {made["1"]["JournalEntry"]["Id"]: "Deleted", made["2"]["JournalEntry"]["Id"]: "gone"}


def test_an_update_against_an_old_version_names_who_was_there(caller: Caller) -> None:
    made = caller.made("JournalEntry", journal(caller, "TO-1"))
    caller.world.hand("stale-version", number="TO-1")
    reply = caller.post("journalentry", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    assert (reply.status, reply.code) == (400, "5010") and "Lucy Harbour" in reply.detail
    reply = caller.post("journalentry", {"Id": made["Id"], "SyncToken": "1", "sparse": True, "PrivateNote": "x"})
    assert reply.doc["JournalEntry"]["SyncToken"] == "2" and reply.doc["JournalEntry"]["DocNumber"] == "TO-1"
    whole = {name: value for name, value in reply.doc["JournalEntry"].items() if name != "PrivateNote"}
    assert "PrivateNote" not in caller.made("JournalEntry", whole)


def test_both_ways_to_void_and_the_delete(caller: Caller) -> None:
    (item,), (code,) = ids(caller, "Item", "Name", "Goods"), ids(caller, "TaxCode", "Name", "20.0% S")
    (customer,) = ids(caller, "Customer", "DisplayName", "Corner Shop")
    detail = {"ItemRef": {"value": item}, "TaxCodeRef": {"value": code}, "Qty": 2, "UnitPrice": 12.5}
    line = {"Amount": 25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    body = {"CustomerRef": {"value": customer}, "Line": [line], "GlobalTaxCalculation": "TaxExcluded"}
    first, second, third = (caller.made("Invoice", body) for _ in range(3))
    assert first["TotalAmt"] == 30 and first["Balance"] == 30
    meant = [{"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True} for row in (first, second, third)]
    gone = caller.post("invoice?operation=void", meant[0]).doc["Invoice"]
    assert (gone["TotalAmt"], gone["PrivateNote"]) == (0, "Voided")
    assert caller.post("invoice?operation=update&include=void", meant[1]).doc["Invoice"]["Balance"] == 0
    assert caller.post("invoice?operation=delete", meant[2]).doc["Invoice"]["status"] == "Deleted"
    assert caller.get(f"invoice/{third['Id']}").code == "610"
    assert caller.query("select count(*) from Invoice")["totalCount"] == 2


def test_closed_books_and_an_ended_subscription_are_said_in_the_vendors_words(caller: Caller) -> None:
    caller.world.hand("lock-date", on="2026-11-15", password=True)
    said = batch(caller, journal(caller, "TO-1"))["1"]["Fault"]["Error"][0]
    assert said["code"] == "6210" and said["Detail"].startswith("The account period has closed")
    caller.world.hand("lock-date", on=None)
    caller.world.hand("subscription", status="ended")
    assert batch(caller, journal(caller, "TO-1"), key="k-2")["1"]["Fault"]["Error"][0]["code"] == "6190"


def test_numbers_are_exact_and_inactive_names_are_hidden(caller: Caller) -> None:
    made = caller.made("Customer", {"DisplayName": "Emma's Teas", "Active": True})
    assert caller.query("select * from Customer where DisplayName = 'Emma\\'s Teas'")["maxResults"] == 1
    caller.made("Customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    assert caller.query("select * from Customer where DisplayName = 'Emma\\'s Teas'") == {}
    found = caller.query("select * from Customer where Active in (true, false) and DisplayName = 'Emma\\'s Teas'")
    assert found["Customer"][0]["Active"] is False


def test_books_kept_in_a_file_are_the_same_when_they_are_opened_again(tmp_path: Path) -> None:
    caller = signed_in(path=tmp_path / "books.db")
    batch(caller, journal(caller, "TO-1"), journal(caller, "TO-2", 0.08, 0.01))
    caller.world.hand("match", number="TO-1")
    before = caller.world.evidence("totals"), caller.world.evidence("documents")
    caller.world.close()
    again = Caller(books(tmp_path / "books.db", now=START), realm=caller.realm).sign_in()
    assert (again.world.evidence("totals"), again.world.evidence("documents")) == before
    (row,) = again.query("select * from JournalEntry where DocNumber = 'TO-1'")["JournalEntry"]
    meant = {"Id": row["Id"], "SyncToken": row["SyncToken"]}
    assert again.post("journalentry?operation=delete", meant).code == "6480"
    again.world.close()
