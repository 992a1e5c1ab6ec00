"""A drive that can do nothing ends at once: what is due waits for the next sweep, not for a job that spins."""

from datetime import timedelta

from tests.sync.conftest import House
from tieout.store import connections
from tieout.store.engine import read


def test_what_is_due_and_may_not_be_done_is_left_to_the_sweep(house: House) -> None:
    house.connect()
    settlement = house.receive_sample("amazon_v2_uk.txt")
    house.world.hand("user-role", role="read-only")
    house.send(settlement)
    with read(house.tools.engines, house.organisation) as db:
        (connection,) = connections.listed(db)
    assert not connection.may_post and house.card(settlement).status == "blocked"
    before = house.clock.skipped
    house.jobs.kinds["drive"](organisation=house.organisation, connection=connection.id)
    assert house.clock.skipped - before < timedelta(seconds=1)
    assert house.jobs.waiting == []
