"""The quick reader of the transactions export says what the plain one says, or leaves the file to it."""

import io
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.files import UTC, read, statement
from tests.channels.shopify.files import FOLDER, HEADINGS, LONDON, Transactions, row
from tests.channels.test_quick import agreed, quickly
from tieout import channels
from tieout.core.day import Month
from tieout.core.places import Places
from tieout.core.settlement import Line, Settlement
from tieout.sandbox.shopify_statements import HEADINGS as EVERY
from tieout.sandbox.shopify_statements import Print, Shop, payouts, transactions

COLUMNS = (EVERY[:18], EVERY, tuple(name for name in EVERY[:17] if name != "Payout ID"))


def written(seed: int, lines: int, shop: Shop | None = None, form: Print | None = None) -> tuple[bytes, dict[str, Any]]:
    out = io.BytesIO()
    sheet = transactions(out, seed, lines, shop, form, zones=("UTC", "Europe/London"))
    return out.getvalue(), sheet


def test_the_sample_is_read_alike_and_quickly() -> None:
    content = (FOLDER / "shopify_payments_transactions.csv").read_bytes()
    for zone, size in product((None, UTC, LONDON), (300, 8 << 20)):
        assert agreed(content, size, zone)
    assert quickly((FOLDER / "shopify_payouts.csv").read_bytes()) is None


@pytest.mark.parametrize("columns", COLUMNS, ids=len)
def test_every_variant_is_read_alike_and_the_usual_ones_quickly(columns: tuple[str, ...]) -> None:
    for encoding, end, sign, resaved in product(
        ("utf-8", "utf-8-sig", "cp1252"), ("\n", "\r\n", "\r"), (",", ";", "\t"), (False, True)
    ):
        form = Print(columns, encoding, end, sign, is_resaved=resaved)
        content, sheet = written(3, 60, Shop(has_tax=True), form)
        is_usual = end != "\r" and sign == "," and not resaved
        assert agreed(content, 4000, LONDON) or not is_usual
        assert sum(each.total.minor for each in read(content, LONDON).settlements) == sheet["minor"]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_invented_is_read_alike_in_pieces_of_any_size_and_as_the_answers_say(data: st.DataObject) -> None:
    seed, lines = data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 400))
    shop = Shop(currency=data.draw(st.sampled_from(["GBP", "USD"])), has_tax=data.draw(st.booleans()))
    content, sheet = written(seed, lines, shop, Print(data.draw(st.sampled_from(COLUMNS))))
    zone = data.draw(st.sampled_from([None, UTC, LONDON, ZoneInfo("Pacific/Auckland")]))
    assert agreed(content, data.draw(st.integers(300, 20_000)), zone)
    found = read(content, LONDON)
    assert [(each.total.minor, each.rows, str(each.deposit_on)) for each in found.settlements] == [
        (each["minor"], each["rows"], each["on"]) for each in sheet["payouts"]
    ]
    months: dict[str, int] = {}
    for part in (part for each in found.settlements for part in each.subtotals):
        months[str(part.month)] = months.get(str(part.month), 0) + part.amount.minor
    assert months == {name: int(text.replace(".", "")) for name, text in sheet["months"]["Europe/London"].items()}
    waiting = [each.message for each in found.warnings if each.code == "rows-waiting"]
    assert all(sheet["waiting"]["total"] in message for message in waiting) and waiting


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_the_payouts_that_go_with_them_state_the_same_totals(seed: int, is_later: bool) -> None:
    out = io.BytesIO()
    payouts(out, seed, 200, form=Print(is_later=is_later))
    _, sheet = written(seed, 200)
    stated = read(out.getvalue()).payouts
    assert [(each.total.minor, str(each.paid_on)) for each in stated] == [
        (p["minor"], p["on"]) for p in sheet["payouts"]
    ]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_file_both_readers_agree(data: st.DataObject) -> None:
    """Bytes cut out, doubled, or put in, never a reading that the plain one would not give."""
    content = bytearray(written(data.draw(st.integers(0, 50)), 30)[0])
    odd = [
        b",",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b'"',
        b" ",
        b"-",
        b"9",
        b".",
        b"1e3",
        b"\n\n",
        b"charge",
        b"paid",
        b"$",
        b"",
    ]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.sampled_from(odd))
    agreed(bytes(content), data.draw(st.sampled_from([500, 8 << 20])), LONDON)


@pytest.mark.parametrize(
    "changed",
    [
        {"Transaction_Date": "2026-06-08"},
        {"Transaction_Date": "2026-06-31 09:19:01 +0100"},
        {"Transaction_Date": "2026-06-08 24:00:01 +0100"},
        {"Transaction_Date": "2026-06-12 09:19:01 +0100"},
        {"Payout_Date": "2026/6/11"},
        {"Payout_Date": ""},
        {"Payout_Date": "2026-06-12"},
        {"Payout_ID": "1.18E+11"},
        {"Payout_Status": "Paid"},
        {"Type": ""},
        {"Type": "payout", "Amount": "-9.41", "Fee": "0.00", "Net": "-9.41"},
        {"Net": "9.40"},
        {"Amount": "10.0"},
        {"Amount": "$10.00"},
        {"Amount": "(10.00)"},
        {"VAT": ""},
        {"Currency": "gbp"},
        {"Currency": "XXQ"},
        {"Currency": "JPY"},
        {"Payment_Method_Name": "a, b"},
    ],
)
def test_what_the_plain_reader_has_to_look_at_is_left_to_it(changed: dict[str, str]) -> None:
    content = Transactions().but(row(), row(**changed)).bytes()
    assert quickly(Transactions().but(row(), row()).bytes()) is not None
    assert quickly(content) is None


@pytest.mark.parametrize("columns", COLUMNS, ids=len)
def test_rows_of_a_part_of_a_file_are_those_of_the_whole(columns: tuple[str, ...]) -> None:
    content, _ = written(8, 150, form=Print(columns))
    given, heading = statement(content), content.split(b"\n", 1)[0]
    counted = channels.counting("x", content)
    parts = list(channels.pieces(content, 3000))
    for part in parts:
        counted.add(part)
    reading, places = counted.reading(LONDON, given.digest), counted.places()
    for settlement in reading.settlements:
        whole = list(channels.lines(given, settlement.id, LONDON))
        for wanted in {(line.label, "", part.month) for line in whole for part in settlement.subtotals}:
            found = pages(parts, heading, settlement, places, wanted)
            assert found == [line for line in whole if (line.label, "", month_of(line)) == wanted]
            after = found[len(found) // 2].source.row if found else 0
            later = pages(parts, heading, settlement, places, wanted, after)
            assert later == [line for line in found if line.source.row > after]


def month_of(line: Line) -> Month:
    return Month.of(line.posted_at, LONDON)


def pages(
    parts: list[bytes], heading: bytes, settlement: Settlement, places: Places, wanted: Any, after: int = 0
) -> list[Any]:
    holding, found, first = places.holding(settlement.id, [wanted]), [], 1
    for number, part in enumerate(parts):
        chunk = channels.Chunk(heading, first, part)
        lines = list(channels.chunk_lines(chunk, settlement, frozenset([wanted]), after))
        assert not lines or holding >> number & 1, "a part that holds rows is named"
        found += lines
        first += part.count(b"\n")
    return found


def test_headings_without_ids_are_read_quickly_too() -> None:
    nameless = tuple(name for name in HEADINGS if name != "Payout ID")
    assert agreed(Transactions((row(), row(Payout_Date="2026-06-12")), nameless).bytes())
