"""One-time links by which somebody with rights in the books consents for an organisation; only their digest is kept."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.dialect import alone
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

LINKS = organisation_table(
    "consent_links",
    sa.Column("id", sa.String(64), nullable=False),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("made_by", ID, nullable=False),
    sa.Column("made_by_name", sa.String(255), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("sent_to", sa.String(254), nullable=False),
    sa.Column("browser", sa.String(64), nullable=False),
    sa.Column("opened_at", Moment),
    sa.Column("used_at", Moment),
    sa.Column("used_by_name", sa.String(255), nullable=False),
    sa.Column("withdrawn_at", Moment),
)


@dataclass(frozen=True, slots=True)
class Link:
    """`connection` is the one to be renewed, empty for new books. `browser` is the one that opened it, as a digest."""

    id: str
    platform: str
    connection: str
    made_by: str
    made_by_name: str
    made_at: datetime
    sent_to: str = ""
    browser: str = ""
    opened_at: datetime | None = None
    used_at: datetime | None = None
    used_by_name: str = ""
    withdrawn_at: datetime | None = None


_FIELDS = tuple(field.name for field in fields(Link))


def add(db: Db, link: Link, older_than: datetime) -> None:
    """Keeps the link, and drops those made before `older_than`."""
    db.execute(LINKS.delete().where(_mine(db), LINKS.c.made_at < older_than))
    db.execute(LINKS.insert().values(organisation=db.organisation, **{n: getattr(link, n) for n in _FIELDS}))


def find(db: Db, link: str) -> Link | None:
    row = db.execute(_chosen(db).where(LINKS.c.id == link)).first()
    return None if row is None else Link(**dict(row._mapping))


def listed(db: Db, limit: int = 20) -> tuple[Link, ...]:
    """The newest first."""
    query = _chosen(db).order_by(LINKS.c.made_at.desc(), LINKS.c.id).limit(limit)
    return tuple(Link(**dict(row._mapping)) for row in db.execute(query))


def of_connection(db: Db, connection: str) -> tuple[Link, ...]:
    """Those that renew this one, the newest first."""
    query = _chosen(db).where(LINKS.c.connection == connection).order_by(LINKS.c.made_at.desc(), LINKS.c.id)
    return tuple(Link(**dict(row._mapping)) for row in db.execute(query))


def one_by_one(db: Db) -> None:
    """Until the transaction ends nobody else makes a link that should be the only one."""
    alone(db, "consent_links")


def open_in(db: Db, link: str, browser: str, now: datetime) -> bool:
    """Binds it to the first browser that begins with it; True for that one, also when it begins again."""
    free = _update(db, link).where(LINKS.c.browser.in_(("", browser)), LINKS.c.used_at.is_(None))
    opened_at = sa.func.coalesce(LINKS.c.opened_at, sa.bindparam("opened", now, type_=Moment))
    return db.execute(free.values(browser=browser, opened_at=opened_at)).rowcount == 1


def use(db: Db, link: str, by: str, now: datetime) -> bool:
    """It led to a connection; once."""
    unused = _update(db, link).where(LINKS.c.used_at.is_(None), LINKS.c.withdrawn_at.is_(None))
    return db.execute(unused.values(used_at=now, used_by_name=by[:255])).rowcount == 1


def withdraw(db: Db, link: str, now: datetime) -> bool:
    unused = _update(db, link).where(LINKS.c.used_at.is_(None), LINKS.c.withdrawn_at.is_(None))
    return db.execute(unused.values(withdrawn_at=now)).rowcount == 1


def _chosen(db: Db) -> sa.Select[Any]:
    return sa.select(*(LINKS.c[name] for name in _FIELDS)).where(_mine(db))


def _update(db: Db, link: str) -> sa.Update:
    return LINKS.update().where(_mine(db), LINKS.c.id == link)


def _mine(db: Db) -> sa.ColumnElement[bool]:
    return LINKS.c.organisation == db.organisation
