"""Invitations: to any e-mail address, with a role, by a link that works once and for a week.

Who follows the link joins with an account they have, whatever its address and way of signing in, or makes one. What the
inviter may is asked again when the link is used. The link is shown to the inviter too, since mail may be a folder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tieout.core.actor import Actor
from tieout.people import acting, letters, passwords, roles
from tieout.people.accounts import AddressTaken, NewAccount, create_account
from tieout.people.members import Impossible
from tieout.people.needs import Needs
from tieout.people.roles import NotPermitted, Right, Role
from tieout.people.sessions import digest, new_token
from tieout.store import invitations as rows
from tieout.store import memberships, organisations, people
from tieout.store.engine import Db, read, write
from tieout.store.invitations import Invitation
from tieout.store.people import Member

DAYS = 7
OVER = "This invitation was used, withdrawn or is older than a week. Ask for a new one."


class InvitationOver(Impossible):
    """A link of an invitation that opens nothing any more."""

    def __init__(self) -> None:
        super().__init__(OVER)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation just sent, with its link: a path of ours, kept nowhere else."""

    invitation: Invitation
    link: str


@dataclass(frozen=True, slots=True)
class Offered:
    """An invitation as the invited person sees it. `is_known`: an account with this address exists."""

    invitation: Invitation
    organisation_name: str
    is_known: bool


def invite(needs: Needs, actor: Actor, email: str, role: Role) -> Invited:
    """Sends a letter. An address that is invited already gets a new link, and the role asked for now.

    Raises NotPermitted, and Impossible for somebody who belongs here already.
    """
    email, now, token = email.strip().lower(), needs.now(), _token(actor.organisation)
    with write(needs.engines, actor.organisation) as db:
        _ensure(db, actor, role)
        known = people.person_by_email(db, email)
        member = memberships.find(db, known.id) if known else None
        if member and not member.practice:
            raise Impossible(f"{member.name} ({email}) belongs to the organisation already, as {member.role}.")
        for earlier in rows.listed(db):
            if earlier.email == email:
                rows.end(db, earlier.id, earlier.digest, "withdrawn", now)
        made = Invitation(
            organisation=actor.organisation,
            id=needs.new_id(),
            email=email,
            role=role.value,
            digest=digest(token),
            state="open",
            invited_by=actor.person,
            invited_by_name=actor.name[:120],
            sent_at=now,
            ends_at=now + timedelta(days=DAYS),
        )
        rows.add(db, made)
        invited = _sent(db, needs, actor, made, token)
        acting.record(db, actor, "member-invited", f"invitation:{made.id}", now, {"email": email, "role": role.value})
    return invited


def send_again(needs: Needs, actor: Actor, id: str) -> Invited:
    """A new link for another week; the earlier one opens nothing any more. Raises NotPermitted and Impossible."""
    now, token = needs.now(), _token(actor.organisation)
    with write(needs.engines, actor.organisation) as db:
        found = _found(db, actor, id)
        if not rows.send_again(db, id, digest(token), now, now + timedelta(days=DAYS)):
            raise InvitationOver
        invited = _sent(db, needs, actor, found, token)
        acting.record(db, actor, "invitation-sent-again", f"invitation:{id}", now, {"email": found.email})
    return invited


def withdraw(needs: Needs, actor: Actor, id: str) -> None:
    """The link opens nothing any more. Raises NotPermitted and Impossible."""
    with write(needs.engines, actor.organisation) as db:
        found = _found(db, actor, id)
        if not rows.end(db, id, found.digest, "withdrawn", needs.now()):
            raise InvitationOver
        details = {"email": found.email}
        acting.record(db, actor, "invitation-withdrawn", f"invitation:{id}", needs.now(), details)


def listed(needs: Needs, organisation: str) -> tuple[Invitation, ...]:
    """Those that nobody has answered, the newest first."""
    with read(needs.engines, organisation) as db:
        return rows.listed(db)


# --- The invited person's side --------------------------------------------------------------------------------------


def look(needs: Needs, token: str) -> Offered | None:
    """What a link offers; looking does not use it up. None for one that opens nothing."""
    organisation = _organisation(token)
    if not organisation:
        return None
    with read(needs.engines, organisation) as db:
        found = rows.by_digest(db, digest(token))
        return _offered(db, found) if found and found.is_open(needs.now()) else None


def offered_to(needs: Needs, person: str) -> tuple[Offered, ...]:
    """The open invitations to a person's address, once that address is proven to be theirs."""
    with read(needs.engines, "") as db:
        who = people.person(db, person)
        if who is None or who.email_proven_at is None:
            return ()
        found = rows.open_for(db, who.email, needs.now())
        return tuple(_offered(Db(db.connection, each.organisation), each) for each in found)


def accept(needs: Needs, token: str, person: str) -> Member:
    """Somebody with an account joins; of two who use a link only one does. Raises Impossible."""
    organisation = _organisation(token)
    if not organisation:
        raise InvitationOver
    with write(needs.engines, organisation) as db:
        return _join(db, needs, _taken(db, needs, rows.by_digest(db, digest(token))), person)


def accept_offered(needs: Needs, organisation: str, id: str, person: str) -> Member:
    """As `accept`, without the link, by somebody whose proven address was invited. Raises Impossible."""
    with write(needs.engines, organisation) as db:
        return _join(db, needs, _taken(db, needs, _own(db, id, person)), person)


def accept_as_new(needs: Needs, token: str, name: str, password: str) -> Member:
    """Makes the account for the invited address, and joins with it. Raises Impossible.

    The address is not proven by that: the inviter has seen the link too.
    """
    organisation = _organisation(token)
    if not organisation:
        raise InvitationOver
    password_hash = passwords.make_hash(password)
    with write(needs.engines, organisation) as db:
        found = _taken(db, needs, rows.by_digest(db, digest(token)))
        try:
            person = create_account(db, needs, NewAccount(found.email, name, password_hash))
        except AddressTaken as error:
            words = f"There is an account with the address {found.email}. Sign in with it to accept."
            raise Impossible(words) from error
        return _join(db, needs, found, person.id)


def accept_as_vouched(needs: Needs, token: str, name: str, proven: str, enter: Callable[[Db, str], None]) -> Member:
    """As `accept_as_new`, by somebody who was vouched for: `enter` makes that its way in, at once.

    `proven` is the address that was proven with it; the account's own counts as proven only where it is the same.
    Raises Impossible, and what `enter` raises.
    """
    organisation, now = _organisation(token), needs.now()
    if not organisation:
        raise InvitationOver
    with write(needs.engines, organisation) as db:
        found = _taken(db, needs, rows.by_digest(db, digest(token)))
        if people.person_by_email(db, found.email):
            raise Impossible(f"There is an account with the address {found.email}. Sign in with it to accept.")
        person, proven_at = needs.new_id(), now if proven == found.email else None
        people.add_person(db, people.Person(person, found.email, name[:120], "", now, proven_at))
        enter(db, person)
        return _join(db, needs, found, person)


def decline(needs: Needs, token: str) -> None:
    """The link opens nothing any more; the inviter sees it in the audit log. Raises Impossible."""
    organisation = _organisation(token)
    if not organisation:
        raise InvitationOver
    with write(needs.engines, organisation) as db:
        _decline(db, needs, rows.by_digest(db, digest(token)))


def decline_offered(needs: Needs, organisation: str, id: str, person: str) -> None:
    """As `decline`, by somebody whose proven address was invited. Raises Impossible."""
    with write(needs.engines, organisation) as db:
        _decline(db, needs, _own(db, id, person))


def _own(db: Db, id: str, person: str) -> Invitation | None:
    found, who = rows.find(db, id), people.person(db, person)
    is_own = found and who and who.email_proven_at is not None and who.email == found.email
    return found if is_own else None


def _taken(db: Db, needs: Needs, found: Invitation | None) -> Invitation:
    """First of all, so that of two who come at once one waits here and then finds the link used."""
    now = needs.now()
    if found is None or not found.is_open(now) or not rows.end(db, found.id, found.digest, "accepted", now):
        raise InvitationOver
    return found


def _join(db: Db, needs: Needs, found: Invitation, person: str) -> Member:
    now = needs.now()
    memberships.one_by_one(db)
    try:
        _ensure(db, Actor(db.organisation, found.invited_by, found.invited_by_name), Role(found.role))
    except NotPermitted as error:
        words = f"{found.invited_by_name}, who invited you, may not do that any more. Ask for a new invitation."
        raise Impossible(words) from error
    if not memberships.add(db, person, found.role, now):
        raise Impossible("You belong to this organisation already. Choose it at the top of the page.")
    who = people.person(db, person)
    actor = Actor(db.organisation, person, who.name if who else "")
    details = {"email": found.email, "role": found.role, "person": person}
    acting.record(db, actor, "invitation-accepted", f"invitation:{found.id}", now, details)
    return Member(db.organisation, person, found.role)


def _decline(db: Db, needs: Needs, found: Invitation | None) -> None:
    now = needs.now()
    if found is None or not found.is_open(now) or not rows.end(db, found.id, found.digest, "declined", now):
        raise InvitationOver
    actor = Actor(db.organisation, "", found.email)
    acting.record(db, actor, "invitation-declined", f"invitation:{found.id}", now, {"email": found.email})


def _offered(db: Db, found: Invitation) -> Offered:
    organisation = organisations.find(db)
    name = organisation.name if organisation else ""
    return Offered(found, name, people.person_by_email(db, found.email) is not None)


def _sent(db: Db, needs: Needs, actor: Actor, made: Invitation, token: str) -> Invited:
    organisation = organisations.find(db)
    name = organisation.name if organisation else "an organisation"
    link = f"/invitations/accept?token={token}"
    text = (
        f"{actor.name} invites you to work on the books of {name} in Tieout, as {made.role}.\n\n"
        f"The link works once and for {DAYS} days. You can join with an account you have, or make one."
    )
    letters.enqueue(db, needs, made.email, f"An invitation to {name}", text, link)
    return Invited(made, link)


def _found(db: Db, actor: Actor, id: str) -> Invitation:
    acting.ensure(db, actor, Right.PEOPLE)
    found = rows.find(db, id)
    if found is None or found.state != "open":
        raise InvitationOver
    if found.role == Role.OWNER:
        acting.ensure(db, actor, Right.OWN)
    return found


def _ensure(db: Db, actor: Actor, role: Role) -> None:
    """Who manages people may give every role but the owner's, which only an owner shares."""
    acting.ensure(db, actor, Right.OWN if roles.allows(role, Right.OWN) else Right.PEOPLE)


def _token(organisation: str) -> str:
    """The organisation stands in it, so that it is looked for there and nowhere else."""
    return f"{organisation}.{new_token()}"


def _organisation(token: str) -> str:
    organisation, dot, secret = token.partition(".")
    return organisation if dot and secret and len(token) <= 200 else ""
