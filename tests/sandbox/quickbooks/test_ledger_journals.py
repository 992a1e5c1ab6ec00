"""Journals at the QuickBooks stand-in: balance, tax beside the net, names, currencies, and each way to be refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.bookkeeping import Bookkeeper, company, refusal
from tieout.sandbox.quickbooks.state import Fault


def taxed(keeper: Bookkeeper, posting: str, account: str, net: str, vat: str, on: str, code: str = "20.0% S") -> Any:
    more = {"TaxCodeRef": keeper.tax(code), "TaxApplicableOn": on, "TaxAmount": Decimal(vat)}
    return keeper.side(posting, account, net, **more)


def settlement(keeper: Bookkeeper, **more: Any) -> Any:
    """Sales 120.00 with VAT, fees 30.00 with VAT, 90.00 to the bank."""
    return keeper.journal(
        taxed(keeper, "Credit", "TO-200", "100.00", "20.00", "Sales"),
        taxed(keeper, "Debit", "TO-203", "25.00", "5.00", "Purchase"),
        keeper.side("Debit", "1200", "90.00"),
        **({"GlobalTaxCalculation": "TaxExcluded", "DocNumber": "TO-1"} | more),
    )


def test_a_settlement_posts_net_lines_and_its_tax_to_the_agencys_account() -> None:
    keeper = company()
    made = settlement(keeper, PrivateNote="TO-GB [src:1]")
    assert (made["TotalAmt"], made["DocNumber"], made["SyncToken"]) == (Decimal("120.00"), "TO-1", "0")
    assert made["CurrencyRef"]["value"] == "GBP" and made["PrivateNote"] == "TO-GB [src:1]"
    assert [line["JournalEntryLineDetail"].get("TaxAmount") for line in made["Line"]] == [20, 5, None]
    assert keeper.totals() == {"TO-200": -100, "TO-203": 25, "1200": 90, "2200": -15}


def test_the_tax_of_a_line_is_taken_as_sent_a_penny_off_too() -> None:
    keeper = company()
    keeper.journal(
        taxed(keeper, "Credit", "TO-200", "0.08", "0.01", "Sales"),
        keeper.side("Debit", "1200", "0.09"),
        GlobalTaxCalculation="TaxExcluded",
    )
    assert keeper.balance("2200") == Decimal("-0.01")


def test_a_negative_payout_turns_every_side() -> None:
    keeper = company()
    keeper.journal(
        taxed(keeper, "Debit", "TO-200", "10.00", "2.00", "Sales"),
        keeper.side("Credit", "2150", "12.00"),
        GlobalTaxCalculation="TaxExcluded",
    )
    assert keeper.totals() == {"TO-200": 10, "2150": -12, "2200": 2}


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        ([("Debit", "1200", "10.00"), ("Credit", "TO-200", "9.99")], "2300", "10.00"),
        ([("Debit", "1200", "10.00")], "6000", "at least two detail lines"),
        ([("Debit", "1200", "-10.00"), ("Credit", "TO-200", "-10.00")], "2290", "Negative amounts"),
        ([("Debit", "1200", "0.00"), ("Credit", "TO-200", "0.00")], "6000", "an amount on every detail line"),
        ([("debit", "1200", "1.00"), ("Credit", "TO-200", "1.00")], "2170", "debit"),
        ([("Debit", "1100", "1.00"), ("Credit", "TO-200", "1.00")], "6000", "choose a customer in the Name field"),
        ([("Debit", "TO-203", "1.00"), ("Credit", "2100", "1.00")], "6000", "choose a vendor in the Name field"),
    ],
)
def test_a_journal_built_wrong_is_refused_by_its_code(lines: list[tuple[str, str, str]], code: str, words: str) -> None:
    keeper = company()
    keeper.switch(zero_journal_line="refused")
    found = refusal(keeper.journal, *(keeper.side(*line) for line in lines))
    assert found[0] == code and words in found[1]
    assert keeper.company.rows("JournalEntry") == []


def test_missing_parts_are_named() -> None:
    keeper = company()
    whole = keeper.side("Debit", "1200", "1.00")
    bare = {"DetailType": "JournalEntryLineDetail", "Amount": Decimal(1), "JournalEntryLineDetail": {}}
    with pytest.raises(Fault) as found:
        keeper.journal(whole, bare)
    assert [error.code for error in found.value.errors] == ["2260", "2020"]
    assert "AccountRef" in found.value.errors[1].detail
    assert refusal(keeper.create, "JournalEntry") == ("2020", "Required parameter Line is missing in the request")
    assert refusal(keeper.create, "JournalEntry", Line=[])[0] == "2250"


def test_a_tax_code_needs_its_side_its_amount_and_a_calculation() -> None:
    keeper = company()
    other = keeper.side("Debit", "1200", "12.00")

    def code_of(**detail: Any) -> str:
        line = keeper.side("Credit", "TO-200", "10.00", TaxCodeRef=keeper.tax(), **detail)
        return refusal(keeper.journal, line, other, GlobalTaxCalculation="TaxExcluded")[0]

    assert code_of(TaxAmount=Decimal(2)) == "2270"
    assert code_of(TaxApplicableOn="Sales") == "2280"
    assert code_of(TaxApplicableOn="Purchases", TaxAmount=Decimal(2)) == "2170"
    line = taxed(keeper, "Credit", "TO-200", "10.00", "2.00", "Sales")
    assert "GST/HST rate" in refusal(keeper.journal, line, other)[1]
    assert refusal(keeper.journal, line, other, GlobalTaxCalculation="NotApplicable")[0] == "6170"


def test_tax_codes_that_do_not_fit_are_refused() -> None:
    keeper = company()
    other = keeper.side("Debit", "1200", "12.00")
    on_sales = taxed(keeper, "Credit", "TO-200", "10.00", "2.00", "Sales", "20.0% RC SG")
    assert refusal(keeper.journal, on_sales, other, GlobalTaxCalculation="TaxExcluded")[0] == "6470"
    zero = taxed(keeper, "Credit", "TO-200", "10.00", "2.00", "Sales", "No VAT")
    assert refusal(keeper.journal, zero, other, GlobalTaxCalculation="TaxExcluded")[0] == "6000"
    fitting = taxed(keeper, "Credit", "TO-200", "12.00", "0.00", "Sales", "No VAT")
    assert keeper.journal(fitting, other, GlobalTaxCalculation="TaxExcluded")["TotalAmt"] == 12
    keeper.hand("tax-edit", type="20.0% S", status="ARCHIVED")
    late = taxed(keeper, "Credit", "TO-200", "10.00", "2.00", "Sales")
    assert refusal(keeper.journal, late, other, GlobalTaxCalculation="TaxExcluded")[0] == "2500"


def test_us_journals_carry_no_tax() -> None:
    keeper = company("new-york")
    lines = (keeper.side("Debit", "1200", "10.00"), keeper.side("Credit", "TO-200", "10.00"))
    assert keeper.journal(*lines)["TotalAmt"] == 10
    non = keeper.side("Credit", "TO-200", "10.00", TaxCodeRef={"value": "NON"})
    assert keeper.journal(lines[0], non)["TotalAmt"] == 10
    taxable = keeper.side("Credit", "TO-200", "10.00", TaxCodeRef={"value": "TAX"})
    assert refusal(keeper.journal, lines[0], taxable)[0] == "6470"
    unknown = keeper.side("Credit", "TO-200", "10.00", TaxCodeRef={"value": "20"})
    assert refusal(keeper.journal, lines[0], unknown)[0] == "6100"


def test_receivables_need_their_customer_and_there_is_one_such_account() -> None:
    keeper = company()
    who = {"Type": "Customer", "EntityRef": keeper.ref("Customer", "Corner Shop")}
    owed = keeper.side("Debit", "1100", "10.00", Entity=who)
    keeper.journal(owed, keeper.side("Credit", "TO-200", "10.00"))
    assert keeper.read("Customer", who["EntityRef"]["value"])["Balance"] == 10
    supplier = {"Type": "Vendor", "EntityRef": keeper.ref("Vendor", "Paper Mill")}
    both = (owed, keeper.side("Credit", "2100", "10.00", Entity=supplier))
    assert "only one" in refusal(keeper.journal, *both)[1]
    wrong = keeper.side("Debit", "1100", "10.00", Entity=supplier)
    assert "choose a customer" in refusal(keeper.journal, wrong, keeper.side("Credit", "TO-200", "10.00"))[1]


def test_tax_on_receivables_is_a_switch() -> None:
    keeper = company()
    who = {"Type": "Customer", "EntityRef": keeper.ref("Customer", "Corner Shop")}
    more = {"TaxCodeRef": keeper.tax(), "TaxApplicableOn": "Sales", "TaxAmount": Decimal(2), "Entity": who}
    lines = (keeper.side("Debit", "1100", "10.00", **more), keeper.side("Credit", "TO-200", "12.00"))
    assert refusal(keeper.journal, *lines, GlobalTaxCalculation="TaxExcluded")[0] == "6000"
    keeper.switch(journal_tax_on_control="taken")
    assert keeper.journal(*lines, GlobalTaxCalculation="TaxExcluded")["TotalAmt"] == 12


def test_what_a_client_sends_without_meaning_it_is_let_go() -> None:
    keeper = company()
    junk = {"TaxApplicableOn": "Sales", "TaxAmount": 0, "BillableStatus": None}
    lines = (keeper.side("Debit", "1200", "5", **junk), keeper.side("Credit", "TO-200", "5", **junk))
    more = {"TotalAmt": "", "ExchangeRate": 1, "SyncToken": 0, "Id": None, "domain": "QBO", "CurrencyRef": None}
    assert keeper.journal(*lines, **more, PrivateNote="", TxnDate="")["TxnDate"] == "2026-11-20"


def test_a_tax_of_two_agencies_is_split_by_their_rates() -> None:
    keeper = company("toronto")
    line = taxed(keeper, "Credit", "TO-200", "100.00", "12.00", "Sales", "GST/PST BC")
    made = keeper.journal(line, keeper.side("Debit", "1200", "112.00"), GlobalTaxCalculation="TaxExcluded")
    assert made["TxnTaxDetail"]["TotalTax"] == 12
    assert keeper.totals() == {
        "TO-200": -100,
        "1200": 112,
        "2200": -5,
        "Ministry of Finance (BC) Payable": -7,
    }


def test_journals_work_in_the_smallest_plan() -> None:
    keeper = company(plan="simple_start")
    assert settlement(keeper)["Id"]


def test_with_tax_inside_a_line_has_to_say_both_amounts() -> None:
    keeper = company()
    bare = taxed(keeper, "Credit", "TO-200", "10.00", "2.00", "Sales")
    other = keeper.side("Debit", "1200", "12.00")
    assert refusal(keeper.journal, bare, other, GlobalTaxCalculation="TaxInclusive")[0] == "6070"
    bare["JournalEntryLineDetail"]["TaxInclusiveAmt"] = Decimal("12.00")
    assert keeper.journal(bare, other, GlobalTaxCalculation="TaxInclusive")["TotalAmt"] == 12


def test_a_journal_in_undeposited_funds_is_taken_to_the_bank() -> None:
    keeper = company()
    made = keeper.journal(keeper.side("Debit", "1290", "10"), keeper.side("Credit", "TO-200", "10"))
    link = {"LinkedTxn": [{"TxnId": made["Id"], "TxnType": "JournalEntry", "TxnLineId": "0"}]}
    keeper.create("Deposit", DepositToAccountRef=keeper.account("1200"), Line=[link])
    assert keeper.totals() == {"1200": 10, "TO-200": -10}
    assert refusal(keeper.delete, "JournalEntry", keeper.read("JournalEntry", made["Id"]))[0] == "6540"


def test_words_alone_are_let_go_and_names_stand_on_any_line() -> None:
    keeper = company()
    words = {"DetailType": "DescriptionOnly", "Description": "October"}
    who = {"Type": "Employee", "EntityRef": keeper.ref("Employee", "Edna Employee")}
    lines = [keeper.side("Debit", "6200", "5", Entity=who), words, keeper.side("Credit", "1200", "5")]
    made = keeper.journal(*lines)
    assert len(made["Line"]) == 2 and made["Line"][0]["JournalEntryLineDetail"]["Entity"]["Type"] == "Employee"
    other = lines[2]
    assert refusal(keeper.journal, {"Amount": Decimal(1)}, other)[0] == "2020"
    assert refusal(keeper.journal, {"DetailType": "SalesItemLineDetail"}, other)[0] == "2170"
    bare = keeper.side("Debit", "6200", "5")
    del bare["Amount"]
    assert refusal(keeper.journal, bare, other) == ("2020", "Required parameter Amount is missing in the request")
    unknown = {"Type": "Partner", "EntityRef": {"value": "1"}}
    assert refusal(keeper.journal, keeper.side("Debit", "6200", "5", Entity=unknown), other)[0] == "2120"
    absent = {"Type": "Vendor", "EntityRef": {"value": "99"}}
    assert refusal(keeper.journal, keeper.side("Debit", "6200", "5", Entity=absent), other)[0] == "2500"


def test_without_sales_tax_a_code_on_a_line_is_let_go() -> None:
    keeper = company(tax_mode="none")
    line = taxed(keeper, "Credit", "TO-200", "12.00", "2.00", "Sales")
    made = keeper.journal(line, keeper.side("Debit", "1200", "12.00"))
    assert (made["TotalAmt"], keeper.balance("2200")) == (12, 0)
