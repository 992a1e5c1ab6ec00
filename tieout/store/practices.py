"""Practices: named groups of persons, the clients that let a whole practice in, and invitations to join one.

Practices and their members stand above organisations, since a practice has many clients; an access belongs to one.
"""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA, organisation_table
from tieout.store.people import MEMBERS, PERSONS
from tieout.store.types import Moment

PRACTICES = sa.Table(
    "practices",
    METADATA,
    sa.Column("id", ID, nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("code", sa.String(16), nullable=False, unique=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.PrimaryKeyConstraint("id"),
)

PRACTICE_MEMBERS = sa.Table(
    "practice_members",
    METADATA,
    sa.Column("practice", ID, sa.ForeignKey("practices.id"), nullable=False),
    sa.Column("person", ID, sa.ForeignKey("persons.id"), nullable=False),
    sa.Column("is_lead", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.PrimaryKeyConstraint("practice", "person"),
    sa.Index("ix_practice_members_person", "person"),
)

PRACTICE_INVITATIONS = sa.Table(
    "practice_invitations",
    METADATA,
    sa.Column("id", ID, nullable=False),
    sa.Column("practice", ID, sa.ForeignKey("practices.id"), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("invited_by_name", sa.String(120), nullable=False),
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.PrimaryKeyConstraint("id"),
)

ACCESS = organisation_table(
    "practice_access",
    sa.Column("practice", ID, sa.ForeignKey("practices.id"), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("granted_by_name", sa.String(120), nullable=False),
    sa.Column("granted_at", Moment, nullable=False),
    sa.Index("ix_practice_access_practice", "practice"),
    key=("practice",),
)


@dataclass(frozen=True, slots=True)
class Practice:
    """`code` is what a client types to let it in; it opens nothing."""

    id: str
    name: str
    code: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Colleague:
    person: str
    name: str
    email: str
    is_lead: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """One client lets a practice in: every member of it, with this role."""

    organisation: str
    practice: str
    role: str
    granted_by_name: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class JoinLink:
    """An invitation to join a practice; `state` is open, accepted or withdrawn."""

    id: str
    practice: str
    email: str
    digest: str
    state: str
    invited_by_name: str
    sent_at: datetime
    ends_at: datetime


_ACCESS = tuple(field.name for field in fields(Access))
_LINK = tuple(field.name for field in fields(JoinLink))


def add(db: Db, practice: Practice, lead: str) -> None:
    values = {"id": practice.id, "name": practice.name, "code": practice.code, "made_at": practice.made_at}
    db.execute(sa.insert(PRACTICES).values(**values))
    join(db, practice.id, lead, practice.made_at, is_lead=True)


def find(db: Db, id: str) -> Practice | None:
    return _practice(db, PRACTICES.c.id == id)


def by_code(db: Db, code: str) -> Practice | None:
    return _practice(db, PRACTICES.c.code == code)


def of_person(db: Db, person: str) -> tuple[Practice, ...]:
    """By name."""
    joined = sa.select(PRACTICES).join(PRACTICE_MEMBERS, PRACTICE_MEMBERS.c.practice == PRACTICES.c.id)
    query = joined.where(PRACTICE_MEMBERS.c.person == person).order_by(PRACTICES.c.name, PRACTICES.c.id)
    return tuple(Practice(**row._mapping) for row in db.execute(query))


def colleagues(db: Db, practice: str) -> tuple[Colleague, ...]:
    """By name."""
    columns = (PERSONS.c.id.label("person"), PERSONS.c.name, PERSONS.c.email)
    joined = sa.select(*columns, PRACTICE_MEMBERS.c.is_lead, PRACTICE_MEMBERS.c.since).join(
        PRACTICE_MEMBERS, PRACTICE_MEMBERS.c.person == PERSONS.c.id
    )
    query = joined.where(PRACTICE_MEMBERS.c.practice == practice).order_by(PERSONS.c.name, PERSONS.c.id)
    return tuple(Colleague(**row._mapping) for row in db.execute(query))


def is_lead(db: Db, practice: str, person: str) -> bool | None:
    """None for somebody who does not belong to it."""
    mine = (PRACTICE_MEMBERS.c.practice == practice, PRACTICE_MEMBERS.c.person == person)
    found: bool | None = db.execute(sa.select(PRACTICE_MEMBERS.c.is_lead).where(*mine)).scalar()
    return found


def lock(db: Db, practice: str) -> None:
    """Until the transaction ends nobody else changes who belongs to the practice or where it gets in."""
    db.execute(sa.select(PRACTICES.c.id).where(PRACTICES.c.id == practice).with_for_update()).first()


def join(db: Db, practice: str, person: str, now: datetime, is_lead: bool = False) -> bool:
    """False for somebody who belongs to it already."""
    values = {"practice": practice, "person": person, "is_lead": is_lead, "since": now}
    return insert_missing(db, PRACTICE_MEMBERS, values)


def leave(db: Db, practice: str, person: str) -> bool:
    mine = (PRACTICE_MEMBERS.c.practice == practice, PRACTICE_MEMBERS.c.person == person)
    return db.execute(sa.delete(PRACTICE_MEMBERS).where(*mine)).rowcount == 1


def set_lead(db: Db, practice: str, person: str) -> bool:
    mine = (PRACTICE_MEMBERS.c.practice == practice, PRACTICE_MEMBERS.c.person == person)
    return db.execute(sa.update(PRACTICE_MEMBERS).where(*mine).values(is_lead=True)).rowcount == 1


# --- Clients --------------------------------------------------------------------------------------------------------


def grant(db: Db, access: Access) -> None:
    """In the client's own transaction; a second time it changes the role."""
    end(db, access.practice)
    db.execute(sa.insert(ACCESS).values({name: getattr(access, name) for name in _ACCESS}))


def end(db: Db, practice: str) -> bool:
    mine = (ACCESS.c.organisation == db.organisation, ACCESS.c.practice == practice)
    return db.execute(sa.delete(ACCESS).where(*mine)).rowcount == 1


def granted(db: Db) -> tuple[tuple[Practice, Access], ...]:
    """Which practices the organisation lets in, by name."""
    columns = (ACCESS.c[name] for name in _ACCESS)
    query = (
        sa.select(PRACTICES.c.id, PRACTICES.c.name, PRACTICES.c.code, PRACTICES.c.made_at, *columns)
        .join(ACCESS, ACCESS.c.practice == PRACTICES.c.id)
        .where(ACCESS.c.organisation == db.organisation)
        .order_by(PRACTICES.c.name, PRACTICES.c.id)
    )
    return tuple(
        (
            Practice(row.id, row.name, row.code, row.made_at),
            Access(row.organisation, row.practice, row.role, row.granted_by_name, row.granted_at),
        )
        for row in db.execute(query)
    )


def clients(db: Db, practice: str) -> tuple[str, ...]:
    """The organisations that let it in; the transaction stands above them."""
    assert not db.organisation, "a practice has clients in several organisations"
    return tuple(db.execute(sa.select(ACCESS.c.organisation).where(ACCESS.c.practice == practice)).scalars())


def settle(db: Db, now: datetime) -> tuple[str, ...]:
    """Makes the organisation's members what its practices say; returns the persons who lost their place by it.

    Safe to repeat. Who is a member by themselves stays one, with their own role. Who was suspended stays so while the
    practice gets in, also where they left it: to leave and to join again opens nothing.
    """
    meant = _meant(db)
    mine = MEMBERS.c.organisation == db.organisation
    present = {row.person: row for row in db.execute(sa.select(MEMBERS).where(mine))}
    for person, (practice, role) in meant.items():
        if person not in present:
            values = {"organisation": db.organisation, "person": person, "role": role, "since": now}
            insert_missing(db, MEMBERS, values | {"practice": practice})
        elif present[person].practice and (present[person].practice, present[person].role) != (practice, role):
            change = sa.update(MEMBERS).where(mine, MEMBERS.c.person == person)
            db.execute(change.values(role=role, practice=practice))
    inside = {practice.id for practice, _ in granted(db)}
    shut_out = {id for id, row in present.items() if row.suspended_at is not None and row.practice in inside}
    gone = tuple(sorted(id for id, row in present.items() if row.practice and id not in meant and id not in shut_out))
    db.execute(sa.delete(MEMBERS).where(mine, MEMBERS.c.person.in_(gone)))
    return gone


def _meant(db: Db) -> dict[str, tuple[str, str]]:
    """Person → practice and role; of several the one that was let in first."""
    query = (
        sa.select(PRACTICE_MEMBERS.c.person, ACCESS.c.practice, ACCESS.c.role)
        .join(ACCESS, ACCESS.c.practice == PRACTICE_MEMBERS.c.practice)
        .where(ACCESS.c.organisation == db.organisation)
        .order_by(ACCESS.c.granted_at.desc(), ACCESS.c.practice)
    )
    return {row.person: (row.practice, row.role) for row in db.execute(query)}


# --- Invitations to join --------------------------------------------------------------------------------------------


def add_link(db: Db, link: JoinLink) -> None:
    db.execute(sa.insert(PRACTICE_INVITATIONS).values({name: getattr(link, name) for name in _LINK}))


def link(db: Db, digest: str, now: datetime) -> JoinLink | None:
    """The invitation if it still opens anything; looking does not use it up."""
    row = db.execute(sa.select(PRACTICE_INVITATIONS).where(*_open(digest, now))).first()
    return JoinLink(**row._mapping) if row else None


def links(db: Db, practice: str, now: datetime) -> tuple[JoinLink, ...]:
    table = PRACTICE_INVITATIONS
    mine = (table.c.practice == practice, table.c.state == "open", table.c.ends_at > now)
    return tuple(JoinLink(**row._mapping) for row in db.execute(sa.select(table).where(*mine).order_by(table.c.email)))


def end_link(db: Db, practice: str, digest_or_id: str, state: str, now: datetime) -> bool:
    """Once: of two who use it at the same moment one gets True."""
    table = PRACTICE_INVITATIONS
    named = sa.or_(table.c.digest == digest_or_id, table.c.id == digest_or_id)
    change = sa.update(table).where(named, table.c.practice == practice, table.c.state == "open", table.c.ends_at > now)
    return db.execute(change.values(state=state)).rowcount == 1


def end_links(db: Db, practice: str) -> None:
    """Every open one is withdrawn."""
    table = PRACTICE_INVITATIONS
    change = sa.update(table).where(table.c.practice == practice, table.c.state == "open")
    db.execute(change.values(state="withdrawn"))


def _open(digest: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    table = PRACTICE_INVITATIONS
    return table.c.digest == digest, table.c.state == "open", table.c.ends_at > now


def _practice(db: Db, condition: sa.ColumnElement[bool]) -> Practice | None:
    row = db.execute(sa.select(PRACTICES).where(condition)).first()
    return Practice(**row._mapping) if row else None
