"""Names, chart, items, lists, settings, numbers, plans, roles and closed books at the QuickBooks stand-in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.bookkeeping import company, refusal
from tieout.sandbox.quickbooks import ledger, refusals
from tieout.sandbox.quickbooks.state import Fault


def test_one_name_for_customers_vendors_and_employees_ignoring_case() -> None:
    keeper = company()
    said = "The name supplied already exists. : Another customer, vendor or employee is already using this name."
    for kind in ("Customer", "Vendor", "Employee"):
        code, detail = refusal(keeper.create, kind, DisplayName="CORNER shop", GivenName="x")
        assert (code, detail.startswith(said)) == ("6240", True)
    row = keeper.read("Customer", keeper.ref("Customer", "Corner Shop")["value"])
    assert keeper.update("Customer", row | {"DisplayName": "CORNER SHOP"})["DisplayName"] == "CORNER SHOP"
    keeper.create("Vendor", DisplayName="Corner Shop (vendor)")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "6080"),
        ({"DisplayName": "A:B"}, "2040"),
        ({"DisplayName": "x" * 501}, "2050"),
        ({"DisplayName": "A", "WebAddr": {"URI": "not a site"}}, "2200"),
        ({"DisplayName": "A", "PrimaryEmailAddr": {"Address": "a@b"}}, "2210"),
        ({"DisplayName": "A", "Job": True}, "6150"),
        ({"DisplayName": "A", "ParentRef": {"value": "99"}}, "700"),
        ({"DisplayName": "A", "CurrencyRef": {"value": "USD"}}, "2220"),
        ({"DisplayName": "A", "SalesTermRef": {"value": "99"}}, "2500"),
    ],
)
def test_a_customer_is_refused_by_its_code(body: dict[str, Any], code: str) -> None:
    assert refusal(company().create, "Customer", **body)[0] == code


def test_names_are_made_inactive_and_come_back_but_are_never_deleted() -> None:
    keeper = company()
    row = keeper.read("Customer", keeper.ref("Customer", "Corner Shop")["value"])
    assert refusal(keeper.delete, "Customer", row)[0] == "500"
    gone = keeper.update("Customer", row | {"Active": False})
    code, detail = refusal(keeper.invoice)
    assert (code, "made inactive" in detail) == ("610", True)
    assert keeper.update("Customer", gone | {"Active": True})["Active"] is True
    keeper.invoice()
    assert refusal(keeper.update, "Customer", keeper.read("Customer", row["Id"]) | {"Active": False})[0] == "6220"


def test_customers_nest_five_deep_and_not_in_themselves() -> None:
    keeper = company()
    parent = keeper.ref("Customer", "Corner Shop")
    for level in range(4):
        row = keeper.create("Customer", DisplayName=f"Branch {level}", Job=True, ParentRef=parent)
        parent = {"value": row["Id"]}
    assert row["FullyQualifiedName"] == "Corner Shop:Branch 0:Branch 1:Branch 2:Branch 3" and row["Level"] == 4
    assert refusal(keeper.create, "Customer", DisplayName="Deeper", ParentRef=parent)[0] == "6180"
    assert refusal(keeper.update, "Customer", row | {"ParentRef": {"value": row["Id"]}})[0] == "900"


def test_accounts_have_a_type_a_kind_and_a_balance() -> None:
    keeper = company()
    made = keeper.create("Account", Name="Etsy sales", AccountType="Income", AcctNum="TO-240")
    assert (made["Classification"], made["AccountSubType"]) == ("Revenue", "SalesOfProductIncome")
    assert keeper.create("Account", Name="Till", AccountSubType="CashOnHand")["AccountType"] == "Bank"
    keeper.journal(keeper.side("Debit", "1200", "5"), keeper.side("Credit", "TO-240", "5"))
    assert keeper.read("Account", keeper.account("1200")["value"])["CurrentBalance"] == 5
    assert keeper.read("Account", made["Id"])["CurrentBalance"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"AccountType": "Income"}, "2020"),
        ({"Name": "X"}, "6010"),
        ({"Name": "X", "AccountType": "Revenue"}, "2170"),
        ({"Name": "X", "AccountType": "Income", "AccountSubType": "Checking"}, "2170"),
        ({"Name": "amazon SALES", "AccountType": "Income"}, "6240"),
        ({"Name": "X", "AccountType": "Income", "AcctNum": "TO-200"}, "6000"),
        ({"Name": "X", "AccountType": "Income", "AcctNum": "TO-20000"}, "2050"),
        ({"Name": "A:B", "AccountType": "Income"}, "2040"),
        ({"Name": "X", "AccountType": "Income", "SubAccount": True}, "6150"),
    ],
)
def test_an_account_is_refused_by_its_code(body: dict[str, Any], code: str) -> None:
    assert refusal(company().create, "Account", **body)[0] == code


def test_accounts_that_the_ledger_needs_stay() -> None:
    keeper = company()
    row = keeper.read("Account", keeper.account("1100")["value"])
    assert refusal(keeper.update, "Account", row | {"Active": False})[0] == "6000"
    keeper.hand("chart-edit", code="TO-200", act="archive")
    lines = (keeper.side("Debit", "1200", "1"), keeper.side("Credit", "TO-200", "1"))
    assert refusal(keeper.journal, *lines)[0] == "610"


def test_items_need_the_accounts_of_their_type() -> None:
    keeper = company()
    income = {"IncomeAccountRef": keeper.account("TO-200")}
    assert keeper.create("Item", Name="Hat", Sku="H-1", **income)["Type"] == "Service"
    assert refusal(keeper.create, "Item", Name="Cap")[0] == "2020"
    assert refusal(keeper.create, "Item", Name="Cap", IncomeAccountRef=keeper.account("1200"))[0] == "6430"
    assert refusal(keeper.create, "Item", Name="hat", **income)[1].startswith("The name supplied already exists. : Id=")
    assert refusal(keeper.create, "Item", Name="Cap", Type="Bundle", **income)[0] == "2120"
    stock = income | {"Type": "Inventory", "ExpenseAccountRef": keeper.account("5000"), "InvStartDate": "2026-12-01"}
    assert "assetaccount" in refusal(keeper.create, "Item", Name="Cap", QtyOnHand=Decimal(1), **stock)[1]
    stock |= {"AssetAccountRef": keeper.account("1400")}
    assert refusal(keeper.create, "Item", Name="Cap", **stock)[0] == "6520"
    cap = keeper.create("Item", Name="Cap", QtyOnHand=Decimal(5), **stock)
    line = keeper.item_line("10", "20.0% S", ItemRef={"value": cap["Id"]})
    assert refusal(keeper.invoice, Line=[line])[0] == "6270"
    assert keeper.invoice(Line=[line], TxnDate="2026-12-02")["Id"]
    keeper.hand("item-edit", code="Cap", act="archive")
    assert "activate this item" in refusal(keeper.invoice, Line=[line], TxnDate="2026-12-02")[1]


def test_classes_and_locations_are_for_plus_and_tracked_when_on() -> None:
    keeper = company(class_tracking=True, department_tracking=True)
    row = keeper.create("Class", Name="Online")
    assert refusal(keeper.create, "Class", Name="online")[0] == "6240"
    shop = keeper.create("Department", Name="London")
    more = {"ClassRef": {"value": row["Id"]}, "DepartmentRef": {"value": shop["Id"]}}
    lines = (keeper.side("Debit", "1200", "1", **more), keeper.side("Credit", "TO-200", "1"))
    detail = keeper.journal(*lines)["Line"][0]["JournalEntryLineDetail"]
    assert (detail["ClassRef"]["name"], detail["DepartmentRef"]["name"]) == ("Online", "London")
    keeper.company.set(class_tracking=False)
    assert "ClassRef" not in keeper.journal(*lines)["Line"][0]["JournalEntryLineDetail"]
    keeper.switch(class_ref_untracked="kept")
    assert "ClassRef" in keeper.journal(*lines)["Line"][0]["JournalEntryLineDetail"]
    keeper.switch(class_ref_untracked="refused")
    assert refusal(keeper.journal, *lines)[0] == "5030"
    keeper.hand("plan", plan="essentials")
    assert refusal(keeper.create, "Class", Name="Shop")[0] == "5030"


def test_short_lists_have_one_of_a_name() -> None:
    keeper = company()
    assert keeper.create("PaymentMethod", Name="Amazon Pay")["Type"] == "NON_CREDIT_CARD"
    assert refusal(keeper.create, "PaymentMethod", Name="cash")[0] == "630"
    assert refusal(keeper.create, "Term", Name="Net 15")[0] == "630"
    assert refusal(keeper.create, "CompanyCurrency", Code="USD")[0] == "2220"
    assert refusal(keeper.create, "TaxCode", Name="Own")[0] == "500"


def test_a_tax_code_is_made_through_the_tax_service() -> None:
    keeper = company()
    agency = keeper.company.rows("TaxAgency")[0]["Id"]
    rate = {"TaxRateName": "VAT 12.5%", "RateValue": "12.5", "TaxAgencyId": agency, "TaxApplicableOn": "Sales"}
    made = keeper.create("TaxService", TaxCode="12.5% H", TaxRateDetails=[rate])
    assert keeper.invoice("100", "12.5% H")["TotalAmt"] == Decimal("112.50")
    assert made["TaxRateDetails"][0]["TaxRateId"]
    assert refusal(keeper.create, "TaxService", TaxCode="12.5% H", TaxRateDetails=[rate])[0] == "630"
    assert refusal(keeper.create, "TaxService", TaxCode="Other")[0] == "2020"
    assert refusal(company("new-york").create, "TaxService", TaxCode="Own", TaxRateDetails=[rate])[0] == "500"


def test_an_attachment_hangs_on_a_document() -> None:
    keeper = company()
    journal = keeper.journal(keeper.side("Debit", "1200", "1"), keeper.side("Credit", "TO-200", "1"))
    ref = {"EntityRef": {"type": "journalentry", "value": journal["Id"]}}
    made = keeper.create("Attachable", FileName="statement.txt", AttachableRef=[ref])
    assert made["AttachableRef"][0]["EntityRef"] == {"value": journal["Id"], "type": "JournalEntry"}
    assert keeper.world.evidence("documents", number=None)[0]["attachments"] == 1
    assert (
        refusal(keeper.create, "Attachable", Note="x", AttachableRef=[{"EntityRef": {"type": "Budget", "value": "1"}}])[
            0
        ]
        == "6050"
    )
    assert refusal(keeper.create, "Attachable")[0] == "2020"
    assert keeper.delete("Attachable", made)["status"] == "Deleted"


def test_a_number_is_unique_only_where_the_company_wants_it() -> None:
    keeper = company()
    first = keeper.invoice(DocNumber="18696")
    keeper.invoice(DocNumber="18696")
    keeper.company.set(warn_duplicate_numbers=True)
    code, detail = refusal(keeper.invoice, DocNumber="18696")
    assert code == "6140" and detail == (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used."
        f" DocNumber=18696 is assigned to TxnType=Invoice with TxnId={first['Id']}"
    )
    keeper.query["include"] = "allowduplicatedocnum"
    assert keeper.invoice(DocNumber="18696")["Id"]
    keeper.query.clear()
    keeper.switch(duplicate_code=6210)
    assert refusal(keeper.invoice, DocNumber="18696")[0] == "6210"
    keeper.company.set(custom_numbers=False)
    assert keeper.invoice()["DocNumber"] == "1"


def test_journals_may_share_a_number_unless_a_switch_says_no() -> None:
    keeper = company(warn_duplicate_numbers=True)
    lines = (keeper.side("Debit", "1200", "1"), keeper.side("Credit", "TO-200", "1"))
    first = keeper.journal(*lines, DocNumber="J-1")
    keeper.journal(*lines, DocNumber="J-1")
    assert keeper.world.evidence("numbers") == {"J-1": 2}
    keeper.switch(journal_numbers_unique=True)
    assert refusal(keeper.journal, *lines, DocNumber="j-1")[1].endswith(
        f"DocNumber=J-1 is assigned to TxnType=Journal Entry with TxnId={first['Id']}"
    )
    keeper.switch(long_number_code=6000)
    assert "at most 21 characters" in refusal(keeper.journal, *lines, DocNumber="J" * 22)[1]


def test_bills_share_a_number_between_vendors() -> None:
    keeper = company(warn_duplicate_numbers=True)
    keeper.bill(DocNumber="7")
    other = keeper.create("Vendor", DisplayName="Ink Works")
    keeper.bill(DocNumber="7", VendorRef={"value": other["Id"]})
    assert refusal(keeper.bill, DocNumber="7")[0] == "6140"


def test_closed_books_take_nothing_and_let_nothing_go() -> None:
    keeper = company()
    made = keeper.invoice(TxnDate="2026-10-31")
    keeper.hand("lock-date", on="2026-10-31")
    assert refusal(keeper.invoice, TxnDate="2026-10-31")[0] == "6200"
    assert keeper.invoice(TxnDate="2026-11-01")["Id"]
    for act in (keeper.delete, keeper.void):
        assert refusal(act, "Invoice", made)[0] == "6200"
    assert refusal(keeper.update, "Invoice", made | {"TxnDate": "2026-11-01"})[0] == "6200"
    assert ledger.preferences(keeper.asked)["AccountingInfoPrefs"]["BookCloseDate"] == "2026-10-31"
    keeper.hand("lock-date", on="2026-10-31", password=True)
    code, detail = refusal(keeper.invoice, TxnDate="2026-10-01")
    assert code == "6210" and "cannot be updated through the QBO Services API" in detail
    keeper.switch(book_close_date_shown=False)
    assert "BookCloseDate" not in ledger.preferences(keeper.asked)["AccountingInfoPrefs"]
    keeper.hand("lock-date", on=None)
    assert keeper.delete("Invoice", made)["status"] == "Deleted"


def test_an_ended_subscription_reads_and_writes_nothing() -> None:
    keeper = company()
    keeper.hand("subscription", status="ended")
    code, detail = refusal(keeper.invoice)
    assert code == "6190" and "You can't add data to QuickBooks Online Plus" in detail
    info = {one["Name"]: one["Value"] for one in ledger.about_company(keeper.asked)["NameValue"]}
    assert (info["OfferingSku"], info["SubscriptionStatus"]) == ("QuickBooks Online Plus", "EXPIRED")
    assert ledger.visible(keeper.asked, "Customer")


@pytest.mark.parametrize(("role", "entity", "code"), [("reports", "Customer", "5020"), ("standard", "Account", "5020")])
def test_a_role_that_is_too_low_is_refused(role: str, entity: str, code: str) -> None:
    keeper = company()
    keeper.role = role
    assert refusal(keeper.create, entity, DisplayName="A", Name="A")[0] == code


def test_somebody_without_access_is_refused_by_name_of_the_plan() -> None:
    keeper = company()
    keeper.role = "none"
    assert refusal(keeper.create, "Customer", DisplayName="A")[1].endswith("access to use QuickBooks Online Plus.")


def test_settings_follow_the_company() -> None:
    told = ledger.preferences(company("toronto").asked)
    assert told["CurrencyPrefs"] == {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "CAD"}}
    assert ledger.preferences(company("new-york").asked)["TaxPrefs"] == {
        "UsingSalesTax": True,
        "PartnerTaxEnabled": True,
    }
    assert "PartnerTaxEnabled" not in ledger.preferences(company("sydney").asked)["TaxPrefs"]


def test_every_refusal_names_its_basis_and_can_be_said() -> None:
    bases, rows = {"documented", "recorded", "assumed"}, refusals.table("texts.csv")
    assert len({row["key"] for row in rows}) == len(rows) > 90
    for row in rows:
        found = refusals.fault(row["key"])
        assert row["basis"] in bases and isinstance(found, Fault) and found.code.isdigit() and found.detail


def test_the_catalogue_of_codes_is_whole() -> None:
    wanted = """3200 120 100 110 130 140 150 500 600 610 620 630 700 900 800 1000 1010 1020 1040 2010 2020 2030 2040
        2050 2060 2070 2190 2080 2090 2100 2110 2140 2120 2170 2130 2200 2210 2220 2250 2260 2290 2300 2270 2280 2410
        2500 4000 4001 4002 5010 5020 5030 6000 6070 6100 6160 6230 6140 6150 6180 6170 6190 6200 6210 6220 6280 6240
        6250 6270 6310 6320 6430 6440 6450 6470 6480 6520 6540 10000 10100 10200""".split()
    of_the_gate = {"3200"}
    assert [code for code in wanted if not refusals.keys(code) and code not in of_the_gate] == []


def test_account_numbers_are_told_only_while_they_are_on() -> None:
    keeper = company(account_numbers=False)
    assert all("AcctNum" not in row for row in ledger.visible(keeper.asked, "Account"))
    keeper.company.set(account_numbers=True)
    assert any(row.get("AcctNum") == "TO-200" for row in ledger.visible(keeper.asked, "Account"))


def test_us_companies_list_tax_and_non_beside_their_codes() -> None:
    keeper = company("new-york")
    assert {"TAX", "NON"} <= {row["Id"] for row in ledger.visible(keeper.asked, "TaxCode")}


def test_currencies_join_the_list_once_several_are_on() -> None:
    keeper = company("toronto")
    assert keeper.create("CompanyCurrency", Code="SEK")["Name"] == "Swedish Krona"
    assert refusal(keeper.create, "CompanyCurrency", Code="SEK")[0] == "630"
    assert refusal(keeper.create, "CompanyCurrency", Code="ZZZ")[0] == "2220"
    assert refusal(keeper.create, "CompanyCurrency", Name="Krona")[0] == "2020"


def test_a_new_agency_brings_its_account_and_old_rates_serve_new_codes() -> None:
    keeper = company()
    agency = keeper.create("TaxAgency", DisplayName="Jersey")
    assert keeper.account("Jersey Payable") and "_account" not in agency
    assert refusal(keeper.create, "TaxAgency", DisplayName="jersey")[0] == "630"
    assert refusal(keeper.create, "TaxAgency")[0] == "2020"
    rate = {"TaxRateName": "GST 5%", "RateValue": 5, "TaxAgencyId": agency["Id"], "TaxApplicableOn": "Sales"}
    made = keeper.create("TaxService", TaxCode="GST", TaxRateDetails=[rate])
    old = {"TaxRateId": made["TaxRateDetails"][0]["TaxRateId"]}
    keeper.create("TaxService", TaxCode="GST again", TaxRateDetails=[old])
    assert keeper.invoice("100", "GST again")["TotalAmt"] == 105 and keeper.balance("Jersey Payable") == -5
    for wrong, code in (({"RateValue": "101"}, "2090"), ({"TaxAgencyId": "99"}, "2500"), ({"TaxRateName": ""}, "2020")):
        told = [rate | {"TaxRateName": "Other"} | wrong]
        assert refusal(keeper.create, "TaxService", TaxCode="X", TaxRateDetails=told)[0] == code


def test_inventory_is_for_plus_and_terms_have_days_within_reason() -> None:
    keeper = company(plan="essentials")
    told: dict[str, Any] = {"Name": "Cap", "Type": "Inventory", "IncomeAccountRef": keeper.account("4000")}
    assert refusal(keeper.create, "Item", **told)[0] == "5030"
    assert refusal(keeper.create, "Item", Name="A:B", IncomeAccountRef=keeper.account("4000"))[0] == "2040"
    assert refusal(keeper.create, "Term", Name="Whenever", DueDays=5_000)[0] == "2090"
    assert refusal(keeper.create, "Class")[0] == "5030"
    assert refusal(keeper.read, "TaxService", "1")[0] == "500" and keeper.read("Preferences", "1")["Id"] == "1"
