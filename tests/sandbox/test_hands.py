"""What a person does in Xero while the API is used: each hand, and what the API says afterwards."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.calling import Caller, invoice, london
from tieout.sandbox.xero import of


@pytest.fixture
def caller() -> Caller:
    found = london()
    found.put("Invoices", invoice("H-1", ("100.00", "TO-200", "OUTPUT2")))
    return found


def status(caller: Caller, number: str = "H-1") -> str:
    return str(caller.get(f"Invoices/{number}").first("Invoices")["Status"])


def test_a_person_pays_in_part_and_in_full_and_takes_it_back(caller: Caller) -> None:
    caller.world.hand("pay", number="H-1", amount="40")
    assert caller.get("Invoices/H-1").first("Invoices")["AmountDue"] == Decimal("60.00")
    last = caller.world.hand("pay", number="H-1")["PaymentID"]
    assert status(caller) == "PAID"
    caller.world.hand("payment-edit", id=last, act="delete")
    assert status(caller) == "AUTHORISED"


def test_a_person_voids_deletes_and_edits_past_every_rule(caller: Caller) -> None:
    caller.world.clock.advance(60)
    caller.world.hand("doc-edit", act="edit", number="H-1", set={"Reference": "by hand", "Date": "2026-11-01"})
    row = caller.get("Invoices/H-1").first("Invoices")
    assert (row["Reference"], row["DateString"]) == ("by hand", "2026-11-01T00:00:00")
    assert row["UpdatedDateUTCString"] == "2026-11-20T09:01:00Z"
    caller.world.hand("void", number="H-1")
    assert status(caller) == "VOIDED"
    caller.put("Invoices", invoice("H-2"))
    caller.world.hand("doc-edit", act="delete", number="H-2")
    assert caller.put("Invoices", invoice("H-2")).status == 200


def test_a_number_made_by_hand_is_taken(caller: Caller) -> None:
    caller.world.hand("number-taken", number="H-3", total="9.99")
    assert caller.put("Invoices", invoice("H-3")).messages == ["Invoice # must be unique."]
    assert caller.get("Invoices/H-3").first("Invoices")["Total"] == Decimal("9.99")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"act": "delete"}, "Account code 'TO-200' is not a valid code for this document."),
        ({"act": "retype", "type": "BANK"}, "Account code 'TO-200' is not a valid code for this document."),
        ({"act": "archive"}, "Account code 'TO-200' has been archived, or has been deleted."),
    ],
)
def test_an_account_goes_while_documents_are_on_their_way(caller: Caller, how: dict[str, str], message: str) -> None:
    caller.world.hand("chart-edit", code="TO-200", **how)
    assert caller.put("Invoices", invoice("H-4")).messages[0].startswith(message)
    with pytest.raises(LookupError, match="knows no act"):
        caller.world.hand("chart-edit", code="TO-201", act="explode")


def test_an_account_is_renamed_and_a_contact_found_by_name_through_the_door(caller: Caller) -> None:
    from tieout.sandbox import Request
    from tieout.sandbox.control import answer_control

    secret = {"X-Sandbox-Secret": caller.world.secret}
    for door, body in (
        ("chart-edit", '{"code": "TO-200", "act": "rename", "name": "Turnover"}'),
        ("contact-edit", '{"name": "Amazon UK", "act": "archive"}'),
    ):
        answer = answer_control(caller.world, Request.of("POST", f"/__control/hands/{door}", secret, body))
        assert answer.status == 200, answer.body
    names = {one["Name"] for one in caller.get("Accounts").doc["Accounts"]}
    assert "Turnover" in names and caller.get("Contacts").doc["Contacts"] == []


def test_a_tax_rate_changes_or_is_restricted(caller: Caller) -> None:
    caller.world.hand("tax-edit", type="OUTPUT2", rate="25")
    row = caller.put("Invoices", invoice("H-5", ("125.00", "TO-200", "OUTPUT2"))).first("Invoices")
    assert row["TotalTax"] == Decimal("25.00")
    caller.world.hand("tax-edit", type="OUTPUT2", set={"CanApplyToRevenue": False})
    assert "cannot be used with account code" in caller.put("Invoices", invoice("H-6")).messages[0]


def test_lock_dates_move_both_ways_and_show(caller: Caller) -> None:
    caller.world.hand("lock-date", year="2026-11-30", period="2026-12-31")
    row = caller.get("Organisation").first("Organisations")
    assert row["EndOfYearLockDate"] == "/Date(1795996800000+0000)/" and row["PeriodLockDate"]
    caller.world.hand("lock-date", year=None, period=None)
    assert "EndOfYearLockDate" not in caller.get("Organisation").first("Organisations")
    assert caller.put("Invoices", invoice("H-7")).status == 200


def test_a_plan_lapses_as_the_switch_says(caller: Caller) -> None:
    caller.world.hand("org-status", status="DELETED")
    assert caller.get("Invoices").doc["Detail"] == "You are not permitted to access this resource"
    of(caller.world).switches["plan_lapse"] = "not-connected"
    assert caller.get("Invoices").doc["Detail"] == "AuthenticationUnsuccessful"
    caller.world.hand("org-status", status="ACTIVE")
    assert caller.get("Invoices").status == 200


def test_a_demo_company_is_rebuilt_with_new_ids_and_its_connection_dies(caller: Caller) -> None:
    new = caller.world.hand("demo-reset")["tenant"]
    assert new != caller.tenant and caller.get("Organisation").status == 403
    again = Caller(caller.world).sign_in()
    assert again.tenant == new and again.get("Invoices").doc["Invoices"] == []


def test_an_organisation_may_be_listed_from_an_older_consent() -> None:
    caller = london()
    before = caller.get("/connections").doc
    caller.ask("DELETE", f"/connections/{before[0]['id']}")
    caller.world.hand("tenant-listed")
    caller.world.clock.advance(86400)
    caller.sign_in()
    listed = caller.get("/connections").doc
    assert len(listed) == 1 and listed[0]["createdDateUtc"] < listed[0]["updatedDateUtc"]


def test_an_item_goes(caller: Caller) -> None:
    caller.put("Items", {"Code": "MUG", "SalesDetails": {"UnitPrice": 1, "AccountCode": "TO-200"}})
    caller.world.hand("item-edit", code="MUG")
    sent = invoice("H-8", LineItems=[{"ItemCode": "MUG", "Quantity": 1}])
    assert "Item code 'MUG' is not valid." in caller.put("Invoices", sent).messages


def test_a_contact_whose_person_asked_to_be_forgotten(caller: Caller) -> None:
    caller.world.hand("contact-edit", name="Amazon UK", act="delete-personal")
    listed = caller.get("Contacts?includeArchived=true").first("Contacts")
    assert listed["ContactStatus"] == "GDPRREQUEST"


def test_the_status_page_says_what_it_is_told(caller: Caller) -> None:
    assert caller.get("/api/v2/status.json").doc["status"]["indicator"] == "none"
    caller.world.hand("status-page", indicator="major", description="Down", incidents=[{"id": "1", "name": "API"}])
    found = caller.get("/api/v2/summary.json").doc
    assert (found["status"]["indicator"], found["incidents"][0]["name"]) == ("major", "API")
    assert caller.get("/api/v2/nothing.json").status == 404
