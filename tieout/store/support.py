"""Administrators of the installation, and the grants by which one of them looks at an organisation for an hour."""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA, organisation_table
from tieout.store.people import SESSIONS
from tieout.store.types import Moment

PLATFORM_ADMINS = sa.Table(
    "platform_admins",
    METADATA,
    sa.Column("person", ID, sa.ForeignKey("persons.id"), nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.PrimaryKeyConstraint("person"),
)

SUPPORT_GRANTS = organisation_table(
    "support_grants",
    sa.Column("id", ID, nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("person_name", sa.String(120), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by_name", sa.String(120), nullable=False),
    sa.Index("ix_support_grants_person", "person", "ends_at"),
)


@dataclass(frozen=True, slots=True)
class SupportGrant:
    """One administrator may look at one organisation until `ends_at`, unless it was ended before."""

    organisation: str
    id: str
    person: str
    person_name: str
    reason: str
    began_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by_name: str = ""

    def is_open(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.ends_at


_FIELDS = tuple(field.name for field in fields(SupportGrant))


def make_admin(db: Db, person: str, now: datetime) -> bool:
    """False for somebody who is one already."""
    return insert_missing(db, PLATFORM_ADMINS, {"person": person, "since": now})


def unmake_admin(db: Db, person: str) -> bool:
    return db.execute(sa.delete(PLATFORM_ADMINS).where(PLATFORM_ADMINS.c.person == person)).rowcount == 1


def is_admin(db: Db, person: str) -> bool:
    return db.execute(sa.select(PLATFORM_ADMINS.c.person).where(PLATFORM_ADMINS.c.person == person)).first() is not None


def begin(db: Db, grant: SupportGrant) -> None:
    db.execute(sa.insert(SUPPORT_GRANTS).values({name: getattr(grant, name) for name in _FIELDS}))


def end(db: Db, id: str, by_name: str, now: datetime) -> bool:
    """Once."""
    mine = (SUPPORT_GRANTS.c.organisation == db.organisation, SUPPORT_GRANTS.c.id == id)
    change = sa.update(SUPPORT_GRANTS).where(*mine, SUPPORT_GRANTS.c.ended_at.is_(None))
    return db.execute(change.values(ended_at=now, ended_by_name=by_name)).rowcount == 1


def listed(db: Db, limit: int = 20) -> tuple[SupportGrant, ...]:
    """Of the organisation, the newest first."""
    query = sa.select(SUPPORT_GRANTS).where(SUPPORT_GRANTS.c.organisation == db.organisation)
    found = db.execute(query.order_by(SUPPORT_GRANTS.c.began_at.desc()).limit(limit))
    return tuple(SupportGrant(**row._mapping) for row in found)


def open_of(db: Db, person: str, now: datetime) -> tuple[SupportGrant, ...]:
    """Where an administrator may look now; the transaction stands above the organisations."""
    assert not db.organisation, "an administrator may hold grants of several organisations"
    mine = (SUPPORT_GRANTS.c.person == person, SUPPORT_GRANTS.c.ends_at > now, SUPPORT_GRANTS.c.ended_at.is_(None))
    return tuple(SupportGrant(**row._mapping) for row in db.execute(sa.select(SUPPORT_GRANTS).where(*mine)))


def move_session(db: Db, digest: str) -> None:
    """The session stands for this organisation, which a grant opens to its person."""
    db.execute(sa.update(SESSIONS).where(SESSIONS.c.digest == digest).values(organisation=db.organisation))


def role_in(db: Db, session: str, now: datetime) -> str | None:
    """The role of a session in the organisation it stands for while a grant opens that; None without one."""
    table = SUPPORT_GRANTS
    is_same = (table.c.organisation == SESSIONS.c.organisation) & (table.c.person == SESSIONS.c.person)
    granted = sa.select(table.c.id).join(SESSIONS, is_same)
    is_open = (SESSIONS.c.digest == session, table.c.ended_at.is_(None), table.c.ends_at > now)
    return "support" if db.execute(granted.where(*is_open)).first() else None
