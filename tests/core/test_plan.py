"""Plan: a plan or all gaps, documents as the books want them, and the same plan every time."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.invented import JUNE, MINOR, SITE, ZONES, figures, gaps_of, planned, settlement, settlements, subtotal
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.defaults import default_mapping
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.money import Money
from tieout.core.plan import Plan, Terms, make_plan, plan_from_record, plan_hash, to_record
from tieout.core.records import DocumentKind
from tieout.core.settlement import Label, Settlement

SALE, FEE = Category.SALES_PRINCIPAL, Category.FEE_REFERRAL
MAY, JULY = Month(2026, 5), Month(2026, 7)


# --- Gaps


def test_all_gaps_come_at_once_each_with_its_money_and_rows() -> None:
    source = settlement(
        [
            subtotal(SALE, 10000),
            subtotal(Category.UNKNOWN, -700, rows=2, label="Quantum Shelf Fee"),
            subtotal(Category.UNKNOWN, -45, JULY, rows=1, label="Quantum Shelf Fee"),
            subtotal(Category.UNKNOWN, 0, label="Nothing Fee"),
            subtotal(Category.CLEARING_GATEWAY, -250, rows=3),
            subtotal(Category.CLEARING_GATEWAY, -50, marketplace="", rows=1),
        ]
    )
    mapping = default_mapping("GB")
    without_roll = replace(mapping, entries=tuple(pair for pair in mapping.entries if pair[0].scope != "month_roll"))
    gaps = gaps_of(source, without_roll)
    assert [(gap.code, gap.category, gap.label, gap.amount.minor, gap.rows, gap.row) for gap in gaps] == [
        ("row-type-unknown", "unknown", "Quantum Shelf Fee", -745, 3, 0),
        ("row-type-unknown", "unknown", "Nothing Fee", 0, 1, 0),
        ("mapping-incomplete", "clearing.gateway", "", -300, 4, 0),
        ("mapping-incomplete", "month_roll", "", 9000, 0, 0),
    ]
    assert "Quantum Shelf Fee" in gaps[0].message and "Paid through another gateway" in gaps[2].message


def test_an_unknown_row_of_zero_holds_the_settlement_too() -> None:
    assert len(gaps_of(settlement([subtotal(Category.UNKNOWN, 0)]))) == 1


def test_a_label_explained_posts_without_another_import() -> None:
    source = settlement([subtotal(SALE, 1000), subtotal(Category.UNKNOWN, -745, label="Quantum Shelf Fee")])
    mapping = default_mapping("GB").with_meaning(Label(("Quantum Shelf Fee",)), Category.FEE_OTHER)
    (document,) = planned(source, mapping).documents
    assert figures(document) == [("Sales", 1000), ("Other fees", -745)]


def test_a_meaning_never_changes_what_the_channel_itself_says() -> None:
    source = settlement([subtotal(SALE, 1000, label="Order")])
    mapping = default_mapping("GB").with_meaning(Label(("Order",)), FEE)
    assert planned(source, mapping).documents == planned(source).documents


def test_only_the_part_of_a_category_without_account_is_a_gap() -> None:
    source = settlement([subtotal(FEE, -300), subtotal(FEE, -200, marketplace="Other.example")])
    mapping = Mapping(1, ((Node("fees", marketplace="Other.example"), Entry("400", "NONE", Decimal(0))),))
    (gap,) = gaps_of(source, mapping)
    assert (gap.category, gap.amount, gap.rows) == ("fee.referral", Money(-300, "GBP"), 1)


def test_a_roll_of_zero_needs_no_account() -> None:
    source = settlement([subtotal(SALE, 100, MAY), subtotal(FEE, -100, MAY), subtotal(SALE, 5)])
    mapping = Mapping(1, ((Node(""), Entry("200", "NONE", Decimal(0))),))
    assert [figures(document) for document in planned(source, mapping).documents] == [
        [("Sales", 100), ("Referral fees", -100)],
        [("Sales", 5)],
    ]


# --- What stops a settlement


def test_a_settlement_that_does_not_tie_is_stopped_with_both_sums() -> None:
    source = settlement([subtotal(SALE, 5893)], payout=5896)
    with pytest.raises(AssertionError, match=r"26100000101, AC1: the rows: 58\.93 GBP.*58\.96 GBP, -0\.03 GBP apart"):
        planned(source)


def test_months_of_another_zone_are_not_planned() -> None:
    with pytest.raises(AssertionError, match=r"Europe/London.*Asia/Tokyo.*read the statement again"):
        make_plan(settlement([subtotal(SALE, 1)]), default_mapping("GB"), Terms("GB", "Asia/Tokyo"), 1)


def test_an_id_that_makes_no_number_is_named() -> None:
    with pytest.raises(ValueError, match="settlement id is '1 2'"):
        planned(settlement([subtotal(SALE, 1)], id="1 2"))


# --- Documents


@pytest.mark.parametrize(
    ("payout", "kind"), [(1, DocumentKind.INVOICE), (0, DocumentKind.INVOICE), (-1, DocumentKind.BILL)]
)
def test_the_sign_of_the_deposit_decides_the_kind(payout: int, kind: DocumentKind) -> None:
    (document,) = planned(settlement([subtotal(SALE, 5000), subtotal(FEE, payout - 5000)])).documents
    assert document.kind is kind
    assert document.total == Money(abs(payout), "GBP")


def test_a_negative_last_part_is_a_bill_after_invoices_of_zero() -> None:
    source = settlement([subtotal(SALE, 5000, MAY), subtotal(FEE, -9000)])
    may, june = planned(source).documents
    assert (may.kind, may.total.minor, june.kind, june.total.minor) == (
        DocumentKind.INVOICE,
        0,
        DocumentKind.BILL,
        4000,
    )
    assert figures(june) == [
        ("Referral fees", 9000),
        ("Rolled from previous part (months end at midnight, Europe/London)", -5000),
    ]


def test_a_settlement_without_rows_posts_nothing() -> None:
    plan = planned(settlement([]))
    assert plan.documents == () and plan.hash


def test_a_settlement_of_zero_with_rows_is_posted() -> None:
    (document,) = planned(settlement([subtotal(SALE, 600), subtotal(Category.RESERVE_CURRENT, -600)])).documents
    assert (document.kind, document.total.minor, len(document.lines)) == (DocumentKind.INVOICE, 0, 2)


def test_a_document_has_the_deterministic_number_and_says_the_zone() -> None:
    source = settlement([subtotal(SALE, 1, MAY), subtotal(SALE, 1)])
    first, last = planned(source, version=3).documents
    assert (first.number, last.number) == ("TO-GB-26100000101-1-v3", "TO-GB-26100000101-2-v3")
    assert last.reference == "TO-GB-26100000101-2 2026-06 Europe/London"
    assert [document.lines[-1].description for document in (first, last)] == [
        "Roll forward to next part (months end at midnight, Europe/London)",
        "Rolled from previous part (months end at midnight, Europe/London)",
    ]


def test_the_contact_is_the_marketplace_unless_the_terms_say_otherwise() -> None:
    source = settlement([subtotal(SALE, 1)])
    assert planned(source).documents[0].contact == SITE
    assert planned(source, contact="My marketplace").documents[0].contact == "My marketplace"
    assert planned(replace(source, marketplace="")).documents[0].contact == "market"


@pytest.mark.parametrize(
    ("end", "zone", "rows_in", "dated"),
    [
        ("2026-06-17T09:12:41+00:00", "Europe/London", JUNE, "2026-06-17"),
        ("2026-06-17T20:00:00+00:00", "Asia/Tokyo", JUNE, "2026-06-18"),  # tomorrow there
        ("2026-06-30T23:00:00+00:00", "Europe/London", JUNE, "2026-06-30"),  # ended at midnight: 1 July has no rows
        ("2026-07-02T09:00:00+00:00", "Europe/London", JUNE, "2026-06-30"),  # nothing happened in July
        ("2026-05-31T23:30:00+00:00", "UTC", JUNE, "2026-06-30"),  # a row after the end stays in its month
    ],
)
def test_a_document_is_dated_on_the_last_day_of_its_part(end: str, zone: str, rows_in: Month, dated: str) -> None:
    source = settlement([subtotal(SALE, 1, rows_in)], end=datetime.fromisoformat(end), zone=zone)
    assert planned(source).documents[-1].dated == date.fromisoformat(dated)


def test_earlier_parts_are_dated_at_their_month_end_and_all_are_due_so_many_days_later() -> None:
    source = settlement(
        [subtotal(SALE, 1, MAY), subtotal(SALE, 1), subtotal(SALE, 1, JULY)], end=datetime(2026, 7, 4, tzinfo=UTC)
    )
    assert [(document.dated, document.due) for document in planned(source, due_days=14).documents] == [
        (date(2026, 5, 31), date(2026, 6, 14)),
        (date(2026, 6, 30), date(2026, 7, 14)),
        (date(2026, 7, 4), date(2026, 7, 18)),
    ]


# --- Lines


def test_lines_stand_in_the_order_of_the_trade_however_the_file_was_ordered() -> None:
    rows = [
        subtotal(category, minor)
        for category, minor in [
            (Category.RESERVE_CURRENT, -5),
            (FEE, -3),
            (Category.REFUND_PRINCIPAL, -2),
            (Category.PROMO_PRINCIPAL, -1),
            (SALE, 100),
            (FEE, -4),
        ]
    ]
    for seed in range(5):
        shuffled = Random(seed).sample(rows, len(rows))
        (document,) = planned(settlement(shuffled)).documents
        assert figures(document) == [
            ("Sales", 100),
            ("Promotions", -1),
            ("Refunds", -2),
            ("Referral fees", -7),
            ("Current reserve held", -5),
        ]


def test_several_marketplaces_split_lines_and_not_documents() -> None:
    source = settlement(
        [
            subtotal(SALE, 100, marketplace="A.example"),
            subtotal(SALE, 50, marketplace="B.example"),
            subtotal(Category.FEE_SUBSCRIPTION, -30, marketplace=""),
        ]
    )
    (document,) = planned(source).documents
    assert figures(document) == [("Sales, A.example", 100), ("Sales, B.example", 50), ("Subscription", -30)]


def test_one_marketplace_beside_rows_without_any_makes_one_line() -> None:
    (document,) = planned(settlement([subtotal(SALE, 100), subtotal(SALE, 50, marketplace="")])).documents
    assert figures(document) == [("Sales", 150)]


def test_two_tax_codes_are_two_lines_and_a_name_puts_a_whole_role_on_one() -> None:
    source = settlement(
        [
            subtotal(SALE, 1200),
            subtotal(SALE, 300, variant="export"),
            subtotal(FEE, -10),
            subtotal(Category.FEE_CLOSING, -5),
        ]
    )
    mapping = (
        default_mapping("GB")
        .with_entry(Node("sales", variant="export"), Entry("TO-200", "ZERORATEDOUTPUT", Decimal(0)))
        .with_entry(Node("fees"), Entry("TO-203", "INPUT2", Decimal("0.20"), "Seller fees"))
    )
    (document,) = planned(source, mapping).documents
    assert [(line.description, line.tax, line.gross.minor, line.vat.minor) for line in document.lines] == [
        ("Sales", "OUTPUT2", 1200, 200),
        ("Sales", "ZERORATEDOUTPUT", 300, 0),
        ("Seller fees", "INPUT2", -15, -2),
    ]


@given(st.lists(MINOR, min_size=1, max_size=6), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_a_settlement_with_every_sign_flipped_is_the_same_document_of_the_other_kind(
    minors: list[int], currency: str
) -> None:
    rows = [subtotal(list(Category)[i], minor, currency=currency) for i, minor in enumerate(minors)]
    flipped = [replace(row, amount=-row.amount) for row in rows]
    (one,), (other,) = (planned(settlement(r, currency=currency)).documents for r in (rows, flipped))
    if one.total:
        assert {one.kind, other.kind} == {DocumentKind.INVOICE, DocumentKind.BILL}
        assert one.lines == other.lines
    else:
        assert [line.net for line in one.lines] == [-line.net for line in other.lines]


@given(settlements())
def test_net_and_tax_make_gross_on_every_line_in_every_currency(source: Settlement) -> None:
    for document in planned(source).documents:
        for line in document.lines:
            assert line.net + line.vat == line.gross
            assert line.net.currency == source.currency
        assert document.total.minor >= 0


# --- The same plan every time


@given(settlements())
def test_a_plan_written_as_json_reads_back_exactly(source: Settlement) -> None:
    plan = planned(source)
    again = plan_from_record(json.loads(json.dumps(to_record(plan))))
    assert again == plan
    assert plan_hash(again, source.statement) == plan.hash


@given(settlements(), st.randoms(use_true_random=False))
def test_the_order_of_subtotals_changes_no_figure_of_any_document(source: Settlement, random: Random) -> None:
    shuffled = replace(source, subtotals=tuple(random.sample(source.subtotals, len(source.subtotals))))
    one, other = planned(source), planned(shuffled)
    for mine, theirs in zip(one.documents, other.documents, strict=True):
        assert [replace(line, subtotals=()) for line in mine.lines] == [
            replace(line, subtotals=()) for line in theirs.lines
        ]


def fixed() -> Plan:
    return planned(
        settlement(
            [
                subtotal(category, (i * 7919) % 10007 - 5000, month, rows=i + 1)
                for i, category in enumerate(list(Category)[:20])
                for month in (MAY, JUNE)
            ]
        )
    )


def test_the_hash_is_the_same_in_every_process_whatever_the_seed_of_its_dictionaries() -> None:
    question = "from tests.core.test_plan import fixed; print(fixed().hash)"
    found = {
        subprocess.run(
            [sys.executable, "-c", question],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path)), "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"), ("4242", "America/New_York"))
    }
    assert found == {fixed().hash}


def test_a_new_mapping_with_the_same_documents_is_the_same_plan() -> None:
    source, mapping = settlement([subtotal(SALE, 1000)]), default_mapping("GB")
    other = mapping.with_entry(Node("loans"), Entry("999", "NONE", Decimal(0)))
    one, two = planned(source, mapping), planned(source, other)
    assert (one.mapping_version, two.mapping_version) == (1, 2)
    assert one.hash == two.hash


def test_whatever_reaches_the_books_is_in_the_hash() -> None:
    source, mapping = settlement([subtotal(SALE, 1000), subtotal(FEE, -10)]), default_mapping("GB")
    plans = [
        planned(source),
        planned(source, version=2),
        planned(source, due_days=1),
        planned(source, contact="Another"),
        planned(source, prefix="XX"),
        planned(replace(source, statement="other bytes")),
        planned(replace(source, id="26100000102")),
        planned(settlement([subtotal(SALE, 999), subtotal(FEE, -9)])),
        planned(settlement([subtotal(SALE, 1000, rows=2), subtotal(FEE, -10)])),
        planned(source, mapping.with_entry(Node("fees"), Entry("400", "INPUT2", Decimal("0.20")))),
        planned(source, mapping.with_entry(Node("fees"), Entry("TO-203", "OTHER", Decimal("0.20")))),
        planned(source, mapping.with_entry(Node("fees"), Entry("TO-203", "INPUT2", Decimal("0.10")))),
        planned(source, mapping.with_entry(Node("fees"), Entry("TO-203", "INPUT2", Decimal("0.20"), "Fees"))),
    ]
    assert len({plan.hash for plan in plans}) == len(plans)


@given(settlements(), ZONES)
def test_a_plan_says_the_zone_that_cut_its_months(source: Settlement, zone: str) -> None:
    plan = planned(replace(source, zone=zone))
    assert plan.zone == zone
    assert all(document.reference.endswith(zone) for document in plan.documents)
