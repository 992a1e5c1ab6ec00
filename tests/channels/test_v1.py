"""The V1 flat file, kept readable for history: several amounts in a row, and a set of columns that varies."""

import pytest

from tests.channels.files import UTC, accepted, read, refused, statement
from tieout import channels
from tieout.channels.amazon.layout import V1
from tieout.core.settlement import summed

PROMOTION = ("promotion-id", "promotion-type", "promotion-amount")
FULL = (
    "settlement-id settlement-start-date settlement-end-date deposit-date total-amount currency transaction-type "
    "order-id merchant-order-id adjustment-id shipment-id marketplace-name shipment-fee-type shipment-fee-amount "
    "order-fee-type order-fee-amount fulfillment-id posted-date order-item-code merchant-order-item-id "
    "merchant-adjustment-item-id sku quantity-purchased price-type price-amount item-related-fee-type "
    "item-related-fee-amount misc-fee-amount other-fee-amount other-fee-reason-description promotion-id "
    "promotion-type promotion-amount direct-payment-type direct-payment-amount other-amount"
).split()
HEADINGS = {
    36: FULL,
    33: [name for name in FULL if name not in PROMOTION],
    37: [*FULL[:18], "posted-date-time", *FULL[18:]],
}
ITEM = {"transaction-type": "Order", "order-id": "990-1", "marketplace-name": "Amazon.ca", "sku": "DEMO-1"}
ROWS: list[dict[str, str]] = [
    {"transaction-type": "Payable to Amazon", "other-amount": "-14.00"},
    {"transaction-type": "Successful charge", "other-amount": "14.00"},
    {**ITEM, "quantity-purchased": "1"},  # the item's first row has no amount
    {**ITEM, "price-type": "Principal", "price-amount": "54.93   "},
    {**ITEM, "price-type": "Shipping", "price-amount": "4.00"},
    {**ITEM, "item-related-fee-type": "Commission", "item-related-fee-amount": "-8.24"},
    {**ITEM, "shipment-fee-type": "FBA transportation fee", "shipment-fee-amount": "-5.00"},
    {
        "transaction-type": "ServiceFee",
        "item-related-fee-type": "Cost of Advertising",
        "item-related-fee-amount": "-20.00",
        "other-fee-reason-description": "TaxAmount",
        "other-fee-amount": "-2.60",
    },
    {"transaction-type": "Subscription Fee", "other-amount": "-29.99"},
    {"transaction-type": "REVERSAL_REIMBURSEMENT", "other-amount": "11.00"},
    {"transaction-type": "Micro Deposit", "marketplace-name": "Amazon.ca", "other-amount": "0.01"},
]
CATEGORIES = {
    "balance.payable_to_amazon": "-14.00 CAD",
    "balance.successful_charge": "14.00 CAD",
    "sales.principal": "54.93 CAD",
    "sales.shipping": "4.00 CAD",
    "fee.referral": "-8.24 CAD",
    "fee.mcf": "-5.00 CAD",
    "fee.advertising": "-20.00 CAD",
    "fee.tax_on_fee": "-2.60 CAD",
    "fee.subscription": "-29.99 CAD",
    "reimbursement.fba": "11.00 CAD",
    "transfer.micro_deposit": "0.01 CAD",
}


def printed(columns: int, rows: list[dict[str, str]], total: str) -> bytes:
    stamp = "2025-01-15T10:00:00+00:00"
    summary = {"settlement-start-date": "2025-01-10T09:00:00+00:00", "settlement-end-date": "2025-01-24T09:00:00+00:00"}
    summary |= {"deposit-date": "2025-01-26T09:00:00+00:00", "total-amount": total, "currency": "CAD"}
    lines = [summary, *({"posted-date": stamp, "posted-date-time": stamp} | row for row in rows)]
    texts = [
        "\t".join(({"settlement-id": "990001"} | row).get(name, "") for name in HEADINGS[columns]) for row in lines
    ]
    return ("\n".join(["\t".join(HEADINGS[columns]), *texts]) + "\n").encode()


@pytest.mark.parametrize("columns", HEADINGS)
def test_v1_is_read_by_name_whatever_columns_it_comes_with(columns: int) -> None:
    assert len(HEADINGS[columns]) == columns and set(HEADINGS[columns]) <= set(V1)
    content = printed(columns, ROWS, "4.11")
    settlement = accepted(content)
    assert {part.category.value: str(part.amount) for part in settlement.subtotals} == CATEGORIES
    assert (settlement.country, settlement.marketplace, str(settlement.deposit_on)) == ("CA", "Amazon.ca", "2025-01-26")
    assert channels.recognise("x.txt", content) == "amazon" and read(content).warnings == ()


@pytest.mark.parametrize("columns", HEADINGS)
def test_rows_are_those_of_the_file_whether_they_hold_one_amount_several_or_none(columns: int) -> None:
    settlement = accepted(printed(columns, ROWS, "4.11"))
    assert settlement.rows == len(ROWS) == 11
    assert sum(part.rows for part in settlement.subtotals) == len(CATEGORIES) == 11
    assert accepted(printed(columns, [*ROWS, ITEM, ITEM], "4.11")).rows == 13


def test_each_amount_of_a_row_is_a_line_of_its_own_under_the_rows_number() -> None:
    given = statement(printed(36, ROWS, "4.11"))
    lines = list(channels.lines(given, "990001", UTC))
    advertising = [line for line in lines if line.source.row == 10]
    assert [str(line.amount) for line in advertising] == ["-20.00 CAD", "-2.60 CAD"]
    assert 5 not in {line.source.row for line in lines}  # no amount, no line
    assert summed(lines, UTC) == channels.read(given, UTC).settlements[0].subtotals


def test_the_debt_of_v1_is_named_by_its_transaction_type() -> None:
    labels = {part.label.words for part in accepted(printed(36, ROWS, "4.11")).subtotals}
    assert ("Payable to Amazon", "other-transaction", "Payable to Amazon") in labels
    assert ("ServiceFee", "Cost of Advertising", "TransactionTotalAmount") in labels


def test_a_promotion_is_read_where_the_block_exists() -> None:
    promotion = {**ITEM, "promotion-id": "DEMO", "promotion-type": "Shipping", "promotion-amount": "-4.00"}
    settlement = accepted(printed(36, [*ROWS, promotion], "0.11"))
    assert str({part.category.value: part.amount for part in settlement.subtotals}["promo.shipping"]) == "-4.00 CAD"


def test_v1_must_tie_and_have_its_columns() -> None:
    assert refused(printed(36, ROWS, "4.12")).code == "source-total-mismatch"
    refusal = refused(printed(36, ROWS, "4.11").replace(b"other-amount", b"other-amonut", 1))
    assert refusal.code == "column-missing" and "other-amount" in refusal.message
