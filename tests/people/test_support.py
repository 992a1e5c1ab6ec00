"""An administrator of the installation sees no records; a grant opens one organisation, to look, for an hour."""

import pytest

from tests.people.belonging import acts, join, owner_of, second, written_to
from tests.people.conftest import HOME, Kit
from tieout.people import members, organisations, sessions, support
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Role
from tieout.store.people import Member

REASON = "Asked by Alice: the payout of June does not show"


def look(kit: Kit, token: str, organisation: str) -> bool:
    session = sessions.current(kit, token)
    assert session
    return support.enter(kit, session, organisation)


def test_an_administrator_has_no_access_by_that_and_looks_for_an_hour_at_most(kit: Kit, alice: Member) -> None:
    org, own = alice.organisation, second(kit)
    join(kit, own, "Pat", "basic")
    assert support.make_admin(kit, "pat@example.com", "the command line")
    assert not support.make_admin(kit, "pat@example.com", "the command line")
    token = sessions.begin(kit, "pat", HOME)
    session = sessions.current(kit, token)
    assert support.is_admin(kit, "pat") and session and not sessions.switch(kit, session, org)
    assert not look(kit, token, org)
    grant = support.begin(kit, "pat", org, REASON, 60)
    assert not look(kit, token, own) and look(kit, token, org)
    seen = sessions.current(kit, token)
    assert seen and (seen.organisation.id, seen.role) == (org, "support")
    assert [each.id for each in organisations.of_person(kit, "pat")] == [own]
    with pytest.raises(NotPermitted):
        members.change_role(kit, owner_of(Member(org, "pat", "support")), alice.person, Role.BASIC)
    kit.now.advance(minutes=59)
    assert sessions.current(kit, token)
    kit.now.advance(minutes=1)
    assert sessions.current(kit, token) is None and support.open_grants(kit, "pat") == ()
    assert ("alice@example.com", "Somebody looks at Lighthouse Ltd") in written_to(kit)
    assert [each.reason for each in support.of_organisation(kit, org)] == [REASON] and grant.person_name == "Pat"


@pytest.mark.parametrize("by", ["owner", "pat", "console"])
def test_a_grant_is_ended_at_will(kit: Kit, alice: Member, by: str) -> None:
    org = alice.organisation
    join(kit, second(kit), "Pat", "owner")
    ada = join(kit, org, "Ada", "admin")
    support.make_admin(kit, "pat@example.com", "the command line")
    token = sessions.begin(kit, "pat", HOME)
    grant = support.begin(kit, "pat", org, REASON, 10)
    assert look(kit, token, org)
    with pytest.raises(NotPermitted):
        support.end(kit, ada, grant.id)
    if by == "console":
        assert support.unmake_admin(kit, "pat@example.com", "the command line")
        assert not support.unmake_admin(kit, "pat@example.com", "the command line")
    else:
        support.end(kit, owner_of(alice if by == "owner" else Member(org, "pat", "")), grant.id)
    assert sessions.current(kit, token) is None
    assert not look(kit, sessions.begin(kit, "pat", HOME), org)
    with pytest.raises(Impossible, match="ended already"):
        support.end(kit, owner_of(alice), grant.id)
    assert acts(kit, org) == ["support-began", "support-ended"]


def test_a_grant_needs_an_administrator_a_reason_and_an_end(kit: Kit, alice: Member) -> None:
    org = alice.organisation
    join(kit, second(kit), "Pat", "owner")
    with pytest.raises(Impossible, match="Only an administrator"):
        support.begin(kit, "pat", org, REASON, 10)
    support.make_admin(kit, "pat@example.com", "the command line")
    for reason, minutes in (("", 10), ("why not", 10), (REASON, 0), (REASON, 61)):
        with pytest.raises(Impossible):
            support.begin(kit, "pat", org, reason, minutes)
    with pytest.raises(Impossible, match="Nobody has the address"):
        support.make_admin(kit, "nobody@example.com", "the command line")
    with pytest.raises(Impossible):
        support.begin(kit, "pat", "nowhere", REASON, 10)
    assert acts(kit, org) == []
