"""The two CSV exports: every layout is read by name, a payout becomes one settlement, both files meet to the cent."""

from collections import Counter
from datetime import date
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from tests.channels.files import read, statement
from tests.channels.shopify.files import (
    ALL,
    FOLDER,
    HEADINGS,
    LATER,
    LONDON,
    Payouts,
    Transactions,
    accepted,
    lines_of,
    paid,
    row,
    told,
)
from tieout import channels
from tieout.core.category import Category
from tieout.core.money import Money
from tieout.core.settlement import UNCONFIRMED, Settlement, summed

SAMPLE = (FOLDER / "shopify_payments_transactions.csv").read_bytes()
TOTALS = {
    date(2026, 6, 11): 76756,
    date(2026, 6, 10): 54509,
    date(2026, 6, 9): -4311,
    date(2026, 6, 8): 112945,
    date(2026, 6, 5): 0,
    date(2026, 6, 4): 46008,
    date(2026, 6, 3): 46280,
}


def figures(settlement: Settlement) -> dict[tuple[str, str], int]:
    return {(str(part.label), part.category.value): part.amount.minor for part in settlement.subtotals}


@pytest.mark.parametrize("name", ["shopify_payments_transactions.csv", "shopify_payouts.csv"])
def test_a_sample_is_recognised_by_exactly_one_channel(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    claims = [each for each, channel in channels.channels().items() if channel.recognises("x", content)]
    assert claims == ["shopify"]


def test_the_sample_of_transactions_makes_seven_payouts_and_the_pending_rows_wait() -> None:
    reading = read(SAMPLE, LONDON)
    assert reading.refusals == () and reading.encoding == "utf-8" and reading.channel == "shopify"
    assert {each.deposit_on: each.total.minor for each in reading.settlements} == TOTALS
    assert sum(each.total.minor for each in reading.settlements) == 332187
    assert sum(each.rows for each in reading.settlements) + 4 == SAMPLE.count(b"\n") - 1
    assert "4 rows of 199.52 GBP" in told(reading)["rows-waiting"] and "lines 2 to 5" in told(reading)["rows-waiting"]
    assert [each.settlement for each in reading.warnings if each.code == UNCONFIRMED] == [
        each.id for each in reading.settlements
    ]
    assert [each.settlement for each in reading.warnings if each.code == "payout-in-transit"] == ["118000000907"]


def test_the_sample_of_payouts_states_the_same_seven_totals_and_no_row() -> None:
    reading = read((FOLDER / "shopify_payouts.csv").read_bytes())
    assert reading.settlements == () and reading.refusals == () and reading.warnings == ()
    assert {each.paid_on: each.total.minor for each in reading.payouts} == TOTALS
    assert Counter(each.state for each in reading.payouts) == {"paid": 6, "in_transit": 1}


def test_every_payout_of_the_sample_opens_to_its_rows_in_any_zone() -> None:
    for zone in (ZoneInfo("UTC"), LONDON, ZoneInfo("Pacific/Auckland")):
        for settlement in read(SAMPLE, zone).settlements:
            lines = lines_of(SAMPLE, settlement)
            assert summed(lines, zone) == settlement.subtotals and settlement.imbalance.minor == 0
            assert len({line.source.row for line in lines}) == settlement.rows


def test_types_and_fees_have_their_meaning() -> None:
    by_day = {each.deposit_on: each for each in read(SAMPLE, LONDON).settlements}
    assert figures(by_day[date(2026, 6, 9)]) == {
        ("refund / Amount", "refund.gross"): -2450,
        ("chargeback / Amount", "dispute.chargeback"): -2199,
        ("chargeback / Fee", "fee.dispute"): -1500,
        ("charge / Amount", "sales.gross"): 1895,
        ("charge / Fee", "fee.payment_processing"): -57,
    }
    assert figures(by_day[date(2026, 6, 5)])["reserved_funds / Amount", "reserve.hold"] == -4880
    assert figures(by_day[date(2026, 6, 8)])["reserved_funds_reversal / Amount", "reserve.release"] == 4880
    assert not any(each.unknown for each in by_day.values())


@pytest.mark.parametrize("zone", ["Europe/London", "UTC"])
def test_months_follow_the_transaction_and_not_the_payout(zone: str) -> None:
    rows = [row(Transaction_Date=f"2026-0{day} +0100") for day in ("6-30 23:59:59", "7-01 00:00:00", "7-01 00:59:59")]
    content = str(Transactions().but(*(each | {"Payout Date": "2026-07-03"} for each in rows)))
    months = {
        str(part.month): part.rows for part in accepted(content, ZoneInfo(zone)).subtotals if "Fee" in str(part.label)
    }
    assert months == ({"2026-06": 1, "2026-07": 2} if zone == "Europe/London" else {"2026-06": 3})


def test_a_shop_whose_clock_is_another_than_that_of_the_books_is_told() -> None:
    away = str(Transactions().but(row(Transaction_Date="2026-06-08 09:19:01 -0400")))
    assert "-0400" in told(read(away, LONDON))["zone-differs"]
    assert "zone-differs" not in told(read(str(Transactions()), LONDON))


def test_where_nobody_says_the_shops_own_zone_is_that_of_its_currency_if_its_times_agree() -> None:
    assert accepted(str(Transactions()), None).zone == "Europe/London"
    reading = read(str(Transactions().but(row(Transaction_Date="2026-06-08 09:19:01 -0400"))))
    assert reading.settlements[0].zone == "UTC" and "zone-unknown" in told(reading)


@pytest.mark.parametrize(
    "headings", [HEADINGS, ALL, HEADINGS[:-1], tuple(h for h in HEADINGS if h != "VAT")[:17], HEADINGS[::-1]]
)
def test_columns_are_read_by_name_whatever_their_number_and_order(headings: tuple[str, ...]) -> None:
    settlement = accepted(str(Transactions(headings=headings)))
    assert (settlement.id, settlement.total.minor, settlement.rows) == ("118000000901", 941, 1)


def test_without_payout_ids_the_day_and_the_currency_name_a_payout() -> None:
    headings = tuple(name for name in HEADINGS if name != "Payout ID")
    rows = (row(), row(Payout_Date="2026-06-12"), row(Currency="EUR"))
    found = read(str(Transactions(rows, headings)), LONDON).settlements
    assert [each.id for each in found] == ["20260611-GBP", "20260612-GBP", "20260611-EUR"]
    ids = {each.id: each.fingerprint for each in found}
    assert ids == {each.id: each.fingerprint for each in read(str(Transactions(rows, headings)), LONDON).settlements}


def test_two_payouts_of_one_day_that_cannot_be_told_apart_are_refused_with_a_sentence() -> None:
    headings = tuple(name for name in HEADINGS if name != "Payout ID")
    rows = (row(), row(Payout_Status="in_transit"))
    refusal = read(str(Transactions(rows, headings))).refusals[0]
    assert refusal.code == "payouts-of-one-day" and "column Payout ID" in refusal.message
    (refusal,) = read(str(Transactions().but(row(), row(Payout_ID="")))).refusals
    assert (refusal.code, refusal.row) == ("payouts-of-one-day", 3)
    two = read(str(Transactions().but(row(), row(Payout_ID="118000000902")))).settlements
    assert [each.id for each in two] == ["118000000901", "118000000902"]


def test_signs_are_as_documented_and_the_presentment_amount_is_never_added_up() -> None:
    refund = row(
        Type="refund", Amount="-28.99", Fee="0.00", Net="-28.99", Presentment_Amount="36.82", Presentment_Currency="USD"
    )
    settlement = accepted(str(Transactions().but(refund)))
    assert settlement.total == Money(-2899, "GBP")
    assert figures(settlement) == {("refund / Amount", "refund.gross"): -2899}


def test_a_fee_billed_with_tax_is_a_figure_of_its_own() -> None:
    settlement = accepted(str(Transactions().but(row(VAT="0.10"), row())))
    assert [(str(part.label), part.amount.minor, part.variant) for part in settlement.subtotals] == [
        ("charge / Amount", 2000, ""),
        ("charge / Fee with tax", -59, "with tax"),
        ("charge / Fee", -59, ""),
    ]


@pytest.mark.parametrize("state", ["pending", "scheduled", "canceled", "", "on_hold"])
def test_rows_in_no_final_payout_wait_and_are_told(state: str) -> None:
    blank = {} if state == "scheduled" else {"Payout_Date": "", "Payout_ID": ""}
    reading = read(str(Transactions().but(row(), row(Payout_Status=state, **blank), row(Payout_Status=state, **blank))))
    assert reading.settlements[0].rows == 1
    assert "2 rows of 18.82 GBP (lines 3 to 4" in told(reading)["rows-waiting"]
    only = read(str(Transactions().but(row(Payout_Status=state, **blank))))
    assert only.settlements == () and only.refusals == () and "1 row of 9.41 GBP" in told(only)["rows-waiting"]


def test_a_payout_of_zero_and_a_withdrawal() -> None:
    held = row(Type="reserved_funds", Amount="-9.41", Fee="0.00", Net="-9.41")
    assert accepted(str(Transactions().but(row(), held))).total.minor == 0
    back = row(Type="refund", Amount="-20.00", Fee="0.00", Net="-20.00")
    assert accepted(str(Transactions().but(row(), back))).total.minor == -1059


def test_a_payout_that_failed_is_told_and_its_return_is_no_income() -> None:
    reading = read(str(Transactions().but(row(Payout_Status="failed"))))
    assert reading.settlements[0].total.minor == 941 and "no bank line" in told(reading)["payout-failed"]
    back = row(Type="payout_failure", Amount="9.41", Fee="0.00", Net="9.41", Order="")
    (part,) = accepted(str(Transactions().but(back))).subtotals
    assert part.category is Category.TRANSFER_FAILED


def test_the_payouts_own_row_states_the_total_and_is_none_of_its_rows() -> None:
    own = row(Type="payout", Amount="-9.41", Fee="0.00", Net="-9.41", Order="")
    reading = read(str(Transactions().but(row(), own)), LONDON)
    (settlement,) = reading.settlements
    assert (
        settlement.total.minor == 941 and settlement.rows == 2 and UNCONFIRMED not in {w.code for w in reading.warnings}
    )
    wrong = own | {"Amount": "-9.40", "Net": "-9.40"}
    (refusal,) = read(str(Transactions().but(row(), wrong))).refusals
    assert refusal.code == "source-total-mismatch" and "0.01 apart" in refusal.message


def test_a_type_nobody_knows_is_unknown_and_holds() -> None:
    settlement = accepted(str(Transactions().but(row(Type="quantum_fee"))))
    assert [str(part.label) for part in settlement.unknown] == ["quantum_fee / Amount", "quantum_fee / Fee"]


def test_files_saved_again_by_a_spreadsheet_say_the_same() -> None:
    plain = Transactions().but(row(), row(Amount="-1234.50", Fee="0.00", Net="-1234.50", Type="refund"))
    expected = figures(accepted(str(plain)))
    saved = [
        each
        | {
            name: each[name].replace("-", "-$") if "-" in each[name] else "$" + each[name]
            for name in ("Amount", "Fee", "Net")
        }
        | {"Transaction Date": "2026/6/8 9:19", "Payout Date": "2026/6/11", "Available On": "2026/6/11"}
        for each in plain.rows
    ]
    reading = read(str(plain.but(*saved)), LONDON)
    assert figures(reading.settlements[0]) == expected and "amount-with-sign" in told(reading)
    assert reading.settlements[0].deposit_on == date(2026, 6, 11)
    german = [
        each | {name: each[name].replace(".", ",") for name in ("Amount", "Fee", "Net", "VAT")} for each in plain.rows
    ]
    assert figures(accepted(str(plain.but(*german, sign=";")))) == expected
    grouped = [
        each | {"Amount": each["Amount"].replace("1234", "1,234"), "Net": each["Net"].replace("1234", "1,234")}
        for each in plain.rows
    ]
    assert figures(accepted(str(plain.but(*grouped)))) == expected
    assert figures(accepted(str(plain.but(sign="\t", end="\r\n")))) == expected


def test_days_alone_and_times_with_an_offset_mean_the_same_month() -> None:
    assert str(accepted(str(Transactions().but(row(Transaction_Date="2026-05-31")))).months[0]) == "2026-05"


@pytest.mark.parametrize(("stamp", "paid_on"), [("6/8/2026 9:19", "6/13/2026"), ("13/6/2026 9:19", "14/6/2026")])
def test_the_order_of_day_and_month_is_proven_by_the_file(stamp: str, paid_on: str) -> None:
    settlement = accepted(str(Transactions().but(row(Transaction_Date=stamp, Payout_Date=paid_on))))
    assert settlement.deposit_on in (date(2026, 6, 13), date(2026, 6, 14))


def test_both_layouts_of_the_payouts_export_and_their_sums() -> None:
    assert [each.total.minor for each in read(str(Payouts())).payouts] == [941]
    taxed = paid(Marketplace_Sales_Tax="-1.00", Advances="-2.00", Total="6.41", Bank_Reference="REF, 1")
    assert [each.total.minor for each in read(str(Payouts((taxed,), LATER))).payouts] == [641]
    reading = read(str(Payouts((paid(), paid(Status="scheduled")))))
    assert len(reading.payouts) == 1 and "9.41 GBP" in told(reading)["payout-not-final"]


def test_rows_keep_their_columns_and_lose_what_nobody_asked_for() -> None:
    headings = (*HEADINGS[:3], "Customer Email", *HEADINGS[3:])
    content = Transactions((row(Customer_Email="buyer@example.com", Payment_Method_Name='a "b", c'),), headings)
    given = statement(content.bytes())
    blanked = channels.blank("shopify", given)
    assert b"buyer@example.com" not in blanked and b'"a ""b"", c"' in blanked
    assert accepted(blanked).fingerprint == accepted(content.bytes()).fingerprint
    assert "column-unknown" in told(read(content.bytes()))
    assert channels.blank("shopify", statement(SAMPLE)) == SAMPLE


def test_equal_rows_are_kept_and_the_order_of_rows_changes_no_figure() -> None:
    rows = (row(), row(), row(Type="refund", Amount="-1.00", Fee="0.00", Net="-1.00"))
    one, other = (accepted(str(Transactions().but(*each))) for each in (rows, rows[::-1]))
    assert one.rows == 3 and one.fingerprint == other.fingerprint


def test_every_encoding_and_line_end_means_the_same() -> None:
    content = Transactions().but(row(Order="#GRÜN"))
    prints = set()
    for encoding, end in product(("utf-8", "utf-8-sig", "cp1252", "utf-16"), ("\n", "\r\n", "\r")):
        made = content.but(end=end).bytes(encoding)
        prints.add(accepted(made).fingerprint)
        assert lines_of(made, accepted(made))[0].order_id == "#GRÜN"
        assert read(made).encoding == encoding
    assert len(prints) == 1
