"""The first owner is made once, by whoever can read the console."""

import threading

import pytest

from tests.people.conftest import GOOD_PASSWORD, HOME, OWNER, Kit
from tieout.people import organisations, sessions
from tieout.people.organisations import SetupClosed
from tieout.store import audit
from tieout.store import people as rows
from tieout.store.engine import read
from tieout.store.organisations import find


def test_the_token_makes_the_organisation_and_its_owner(kit: Kit) -> None:
    token = organisations.first_owner_token(kit)
    assert token and organisations.is_setup_token(kit, token)
    member = organisations.create_first_owner(kit, token, OWNER)
    assert sessions.current(kit, sessions.sign_in(kit, "alice@example.com", GOOD_PASSWORD, HOME))
    with read(kit.engines, member.organisation) as db:
        organisation = find(db)
        assert organisation and (organisation.name, organisation.zone) == ("Lighthouse Ltd", "Europe/London")
        assert rows.role_of(db, member.person) == "owner"
        assert [each.event.act for each in audit.newest(db)] == ["organisation-created"]


def test_once_a_person_exists_there_is_no_token_and_no_second_owner(kit: Kit) -> None:
    token = organisations.first_owner_token(kit)
    assert token
    organisations.create_first_owner(kit, token, OWNER)
    assert organisations.first_owner_token(kit) is None and not organisations.is_empty(kit)
    with pytest.raises(SetupClosed):
        organisations.create_first_owner(kit, token, OWNER)
    with pytest.raises(SetupClosed):
        organisations.create_owner(kit, OWNER)


def test_a_wrong_an_earlier_and_an_old_token_open_nothing(kit: Kit) -> None:
    earlier, token = organisations.first_owner_token(kit), organisations.first_owner_token(kit)
    assert earlier and token
    kit.now.advance(hours=24)
    for wrong in ("", "guess", earlier, token):
        with pytest.raises(SetupClosed):
            organisations.create_first_owner(kit, wrong, OWNER)
    assert organisations.is_empty(kit)


def test_two_who_come_at_once_make_one_owner(kit: Kit) -> None:
    token = organisations.first_owner_token(kit)
    assert token
    outcomes: list[str] = []

    def come() -> None:
        try:
            organisations.create_first_owner(kit, token, OWNER)
            outcomes.append("made")
        except SetupClosed:
            outcomes.append("closed")

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["closed", "closed", "closed", "made"]


def test_an_owner_makes_another_organisation_and_owns_it_too(kit: Kit, alice: rows.Member) -> None:
    further = organisations.Further("Brook & Vale Inc", "US", "America/New_York")
    made = organisations.add_organisation(kit, alice.person, further)
    assert made.organisation != alice.organisation and made.role == "owner"
    assert [each.name for each in organisations.of_person(kit, alice.person)] == ["Brook & Vale Inc", "Lighthouse Ltd"]
