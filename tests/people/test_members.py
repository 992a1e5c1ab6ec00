"""Members: who may change whom, what stops at once, and the owner who cannot be the last to go."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.people.belonging import acts, join, owner_of, roles_in, written_to
from tests.people.conftest import HOME, Kit
from tieout.core.actor import Actor
from tieout.people import asking_access, members, roles, sessions, tokens
from tieout.people.members import Impossible
from tieout.people.roles import NotPermitted, Right, Role
from tieout.store.people import Member


def test_the_table_of_roles_is_the_one_that_was_promised() -> None:
    everything = set(Right)
    promised = {
        "basic": {Right.VIEW, Right.SEND},
        "accountant": everything - {Right.PEOPLE, Right.OWN},
        "admin": everything - {Right.OWN},
        "owner": everything,
        "support": {Right.VIEW},
        "platform": set(),
    }
    assert {role: {right for right in Right if roles.allows(role, right)} for role in promised} == promised


def test_an_admin_changes_roles_and_never_an_owners(kit: Kit, alice: Member) -> None:
    org = alice.organisation
    admin, bob = join(kit, org, "Ada", "admin"), join(kit, org, "Bob", "basic")
    members.change_role(kit, admin, "bob", Role.ACCOUNTANT)
    assert roles_in(kit, org)["bob"] == "accountant" and acts(kit, org) == ["role-changed"]
    for actor in (bob, Actor(org, "stranger", "Stranger")):
        with pytest.raises(NotPermitted):
            members.change_role(kit, actor, "ada", Role.BASIC)
    for change in (members.suspend, members.remove):
        with pytest.raises(NotPermitted):
            change(kit, admin, alice.person)
        with pytest.raises(Impossible):
            change(kit, admin, "ada")
    with pytest.raises(NotPermitted):
        members.change_role(kit, admin, alice.person, Role.BASIC)
    with pytest.raises(Impossible, match="Ownership passes by an offer"):
        members.change_role(kit, owner_of(alice), "bob", Role.OWNER)
    assert roles_in(kit, org) == {alice.person: "owner", "ada": "admin", "bob": "accountant"}


@pytest.mark.parametrize("how", ["suspend", "remove", "leave"])
def test_sessions_and_tokens_open_nothing_here_from_that_moment(kit: Kit, alice: Member, how: str) -> None:
    org = alice.organisation
    bob = join(kit, org, "Bob", "accountant")
    session = sessions.begin(kit, "bob", HOME)
    wanted = tokens.Wanted("Till", ("settlements:read",), (org,), 30, "bob")
    text = tokens.create(kit, bob, wanted)[1]
    assert sessions.current(kit, session) and isinstance(tokens.bearer(kit, text), tokens.Bearer)
    if how == "leave":
        members.leave(kit, bob)
    else:
        getattr(members, how)(kit, owner_of(alice), "bob")
    assert sessions.current(kit, session) is None
    assert tokens.bearer(kit, text) is tokens.Unusable.PERSON_LEFT
    with pytest.raises(NotPermitted):
        members.change_role(kit, bob, alice.person, Role.BASIC)
    if how == "suspend":
        members.let_in_again(kit, owner_of(alice), "bob")
        assert sessions.current(kit, sessions.begin(kit, "bob", HOME))
        assert isinstance(tokens.bearer(kit, text), tokens.Bearer)


def test_the_last_owner_stays_until_somebody_else_is_one(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    with pytest.raises(Impossible, match="needs an owner"):
        members.leave(kit, me)
    with pytest.raises(Impossible, match="needs an owner"):
        members.change_role(kit, me, alice.person, Role.ADMIN)
    other = join(kit, org, "Olga", "owner")
    members.suspend(kit, me, "olga")
    with pytest.raises(Impossible, match="needs an owner"):
        members.leave(kit, me)
    members.let_in_again(kit, me, "olga")
    members.leave(kit, me)
    with pytest.raises(Impossible, match="needs an owner"):
        members.leave(kit, other)


def test_of_two_owners_who_leave_at_the_same_moment_one_stays(kit: Kit, alice: Member) -> None:
    both = (owner_of(alice), join(kit, alice.organisation, "Olga", "owner"))

    def leave(actor: Actor) -> bool:
        try:
            members.leave(kit, actor)
        except Impossible:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, both)) == [False, True]
    assert list(roles_in(kit, alice.organisation).values()) == ["owner"]


def test_who_lacks_a_right_asks_for_it_and_is_answered(kit: Kit, alice: Member) -> None:
    org, me = alice.organisation, owner_of(alice)
    bob = join(kit, org, "Bob", "basic")
    assert [each.name for each in asking_access.helpers(kit, org, Right.CONNECT)] == ["Alice"]
    assert asking_access.ask(kit, bob, Right.CONNECT, "To add our second shop")
    assert not asking_access.ask(kit, bob, Right.CONNECT), "once is enough"
    [(request, member)] = asking_access.open_requests(kit, org)
    assert (request.words, member.name) == ("To add our second shop", "Bob")
    assert asking_access.roles_that_grant(Right.CONNECT) == (Role.ACCOUNTANT, Role.ADMIN)
    with pytest.raises(NotPermitted):
        asking_access.grant(kit, bob, request.id, Role.ADMIN)
    with pytest.raises(Impossible, match="does not include"):
        asking_access.grant(kit, me, request.id, Role.BASIC)
    asking_access.grant(kit, me, request.id, Role.ACCOUNTANT)
    assert roles_in(kit, org)["bob"] == "accountant" and not asking_access.open_requests(kit, org)
    with pytest.raises(Impossible, match="already"):
        asking_access.ask(kit, bob, Right.CONNECT)
    assert asking_access.ask(kit, bob, Right.PEOPLE)
    [(request, _)] = asking_access.open_requests(kit, org)
    asking_access.decline(kit, me, request.id)
    with pytest.raises(Impossible, match="decided"):
        asking_access.decline(kit, me, request.id)
    assert roles_in(kit, org)["bob"] == "accountant"
    asked = ["access-requested", "role-changed", "access-granted", "access-requested", "access-declined"]
    assert acts(kit, org) == asked
    assert ("bob@example.com", "Your request was declined") in written_to(kit)
    assert ("alice@example.com", "Bob asks for access") in written_to(kit)
