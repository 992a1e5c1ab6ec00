"""The parser's acceptance list, one test a point, numbered as there; the months in any zone and the blanked columns.

Points 9 (hold), 15 (chain), 16 (same file again) and 17 (exports) are carried further in the rooms that act on them.
"""

import random
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.channels.files import LONDON, SAMPLES, UTC, File, accepted, account, line, read, refused, sample, statement
from tieout import channels
from tieout.core.category import Category
from tieout.core.money import Money, total
from tieout.core.settlement import summed
from tieout.sandbox.statements import HEADINGS

ALL = [path for path in sorted(SAMPLES.glob("*.txt")) if "broken" not in path.name]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_1_columns_are_read_by_name_never_by_position(path: Path) -> None:
    rows = [row.split(b"\t") for row in path.read_bytes().replace(b"\r", b"").splitlines()]
    order = random.Random(path.stem).sample(range(len(HEADINGS)), len(HEADINGS))
    shuffled = b"\n".join(b"\t".join(row[at] for at in order) for row in rows) + b"\n"
    assert accepted(shuffled).fingerprint == accepted(path.read_bytes()).fingerprint


def test_2_ids_stay_text_with_their_leading_zeros() -> None:
    content = File(
        id="00099000001", rows=(line(settlement_id="00099000001", order_id="000-0000001-0000001", sku="007"),)
    )
    settlement = accepted(str(content))
    (row,) = channels.lines(statement(content.bytes()), settlement.id, UTC)
    assert (settlement.id, row.order_id, row.sku) == ("00099000001", "000-0000001-0000001", "007")
    skus = {row.sku for row in channels.lines(statement(sample("uk")), "26100000101", UTC)}
    assert {sku[0] for sku in skus if sku} >= set("=+-0") and max(map(len, skus)) == 40


def test_3_a_file_that_does_not_tie_is_refused_with_the_difference() -> None:
    refusal = refused(sample("broken_total"))
    assert refusal.code == "source-total-mismatch" and "0.03 apart" in refusal.message


def test_4_the_summary_row_is_counted_once_and_never_as_money() -> None:
    repeated = File(rows=(line(settlement_start_date="10.06.2026", settlement_end_date="24.06.2026"),))
    assert accepted(str(repeated)).rows == 1
    assert accepted(sample("uk")).rows == len(sample("uk").splitlines()) - 2


def test_5_equal_rows_are_kept() -> None:
    (labels,) = [part for part in accepted(sample("uk")).subtotals if part.label.words[2] == "Shipping label purchase"]
    assert (labels.rows, str(labels.amount)) == (2, "-6.70 GBP")
    found = [row for row in channels.lines(statement(sample("uk")), "26100000101", UTC) if row.label == labels.label]
    assert len({row.source.row for row in found}) == 2


def test_6_numbers_are_read_one_by_one() -> None:
    coupons = {"transaction_type": "CouponRedemptionFee", "amount_type": "CouponRedemptionFee"}
    rows = (line(amount="94,95"), line(amount="1.249,00"), line(**coupons, amount="-0.60"), line(amount="1.000"))
    assert str(accepted(str(File(rows=rows, total="2.343,35"))).total) == "2343.35 GBP"


def test_7_the_order_of_dates_is_proven_by_the_window() -> None:
    for stamp in ("06/12/26", "12/06/2026", "12.06.2026", "2026-06-12", "2026/06/12", "12-06-2026"):
        row = line(posted_date=stamp, posted_date_time="")
        (found,) = channels.lines(statement(File(rows=(row,)).bytes()), "99000000001", UTC)
        assert found.posted_at.date().isoformat() == "2026-06-12"


@pytest.mark.parametrize(
    ("encoding", "sku"),
    [
        ("utf-8", "TASSE"),
        ("utf-8", "GRÜN"),
        ("utf-8-sig", "GRÜN"),
        ("cp1252", "GRÜN-½-€"),
        ("cp932", "急須"),
        ("utf-16", "急須"),
    ],
)
def test_8_the_encoding_that_worked_is_recorded(encoding: str, sku: str) -> None:
    file = File(rows=(line(sku=sku, amount="1000"),), total="1000", currency="JPY" if encoding == "cp932" else "GBP")
    content = file.bytes(encoding)
    reading = read(content)
    (row,) = channels.lines(statement(content), "99000000001", UTC)
    assert (reading.encoding, row.sku) == (encoding, sku)


def test_9_an_unknown_label_is_kept_as_unknown() -> None:
    settlement = accepted(sample("unknown_type"))
    assert [str(part.amount) for part in settlement.unknown] == ["-7.45 GBP"]


def test_10_account_rows_without_order_and_marketplace_are_kept() -> None:
    rows = (
        line(),
        account("Subscription Fee", "-3.00"),
        account("Storage Fee", "-2.00", transaction_type="ServiceFee"),
    )
    settlement = accepted(str(File(rows=rows, total="5.00")))
    assert {part.category for part in settlement.subtotals if not part.marketplace} == {
        Category.FEE_SUBSCRIPTION,
        Category.FEE_FBA_STORAGE,
    }


def test_11_a_row_in_another_currency_refuses_the_file() -> None:
    assert refused(str(File(rows=(line(currency="USD"),)))).code == "currency-mixed"
    assert accepted(str(File(rows=(line(currency="GBP"), line(currency="gbp")), total="20.00"))).currency == "GBP"


def test_12_marketplaces_are_split_and_their_parts_add_up() -> None:
    rows = [line(marketplace_name=f"Amazon.{site}", amount=amount) for site, amount in (("de", "9,00"), ("fr", "4,00"))]
    file = File(rows=(*rows, rows[0], account("Subscription Fee", "-2,00")), total="20,00", currency="EUR")
    settlement = accepted(str(file))
    parts = {part.marketplace: str(part.amount) for part in settlement.subtotals}
    assert parts == {"Amazon.de": "18.00 EUR", "Amazon.fr": "4.00 EUR", "": "-2.00 EUR"}
    assert (settlement.marketplaces, settlement.marketplace) == (("Amazon.de", "Amazon.fr"), "Amazon.de")
    assert (settlement.country, settlement.zone, settlement.lines_sum) == ("DE", "Europe/Berlin", settlement.total)


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Chatham"])
def test_13_months_are_split_by_line_in_the_zone_exact_to_the_cent(zone: str) -> None:
    given = statement(sample("uk_two_months"))
    (settlement,) = channels.read(given, ZoneInfo(zone)).settlements
    lines = list(channels.lines(given, settlement.id, ZoneInfo(zone)))
    for month in settlement.months:
        rows = [line for line in lines if str(line.posted_at.astimezone(ZoneInfo(zone)))[:7] == str(month)]
        parts = [part for part in settlement.subtotals if part.month == month]
        assert total((line.amount for line in rows), "GBP") == total((part.amount for part in parts), "GBP")
    assert len(settlement.months) == 2 and settlement.lines_sum == settlement.total


def test_13_reserves_stay_in_the_month_of_their_own_stamp() -> None:
    for zone in (UTC, LONDON):
        settlement = accepted(sample("uk_two_months"), zone)
        reserves = {
            str(part.month): str(part.amount) for part in settlement.subtotals if part.category.startswith("reserve.")
        }
        assert reserves == {"2026-06": "42.10 GBP", "2026-07": "-68.33 GBP"}


def test_14_negative_and_zero_settlements_import() -> None:
    assert accepted(sample("negative")).total == Money(-37219, "USD")
    assert accepted(sample("zero_reserved")).total == Money(0, "USD")


def test_15_what_the_chain_needs_is_in_its_own_categories() -> None:
    parts = {part.category: part.amount for part in accepted(sample("zero_reserved")).subtotals}
    assert str(parts[Category.BALANCE_PAYABLE_TO_AMAZON]) == "-372.19 USD"
    assert str(parts[Category.BALANCE_SUCCESSFUL_CHARGE]) == "372.19 USD"
    assert str(parts[Category.RESERVE_CURRENT]) == "-207.31 USD"


def test_16_the_same_bytes_give_the_same_reading() -> None:
    assert read(sample("uk")) == read(sample("uk"))


def test_17_text_that_looks_like_a_formula_is_kept_as_text() -> None:
    rows = channels.lines(statement(sample("uk")), "26100000101", UTC)
    assert any(row.sku.startswith("=") for row in rows)


def test_18_buyers_columns_are_blanked_and_the_rest_reads_the_same() -> None:
    headings = (*HEADINGS[:8], "buyer-name", *HEADINGS[8:], "ship-address")
    row = line(buyer_name="BUYER-NAME-MUST-NOT-BE-STORED", ship_address="ADDRESS-MUST-NOT-BE-STORED", sku="GRÜN")
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        for end in ("\n", "\r\n"):
            content = str(File(rows=(row, row), headings=headings, total="20.00")).replace("\n", end).encode(encoding)
            given = statement(content)
            blank = channels.blank("amazon", given)
            assert b"MUST-NOT" not in blank.replace(b"\0", b"") and blank.count(b"\n") == content.count(b"\n")
            kept = type(given)("", blank, given.digest)
            assert channels.read(kept) == channels.read(given)
            zone = ZoneInfo("UTC")
            assert list(channels.lines(kept, "99000000001", zone)) == list(channels.lines(given, "99000000001", zone))


def test_18_fields_beyond_the_heading_are_blanked_too() -> None:
    content = str(File()).replace("DEMO-1\t\t", "DEMO-1\t\t\tBUYER-NAME-MUST-NOT-BE-STORED").encode()
    blank = channels.blank("amazon", statement(content))
    assert b"MUST-NOT" not in blank and refused(blank).code == refused(content).code == "row-too-long"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_18_a_file_of_known_columns_is_kept_byte_for_byte(path: Path) -> None:
    assert channels.blank("amazon", statement(path.read_bytes())) == path.read_bytes()


def test_19_every_message_about_a_row_names_its_line() -> None:
    for row in (line(amount="x"), line(posted_date_time="x"), line(currency="USD"), line(settlement_id="1")):
        refusal = refused(str(File(rows=(line(), row))))
        assert refusal.row == 4 and "4" in refusal.message


def test_20_every_line_names_the_digest_of_the_original() -> None:
    given = statement(sample("de"))
    assert accepted(sample("de")).statement == given.digest
    assert {row.source.statement for row in channels.lines(given, "26100000201", UTC)} == {given.digest}


def test_tax_that_the_marketplace_remits_nets_to_zero_in_every_order() -> None:
    taxes: dict[str, Decimal] = {}
    withheld = set()
    for row in channels.lines(statement(sample("us")), "26100000303", UTC):
        if row.category.startswith("tax.") or row.category in (Category.PROMO_TAX, Category.REFUND_TAX):
            taxes[row.order_id] = taxes.get(row.order_id, Decimal(0)) + row.amount.amount
        if row.category is Category.TAX_WITHHELD_FACILITATOR:
            withheld.add(row.order_id)
    assert len(withheld) > 20 and {taxes[order] for order in withheld} == {Decimal(0)}


def test_a_day_without_a_time_stays_in_its_month_in_every_zone() -> None:
    window = {"start": "2026-06-25", "end": "2026-07-05"}
    rows = tuple(line(posted_date=day, posted_date_time="") for day in ("2026-06-30", "2026-07-01"))
    content = File(rows=rows, total="20.00").but(**window).bytes()
    for zone in (UTC, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
        settlement = accepted(content, zone)
        assert [part.rows for part in settlement.subtotals] == [1, 1]
        assert summed(channels.lines(statement(content), settlement.id, zone), zone) == settlement.subtotals


@pytest.mark.parametrize(
    ("site", "currency", "country", "zone"),
    [
        ("Amazon.com", "USD", "US", "America/Los_Angeles"),
        ("Amazon.co.jp", "JPY", "JP", "Asia/Tokyo"),
        ("Amazon.com.au", "AUD", "AU", "Australia/Sydney"),
        ("amazon.co.uk", "GBP", "GB", "Europe/London"),
        ("", "SEK", "SE", "Europe/Stockholm"),
        ("Non-Amazon CA", "CAD", "CA", "America/Vancouver"),
        ("", "EUR", "", "Europe/Berlin"),
    ],
)
def test_the_zone_is_the_marketplaces_own_or_its_currencys(site: str, currency: str, country: str, zone: str) -> None:
    settlement = accepted(str(File(rows=(line(marketplace_name=site, amount="10"),), total="10", currency=currency)))
    assert (settlement.country, settlement.zone, settlement.marketplace) == (country, zone, site)


def test_without_any_hint_the_months_are_those_of_utc_with_a_warning() -> None:
    reading = read(str(File(rows=(line(marketplace_name=""),), currency="CHF")))
    assert reading.settlements[0].zone == "UTC" and {one.code for one in reading.warnings} == {"marketplace-unknown"}


def test_progress_is_told_in_bytes_up_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    channels.read(statement(sample("uk") * 1), None, lambda done, of: told.append((done, of)))
    assert told[-1] == (len(sample("uk")), len(sample("uk"))) and told == sorted(told)
