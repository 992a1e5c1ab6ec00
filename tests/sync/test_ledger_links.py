"""The ledger link of a channel account: made, judged, probed apart, mended by itself, reconnected by a person."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from tests.problems.doors import account, invalidate, link, member
from tests.sync.conftest import House
from tieout.core.ledger_link import LinkState
from tieout.people.roles import NotPermitted
from tieout.store import audit, ledger_links
from tieout.store.engine import open_engines, read
from tieout.store.schema import alembic_config, prepare
from tieout.sync import channel_check, issues
from tieout.sync import ledger_links as links


def states(house: House) -> dict[str, LinkState]:
    return {id: found.state for id, found in links.states(house.tools, house.organisation).items()}


def open_codes(house: House) -> list[str]:
    return sorted(each.code for each in issues.listing(house.tools, house.organisation))


def acts(house: House) -> tuple[str, ...]:
    with read(house.tools.engines, house.organisation) as db:
        return audit.acts(db)


class TestALinkIsMade:
    def test_when_a_channel_is_connected_to_an_organisation_with_books(self, house: House) -> None:
        house.connect()
        id = account(house, "amazon")
        assert states(house) == {id: LinkState.WORKS} and link(house, id).books_name == "Harbour & Finch Ltd"

    def test_when_books_are_connected_to_an_organisation_with_channels(self, house: House) -> None:
        id = account(house, "amazon")
        assert states(house) == {id: LinkState.NO_BOOKS}, "without books nothing is wrong with a link"
        house.sweep()
        assert open_codes(house) == []
        house.connect()
        assert states(house) == {id: LinkState.WORKS}


@pytest.mark.parametrize("to", ["older", "nothing"])
def test_a_dropped_link_is_rebuilt_by_itself_and_what_waited_goes_once(house: House, to: str) -> None:
    house.connect()
    id = account(house, "amazon")
    settlement = house.receive_sample("amazon_v2_uk.txt")
    invalidate(house, id, to)
    assert house.send(settlement).state == "failed"
    assert (house.card(settlement).status, open_codes(house)) == ("blocked", ["channel-link-dropped"])
    house.sweep()
    house.sweep()
    assert states(house) == {id: LinkState.WORKS} and link(house, id).made_by == "Tieout"
    assert house.card(settlement).status == "sent" and set(house.documents().values()) == {1}
    assert open_codes(house) == [] and "channel-link-rebuilt" in acts(house)


def test_a_link_that_nobody_sends_through_is_seen_and_mended_too(house: House) -> None:
    house.connect()
    id = account(house, "amazon")
    invalidate(house, id, "older")
    links.mend(house.tools, house.organisation)
    assert open_codes(house) == ["channel-link-dropped"] and link(house, id).failing_since is not None
    links.mend(house.tools, house.organisation)
    assert open_codes(house) == [] and link(house, id).failing_since is None


def test_to_other_books_only_a_person_with_the_right_links_a_channel(house: House) -> None:
    house.connect()
    id = account(house, "amazon")
    settlement = house.receive_sample("amazon_v2_uk.txt")
    invalidate(house, id, "other-books")
    house.send(settlement)
    for _ in range(3):
        house.sweep()
    assert states(house) == {id: LinkState.OTHER_BOOKS} and house.documents() == {}, "never by itself"
    with pytest.raises(NotPermitted):
        links.reconnect(house.tools, member(house, "Basil", "basic"), id)
    done = links.reconnect(house.tools, house.actor, id)
    assert done is not None and done.is_done and done.going == 1
    house.sweep()
    assert house.card(settlement).status == "sent" and "channel-relinked" in acts(house)
    assert links.reconnect(house.tools, house.actor, "none") is None


def test_only_the_channel_with_the_broken_link_is_held(house: House) -> None:
    house.connect()
    account(house, "amazon")
    other = account(house, "shopify")
    settlement = house.receive_sample("amazon_v2_uk.txt")
    invalidate(house, other, "other-books")
    house.send(settlement)
    assert house.card(settlement).status == "sent"


def test_each_link_is_probed_by_a_call_of_its_own_once_a_day(house: House) -> None:
    house.connect()
    id = account(house, "amazon")
    assert links.probe(house.tools, house.organisation) == 0
    house.clock.skip(hours=25)
    calls = len(house.world.calls)
    assert links.probe(house.tools, house.organisation) == 1
    assert len(house.world.calls) > calls and link(house, id).good_at is not None
    assert links.probe(house.tools, house.organisation) == 0


def test_the_check_of_a_channel_names_the_first_that_fails_with_its_fix(house: House) -> None:
    id = account(house, "amazon")
    found = channel_check.known(house.tools, house.organisation, id)
    assert found is not None and found.first is not None
    assert (found.first.name, found.first.where) == ("Ledger link", "/connection")
    house.connect()
    found = channel_check.known(house.tools, house.organisation, id)
    assert found is not None and found.first is None and len(found.lines) == 5
    invalidate(house, id, "other-books")
    found = channel_check.known(house.tools, house.organisation, id)
    assert found is not None and found.first is not None and found.first.relinks
    assert channel_check.known(house.tools, house.organisation, "none") is None


def test_an_upgrade_links_every_live_account_to_the_books_it_posted_to(folder: Path) -> None:
    engines = open_engines(f"sqlite:///{folder}/old.db")
    with engines.writing.begin() as connection:
        command.upgrade(alembic_config(connection), "0013")
        connection.execute(sa.text(_ROWS))
        for text in _OLD.strip().splitlines():
            connection.execute(sa.text(text))
    prepare(engines)
    with read(engines, "one") as db:
        made = ledger_links.listed(db)
    assert {id: each.connection for id, each in made.items()} == {"live": "newer"}
    engines.dispose()


_AT = "2026-11-01T09:00:00.000000Z"
_ROWS = f"INSERT INTO organisations VALUES ('one', 'One', 'GB', 'Europe/London', '{_AT}')"
_CONNECTION = (
    'INSERT INTO connections (organisation, id, platform, books_id, books_name, link_id, "grant", connected_by, '
    "connected_by_name, connected_at, known_there_as, state, cause, words, failing_calls, failing_books) VALUES "
    "('one', '{id}', 'books', '{id}', 'Books', '', 'g', 'p', 'P', '{at}', '', '{state}', '', '', 0, 0)"
)
_ACCOUNT = (
    "INSERT INTO channel_accounts (organisation, id, channel, account, name, place, connected_by, connected_by_name, "
    "connected_at, begins_at, state, cause, words, operation, tries, dismissed, access, refresh, hook_secret, "
    "token_id, fence, paces) VALUES ('one', '{id}', 'shop', '{id}', 'A', '', 'p', 'P', '{at}', '{at}', '{state}', "
    "'', '', '', 0, '[]', '', '', '', '', 0, '{{}}')"
)
_OLD = "\n".join(
    (
        _CONNECTION.format(id="older", at=_AT, state="connected"),
        _CONNECTION.format(id="newer", at=_AT.replace("09:", "10:"), state="connected"),
        _CONNECTION.format(id="ended", at=_AT.replace("09:", "11:"), state="disconnected"),
        _ACCOUNT.format(id="live", at=_AT, state="connected"),
        _ACCOUNT.format(id="over", at=_AT, state="disconnected"),
    )
)
