"""Encounters: what one person met at our door and has not got past yet, one row a person and problem."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

ENCOUNTERS = organisation_table(
    "encounters",
    sa.Column("person", ID, nullable=False),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("met_at", Moment, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    key=("person", "code"),
)


@dataclass(frozen=True, slots=True)
class Encounter:
    """`code` is a problem's; `facts` are words for its page: an address, a release, a right."""

    person: str
    code: str
    met_at: datetime
    facts: Mapping[str, str]


def put(db: Db, met: Encounter) -> None:
    """The same met again takes the place of the one before."""
    values = {"met_at": met.met_at, "facts": dict(met.facts)}
    if not db.execute(ENCOUNTERS.update().where(_mine(db, met.person, met.code)).values(**values)).rowcount:
        db.execute(ENCOUNTERS.insert().values(organisation=db.organisation, person=met.person, code=met.code, **values))


def listed(db: Db, person: str = "") -> tuple[Encounter, ...]:
    """Of one person, or of everybody."""
    table = ENCOUNTERS
    columns = (table.c.person, table.c.code, table.c.met_at, table.c.facts)
    query = sa.select(*columns).where(table.c.organisation == db.organisation)
    if person:
        query = query.where(table.c.person == person)
    return tuple(Encounter(**row._mapping) for row in db.execute(query.order_by(table.c.met_at)))


def drop(db: Db, person: str, code: str) -> bool:
    """False where there was none."""
    return db.execute(ENCOUNTERS.delete().where(_mine(db, person, code))).rowcount > 0


def _mine(db: Db, person: str, code: str) -> sa.ColumnElement[bool]:
    table = ENCOUNTERS
    return sa.and_(table.c.organisation == db.organisation, table.c.person == person, table.c.code == code)
