"""The worked examples, line for line: a settlement with these rows makes a plan with exactly these documents.

Every file of tests/examples is either in EXAMPLES (a plan reproduces it), has a test of its own, or stands in
NOT_PLANNED with the reason.
"""

import csv
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.core.invented import planned, settlement, subtotal
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.defaults import default_mapping
from tieout.core.mapping import Bank, BankPlace, Entry, Mapping, Node
from tieout.core.money import Money, total
from tieout.core.plan import Document, Plan
from tieout.core.proof import RECEIVABLE, TAX_CONTROL, by_account, prove, reserve_drift
from tieout.core.records import DocumentKind, Form
from tieout.core.settlement import Settlement, Subtotal
from tieout.core.split import split

FOLDER = Path(__file__).parent.parent / "examples"
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
RATE = {"20S": "0.20", "20P": "0.20", "GST": "0.10", "Z": "0", "NO": "0", "RC": "0", "EX": "0"}

# What each line of the examples means. The account then follows from the category, and must be the example's.
MEANING = {
    Category.SALES_PRINCIPAL: """Sales UK standard|Sales exported from GB|Sales|Sales DE|Principal (ex VAT)
        |Product sales|Product sales incl. the 80.00 order|Item sales|Sales UK standard Oct|Sales UK standard Nov
        |Sales via PayPal|Deferred sales|Released sales""",
    Category.SALES_GROSS: "Charges",
    Category.SALES_SHIPPING: "Shipping UK standard|Shipping|Postage charged",
    Category.PROMO_PRINCIPAL: "Promotions UK standard",
    Category.REFUND_PRINCIPAL: "Refunds UK standard|Refunds|Refunds Oct|Refund|Refunds via PayPal",
    Category.DISPUTE_CHARGEBACK: "Chargeback|Dispute",
    Category.FEE_REFERRAL: """Seller fees|Refunded commission|Fees|Seller fees Oct|Seller fees Nov|Final value fees
        |Fee credit on refund|Deferred seller fees|Released seller fees""",
    Category.FEE_PAYMENT_PROCESSING: "Shopify Payments fees|Payment fees|Stripe fees",
    Category.FEE_DISPUTE: "Chargeback fee|Dispute fee",
    Category.FEE_FBA_FULFILMENT: "FBA fees|FBA fees Oct|FBA fees Nov",
    Category.FEE_FBA_STORAGE: "Storage",
    Category.FEE_ADVERTISING: "Advertising|Advertising UK|Advertising EU|Promoted listings",
    Category.REIMBURSEMENT_FBA: "FBA reimbursement",
    Category.TAX_COLLECTED: "Sales tax collected|Tax collected|Sales Tax-US",
    Category.TAX_WITHHELD_FACILITATOR: "Facilitator tax withheld",
    Category.TAX_WITHHELD_VAT: "Marketplace VAT withheld",
    Category.LOAN_DISBURSEMENT: "Loan advance",
    Category.LOAN_REPAYMENT: "Loan repayment|Loan principal repaid|Loan interest",
    Category.RESERVE_PREVIOUS: "Previous reserve released|Previous reserve",
    Category.RESERVE_CURRENT: "Current reserve held",
    Category.BALANCE_PAYABLE_TO_AMAZON: "Repayment of negative balance",
    Category.RESERVE_HOLD: "Funds on hold|Deferred balance",
    Category.RESERVE_RELEASE: "Hold released",
    Category.SALES_GIFT_CARD: "Gift cards sold|Gift cards redeemed",
    Category.CLEARING_GATEWAY: "To PayPal clearing",
}
CATEGORY = {line.strip(): category for category, lines in MEANING.items() for line in lines.split("|")}
# Accounts that somebody has to choose, since no role of the channel leads to them.
CHOSEN = {"TO-101", "TO-210", "TO-320", "TO-393"}


@dataclass(frozen=True)
class Row:
    line: str
    account: str
    tax: str
    gross: str
    net: str
    vat: str


@dataclass(frozen=True)
class Example:
    """One file. `country` is the marketplace's, `books` where the ledger is kept."""

    total: str
    currency: str = "GBP"
    block: int = 200
    country: str = "GB"
    books: str = "GB"


EXAMPLES = {
    "E1-INV": Example("1715.90"),
    "E3-NEXT": Example("174.73", "EUR", country="DE"),
    "E4-INV": Example("0.00"),
    "E6A-INV": Example("3980.00", "USD", country="US", books="US"),
    "E6B-INV": Example("85.00"),
    "E7-INV": Example("1182.10", block=300),
    "E7B-INV": Example("0.00", block=300),
    "E7C-INV": Example("52.38", "USD", block=300, country="US"),
    "E8-INV": Example("732.50", block=220),
    "E9-INV": Example("1740.60", "EUR", block=380, country="IE", books="IE"),
    "E10-INV": Example("450.00", "EUR", country="DE"),
    "E11-INV": Example("862.00", "AUD", country="AU", books="AU"),
    "E12-DEFERRED-OCT": Example("0.00"),
    "E12-RELEASED-NOV": Example("0.00"),
    "E12-SETTLEMENT-NOV": Example("1020.00"),
    "E14-ADV": Example("6000.00"),
    "E14-REPAY": Example("750.00"),
}
TESTED_APART = {"E1-JE", "E2-P1", "E2-P2", "E2-ROLL-3", "E3-SETTLEMENT", "E3-BILL"}
NOT_PLANNED = {
    "E3-CLOSE": "a journal: closes a bill that was never charged, over two settlements",
    "E3-CROSS-CLOSE": "a journal: exchange remainder of a debt offset between marketplaces, at the ledger's rates",
    "E5A-POST-GBP": "a journal: what the ledger makes of the invoice in its own currency",
    "E5A-MATCH-GBP": "a journal: the ledger's realised difference when the deposit is matched",
    "E5B-PAY-GBP": "a journal: payment into a clearing account, in the ledger's currency",
    "E5B-TRANSFER-GBP": "a journal: a transfer between two bank accounts",
    "E7B-CLEAR": "a journal: another gateway's own transfers and fees",
    "E10-RC-MEMO": "a journal: the ledger's self-assessment of reverse charge; it changes no document",
    "E13-COGS": "a journal: cost of goods, never part of a deposit",
}


def rows_of(name: str) -> tuple[list[Row], Row]:
    """All rows of a document but TOTAL, and TOTAL, which has no account."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            Row(row["line"], row["account"].partition(" ")[0], row["tax"], row["gross"], row["net"], row["vat"])
            for row in csv.DictReader(lines)
        ]
    assert rows[-1].line == "TOTAL"
    return rows[:-1], rows[-1]


def subtotals_of(rows: list[Row], currency: str, month: Month) -> list[Subtotal]:
    """One subtotal a row; the row's words are its tax group, so that each has a node of its own."""
    return [
        subtotal(CATEGORY[row.line], minor(row.gross, currency), month, currency=currency, variant=row.line, rows=3)
        for row in rows
    ]


def minor(text: str, currency: str) -> int:
    return Money.read(text, currency).minor


def mapping_of(rows: list[Row], example: Example) -> Mapping:
    """The default mapping's accounts, with the example's words and tax codes at the node of each row."""
    usual = default_mapping(example.country, example.block, books_country=example.books)
    mapping = usual
    for row in rows:
        found = usual.entry_for(subtotal(CATEGORY[row.line], 1))
        if row.account not in CHOSEN:
            assert found is not None and found.account == row.account, f"{row.line} does not book to {row.account}"
        node = Node(CATEGORY[row.line].value, variant=row.line)
        mapping = mapping.with_entry(node, Entry(row.account, row.tax, Decimal(RATE[row.tax]), row.line))
    return mapping


def settled(subtotals: list[Subtotal], example: Example) -> Settlement:
    return settlement(
        subtotals,
        currency=example.currency,
        country=example.country,
        start=datetime(2026, 10, 24, 9, tzinfo=UTC),
        end=datetime(2026, 11, 7, 9, tzinfo=UTC),
    )


def plan_of(name: str, example: Example, month: Month = NOVEMBER) -> Plan:
    rows, _ = rows_of(name)
    return planned(settled(subtotals_of(rows, example.currency, month), example), mapping_of(rows, example))


def written(document: Document) -> list[Row]:
    return sorted(
        (
            Row(
                line.description.partition(" (months end")[0],
                line.account,
                line.tax,
                *(f"{amount.amount:f}" for amount in (line.gross, line.net, line.vat)),
            )
            for line in document.lines
        ),
        key=str,
    )


def assert_reproduces(document: Document, name: str) -> None:
    rows, sums = rows_of(name)
    assert written(document) == sorted(rows, key=str)
    net = total((line.net for line in document.lines), document.currency)
    found = [f"{amount.amount:f}" for amount in (document.total, net, document.tax_total)]
    assert found == [sums.gross, sums.net, sums.vat]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_plan_is_the_example_line_for_line(name: str) -> None:
    example = EXAMPLES[name]
    plan = plan_of(name, example)
    (document,) = plan.documents
    assert_reproduces(document, name)
    assert f"{document.total.amount:f}" == example.total
    assert document.kind is DocumentKind.INVOICE
    assert document.currency == example.currency


def test_every_example_is_planned_or_says_why_not() -> None:
    files = {path.stem for path in FOLDER.glob("*.csv")}
    assert files == EXAMPLES.keys() | TESTED_APART | NOT_PLANNED.keys()
    assert not EXAMPLES.keys() & NOT_PLANNED.keys()


def test_e1_vat_return_is_what_the_example_says() -> None:
    (document,) = plan_of("E1-INV", EXAMPLES["E1-INV"]).documents
    output = total((line.vat for line in document.lines if line.tax == "20S"), "GBP")
    input = total((line.vat for line in document.lines if line.tax == "20P"), "GBP")
    assert (output, -input, document.tax_total) == (Money(38400, "GBP"), Money(14385, "GBP"), Money(24015, "GBP"))


def test_e1_as_a_journal_moves_each_account_as_the_example_says() -> None:
    """And books to the bank what the invoice books to receivables; the example has one VAT control account."""
    rows, _ = rows_of("E1-INV")
    example = EXAMPLES["E1-INV"]
    source = settled(subtotals_of(rows, "GBP", NOVEMBER), example)
    banked = mapping_of(rows, example).with_banks({BankPlace("Market.example", "GBP"): Bank(deposit="Bank")})
    plan = planned(source, banked, form=Form.JOURNALS, contact="Market.example", longest=21)
    (journal,) = plan.documents
    assert (journal.kind, journal.against, journal.contact) == (DocumentKind.JOURNAL, "Bank", "")
    assert len(journal.number) <= 21 and all(proof.holds for proof in prove(source, plan))
    assert dict(by_account(plan)) == expected_of_e1("Bank")
    assert dict(by_account(plan_of("E1-INV", EXAMPLES["E1-INV"]))) == expected_of_e1(RECEIVABLE)


def expected_of_e1(bank: str) -> dict[str, Money]:
    with (FOLDER / "E1-JE.csv").open(encoding="utf-8", newline="") as lines:
        journal = [row for row in csv.DictReader(lines) if row["line"] != "TOTAL"]
    expected: dict[str, Money] = {}
    names = {"VAT control": TAX_CONTROL, "Bank": bank}
    for row in journal:
        account = names.get(row["account"], row["account"].split()[0])
        change = Money.read(row["debit"] or "0", "GBP") - Money.read(row["credit"] or "0", "GBP")
        expected[account] = expected.get(account, Money.zero("GBP")) + change
    return expected


def two_months() -> tuple[Settlement, Mapping]:
    october, november = ([row for row in rows_of(name)[0] if row.account != "TO-211"] for name in ("E2-P1", "E2-P2"))
    source = settled(
        subtotals_of(october, "GBP", OCTOBER) + subtotals_of(november, "GBP", NOVEMBER), EXAMPLES["E1-INV"]
    )
    mapping = mapping_of(october + november, EXAMPLES["E1-INV"])
    roll = mapping.roll_entry()
    assert roll is not None
    return source, mapping.with_entry(Node("month_roll"), replace(roll, tax="NO"))


def test_e2_two_months_are_two_documents_and_only_the_last_meets_the_deposit() -> None:
    source, mapping = two_months()
    first, second = planned(source, mapping).documents
    assert_reproduces(first, "E2-P1")
    assert_reproduces(second, "E2-P2")
    assert (first.total, second.total) == (Money(0, "GBP"), Money(145275, "GBP"))
    assert (first.dated, second.dated) == (date(2026, 10, 31), date(2026, 11, 7))
    assert (first.kind, second.kind) == (DocumentKind.INVOICE, DocumentKind.INVOICE)


def test_e2_the_roll_account_is_empty_in_the_end_and_an_asset_at_the_month_end() -> None:
    plan = planned(*two_months())
    october = dict(by_account(replace(plan, documents=plan.documents[:1])))
    assert october["TO-211"] == Money(81245, "GBP")
    assert "TO-211" not in dict(by_account(plan))


def test_e2_rolls_over_three_months() -> None:
    with (FOLDER / "E2-ROLL-3.csv").open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    months = [Month(2026, 9), OCTOBER, NOVEMBER]
    activity = [
        subtotal(Category.SALES_PRINCIPAL, minor(row["activity"], "GBP"), month)
        for row, month in zip(expected, months, strict=True)
    ]
    found = [
        [str(part.number), *(f"{m.amount:f}" for m in (part.opening, part.activity, part.closing, part.total))]
        for part in split(settled(activity, EXAMPLES["E1-INV"]))
    ]
    assert found == [list(row.values()) for row in expected]


def test_e2_a_negative_month_only_turns_the_roll_and_makes_no_bill() -> None:
    source = settled(
        [subtotal(Category.FEE_REFERRAL, -7520, OCTOBER), subtotal(Category.SALES_PRINCIPAL, 10000, NOVEMBER)],
        EXAMPLES["E1-INV"],
    )
    first, last = planned(source).documents
    assert (first.kind, first.total, last.total) == (DocumentKind.INVOICE, Money(0, "GBP"), Money(2480, "GBP"))
    assert [line.gross.minor for line in first.lines] == [-7520, 7520]


def test_e3_a_negative_settlement_is_a_bill_with_every_sign_flipped() -> None:
    (document,) = plan_of("E3-SETTLEMENT", Example("25.27", "EUR", country="DE")).documents
    assert document.kind is DocumentKind.BILL
    assert_reproduces(document, "E3-BILL")
    assert [as_payout(row) for row in written(document)] == sorted(rows_of("E3-SETTLEMENT")[0], key=str)


def as_payout(row: Row) -> Row:
    return replace(row, **{name: f"{-Decimal(getattr(row, name)) + 0:f}" for name in ("gross", "net", "vat")})


def test_e4_a_reserve_held_is_what_the_next_settlement_releases() -> None:
    held = settled(subtotals_of(rows_of("E4-INV")[0], "GBP", NOVEMBER), EXAMPLES["E4-INV"])
    released = settled([subtotal(Category.RESERVE_PREVIOUS, 43000, NOVEMBER)], EXAMPLES["E4-INV"])
    assert reserve_drift(held, released).holds


def test_e12_net_sales_of_the_order_are_octobers() -> None:
    october, november, cash = (
        dict(by_account(plan_of(name, EXAMPLES[name]))) for name in EXAMPLES if name.startswith("E12")
    )
    assert october["TO-200"] == Money(-100000, "GBP")
    assert november["TO-200"] + cash["TO-200"] == Money(0, "GBP")
    assert october["TO-210"] + november["TO-210"] == Money(0, "GBP")


def test_e14_interest_and_principal_are_what_was_repaid() -> None:
    changes = dict(by_account(plan_of("E14-REPAY", EXAMPLES["E14-REPAY"])))
    assert changes["TO-208"] + changes["TO-101"] == Money(25000, "GBP")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_proof_holds_for_every_example(name: str) -> None:
    example = EXAMPLES[name]
    rows, _ = rows_of(name)
    source = settled(subtotals_of(rows, example.currency, NOVEMBER), example)
    proofs = prove(source, planned(source, mapping_of(rows, example)))
    assert [proof.code for proof in proofs] == ["AC1", "AC2", "AC3", "AC4", "AC5", "AC6", "AC7", "AC11"]
    assert all(proof.holds for proof in proofs)
