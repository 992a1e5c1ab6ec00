"""Bills, credits of vendors, their payments, purchases and transfers at the QuickBooks stand-in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.bookkeeping import Body, Bookkeeper, company, refusal


def pay(keeper: Bookkeeper, amount: str, *parts: tuple[str, Body, str], **more: Any) -> Body:
    lines = [
        {"Amount": Decimal(part), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": kind}]} for kind, row, part in parts
    ]
    told: Body = {"VendorRef": keeper.ref("Vendor", "Paper Mill"), "TotalAmt": Decimal(amount), "Line": lines}
    told |= {"PayType": "Check", "CheckPayment": {"BankAccountRef": keeper.account("1200")}}
    return keeper.create("BillPayment", **(told | more))


def test_a_bill_is_owed_and_a_payment_settles_it() -> None:
    keeper = company()
    bill = keeper.bill("50.00", DocNumber="B-1", SalesTermRef=keeper.ref("Term", "Net 30"))
    assert (bill["TotalAmt"], bill["Balance"], bill["DueDate"]) == (60, 60, "2026-12-20")
    assert keeper.totals() == {"2100": -60, "6200": 50, "2200": 10}
    assert keeper.read("Vendor", bill["VendorRef"]["value"])["Balance"] == 60
    paid = pay(keeper, "60", ("Bill", bill, "60"))
    row = keeper.read("Bill", bill["Id"])
    assert (row["Balance"], row["LinkedTxn"]) == (0, [{"TxnId": paid["Id"], "TxnType": "BillPayment"}])
    assert keeper.totals() == {"1200": -60, "6200": 50, "2200": 10}
    assert keeper.void("BillPayment", paid)["TotalAmt"] == 0
    assert keeper.read("Bill", bill["Id"])["Balance"] == 60


def test_a_credit_of_a_vendor_is_applied_by_a_payment_that_links_both() -> None:
    keeper = company()
    bill = keeper.bill("50", "No VAT")
    told = {"VendorRef": bill["VendorRef"], "GlobalTaxCalculation": "TaxExcluded"}
    credit = keeper.create("VendorCredit", Line=[keeper.expense_line("20", code="No VAT")], **told)
    pay(keeper, "30", ("Bill", bill, "50"), ("VendorCredit", credit, "20"))
    assert keeper.read("Bill", bill["Id"])["Balance"] == keeper.read("VendorCredit", credit["Id"])["Balance"] == 0
    assert keeper.totals() == {"1200": -30, "6200": 30}


def test_a_card_pays_from_a_card_account_only() -> None:
    keeper = company()
    bill = keeper.bill("50", "No VAT")
    card = {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": keeper.account("2150")}}
    assert pay(keeper, "10", ("Bill", bill, "10"), **card)["TotalAmt"] == 10
    bank = {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": keeper.account("1200")}}
    assert refusal(pay, keeper, "10", **bank) == ("6430", "Invalid account type: Bank")
    assert refusal(pay, keeper, "10", PayType=None)[0] == "2020"
    assert refusal(pay, keeper, "10", ("Bill", bill, "50"))[0] in {"620", "6000"}


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ({"AccountRef": None}, "2020"),
        ({"AccountRef": {"value": "999"}}, "2500"),
        ({"BillableStatus": "HasBeenBilled"}, "2170"),
        ({"BillableStatus": "Perhaps"}, "6320"),
        ({"BillableStatus": "Billable"}, "6310"),
        ({"TaxCodeRef": None}, "6000"),
        ({"TaxCodeRef": {"value": "999"}}, "2500"),
    ],
)
def test_a_line_of_a_bill_is_refused_by_its_code(detail: dict[str, Any], code: str) -> None:
    keeper = company()
    line = keeper.expense_line("10", code="20.0% S")
    line["AccountBasedExpenseLineDetail"] |= detail
    assert refusal(keeper.bill, Line=[line])[0] == code


def test_a_line_without_tax_code_or_on_payables_is_refused() -> None:
    keeper = company()
    assert "GST/HST rate" in refusal(keeper.bill, Line=[keeper.expense_line("10")])[1]
    assert refusal(keeper.bill, Line=[keeper.expense_line("10", "2100", "No VAT")])[0] == "6430"


def test_reverse_charge_costs_nothing_and_stands_on_both_sides() -> None:
    keeper = company()
    bill = keeper.bill("100", "20.0% RC SG")
    assert (bill["TotalAmt"], bill["TxnTaxDetail"]["TotalTax"]) == (100, 0)
    assert sorted(line["Amount"] for line in bill["TxnTaxDetail"]["TaxLine"]) == [-20, 20]


def test_bills_need_essentials_and_their_items_plus() -> None:
    keeper = company(plan="simple_start")
    said = refusal(keeper.bill)
    assert said[0] == "5030" and "not included in your QuickBooks Online Simple Start subscription" in said[1]
    keeper.hand("plan", plan="essentials")
    how = "ItemBasedExpenseLineDetail"
    inner = {"ItemRef": keeper.ref("Item", "Goods"), "TaxCodeRef": keeper.tax()}
    line = {"DetailType": how, "Amount": Decimal(10), how: inner}
    assert keeper.bill("10")["Id"]
    assert "Essentials" in refusal(keeper.bill, Line=[line])[1]
    keeper.hand("plan", plan="plus")
    keeper.bill(Line=[line])
    assert keeper.balance("5000") == 10


def test_a_purchase_is_paid_at_once_and_its_credit_comes_back() -> None:
    keeper = company()
    told: Body = {"PaymentType": "CreditCard", "AccountRef": keeper.account("2150")}
    told |= {"Line": [keeper.expense_line("10", code="20.0% S")], "GlobalTaxCalculation": "TaxExcluded"}
    made = keeper.create("Purchase", **told, EntityRef=keeper.ref("Vendor", "Paper Mill") | {"type": "Vendor"})
    assert made["TotalAmt"] == 12 and keeper.balance("2150") == -12
    keeper.create("Purchase", **told, Credit=True)
    assert keeper.totals() == {}
    assert refusal(keeper.create, "Purchase", **(told | {"PaymentType": "Cash"}))[0] == "6430"


def test_a_transfer_moves_money_between_accounts_of_the_balance_sheet() -> None:
    keeper = company()
    told: Body = {"FromAccountRef": keeper.account("1250"), "ToAccountRef": keeper.account("1200")}
    made = keeper.create("Transfer", **told, Amount=Decimal("25.50"))
    assert keeper.totals() == {"1250": Decimal("-25.50"), "1200": Decimal("25.50")}
    income = told | {"ToAccountRef": keeper.account("TO-200")}
    assert refusal(keeper.create, "Transfer", **income, Amount=Decimal(1))[0] == "6430"
    same = told | {"ToAccountRef": told["FromAccountRef"]}
    assert refusal(keeper.create, "Transfer", **same, Amount=Decimal(1))[0] == "6000"
    assert refusal(keeper.create, "Transfer", **told)[0] == "6000"
    keeper.delete("Transfer", made)
    assert keeper.totals() == {}


def test_words_items_and_vendors_on_purchases() -> None:
    keeper = company()
    words = {"DetailType": "DescriptionOnly", "Description": "October"}
    made = keeper.bill(Line=[keeper.expense_line("10", code="No VAT"), words], GlobalTaxCalculation="TaxInclusive")
    assert made["TotalAmt"] == 10
    customer = keeper.ref("Customer", "Corner Shop")
    billed = keeper.expense_line("10", code="No VAT", BillableStatus="Billable", CustomerRef=customer)
    detail = keeper.bill(Line=[billed])["Line"][0]["AccountBasedExpenseLineDetail"]
    assert (detail["BillableStatus"], detail["CustomerRef"]["name"]) == ("Billable", "Corner Shop")
    for line, code in (({"Amount": Decimal(1)}, "2020"), ({"DetailType": "GroupLineDetail"}, "2170")):
        assert refusal(keeper.bill, Line=[line])[0] == code
    assert refusal(keeper.bill, "-10")[0] == "6000"
    assert refusal(keeper.bill, APAccountRef=keeper.account("1200"))[0] == "6430"
    assert refusal(keeper.create, "Bill", Line=[billed])[0] == "2020"
    how = "ItemBasedExpenseLineDetail"
    bare = {"DetailType": how, "Amount": Decimal(1), how: {"TaxCodeRef": keeper.tax("No VAT")}}
    assert refusal(keeper.bill, Line=[bare])[0] == "6440"
    sold = keeper.create("Item", Name="Advice", IncomeAccountRef=keeper.account("4010"))
    line = bare | {how: {"ItemRef": {"value": sold["Id"]}, "TaxCodeRef": keeper.tax("No VAT")}}
    assert refusal(keeper.bill, Line=[line])[0] == "6440"
    told: Body = {"AccountRef": keeper.account("1200"), "Line": [billed], "GlobalTaxCalculation": "TaxExcluded"}
    assert refusal(keeper.create, "Purchase", **told)[0] == "2020"
    partner = told | {"PaymentType": "Cash", "EntityRef": {"value": "1", "type": "Partner"}}
    assert refusal(keeper.create, "Purchase", **partner)[0] == "2120"
