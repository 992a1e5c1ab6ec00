"""What nobody tells us is found by looking: a role lowered or given back, books removed, a grant about to lapse."""

import pytest

from tests.conftest import Clock
from tests.standing import Standing, connect, make_tools, standing
from tieout.core.connection import Connection, ConnectionState
from tieout.core.failure import Disconnected
from tieout.store import connections
from tieout.store.engine import Engines, read
from tieout.store.vault import Vault
from tieout.sync import connection_check
from tieout.sync.charts import last_read
from tieout.sync.grants import access
from tieout.sync.tending import tend
from tieout.sync.tools import Tools


def state(tools: Tools, connection: str) -> Connection:
    with read(tools.engines, "org-london") as db:
        found = connections.find(db, connection)
    assert found is not None
    return found


def test_a_healthy_connection_is_looked_at_once_a_day_and_its_grant_kept_alive(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    connection = connect(tools, organisation).connection
    there.world.calls.clear()
    clock.advance(minutes=45)
    assert tend(tools) == 0 and not there.world.calls
    clock.advance(minutes=10)
    assert tend(tools) == 0 and [each.path for each in there.world.calls if "connect/token" not in each.path] == [
        "/api.xro/2.0/Organisation",
        "/api.xro/2.0/Organisation/Actions",
    ], "a real call within the hour, or nobody knows how it is"
    clock.advance(hours=26)
    there.world.calls.clear()
    assert tend(tools) == 1 and tend(tools) == 0
    assert len(there.calls("POST", "/connect/token")) == 1 and there.calls("GET", "/Accounts")
    assert state(tools, connection).good_at == clock()


def test_books_whose_reading_was_cut_off_are_read_by_the_next_look(
    tools: Tools, organisation: str, there: Standing, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr("tieout.sync.joining.look_round", lambda *_: None)
        connection = connect(tools, organisation).connection
    with read(tools.engines, organisation) as db:
        assert last_read(db, connection) is None
    clock.advance(minutes=5)
    assert tend(tools) == 1
    with read(tools.engines, organisation) as db:
        assert last_read(db, connection) is not None


def test_what_stands_still_for_another_reason_is_kept_alive_too(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    """Its person may need weeks to act; the authorisation must not lapse meanwhile."""
    connection = connect(tools, organisation).connection
    there.hand("tenant-gone")
    clock.advance(hours=27)
    tend(tools)
    there.world.calls.clear()
    clock.advance(hours=27)
    tend(tools)
    assert len(there.calls("POST", "/connect/token")) == 1
    assert state(tools, connection).cause == "connection-removed-remotely"


def test_a_grant_that_ended_for_one_organisation_is_noted_for_the_other_within_minutes(
    engines: Engines, vault: Vault, organisation: str, other_organisation: str, clock: Clock
) -> None:
    with standing(clock, "four") as four:
        tools = make_tools(engines, vault, four, clock)
        mine = connect(tools, organisation).connection
        four.arm("consent-other-tenant", tenant=four.told["organisations"]["AU"])
        theirs = connect(tools, other_organisation).connection
        clock.advance(minutes=40)
        four.arm("grant-dead", count=None)
        with pytest.raises(Disconnected):
            access(tools, organisation, mine)
        tend(tools)
        with read(engines, other_organisation) as db:
            found = connections.find(db, theirs)
        assert found is not None and found.cause == "grant-ended"


def test_a_reconnect_is_followed_by_the_check_within_minutes(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    connection = connect(tools, organisation).connection
    clock.advance(hours=27)
    tend(tools)
    clock.advance(minutes=1)
    connect(tools, organisation, reconnects=connection)
    clock.advance(minutes=5)
    assert tend(tools) == 1 and tend(tools) == 0
    last = connection_check.last(tools, organisation, connection)
    assert last is not None and last.at == clock() and last.is_good and last.by == "Tieout, daily"


def test_books_removed_over_there_are_noticed_within_a_day(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    connection = connect(tools, organisation).connection
    there.hand("tenant-gone")
    clock.advance(hours=27)
    assert tend(tools) == 1
    assert state(tools, connection).cause == "connection-removed-remotely"
    clock.advance(hours=27)
    assert tend(tools) == 0, "a person has to act first"


def test_rights_that_come_back_are_noticed_without_a_click(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    there.hand("user-role", role="STANDARD")
    connection = connect(tools, organisation).connection
    there.hand("user-role", role="READONLY")
    clock.advance(hours=27)
    tend(tools)
    assert state(tools, connection).state is ConnectionState.READ_ONLY
    there.hand("user-role", role="STANDARD")
    clock.advance(minutes=34)
    assert tend(tools) == 1 and state(tools, connection).may_post


def test_a_permission_that_was_never_given_is_not_healed_by_looking(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    there.arm("scope-narrow", scopes="accounting.invoices")
    connection = connect(tools, organisation).connection
    clock.advance(minutes=34)
    assert tend(tools) == 1
    assert state(tools, connection).cause == "connect-permission-partial"


def test_an_outage_while_tending_changes_nothing(
    tools: Tools, organisation: str, there: Standing, clock: Clock
) -> None:
    connection = connect(tools, organisation).connection
    there.arm("outage", count=None)
    clock.advance(hours=27)
    assert tend(tools) == 1 and state(tools, connection).may_post
