"""Requests that carried a key of the caller's, and the first answer to each: the same key gets the same answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import organisation_table
from tieout.store.types import Moment

REQUESTS = organisation_table(
    "api_requests",
    sa.Column("key", sa.String(128), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.JSON),
    sa.Column("body", sa.LargeBinary),
    sa.Index("ix_api_requests_began_at", "organisation", "began_at"),
    key=("key",),
)


@dataclass(frozen=True, slots=True)
class Request:
    """`fingerprint` covers method, address and body. `status` is None until it has been answered."""

    key: str
    fingerprint: str
    began_at: datetime
    status: int | None = None
    headers: dict[str, str] | None = None
    body: bytes = b""


def begin(db: Db, key: str, fingerprint: str, now: datetime, forget_before: datetime) -> Request | None:
    """None for the first caller with a key, who then answers or lets go; else what the first one asked.

    Of callers at once, exactly one is the first. What is older than `forget_before` is gone.
    """
    old = (REQUESTS.c.organisation == db.organisation, REQUESTS.c.began_at < forget_before)
    db.execute(sa.delete(REQUESTS).where(*old))
    row: dict[str, Any] = {"organisation": db.organisation, "key": key, "fingerprint": fingerprint, "began_at": now}
    return None if insert_missing(db, REQUESTS, row) else _find(db, key)


def take_over(db: Db, key: str, was: datetime, now: datetime) -> bool:
    """Begin again what a caller began at `was` and never answered; False when somebody else was quicker."""
    unanswered = (*_mine(db, key), REQUESTS.c.status.is_(None), REQUESTS.c.began_at == was)
    return db.execute(sa.update(REQUESTS).where(*unanswered).values(began_at=now)).rowcount == 1


def answer(db: Db, key: str, status: int, headers: dict[str, str], body: bytes) -> None:
    db.execute(sa.update(REQUESTS).where(*_mine(db, key)).values(status=status, headers=headers, body=body))


def let_go(db: Db, key: str) -> None:
    """Nothing was done: the key is free again. An answer that was given stays."""
    db.execute(sa.delete(REQUESTS).where(*_mine(db, key), REQUESTS.c.status.is_(None)))


def _find(db: Db, key: str) -> Request | None:
    row = db.execute(sa.select(REQUESTS).where(*_mine(db, key))).first()
    if row is None:
        return None
    return Request(row.key, row.fingerprint, row.began_at, row.status, row.headers, row.body or b"")


def _mine(db: Db, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return REQUESTS.c.organisation == db.organisation, REQUESTS.c.key == key
