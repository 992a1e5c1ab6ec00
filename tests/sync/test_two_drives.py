"""Several drives over one connection: who was overtaken claims nothing that has moved, and goes on with the rest."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.sync.conftest import House
from tests.sync.ledgers import QUICKBOOKS, Ledger
from tieout.core.failure import Busy
from tieout.core.posting import State
from tieout.store import connections, postings
from tieout.store.engine import read
from tieout.store.postings import Posting
from tieout.sync import settlements
from tieout.sync.posting import claims, drive, looks
from tieout.sync.posting.work import Work, work_for
from tieout.sync.settlements.approving import freeze_asked


@pytest.fixture
def ledger() -> Ledger:
    """Its numbers are not unique, so every document is looked for before it is sent."""
    return QUICKBOOKS


@pytest.fixture
def work(house: House) -> Work:
    """Two documents that wait for their first look."""
    house.connect()
    settlement = house.receive_sample("amazon_v2_uk.txt")
    freeze_asked(house.tools, house.organisation, settlements.approve(house.tools, house.actor, [settlement]))
    with read(house.tools.engines, house.organisation) as db:
        (connection,) = connections.listed(db)
    return work_for(house.tools, house.organisation, connection.id)


def due(work: Work) -> Sequence[Posting]:
    with read(work.tools.engines, work.organisation) as db:
        return postings.due(db, work.connection.id, work.tools.now(), 100)


def read_before(monkeypatch: pytest.MonkeyPatch, stale: Sequence[Posting]) -> None:
    """The next list of what is due is one that was read before somebody else went on; those after it are true."""
    true, told = claims._due, [stale]
    monkeypatch.setattr(claims, "_due", lambda *asked: told.pop() if told else true(*asked))


def test_what_was_looked_for_meanwhile_is_not_claimed_for_a_look(
    house: House, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = due(work)
    assert {posting.protocol.state for posting in stale} == {State.UNKNOWN}
    looks.carry_out(work, claims.take_looks(work, 100))
    read_before(monkeypatch, stale)
    assert claims.take_looks(work, 100) == []
    (posting, *_) = due(work)
    assert posting.protocol.state is State.READY and posting.protocol.attempt_count == 0
    drive(house.tools, house.organisation, work.connection.id)
    assert set(house.documents().values()) == {1}


def test_who_was_overtaken_goes_on_with_what_is_left(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine, *_) = due(work)
    read_before(monkeypatch, [replace(mine, protocol=replace(mine.protocol, fence=mine.protocol.fence - 1))])
    assert mine.id in [claim.posting.id for claim in claims.take_looks(work, 100)]


def test_a_call_that_is_not_full_waits_for_the_first_looks_that_are_due(house: House, work: Work) -> None:
    assert not claims.has_sends(work)
    looks.carry_out(work, claims.take_looks(work, 100))
    assert claims.has_sends(work)
    other = house.receive_sample("amazon_v2_us.txt")
    freeze_asked(house.tools, house.organisation, settlements.approve(house.tools, house.actor, [other]))
    assert not claims.has_sends(work)
    looks.carry_out(work, claims.take_looks(work, 100))
    assert claims.has_sends(work)


def test_looks_go_on_while_batches_wait_for_their_minute(
    house: House, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.clock.skip(seconds=61)  # a write was tried on connecting
    monkeypatch.setattr("tieout.platforms.quickbooks.WRITES_A_MINUTE", 1)
    with work.turn():
        pass
    with pytest.raises(Busy), work.turn():
        pass
    house.clock.skip(seconds=2)
    assert work.may_look()
    monkeypatch.setattr("tieout.platforms.quickbooks.WRITES_A_MINUTE", 0)
    assert not work.may_look(), "where writes have no limit of their own, reads wait with them"
