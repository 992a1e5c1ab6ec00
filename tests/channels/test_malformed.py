"""The malformed classes of an Amazon file, each with its stated outcome. Doubles of a known file are tested in sync."""

import gzip
import io
import tracemalloc
import zipfile
from datetime import date

import pytest

from tests.channels.files import HEADING, UTC, File, accepted, account, codes, line, read, refused, sample, statement
from tieout import channels
from tieout.channels import Refused
from tieout.core.category import Category
from tieout.sandbox.statements import HEADINGS

FILE = File()


def test_a_truncated_last_line_is_refused() -> None:
    content = sample("uk")
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    # Up to the time of posting something required is missing or broken; cut behind it, only blanks are lost.
    needed = content.find(b" UTC", last) + len(b" UTC")
    for cut in range(last + 1, needed):
        assert refused(content[:cut]).code
    for cut in range(needed, len(content) - 1):
        assert codes(read(content[:cut])) <= {"last-line-short"}
    assert read(content[:-1]).warnings == ()


def test_an_amount_cut_short_does_not_tie() -> None:
    assert refused(str(FILE.but(line(amount="1.00")))).code == "source-total-mismatch"


def test_a_missing_summary_row_is_refused() -> None:
    lines = str(FILE).splitlines(keepends=True)
    refusal = refused(lines[0] + "".join(lines[2:]))
    assert (refusal.code, refusal.row) == ("total_missing", 2) and "summary row" in refusal.message


def test_two_summary_rows_of_one_settlement_are_refused() -> None:
    lines = str(FILE).splitlines(keepends=True)
    refusal = refused("".join((*lines[:2], lines[1], *lines[2:])))
    assert (refusal.code, refusal.row) == ("summary-doubled", 3)


def test_a_total_off_by_a_cent_is_refused_with_the_difference() -> None:
    refusal = refused(str(FILE.but(total="10.01")))
    assert (refusal.code, refusal.row, refusal.settlement) == ("source-total-mismatch", 2, FILE.id)
    assert all(text in refusal.message for text in ("10.01 GBP", "10.00 GBP", "0.01 apart"))


@pytest.mark.parametrize(
    ("amounts", "total", "candidates"),
    [
        (("10.00", "7.00", "3.00"), "17.00", (5,)),  # one row too many
        (("10.00", "7.00", "7.00"), "17.00", (5,)),  # the same row twice: the second
        (("10.00", "-4.00", "2.00"), "16.00", (4,)),  # a wrong sign: half the difference
        (("10.00", "4.00", "2.00"), "20.00", (4,)),  # a row once too few
        (("10.00", "4.00", "2.00", "1.50"), "14.00", (5, 6)),  # two rows together
        (("10.00", "4.00"), "0.01", ()),  # nothing explains it
    ],
)
def test_a_mismatch_names_the_rows_worth_a_look(
    amounts: tuple[str, ...], total: str, candidates: tuple[int, ...]
) -> None:
    refusal = refused(str(FILE.but(*(line(amount=amount) for amount in amounts), total=total)))
    assert refusal.candidates == candidates
    assert all(str(row) in refusal.message for row in candidates)


@pytest.mark.parametrize(
    "name", ["settlement-id", "total-amount", "currency", "amount-type", "amount", "order-id", "sku"]
)
def test_a_missing_required_column_is_named(name: str) -> None:
    refusal = refused(str(FILE.but(headings=tuple(heading for heading in HEADINGS if heading != name))))
    assert (refusal.code, refusal.row) == ("column-missing", 1) and name in refusal.message


@pytest.mark.parametrize("name", ["amount", "posted-date-time", "promotion-id"])
def test_a_column_that_stands_twice_is_refused_by_its_name(name: str) -> None:
    refusal = refused(str(FILE.but(headings=(*HEADINGS, f" {name.upper()} "))))
    assert (refusal.code, refusal.row) == ("column-doubled", 1) and name in refusal.message


def test_a_column_that_is_not_read_may_stand_twice() -> None:
    reading = read(str(FILE.but(headings=(*HEADINGS, "note", "note", "", ""))))
    assert codes(reading) == {"column-unknown"} and len(reading.settlements) == 1


def test_either_column_of_the_posting_date_will_do() -> None:
    for gone in ("posted-date", "posted-date-time"):
        assert accepted(str(FILE.but(headings=tuple(name for name in HEADINGS if name != gone)))).rows == 1
    neither = tuple(name for name in HEADINGS if not name.startswith("posted"))
    assert "posted-date" in refused(str(FILE.but(headings=neither))).message


def test_reordered_columns_are_accepted_without_a_word() -> None:
    reading = read(str(FILE.but(headings=tuple(reversed(HEADINGS)))))
    assert reading.warnings == ()
    assert reading.settlements[0].fingerprint == accepted(str(FILE)).fingerprint


def test_an_unknown_extra_column_is_accepted_with_a_warning() -> None:
    reading = read(str(FILE.but(headings=(*HEADINGS[:5], "buyer-name", *HEADINGS[5:]))))
    assert codes(reading) == {"column-unknown"} and "buyer-name" in reading.warnings[0].message
    assert reading.settlements[0].fingerprint == accepted(str(FILE)).fingerprint


def test_missing_trailing_fields_are_accepted() -> None:
    short = "".join(f"{row.rstrip(chr(9))}\n" for row in str(FILE).splitlines())
    assert short != str(FILE) and accepted(short).fingerprint == accepted(str(FILE)).fingerprint


@pytest.mark.parametrize(
    ("field", "with_", "code"),
    [
        ("amount-description", None, "amount_unparsable"),  # 23 fields: all behind it move
        ("posted-date-time", None, "date_unparsable"),
        ("promotion-id", "a\tb", "row-too-long"),  # 25 fields: an embedded tab
        ("amount-description", "Princi\tpal", "row-too-long"),
    ],
)
def test_a_line_with_a_wrong_number_of_fields_is_refused_by_its_number(
    field: str, with_: str | None, code: str
) -> None:
    fields = [line(order_item_code="70000000001").get(name, "") for name in HEADINGS]
    at = HEADINGS.index(field)
    fields[at : at + 1] = [with_] if with_ is not None else []
    content = str(FILE.but(line(), total="20.00")) + "\t".join(fields) + "\n"
    assert (refused(content).code, refused(content).row) == (code, 4)


def test_an_embedded_tab_in_a_short_line_is_refused() -> None:
    content = (
        str(FILE) + "\t".join([line().get(name, "") for name in HEADINGS[:12]]) + "\tItem\tPrice\tPrincipal\t10.00\n"
    )
    assert (refused(content).code, refused(content).row) == ("amount_unparsable", 4)


def test_a_nul_byte_is_refused() -> None:
    refusal = refused(str(FILE).replace("DEMO-1", "DEMO\0-1"))
    assert (refusal.code, refusal.row) == ("nul_byte", 3)


@pytest.mark.parametrize("half", [b"\xc3", b"\xe2\x82", b"\xe6\x80", b"\xf0\x9f\x98"])
def test_half_a_character_in_free_text_is_replaced_with_a_warning(half: bytes) -> None:
    row = line(transaction_type="CouponRedemptionFee", amount_type="CouponRedemptionFee", amount_description="cut @@")
    reading = read(FILE.but(row).bytes().replace(b"@@", half))
    assert codes(reading) == {"character-damaged"} and reading.warnings[0].row == 3
    (subtotal,) = reading.settlements[0].subtotals
    assert subtotal.label.words[2] == "cut \ufffd" and subtotal.category is Category.FEE_COUPON


@pytest.mark.parametrize("name", ["sku", "order-id", "amount", "settlement-id"])
def test_half_a_character_in_money_or_an_id_is_refused(name: str) -> None:
    content = FILE.but(line(**{name.replace("-", "_"): "1@@"}), line(sku="größe"), total="20.00").bytes()
    refusal = refused(content.replace(b"@@", b"\xe2\x82"))
    offset = content.index(b"@@")
    assert (refusal.code, refusal.row) == ("encoding_error", 3)
    assert name in refusal.message and f"byte {offset}" in refusal.message


def test_mixed_encodings_are_accepted_in_free_text_and_refused_elsewhere() -> None:
    coupon = {"transaction_type": "CouponRedemptionFee", "amount_type": "CouponRedemptionFee"}
    rows = (line(sku="GRÖSSE"), line(**coupon, amount_description="Gl@ser"))
    content = FILE.but(*rows, total="20.00").bytes().replace(b"@", "ä".encode("cp1252"))
    assert codes(read(content)) == {"character-damaged"} and accepted(content).rows == 2
    mixed_skus = FILE.but(line(sku="GRÖSSE"), line(sku="GR@SSE"), total="20.00").bytes().replace(b"@", b"\xd6")
    assert (refused(mixed_skus).code, refused(mixed_skus).row) == ("encoding_error", 4)


def test_a_byte_order_mark_inside_the_file_is_removed_with_a_warning() -> None:
    content = str(FILE).replace("DEMO-1", "\ufeffDEMO-1").encode()
    reading = read(content)
    assert codes(reading) == {"byte-order-mark-inside"} and reading.warnings[0].row == 3
    assert [row.sku for row in channels.lines(statement(content), FILE.id, UTC)] == ["DEMO-1"]


def test_two_settlements_in_one_file_are_split() -> None:
    other = FILE.but(line(settlement_id="99000000002", amount="3.00"), id="99000000002", total="3.00")
    for content in (str(FILE) + str(other), str(FILE) + str(other).partition("\n")[2]):
        reading = read(content)
        assert [(one.id, str(one.total)) for one in reading.settlements] == [
            ("99000000001", "10.00 GBP"),
            ("99000000002", "3.00 GBP"),
        ]
        rows = [
            [row.source.row for row in channels.lines(statement(content.encode()), one.id, UTC)]
            for one in reading.settlements
        ]
        assert rows == [[3], [len(content.splitlines())]]


def test_interleaved_settlements_with_late_summary_rows_are_split() -> None:
    other = FILE.but(line(settlement_id="99000000002", amount="3.00"), id="99000000002", total="3.00")
    heading, first, row = str(FILE).splitlines()
    _, second, other_row = str(other).splitlines()
    reading = read("\n".join((heading, row, other_row, second, first)))
    assert {one.id: str(one.total) for one in reading.settlements} == {
        "99000000001": "10.00 GBP",
        "99000000002": "3.00 GBP",
    }


def test_several_settlements_are_refused_whole_if_one_does_not_tie_or_has_no_summary() -> None:
    other = FILE.but(line(settlement_id="99000000002", amount="3.00"), id="99000000002", total="3.01")
    assert refused(str(FILE) + str(other)).settlement == "99000000002"
    without = str(FILE.but(line(), line(settlement_id="99000000002"), total="10.00"))
    assert (refused(without).code, refused(without).settlement) == ("total_missing", "99000000002")


def test_the_same_file_twice_in_one_is_refused() -> None:
    assert refused(str(FILE) * 2).code == "summary-doubled"


def test_a_currency_that_changes_is_refused() -> None:
    refusal = refused(str(FILE.but(line(currency="GBP"), line(currency="EUR"), total="20.00")))
    assert (refusal.code, refusal.row) == ("currency-mixed", 4) and "EUR" in refusal.message


@pytest.mark.parametrize("currency", ["XXQ", "", "G"])
def test_an_unknown_or_missing_currency_is_refused(currency: str) -> None:
    refusal = refused(str(FILE.but(currency=currency)))
    assert (refusal.code, refusal.row) == ("currency_unknown", 2)


@pytest.mark.parametrize(
    ("stamp", "code"),
    [("10.06.2026 21:40:09 UTC", "date-near-window"), ("25.06.2026 21:40:10 UTC", "date-near-window"),
     ("25.06.2026 21:40:11 UTC", "date-out-of-window"), ("09.06.2026 10:00:00 UTC", "date-out-of-window")],
)  # fmt: skip
def test_a_date_outside_the_window_is_a_warning_that_may_hold_the_settlement(stamp: str, code: str) -> None:
    reading = read(str(FILE.but(line(), line(posted_date_time=stamp), total="20.00")))
    (warning,) = reading.warnings
    assert (warning.code, warning.row) == (code, 4) and reading.settlements[0].rows == 2


def test_dates_that_fit_both_ways_are_refused() -> None:
    window = {"start": "2026-03-01 00:00:00 UTC", "end": "2026-05-01 00:00:00 UTC"}
    row = line(posted_date="03/04/26", posted_date_time="")
    refusal = refused(str(FILE.but(row, **window)))
    assert refusal.code == "date-order-ambiguous" and "day/month" in refusal.message
    # One date that exists only one way proves the others.
    proof = line(posted_date="04/20/26", posted_date_time="")
    assert [str(month) for month in accepted(str(FILE.but(row, proof, total="20.00", **window))).months] == [
        "2026-03",
        "2026-04",
    ]


def test_the_window_proves_the_order_of_day_and_month() -> None:
    row = line(posted_date="06/12/26", posted_date_time="")
    assert [str(month) for month in accepted(str(FILE.but(row))).months] == ["2026-06"]
    european = line(posted_date="", posted_date_time="12/06/2026 10:00:00 UTC")
    window = {"start": "10/06/2026 21:40:10 UTC", "end": "24/06/2026 21:40:10 UTC", "deposit": "26/06/2026"}
    settlement = accepted(str(FILE.but(european, **window)))
    assert [str(month) for month in settlement.months] == ["2026-06"] and str(settlement.deposit_on) == "2026-06-26"


def test_one_point_two_three_four_follows_the_other_values_or_is_refused() -> None:
    comma = FILE.but(line(amount="1.234"), line(amount="5,50"), total="1239,50")
    assert str(accepted(str(comma)).total) == "1239.50 GBP"
    dot = refused(str(FILE.but(line(amount="1.234"), line(amount="5.50"), total="6.73")))
    assert (dot.code, dot.row) == ("precision_excess", 3)
    alone = refused(str(FILE.but(line(amount="1.234"), total="1234")))
    assert (alone.code, alone.row) == ("amount_unparsable", 3)


@pytest.mark.parametrize("amount", ["1,234,56", "-", "", "1e3", "--", "NaN", "Infinity", "10.00 GBP", "9" * 30, "٣.٥٠"])
def test_what_is_no_amount_is_refused_by_its_line(amount: str) -> None:
    refusal = refused(str(FILE.but(line(), line(amount=amount))))
    assert (refusal.code, refusal.row) == ("amount_unparsable", 4)


@pytest.mark.parametrize("amount", ["1.005", "0.001", "12.5000"])
def test_more_decimals_than_the_currency_has_are_refused(amount: str) -> None:
    refusal = refused(str(FILE.but(line(), line(amount=amount))))
    assert (refusal.code, refusal.row) == ("precision_excess", 4)


@pytest.mark.parametrize("amount", ["(5.00)", "5.00-", "5,00-"])
def test_an_odd_minus_is_accepted_with_a_warning(amount: str) -> None:
    reading = read(str(FILE.but(line(), line(amount=amount), total="5.00")))
    assert codes(reading) == {"amount-sign-odd"} and reading.warnings[0].row == 4
    assert str(reading.settlements[0].lines_sum) == "5.00 GBP"


@pytest.mark.parametrize(
    ("amount", "total"),
    [("\u22125,00", "5.00"), ("1\u202f234,56", "1244.56"), ("1\u00a0234,56", "1244.56"), ("1 234,56", "1244.56")],
)
def test_typographic_amounts_are_read(amount: str, total: str) -> None:
    assert str(accepted(str(FILE.but(line(), line(amount=amount), total=total))).total) == f"{total} GBP"


def test_an_unknown_label_is_imported_and_kept_apart() -> None:
    settlement = accepted(str(FILE.but(account("Quantum Shelf Fee", "-7.45"), line(), total="2.55")))
    (unknown,) = settlement.unknown
    assert str(unknown.amount) == "-7.45 GBP" and unknown.label.words[-1] == "Quantum Shelf Fee"


def test_a_blank_marketplace_comes_from_other_rows_of_the_order() -> None:
    rows = (
        line(marketplace_name=""),
        line(order_id="990-0000002-0000002", marketplace_name=""),
        account("Subscription Fee", "-5.00"),
        line(marketplace_name="Amazon.fr"),
    )
    content = FILE.but(*rows, total="25.00").bytes()
    found = [row.marketplace for row in channels.lines(statement(content), FILE.id, UTC)]
    assert found == ["Amazon.fr", "", "", "Amazon.fr"]
    settlement = accepted(content)
    assert {part.marketplace: part.rows for part in settlement.subtotals} == {
        "Amazon.fr": 2,
        "": 1,
    } and settlement.rows == 4


def test_a_blank_order_id_on_an_order_row_is_a_warning() -> None:
    reading = read(str(FILE.but(line(), line(order_id=""), total="20.00")))
    assert codes(reading) == {"order-id-missing"} and reading.warnings[0].row == 4


def test_zero_rows_alone_are_accepted() -> None:
    settlement = accepted(str(FILE.but(account("Adjustment", "0.00"), total="0.00")))
    assert settlement.rows == 1 and not settlement.lines_sum
    assert accepted("".join(str(FILE.but(total="0.00")).splitlines(keepends=True)[:2])).rows == 0


def test_a_heading_alone_and_an_empty_file_are_refused() -> None:
    assert refused(HEADING + "\n").code == refused(HEADING).code == "total_missing"
    assert refused("").code == refused(" \r\n\t\n").code == refused("\ufeff").code == "file_empty"


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(sample("uk")), "gzip"),
        (zipped("settlement.txt", sample("uk")), "ZIP"),
        (zipped("xl/workbook.xml", b"<workbook/>"), "Excel workbook"),
    ],
)
def test_an_archive_renamed_to_txt_is_refused_by_what_it_is(content: bytes, what: str) -> None:
    refusal = refused(content)
    assert refusal.code == "type_mismatch" and what in refusal.message


@pytest.mark.parametrize("start", [b"", HEADING.encode() + b"\n", str(FILE).encode()])
def test_one_line_of_200_mb_is_refused_in_bounded_memory(start: bytes) -> None:
    content = start + b"x" * 200_000_000
    tracemalloc.start()
    refusal = refused(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (refusal.code, refusal.row) == ("line_too_long", start.count(b"\n") + 1)
    assert peak < 8_000_000


@pytest.mark.parametrize("sku", ["=HYPERLINK(1)", "+44", "-DASH", "@SUM", "00123", "\u202eABC", "zero\u200bwidth"])
def test_formula_text_is_kept_as_it_is(sku: str) -> None:
    (row,) = channels.lines(statement(FILE.but(line(sku=sku)).bytes()), FILE.id, UTC)
    assert row.sku == sku


def test_a_web_page_saved_as_txt_is_refused_by_what_it_is() -> None:
    for page in ("<!DOCTYPE html><html><title>Sign in</title>", "\ufeff \n<HTML>", "<!-- a --><html lang=en>"):
        assert refused(page).code == "type_mismatch" and "web page" in refused(page).message


def test_utf_16_from_a_spreadsheet_is_accepted_with_a_warning_if_it_ties() -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        mark = "" if encoding == "utf-16" else "\ufeff"
        reading = read((mark + str(FILE.but(line(sku="größe"))).replace("\n", "\r\n")).encode(encoding))
        assert codes(reading) == {"encoding-utf-16"} and reading.encoding == "utf-16"
        assert reading.settlements[0].fingerprint == accepted(str(FILE)).fingerprint
    assert refused(str(FILE.but(total="1.00")).encode("utf-16")).code == "source-total-mismatch"
    assert refused(str(FILE).encode("utf-16")[:-1]).code == "encoding_error"


@pytest.mark.parametrize("deposit", ["soon", "31.02.2026", "2026-06-26 25:00:00 UTC", "2026-06-26 10:00:00 XYZ"])
def test_a_deposit_date_that_is_none_is_refused_with_the_summary_row(deposit: str) -> None:
    refusal = refused(str(FILE.but(deposit=deposit)))
    assert (refusal.code, refusal.row, refusal.settlement) == ("date_unparsable", 2, FILE.id)
    assert "summary row" in refusal.message and deposit in refusal.message


def test_a_deposit_date_against_the_order_of_the_others_is_refused() -> None:
    american = FILE.but(line(posted_date_time="06/12/2026 10:00:00 UTC"), start="06/10/2026", end="06/24/2026")
    assert accepted(str(american.but(deposit="06/26/2026"))).deposit_on == date(2026, 6, 26)
    refusal = refused(str(american.but(deposit="26/06/26")))
    assert (refusal.code, refusal.row) == ("date_unparsable", 2)


@pytest.mark.parametrize("blank", ["", " "])
def test_a_row_without_a_time_of_posting_counts_for_its_day_whatever_the_others_print(blank: str) -> None:
    timed, untimed = line(), line(posted_date_time=blank)
    for rows in ((untimed, timed), (timed, untimed), (untimed, untimed)):
        content = FILE.but(*rows, total="20.00").bytes()
        assert [str(month) for month in accepted(content, UTC).months] == ["2026-06"]
        moments = [found.posted_at.hour for found in channels.lines(statement(content), FILE.id, UTC)]
        assert moments == [10 if row is timed else 12 for row in rows]
    far_apart = FILE.but(*[timed] * 3000, untimed, *[timed] * 3000, total="60010.00").bytes()
    assert accepted(far_apart).rows == 6001
    neither = refused(str(FILE.but(timed, line(posted_date_time=blank, posted_date=""), total="20.00")))
    assert (neither.code, neither.row) == ("date_unparsable", 4)


def test_everything_wrong_is_told_at_once() -> None:
    rows = (line(amount="x"), line(), line(amount="1e3"), line(posted_date_time="31.02.2026 10:00:00 UTC"))
    reading = read(str(FILE.but(*rows)))
    assert {(refusal.code, refusal.row) for refusal in reading.refusals} == {
        ("amount_unparsable", 3),
        ("amount_unparsable", 5),
        ("date_unparsable", 6),
    }
    endless = read(str(FILE.but(*[line(amount="x")] * 1000)))
    assert len(endless.refusals) == 50


def test_opening_rows_of_a_broken_file_raises_what_reading_refuses() -> None:
    for row in (
        line(amount="x"),
        line(posted_date_time="31.02.2026 10:00:00 UTC"),
        line(posted_date_time="", posted_date=""),
    ):
        given = statement(FILE.but(row).bytes())
        with pytest.raises(Refused) as error:
            list(channels.lines(given, FILE.id, UTC))
        assert error.value.refusals == channels.read(given).refusals
