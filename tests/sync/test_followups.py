"""What follows a document: the statement is attached where the books take a file of its size, else a sentence is."""

from collections.abc import Sequence

import pytest

from tests.sync.conftest import House
from tests.sync.ledgers import LEDGERS
from tieout.platforms import named
from tieout.store import followups, plans, postings, statements
from tieout.store.engine import read
from tieout.store.followups import Followup

pytestmark = pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: ledger.name)


def received(house: House) -> str:
    house.connect()
    return house.receive_sample("amazon_v2_uk.txt")


def attached(house: House, id: str) -> Sequence[Followup]:
    """What became of it for every document of a settlement, after it was sent."""
    house.send(id)
    house.sweep()
    with read(house.tools.engines, house.organisation) as db:
        frozen = plans.newest(db, id)
        assert frozen is not None
        parts = postings.of_plans(db, [frozen.id])[frozen.id]
        found = [each for part in parts for each in followups.of_posting(db, part.id) if each.kind == "attach"]
    assert len(found) == len(parts) > 0
    return found


def test_a_statement_is_attached_to_every_document(house: House) -> None:
    for each in attached(house, received(house)):
        assert (each.next_at, each.message) == (None, "") and each.done_at is not None


def test_a_statement_that_is_too_large_is_never_loaded_and_a_sentence_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, id = named(house.ledger.name), received(house)
    loaded: list[str] = []

    def load(_db: object, digest: str) -> bytes:
        loaded.append(digest)
        return b""

    monkeypatch.setattr(platform, "MOST_ATTACHED_BYTES", 1000)
    monkeypatch.setattr(statements, "content", load)
    for each in attached(house, id):
        assert (each.next_at, each.done_at, each.tries) == (None, None, 0)
        assert "not attached" in each.message and "1,000" in each.message and platform.LABEL in each.message
    assert loaded == []


def test_a_file_whose_answer_was_lost_is_looked_for_and_stays_the_only_one(house: House) -> None:
    id = received(house)
    house.world.arm("reset", when="after", **house.ledger.attaches)
    first = attached(house, id)
    assert [each.done_at for each in first] == [None] and first[0].tries == 1
    house.clock.skip(minutes=10)
    assert house.ledger.attached(house.world) == 1
    house.sweep()
    with read(house.tools.engines, house.organisation) as db:
        again = followups.of_posting(db, first[0].posting)
    assert all(each.done_at for each in again) and house.ledger.attached(house.world) == 1
