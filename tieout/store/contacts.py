"""Which contact of the books a channel's documents name: found or created once, then remembered."""

from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

BOOKS_CONTACTS = organisation_table(
    "books_contacts",
    sa.Column("connection", ID, nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("remote_id", sa.String(64), nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    key=("connection", "name"),
)


def remembered(db: Db, connection: str, names: tuple[str, ...]) -> dict[str, str]:
    table = BOOKS_CONTACTS
    wanted = (table.c.organisation == db.organisation) & (table.c.connection == connection) & table.c.name.in_(names)
    query = sa.select(table.c.name, table.c.remote_id).where(wanted)
    return {row.name: row.remote_id for row in db.execute(query)}


def remember(db: Db, connection: str, name: str, remote_id: str, at: datetime) -> None:
    forget(db, connection, name)
    values = {"connection": connection, "name": name, "remote_id": remote_id, "seen_at": at}
    db.execute(sa.insert(BOOKS_CONTACTS), {"organisation": db.organisation, **values})


def forget(db: Db, connection: str, name: str) -> None:
    table = BOOKS_CONTACTS
    where = (table.c.organisation == db.organisation, table.c.connection == connection, table.c.name == name)
    db.execute(sa.delete(table).where(*where))
