"""Shopify's exports, damaged in every way that a file can be: the stated outcome of each malformed class."""

import gzip
import io
import tracemalloc
import zipfile

import pytest

from tests.channels.files import read, refused, statement
from tests.channels.shopify.files import (
    ALL,
    FOLDER,
    HEADINGS,
    LONDON,
    Payouts,
    Transactions,
    accepted,
    code_and_row,
    lines_of,
    paid,
    row,
    told,
)
from tieout import channels
from tieout.core.settlement import UNCONFIRMED

PLAIN = str(Transactions())
TWO = Transactions().but(row(), row())
SAMPLE = (FOLDER / "shopify_payments_transactions.csv").read_bytes()


def test_a_truncated_last_line_is_refused_or_told() -> None:
    for cut in (PLAIN[:-60], PLAIN[: PLAIN.rindex("GBP") - 1], PLAIN[: PLAIN.rindex("GBP") + 2]):
        assert code_and_row(cut) == ("currency_unknown", 2)
    reading = read(PLAIN[: PLAIN.rindex(",")])
    assert reading.settlements[0].total.minor == 941 and "last-line-short" in told(reading)
    assert accepted(PLAIN[:-1]).total.minor == 941  # a line without an end is whole all the same


def test_rows_that_were_cut_off_are_found_by_the_total_that_is_stated_elsewhere() -> None:
    """The file itself cannot tell, so a payout whose total nothing else states is held."""
    half = read("".join(str(TWO).splitlines(keepends=True)[:2]))
    assert half.settlements[0].total.minor == 941 and UNCONFIRMED in {each.code for each in half.warnings}


def test_an_amount_that_was_changed_by_a_penny_is_refused_by_its_row() -> None:
    refusal = refused(str(Transactions().but(row(), row(Amount="10.01"))))
    assert (refusal.code, refusal.row) == ("row-sum-mismatch", 3)
    assert all(word in refusal.message for word in ("10.01", "0.59", "9.41"))
    refusal = refused(str(Payouts((paid(), paid(Total="9.42")))))
    assert (refusal.code, refusal.row) == ("row-sum-mismatch", 3) and "0.01 apart" in refusal.message


@pytest.mark.parametrize(
    "name", ["Transaction Date", "Type", "Payout Status", "Payout Date", "Amount", "Fee", "Net", "Currency"]
)
def test_a_heading_that_lacks_a_required_column_is_refused_by_its_name(name: str) -> None:
    refusal = refused(str(Transactions(headings=tuple(each for each in HEADINGS if each != name))))
    assert refusal.code == "column-missing" and name.casefold() in refusal.message


@pytest.mark.parametrize(
    "name", ["Payout Date", "Status", "Charges", "Refunds", "Adjustments", "Fees", "Total", "Currency"]
)
def test_a_payouts_export_that_lacks_one_is_refused_too(name: str) -> None:
    refusal = refused(str(Payouts(headings=tuple(each for each in Payouts().headings if each != name))))
    assert refusal.code == "column-missing" and name.casefold() in refusal.message


def test_a_column_that_stands_twice_is_refused_and_an_extra_one_told() -> None:
    assert refused(str(Transactions(headings=(*HEADINGS, "Net")))).code == "column-doubled"
    reading = read(str(Transactions(headings=(*HEADINGS, "Gift Note"))))
    assert reading.settlements and "gift note" in told(reading)["column-unknown"]
    assert accepted(str(Transactions(headings=HEADINGS[::-1]))).fingerprint == accepted(PLAIN).fingerprint


def test_too_many_fields_are_refused_by_line_and_missing_trailing_ones_accepted() -> None:
    lines = str(TWO).splitlines(keepends=True)
    assert code_and_row("".join((*lines[:2], lines[2].replace("\n", ",x\n")))) == ("row-too-long", 3)
    short = "".join((*lines[:2], lines[2].rsplit(",", 1)[0] + "\n"))
    assert accepted(short).total.minor == 1882
    comma = str(Transactions().but(row(Order="#1,2"))).replace('"', "")
    assert code_and_row(comma) == ("row-too-long", 2)


def test_quotes_that_are_never_closed_and_line_ends_inside_them() -> None:
    assert code_and_row(PLAIN.replace("#D5046", '"#D5046')) == ("quote-unclosed", 2)
    assert code_and_row(PLAIN.replace("#D5046", '"#D50\n46"'))[0] == "quote-unclosed"
    assert lines_of(str(Transactions().but(row(Order='a "b", c'))), accepted(PLAIN))[0].order_id == 'a "b", c'


def test_nul_bytes_half_characters_and_mixed_encodings() -> None:
    assert refused(PLAIN.replace("visa", "vi\0sa")).code == "nul_byte"
    mixed = Transactions().but(row(Order="#GRÜN"), row()).bytes()
    reading = read(mixed.replace(b"#D5046", b"#D50\xc3"))
    assert reading.settlements and "character-damaged" in {each.code for each in reading.warnings}
    assert refused(mixed.replace(b"charge,#D", b"char\xc3,#D")).code == "encoding_error"
    inside = PLAIN.encode().replace(b"\n2026", b"\n\xef\xbb\xbf2026")
    assert "byte-order-mark-inside" in {each.code for each in read(inside).warnings} and read(inside).settlements
    wide = Transactions().bytes("utf-16")
    assert "encoding-utf-16" in {each.code for each in read(wide).warnings}
    assert accepted(wide).fingerprint == accepted(PLAIN).fingerprint


def test_a_currency_that_changes_inside_a_payout_is_refused() -> None:
    refusal = refused(str(Transactions().but(row(), row(Currency="USD"))))
    assert (refusal.code, refusal.row) == ("payout-mixed", 3) and "USD" in refusal.message
    assert code_and_row(str(Transactions().but(row(), row(Currency="POUNDS")))) == ("currency_unknown", 3)
    assert refused(str(Transactions().but(row(), row(Payout_Date="2026-06-12")))).code == "payout-mixed"
    assert refused(str(Transactions(headings=ALL).but(row(), row(Business_Entity_ID="2")))).code == "payout-mixed"


def test_two_exports_in_one_file_are_read_as_one_and_told() -> None:
    reading = read(PLAIN + str(Transactions().but(row(Payout_ID="118000000902", Payout_Date="2026-06-12"))))
    assert [each.id for each in reading.settlements] == ["118000000901", "118000000902"]
    assert "heading-repeated" in told(reading)
    mixed = refused(PLAIN + str(Payouts()))
    assert mixed.row == 3 and mixed.code in ("currency_unknown", "date_unparsable")


@pytest.mark.parametrize(
    ("days", "code"), [("2026-06-11", None), ("2026-06-12", "date-near-window"), ("2026-06-14", "date-out-of-window")]
)
def test_a_row_dated_after_its_payout(days: str, code: str | None) -> None:
    reading = read(str(Transactions().but(row(), row(Transaction_Date=f"{days} 12:00:00 +0100"))), LONDON)
    late = {each.code: each.settlement for each in reading.warnings if each.code.startswith("date-")}
    assert late == ({code: "118000000901"} if code else {})


def test_dates_that_do_not_exist_or_that_nothing_decides() -> None:
    for stamp in ("2026-06-31 10:00:00 +0100", "2026-06-08 25:00:00", "soon", "", "2099-13-01"):
        assert code_and_row(str(Transactions().but(row(), row(Transaction_Date=stamp)))) == ("date_unparsable", 3)
    assert code_and_row(str(Transactions().but(row(), row(Payout_ID="9", Payout_Date=""))))[0] == "date_unparsable"
    refusal = refused(str(Transactions().but(row(Transaction_Date="6/8/2026 9:19", Payout_Date="6/11/2026"))))
    assert refusal.code == "date-order-ambiguous" and "as Shopify exported it" in refusal.message


@pytest.mark.parametrize("amount", ["1,234,56", "-", "", "1e3", "ten", "--5.00", "NaN", "9" * 20])
def test_what_is_no_amount_is_refused_by_line(amount: str) -> None:
    refusal = refused(str(Transactions().but(row(), row(Amount=amount))))
    assert (refusal.code, refusal.row) == ("amount_unparsable", 3)


@pytest.mark.parametrize(
    ("amount", "fee", "currency"), [("10.005", "0.59", "GBP"), ("0.001", "0.00", "GBP"), ("10.50", "0", "JPY")]
)
def test_more_decimals_than_the_currency_has_are_never_rounded(amount: str, fee: str, currency: str) -> None:
    broken = row(Amount=amount, Fee=fee, Currency=currency, Payout_ID="118000000902")
    assert code_and_row(str(Transactions().but(row(), broken))) == ("precision_excess", 3)


def test_an_amount_that_may_be_a_thousand_or_a_broken_cent_is_decided_by_the_others() -> None:
    grouped = row(Amount="1,234", Fee="0.00", Net="1,234")
    assert accepted(str(Transactions().but(row(), grouped))).total.minor == 941 + 123400
    only = row(Amount="1.234", Fee="0", Net="1.234", VAT="")
    assert refused(str(Transactions().but(only))).code == "amount_unparsable"


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("(5.00)", -500), ("5.00-", -500), ("−5.00", -500), ("-$5.00", -500), ("($5.00)", -500), ("$1,234.56", 123456),
     ("1\u202f234.56", 123456), ("1\u00a0234.56", 123456), ("CA$5.00", 500), ("£5", 500), ("5.5", 550)],
)  # fmt: skip
def test_amounts_as_people_and_spreadsheets_write_them(amount: str, minor: int) -> None:
    odd = row(Amount=amount, Fee="0.00", Net=amount, Type="adjustment")
    reading = read(str(Transactions().but(row(), odd)), LONDON)
    assert reading.settlements[0].total.minor == 941 + minor
    has_sign = any(sign in amount for sign in "$£")
    assert ("amount-with-sign" in told(reading)) == has_sign
    assert ("amount-sign-odd" in told(reading)) == (amount in ("(5.00)", "5.00-", "($5.00)"))


def test_rows_of_zero_only_are_accepted_and_rows_of_nothing_skipped() -> None:
    zero = accepted(str(Transactions().but(row(Amount="0.00", Fee="0.00", Net="0.00"))))
    assert (zero.total.minor, zero.rows) == (0, 1)
    empty = "," * (len(HEADINGS) - 1)
    assert accepted(f"{PLAIN}{empty}\n\n   \n{empty}\n").rows == 1


def test_a_heading_alone_and_an_empty_file_are_refused() -> None:
    assert code_and_row(",".join(HEADINGS) + "\n") == ("rows-missing", 1)
    assert code_and_row(",".join(Payouts().headings)) == ("rows-missing", 1)
    assert refused("").code == "file_empty" and refused(" \n\n").code == "file_empty"


def test_a_payout_id_that_a_spreadsheet_made_a_number_of_is_refused() -> None:
    refusal = refused(str(Transactions().but(row(), row(Payout_ID="1.18E+11"))))
    assert (refusal.code, refusal.row) == ("payout-id-damaged", 3) and "1.18E+11" in refusal.message


def test_archives_workbooks_and_web_pages_are_named() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", b"x")
    for content, what in (
        (gzip.compress(PLAIN.encode(), mtime=0), "gzip"),
        (out.getvalue(), "Excel"),
        (b"<html>", "web page"),
    ):
        assert refused(content).code == "type_mismatch" and what in refused(content).message


def test_an_endless_line_is_refused_in_bounded_memory() -> None:
    content = PLAIN.encode() + b"x" * 60_000_000
    tracemalloc.start()
    assert refused(content).code == "line_too_long"
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_type_nobody_knows_and_formula_text_are_kept_as_they_are() -> None:
    settlement = accepted(str(Transactions().but(row(Type="=SUM(A1)", Order="=HYPERLINK(1)"))))
    assert [str(part.label) for part in settlement.unknown] == ["=SUM(A1) / Amount", "=SUM(A1) / Fee"]
    assert lines_of(str(Transactions().but(row(Order="=HYPERLINK(1)"))), accepted(PLAIN))[0].order_id == "=HYPERLINK(1)"


def test_other_exports_of_shopify_are_named_with_what_is_wanted() -> None:
    headings = "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Payment Method,Billing Name"
    refusal = refused(f"{headings}\n#1,b@example.com\n")
    assert refusal.code == "wrong_report" and "Shopify orders export" in refusal.message and "buyers" in refusal.message
    moved = refused("Exported by Demo\n" + PLAIN)
    assert (moved.code, moved.row) == ("format_unknown", 2) and "line 2 and not in the first" in moved.message


def test_cut_and_damaged_samples_never_raise_and_never_say_more_than_they_hold() -> None:
    totals = {each.id: each.total.minor for each in read(SAMPLE).settlements}
    for cut in range(0, len(SAMPLE), 97):
        reading = read(SAMPLE[:cut])
        assert reading.refusals or {each.id for each in reading.settlements} <= totals.keys()
    for at in range(3, len(SAMPLE), 61):
        reading = read(SAMPLE[:at] + b"\xfe" + SAMPLE[at + 1 :])
        assert reading.refusals or reading.settlements


def test_a_damaged_file_is_blanked_without_being_mended() -> None:
    for content in (PLAIN.replace("#D5046", '"#D5046'), str(TWO).replace("#D5046", '"#D50,46', 1)):
        blanked = channels.blank("shopify", statement(str(content).replace("Card Brand", "Buyer").encode()))
        assert refused(blanked).code == "quote-unclosed"
