"""The quick reader says what the plain one says, or leaves the file to it: for every sample, variant and oddity."""

import random
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.files import LONDON, SAMPLES, UTC, File, line, statement
from tests.channels.test_variants import ENCODINGS, shape, written
from tieout import channels
from tieout.channels import FileContent
from tieout.core.settlement import Content, Reading, Statement
from tieout.sandbox.statements import Form

ISO = File(start="2026-06-10 21:40:10 UTC", end="2026-06-24 21:40:10 UTC", deposit="2026-06-26 21:40:10 UTC")


def iso(**fields: str) -> dict[str, str]:
    return line(**{"posted_date": "2026-06-12", "posted_date_time": "2026-06-12 10:00:00 UTC"} | fields)


def quickly(content: bytes, size: int = 8 << 20, zone: ZoneInfo | None = None) -> Reading | None:
    """What the quick reader says, fed in pieces of about `size`; None where it leaves the file to the plain one."""
    given = statement(content)
    try:
        counted = channels.counting(given.filename, content[: 2 << 20])
        for piece in channels.pieces(content, size):
            counted.add(piece)
        return counted.reading(zone, given.digest)
    except (channels.Unusual, channels.Unrecognised):
        return None


def agreed(content: bytes, size: int = 8 << 20, zone: ZoneInfo | None = None) -> bool:
    """Both readers say the same, to the order of the subtotals; whether the quick one said anything."""
    quick = quickly(content, size, zone)
    if quick is not None:
        assert quick == channels.read(statement(content), zone)
    return quick is not None


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.txt")), ids=lambda path: path.stem)
def test_every_sample_is_read_alike(path: Path) -> None:
    for zone, size in product((None, UTC, LONDON), (300, 8 << 20)):
        agreed(path.read_bytes(), size, zone)


@pytest.mark.parametrize("texts", ENCODINGS)
def test_every_variant_is_read_alike_and_the_usual_ones_quickly(texts: str) -> None:
    for encoding, end, date, sign, repeats, drops in product(
        ENCODINGS[texts], ("\n", "\r\n", "\r"), ("iso", "dotted", "us", "japan"), ".,", (False, True), (False, True)
    ):
        content = written(1, 60, shape(texts), Form(date, sign, encoding, end, repeats, drops))[0]
        is_usual = encoding.startswith("utf") and end != "\r" and date != "us" and not drops
        assert agreed(content, 4000, LONDON) or not is_usual


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_invented_is_read_alike_in_pieces_of_any_size(data: st.DataObject) -> None:
    texts = data.draw(st.sampled_from(sorted(ENCODINGS)))
    made = shape(texts, tax=data.draw(st.sampled_from(["gross", "split", "facilitator"])), reserve_out=4711)
    content, _ = written(data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 150)), made, Form())
    assert agreed(content, data.draw(st.integers(300, 20_000)), data.draw(st.sampled_from([None, UTC, LONDON])))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_file_both_readers_agree(data: st.DataObject) -> None:
    """Bytes cut out, doubled, or put in, never a reading that the plain one would not give."""
    content = bytearray(written(data.draw(st.integers(0, 50)), 12, shape("latin"), Form())[0])
    odd = [
        b"\t",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"~",
        b'"',
        b" ",
        b"-",
        b"9",
        b".",
        b",",
        b"1e3",
        b"\n\n",
    ]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        end = at + data.draw(st.integers(0, 3))
        content[at:end] = data.draw(st.sampled_from([*odd, b"", b""]))
    agreed(bytes(content), data.draw(st.sampled_from([500, 8 << 20])), LONDON)


@pytest.mark.parametrize(
    "amount",
    "1.005|1e3|NaN|1.2|1|1,234.56|(10.00)|10.00-|+10.00| 10.00||10.00\u00a0|1234567890123.00|١٠.٠٠|10,00|0x10|inf|"
    "--1.00|1.00.00|9999999999999999999.00".split("|"),
)
def test_an_amount_of_another_form_is_never_decided_quickly(amount: str) -> None:
    content = ISO.but(iso(), iso(amount=amount), total="20.00").bytes()
    assert quickly(content) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"posted_date_time": ""},
        {"posted_date_time": "2026-06-12"},
        {"posted_date_time": "2026-06-12 10:00:00 PST"},
        {"posted_date_time": "2026-06-31 10:00:00 UTC"},
        {"posted_date_time": "2026-06-12 24:00:00 UTC"},
        {"posted_date_time": "12/06/2026 10:00:00 UTC"},
        {"settlement_id": "99000000002"},
        {"settlement_id": ""},
        {"currency": "EUR"},
        {"order_id": ""},
        {"marketplace_name": ""},
        {"promotion_id": "a\tb"},
        {"promotion_id": "a\t"},
    ],
)
def test_what_the_plain_reader_has_to_look_at_is_left_to_it(changed: dict[str, str]) -> None:
    content = ISO.but(iso(), iso(**changed), total="20.00").bytes()
    assert quickly(ISO.but(iso(), iso(), total="20.00").bytes()) is not None
    assert quickly(content) is None


@pytest.mark.parametrize("at", [5, 150, 600])
@pytest.mark.parametrize("odd", [b"\r", b"\0", b"\xff", b"\xef\xbb\xbf"])
def test_an_odd_byte_anywhere_is_left_to_the_plain_reader(at: int, odd: bytes) -> None:
    content = ISO.but(iso(), iso(), total="20.00").bytes()
    assert quickly(content[:at] + odd + content[at:]) is None


def test_a_line_too_long_is_noticed_even_beside_one_too_short() -> None:
    lines = ISO.but(iso(), iso(), total="20.00").bytes().split(b"\n")
    lines[2], lines[3] = lines[2] + b"\t", lines[3].removesuffix(b"\t")
    assert quickly(b"\n".join(lines)) is None


def test_rows_outside_the_window_are_counted_alike() -> None:
    stamps = [
        "2026-06-10 21:40:09",
        "2026-06-10 21:40:10",
        "2026-06-24 21:40:11",
        "2026-06-05 00:00:00",
        "2026-06-26 01:00:00",
    ]
    rows = [iso(posted_date_time=f"{stamp} UTC") for stamp in stamps]
    content = ISO.but(*rows, total="50.00").bytes()
    quick = quickly(content, 400)
    assert quick is not None and [warning.row for warning in quick.warnings] == [3, 6]
    assert agreed(content) and agreed(content, 400)


def test_rows_of_a_month_end_fall_into_the_month_of_the_zone() -> None:
    stamps = [
        f"2026-06-{day} {hour}:{minute}:59 UTC"
        for day in (29, 30)
        for hour in ("00", "22", "23")
        for minute in (14, 15, 59)
    ]
    stamps += ["2026-07-01 00:00:00 UTC", "2026-07-01 06:59:59 UTC", "2026-07-01 07:00:00 UTC"]
    file = ISO.but(*(iso(posted_date_time=stamp) for stamp in stamps), total="210.00", end="2026-07-02 00:00:00 UTC")
    for zone in (None, UTC, LONDON, ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Kolkata")):
        assert agreed(file.bytes(), zone=zone)


def test_several_settlements_in_one_file_are_kept_apart() -> None:
    other = ISO.but(iso(settlement_id="99000000002", amount="-3.00"), total="-3.00", id="99000000002").bytes()
    content = ISO.bytes().replace(b"12.06.2026", b"2026-06-12") + other.split(b"\n", 1)[1]
    assert agreed(content) and agreed(content, 300)
    quick = quickly(content)
    assert quick is not None and [each.id for each in quick.settlements] == ["99000000001", "99000000002"]


def test_shipments_in_the_column_of_orders_need_no_site() -> None:
    assert agreed(ISO.but(iso(), iso(order_id="FBA15ABC", marketplace_name=""), total="20.00").bytes())


def test_a_total_that_is_not_met_is_left_to_the_plain_reader() -> None:
    assert quickly(ISO.but(iso(), total="10.01").bytes()) is None


def test_a_large_file_is_read_quickly_by_itself_and_a_spoiled_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "QUICK_BYTES", 1 << 20)
    content, sheet = written(5, 6_000, shape("latin"), Form())
    told: list[tuple[int, int]] = []
    read = channels.read(statement(content), LONDON, lambda done, of: told.append((done, of)))
    assert read.settlements[0].rows == sheet["rows"] and told == [(len(content), len(content))]
    spoiled = content.replace(b"\t19.99\t", b"\t19.995\t", 1)
    (refusal,) = channels.read(statement(spoiled), LONDON).refusals[:1]
    assert refusal.code == "precision_excess"
    path = tmp_path / "report.txt"
    for each in (content, spoiled):
        path.write_bytes(each)
        stored = Statement("settlement.txt", FileContent(path), statement(each).digest)
        assert channels.read(stored, LONDON) == channels.read(statement(each), LONDON)


def test_a_file_on_disk_answers_like_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieout.channels._content._WINDOW", 7)
    chance, path = random.Random(1), tmp_path / "some"
    for _ in range(150):
        content = bytes(chance.choices(b"ab\r\n", k=chance.randrange(60)))
        path.write_bytes(content)
        stored, start, end = FileContent(path), chance.randrange(60), chance.randrange(70)
        assert answers_of(stored, start, end) == answers_of(content, start, end)
        assert b"".join(channels.pieces(stored, 5)) == content and stored.after(start)[:] == content[start:]


def answers_of(content: Content, start: int, end: int) -> list[Any]:
    found: list[Any] = [content[start:end], content[-3:], len(content), content.isascii()]
    for sub in (b"\n", b"\r\n", b"ab"):
        found += [content.find(sub), content.rfind(sub), content.count(sub)]
        found += [content.find(sub, start, end), content.rfind(sub, start, end), content.count(sub, start, end)]
    return found
