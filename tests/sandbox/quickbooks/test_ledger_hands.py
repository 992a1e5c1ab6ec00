"""What people do in QuickBooks itself, and what the control door shows of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.bookkeeping import Bookkeeper, company, refusal
from tieout.sandbox.quickbooks import ledger, scenarios
from tieout.sandbox.quickbooks.hands import HANDS


@pytest.fixture
def keeper() -> Bookkeeper:
    return company()


def posted(keeper: Bookkeeper, number: str = "TO-1") -> Any:
    lines = (keeper.side("Debit", "1200", "90"), keeper.side("Debit", "TO-203", "10"))
    return keeper.journal(*lines, keeper.side("Credit", "TO-200", "100"), DocNumber=number)


def test_an_invoice_is_paid_by_hand_in_parts_and_whole(keeper: Bookkeeper) -> None:
    made = keeper.invoice("100", "No VAT", DocNumber="S-1")
    keeper.hand("part-pay", number="S-1")
    assert keeper.read("Invoice", made["Id"])["Balance"] == 50
    paid = keeper.hand("pay", number="S-1", account="1200")
    assert keeper.read("Invoice", made["Id"])["Balance"] == 0 and keeper.balance("1200") == 50
    keeper.hand("payment-edit", id=paid["id"], entity="Payment", act="delete")
    assert keeper.read("Invoice", made["Id"])["Balance"] == 50


def test_a_bill_is_paid_by_hand(keeper: Bookkeeper) -> None:
    made = keeper.bill("50", "No VAT", DocNumber="B-1")
    keeper.hand("pay", number="B-1")
    assert keeper.read("Bill", made["Id"])["Balance"] == 0 and keeper.balance("1200") == -50


def test_a_journal_is_edited_renumbered_redated_voided_and_deleted(keeper: Bookkeeper) -> None:
    made = posted(keeper)
    keeper.hand("edit", number="TO-1", line=1, account="TO-204", amount="12", **{"and": 0})
    assert keeper.totals() == {"1200": 88, "TO-204": 12, "TO-200": -100}
    keeper.hand("edit", number="TO-1", set={"PrivateNote": "changed"})
    keeper.hand("doc-edit", number="TO-1", act="redate", to="2026-10-01")
    keeper.hand("renumber", number="TO-1", to="MINE")
    row = keeper.read("JournalEntry", made["Id"])
    assert (row["PrivateNote"], row["TxnDate"], row["DocNumber"], row["SyncToken"]) == (
        "changed",
        "2026-10-01",
        "MINE",
        "4",
    )
    keeper.hand("void", number="MINE")
    assert keeper.totals() == {} and keeper.read("JournalEntry", made["Id"])["PrivateNote"] == "Voided - changed"
    keeper.hand("delete", id=made["Id"], entity="JournalEntry")
    assert refusal(keeper.read, "JournalEntry", made["Id"])[0] == "610"
    assert [row["Id"] for row in ledger.deleted(keeper.asked, "JournalEntry")] == [made["Id"]]


def test_anything_can_be_voided_by_hand_and_every_amount_goes(keeper: Bookkeeper) -> None:
    tax = {"TaxCodeRef": keeper.tax(), "TaxApplicableOn": "Sales", "TaxAmount": Decimal(2)}
    lines = (keeper.side("Credit", "TO-200", "10", **tax), keeper.side("Debit", "1200", "12"))
    journal = keeper.journal(*lines, GlobalTaxCalculation="TaxExcluded")
    accounts = {"FromAccountRef": keeper.account("1250"), "ToAccountRef": keeper.account("1200")}
    transfer = keeper.create("Transfer", **accounts, Amount=Decimal(5))
    payment = keeper.payment("30")
    deposit = keeper.hand("deposit")
    for row in (journal, transfer, deposit | {"Id": deposit["id"]}, payment):
        keeper.hand("void", id=row["Id"])
    assert keeper.totals() == {}
    read = keeper.read("JournalEntry", journal["Id"])
    assert [line["Amount"] for line in read["Line"]] == [0, 0]
    assert read["Line"][0]["JournalEntryLineDetail"]["TaxAmount"] == 0 and read["TotalAmt"] == 0
    assert keeper.read("Transfer", transfer["Id"])["Amount"] == 0
    assert set(keeper.read("Deposit", deposit["id"])["Line"][0]) == {"Id", "LineNum", "Amount"}


def test_hands_pass_closed_books_and_cannot_unbalance_them(keeper: Bookkeeper) -> None:
    posted(keeper)
    keeper.hand("lock-date", on="2026-12-31")
    keeper.hand("edit", number="TO-1", set={"PrivateNote": "after all"})
    with pytest.raises(ValueError, match="2300"):
        keeper.hand("edit", number="TO-1", line=0, amount="1")
    with pytest.raises(LookupError, match="no document nothing"):
        keeper.hand("void", number="nothing")
    with pytest.raises(LookupError, match="no hand is called wave"):
        keeper.hand("wave")


def test_somebody_takes_our_number_first(keeper: Bookkeeper) -> None:
    taken = keeper.hand("number-taken", number="TO-9", total="5.00")
    assert keeper.read("JournalEntry", taken["id"])["DocNumber"] == "TO-9"
    assert keeper.hand("number-taken", number="TO-9", entity="Invoice")["entity"] == "Invoice"
    assert keeper.world.evidence("numbers") == {"TO-9": 2}


def test_receipts_are_taken_to_the_bank(keeper: Bookkeeper) -> None:
    keeper.payment("30")
    keeper.payment("20")
    keeper.hand("deposit")
    assert (keeper.balance("1200"), keeper.balance("1290")) == (50, 0)
    with pytest.raises(LookupError, match="no receipt waits"):
        keeper.hand("deposit")


def test_two_names_become_one(keeper: Bookkeeper) -> None:
    made = keeper.invoice("100", "No VAT")
    other = keeper.create("Customer", DisplayName="Corner Shop Ltd")
    keeper.hand("contact-edit", name="Corner Shop", entity="Customer", act="merge", into="Corner Shop Ltd")
    assert keeper.read("Invoice", made["Id"])["CustomerRef"] == {"value": other["Id"], "name": "Corner Shop Ltd"}
    assert keeper.read("Customer", other["Id"])["Balance"] == 100
    old = keeper.read("Customer", made["CustomerRef"]["value"])
    assert (old["Active"], old["Balance"]) == (False, 0)


def test_chart_and_tax_change_under_a_client(keeper: Bookkeeper) -> None:
    keeper.hand("chart-edit", code="TO-200", act="rename", name="Sales of Amazon")
    keeper.hand("chart-edit", code="TO-200", act="renumber", number="4001")
    keeper.hand("chart-edit", code="4001", act="retype", type="BANK")
    keeper.hand("chart-edit", code="4001", act="retype", type="Other Income")
    row = keeper.read("Account", keeper.account("4001")["value"])
    assert (row["Name"], row["AccountType"], row["AccountSubType"]) == (
        "Sales of Amazon",
        "Other Income",
        "OtherMiscellaneousIncome",
    )
    keeper.hand("tax-edit", type="20.0% S", rate="25")
    assert keeper.invoice("100")["TotalAmt"] == 125


def test_a_role_moves_for_one_or_for_all(keeper: Bookkeeper) -> None:
    keeper.hand("user-role", role="read-only", user="lucy@harbourandfinch.example")
    assert [user["role"] for user in keeper.company.facts["users"]] == ["reports", "standard", "reports"]
    keeper.hand("user-role", role="STANDARD")
    assert {user["role"] for user in keeper.company.facts["users"]} == {"standard"}
    keeper.hand("user-role", role="removed")
    assert {user["role"] for user in keeper.company.facts["users"]} == {"none"}
    with pytest.raises(LookupError, match="no role king"):
        keeper.hand("user-role", role="king")


def test_a_smaller_plan_switches_tracking_off(keeper: Bookkeeper) -> None:
    keeper.hand("settings", class_tracking=True)
    keeper.hand("plan-limit", plan="essentials")
    assert (keeper.company.facts["plan"], keeper.company.facts["class_tracking"]) == ("essentials", False)
    with pytest.raises(LookupError, match="no plan gold"):
        keeper.hand("plan", plan="gold")


def test_the_company_is_made_anew_under_another_id(keeper: Bookkeeper) -> None:
    posted(keeper)
    told = keeper.hand("demo-reset")
    assert keeper.books.company(keeper.company.realm) is None
    made = keeper.books.company(told["realm"])
    assert made is not None and made.rows("JournalEntry") == [] and made.facts["name"] == "Harbour & Finch Ltd"


def test_evidence_adds_up_two_ways(keeper: Bookkeeper) -> None:
    posted(keeper)
    keeper.invoice("100", DocNumber="S-1")
    shown = keeper.world.evidence("totals")
    assert shown["sum"] == 0 and shown["accounts"]["TO-200"] == Decimal(-100)
    assert shown["companies"][keeper.company.realm]["TO-203"] == 10 and set(shown["kept"].values()) == {Decimal(0)}
    rows = {row["number"]: row for row in keeper.world.evidence("documents")}
    assert (rows["TO-1"]["total"], rows["TO-1"]["entity"], rows["S-1"]["status"]) == (100, "JournalEntry", "OPEN")
    with pytest.raises(LookupError, match="no evidence is called gossip"):
        keeper.world.evidence("gossip")


@pytest.mark.parametrize("name", sorted(set(scenarios.SCENARIOS) - {"empty", "large"}))
def test_every_scenario_has_the_accounts_of_both_channels(name: str) -> None:
    keeper = company(name)
    numbers = {row.get("AcctNum") for row in keeper.company.rows("Account")}
    assert {"TO-100", "TO-200", "TO-209", "TO-211", "TO-219", "TO-300", "TO-312", "TO-320"} <= numbers
    names = {row["Name"] for row in keeper.company.rows("Account")}
    assert {"Shopify clearing", "Business card", "Undeposited Funds", "Accounts Receivable (A/R)"} <= names
    assert keeper.totals() == {}


def test_large_books_are_larger_than_one_answer() -> None:
    keeper = company("large")
    for entity in ("Customer", "Invoice", "JournalEntry"):
        assert len(ledger.visible(keeper.asked, entity)) > 1_000
    assert sum(keeper.totals().values()) == 0


def test_a_scenario_of_no_name_says_which_there_are() -> None:
    with pytest.raises(LookupError, match="london"):
        scenarios.named("paris")


def test_every_hand_says_what_it_takes() -> None:
    assert {"pay", "part-pay", "void", "delete", "edit", "renumber", "deposit", "match", "plan", "user-role"} <= set(
        HANDS
    )


def test_names_and_accounts_leave_and_come_back_by_hand(keeper: Bookkeeper) -> None:
    for act, active in (("archive", False), ("restore", True)):
        keeper.hand("contact-edit", name="Paper Mill", act=act)
        keeper.hand("chart-edit", code="TO-200", act=act)
        keeper.hand("item-edit", code="Goods", act=act)
        rows = [("Vendor", "Paper Mill"), ("Account", "TO-200"), ("Item", "Goods")]
        assert [keeper.read(kind, keeper.ref(kind, one)["value"])["Active"] for kind, one in rows] == [active] * 3
    keeper.hand("contact-edit", name="Paper Mill", act="rename", to="Paper Mill plc")
    keeper.hand("contact-edit", name="Paper Mill plc", act="set", set={"Notes": "new owner"})
    assert keeper.read("Vendor", keeper.ref("Vendor", "Paper Mill plc")["value"])["Notes"] == "new owner"
    posted(keeper)
    for name, told in (
        ("chart-edit", {"code": "nothing"}),
        ("chart-edit", {"code": "TO-200", "act": "paint"}),
        ("chart-edit", {"code": "TO-200", "act": "retype", "type": "Gold"}),
        ("tax-edit", {"type": "nothing"}),
        ("contact-edit", {"name": "Nobody"}),
        ("contact-edit", {"name": "Corner Shop", "act": "paint"}),
        ("item-edit", {"code": "nothing"}),
        ("doc-edit", {"act": "paint"}),
        ("subscription", {"status": "free"}),
        ("currency-off", {"currency": "USD"}),
        ("pay", {"number": "TO-1"}),
        ("pay", {"realm": "1"}),
    ):
        with pytest.raises(LookupError):
            keeper.hand(name, **told)


def test_the_smallest_plan_has_one_currency_by_hand_too(keeper: Bookkeeper) -> None:
    keeper.hand("edition", edition="simple_start")
    with pytest.raises(LookupError, match="one currency"):
        keeper.hand("multi-currency")
