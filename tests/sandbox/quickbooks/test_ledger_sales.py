"""Invoices, receipts, credits and payments at the QuickBooks stand-in: tax of three ways, balances, links and locks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.bookkeeping import Bookkeeper, company, refusal


def test_an_invoice_is_owed_with_its_tax_and_adds_its_subtotal() -> None:
    keeper = company()
    made = keeper.invoice("100.00", DocNumber="S-1", SalesTermRef=keeper.ref("Term", "Net 15"))
    assert (made["TotalAmt"], made["Balance"], made["TxnTaxDetail"]["TotalTax"]) == (120, 120, 20)
    assert (made["TxnDate"], made["DueDate"]) == ("2026-11-20", "2026-12-05")
    assert made["Line"][-1] == {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    assert made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["TaxPercent"] == 20
    assert keeper.totals() == {"1100": 120, "4000": -100, "2200": -20}
    assert keeper.read("Customer", made["CustomerRef"]["value"])["Balance"] == 120


def test_with_tax_inside_the_net_is_the_sum_of_rounded_nets() -> None:
    keeper = company()
    lines = [keeper.item_line("0.03", "20.0% S") for _ in range(3)]
    made = keeper.invoice(Line=lines, GlobalTaxCalculation="TaxInclusive")
    # Each line is 0.025 without tax, rounded to 0.03, so three of them are 0.09 and their tax 0.02: 0.11, not 0.09.
    assert [line.get("Amount") for line in made["Line"]] == [Decimal("0.03")] * 3 + [Decimal("0.09")]
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (Decimal("0.11"), Decimal("0.02"))
    assert made["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == Decimal("0.03")
    again = keeper.update("Invoice", made, sparse=False)
    assert again["TotalAmt"] == made["TotalAmt"], "what is sent back as it was read stays as it was"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"GlobalTaxCalculation": ""}, "6000", "GST/HST rate"),
        ({"CustomerRef": None}, "2020", "CustomerRef"),
        ({"CustomerRef": {"value": "99"}}, "2500", "Names element id 99"),
        ({"CustomerRef": {"value": "2"}}, "6250", "doesn't exist or is inactive"),
        ({"CustomerRef": {"value": "x1"}}, "2030", "x1"),
        ({"Line": []}, "2250", "at least one split line"),
        ({"DocNumber": "N" * 22}, "2050", "Min:0 Max:21 supported. Supplied length:22"),
        ({"PrivateNote": "n" * 4001}, "2050", "Max:4000"),
        ({"PrivateNote": "smile \U0001f600"}, "2040", "PrivateNote"),
        ({"TxnDate": "20-11-2026"}, "2060", "20-11-2026"),
        ({"TxnDate": "2026-02-30"}, "2070", "2026-02-30"),
        ({"TxnDate": "1066-10-14"}, "2190", "1066-10-14"),
        ({"BillEmail": {"Address": "nobody"}}, "2210", "nobody"),
        ({"AllowOnlineACHPayment": "yes"}, "2230", "yes"),
        ({"PrintStatus": "Printed"}, "2170", "Printed"),
        ({"Colour": "red"}, "2010", "Colour"),
        ({"CurrencyRef": {"value": "EUR"}}, "2220", "EUR"),
    ],
)
def test_an_invoice_is_refused_by_its_code(change: dict[str, Any], code: str, words: str) -> None:
    keeper = company()
    found = refusal(keeper.invoice, **change)
    assert found[0] == code and words in found[1]
    assert keeper.company.rows("Invoice") == []


@pytest.mark.parametrize(
    ("amount", "detail", "code"),
    [
        ("10.00", {"Qty": 3, "UnitPrice": Decimal("3.33")}, "6070"),
        ("10.001", {}, "2110"),
        ("1e12", {}, "2140"),
        ("10.00", {"ItemRef": None}, "6440"),
        ("10.00", {"Qty": "three"}, "2080"),
        ("-10.00", {}, "6000"),
    ],
)
def test_a_line_is_refused_by_its_code(amount: str, detail: dict[str, Any], code: str) -> None:
    keeper = company()
    line = keeper.item_line(amount, "20.0% S", **detail)
    assert refusal(keeper.invoice, Line=[line])[0] == code


def test_a_line_may_leave_its_amount_to_quantity_and_price() -> None:
    keeper = company()
    line = keeper.item_line("0", "20.0% S", Qty=3, UnitPrice=Decimal("3.33"))
    del line["Amount"]
    assert keeper.invoice(Line=[line])["TotalAmt"] == Decimal("11.99")


def test_the_client_may_set_the_tax_for_every_rate_and_not_for_some() -> None:
    keeper = company()
    rate = keeper.invoice()["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["TaxRateRef"]
    detail = {"TaxRateRef": rate, "PercentBased": True, "TaxPercent": 20, "NetAmountTaxable": 100}
    own = {"TotalTax": Decimal("19.99"), "TaxLine": [{"Amount": Decimal("19.99"), "TaxLineDetail": detail}]}
    assert keeper.invoice(TxnTaxDetail=own)["TotalAmt"] == Decimal("119.99")
    assert refusal(keeper.invoice, TxnTaxDetail={"TotalTax": Decimal("19.99")})[0] == "6000"
    assert refusal(keeper.invoice, TxnTaxDetail=own | {"TotalTax": Decimal("18")})[0] == "6000"
    keeper.hand("tax-edit", type="20.0% S", locked=True)
    assert "can't be changed" in refusal(keeper.invoice, TxnTaxDetail=own)[1]
    assert refusal(keeper.invoice, GlobalTaxCalculation="NotApplicable", TxnTaxDetail=own)[0] == "6170"


def test_without_sales_tax_codes_and_details_are_ignored() -> None:
    keeper = company(tax_mode="none")
    made = keeper.invoice("100", TxnTaxDetail={"TotalTax": 7}, GlobalTaxCalculation=None)
    assert made["TotalAmt"] == 100 and "TxnTaxDetail" not in made


def test_automated_sales_tax_takes_the_place_and_honours_an_explicit_total() -> None:
    keeper = company("new-york")
    assert keeper.invoice("100", "TAX")["TxnTaxDetail"]["TotalTax"] == Decimal("8.88")
    assert keeper.invoice("100", "TAX", ShipAddr={"CountrySubDivisionCode": "CA"})["TotalAmt"] == Decimal("107.25")
    assert keeper.invoice("100", "TAX", ShipAddr={"CountrySubDivisionCode": "OR"})["TotalAmt"] == 100
    assert keeper.invoice("100", "NON")["TotalAmt"] == 100
    assert keeper.invoice("100", "TAX", TxnTaxDetail={"TotalTax": Decimal("5")})["TotalAmt"] == 105
    assert keeper.balance("2200") == -(Decimal("8.88") + Decimal("7.25") + 5)


def test_manual_sales_tax_takes_the_documents_code() -> None:
    keeper = company("new-york", tax_mode="manual")
    city = {"TxnTaxCodeRef": keeper.tax("New York City")}
    made = keeper.invoice("100", "TAX", TxnTaxDetail=city)
    assert (made["TxnTaxDetail"]["TotalTax"], len(made["TxnTaxDetail"]["TaxLine"])) == (Decimal("8.88"), 3)
    assert keeper.invoice("100", "TAX")["TotalAmt"] == 100
    line = keeper.item_line("100")
    line["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "20% VAT"}
    assert refusal(keeper.invoice, code="TAX", Line=[line]) == (
        "6100",
        "Valid Line TaxCodes for US should be TAX or NON. Supplied value:20% VAT",
    )
    custom = {"TxnTaxCodeRef": {"value": "CustomSalesTax"}}
    assert refusal(keeper.invoice, TxnTaxDetail=custom, code="TAX")[0] == "6160"
    assert refusal(keeper.update, "Invoice", made | {"TxnTaxDetail": custom}, sparse=False)[0] == "6230"


def test_a_sales_receipt_is_money_at_once() -> None:
    keeper = company()
    made = keeper.create("SalesReceipt", Line=[keeper.item_line("50", "No VAT")], GlobalTaxCalculation="TaxExcluded")
    assert keeper.balance("1290") == 50 and made["Balance"] == 0
    to_bank = {"DepositToAccountRef": keeper.account("1200"), "GlobalTaxCalculation": "TaxExcluded"}
    keeper.create("SalesReceipt", Line=[keeper.item_line("50", "No VAT")], **to_bank)
    assert keeper.balance("1200") == 50
    barred = to_bank | {"DepositToAccountRef": keeper.account("TO-200"), "Line": [keeper.item_line("1", "No VAT")]}
    assert refusal(keeper.create, "SalesReceipt", **barred) == ("6430", "Invalid account type: Income")
    less = to_bank | {"Line": [keeper.item_line("-1", "No VAT")]}
    keeper.switch(negative_receipt_text="Not below nothing.")
    assert refusal(keeper.create, "SalesReceipt", **less) == ("6000", "Business Validation Error: Not below nothing.")


def test_a_refund_receipt_needs_to_know_where_the_money_comes_from() -> None:
    keeper = company()
    told = {"Line": [keeper.item_line("50", "20.0% S")], "GlobalTaxCalculation": "TaxExcluded"}
    assert refusal(keeper.create, "RefundReceipt", **told) == (
        "2020",
        "Required parameter DepositToAccountRef is missing in the request",
    )
    keeper.create("RefundReceipt", **told, DepositToAccountRef=keeper.account("1200"))
    assert keeper.totals() == {"1200": -60, "4000": 50, "2200": 10}


def test_payments_move_what_is_left_of_an_invoice() -> None:
    keeper = company()
    invoice = keeper.invoice("100", "No VAT")
    first = keeper.payment("30", (invoice, "30"))
    row = keeper.read("Invoice", invoice["Id"])
    assert (row["Balance"], row["LinkedTxn"]) == (70, [{"TxnId": first["Id"], "TxnType": "Payment"}])
    assert row["SyncToken"] == "1"
    changed = keeper.update("Payment", {"Id": first["Id"], "SyncToken": "0", "TotalAmt": Decimal(50)})
    assert (changed["UnappliedAmt"], keeper.read("Invoice", invoice["Id"])["Balance"]) == (20, 70)
    keeper.delete("Payment", changed)
    row = keeper.read("Invoice", invoice["Id"])
    assert (row["Balance"], row["LinkedTxn"]) == (100, [])
    assert keeper.totals() == {"1100": 100, "4000": -100}


def test_a_payment_links_only_what_is_open_and_of_the_same_customer() -> None:
    keeper = company()
    invoice = keeper.invoice("100", "No VAT")
    other = keeper.create("Customer", DisplayName="Somebody else")["Id"]
    assert refusal(keeper.payment, "10", (invoice, "10"), CustomerRef={"value": other})[0] == "620"
    assert refusal(keeper.payment, "100.01", (invoice, "100.01"))[0] == "620"
    assert refusal(keeper.payment, "10", ({"Id": "999"}, "10"))[0] == "620"
    assert refusal(keeper.payment, "10", (invoice, "20"))[0] == "6000"
    assert "transaction amount" in refusal(keeper.payment, "1", TotalAmt=None)[1]
    keeper.payment("100", (invoice, "100"))
    assert refusal(keeper.payment, "1", (invoice, "1"))[0] == "620"


def test_a_credit_memo_pays_an_invoice_through_a_payment_of_nothing() -> None:
    keeper = company()
    invoice = keeper.invoice("100", "No VAT")
    told = {"CustomerRef": invoice["CustomerRef"], "GlobalTaxCalculation": "TaxExcluded"}
    credit = keeper.create("CreditMemo", Line=[keeper.item_line("40", "No VAT")], **told)
    assert credit["RemainingCredit"] == 40
    lines = [
        {"Amount": Decimal(40), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": kind}]}
        for row, kind in ((invoice, "Invoice"), (credit, "CreditMemo"))
    ]
    keeper.create("Payment", CustomerRef=invoice["CustomerRef"], TotalAmt=Decimal(0), Line=lines)
    assert keeper.read("Invoice", invoice["Id"])["Balance"] == 60
    assert keeper.read("CreditMemo", credit["Id"])["RemainingCredit"] == 0
    assert keeper.balance("1100") == 60


def test_voiding_leaves_the_paper_and_takes_the_amounts() -> None:
    keeper = company()
    invoice = keeper.invoice("100", DocNumber="S-1", PrivateNote="ours")
    payment = keeper.payment("20", (invoice, "20"))
    assert refusal(keeper.void, "Invoice", keeper.read("Invoice", invoice["Id"]))[0] == "6450"
    gone = keeper.void("Payment", payment)
    assert (gone["TotalAmt"], gone["UnappliedAmt"]) == (0, 0)
    row = keeper.void("Invoice", keeper.read("Invoice", invoice["Id"]))
    assert (row["TotalAmt"], row["Balance"], row["DocNumber"], row["PrivateNote"]) == (0, 0, "S-1", "Voided - ours")
    assert keeper.totals() == {}
    assert refusal(keeper.void, "CreditMemo", row)[0] == "500"
    assert refusal(keeper.update, "Invoice", row | {"PrivateNote": "back"})[0] == "500"


def test_a_paper_with_a_payment_is_not_deleted() -> None:
    keeper = company()
    invoice = keeper.invoice("100")
    keeper.payment("20", (invoice, "20"))
    row = keeper.read("Invoice", invoice["Id"])
    assert refusal(keeper.delete, "Invoice", row)[0] == "800"
    low = {"Id": row["Id"], "SyncToken": row["SyncToken"], "Line": [keeper.item_line("10", "No VAT")]}
    assert refusal(keeper.update, "Invoice", low)[0] == "6000"


def test_a_deposit_locks_its_receipts() -> None:
    keeper = company()
    payment = keeper.payment("30")
    receipt = keeper.create("SalesReceipt", Line=[keeper.item_line("50", "No VAT")], GlobalTaxCalculation="TaxExcluded")
    links = [
        {"LinkedTxn": [{"TxnId": row["Id"], "TxnType": kind, "TxnLineId": "0"}]}
        for row, kind in ((payment, "Payment"), (receipt, "SalesReceipt"))
    ]
    told = {"DepositToAccountRef": keeper.account("1200"), "Line": links}
    deposit = keeper.create("Deposit", **told)
    assert (deposit["TotalAmt"], keeper.balance("1200"), keeper.balance("1290")) == (80, 80, 0)
    assert refusal(keeper.create, "Deposit", **told)[0] == "620"
    for act in (keeper.delete, keeper.void, keeper.update):
        code, detail = refusal(act, "Payment", keeper.read("Payment", payment["Id"]))
        assert code == "6540" and detail.startswith("This transaction has been deposited.")
    keeper.delete("Deposit", deposit)
    assert keeper.delete("Payment", keeper.read("Payment", payment["Id"]))["status"] == "Deleted"


def test_a_deposit_takes_lines_of_accounts_and_cash_back() -> None:
    keeper = company()
    line = {"DetailType": "DepositLineDetail", "Amount": Decimal(100)}
    line |= {"DepositLineDetail": {"AccountRef": keeper.account("TO-200")}}
    back = {"AccountRef": keeper.account("6200"), "Amount": Decimal(10)}
    keeper.create("Deposit", DepositToAccountRef=keeper.account("1200"), Line=[line], CashBack=back)
    assert keeper.totals() == {"1200": 90, "TO-200": -100, "6200": 10}
    bare = line | {"DepositLineDetail": {}}
    assert refusal(keeper.create, "Deposit", DepositToAccountRef=keeper.account("1200"), Line=[bare])[0] == "2020"


def test_what_is_matched_in_the_bank_feed_is_locked() -> None:
    keeper = company()
    receipt = keeper.create("SalesReceipt", Line=[keeper.item_line("50", "No VAT")], GlobalTaxCalculation="TaxExcluded")
    keeper.hand("match", id=receipt["Id"], entity="SalesReceipt")
    assert refusal(keeper.delete, "SalesReceipt", receipt)[0] == "6480"
    assert refusal(keeper.void, "SalesReceipt", receipt)[0] == "6480"
    new = {"Id": receipt["Id"], "SyncToken": "0", "Line": [keeper.item_line("51", "No VAT")]}
    assert refusal(keeper.update, "SalesReceipt", new)[0] == "6480"
    assert keeper.update("SalesReceipt", {"Id": receipt["Id"], "SyncToken": "0", "PrivateNote": "seen"})["Id"]
    keeper.hand("match", id=receipt["Id"], entity="SalesReceipt", off=True)
    assert keeper.delete("SalesReceipt", keeper.read("SalesReceipt", receipt["Id"]))["status"] == "Deleted"


@pytest.fixture
def keeper() -> Bookkeeper:
    return company()


def test_a_full_update_clears_and_a_sparse_one_keeps(keeper: Bookkeeper) -> None:
    made = keeper.invoice("100", PrivateNote="ours", DocNumber="S-1", CustomerMemo={"value": "Thank you"})
    kept = keeper.update("Invoice", {"Id": made["Id"], "SyncToken": "0", "CustomerMemo": {"value": "Thanks"}})
    assert (kept["PrivateNote"], kept["CustomerMemo"]["value"], kept["TotalAmt"]) == ("ours", "Thanks", 120)
    whole = {name: kept[name] for name in ("Id", "SyncToken", "CustomerRef", "Line", "GlobalTaxCalculation")}
    cleared = keeper.update("Invoice", whole, sparse=False)
    assert "PrivateNote" not in cleared and "CustomerMemo" not in cleared and "DocNumber" not in cleared
    assert (cleared["SyncToken"], cleared["MetaData"]["CreateTime"]) == ("2", made["MetaData"]["CreateTime"])
    assert refusal(keeper.update, "Invoice", {"Id": made["Id"], "SyncToken": "2"}, sparse=False)[0] == "2020"


def test_an_old_version_is_refused_with_the_name_of_who_was_there(keeper: Bookkeeper) -> None:
    made = keeper.invoice()
    keeper.hand("stale-version", id=made["Id"])
    code, detail = refusal(keeper.update, "Invoice", made | {"PrivateNote": "late"})
    assert code == "5010" and detail.startswith("Stale Object Error : You and Lucy Harbour were working on this")
    assert refusal(keeper.update, "Invoice", {"Id": made["Id"]})[0] == "2020"
    fresh = keeper.read("Invoice", made["Id"])
    assert keeper.update("Invoice", fresh | {"SyncToken": int(fresh["SyncToken"])})["SyncToken"] == "2"


def test_what_was_deleted_says_so(keeper: Bookkeeper) -> None:
    made = keeper.invoice()
    keeper.delete("Invoice", made)
    assert refusal(keeper.read, "Invoice", made["Id"]) == (
        "610",
        "Object Not Found : Another user has deleted this transaction.",
    )
    assert refusal(keeper.read, "Invoice", "999")[1].startswith("Object Not Found : Something you're trying to use")
    assert refusal(keeper.read, "Invoice", "abc")[0] == "2030"
    assert keeper.totals() == {}


def test_words_discounts_and_subtotals_between_the_lines(keeper: Bookkeeper) -> None:
    words = {"DetailType": "DescriptionOnly", "Description": "With thanks", "DescriptionLineDetail": {}}
    off = {"DetailType": "DiscountLineDetail", "Amount": Decimal(10)}
    off |= {"DiscountLineDetail": {"PercentBased": False, "TaxCodeRef": keeper.tax("No VAT")}}
    back = {"DetailType": "SubTotalLineDetail", "Amount": Decimal(7), "SubtotalLineDetail": {}}
    made = keeper.invoice(Line=[keeper.item_line("100", "No VAT"), words, off, back])
    assert made["TotalAmt"] == 90 and [line.get("Amount") for line in made["Line"]] == [100, None, 10, 90]
    assert keeper.totals() == {"1100": 90, "4000": -100, "4090": 10}
    bare = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
    assert refusal(keeper.invoice, Line=[bare])[0] == "6090"
    assert refusal(keeper.invoice, Line=[{"Amount": Decimal(1)}]) == (
        "2020",
        "Required parameter DetailType is missing in the request",
    )
    group = {"DetailType": "GroupLineDetail", "GroupLineDetail": {}}
    assert refusal(keeper.invoice, Line=[group])[0] == "2170"


def test_items_without_price_or_of_a_category_cannot_be_sold(keeper: Bookkeeper) -> None:
    line = keeper.item_line("0", "No VAT")
    del line["Amount"]
    assert refusal(keeper.invoice, Line=[line])[0] == "2020"
    row = keeper.create("Item", Name="Hats", Type="Category")
    assert refusal(keeper.invoice, Line=[keeper.item_line("1", "No VAT", ItemRef={"value": row["Id"]})])[0] == "2500"


def test_a_line_of_a_payment_names_amount_and_paper(keeper: Bookkeeper) -> None:
    invoice = keeper.invoice("100", "No VAT")
    links = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    for line, code in (
        ({"LinkedTxn": links}, "2020"),
        ({"Amount": Decimal(5)}, "2020"),
        ({"Amount": Decimal(-5), "LinkedTxn": links}, "2290"),
        ({"Amount": Decimal(5), "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Estimate"}]}, "620"),
    ):
        assert refusal(keeper.payment, "5", Line=[line])[0] == code
    assert refusal(keeper.payment, "-5")[0] == "6000"
    assert refusal(keeper.payment, "5", DepositToAccountRef=keeper.account("4000"))[0] == "6430"


def test_a_deposit_on_receivables_needs_its_customer(keeper: Bookkeeper) -> None:
    def deposit(**detail: Any) -> Any:
        inner = {"AccountRef": keeper.account("1100")} | detail
        line = {"DetailType": "DepositLineDetail", "Amount": Decimal(10), "DepositLineDetail": inner}
        return keeper.create("Deposit", DepositToAccountRef=keeper.account("1200"), Line=[line])

    assert "choose a customer" in refusal(deposit)[1]
    customer = keeper.ref("Customer", "Corner Shop")
    made = deposit(Entity=customer | {"type": "Customer"}, PaymentMethodRef=keeper.ref("PaymentMethod", "Cash"))
    assert made["Line"][0]["DepositLineDetail"]["Entity"]["type"] == "Customer"
    assert keeper.read("Customer", customer["value"])["Balance"] == -10
    assert refusal(deposit, AccountRef=keeper.account("TO-200"), TaxCodeRef=keeper.tax())[0] == "6470"
    assert refusal(keeper.create, "Deposit", DepositToAccountRef=keeper.account("TO-200"), Line=[])[0] == "6430"
