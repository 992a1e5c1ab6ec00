"""The same rows in every locale: whatever the bytes look like, what is read is equal, and it is what was invented."""

import io
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.files import LONDON, UTC, read, statement
from tieout import channels
from tieout.core.money import Money
from tieout.core.settlement import Settlement, summed
from tieout.sandbox.statements import Form, Shape, amazon_v2

ENCODINGS = {"plain": ("utf-8", "utf-8-sig", "cp1252", "cp932"), "latin": ("utf-8", "utf-8-sig", "cp1252")}
ENCODINGS["japanese"] = ("utf-8", "utf-8-sig", "cp932")
SITES = (("Amazon.de", 55), ("Amazon.fr", 30), ("Amazon.it", 15))


def shape(texts: str, **changes: Any) -> Shape:
    currency = {"plain": "GBP", "latin": "EUR", "japanese": "JPY"}[texts]
    sites = {"plain": (("Amazon.co.uk", 1),), "latin": SITES, "japanese": (("Amazon.co.jp", 1),)}[texts]
    return Shape(texts=texts, currency=currency, sites=sites, **changes)


def written(seed: int, lines: int, shape: Shape, form: Form) -> tuple[bytes, dict[str, Any]]:
    out = io.BytesIO()
    sheet = amazon_v2(out, seed, lines, shape=shape, form=form, zones=("UTC", "Europe/London"))
    return out.getvalue(), sheet


def one(content: bytes) -> Settlement:
    reading = read(content, LONDON)
    assert reading.refusals == () and reading.warnings == ()
    (settlement,) = reading.settlements
    return settlement


@pytest.mark.parametrize("texts", ENCODINGS)
def test_all_variants_of_the_same_rows_read_equal(texts: str) -> None:
    digests = set()
    dates, signs = ("iso", "dotted", "us", "japan"), (".", ",")
    for encoding, end, date, sign, repeats, drops in product(
        ENCODINGS[texts], ("\n", "\r\n", "\r"), dates, signs, (False, True), (False, True)
    ):
        form = Form(date, sign, encoding, end, repeats, drops)
        digests.add(one(written(1, 60, shape(texts), form)[0]).fingerprint)
    assert len(digests) == 1


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_was_invented_is_what_is_read(data: st.DataObject) -> None:
    texts = data.draw(st.sampled_from(sorted(ENCODINGS)))
    tax = data.draw(st.sampled_from(["gross", "split", "facilitator"]))
    reserve, debt = data.draw(st.integers(0, 9999)), data.draw(st.integers(-9999, 0))
    made = shape(texts, tax=tax, reserve_in=reserve, reserve_out=reserve // 2, opening=debt, charge=-debt)
    encoding = data.draw(st.sampled_from(ENCODINGS[texts]))
    form = Form(data.draw(st.sampled_from(["iso", "dotted", "us"])), data.draw(st.sampled_from(".,")), encoding)
    content, sheet = written(data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 150)), made, form)
    settlement = one(content)
    assert f"{settlement.total.amount:f}" == sheet["total"] and settlement.rows == sheet["rows"]
    assert sums(settlement, lambda part: part.category.value) == answers(sheet["categories"])
    assert sums(settlement, lambda part: part.label.words) == answers(sheet["labels"])
    assert sums(settlement, lambda part: part.marketplace) == answers(sheet["sites"])
    months = {name: amount for name, (amount, _) in sums(settlement, lambda part: str(part.month)).items()}
    assert months == {month: Decimal(amount) for month, amount in sheet["months"]["Europe/London"].items()}
    given = statement(content)
    assert summed(channels.lines(given, settlement.id, LONDON), LONDON) == settlement.subtotals


def sums(settlement: Settlement, key: Any) -> dict[Any, tuple[Decimal, int]]:
    found: dict[Any, tuple[Money, int]] = {}
    for part in settlement.subtotals:
        amount, rows = found.get(key(part), (Money.zero(settlement.currency), 0))
        found[key(part)] = amount + part.amount, rows + part.rows
    return {name: (amount.amount, rows) for name, (amount, rows) in found.items()}


def answers(table: list[dict[str, Any]]) -> dict[Any, tuple[Decimal, int]]:
    return {row["name"]: (Decimal(row["amount"]), row["rows"]) for row in table}


def test_a_file_of_several_blocks_reads_like_a_small_one() -> None:
    """More than a few blocks, with ragged lines, so that both ways of splitting meet."""
    content, sheet = written(3, 12_000, shape("latin"), Form())
    lines = content.split(b"\n")
    ragged = b"\n".join(line.rstrip(b"\t") if at % 7_000 == 5 else line for at, line in enumerate(lines))
    assert len(content) > 2_000_000 and ragged != content
    for each in (content, ragged):
        settlement = one(each)
        assert (f"{settlement.total.amount:f}", settlement.rows) == (sheet["total"], sheet["rows"])
    rows = [line.source.row for line in channels.lines(statement(ragged), settlement.id, UTC)]
    assert rows == list(range(3, len(rows) + 3))


def test_a_wrong_row_deep_in_the_file_is_named_by_its_line() -> None:
    content, _ = written(3, 12_000, shape("plain"), Form())
    lines = content.split(b"\n")
    fields = lines[11_000].split(b"\t")
    lines[11_000] = b"\t".join((*fields[:14], b"1e3", *fields[15:]))
    (refusal,) = read(b"\n".join(lines)).refusals
    assert (refusal.code, refusal.row) == ("amount_unparsable", 11_001)
