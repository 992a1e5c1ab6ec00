"""Whatever the wire does to a send, the books end with one document a part, equal to the plan, and nothing stuck."""

from dataclasses import replace
from typing import Any

import pytest

from tests.sync.conftest import House
from tests.sync.ledgers import LEDGERS
from tieout.calls import Answer, Request

UK, BILL, TWO_MONTHS = "amazon_v2_uk.txt", "amazon_v2_negative.txt", "amazon_v2_uk_two_months.txt"
WRITES: dict[str, Any] = {"at": "writes"}
READS: dict[str, Any] = {"at": "reads"}

pytestmark = pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: ledger.name)

WEATHER: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "cut before the write": [("reset", {"when": "before", **WRITES})],
    "cut after the write": [("reset", {"when": "after", **WRITES})],
    "cut after the write, three times": [("reset", {"when": "after", "count": 3, **WRITES})],
    "500": [("http-error", {"status": 500, **WRITES})],
    "503 in HTML": [("http-error", {"status": 503, "form": "html", **WRITES})],
    "late commit": [("late-commit", {"seconds": 90, "ending": "cut", **WRITES})],
    "late commit, then a lost answer": [
        ("late-commit", {"seconds": 90, "ending": "cut", **WRITES}),
        ("reset", {"when": "after", **WRITES}),
    ],
    "empty body": [("bad-body", {"form": "empty", **WRITES})],
    "HTML instead of JSON": [("bad-body", {"form": "html", **WRITES})],
    "truncated": [("bad-body", {"form": "truncated", **WRITES})],
    "element dropped": [("bad-body", {"form": "dropped", **WRITES})],
    "no id": [("bad-body", {"form": "no-id", **WRITES})],
    "429 of the minute": [("rate-limit", {"kind": "minute", **WRITES})],
    "429 without a body": [("rate-limit", {"form": "empty", **WRITES})],
    "a fault inside a 200": [("bad-body", {"form": "error-inside", **WRITES})],
    "429 without a wait": [("rate-limit", {"kind": "concurrent", **WRITES})],
    "token expired early": [("token-expired", dict(WRITES))],
    "lost answer, then a look that fails": [
        ("reset", {"when": "after", **WRITES}),
        ("http-error", {"status": 503, **READS}),
    ],
    "read-back fails twice": [("http-error", {"status": 500, "count": 2, **READS})],
    "silence before the write": [("hang-before-write", dict(WRITES))],
    "silence after the write": [("hang-after-write", dict(WRITES))],
    "silence after the write, then at the look": [("hang-after-write", dict(WRITES)), ("hang-before-write", READS)],
}


def hurried(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is waited for as long as a test may take, not half a minute."""
    send = house.tools.transport.send

    def soon(request: Request, *more: Any) -> Answer:
        return send(replace(request, timeout_seconds=0.4), *more)

    monkeypatch.setattr(house.tools.transport, "send", soon)


def arm(house: House, faults: list[tuple[str, dict[str, Any]]]) -> None:
    for name, how in faults:
        calls = getattr(house.ledger, how["at"])
        house.world.arm(name, **{key: value for key, value in how.items() if key != "at"}, **calls)


def until_rest(house: House, id: str) -> Any:
    """Sweep through the next hours, a look at a time, as the timetable would."""
    for _ in range(60):
        card = house.card(id)
        if card.status in ("sent", "blocked", "out-of-sync", "partially-sent"):
            return card
        assert card.next_at is not None, f"{card.status} without a next step: {card.reason}"
        house.clock.skip(seconds=max((card.next_at - house.clock()).total_seconds(), 0) + 1)
        house.sweep()
    raise AssertionError(f"never at rest: {house.card(id)}")


@pytest.mark.parametrize("sample", [BILL, TWO_MONTHS])
@pytest.mark.parametrize("weather", WEATHER)
def test_one_document_a_part_whatever_the_wire_does(
    house: House, sample: str, weather: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.connect()
    id = house.receive_sample(sample)
    arm(house, WEATHER[weather])
    if "silence" in weather:
        hurried(house, monkeypatch)
    house.send(id)
    card = until_rest(house, id)
    assert (card.status, card.ties_out) == ("sent", True), card.reason
    assert house.documents() == dict.fromkeys(card.documents, 1)


def test_a_part_that_is_refused_stops_the_rest_and_names_what_is_missing(house: House) -> None:
    house.connect()
    id = house.receive_sample(TWO_MONTHS)
    view = house.view(id)
    house.world.hand("lock-date", period="2026-07-31", year="2026-07-31")
    house.send(id)
    card = house.card(id)
    assert (card.status, card.code) == ("blocked", "period-locked"), card
    assert house.documents() == {}
    assert len(view.documents) == 2


def test_a_person_without_rights_is_named_and_what_waited_goes_by_itself_after_the_fix(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    fault = house.world.arm("forbid-writes", count=None)
    house.send(id)
    card = house.card(id)
    assert (card.status, card.code) == ("blocked", "user-not-permitted"), card
    assert house.documents() == {}
    house.world.faults.disarm(fault.id)
    house.connect()
    house.clock.skip(seconds=2)
    house.sweep()
    card = until_rest(house, id)
    assert (card.status, card.ties_out) == ("sent", True), card.reason
    assert house.documents() == dict.fromkeys(card.documents, 1)


def test_a_document_of_somebody_else_under_our_number_is_shown_and_left_alone(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    (number,) = [document.number for document in house.view(id).documents]
    house.world.hand("number-taken", number=number)
    house.send(id)
    card = until_rest(house, id)
    assert card.status == "out-of-sync", card
    assert house.documents() == {number: 1}
