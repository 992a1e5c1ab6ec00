"""What labels mean: the shipped map, the rules in their order, and what no rule knows."""

import csv
from importlib.resources import files

import pytest

from tieout.channels.amazon.labels import LabelMap, Triple, category_of, comparable, entries
from tieout.core.category import Category

OTHER = "other-transaction"


def shipped() -> list[dict[str, str]]:
    text = files("tieout.channels.amazon").joinpath("labels.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def triple(row: dict[str, str]) -> Triple:
    return row["transaction_type"], row["amount_type"], row["amount_description"]


def test_the_map_ships_whole_with_unique_keys_and_known_categories() -> None:
    rows = shipped()
    assert len(rows) == len({tuple(map(comparable, triple(row))) for row in rows}) == len(entries()) == 363
    assert {row["confidence"] for row in rows} == {"confirmed", "documented", "unverified"}
    assert sum(not entry.is_on for entry in entries()) == sum(row["confidence"] == "unverified" for row in rows) > 20


@pytest.mark.parametrize("row", [row for row in shipped() if row["confidence"] != "unverified"], ids=triple)
def test_every_row_that_is_on_answers_for_itself(row: dict[str, str]) -> None:
    words = triple(row)
    sample = tuple(word.replace("<any>", "Anything at all").replace("*", " of 2026") for word in words)
    assert category_of((sample[0], sample[1], sample[2])).value == row["category"]


@pytest.mark.parametrize("row", [row for row in shipped() if row["confidence"] == "unverified"], ids=triple)
def test_a_row_that_is_off_does_not_answer(row: dict[str, str]) -> None:
    alone = LabelMap(entry for entry in entries() if not entry.is_on)
    assert alone.category(triple(row)) in (Category.UNKNOWN, Category.FEE_TAX_ON_FEE)
    on = LabelMap(entry for entry in entries() if entry.is_on)
    assert category_of(triple(row)) in (Category.UNKNOWN, on.category(triple(row)))


@pytest.mark.parametrize(
    ("words", "category"),
    [
        (("Order", "ItemFees", "FBAPerUnitFulfilmentFee"), "fee.fba_fulfilment"),  # spelling
        (("order", "Item-Price", "shipping tax"), "tax.collected"),
        (("FBAFees", "FBA Long Term Storage Fee", "Base fee"), "fee.fba_longterm_storage"),
        (("Ｏｒｄｅｒ", "ItemPrice", " Principal "), "sales.principal"),
        ((OTHER, OTHER, "Transfer of funds unsuccessful: some new wording"), "transfer.failed"),  # prefixes
        (("Transfer", "Transfer", "Transfer of funds unsuccessful: x"), "transfer.failed"),
        (("AmazonFees", "Eco-contribution for EPR Pay on Behalf FR Paper Q1", "Base fee"), "fee.regulatory_epr"),
        (("Debt Adjustment", "Debt Adjustment", "Cross-Account Debt Adjustment for DE"), "balance.cross_account_debt"),
        (("CouponRedemptionFee", "CouponRedemptionFee", "Save £1 on mugs"), "fee.coupon"),  # free text
        (("ServiceFee", OTHER, "Storage Fee"), "fee.fba_storage"),  # moved to another transaction type
        (("Transfer", OTHER, "Current Reserve Amount"), "reserve.current"),
        (("Something", "Something", "WAREHOUSE_LOST"), "reimbursement.fba"),  # by description alone
        (("New Type", "ItemWithheldTax", "MarketplaceFacilitatorVAT-GiftWrap"), "tax.withheld.vat"),  # affixes
        (("New Type", "New", "MarketplaceFacilitatorTax-Shipping2"), "tax.withheld.facilitator"),
        (("New Type", "New", "LowValueGoodsTax-GiftWrap"), "tax.withheld.lvgt"),
        (("New Type", "New", "TCS-UTGST2"), "tax.withheld.tcs"),
        (("New Type", "New", "TCS-CGST"), "tax.withheld.tcs"),
        (("New Type", "New", "Pick fee UTGST"), "fee.tax_on_fee"),
        (("Income Tax Charged", OTHER, "MiscAdjustment"), "tax.withheld.income"),  # the transaction type decides
        ((OTHER, OTHER, "MiscAdjustment"), "adjustment.misc"),
        ((OTHER, OTHER, "Quantum Shelf Fee"), "unknown"),
        (("New Type", "New", "Principal"), "unknown"),  # means different things in different places
        (("New Type", "New", "Base fee"), "unknown"),
        (("New Type", "ItemPrice", "Tax"), "unknown"),
        (("", "", ""), "unknown"),
    ],
)
def test_the_rules_in_their_order(words: Triple, category: str) -> None:
    assert category_of(words).value == category


def test_an_exact_row_wins_over_every_rule() -> None:
    assert category_of(("Refund", "ItemPrice", "Principal")) is Category.REFUND_PRINCIPAL
    assert category_of(("Chargeback Refund", "ItemPrice", "Principal")) is Category.DISPUTE_CHARGEBACK
    assert category_of(("Refund", "ItemPrice", "Goodwill")) is Category.REFUND_GOODWILL


def test_the_credit_of_the_map_stays_with_it() -> None:
    text = files("tieout.channels.amazon").joinpath("README.md").read_text(encoding="utf-8")
    assert "xieyi138-star/amazon-settlement-parser (CC BY 4.0)" in text
