"""Completion links: what an accountant sends to a client, who authorises channels with them and needs no account."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

COMPLETION_LINKS = organisation_table(
    "completion_links",
    sa.Column("id", ID, nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reconnects", ID, nullable=False),
    sa.Column("offers_ownership", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("made_by", ID, nullable=False),
    sa.Column("made_by_name", sa.String(120), nullable=False),
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("guest_digest", sa.String(64), nullable=False),
    sa.Column("opened_at", Moment),
    sa.Column("done_at", Moment),
    sa.Column("accounts", sa.JSON, nullable=False),
)


@dataclass(frozen=True, slots=True)
class CompletionLink:
    """`state` is sent, opened, done or withdrawn. `reconnects` is the channel account that it is for, if for one.

    `accounts` are the names of what the client authorised. `guest_digest` is of the browser that opened it.
    """

    organisation: str
    id: str
    email: str
    words: str
    digest: str
    state: str
    reconnects: str
    offers_ownership: bool
    made_by: str
    made_by_name: str
    sent_at: datetime
    ends_at: datetime
    guest_digest: str = ""
    opened_at: datetime | None = None
    done_at: datetime | None = None
    accounts: tuple[str, ...] = ()


_FIELDS = tuple(field.name for field in fields(CompletionLink))


def add(db: Db, link: CompletionLink) -> None:
    values = {name: getattr(link, name) for name in _FIELDS} | {"accounts": list(link.accounts)}
    db.execute(sa.insert(COMPLETION_LINKS).values(values))


def find(db: Db, id: str) -> CompletionLink | None:
    return _one(db, COMPLETION_LINKS.c.id == id)


def by_digest(db: Db, digest: str) -> CompletionLink | None:
    return _one(db, COMPLETION_LINKS.c.digest == digest)


def by_guest(db: Db, digest: str) -> CompletionLink | None:
    """Of the browser that opened it, while it is still at it."""
    return _one(db, sa.and_(COMPLETION_LINKS.c.guest_digest == digest, COMPLETION_LINKS.c.state == "opened"))


def listed(db: Db, limit: int = 20) -> tuple[CompletionLink, ...]:
    """The newest first, without those that were withdrawn."""
    mine = (COMPLETION_LINKS.c.organisation == db.organisation, COMPLETION_LINKS.c.state != "withdrawn")
    query = sa.select(COMPLETION_LINKS).where(*mine).order_by(COMPLETION_LINKS.c.sent_at.desc()).limit(limit)
    return tuple(_link(row) for row in db.execute(query))


def open_with(db: Db, id: str, digest: str, guest_digest: str, now: datetime) -> bool:
    """Once: of two browsers that open it at the same moment one gets True."""
    mine = (COMPLETION_LINKS.c.digest == digest, COMPLETION_LINKS.c.state == "sent", COMPLETION_LINKS.c.ends_at > now)
    values = {"state": "opened", "guest_digest": guest_digest, "opened_at": now}
    return db.execute(_change(db, id).where(*mine).values(**values)).rowcount == 1


def send_again(db: Db, id: str, digest: str, by: tuple[str, str], now: datetime, ends_at: datetime) -> bool:
    """A new link by this person, id and name; the earlier one, and the browser that opened it, get in no more."""
    values = {"digest": digest, "state": "sent", "sent_at": now, "ends_at": ends_at, "guest_digest": ""}
    values |= {"made_by": by[0], "made_by_name": by[1]}
    open_ones = COMPLETION_LINKS.c.state != "withdrawn"
    return db.execute(_change(db, id).where(open_ones).values(**values, done_at=None)).rowcount == 1


def note_account(db: Db, id: str, names: Sequence[str]) -> None:
    db.execute(_change(db, id).values(accounts=list(names)))


def ownership_taken(db: Db, id: str) -> None:
    """What was offered is taken: a link sent again offers it no more."""
    db.execute(_change(db, id).values(offers_ownership=False))


def done(db: Db, id: str, now: datetime) -> bool:
    """Once."""
    change = _change(db, id).where(COMPLETION_LINKS.c.state == "opened")
    return db.execute(change.values(state="done", done_at=now, guest_digest="")).rowcount == 1


def withdraw(db: Db, id: str) -> bool:
    """Nobody gets in with it any more, not even who is at it."""
    change = _change(db, id).where(COMPLETION_LINKS.c.state.in_(("sent", "opened")))
    return db.execute(change.values(state="withdrawn", guest_digest="")).rowcount == 1


def _one(db: Db, condition: sa.ColumnElement[bool]) -> CompletionLink | None:
    mine = COMPLETION_LINKS.c.organisation == db.organisation
    row = db.execute(sa.select(COMPLETION_LINKS).where(mine, condition)).first()
    return _link(row) if row else None


def _change(db: Db, id: str) -> sa.Update:
    return sa.update(COMPLETION_LINKS).where(
        COMPLETION_LINKS.c.organisation == db.organisation, COMPLETION_LINKS.c.id == id
    )


def _link(row: sa.Row[tuple[object, ...]]) -> CompletionLink:
    values = dict(row._mapping)
    return CompletionLink(**{**values, "accounts": tuple(values["accounts"])})
