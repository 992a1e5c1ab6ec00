"""Asking for access: a member without a right asks for it; who manages people grants it, with a role, or declines."""

from tieout.core.actor import Actor
from tieout.people import acting, letters, members, roles
from tieout.people.members import Impossible
from tieout.people.needs import Needs
from tieout.people.roles import Right, Role
from tieout.store import invitations as rows
from tieout.store import memberships, organisations
from tieout.store.engine import Db, read, write
from tieout.store.invitations import Request
from tieout.store.memberships import Membership

LONGEST_WORDS = 500
OVER = "Somebody has decided about this already."


def helpers(needs: Needs, organisation: str, right: Right) -> tuple[Membership, ...]:
    """Who can give a right: those that manage people, or only owners where the right is theirs."""
    with read(needs.engines, organisation) as db:
        return _helpers(db, right)


def ask(needs: Needs, actor: Actor, right: Right, words: str = "") -> bool:
    """Everybody who can grant it gets a letter; False when the same is asked for already. Raises Impossible."""
    with write(needs.engines, actor.organisation) as db:
        mine = memberships.find(db, actor.person)
        if mine is None or mine.suspended_at is not None:
            raise Impossible("You do not belong to this organisation.")
        if roles.allows(mine.role, right):
            raise Impossible(f"Your role, {mine.role}, includes this already.")
        asked = Request(needs.new_id(), actor.person, right.value, words.strip()[:LONGEST_WORDS], "open", needs.now())
        if not rows.ask(db, asked):
            return False
        _tell_helpers(db, needs, actor, right, asked.words)
        acting.record(db, actor, "access-requested", f"person:{actor.person}", needs.now(), {"right": right.value})
    return True


def open_requests(needs: Needs, organisation: str) -> tuple[tuple[Request, Membership], ...]:
    """What is to be decided, oldest first, each with who asks."""
    with read(needs.engines, organisation) as db:
        found = [(each, memberships.find(db, each.person)) for each in rows.requests(db)]
    return tuple((each, member) for each, member in found if member is not None)


def roles_that_grant(right: Right) -> tuple[Role, ...]:
    """The roles that give a right, the smallest first; an owner's is passed on by an offer only."""
    return tuple(role for role in reversed(roles.roles_with(right)) if role is not Role.OWNER)


def grant(needs: Needs, actor: Actor, id: str, role: Role) -> None:
    """Changes the role of who asked, and tells them. Raises NotPermitted and Impossible."""
    with write(needs.engines, actor.organisation) as db:
        asked = _asked(db, actor, id)
        if not roles.allows(role, Right(asked.right)):
            raise Impossible(f"The role {role} does not include what was asked for.")
    members.change_role(needs, actor, asked.person, role)
    with write(needs.engines, actor.organisation) as db:
        _decide(db, needs, actor, asked, "granted", f"You are now {role}.")


def decline(needs: Needs, actor: Actor, id: str) -> None:
    """Nothing changes, and who asked is told. Raises NotPermitted and Impossible."""
    with write(needs.engines, actor.organisation) as db:
        asked = _asked(db, actor, id)
        _decide(db, needs, actor, asked, "declined", "Your role stays as it is.")


def _asked(db: Db, actor: Actor, id: str) -> Request:
    acting.ensure(db, actor, Right.PEOPLE)
    found = rows.find_request(db, id)
    if found is None or found.state != "open":
        raise Impossible(OVER)
    return found


def _decide(db: Db, needs: Needs, actor: Actor, asked: Request, state: str, words: str) -> None:
    if not rows.decide(db, asked.id, state, actor.name[:120], needs.now()):
        raise Impossible(OVER)
    member = memberships.find(db, asked.person)
    if member is not None:
        text = f"{actor.name} has {state} your request for access ({asked.right}). {words}"
        letters.enqueue(db, needs, member.email, f"Your request was {state}", text, "/people")
    acting.record(db, actor, f"access-{state}", f"person:{asked.person}", needs.now(), {"right": asked.right})


def _helpers(db: Db, right: Right) -> tuple[Membership, ...]:
    needed = Right.OWN if right is Right.OWN else Right.PEOPLE
    return tuple(
        each for each in memberships.listed(db) if roles.allows(each.role, needed) and each.suspended_at is None
    )


def _tell_helpers(db: Db, needs: Needs, actor: Actor, right: Right, words: str) -> None:
    organisation = organisations.find(db)
    name = organisation.name if organisation else ""
    for helper in _helpers(db, right):
        text = f"{actor.name} asks for access in {name}: {right}."
        text += f'\n\nTheir words: "{words}"' if words else ""
        text += "\n\nGrant or decline it under People."
        letters.enqueue(db, needs, helper.email, f"{actor.name} asks for access", text, "/people")
