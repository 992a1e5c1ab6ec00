"""Persons, organisations and who belongs to which; login sessions, one-use links, and the count of failed sign-ins.

Persons stand above organisations, since one person may belong to many. Whatever lets somebody in (session, link,
device) is kept as a SHA-256 of a 256-bit random text, so that a copy of the database opens nothing.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA, organisation_table
from tieout.store.organisations import ORGANISATIONS, Organisation
from tieout.store.types import Moment

DIGEST = sa.String(64)

PERSONS = sa.Table(
    "persons",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("email_proven_at", Moment),
)

MEMBERS = organisation_table(
    "members",
    sa.Column("person", ID, sa.ForeignKey("persons.id"), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("suspended_at", Moment),
    sa.Column("practice", ID),
    sa.Column("seen_at", Moment),
    sa.ForeignKeyConstraint(("organisation",), ("organisations.id",)),
    sa.Index("ix_members_person", "person"),
    key=("person",),
)

STANDS = MEMBERS.c.suspended_at.is_(None)  # a suspended member is none until somebody lets them in again

SESSIONS = sa.Table(
    "login_sessions",
    METADATA,
    sa.Column("digest", DIGEST, primary_key=True),
    sa.Column("person", ID, sa.ForeignKey("persons.id"), nullable=False),
    sa.Column("organisation", ID, sa.ForeignKey("organisations.id"), nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("proven_at", Moment),
    sa.Column("agent", sa.String(255), nullable=False, server_default=""),
    sa.Index("ix_login_sessions_person", "person"),
)

LINKS = sa.Table(
    "one_use_links",
    METADATA,
    sa.Column("digest", DIGEST, primary_key=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("person", ID, sa.ForeignKey("persons.id")),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("email", sa.String(254), nullable=False, server_default=""),
)

DEVICES = sa.Table(
    "known_devices",
    METADATA,
    sa.Column("digest", DIGEST, primary_key=True),
    sa.Column("person", ID, sa.ForeignKey("persons.id"), primary_key=True),
    sa.Column("seen_at", Moment, nullable=False),
)

TRIES = sa.Table(
    "sign_in_tries",
    METADATA,
    sa.Column("subject", DIGEST, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Person:
    """`email` is kept in small letters and is unique; `email_proven_at` is when a link sent there was opened.

    `password_hash` is empty while none was set.
    """

    id: str
    email: str
    name: str
    password_hash: str
    created_at: datetime
    email_proven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    organisation: str
    person: str
    role: str


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device, with the person and organisation it stands for.

    `proven_at` is when the person last proved who they are, at the sign-in or since; `agent` is what the browser says
    of itself.
    """

    digest: str
    person: Person
    organisation: Organisation
    role: str
    began_at: datetime
    seen_at: datetime
    proven_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A sign-in as the list of one's own shows it."""

    digest: str
    began_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Link:
    """Something that opens one door once; `person` is who it signs in, if it names one, `email` what it proves."""

    purpose: str
    person: str | None
    email: str = ""


def any_person(db: Db) -> bool:
    return db.execute(sa.select(PERSONS.c.id).limit(1)).first() is not None


def add_person(db: Db, person: Person) -> None:
    """Raises sqlalchemy's IntegrityError when the e-mail address is taken."""
    db.execute(
        sa.insert(PERSONS).values(
            id=person.id,
            email=person.email,
            name=person.name,
            password_hash=person.password_hash,
            created_at=person.created_at,
            email_proven_at=person.email_proven_at,
        )
    )


def add_person_unless_taken(db: Db, person: Person) -> bool:
    """False, and nothing is kept, when somebody else has the e-mail address."""
    try:
        with db.connection.begin_nested():
            add_person(db, person)
    except IntegrityError:
        return False
    return True


def person_by_email(db: Db, email: str) -> Person | None:
    """Also for whatever a stranger typed: PostgreSQL refuses to be asked for a text with a zero in it."""
    return None if "\0" in email else _person(db, PERSONS.c.email == email.lower())


def person(db: Db, id: str) -> Person | None:
    return _person(db, PERSONS.c.id == id)


def first_owner(db: Db) -> Person | None:
    """The person who has been an owner for longest."""
    query = (
        sa.select(PERSONS)
        .join(MEMBERS, MEMBERS.c.person == PERSONS.c.id)
        .where(MEMBERS.c.role == "owner")
        .order_by(MEMBERS.c.since, PERSONS.c.id)
        .limit(1)
    )
    row = db.execute(query).first()
    return _as_person(row) if row else None


def set_password_hash(db: Db, person: str, password_hash: str) -> None:
    db.execute(sa.update(PERSONS).where(PERSONS.c.id == person).values(password_hash=password_hash))


def set_email_unless_taken(db: Db, person: str, email: str, now: datetime) -> bool:
    """An address that was just proven. False, and nothing is changed, when somebody else has it."""
    change = sa.update(PERSONS).where(PERSONS.c.id == person).values(email=email.lower(), email_proven_at=now)
    try:
        with db.connection.begin_nested():
            db.execute(change)
    except IntegrityError:
        return False
    return True


def prove_email(db: Db, person: str, now: datetime) -> None:
    db.execute(sa.update(PERSONS).where(PERSONS.c.id == person).values(email_proven_at=now))


def add_member(db: Db, person: str, role: str, now: datetime) -> None:
    db.execute(sa.insert(MEMBERS).values(organisation=db.organisation, person=person, role=role, since=now))


def memberships(db: Db, person: str) -> tuple[Member, ...]:
    """The organisations of a person, oldest membership first; none where it is suspended."""
    mine = (MEMBERS.c.person == person, STANDS)
    query = sa.select(MEMBERS).where(*mine).order_by(MEMBERS.c.since, MEMBERS.c.organisation)
    return tuple(Member(row.organisation, row.person, row.role) for row in db.execute(query))


def organisations_of(db: Db, person: str) -> tuple[Organisation, ...]:
    """By name."""
    query = (
        sa.select(ORGANISATIONS)
        .join(MEMBERS, MEMBERS.c.organisation == ORGANISATIONS.c.id)
        .where(MEMBERS.c.person == person, STANDS)
        .order_by(ORGANISATIONS.c.name, ORGANISATIONS.c.id)
    )
    rows = db.execute(query)
    return tuple(Organisation(row.id, row.name, row.country, row.zone, row.created_at) for row in rows)


def role_of(db: Db, person: str) -> str | None:
    """The role in the organisation this transaction was opened for."""
    mine = (MEMBERS.c.organisation == db.organisation, MEMBERS.c.person == person, STANDS)
    return db.execute(sa.select(MEMBERS.c.role).where(*mine)).scalar()


def begin_session(db: Db, digest: str, person: str, address: str, agent: str, now: datetime) -> None:
    """For the organisation of this transaction; beginning a session is a proof."""
    row = {"digest": digest, "person": person, "organisation": db.organisation, "address": address, "agent": agent}
    db.execute(sa.insert(SESSIONS).values(**row, began_at=now, seen_at=now, proven_at=now))


def sessions_of(db: Db, person: str, began_after: datetime, seen_after: datetime) -> tuple[OpenSession, ...]:
    """Those that still open something, the one seen last first."""
    query = sa.select(SESSIONS).where(
        SESSIONS.c.person == person, SESSIONS.c.began_at > began_after, SESSIONS.c.seen_at > seen_after
    )
    newest = query.order_by(SESSIONS.c.seen_at.desc(), SESSIONS.c.digest)
    return tuple(
        OpenSession(row.digest, row.began_at, row.seen_at, row.address, row.agent) for row in db.execute(newest)
    )


def prove_session(db: Db, digest: str, now: datetime) -> None:
    db.execute(sa.update(SESSIONS).where(SESSIONS.c.digest == digest).values(proven_at=now))


def session(db: Db, digest: str, granted: str = "") -> Session | None:
    """With the role as it is now: a removed member has no session any more.

    `granted` is the role of somebody who looks at the organisation without being a member.
    """
    query = (
        sa.select(SESSIONS, PERSONS, ORGANISATIONS, MEMBERS.c.role)
        .select_from(SESSIONS)
        .join(PERSONS, PERSONS.c.id == SESSIONS.c.person)
        .join(ORGANISATIONS, ORGANISATIONS.c.id == SESSIONS.c.organisation)
        .outerjoin(
            MEMBERS,
            (MEMBERS.c.organisation == SESSIONS.c.organisation) & (MEMBERS.c.person == SESSIONS.c.person) & STANDS,
        )
        .where(SESSIONS.c.digest == digest)
    )
    row = db.execute(query.set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)).mappings().first()
    if row is None or not (row["members_role"] or granted):
        return None
    who = Person(**{name: row[f"persons_{name}"] for name in PERSONS.c.keys()})  # noqa: SIM118
    where = Organisation(*(row[f"organisations_{name}"] for name in ("id", "name", "country", "zone", "created_at")))
    began_at, seen_at, proven_at = (row[f"login_sessions_{name}_at"] for name in ("began", "seen", "proven"))
    return Session(digest, who, where, row["members_role"] or granted, began_at, seen_at, proven_at or began_at)


def move_session(db: Db, digest: str, person: str) -> bool:
    """The session stands for the organisation this transaction was opened for, if the person belongs to it."""
    if role_of(db, person) is None:
        return False
    mine = (SESSIONS.c.digest == digest, SESSIONS.c.person == person)
    return db.execute(sa.update(SESSIONS).where(*mine).values(organisation=db.organisation)).rowcount == 1


def touch_session(db: Db, digest: str, now: datetime) -> None:
    db.execute(sa.update(SESSIONS).where(SESSIONS.c.digest == digest).values(seen_at=now))


def end_session(db: Db, digest: str) -> None:
    db.execute(sa.delete(SESSIONS).where(SESSIONS.c.digest == digest))


def end_session_of(db: Db, person: str, digest: str) -> bool:
    """False for a session that is over, or somebody else's."""
    mine = sa.and_(SESSIONS.c.person == person, SESSIONS.c.digest == digest)
    return db.execute(sa.delete(SESSIONS).where(mine)).rowcount == 1


def end_sessions_of(db: Db, person: str, but: str = "") -> int:
    """How many were ended; the one whose digest is `but` stays."""
    mine = sa.and_(SESSIONS.c.person == person, SESSIONS.c.digest != but)
    return db.execute(sa.delete(SESSIONS).where(mine)).rowcount


def forget_devices(db: Db, person: str, but: str = "") -> None:
    """Browsers known from earlier sign-ins are strangers again, but for one."""
    db.execute(sa.delete(DEVICES).where(DEVICES.c.person == person, DEVICES.c.digest != but))


def add_link(db: Db, digest: str, purpose: str, person: str | None, ends_at: datetime, email: str = "") -> None:
    row = {"digest": digest, "purpose": purpose, "person": person, "ends_at": ends_at, "email": email}
    db.execute(sa.insert(LINKS).values(row))


def drop_links(db: Db, purpose: str, person: str | None = None) -> None:
    """Of everybody, or of one person."""
    of_whom = (LINKS.c.person == person,) if person else ()
    db.execute(sa.delete(LINKS).where(LINKS.c.purpose == purpose, *of_whom))


def link(db: Db, digest: str, purpose: str, now: datetime) -> Link | None:
    """The link if it still opens anything. It is not used up."""
    row = db.execute(sa.select(LINKS).where(_open_link(digest, purpose, now))).first()
    return Link(row.purpose, row.person, row.email) if row else None


def use_link(db: Db, digest: str, purpose: str, now: datetime) -> Link | None:
    """As `link`, but of two callers at once only one gets it: the row is gone with the first."""
    found = link(db, digest, purpose, now)
    used = db.execute(sa.delete(LINKS).where(_open_link(digest, purpose, now))).rowcount
    return found if used == 1 else None


def know_device(db: Db, digest: str, person: str, now: datetime) -> None:
    db.execute(sa.delete(DEVICES).where(DEVICES.c.digest == digest, DEVICES.c.person == person))
    db.execute(sa.insert(DEVICES).values(digest=digest, person=person, seen_at=now))


def knows_device(db: Db, digest: str, person: str) -> bool:
    query = sa.select(DEVICES.c.digest).where(DEVICES.c.digest == digest, DEVICES.c.person == person)
    return db.execute(query).first() is not None


def tries(db: Db, subject: str, now: datetime) -> tuple[int, datetime]:
    """Sign-ins tried in vain for a subject, and when last; the row stays locked until the transaction ends."""
    with suppress(IntegrityError), db.connection.begin_nested():  # a row that is there cannot slip past the lock
        db.execute(sa.insert(TRIES).values(subject=subject, failures=0, last_at=now))
    row = db.execute(sa.select(TRIES).where(TRIES.c.subject == subject).with_for_update()).one()
    return row.failures, row.last_at


def set_tries(db: Db, subject: str, failures: int, now: datetime) -> None:
    """After `tries`, in the same transaction. Zero forgets the subject."""
    mine = TRIES.c.subject == subject
    if failures:
        db.execute(sa.update(TRIES).where(mine).values(failures=failures, last_at=now))
    else:
        db.execute(sa.delete(TRIES).where(mine))


def forget_old(db: Db, sessions_before: datetime, now: datetime) -> None:
    """Drops what can let nobody in any more."""
    db.execute(sa.delete(SESSIONS).where(SESSIONS.c.began_at < sessions_before))
    db.execute(sa.delete(LINKS).where(LINKS.c.ends_at <= now))


def _person(db: Db, condition: sa.ColumnElement[bool]) -> Person | None:
    row = db.execute(sa.select(PERSONS).where(condition)).first()
    return _as_person(row) if row else None


def _as_person(row: sa.Row[tuple[object, ...]]) -> Person:
    return Person(**{name: row._mapping[name] for name in PERSONS.c.keys()})  # noqa: SIM118


def _open_link(digest: str, purpose: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(LINKS.c.digest == digest, LINKS.c.purpose == purpose, LINKS.c.ends_at > now)
