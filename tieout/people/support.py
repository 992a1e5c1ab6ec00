"""Administrators of the installation, who by that see no organisation's records; and the way in for an emergency.

A support grant opens one organisation, to look and not to change, for an hour at most, with a reason. The owner sees
it, in the product, by a letter and in the audit log, and ends it at will.
"""

from datetime import timedelta

from tieout.core.actor import Actor
from tieout.people import acting, letters, roles
from tieout.people.members import Impossible
from tieout.people.needs import Needs
from tieout.people.roles import Right
from tieout.store import memberships, organisations, people
from tieout.store import support as rows
from tieout.store.engine import Db, read, write
from tieout.store.people import Session
from tieout.store.support import SupportGrant

LONGEST_MINUTES = 60
_SHORTEST_REASON, _LONGEST_REASON = 10, 500


def make_admin(needs: Needs, email: str, by: str) -> bool:
    """For the console alone; False for who is one already. Raises Impossible for an address that nobody has."""
    with write(needs.engines, "") as db:
        person = _person(db, email)
        is_new = rows.make_admin(db, person.id, needs.now())
        if is_new:
            acting.record(db, Actor("", "", by), "platform-admin-made", f"person:{person.id}", needs.now())
    return is_new


def unmake_admin(needs: Needs, email: str, by: str) -> bool:
    """For the console alone; every grant they hold ends. False for who is none. Raises Impossible."""
    with write(needs.engines, "") as db:
        person = _person(db, email)
        if not rows.unmake_admin(db, person.id):
            return False
        for grant in rows.open_of(db, person.id, needs.now()):
            _end(Db(db.connection, grant.organisation), needs, Actor(grant.organisation, "", by), grant)
        acting.record(db, Actor("", "", by), "platform-admin-unmade", f"person:{person.id}", needs.now())
    return True


def is_admin(needs: Needs, person: str) -> bool:
    with read(needs.engines, "") as db:
        return rows.is_admin(db, person)


def begin(needs: Needs, person: str, organisation: str, reason: str, minutes: int) -> SupportGrant:
    """Opens one organisation to one administrator; its owners get a letter. Raises Impossible."""
    reason, now = " ".join(reason.split())[:_LONGEST_REASON], needs.now()
    if len(reason) < _SHORTEST_REASON:
        raise Impossible("Say in a sentence why: the owner reads it.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise Impossible(f"A support grant lasts 1 to {LONGEST_MINUTES} minutes.")
    with write(needs.engines, organisation) as db:
        who, found = people.person(db, person), organisations.find(db)
        if who is None or found is None or not rows.is_admin(db, person):
            raise Impossible("Only an administrator of this installation may do that.")
        ends_at = now + timedelta(minutes=minutes)
        made = SupportGrant(organisation, needs.new_id(), person, who.name, reason, now, ends_at)
        rows.begin(db, made)
        _tell_owners(db, needs, made, found.name)
        details = {"reason": reason, "minutes": str(minutes)}
        acting.record(db, Actor(organisation, person, who.name), "support-began", f"person:{person}", now, details)
    return made


def enter(needs: Needs, session: Session, organisation: str) -> bool:
    """The session looks at an organisation that a grant opens; False without one."""
    with write(needs.engines, "") as db:
        granted = {each.organisation for each in rows.open_of(db, session.person.id, needs.now())}
        if organisation not in granted:
            return False
        rows.move_session(Db(db.connection, organisation), session.digest)
    return True


def open_grants(needs: Needs, person: str) -> tuple[SupportGrant, ...]:
    """Where an administrator may look now."""
    with read(needs.engines, "") as db:
        return rows.open_of(db, person, needs.now())


def of_organisation(needs: Needs, organisation: str) -> tuple[SupportGrant, ...]:
    """Who looked at the organisation, the newest first."""
    with read(needs.engines, organisation) as db:
        return rows.listed(db)


def end(needs: Needs, actor: Actor, id: str) -> None:
    """By an owner, or by the administrator themselves; it opens nothing any more. Raises NotPermitted, Impossible."""
    with write(needs.engines, actor.organisation) as db:
        found = next((each for each in rows.listed(db) if each.id == id), None)
        if found is None or not found.is_open(needs.now()):
            raise Impossible("This grant has ended already.")
        if found.person != actor.person:
            acting.ensure(db, actor, Right.OWN)
        _end(db, needs, actor, found)


def _end(db: Db, needs: Needs, actor: Actor, grant: SupportGrant) -> None:
    if rows.end(db, grant.id, actor.name[:120], needs.now()):
        if memberships.find(db, grant.person) is None:
            memberships.end_sessions(db, grant.person)
        acting.record(db, actor, "support-ended", f"person:{grant.person}", needs.now())


def _tell_owners(db: Db, needs: Needs, grant: SupportGrant, name: str) -> None:
    for member in memberships.listed(db):
        if roles.allows(member.role, Right.OWN):
            text = (
                f"{grant.person_name}, an administrator of this installation, can look at {name} until "
                f'{letters.clock(grant.ends_at)}, and can change nothing.\n\nTheir reason: "{grant.reason}"\n\n'
                "You can end it at any time, under People."
            )
            letters.enqueue(db, needs, member.email, f"Somebody looks at {name}", text, "/people")


def _person(db: Db, email: str) -> people.Person:
    found = people.person_by_email(db, email.strip())
    if found is None:
        raise Impossible(f"Nobody has the address {email}.")
    return found
