"""Practices: an accountant's firm as a named group of persons, which clients let in as a whole.

A client's owner gives a practice one role; each member of it then works there, for all channels present and future.
Who joins the practice later gets in everywhere by that, who leaves it gets out everywhere.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from tieout.core.actor import Actor
from tieout.people import acting, letters
from tieout.people.members import Impossible
from tieout.people.needs import Needs
from tieout.people.roles import Right, Role
from tieout.people.sessions import digest, new_token
from tieout.store import memberships, organisations, people
from tieout.store import practices as rows
from tieout.store.engine import Db, read, write
from tieout.store.practices import Access, Colleague, JoinLink, Practice

DAYS = 7
ROLES = (Role.ADMIN, Role.ACCOUNTANT, Role.BASIC)
_MAY_FOUND = {Role.OWNER, Role.ADMIN, Role.ACCOUNTANT}
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that look alike
_OVER = "This invitation was used, withdrawn or is older than a week. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Firm:
    """A practice as one of its members sees it."""

    practice: Practice
    is_lead: bool
    colleagues: tuple[Colleague, ...]
    invited: tuple[JoinLink, ...]
    clients: tuple[str, ...]


def found(needs: Needs, person: str, name: str) -> Practice:
    """A new practice, led by who makes it. Raises Impossible for somebody who only views and sends everywhere."""
    name, now = " ".join(name.split())[:120], needs.now()
    if not name:
        raise Impossible("Give the practice a name.")
    code = "PR-" + "".join(secrets.choice(_LETTERS) for _ in range(8))
    made = Practice(needs.new_id(), name, code, now)
    with write(needs.engines, "") as db:
        if not {member.role for member in people.memberships(db, person)} & _MAY_FOUND:
            raise Impossible("A practice is made by somebody who keeps books: an accountant, admin or owner.")
        rows.add(db, made, person)
        _record(db, needs, person, "practice-founded", made.id, {"name": name})
    return made


def of_person(needs: Needs, person: str) -> tuple[Firm, ...]:
    with read(needs.engines, "") as db:
        return tuple(_firm(db, needs, each, person) for each in rows.of_person(db, person))


# --- Who belongs to it ----------------------------------------------------------------------------------------------


def invite(needs: Needs, practice: str, person: str, email: str) -> str:
    """A link for a colleague, which works once and for a week: a path of ours. Raises Impossible."""
    token, now, email = new_token(), needs.now(), email.strip().lower()
    with write(needs.engines, "") as db:
        firm = _led(db, practice, person)
        who = people.person(db, person)
        name = who.name if who else ""
        ends_at = now + timedelta(days=DAYS)
        rows.add_link(db, JoinLink(needs.new_id(), practice, email, digest(token), "open", name, now, ends_at))
        text = f"{name} invites you to join the practice {firm.name} in Tieout. The link works once, for {DAYS} days."
        link = f"/practice/join?token={token}"
        letters.enqueue(db, needs, email, f"Join {firm.name}", text, link)
        _record(db, needs, person, "practice-member-invited", practice, {"email": email})
    return link


def withdraw(needs: Needs, practice: str, person: str, id: str) -> None:
    """The link opens nothing any more. Raises Impossible."""
    with write(needs.engines, "") as db:
        _led(db, practice, person)
        if not rows.end_link(db, practice, id, "withdrawn", needs.now()):
            raise Impossible(_OVER)
        _record(db, needs, person, "practice-invitation-withdrawn", practice, {"invitation": id})


def look(needs: Needs, token: str) -> tuple[Practice, JoinLink] | None:
    """What a link leads to; looking does not use it up."""
    with read(needs.engines, "") as db:
        found = rows.link(db, digest(token), needs.now())
        practice = rows.find(db, found.practice) if found else None
    return (practice, found) if practice and found else None


def join(needs: Needs, token: str, person: str) -> Practice:
    """Somebody with an account joins, and gets in at every client at once. Raises Impossible; a link works once."""
    with write(needs.engines, "") as db:
        found = rows.link(db, digest(token), needs.now())
        practice = rows.find(db, found.practice) if found else None
        if practice is None or not rows.end_link(db, practice.id, digest(token), "accepted", needs.now()):
            raise Impossible(_OVER)
        rows.lock(db, practice.id)
        if not rows.join(db, practice.id, person, needs.now()):
            raise Impossible(f"You belong to {practice.name} already.")
        _settle(db, needs, practice, person, person, "practice-member-joined")
    return practice


def leave(needs: Needs, practice: str, actor_person: str, person: str) -> None:
    """Somebody leaves, or is removed by a lead: they get out at every client at once. Raises Impossible."""
    with write(needs.engines, "") as db:
        rows.lock(db, practice)
        firm = rows.find(db, practice) if actor_person == person else _led(db, practice, actor_person)
        colleagues = rows.colleagues(db, practice)
        leads = [each.person for each in colleagues if each.is_lead]
        if firm is None or person not in {each.person for each in colleagues}:
            raise Impossible("This person does not belong to the practice any more.")
        if leads == [person] and len(colleagues) > 1:
            raise Impossible("A practice needs somebody who leads it. Let a colleague lead it first.")
        rows.leave(db, practice, person)
        if person in leads:  # who led it knows the links, and none of them may lead back in
            rows.end_links(db, practice)
        _settle(db, needs, firm, actor_person, person, "practice-member-left")


def let_lead(needs: Needs, practice: str, person: str, colleague: str) -> None:
    """A colleague leads the practice too. Raises Impossible."""
    with write(needs.engines, "") as db:
        _led(db, practice, person)
        if not rows.set_lead(db, practice, colleague):
            raise Impossible("This person does not belong to the practice any more.")
        _record(db, needs, person, "practice-lead-added", practice, {"person": colleague})


# --- Clients --------------------------------------------------------------------------------------------------------


def of_members(needs: Needs, organisation: str) -> tuple[Practice, ...]:
    """The practices that members of the organisation belong to and that are not let in yet, by name."""
    with read(needs.engines, organisation) as db:
        inside = {practice.id for practice, _ in rows.granted(db)}
        found = {each.id: each for member in memberships.listed(db) for each in rows.of_person(db, member.person)}
    return tuple(sorted((each for id, each in found.items() if id not in inside), key=lambda each: each.name))


def granted(needs: Needs, organisation: str) -> tuple[tuple[Practice, Access], ...]:
    with read(needs.engines, organisation) as db:
        return rows.granted(db)


def by_code(needs: Needs, code: str) -> Practice | None:
    with read(needs.engines, "") as db:
        return rows.by_code(db, code.strip().upper())


def grant(needs: Needs, actor: Actor, practice: str, role: Role) -> None:
    """The owner lets a whole practice in, for all channels present and future; again: with another role.

    Raises NotPermitted and Impossible.
    """
    if role not in ROLES:
        raise Impossible("A practice is let in as admin, accountant or basic.")
    with write(needs.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.OWN)
        let_in(db, needs, actor, practice, role)


def let_in(db: Db, needs: Needs, actor: Actor, practice: str, role: Role) -> None:
    """As `grant`, within a transaction of the organisation whose right was asked."""
    rows.lock(db, practice)
    firm = rows.find(db, practice)
    if firm is None:
        raise Impossible("There is no such practice. Ask it for its code.")
    rows.grant(db, Access(actor.organisation, practice, role.value, actor.name[:120], needs.now()))
    _settle_here(db, needs)
    details = {"role": role.value, "name": firm.name}
    acting.record(db, actor, "practice-let-in", f"practice:{practice}", needs.now(), details)


def end(needs: Needs, actor: Actor, practice: str) -> None:
    """Its members get out at once, but for those who are members by themselves. Raises NotPermitted and Impossible."""
    with write(needs.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.OWN)
        rows.lock(db, practice)
        if not rows.end(db, practice):
            raise Impossible("The access of this practice was ended before.")
        _settle_here(db, needs)
        acting.record(db, actor, "practice-access-ended", f"practice:{practice}", needs.now())


def _settle(db: Db, needs: Needs, practice: Practice, by: str, person: str, act: str) -> None:
    """Everywhere the practice gets in; each client's audit log tells it."""
    who = people.person(db, by)
    for organisation in sorted(rows.clients(db, practice.id)):
        here = Db(db.connection, organisation)
        _settle_here(here, needs)
        actor = Actor(organisation, by, who.name if who else "")
        acting.record(here, actor, act, f"person:{person}", needs.now(), {"practice": practice.name})
    _record(db, needs, by, act, practice.id, {"person": person})


def _settle_here(db: Db, needs: Needs) -> None:
    memberships.one_by_one(db)
    for gone in rows.settle(db, needs.now()):
        memberships.end_sessions(db, gone)


def _led(db: Db, practice: str, person: str) -> Practice:
    """The practice, for somebody who leads it."""
    firm = rows.find(db, practice)
    if firm is None or not rows.is_lead(db, practice, person):
        raise Impossible("Only somebody who leads the practice may do that.")
    return firm


def _firm(db: Db, needs: Needs, practice: Practice, person: str) -> Firm:
    clients = rows.clients(db, practice.id)
    names = {}
    for each in clients:
        organisation = organisations.find(Db(db.connection, each))
        names[each] = organisation.name if organisation else ""
    return Firm(
        practice,
        bool(rows.is_lead(db, practice.id, person)),
        rows.colleagues(db, practice.id),
        rows.links(db, practice.id, needs.now()),
        tuple(sorted(clients, key=lambda each: names[each].casefold())),
    )


def _record(db: Db, needs: Needs, person: str, act: str, practice: str, details: dict[str, str]) -> None:
    who = people.person(db, person)
    acting.record(db, Actor("", person, who.name if who else ""), act, f"practice:{practice}", needs.now(), details)
