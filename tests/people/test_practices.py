"""Practices: let in as a whole, joined and left as a whole; nobody keeps a way in."""

import pytest

from tests.people.belonging import acts, join, known, owner_of, roles_in, second, written_to
from tests.people.conftest import HOME, Kit
from tieout.people import members, practices, sessions
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Role
from tieout.store.people import Member


def test_a_practice_gets_in_as_a_whole_and_its_members_come_and_go(kit: Kit, alice: Member) -> None:
    org, firm = alice.organisation, join(kit, second(kit), "Fay", "accountant")
    ledger = practices.found(kit, firm.person, "Ledger & Co")
    link = practices.invite(kit, ledger.id, firm.person, "gus@example.com")
    token = link.partition("token=")[2]
    seen = practices.look(kit, token)
    assert seen and seen[0].name == "Ledger & Co"
    practices.join(kit, token, known(kit, "Gus"))
    with pytest.raises(Impossible, match="was used"):
        practices.join(kit, token, known(kit, "Hal"))
    practices.grant(kit, owner_of(alice), practices.by_code(kit, ledger.code.lower()).id, Role.ACCOUNTANT)  # type: ignore[union-attr]
    assert roles_in(kit, org) == {alice.person: "owner", "fay": "accountant", "gus": "accountant"}
    session = sessions.begin(kit, "gus", HOME)
    assert sessions.current(kit, session)
    later = practices.invite(kit, ledger.id, "fay", "ida@example.com").partition("token=")[2]
    practices.join(kit, later, known(kit, "Ida"))
    assert roles_in(kit, org)["ida"] == "accountant", "who joins later gets in too"
    practices.leave(kit, ledger.id, "fay", "gus")
    assert sessions.current(kit, session) is None and "gus" not in roles_in(kit, org)
    practices.grant(kit, owner_of(alice), ledger.id, Role.BASIC)
    assert roles_in(kit, org)["fay"] == "basic"
    practices.end(kit, owner_of(alice), ledger.id)
    assert roles_in(kit, org) == {alice.person: "owner"}
    assert acts(kit, org) == [
        "practice-let-in",
        "practice-member-joined",
        "practice-member-left",
        "practice-let-in",
        "practice-access-ended",
    ]
    assert ("gus@example.com", "Join Ledger & Co") in written_to(kit)


def test_who_is_a_member_by_themselves_stays_one_with_their_own_role(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    fay = join(kit, org, "Fay", "admin")
    ledger = practices.found(kit, "fay", "Ledger & Co")
    assert [each.name for each in practices.of_members(kit, org)] == ["Ledger & Co"]
    practices.grant(kit, me, ledger.id, Role.BASIC)
    assert roles_in(kit, org)["fay"] == "admin" and practices.of_members(kit, org) == ()
    practices.end(kit, me, ledger.id)
    assert roles_in(kit, org)["fay"] == "admin"
    members.leave(kit, fay)
    assert "fay" not in roles_in(kit, org)


def test_who_came_with_a_practice_is_suspended_by_name_and_removed_with_it(kit: Kit, alice: Member) -> None:
    org, me, fay = alice.organisation, owner_of(alice), join(kit, second(kit), "Fay", "owner")
    ledger = practices.found(kit, "fay", "Ledger & Co")
    practices.grant(kit, me, ledger.id, Role.ADMIN)
    for refused in (
        lambda: members.remove(kit, me, "fay"),
        lambda: members.change_role(kit, me, "fay", Role.BASIC),
        lambda: members.leave(kit, owner_of(Member(org, "fay", "admin"))),
    ):
        with pytest.raises(Impossible, match="Ledger & Co"):
            refused()
    members.suspend(kit, me, "fay")
    practices.grant(kit, me, ledger.id, Role.BASIC)
    with pytest.raises(NotPermitted):
        members.change_role(kit, owner_of(Member(org, "fay", "admin")), alice.person, Role.BASIC)
    assert [each.suspended_at is not None for each in members.listed(kit, org) if each.person == "fay"] == [True]
    assert roles_in(kit, fay.organisation)["fay"] == "owner", "elsewhere nothing changed"


def test_of_two_practices_one_member_stays_until_both_are_gone(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    join(kit, second(kit), "Fay", "owner")
    first, other = practices.found(kit, "fay", "First"), practices.found(kit, "fay", "Other")
    practices.grant(kit, me, first.id, Role.ACCOUNTANT)
    kit.now.advance(minutes=1)
    practices.grant(kit, me, other.id, Role.BASIC)
    assert roles_in(kit, org)["fay"] == "accountant"
    practices.end(kit, me, first.id)
    assert roles_in(kit, org)["fay"] == "basic"
    practices.leave(kit, other.id, "fay", "fay")
    assert "fay" not in roles_in(kit, org)


def test_only_the_owner_lets_a_practice_in_and_only_a_lead_changes_one(kit: Kit, alice: Member) -> None:
    org = alice.organisation
    ada, bob = join(kit, org, "Ada", "admin"), join(kit, org, "Bob", "basic")
    ledger = practices.found(kit, "ada", "Ledger & Co")
    with pytest.raises(Impossible, match="made by somebody who keeps books"):
        practices.found(kit, bob.person, "Bob & Co")
    for refused in (practices.grant, practices.end):
        with pytest.raises(NotPermitted):
            refused(kit, ada, ledger.id, *([Role.ADMIN] if refused is practices.grant else []))
    with pytest.raises(Impossible, match="as admin, accountant or basic"):
        practices.grant(kit, owner_of(alice), ledger.id, Role.OWNER)
    with pytest.raises(Impossible, match="no such practice"):
        practices.grant(kit, owner_of(alice), "none", Role.ADMIN)
    for strange in (
        lambda: practices.invite(kit, ledger.id, "bob", "x@example.com"),
        lambda: practices.leave(kit, ledger.id, "bob", "ada"),
        lambda: practices.let_lead(kit, ledger.id, "bob", "ada"),
    ):
        with pytest.raises(Impossible, match="Only somebody who leads"):
            strange()
    practices.join(kit, practices.invite(kit, ledger.id, "ada", "bob@example.com").partition("token=")[2], "bob")
    with pytest.raises(Impossible, match="needs somebody who leads"):
        practices.leave(kit, ledger.id, "ada", "ada")
    practices.let_lead(kit, ledger.id, "ada", "bob")
    practices.leave(kit, ledger.id, "ada", "ada")
    [firm] = practices.of_person(kit, "bob")
    assert firm.is_lead and [each.name for each in firm.colleagues] == ["Bob"]


def test_no_link_that_a_lead_made_leads_back_in_once_they_are_out(kit: Kit, alice: Member) -> None:
    join(kit, alice.organisation, "Fay", "accountant")
    ledger = practices.found(kit, "fay", "Ledger & Co")
    for name in ("Gus", "Hal"):
        made = practices.invite(kit, ledger.id, "fay", f"{name.lower()}@example.com").partition("token=")[2]
        practices.join(kit, made, known(kit, name))
    practices.let_lead(kit, ledger.id, "fay", "gus")
    for_later = practices.invite(kit, ledger.id, "fay", "fay@elsewhere.example").partition("token=")[2]
    practices.leave(kit, ledger.id, "gus", "hal")
    assert practices.look(kit, for_later), "who did not lead the practice knew no link"
    practices.leave(kit, ledger.id, "gus", "fay")
    assert practices.look(kit, for_later) is None
    with pytest.raises(Impossible, match="withdrawn"):
        practices.join(kit, for_later, known(kit, "Ida"))


def test_who_was_suspended_gets_in_neither_by_leaving_nor_by_joining_the_practice_again(
    kit: Kit, alice: Member
) -> None:
    org, me = alice.organisation, owner_of(alice)
    join(kit, second(kit), "Fay", "accountant")
    ledger = practices.found(kit, "fay", "Ledger & Co")

    def comes(person: str) -> None:
        practices.join(kit, practices.invite(kit, ledger.id, "fay", "g@x.example").partition("token=")[2], person)

    comes(known(kit, "Gus"))
    practices.grant(kit, me, ledger.id, Role.ADMIN)
    members.suspend(kit, me, "gus")
    practices.leave(kit, ledger.id, "gus", "gus")
    comes("gus")
    assert [each.suspended_at is not None for each in members.listed(kit, org) if each.person == "gus"] == [True]
    practices.leave(kit, ledger.id, "gus", "gus")
    members.let_in_again(kit, me, "gus")
    assert "gus" not in roles_in(kit, org), "let in again, but the practice they came with is theirs no more"
    comes("gus")
    members.suspend(kit, me, "gus")
    practices.end(kit, me, ledger.id)
    assert roles_in(kit, org) == {alice.person: "owner"}
