"""Every channel: its samples are recognised by exactly one, read as expected, tie out and open to their rows."""

import json
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.channels.files import SAMPLES, read, sample, statement
from tieout import channels
from tieout.core.money import Money, total
from tieout.core.settlement import Settlement, summed

FILES = sorted(SAMPLES.parent.glob("*/*.txt"))
EXPECTED = {path: json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8")) for path in FILES}
READABLE = [path for path in FILES if "refused" not in EXPECTED[path]]


def names(path: Path) -> str:
    return path.stem


def by(settlement: Settlement, key: str) -> dict[str, str]:
    """Sums of a settlement by category or month, as decimal texts."""
    parts = {str(getattr(subtotal, key)): list[Money]() for subtotal in settlement.subtotals}
    for subtotal in settlement.subtotals:
        parts[str(getattr(subtotal, key))].append(subtotal.amount)
    return {name: f"{total(amounts, settlement.currency).amount:f}" for name, amounts in parts.items()}


def figures(settlement: Settlement, expected: dict[str, Any]) -> dict[str, Any]:
    """What the expected file says, found in the settlement."""
    found = {
        name: str(getattr(settlement, name)) for name in ("id", "currency", "country", "marketplace", "deposit_on")
    }
    unknown = [
        {"label": list(part.label.words), "amount": f"{part.amount.amount:f}", "rows": part.rows}
        for part in settlement.unknown
    ]
    return found | {
        "start": settlement.start.isoformat(),
        "end": settlement.end.isoformat(),
        "total": f"{settlement.total.amount:f}",
        "rows": settlement.rows,
        "categories": by(settlement, "category"),
        "unknown": unknown,
    }


@pytest.mark.parametrize("path", FILES, ids=names)
def test_a_sample_is_recognised_by_exactly_one_channel(path: Path) -> None:
    claims = [name for name, channel in channels.channels().items() if channel.recognises("x", path.read_bytes())]
    assert claims == [path.parent.name]
    assert channels.recognise("whatever.csv", path.read_bytes()) == path.parent.name


@pytest.mark.parametrize("path", READABLE, ids=names)
def test_a_sample_reads_as_expected(path: Path) -> None:
    expected = dict(EXPECTED[path])
    months, encoding, unknown = expected.pop("months"), expected.pop("encoding"), expected.pop("unknown", [])
    for zone, sums in months.items():
        reading = read(path.read_bytes(), ZoneInfo(zone))
        (settlement,) = reading.settlements
        found = figures(settlement, expected)
        assert {name: found[name] for name in expected} == expected
        assert by(settlement, "month") == sums and settlement.zone == zone
        assert reading.encoding == encoding and reading.warnings == () and settlement.channel == path.parent.name
        assert found["unknown"] == [{name: part[name] for name in ("label", "amount", "rows")} for part in unknown]


@pytest.mark.parametrize("path", READABLE, ids=names)
def test_a_sample_ties_and_opens_to_rows_with_the_same_sums(path: Path) -> None:
    given = statement(path.read_bytes())
    for zone in (ZoneInfo("UTC"), ZoneInfo("Europe/London"), ZoneInfo("Pacific/Auckland")):
        (settlement,) = channels.read(given, zone).settlements
        assert settlement.imbalance.minor == 0
        lines = list(channels.lines(given, settlement.id, zone))
        assert summed(lines, zone) == settlement.subtotals
        assert [line.source.row for line in lines] == sorted({line.source.row for line in lines})
        assert {line.source.statement for line in lines} == {sha256(path.read_bytes()).hexdigest()}


@pytest.mark.parametrize("path", [path for path in FILES if path not in READABLE], ids=names)
def test_a_sample_that_must_be_refused_is_refused_for_its_reason(path: Path) -> None:
    reading, expected = read(path.read_bytes()), EXPECTED[path]["refused"]
    (refusal,) = reading.refusals
    assert reading.settlements == () and reading.channel == path.parent.name
    assert (refusal.code, refusal.row, refusal.settlement) == (
        expected["code"],
        expected["row"],
        expected["settlement"],
    )
    assert all(name in refusal.message for name in expected["names"])


def test_the_unknown_label_is_found_in_its_row() -> None:
    (settlement,) = read(sample("unknown_type")).settlements
    labels = [part.label for part in settlement.unknown]
    (expected,) = EXPECTED[SAMPLES / "amazon_v2_unknown_type.txt"]["unknown"]
    found = channels.first_rows(statement(sample("unknown_type")), settlement.id, labels)
    assert found == {labels[0]: expected["first_row"]}


def test_the_chain_of_three_carries_debt_and_reserve_over() -> None:
    first, second, third = (read(sample(name)).settlements[0] for name in ("negative", "zero_reserved", "us"))
    assert by(second, "category")["balance.payable_to_amazon"] == f"{first.total.amount:f}"
    assert Decimal(by(third, "category")["reserve.previous"]) == -Decimal(by(second, "category")["reserve.current"])
    assert (first.end, second.end) == (second.start, third.start)


def test_two_channels_that_claim_one_file_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = ModuleType("twin")
    twin.recognises = lambda filename, content: True  # type: ignore[attr-defined]
    found = channels.channels() | {"twin": twin}
    monkeypatch.setattr(channels, "channels", lambda: found)
    with pytest.raises(channels.Unrecognised) as error:
        channels.recognise("x.txt", sample("uk"))
    assert error.value.code == "channel_ambiguous" and "twin" in error.value.message


def test_every_channel_says_its_name_and_its_accounts() -> None:
    found = channels.channels()
    assert found and all(name == channel.NAME and channel.LABEL and channel.BLOCK for name, channel in found.items())
    assert len({channel.BLOCK for channel in found.values()}) == len(found)
    assert channels.label("amazon") == "Amazon"


@pytest.mark.parametrize("error", [ValueError, KeyError, AttributeError, AssertionError, ZeroDivisionError, TypeError])
@pytest.mark.parametrize("step", ["read", "recognises"])
def test_a_readers_own_mistake_refuses_the_one_file_and_names_its_place(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], step: str
) -> None:
    def broken(*_: object) -> None:
        raise error("a buyer's name")

    monkeypatch.setattr(channels.channels()["amazon"], step, broken)
    (refusal,) = read(sample("uk")).refusals
    assert refusal.code == "reader_failed" and f"{error.__name__} at test_all.py:" in refusal.message
    assert "buyer" not in refusal.message


def test_a_quick_readers_own_mistake_leaves_the_file_to_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError(7)

    plain = read(sample("uk"))
    monkeypatch.setattr(channels, "QUICK_BYTES", 0)
    monkeypatch.setattr(channels.channels()["amazon"], "counting", broken)
    assert read(sample("uk")) == plain and not plain.refusals
