"""The sweep: what has no job is found again, and what cannot be carried out is ended and explained."""

from typing import Any

import pytest

from tests.sync.conftest import SAMPLES, House
from tieout.sync import operations, settlements
from tieout.sync.sweep import MOST_BEGINNINGS, NOT_CARRIED_OUT

UK = "amazon_v2_uk.txt"


def test_an_import_whose_nudge_was_lost_is_begun_all_the_same(house: House) -> None:
    operation = settlements.receive_bytes(house.tools, house.actor, UK, (SAMPLES / UK).read_bytes())
    house.jobs.waiting.clear()
    house.clock.skip(seconds=31)
    house.sweep()
    ended = operations.view(house.tools, house.organisation, operation)
    assert ended is not None and ended.state == "done", ended


def test_an_import_that_cannot_be_carried_out_is_ended_with_a_sentence(house: House) -> None:
    operation = settlements.receive_bytes(house.tools, house.actor, UK, (SAMPLES / UK).read_bytes())
    house.jobs.waiting.clear()
    for _ in range(MOST_BEGINNINGS + 1):
        house.clock.skip(seconds=31)
        house.jobs.kinds["sweep"]()
        house.jobs.waiting.clear()  # each time the job dies before it has done anything
    ended = operations.view(house.tools, house.organisation, operation)
    assert ended is not None and (ended.state, ended.message) == ("failed", NOT_CARRIED_OUT)


def test_what_waits_for_the_books_says_why(house: House) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm("outage", count=None)
    house.send(id)
    card = house.card(id)
    assert (card.status, card.code) == ("queued", "transient-network-error"), card
    assert card.reason.startswith("Waits to be sent. ") and "on its way" not in card.reason
    assert card.next_at is not None


def test_an_operation_past_its_deadline_is_ended(house: House) -> None:
    operation = settlements.receive_bytes(house.tools, house.actor, UK, (SAMPLES / UK).read_bytes())
    house.jobs.waiting.clear()
    house.clock.skip(hours=2)
    house.jobs.kinds["sweep"]()
    ended = operations.view(house.tools, house.organisation, operation)
    assert ended is not None and ended.state == "expired" and "ask again" in ended.message


@pytest.mark.parametrize(
    ("fault", "how"), [("reset", {"when": "after"}), ("reset", {"when": "before"}), ("http-error", {"status": 500})]
)
def test_a_contact_whose_answer_was_lost_holds_nothing_up_for_long(
    house: House, fault: str, how: dict[str, Any]
) -> None:
    house.connect()
    id = house.receive_sample(UK)
    house.world.arm(fault, method="PUT", path="*/Contacts*", count=1, **how)
    house.send(id)
    for _ in range(10):
        if house.card(id).status == "sent":
            break
        house.clock.skip(seconds=60)
        house.sweep()
    assert house.card(id).status == "sent"
    assert sum(house.documents().values()) == 1
