"""Ownership passes by an offer that the other side accepts; nobody else takes part."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.people.belonging import acts, join, owner_of, roles_in, written_to
from tests.people.conftest import Kit
from tieout.people import members, ownership
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Role
from tieout.store.people import Member


def test_the_owner_offers_the_other_accepts_and_the_former_owner_is_admin(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    bob = join(kit, org, "Bob", "accountant")
    made = ownership.offer(kit, me, "bob")
    assert [each.id for each in ownership.offered_to(kit, "bob")] == [made.id]
    assert roles_in(kit, org)["bob"] == "accountant", "an offer changes nothing"
    ownership.accept(kit, org, made.id, "bob")
    assert roles_in(kit, org) == {alice.person: "admin", "bob": "owner"}
    members.leave(kit, me)
    assert roles_in(kit, org) == {"bob": "owner"}
    assert acts(kit, org) == ["ownership-offered", "ownership-accepted", "member-left"]
    assert [to for to, _ in written_to(kit)] == ["alice@example.com", "bob@example.com"]
    with pytest.raises(Impossible):
        ownership.accept(kit, org, made.id, bob.person)


def test_an_offer_is_declined_withdrawn_or_ends_after_a_week(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    join(kit, org, "Bob", "basic")
    declined = ownership.offer(kit, me, "bob")
    with pytest.raises(Impossible, match="offered to somebody already"):
        ownership.offer(kit, me, "bob")
    ownership.decline(kit, declined.id, "bob")
    withdrawn = ownership.offer(kit, me, "bob")
    ownership.withdraw(kit, me, withdrawn.id)
    ended = ownership.offer(kit, me, "bob")
    kit.now.advance(days=7)
    assert ownership.offered_to(kit, "bob") == () and ownership.open_offers(kit, org) == ()
    for late in (declined, withdrawn, ended):
        with pytest.raises(Impossible, match="was answered, withdrawn or is older"):
            ownership.accept(kit, org, late.id, "bob")
    assert ownership.offer(kit, me, "bob"), "an offer that ended makes room"
    assert roles_in(kit, org)["bob"] == "basic"
    told = ["offered", "declined", "offered", "withdrawn", "offered", "offered"]
    assert [act.partition("-")[2] for act in acts(kit, org)] == told


def test_nobody_but_the_owner_offers_and_nobody_but_the_offered_member_accepts(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    ada, bob = join(kit, org, "Ada", "admin"), join(kit, org, "Bob", "basic")
    with pytest.raises(NotPermitted):
        ownership.offer(kit, ada, "ada")
    for nobody in (alice.person, "stranger"):
        with pytest.raises(Impossible, match="Choose a member"):
            ownership.offer(kit, me, nobody)
    made = ownership.offer(kit, me, "bob")
    with pytest.raises(NotPermitted):
        ownership.withdraw(kit, ada, made.id)
    for stranger in ("ada", alice.person):
        with pytest.raises(Impossible):
            ownership.accept(kit, org, made.id, stranger)
        with pytest.raises(Impossible):
            ownership.decline(kit, made.id, stranger)
    members.suspend(kit, me, bob.person)
    members.remove(kit, me, bob.person)
    with pytest.raises(Impossible):
        ownership.accept(kit, org, made.id, "bob")
    assert roles_in(kit, org) == {alice.person: "owner", "ada": "admin"}


def test_who_owns_no_more_cannot_have_their_offer_accepted(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    join(kit, org, "Bob", "basic")
    olga = join(kit, org, "Olga", "owner")
    made = ownership.offer(kit, me, "bob")
    members.change_role(kit, olga, alice.person, Role.BASIC)
    with pytest.raises(Impossible, match="does not own"):
        ownership.accept(kit, org, made.id, "bob")
    assert roles_in(kit, org) == {alice.person: "basic", "bob": "basic", "olga": "owner"}


def test_accepted_and_withdrawn_at_the_same_moment_one_of_them_holds(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    join(kit, org, "Bob", "basic")
    made = ownership.offer(kit, me, "bob")

    def tried(answer: str) -> bool:
        try:
            ownership.accept(kit, org, made.id, "bob") if answer == "accept" else ownership.withdraw(kit, me, made.id)
        except (Impossible, NotPermitted):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        accepted, withdrawn = pool.map(tried, ("accept", "withdraw"))
    assert accepted != withdrawn
    assert roles_in(kit, org)["bob"] == ("owner" if accepted else "basic")


def test_who_is_suspended_accepts_nothing_so_that_an_owner_stands(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    bob = join(kit, org, "Bob", "admin")
    made = ownership.offer(kit, me, "bob")
    members.suspend(kit, me, "bob")
    with pytest.raises(Impossible, match="let you in again"):
        ownership.accept(kit, org, made.id, "bob")
    assert roles_in(kit, org) == {alice.person: "owner", "bob": "admin"}
    members.let_in_again(kit, me, "bob")
    ownership.accept(kit, org, made.id, "bob")
    assert roles_in(kit, org)["bob"] == "owner"
    members.change_role(kit, bob, alice.person, Role.BASIC)
    join(kit, org, "Carol", "owner")
    members.suspend(kit, bob, "carol")
    members.change_role(kit, bob, "carol", Role.BASIC)
    with pytest.raises(Impossible, match="needs an owner"):
        members.change_role(kit, bob, "bob", Role.BASIC)
