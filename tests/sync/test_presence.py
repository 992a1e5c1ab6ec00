"""Books removed over there are found within the hour, by one question for everybody the person connected."""

from datetime import timedelta

import pytest

from tests.conftest import Clock
from tests.standing import Standing, connect, make_tools, standing
from tests.sync.conftest import House
from tests.sync.ledgers import QUICKBOOKS, Ledger
from tieout.store import connections
from tieout.store.engine import Engines, read
from tieout.store.vault import Vault
from tieout.sync import presence
from tieout.sync.tools import Tools

WITHIN = timedelta(minutes=66)


def cause(tools: Tools, organisation: str, connection: str) -> str:
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    assert found is not None
    return found.cause


def test_books_that_were_removed_are_found_within_the_hour_though_nothing_waits(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    connection = connect(tools, organisation).connection
    there.hand("tenant-gone")
    assert presence.look(tools) == 0, "it was asked at the consent"
    clock.at += WITHIN
    assert presence.look(tools) == 1
    assert cause(tools, organisation, connection) == "connection-removed-remotely"
    clock.at += WITHIN
    assert presence.look(tools) == 0, "a person has to act first"


def test_one_question_an_hour_serves_everybody_and_notes_those_that_are_gone_alone(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str, clock: Clock
) -> None:
    with standing(clock, "four") as four:
        tools = make_tools(engines, vault, four, clock)
        mine = connect(tools, organisation).connection
        au = four.told["organisations"]["AU"]
        four.arm("consent-other-tenant", tenant=au)
        theirs = connect(tools, other_organisation).connection
        clock.at += WITHIN
        four.world.calls.clear()
        assert presence.look(tools) == 1 and presence.look(tools) == 0
        assert len(four.calls("GET", "/connections")) == 1
        four.hand("tenant-gone", tenant=au)
        clock.at += WITHIN
        assert presence.look(tools) == 1
        assert cause(tools, organisation, mine) == ""
        assert cause(tools, other_organisation, theirs) == "connection-removed-remotely"


def test_a_list_that_cannot_be_had_says_nothing(tools: Tools, organisation: str, there: Standing, clock: Clock) -> None:
    connection = connect(tools, organisation).connection
    there.arm("reset", count=None, when="before")
    clock.at += WITHIN
    assert presence.look(tools) == 1 and presence.look(tools) == 0
    assert cause(tools, organisation, connection) == ""


@pytest.mark.parametrize("ledger", [QUICKBOOKS], ids=["quickbooks"])
def test_a_platform_without_such_a_list_is_not_asked(house: House, ledger: Ledger) -> None:
    house.connect()
    house.clock.skip(hours=3)
    house.world.calls.clear()
    assert house.jobs.kinds["presence"]() == 0 and not house.world.calls
