"""The few things that SQLite and PostgreSQL say differently."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from tieout.store.engine import Db


def insert_missing(db: Db, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Inserts a row unless one with the same key is there; True where it was inserted. No error, no race, on either."""
    insert = sqlite.insert if db.connection.dialect.name == "sqlite" else postgresql.insert
    inserted = insert(table).values(**values).on_conflict_do_nothing().returning(sa.literal(1))
    return db.execute(inserted).first() is not None  # an INSERT tells no rowcount on PostgreSQL


def claimable(connection: sa.Connection, due: sa.Select[Any]) -> sa.Select[Any]:
    """Of rows that are due, those that no other worker is claiming at this moment.

    PostgreSQL skips locked rows; on SQLite a writing transaction is alone already. The claim itself is a conditional
    update on the row's fence whose rowcount is looked at: `claim`.
    """
    return due.with_for_update(skip_locked=True) if connection.dialect.name == "postgresql" else due


def claim(db: Db, table: sa.Table, key: Mapping[str, Any], fence: int, values: Mapping[str, Any]) -> bool:
    """Raises the fence of one row that still has the fence that was read, and sets values; False if it has moved on."""
    row = sa.and_(table.c.organisation == db.organisation, *(table.c[name] == value for name, value in key.items()))
    change = table.update().where(row, table.c.fence == fence).values(fence=fence + 1, **values)
    return db.execute(change).rowcount == 1


def one_at_a_time(connection: sa.Connection, number: int) -> None:
    """Until the end of the transaction no other one with this number runs, in any worker on the database."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def alone(db: Db, subject: str) -> None:
    """Until the end of the transaction nobody else of this organisation is alone with the same subject.

    For what reads the newest version and writes the next: on PostgreSQL two of them would run at the same time, on
    SQLite a writing transaction is alone anyway.
    """
    digest = sha256(f"{db.organisation} {subject}".encode()).digest()
    one_at_a_time(db.connection, int.from_bytes(digest[:8], signed=True))
