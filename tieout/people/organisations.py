"""Organisations: the first one and its owner, made with the token that the console printed; and those that follow."""

from dataclasses import dataclass
from datetime import timedelta

from tieout.core.actor import Actor
from tieout.people import acting, passwords, sessions
from tieout.people.needs import Needs
from tieout.people.practices import let_in
from tieout.people.roles import NotPermitted, Right, Role
from tieout.store import people as rows
from tieout.store import practices
from tieout.store.engine import Db, read, write
from tieout.store.organisations import Organisation, create

SETUP_HOURS = 24


class SetupClosed(Exception):
    """Somebody already owns this installation, or the set-up token is wrong, used or too old."""


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """What the first page asks for. `country` is an ISO code, `zone` an IANA zone."""

    organisation: str
    country: str
    zone: str
    name: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Further:
    """What another organisation needs, `country` and `zone` as for the first."""

    organisation: str
    country: str
    zone: str


def is_empty(needs: Needs) -> bool:
    """Nobody is known here yet, so the first page is open to whoever holds the token."""
    with read(needs.engines, "") as db:
        return not rows.any_person(db)


def first_owner_token(needs: Needs) -> str | None:
    """A new set-up token, which ends every earlier one; None once a person exists."""
    if not is_empty(needs):
        return None
    token, now = sessions.new_token(), needs.now()
    with write(needs.engines, "") as db:
        rows.drop_links(db, "setup")
        rows.add_link(db, sessions.digest(token), "setup", None, now + timedelta(hours=SETUP_HOURS))
    return token


def is_setup_token(needs: Needs, token: str) -> bool:
    with read(needs.engines, "") as db:
        return not rows.any_person(db) and rows.link(db, sessions.digest(token), "setup", needs.now()) is not None


def create_first_owner(needs: Needs, token: str, wanted: FirstOwner) -> rows.Member:
    """The organisation and its owner, in one transaction. Raises SetupClosed; of two callers only one succeeds."""
    if not is_setup_token(needs, token):  # before the hash, which takes time that a stranger could use up
        raise SetupClosed("the set-up token is wrong, used or too old")
    return create_owner(needs, wanted, token)


def create_owner(needs: Needs, wanted: FirstOwner, token: str | None = None) -> rows.Member:
    """As the console does it, where being there is proof enough. Raises SetupClosed once a person exists."""
    password_hash = passwords.make_hash(wanted.password) if wanted.password else ""
    person, organisation, now = needs.new_id(), needs.new_id(), needs.now()
    with write(needs.engines, organisation) as db:
        if rows.any_person(db) or (token is not None and not _take(db, token, needs)):
            raise SetupClosed("this installation already has an owner")
        create(db, needs.vault, Organisation(organisation, wanted.organisation, wanted.country, wanted.zone, now))
        rows.add_person(db, rows.Person(person, wanted.email.lower(), wanted.name, password_hash, now))
        rows.add_member(db, person, Role.OWNER, now)
        actor = Actor(organisation, person, wanted.name)
        acting.record(db, actor, "organisation-created", f"organisation:{organisation}", now)
    return rows.Member(organisation, person, Role.OWNER)


def add_organisation(needs: Needs, person: str, wanted: Further, practice: str = "") -> rows.Member:
    """Another organisation of somebody who owns one already, or of an accountant for a client, owned by who makes it.

    `practice` is one that the person belongs to: it is let in as accountant. Raises NotPermitted for everybody else:
    a bookkeeper's guest does not make organisations.
    """
    with read(needs.engines, "") as db:  # inside one organisation a database with row security shows no other
        roles_held = {member.role for member in rows.memberships(db, person)}
        own_practices = {each.id for each in practices.of_person(db, person)}
        who = rows.person(db, person)
    if who is None or (Role.OWNER not in roles_held and not own_practices):
        raise NotPermitted(next(iter(roles_held), ""), Right.OWN)
    organisation, now = needs.new_id(), needs.now()
    actor = Actor(organisation, person, who.name)
    with write(needs.engines, organisation) as db:
        create(db, needs.vault, Organisation(organisation, wanted.organisation, wanted.country, wanted.zone, now))
        rows.add_member(db, person, Role.OWNER, now)
        if practice in own_practices:
            let_in(db, needs, actor, practice, Role.ACCOUNTANT)
        acting.record(db, actor, "organisation-created", f"organisation:{organisation}", now)
    return rows.Member(organisation, person, Role.OWNER)


def of_person(needs: Needs, person: str) -> tuple[Organisation, ...]:
    """Every organisation that the person belongs to, by name."""
    with read(needs.engines, "") as db:
        return rows.organisations_of(db, person)


def owned_by(needs: Needs, person: str) -> tuple[Organisation, ...]:
    """Those that the person owns, by name."""
    with read(needs.engines, "") as db:
        own = {member.organisation for member in rows.memberships(db, person) if member.role == Role.OWNER}
        return tuple(each for each in rows.organisations_of(db, person) if each.id in own)


def _take(db: Db, token: str, needs: Needs) -> bool:
    return rows.use_link(db, sessions.digest(token), "setup", needs.now()) is not None
