"""Ownership of an organisation passes from the owner to another member: one offers, the other accepts.

Afterwards the former owner is an admin, who may leave. Nobody else is involved.
"""

from datetime import timedelta

from tieout.core.actor import Actor
from tieout.people import acting, letters
from tieout.people.members import Impossible
from tieout.people.needs import Needs
from tieout.people.roles import NotPermitted, Right, Role
from tieout.store import memberships, organisations, people
from tieout.store import transfers as rows
from tieout.store.engine import Db, read, write
from tieout.store.people import Person
from tieout.store.transfers import Transfer

DAYS = 7
OVER = "This offer was answered, withdrawn or is older than a week."


def offer(needs: Needs, actor: Actor, person: str) -> Transfer:
    """An owner offers the ownership to another member, who gets a letter. Raises NotPermitted and Impossible."""
    now = needs.now()
    with write(needs.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.OWN)
        member, organisation = memberships.find(db, person), organisations.find(db)
        if organisation is None or member is None or member.suspended_at is not None or member.role == Role.OWNER:
            raise Impossible("Choose a member who is not an owner. Somebody else is invited first.")
        made = Transfer(
            organisation=actor.organisation,
            id=needs.new_id(),
            subject="",
            subject_name=organisation.name,
            state="offered",
            from_person=actor.person,
            from_name=actor.name[:120],
            to_person=person,
            to_name=member.name,
            to_organisation="",
            made_at=now,
            ends_at=now + timedelta(days=DAYS),
        )
        if not rows.add(db, made):
            raise Impossible("The ownership is offered to somebody already. Withdraw that offer first.")
        text = f"{actor.name} offers you the ownership of {organisation.name}. It stands for {DAYS} days."
        letters.enqueue(db, needs, member.email, f"{organisation.name} is offered to you", text, "/offers")
        acting.record(db, actor, "ownership-offered", f"person:{person}", now, {"to": member.email})
    return made


def open_offers(needs: Needs, organisation: str) -> tuple[Transfer, ...]:
    """What the organisation offers at present: its ownership, and seller accounts of it."""
    with read(needs.engines, organisation) as db:
        return rows.open_of(db, needs.now())


def offered_to(needs: Needs, person: str) -> tuple[Transfer, ...]:
    """What a person may accept, of whatever organisations."""
    with read(needs.engines, "") as db:
        who = people.person(db, person)
        return rows.offered_to(db, person, proven_email(who), needs.now())


def withdraw(needs: Needs, actor: Actor, id: str) -> None:
    """Of an ownership or of a seller account. Raises NotPermitted and Impossible."""
    with write(needs.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.OWN)
        found = rows.find(db, id)
        if found is None or not rows.end(db, id, "offered", "withdrawn", actor.name[:120], needs.now()):
            raise Impossible(OVER)
        acting.record(db, actor, "offer-withdrawn", subject_of(found), needs.now(), {"to": found.to_name})


def accept(needs: Needs, organisation: str, id: str, person: str) -> None:
    """The offered member becomes owner, who offered becomes admin. Raises Impossible; only one answer counts."""
    now = needs.now()
    with write(needs.engines, organisation) as db:
        memberships.one_by_one(db)
        found, member = offered(db, id, person), memberships.find(db, person)
        if member is not None and member.suspended_at is not None:  # an owner who is shut out would be none
            raise Impossible(
                f"You are suspended in {found.subject_name}. Ask whoever did it to let you in again first."
            )
        if found.subject or member is None or not rows.end(db, id, "offered", "accepted", member.name, now):
            raise Impossible(OVER)
        try:
            acting.ensure(db, Actor(organisation, found.from_person, found.from_name), Right.OWN)
        except NotPermitted as error:
            raise Impossible(f"{found.from_name} does not own {found.subject_name} any more.") from error
        memberships.set_role(db, person, Role.OWNER)
        if found.from_person:  # an offer made at the console takes the place of every owner there is
            memberships.set_role(db, found.from_person, Role.ADMIN)
        tell(db, needs, found, f"{member.name} now owns {found.subject_name}. You are an admin of it.")
        actor = Actor(organisation, person, member.name)
        acting.record(db, actor, "ownership-accepted", subject_of(found), now, {"from": found.from_name})


def decline(needs: Needs, id: str, person: str) -> None:
    """An ownership or a seller account that was offered: it stays where it is. Raises Impossible."""
    with read(needs.engines, "") as db:
        seen = rows.find(db, id)
    with write(needs.engines, seen.organisation if seen else "") as db:
        found = offered(db, id, person)
        if not rows.end(db, id, "offered", "declined", found.to_name[:120], needs.now()):
            raise Impossible(OVER)
        tell(db, needs, found, f"{found.to_name} has declined {found.subject_name}. It stays yours.")
        actor = Actor(found.organisation, person, found.to_name)
        acting.record(db, actor, "offer-declined", subject_of(found), needs.now(), {"from": found.from_name})


def subject_of(transfer: Transfer) -> str:
    """As the audit log names it."""
    return f"channel-account:{transfer.subject}" if transfer.subject else f"person:{transfer.to_person}"


def offered(db: Db, id: str, person: str) -> Transfer:
    """An offer that this person may answer. Raises Impossible."""
    found, email = rows.find(db, id), proven_email(people.person(db, person))
    is_theirs = found and (found.to_person == person or (not found.to_person and email and found.to_name == email))
    if found is None or not is_theirs or found.state != "offered":
        raise Impossible(OVER)
    return found


def proven_email(person: Person | None) -> str:
    """Empty while nobody has shown that the address is theirs."""
    return person.email if person and person.email_proven_at is not None else ""


def tell(db: Db, needs: Needs, transfer: Transfer, text: str) -> None:
    """Who made an offer hears what became of it, if they still belong to the organisation."""
    owner = memberships.find(db, transfer.from_person)
    if owner is not None:
        letters.enqueue(db, needs, owner.email, f"About your offer of {transfer.subject_name}", text, "/people")
