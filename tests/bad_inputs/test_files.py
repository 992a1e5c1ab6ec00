"""Files (section A): one stable code, one sentence saying what to do, the row named; nothing half done.

What arrives over HTTP or is already known (A14, A15, A22, A28, A29) is tested where it is kept. Where the malformed
classes of the Amazon report say otherwise, they win.
"""

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from tests.channels.files import HEADING, LONDON, UTC, File, accepted, codes, line, read, refused, sample, statement
from tieout import channels

FILES = Path(__file__).parent / "files"
WANTED = "flat file V2"
DATE_RANGE = {
    "US": '"date/time","settlement id","type","order id","product sales","selling fees","fba fees","other","total"',
    "DE": "Datum/Uhrzeit,Abrechnungsnummer,Typ,Bestellnummer,Umsätze,Verkaufsgebühren,Andere,Gesamt",
    "FR": "date/heure,numéro de versement,type,ventes de produits,frais de vente,autre,total",
    "IT": "Data/Ora:,Numero pagamento,Tipo,Vendite,Commissioni di vendita,Altro,totale",
    "ES": "fecha y hora,identificador de pago,tipo,ventas de productos,tarifas de venta,otro,total",
    "MX": "fecha/hora,Id. de liquidación,tipo ,ventas de productos,tarifas de venta,otro,total",
    "NL": "datum/tijd,schikkings-ID,type,verkoop van producten,verkoopkosten,overige,totaal",
    "JP": "日付/時間,決済番号,トランザクションの種類,商品売上,手数料,FBA 手数料,その他,合計",
}


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def test_a1_an_empty_file() -> None:
    assert refused(b"").code == "file_empty" and "Download it again" in refused(b"").message


def test_a2_only_a_heading() -> None:
    assert (refused(HEADING).code, refused(HEADING).row) == ("total_missing", 1)


def test_a3_unknown_headings_are_listed_beside_the_nearest_known_ones() -> None:
    refusal = refused("datum\tsettlement\tbetrag\n1\t2\t3\n")
    assert refusal.code == "format_unknown"
    assert "datum, settlement, betrag" in refusal.message and "settlement-id" in refusal.message
    assert "flat file V2" in refusal.message
    csv = refused(HEADING.replace("\t", ",") + "\n")
    assert csv.code == "format_unknown" and "no tabs" in csv.message and "spreadsheet" in csv.message


def test_a3_headings_in_quotation_marks_or_below_others_are_told_as_such() -> None:
    quoted = "".join("\t".join(f'"{field}"' for field in row.split("\t")) + "\n" for row in str(File()).splitlines())
    refusal = refused(quoted)
    assert (refusal.code, refusal.row) == ("format_unknown", 1)
    assert "quotation marks" in refusal.message and "no tabs" not in refusal.message
    refusal = refused("My statement\n\n" + str(File()))
    assert (refusal.code, refusal.row) == ("format_unknown", 3)
    assert "line 3 and not in the first" in refusal.message and "no tabs" not in refusal.message


@pytest.mark.parametrize("country", DATE_RANGE)
def test_a4_a_date_range_report_is_named_in_every_language(country: str) -> None:
    preamble = "".join(f'"Line {row} of a preamble"\n' for row in range(8))
    for encoding in ("utf-8", "utf-8-sig"):
        refusal = refused((preamble + DATE_RANGE[country] + "\n").encode(encoding))
        assert (refusal.code, refusal.row) == ("wrong_report", 9)
        assert "date range report" in refusal.message and WANTED.lower() in refusal.message.lower()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "cp932"])
def test_a5_encodings_are_validated_and_recorded(encoding: str) -> None:
    sku = "急須" if encoding == "cp932" else "GRÜN"
    currency, amount = ("JPY", "10") if encoding == "cp932" else ("GBP", "10.00")
    content = File(rows=(line(sku=sku, amount=amount),), total=amount, currency=currency).bytes(encoding)
    assert read(content).encoding == encoding
    assert [row.sku for row in channels.lines(statement(content), "99000000001", UTC)] == [sku]


def test_a6_an_invalid_byte_deep_in_the_file() -> None:
    rows = (str(File(rows=(line(sku="GRÜN"),))).splitlines()[2] + "\n") * 70_100
    lines = str(File()).splitlines(keepends=True)
    content = (lines[0] + lines[1] + rows).encode()
    at = 0
    for _ in range(70_000):
        at = content.index(b"\n", at) + 1
    at = content.index(b"GR\xc3\x9c", at) + 3
    refusal = refused(content[:at] + b"\xff" + content[at + 1 :])
    assert (refusal.code, refusal.row) == ("encoding_error", 70_001)
    assert f"byte {at - 1}" in refusal.message and "sku" in refusal.message


def test_a7_nul_and_control_characters() -> None:
    assert refused(str(File()).replace("DEMO-1", "DEMO\0")).code == "nul_byte"
    assert refused(("\0" + str(File())).encode()).code == "nul_byte"
    odd = "a\u202eb\u200bc\x07\x1b[31m"
    content = File(rows=(line(sku=odd),)).bytes()
    assert [row.sku for row in channels.lines(statement(content), "99000000001", UTC)] == [odd]


def test_a8_line_ends_of_every_kind() -> None:
    plain = str(File(rows=(line(), line()), total="20.00"))
    for content in (plain.replace("\n", "\r"), plain.replace("\n", "\r\n"), plain.replace("\n", "\r\n", 1)):
        assert accepted(content).fingerprint == accepted(plain).fingerprint
    mixed = plain.replace("\n", "\r", 2)
    assert [row.source.row for row in channels.lines(statement(mixed.encode()), "99000000001", UTC)] == [3, 4]
    # The report knows no quoting, so a line end inside quotes is a broken line.
    assert refused(plain.replace("Principal", '"Prin\ncipal"', 1)).row == 3


def test_a9_a_quote_that_is_never_closed_is_plain_text() -> None:
    coupon = {"transaction_type": "CouponRedemptionFee", "amount_type": "CouponRedemptionFee"}
    content = File(rows=(line(**coupon, amount_description='Save on "mugs'), line()), total="20.00").bytes()
    found = [row.label.words[2] for row in channels.lines(statement(content), "99000000001", UTC)]
    assert found == ['Save on "mugs', "Principal"]


@pytest.mark.parametrize(
    ("amount", "total"),
    [("1.234,56", "1234.56"), ("1 234,56", "1234.56"), ("5.00-", "-5.00"), ("(12.00)", "-12.00"), ("−7,00", "-7.00")],
)
def test_a10_amounts_by_their_own_form(amount: str, total: str) -> None:
    assert f"{accepted(str(File(rows=(line(amount=amount),), total=total))).lines_sum.amount:f}" == total


@pytest.mark.parametrize(
    ("amount", "code"),
    [("NaN", "amount_unparsable"), ("Infinity", "amount_unparsable"), ("1e5", "amount_unparsable"),
     ("9" * 30, "amount_unparsable"), ("1.2345", "precision_excess"), ("0.001", "precision_excess")],
)  # fmt: skip
def test_a11_numbers_that_are_no_amounts(amount: str, code: str) -> None:
    refusal = refused(str(File(rows=(line(), line(amount=amount)))))
    assert (refusal.code, refusal.row) == (code, 4)


def test_a12_currencies_and_their_decimals() -> None:
    dinar = File(rows=(line(amount="1.500"), line(amount="0.250")), total="1.750", currency="KWD")
    assert accepted(str(dinar)).total.minor == 1750
    yen = File(rows=(line(amount="2,691"),), total="2691", currency="JPY")
    assert accepted(str(yen)).total.minor == 2691
    assert refused(str(File(rows=(line(amount="10.50"),), total="10", currency="JPY"))).code == "precision_excess"
    assert refused(str(File(currency="XXQ"))).code == "currency_unknown"


def test_a13_rows_that_do_not_add_up() -> None:
    refusal = refused(str(File(rows=(line(), line(amount="0.01")))))
    assert refusal.code == "source-total-mismatch" and "0.01 apart" in refusal.message and refusal.candidates == (4,)


def test_a16_two_settlements_in_one_file_and_one_in_two() -> None:
    other = File(rows=(line(settlement_id="2"),), id="2")
    assert [one.id for one in read(str(File()) + str(other)).settlements] == ["99000000001", "2"]
    whole = str(File(rows=(line(), line()), total="20.00")).splitlines(keepends=True)
    assert refused("".join(whole[:3])).code == "source-total-mismatch"
    assert refused(whole[0] + whole[3]).code == "total_missing"


def test_a17_genuine_duplicates_are_kept() -> None:
    assert accepted(str(File(rows=(line(),) * 3, total="30.00"))).rows == 3


@pytest.mark.parametrize(
    "stamp", ["31.02.2026 10:00:00 UTC", "01.01.9999 10:00:00 UTC", "13/13/2026", "12.06.2026 24:30:00"]
)
def test_a18_impossible_dates(stamp: str) -> None:
    refusal = refused(str(File(rows=(line(), line(posted_date_time=stamp)))))
    assert refusal.code in ("date_unparsable", "date-order-ambiguous")


def test_a18_a_missing_zone_means_utc_and_a_short_year_this_century() -> None:
    for stamp in ("12.06.2026 10:00:00", "12.06.26 10:00:00"):
        (row,) = channels.lines(statement(File(rows=(line(posted_date_time=stamp),)).bytes()), "99000000001", UTC)
        assert row.posted_at.isoformat() == "2026-06-12T10:00:00+00:00"


def test_a19_a_settlement_across_the_year_and_a_change_of_clocks() -> None:
    window = {"start": "25.10.2026 00:00:00 UTC", "end": "05.01.2027 00:00:00 UTC"}
    stamps = ("31.10.2026 23:59:59", "01.11.2026 00:00:00", "31.12.2026 23:59:59", "01.01.2027 00:00:00")
    rows = tuple(line(posted_date_time=f"{stamp} UTC") for stamp in stamps)
    settlement = accepted(str(File(rows=rows, total="40.00").but(**window)), LONDON)
    assert [str(month) for month in settlement.months] == ["2026-10", "2026-11", "2026-12", "2027-01"]


def test_a20_a_long_file_is_read_in_bounded_memory() -> None:
    lines = str(File()).splitlines(keepends=True)
    content = (lines[0] + lines[1].replace("10.00", "1500000.00") + lines[2] * 150_000).encode()  # 20 MB
    tracemalloc.start()
    reading = read(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reading.settlements[0].rows == 150_000 and peak < 8_000_000


def test_a21_an_archive_is_never_unpacked() -> None:
    bomb = zipped(**{"settlement.txt": b"\0" * 50_000_000})
    tracemalloc.start()
    refusal = refused(bomb)
    assert refusal.code == "type_mismatch" and tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("row", ["A23", "A24"])
def test_a23_a24_a_workbook_is_refused_unopened(row: str) -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    refusal = refused(zipped(**{"[Content_Types].xml": entity, "xl__workbook.xml": entity}))
    assert (
        refusal.code == "type_mismatch"
        and "Excel workbook" in refusal.message
        and "as it was downloaded" in refusal.message
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b"x", mtime=0), "gzip archive"),
        (zipped(a=b"x"), "ZIP archive"),
        (zipped(word__document=b"x"), "Word document"),
        (b"\x89PNG\r\n\x1a\n\0\0", "picture (PNG)"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "picture (JPEG)"),
        (b"GIF89a", "picture (GIF)"),
        (b"BM\x36\0\0\0", "picture (BMP)"),
        (b"RIFF\0\0\0\0WEBPVP8", "picture (WebP)"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "old Office document"),
        (b"MZ\x90\0\x03", "program"),
        (b"\x7fELF\x02", "program"),
        (b"7z\xbc\xaf\x27\x1c\0", "7-Zip archive"),
        (b"<!DOCTYPE html>\n<html>", "web page"),
        (b"\xef\xbb\xbf<html><body>", "web page"),
        (b'<?xml version="1.0"?><AmazonEnvelope/>', "XML document"),
        (b'{"errors": []}', "JSON document"),
    ],
)
def test_a25_content_decides_not_the_name(content: bytes, what: str) -> None:
    for name in ("settlement.txt", "settlement.csv"):
        refusal = channels.read(statement(content, name)).refusals[0]
        assert refusal.code == "type_mismatch" and what in refusal.message


def test_a26_formula_text_is_stored_raw() -> None:
    content = File(rows=(line(sku='=HYPERLINK("http://x")'),)).bytes()
    assert [row.sku for row in channels.lines(statement(content), "99000000001", UTC)] == ['=HYPERLINK("http://x")']


@pytest.mark.parametrize("name", ["x" * 300, "CON", "<script>.txt", "a\0b", "📈.txt", "../../etc/cron.d/x", ""])
def test_a27_the_name_of_a_file_decides_nothing(name: str) -> None:
    assert channels.recognise(name, sample("uk")) == "amazon"


def test_a30_turned_signs_do_not_tie() -> None:
    turned = str(File(rows=(line(), line(transaction_type="Refund", amount="3.00")), total="7.00"))
    refusal = refused(turned)
    assert refusal.code == "source-total-mismatch" and refusal.candidates == (4,)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("amazon_vat_transactions_uk.txt", "VAT Transactions Report"),
        ("ebay_transactions_uk.csv", "eBay transaction report"),
        ("etsy_statement_gb.csv", "Etsy monthly statement"),
        ("stripe_payout_reconciliation.csv", "Stripe payout reconciliation"),
        ("paypal_activity.csv", "PayPal activity"),
    ],
)
def test_a_report_of_another_kind_is_named_with_the_one_that_is_wanted(name: str, what: str) -> None:
    refusal = refused((FILES / name).read_bytes())
    assert refusal.code == "wrong_report" and what in refusal.message and WANTED.lower() in refusal.message.lower()


def test_a_text_that_is_no_report_at_all() -> None:
    for content in ("hello", "a,b\n1,2\n", "Dear seller,\n\nplease find attached", "1\n" * 1000):
        assert refused(content).code == "format_unknown"


def test_random_bytes_and_cut_files_never_raise() -> None:
    content = sample("de")
    for cut in range(0, len(content), 997):
        assert read(content[:cut]).refusals
    for at in range(3, len(content), 499):
        reading = read(content[:at] + b"\xfe" + content[at + 1 :])
        assert reading.refusals or reading.settlements
        assert codes(reading) <= {"character-damaged", "column-unknown", "encoding-mixed"}
