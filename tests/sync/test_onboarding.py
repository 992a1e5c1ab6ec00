"""The set-up in five steps: states from facts, drafts apart from everything, left and resumed, begun again."""

import pytest

from tests.problems.doors import account, member
from tests.sync.conftest import House
from tests.sync.ledgers import QUICKBOOKS, Ledger
from tieout.people.roles import NotPermitted
from tieout.store import drafts
from tieout.store.engine import read
from tieout.sync import issues, onboarding
from tieout.sync.connections import begin_connect
from tieout.sync.setup_facts import STEPS


def states(house: House) -> dict[str, str]:
    return {step.name: step.state.value for step in onboarding.view(house.tools, house.organisation).steps}


def current(house: House) -> str:
    found = onboarding.view(house.tools, house.organisation).current
    return found.name if found else ""


def codes(house: House) -> list[str]:
    return [each.code for each in issues.listing(house.tools, house.organisation)]


def test_each_step_follows_from_what_is_connected_mapped_chosen_and_sent(house: House) -> None:
    assert states(house) == dict.fromkeys(("channel", "books"), "open") | dict.fromkeys(STEPS[2:], "waiting")
    assert onboarding.leads_here(house.tools, house.organisation) and current(house) == "channel"
    onboarding.save(house.tools, house.actor, "channel", {"choice": "files"})
    assert states(house)["channel"] == "begun"
    house.connect()
    assert (states(house)["books"], states(house)["banks"]) == ("done", "not-needed")
    settlement = house.receive_sample("amazon_v2_uk.txt")
    assert states(house)["channel"] == "done" and current(house) == "accounts"
    onboarding.save(house.tools, house.actor, "accounts", {"looked": "yes"})
    assert (states(house)["accounts"], current(house)) == ("done", "first")
    house.send(settlement)
    assert current(house) == "" and not onboarding.leads_here(house.tools, house.organisation)


class TestBooksThatTakeJournals:
    @pytest.fixture
    def ledger(self) -> Ledger:
        return QUICKBOOKS

    def test_need_bank_accounts(self, house: House) -> None:
        assert states(house)["banks"] == "waiting"
        house.connect()
        assert states(house)["banks"] == "done", "the house chooses them when it connects"


@pytest.mark.parametrize("step", STEPS)
def test_a_draft_of_any_step_is_left_resumed_told_and_thrown_away(house: House, step: str) -> None:
    onboarding.save(house.tools, house.actor, step, {"choice": "half"})
    assert codes(house) == [], "somebody may still be at it"
    house.clock.skip(minutes=11)
    house.sweep()
    assert codes(house) == ["setup-half-finished"]
    found = onboarding.view(house.tools, house.organisation)
    assert next(each for each in found.steps if each.name == step).entered == {"choice": "half"}
    assert len(onboarding.what_would_go(found, step)) == 1
    assert "choice: half" in onboarding.start_over(house.tools, house.actor, step)
    assert codes(house) == [] and not onboarding.what_would_go(onboarding.view(house.tools, house.organisation))


def test_the_next_visit_resumes_where_the_last_one_went(house: House) -> None:
    onboarding.go_to(house.tools, house.actor, "books")
    assert current(house) == "books"
    house.connect()
    assert current(house) == "channel", "what is done by now is not shown again"


def test_a_consent_that_never_comes_back_stops_its_step_and_is_thrown_away_alone(house: House) -> None:
    account(house, "amazon")
    begin_connect(house.tools, house.actor, house.ledger.name, "browser")
    house.clock.skip(minutes=11)
    house.sweep()
    (books,) = [each for each in onboarding.view(house.tools, house.organisation).steps if each.name == "books"]
    assert books.state == "stuck" and books.then == "Try again." and "nothing came back" in books.found
    assert "1 unfinished attempt to connect" in onboarding.start_over(house.tools, house.actor)
    with read(house.tools.engines, house.organisation) as db:
        assert drafts.listed(db) == ()
    assert states(house)["channel"] == "done", "what is connected stays"


def test_starting_over_never_touches_what_was_sent(house: House) -> None:
    house.connect()
    settlement = house.receive_sample("amazon_v2_uk.txt")
    house.send(settlement)
    before = house.documents()
    onboarding.start_over(house.tools, house.actor)
    house.sweep()
    assert house.card(settlement).status == "sent" and house.documents() == before


def test_who_may_not_connect_changes_no_set_up_and_who_may_can_put_it_aside(house: House) -> None:
    basil = member(house, "Basil", "basic")
    for act in (onboarding.put_aside, onboarding.start_over):
        with pytest.raises(NotPermitted):
            act(house.tools, basil)
    assert onboarding.leads_here(house.tools, house.organisation)
    onboarding.put_aside(house.tools, house.actor)
    assert not onboarding.leads_here(house.tools, house.organisation)


def test_an_organisation_at_work_from_before_is_not_led_to_the_set_up(house: House) -> None:
    house.receive_sample("amazon_v2_uk.txt")
    assert onboarding.bar(house.tools, house.organisation) is None
