"""Organisations: the customers of this installation. Every other row belongs to one."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA
from tieout.store.types import Moment
from tieout.store.vault import Vault

ORGANISATIONS = sa.Table(
    "organisations",
    METADATA,
    sa.Column("id", ID, nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.PrimaryKeyConstraint("id"),
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """`country` is ISO 3166 (GB), `zone` names the time zone whose months the books keep (Europe/London)."""

    id: str
    name: str
    country: str
    zone: str
    created_at: datetime


def create(db: Db, vault: Vault, organisation: Organisation) -> None:
    """The organisation and its first data key, in one transaction: from the commit on its secrets can be sealed."""
    assert db.organisation == organisation.id, "an organisation is made in a transaction of its own"
    row = {column.name: getattr(organisation, column.name) for column in ORGANISATIONS.columns}
    db.execute(ORGANISATIONS.insert().values(row))
    vault.add_key(db, organisation.created_at)


def find(db: Db) -> Organisation | None:
    """The organisation that the transaction was opened for."""
    row = db.execute(sa.select(ORGANISATIONS).where(ORGANISATIONS.c.id == db.organisation)).first()
    return None if row is None else Organisation(**row._mapping)


def change(db: Db, name: str, country: str, zone: str) -> None:
    """New name, country and zone; what was planned before keeps the zone it was planned with."""
    changed = ORGANISATIONS.update().where(ORGANISATIONS.c.id == db.organisation)
    db.execute(changed.values(name=name, country=country, zone=zone))
