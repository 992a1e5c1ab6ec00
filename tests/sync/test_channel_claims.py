"""A seller account that another organisation holds: asked for, declined, let go; neither side sees more than needed."""

import pytest

from tests.conftest import add_organisation
from tests.problems.doors import account, member
from tests.sync.conftest import House
from tieout.core.actor import Actor
from tieout.people.roles import NotPermitted
from tieout.store import channel_accounts, people
from tieout.store.engine import read, write
from tieout.sync import channel_claims, issues


@pytest.fixture
def bea(house: House) -> Actor:
    """Owner of another organisation, who wants the account that ours holds."""
    add_organisation(house.tools.engines, house.tools.vault, "other")
    with write(house.tools.engines, "other") as db:
        people.add_person(db, people.Person("bea", "bea@example.com", "Bea Lark", "", house.clock()))
        people.add_member(db, "bea", "owner", house.clock())
    return Actor("other", "bea", "Bea Lark")


def met(house: House, bea: Actor) -> str:
    claim = channel_claims.met(house.tools, bea, "amazon", "amazon-1", "A shop")
    assert claim is not None and claim.owner_masked == "O••••"
    return claim.id


def codes(house: House, organisation: str) -> list[str]:
    return [each.code for each in issues.listing(house.tools, organisation)]


def test_a_request_reaches_the_holder_who_lets_go_or_declines(house: House, bea: Actor) -> None:
    id = account(house, "amazon")
    claim = met(house, bea)
    assert met(house, bea) == claim, "the same refusal is kept once"
    assert codes(house, "other") == ["channel-owner-unclear"] and codes(house, house.organisation) == []
    assert channel_claims.wishes(house.tools, house.organisation) == {}, "nobody was asked yet"
    assert channel_claims.ask(house.tools, bea, claim) and not channel_claims.ask(house.tools, bea, claim)
    (wish,) = channel_claims.wishes(house.tools, house.organisation)[id]
    assert (wish.person, wish.business) == ("Bea Lark", "Organisation other")
    assert channel_claims.decide(house.tools, house.actor, claim, lets_go=False) is not None
    assert channel_claims.still_open(house.tools, "other")[0].state == "declined"
    assert channel_claims.ask(house.tools, bea, claim)
    assert channel_claims.decide(house.tools, house.actor, claim, lets_go=True) is not None
    with read(house.tools.engines, house.organisation) as db:
        kept = channel_accounts.find(db, id)
    assert kept is not None and not kept.is_live, "its history stays, its access is gone"
    (view,) = issues.listing(house.tools, "other")
    assert any(fix.link == "/channels/connect/amazon" for fix in view.fixes)


def test_nobody_decides_for_others_or_without_the_right(house: House, bea: Actor) -> None:
    account(house, "amazon")
    claim = met(house, bea)
    channel_claims.ask(house.tools, bea, claim)
    assert channel_claims.decide(house.tools, bea, claim, lets_go=True) is None, "who asks is not the holder"
    for role in ("basic", "accountant"):
        with pytest.raises(NotPermitted):
            channel_claims.decide(house.tools, member(house, role.capitalize(), role), claim, lets_go=True)
    assert codes(house, "other") == ["channel-owner-unclear"]


def test_an_account_that_became_free_is_no_issue_any_more(house: House, bea: Actor) -> None:
    id = account(house, "amazon")
    met(house, bea)
    house.sweep()
    assert codes(house, "other") == ["channel-owner-unclear"]
    with write(house.tools.engines, house.organisation) as db:
        channel_accounts.end(db, id, house.clock())
    house.sweep()
    assert codes(house, "other") == []
    assert channel_claims.met(house.tools, bea, "amazon", "amazon-1", "A shop") is None
