"""Who belongs to an organisation, seen from the organisation: the list, roles, suspensions, ends."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tieout.store.dialect import alone, insert_missing
from tieout.store.engine import Db
from tieout.store.people import MEMBERS, PERSONS, SESSIONS, STANDS
from tieout.store.practices import PRACTICES


@dataclass(frozen=True, slots=True)
class Membership:
    """`practice` is the id of the practice that somebody came with, empty for who is a member by themselves."""

    person: str
    name: str
    email: str
    role: str
    since: datetime
    suspended_at: datetime | None
    seen_at: datetime | None
    practice: str
    practice_name: str


def listed(db: Db) -> tuple[Membership, ...]:
    """Everybody, suspended ones too, by name."""
    query = _chosen(db).order_by(PERSONS.c.name, PERSONS.c.id)
    return tuple(_membership(row) for row in db.execute(query))


def find(db: Db, person: str) -> Membership | None:
    row = db.execute(_chosen(db).where(MEMBERS.c.person == person)).first()
    return _membership(row) if row else None


def one_by_one(db: Db) -> None:
    """Until the transaction ends nobody else changes who belongs here: two owners cannot both step down."""
    alone(db, "members")


def owners(db: Db) -> int:
    """How many owners stand; suspended ones do not count."""
    mine = (MEMBERS.c.organisation == db.organisation, MEMBERS.c.role == "owner", STANDS)
    return int(db.execute(sa.select(sa.func.count()).select_from(MEMBERS).where(*mine)).scalar_one())


def add(db: Db, person: str, role: str, now: datetime) -> bool:
    """A member of their own, also where they came with a practice before; False for who is one already."""
    values = {"organisation": db.organisation, "person": person, "role": role, "since": now}
    if insert_missing(db, MEMBERS, values):
        return True
    came_along = _change(db, person).where(MEMBERS.c.practice.is_not(None))
    return db.execute(came_along.values(role=role, practice=None, suspended_at=None)).rowcount == 1


def set_role(db: Db, person: str, role: str) -> None:
    """Whoever is given a role by name is a member by themselves from now on."""
    db.execute(_change(db, person).values(role=role, practice=None))


def suspend(db: Db, person: str, now: datetime | None) -> bool:
    """None for `now` lets them in again; False where nothing changed."""
    was = MEMBERS.c.suspended_at.is_(None) if now else MEMBERS.c.suspended_at.is_not(None)
    if db.execute(_change(db, person).where(was).values(suspended_at=now)).rowcount != 1:
        return False
    if now:
        end_sessions(db, person)
    return True


def remove(db: Db, person: str) -> bool:
    mine = (MEMBERS.c.organisation == db.organisation, MEMBERS.c.person == person)
    end_sessions(db, person)
    return db.execute(sa.delete(MEMBERS).where(*mine)).rowcount == 1


def end_sessions(db: Db, person: str) -> None:
    """Those that stand for this organisation, on every device."""
    db.execute(sa.delete(SESSIONS).where(SESSIONS.c.person == person, SESSIONS.c.organisation == db.organisation))


def seen(db: Db, person: str, now: datetime) -> None:
    db.execute(_change(db, person).values(seen_at=now))


def _change(db: Db, person: str) -> sa.Update:
    return sa.update(MEMBERS).where(MEMBERS.c.organisation == db.organisation, MEMBERS.c.person == person)


def _chosen(db: Db) -> sa.Select[tuple[object, ...]]:
    columns = (MEMBERS.c.role, MEMBERS.c.since, MEMBERS.c.suspended_at, MEMBERS.c.seen_at, MEMBERS.c.practice)
    joined = sa.join(MEMBERS, PERSONS, PERSONS.c.id == MEMBERS.c.person)
    joined = joined.outerjoin(PRACTICES, PRACTICES.c.id == MEMBERS.c.practice)
    shown = (PERSONS.c.id, PERSONS.c.name, PERSONS.c.email, *columns, PRACTICES.c.name.label("practice_name"))
    return sa.select(*shown).select_from(joined).where(MEMBERS.c.organisation == db.organisation)


def _membership(row: sa.Row[tuple[object, ...]]) -> Membership:
    came = (row.practice or "", row.practice_name or "")
    return Membership(row.id, row.name, row.email, row.role, row.since, row.suspended_at, row.seen_at, *came)
