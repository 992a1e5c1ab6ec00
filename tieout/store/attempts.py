"""Intent before, outcome after: one row a send of one document, and one row a call with its key and exact bytes.

A row is written once and closed once; nothing else in it ever changes.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from tieout.core.failure import Failure, FailureKind
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table, within
from tieout.store.types import Moment

SENDS = organisation_table(
    "sends",
    sa.Column("id", ID, nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("body_hash", sa.String(64), nullable=False),
    sa.Column("numbers", sa.JSON, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
)

ATTEMPTS = organisation_table(
    "attempts",
    sa.Column("id", ID, nullable=False),
    sa.Column("posting", ID, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("send", ID, nullable=False),
    sa.Column("token_id", sa.String(64), nullable=False),
    sa.Column("is_repeat", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("outcome", sa.String(32)),
    sa.Column("failure", sa.JSON),
    within(("posting",), "postings"),
    within(("send",), "sends"),
    sa.UniqueConstraint("organisation", "posting", "number"),
    sa.Index("ix_attempts_send", "organisation", "send"),
)


@dataclass(frozen=True, slots=True)
class Send:
    """One call that carries documents. `id` is also its idempotency key; a repeat sends `body` again, byte for byte."""

    id: str
    connection: str
    kind: str
    body: bytes
    numbers: tuple[str, ...]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    id: str
    posting: str
    number: int
    send: str
    token_id: str
    is_repeat: bool
    began_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    failure: Failure | None = None


def record_send(db: Db, send: Send) -> None:
    values: dict[str, Any] = {
        "organisation": db.organisation,
        "id": send.id,
        "connection": send.connection,
        "kind": send.kind,
        "body": zlib.compress(send.body),
        "body_hash": sha256(send.body).hexdigest(),
        "numbers": list(send.numbers),
        "recorded_at": send.recorded_at,
    }
    db.execute(sa.insert(SENDS), values)


def send(db: Db, id: str) -> Send | None:
    query = sa.select(SENDS).where(SENDS.c.organisation == db.organisation, SENDS.c.id == id)
    row = db.execute(query).mappings().first()
    if row is None:
        return None
    body = zlib.decompress(row["body"])
    assert sha256(body).hexdigest() == row["body_hash"], "the bytes of a send never change"
    return Send(id, row["connection"], row["kind"], body, tuple(row["numbers"]), row["recorded_at"])


def begin(db: Db, attempts: Sequence[Attempt]) -> None:
    """Commit this before the socket opens. The unique posting and number refuse a second worker."""
    rows = [
        {
            "organisation": db.organisation,
            "id": attempt.id,
            "posting": attempt.posting,
            "number": attempt.number,
            "send": attempt.send,
            "token_id": attempt.token_id,
            "is_repeat": attempt.is_repeat,
            "began_at": attempt.began_at,
        }
        for attempt in attempts
    ]
    if rows:
        db.execute(sa.insert(ATTEMPTS), rows)


def end(db: Db, posting: str, number: int, at: datetime, outcome: str, failure: Failure | None) -> None:
    """Close an attempt. Only an open one can be closed: the first word stands."""
    where = (ATTEMPTS.c.organisation == db.organisation, ATTEMPTS.c.posting == posting, ATTEMPTS.c.number == number)
    values = {"ended_at": at, "outcome": outcome, "failure": _failure_record(failure)}
    db.execute(sa.update(ATTEMPTS).where(*where, ATTEMPTS.c.ended_at.is_(None)).values(values))


def of_postings(db: Db, postings: Sequence[str]) -> Sequence[Attempt]:
    query = sa.select(ATTEMPTS).where(ATTEMPTS.c.organisation == db.organisation, ATTEMPTS.c.posting.in_(postings))
    return [_attempt(row) for row in db.execute(query.order_by(ATTEMPTS.c.posting, ATTEMPTS.c.number)).mappings()]


def last_failure(db: Db, posting: str) -> Failure | None:
    """What the books said last, if they said no."""
    query = sa.select(ATTEMPTS.c.failure).where(
        ATTEMPTS.c.organisation == db.organisation, ATTEMPTS.c.posting == posting
    )
    row = db.execute(query.where(ATTEMPTS.c.ended_at.is_not(None)).order_by(ATTEMPTS.c.number.desc()).limit(1)).first()
    return _failure(row[0]) if row else None


def _attempt(row: sa.RowMapping) -> Attempt:
    return Attempt(
        id=row["id"],
        posting=row["posting"],
        number=row["number"],
        send=row["send"],
        token_id=row["token_id"],
        is_repeat=row["is_repeat"],
        began_at=row["began_at"],
        ended_at=row["ended_at"],
        outcome=row["outcome"] or "",
        failure=_failure(row["failure"]),
    )


def _failure_record(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "code": failure.code,
        "words": list(failure.words),
        "status": failure.status,
        "correlation_id": failure.correlation_id,
    }


def _failure(record: dict[str, Any] | None) -> Failure | None:
    if record is None:
        return None
    kind, words = FailureKind(record["kind"]), tuple(record["words"])
    return Failure(kind, record["code"], words, record["status"], record["correlation_id"])
