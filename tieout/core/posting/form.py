"""A posting as a plain, JSON-able dictionary and back: the form in which it is kept and shown."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from tieout.core.posting.records import Attempt, Posting, Reason, State

Record = dict[str, Any]


def to_record(posting: Posting) -> Record:
    """Text, whole numbers, booleans, None and lists only; moments as ISO 8601 with their offset."""
    record = {field.name: _plain(getattr(posting, field.name)) for field in fields(Posting)}
    record["attempts"] = [
        {field.name: _plain(getattr(attempt, field.name)) for field in fields(Attempt)} for attempt in posting.attempts
    ]
    return record


def from_record(record: Mapping[str, Any]) -> Posting:
    """The posting that `to_record` was given. Raises KeyError or ValueError on anything else."""
    return Posting(
        number=record["number"],
        unique=record["unique"],
        books_id=record["books_id"],
        state=State(record["state"]),
        fence=record["fence"],
        lease_owner=record["lease_owner"],
        lease_until=_moment(record["lease_until"]),
        next_at=_moment(record["next_at"]),
        tries=record["tries"],
        looks=record["looks"],
        attempt_count=record["attempt_count"],
        attempts=tuple(_attempt(attempt) for attempt in record["attempts"]),
        clear_at=_moment(record["clear_at"]),
        number_taken=record["number_taken"],
        remote_id=record["remote_id"],
        reason=Reason(record["reason"]) if record["reason"] else None,
        evidence=tuple(record["evidence"]),
    )


def _attempt(record: Mapping[str, Any]) -> Attempt:
    return Attempt(
        number=record["number"],
        key=record["key"],
        fence=record["fence"],
        first_sent_at=datetime.fromisoformat(record["first_sent_at"]),
        sent_at=datetime.fromisoformat(record["sent_at"]),
        token_id=record["token_id"],
        token_expires_at=datetime.fromisoformat(record["token_expires_at"]),
        is_dead=record["is_dead"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (State, Reason)):
        return value.value
    return list(value) if isinstance(value, tuple) else value
