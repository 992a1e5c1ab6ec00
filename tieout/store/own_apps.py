"""An organisation's own app at a platform: its client id, and its secret, sealed and never shown again."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.connections import CONNECTIONS
from tieout.store.drafts import DRAFTS
from tieout.store.engine import Db
from tieout.store.metadata import organisation_table
from tieout.store.types import Moment

OWN_APPS = organisation_table(
    "own_apps",
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("client_id", sa.String(128), nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("is_custom", sa.Boolean, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("changed_by_name", sa.String(255), nullable=False),
    sa.Column("used_at", Moment),
    key=("platform",),
)


@dataclass(frozen=True, slots=True)
class OwnApp:
    """`secret` is sealed. `is_custom`: the app itself is let into one set of books; nobody consents in a browser."""

    organisation: str
    platform: str
    client_id: str
    secret: str
    is_custom: bool
    changed_at: datetime
    changed_by_name: str
    used_at: datetime | None = None


_FIELDS = tuple(field.name for field in fields(OwnApp))


def put(db: Db, app: OwnApp) -> None:
    """In the place of the one before."""
    remove(db, app.platform)
    db.execute(OWN_APPS.insert().values(**{name: getattr(app, name) for name in _FIELDS}))


def remove(db: Db, platform: str) -> bool:
    return db.execute(OWN_APPS.delete().where(_mine(db), OWN_APPS.c.platform == platform)).rowcount == 1


def find(db: Db, platform: str) -> OwnApp | None:
    row = db.execute(_chosen().where(_mine(db), OWN_APPS.c.platform == platform)).first()
    return None if row is None else OwnApp(**dict(row._mapping))


def listed(db: Db) -> tuple[OwnApp, ...]:
    rows = db.execute(_chosen().where(_mine(db)).order_by(OWN_APPS.c.platform))
    return tuple(OwnApp(**dict(row._mapping)) for row in rows)


def of_grant(db: Db, platform: str, client_id: str, grant: str, beside: str = "") -> OwnApp | None:
    """The newest of those whom the grant serves, who have yet to choose its books, or who let it go (`beside`).

    A client id is no secret: an organisation that enters another's must neither use its secret nor spoil its access.
    `db` stands above the organisations.
    """
    assert not db.organisation, "a grant may serve several organisations"
    served = sa.select(CONNECTIONS.c.organisation).where(CONNECTIONS.c.grant == grant)
    chooses = sa.select(DRAFTS.c.organisation).where(DRAFTS.c.grant == grant)
    where = (OWN_APPS.c.platform == platform, OWN_APPS.c.client_id == client_id)
    own = OWN_APPS.c.organisation
    mine = sa.or_(own.in_(served), own.in_(chooses), own == beside)
    row = db.execute(_chosen().where(*where, mine).order_by(OWN_APPS.c.changed_at.desc()).limit(1)).first()
    return None if row is None else OwnApp(**dict(row._mapping))


def used(db: Db, platform: str, now: datetime, before: datetime) -> bool:
    """Notes that it was used; False where that is on record since `before`."""
    is_old = sa.or_(OWN_APPS.c.used_at.is_(None), OWN_APPS.c.used_at < before)
    change = OWN_APPS.update().where(_mine(db), OWN_APPS.c.platform == platform, is_old)
    return db.execute(change.values(used_at=now)).rowcount == 1


def _chosen() -> sa.Select[Any]:
    return sa.select(*(OWN_APPS.c[name] for name in _FIELDS))


def _mine(db: Db) -> sa.ColumnElement[bool]:
    return OWN_APPS.c.organisation == db.organisation
