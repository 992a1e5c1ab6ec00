"""Members of an organisation: who belongs to it, changing roles, suspending, removing, leaving.

Admins manage everybody but owners; what an owner is passes only by an offer that the other side accepts. The last
owner stays until somebody else is one.
"""

from tieout.core.actor import Actor
from tieout.people import acting
from tieout.people.needs import Needs
from tieout.people.roles import Right, Role
from tieout.store import invitations, memberships, practices, transfers
from tieout.store.engine import Db, read, write
from tieout.store.memberships import Membership

LAST_OWNER = "An organisation needs an owner. Offer the ownership to somebody else first."


class Impossible(Exception):
    """Something about people that cannot be done as it is; the sentence says why and what to do."""


def listed(needs: Needs, organisation: str) -> tuple[Membership, ...]:
    """Everybody who belongs to the organisation, by name; suspended members too."""
    with read(needs.engines, organisation) as db:
        return memberships.listed(db)


def change_role(needs: Needs, actor: Actor, person: str, role: Role) -> None:
    """Holds at once, in every session and token of the member. Raises NotPermitted and Impossible."""
    if role is Role.OWNER:
        raise Impossible("Ownership passes by an offer, which the other side accepts: offer it below.")
    with write(needs.engines, actor.organisation) as db:
        member = _member(db, actor, person)
        if member.role == Role.OWNER and member.suspended_at is None and memberships.owners(db) == 1:
            raise Impossible(LAST_OWNER)
        if member.role == role:
            return
        if member.practice:
            raise Impossible(f"{member.name} comes with {member.practice_name}. Change what the practice may, below.")
        memberships.set_role(db, person, role)
        details = {"from": member.role, "to": role.value}
        acting.record(db, actor, "role-changed", f"person:{person}", needs.now(), details)


def suspend(needs: Needs, actor: Actor, person: str) -> None:
    """Shuts a member out until somebody lets them in again: sessions and tokens open nothing here at once.

    Raises NotPermitted and Impossible.
    """
    with write(needs.engines, actor.organisation) as db:
        member = _other(db, actor, person, "Nobody suspends themselves. You can leave instead.")
        if member.role == Role.OWNER and memberships.owners(db) == 1:
            raise Impossible(LAST_OWNER)
        if memberships.suspend(db, person, needs.now()):
            acting.record(db, actor, "member-suspended", f"person:{person}", needs.now())


def let_in_again(needs: Needs, actor: Actor, person: str) -> None:
    """Ends a suspension. Raises NotPermitted and Impossible."""
    with write(needs.engines, actor.organisation) as db:
        _member(db, actor, person)
        if memberships.suspend(db, person, None):
            for gone in practices.settle(db, needs.now()):  # who left their practice meanwhile is not in by that
                memberships.end_sessions(db, gone)
            acting.record(db, actor, "member-let-in-again", f"person:{person}", needs.now())


def remove(needs: Needs, actor: Actor, person: str) -> None:
    """For good: sessions and tokens open nothing here at once. Raises NotPermitted and Impossible."""
    with write(needs.engines, actor.organisation) as db:
        member = _other(db, actor, person, "To go yourself, leave the organisation.")
        if member.practice:
            words = f"{member.name} comes with {member.practice_name}. End the access of the practice, or suspend them."
            raise Impossible(words)
        _end(db, needs, member)
        details = {"role": member.role, "email": member.email}
        acting.record(db, actor, "member-removed", f"person:{person}", needs.now(), details)


def leave(needs: Needs, actor: Actor) -> None:
    """A member goes by themselves; no right is needed. Raises Impossible for the last owner."""
    with write(needs.engines, actor.organisation) as db:
        memberships.one_by_one(db)
        member = memberships.find(db, actor.person)
        if member is None:
            raise Impossible("You do not belong to this organisation any more.")
        if member.practice:
            raise Impossible(f"You came with {member.practice_name}. Leave the practice, under Practice.")
        _end(db, needs, member)
        acting.record(db, actor, "member-left", f"person:{actor.person}", needs.now(), {"role": member.role})


def _end(db: Db, needs: Needs, member: Membership) -> None:
    if member.role == Role.OWNER and member.suspended_at is None and memberships.owners(db) == 1:
        raise Impossible(LAST_OWNER)
    memberships.remove(db, member.person)
    invitations.drop_requests(db, member.person)
    transfers.drop_of(db, member.person, needs.now())


def _other(db: Db, actor: Actor, person: str, words: str) -> Membership:
    if person == actor.person:
        raise Impossible(words)
    return _member(db, actor, person)


def _member(db: Db, actor: Actor, person: str) -> Membership:
    """The member to be changed; the right was asked, and nobody else changes members meanwhile."""
    memberships.one_by_one(db)
    acting.ensure(db, actor, Right.PEOPLE)
    member = memberships.find(db, person)
    if member is None:
        raise Impossible("This person does not belong to the organisation any more.")
    if member.role == Role.OWNER:
        acting.ensure(db, actor, Right.OWN)
    return member
