"""Invitations: to any address, once, for a week; with an account that is known elsewhere, or a new one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.people.belonging import acts, join, known, owner_of, roles_in, second, written_to
from tests.people.conftest import GOOD_PASSWORD, HOME, Kit
from tieout.people import invitations, members, organisations, sessions
from tieout.people.invitations import InvitationOver
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Role
from tieout.store.people import Member


def token(invited: invitations.Invited) -> str:
    return invited.link.partition("token=")[2]


def test_an_invited_person_makes_an_account_and_is_in(kit: Kit, alice: Member) -> None:
    invited = invitations.invite(kit, owner_of(alice), " Bob@Example.com ", Role.ACCOUNTANT)
    seen = invitations.look(kit, token(invited))
    assert seen and (seen.invitation.email, seen.organisation_name) == ("bob@example.com", "Lighthouse Ltd")
    assert not seen.is_known and invitations.look(kit, token(invited)), "looking does not use it up"
    member = invitations.accept_as_new(kit, token(invited), "Bob", GOOD_PASSWORD)
    assert roles_in(kit, alice.organisation)[member.person] == "accountant"
    assert sessions.current(kit, sessions.sign_in(kit, "bob@example.com", GOOD_PASSWORD, HOME))
    assert ("bob@example.com", "An invitation to Lighthouse Ltd") in written_to(kit)
    assert ("bob@example.com", "Is this your address?") in written_to(kit), "the inviter has seen the link too"
    assert acts(kit, alice.organisation) == ["member-invited", "account-created", "invitation-accepted"]
    assert invitations.look(kit, token(invited)) is None


def test_a_bookkeeper_who_is_known_elsewhere_gains_a_second_organisation(kit: Kit, alice: Member) -> None:
    elsewhere = join(kit, second(kit), "Bob", "owner")
    invited = invitations.invite(kit, owner_of(alice), "books@firm.example", Role.ACCOUNTANT)
    invitations.accept(kit, token(invited), elsewhere.person)
    assert len(organisations.of_person(kit, "bob")) == 2
    again = invitations.invite(kit, owner_of(alice), "other@firm.example", Role.ADMIN)
    with pytest.raises(Impossible, match="belong to this organisation already"):
        invitations.accept(kit, token(again), "bob")
    assert roles_in(kit, alice.organisation)["bob"] == "accountant"
    with pytest.raises(Impossible, match="belongs to the organisation already"):
        invitations.invite(kit, owner_of(alice), "bob@example.com", Role.BASIC)


def test_a_link_ends_by_use_by_withdrawal_by_a_newer_one_and_after_a_week(kit: Kit, alice: Member) -> None:
    me, bob = owner_of(alice), known(kit, "Bob")
    first = invitations.invite(kit, me, "bob@example.com", Role.BASIC)
    newer = invitations.send_again(kit, me, first.invitation.id)
    replaced = invitations.invite(kit, me, "bob@example.com", Role.ADMIN)
    invitations.withdraw(kit, me, replaced.invitation.id)
    old = invitations.invite(kit, me, "bob@example.com", Role.BASIC)
    kit.now.advance(days=7)
    nonsense = ("", "x", ".", f"{alice.organisation}.guess", "x" * 300)
    for wrong in (token(first), token(newer), token(replaced), token(old), *nonsense):
        assert invitations.look(kit, wrong) is None
        with pytest.raises(InvitationOver):
            invitations.accept(kit, wrong, bob)
    assert [each.id for each in invitations.listed(kit, alice.organisation)] == [old.invitation.id]
    invitations.accept(kit, token(invitations.send_again(kit, me, old.invitation.id)), bob)
    for late in (invitations.send_again, invitations.withdraw):
        with pytest.raises(InvitationOver):
            late(kit, me, old.invitation.id)


def test_of_two_who_use_one_link_at_once_one_joins(kit: Kit, alice: Member) -> None:
    invited = invitations.invite(kit, owner_of(alice), "books@firm.example", Role.BASIC)
    people = [known(kit, name) for name in ("Bob", "Carol", "Dan")]

    def accept(person: str) -> bool:
        try:
            invitations.accept(kit, token(invited), person)
        except InvitationOver:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(accept, people)) == [False, False, True]
    assert len(roles_in(kit, alice.organisation)) == 2


def test_who_may_invite_is_asked_then_and_again_when_the_link_is_used(kit: Kit, alice: Member) -> None:
    org = alice.organisation
    ada, eve = join(kit, org, "Ada", "admin"), join(kit, org, "Eve", "accountant")
    with pytest.raises(NotPermitted):
        invitations.invite(kit, eve, "bob@example.com", Role.BASIC)
    with pytest.raises(NotPermitted):
        invitations.invite(kit, ada, "bob@example.com", Role.OWNER)
    invited = invitations.invite(kit, ada, "bob@example.com", Role.ADMIN)
    with pytest.raises(NotPermitted):
        invitations.withdraw(kit, eve, invited.invitation.id)
    members.change_role(kit, owner_of(alice), "ada", Role.BASIC)
    with pytest.raises(Impossible, match="Ada, who invited you, may not do that any more"):
        invitations.accept(kit, token(invited), known(kit, "Bob"))
    assert "bob" not in roles_in(kit, org)
    assert invitations.look(kit, token(invited)), "nothing was used up"


def test_a_proven_address_needs_no_link_and_an_unproven_one_does(kit: Kit, alice: Member) -> None:
    me = owner_of(alice)
    known(kit, "Bob")
    invited = invitations.invite(kit, me, "bob@example.com", Role.BASIC)
    unproven = invitations.accept_as_new(
        kit, token(invitations.invite(kit, me, "carol@example.com", Role.BASIC)), "Carol", GOOD_PASSWORD
    )
    [offered] = invitations.offered_to(kit, "bob")
    assert offered.invitation.id == invited.invitation.id
    elsewhere = join(kit, second(kit), "Olga", "owner")
    invitations.invite(kit, elsewhere, "carol@example.com", Role.ADMIN)
    assert invitations.offered_to(kit, unproven.person) == ()
    with pytest.raises(InvitationOver):
        invitations.accept_offered(kit, alice.organisation, invited.invitation.id, "olga")
    invitations.accept_offered(kit, alice.organisation, invited.invitation.id, "bob")
    assert roles_in(kit, alice.organisation)["bob"] == "basic" and invitations.offered_to(kit, "bob") == ()


def test_an_invitation_is_declined_once(kit: Kit, alice: Member) -> None:
    known(kit, "Bob")
    invited = invitations.invite(kit, owner_of(alice), "bob@example.com", Role.BASIC)
    invitations.decline(kit, token(invited))
    for late in (
        lambda: invitations.decline(kit, token(invited)),
        lambda: invitations.accept(kit, token(invited), "bob"),
    ):
        with pytest.raises(InvitationOver):
            late()
    other = invitations.invite(kit, owner_of(alice), "bob@example.com", Role.BASIC)
    invitations.decline_offered(kit, alice.organisation, other.invitation.id, "bob")
    assert invitations.listed(kit, alice.organisation) == ()
    assert acts(kit, alice.organisation).count("invitation-declined") == 2


def test_an_address_with_an_account_is_sent_to_the_sign_in(kit: Kit, alice: Member) -> None:
    invited = invitations.invite(kit, owner_of(alice), "bob@example.com", Role.BASIC)
    known(kit, "Bob")
    seen = invitations.look(kit, token(invited))
    assert seen and seen.is_known
    with pytest.raises(Impossible, match="Sign in with it"):
        invitations.accept_as_new(kit, token(invited), "Bob", GOOD_PASSWORD)
    assert invitations.look(kit, token(invited)), "nothing was used up"
