"""Who is told of an authorisation's end, and how often; what a start looks at before any work."""

from datetime import timedelta

import pytest

from tests.conftest import add_member
from tests.problems.granting import connected, renewed
from tests.sync.conftest import House
from tests.sync.ledgers import QUICKBOOKS, XERO, Ledger
from tieout.app import opened, read_environment
from tieout.jobs.runtime import DurableJobs
from tieout.people.roles import Role
from tieout.store import memberships
from tieout.store.engine import write
from tieout.store.grants import GRANTS
from tieout.sync import issues, mailing, tending


def told(house: House) -> list[str]:
    """To whom letters went, in order of their names."""
    return sorted(letter.to for letter in mailing.outgoing(house.tools, house.organisation))


def member(house: House, name: str, role: str) -> str:
    return add_member(house.tools.engines, house.organisation, name, role=role)


def ended(house: House) -> None:
    fault = house.world.arm("grant-dead", count=None)
    house.clock.skip(minutes=70)
    assert not renewed(house)
    house.world.faults.disarm(fault.id)
    for _ in range(3):
        house.sweep()


def test_who_connected_and_who_administers_get_one_letter_a_cause(house: House) -> None:
    member(house, "ada", Role.ADMIN)
    member(house, "abel", Role.ACCOUNTANT)
    member(house, "sue", Role.ADMIN)
    with write(house.tools.engines, house.organisation) as db:
        memberships.suspend(db, "sue", house.clock())
    house.connect()
    house.sweep()
    before = told(house)
    ended(house)
    letters = [letter for letter in mailing.outgoing(house.tools, house.organisation) if letter.to not in before]
    assert sorted(letter.to for letter in letters) == ["ada@example.com", "olive@example.com"]
    (issue,) = issues.listing(house.tools, house.organisation)
    assert {letter.subject for letter in letters} == {issue.title} and issue.code == "grant-ended"
    assert [line["what"] for line in issue.history if "told" in line["what"]] == ["told by letter: Ada, Olive Finch"]
    house.clock.skip(seconds=1)
    house.connect()
    house.sweep()
    ended(house)  # within a day it is the same cause
    assert len(told(house)) == len(before) + 2
    house.connect()
    house.sweep()
    house.clock.skip(hours=26)
    ended(house)
    assert len(told(house)) == len(before) + 4


@pytest.mark.parametrize("ledger", [QUICKBOOKS], ids=["quickbooks"])
def test_the_end_of_a_consent_is_told_at_fifteen_and_at_five_days_once_each(house: House, ledger: Ledger) -> None:
    house.connect()
    house.sweep()
    before, end = len(told(house)), house.clock() + timedelta(days=20)
    with write(house.tools.engines, "") as db:
        db.execute(GRANTS.update().values(ends_at=end))
    for days, letters in ((16, 0), (15, 1), (9, 1), (5, 2), (1, 2)):
        house.clock.skip(seconds=(end - timedelta(days=days) - house.clock()).total_seconds())
        for _ in range(2):
            house.sweep()
        assert len(told(house)) - before == letters, days


@pytest.mark.parametrize("ledger", [XERO], ids=["xero"])
def test_a_renewal_lets_the_warning_of_a_quiet_authorisation_go(house: House, ledger: Ledger) -> None:
    house.connect()
    house.clock.skip(days=46)
    house.sweep()
    assert [each.code for each in issues.listing(house.tools, house.organisation)] == ["grant-expiring-soon"]
    assert renewed(house)
    house.sweep()
    assert issues.listing(house.tools, house.organisation) == ()


def test_a_start_tries_what_has_slept_for_longer_than_it_may_and_nothing_else(house: House) -> None:
    house.connect()
    assert tending.look_at_start(house.tools) == 0
    house.clock.skip(days=101)
    assert tending.look_at_start(house.tools) == 1
    assert connected(house)[1].ended_at is not None
    assert tending.look_at_start(house.tools) == 0, "a person has to act now"


def test_a_process_that_works_looks_before_it_takes_up_any_work(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    monkeypatch.setattr(tending, "look_at_start", lambda tools: order.append("look"))
    monkeypatch.setattr(DurableJobs, "start", lambda *given: order.append("work"))
    folder = tmp_path_factory.mktemp("data")
    with opened(read_environment({"TIEOUT_DATA": str(folder / "tieout")}), works=True):
        assert order == ["look", "work"]
