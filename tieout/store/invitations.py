"""Invitations to an organisation, and what members ask its administrators for. A link is kept as a SHA-256 only."""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

INVITATIONS = organisation_table(
    "invitations",
    sa.Column("id", ID, nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("invited_by", ID, nullable=False),
    sa.Column("invited_by_name", sa.String(120), nullable=False),
    sa.Column("sent_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Index("ix_invitations_email", "email", "state"),
)

_OPEN = sa.text("state = 'open'")

REQUESTS = organisation_table(
    "access_requests",
    sa.Column("id", ID, nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("right", sa.String(16), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("decided_at", Moment),
    sa.Column("decided_by_name", sa.String(120), nullable=False),
    sa.Index(
        "uq_access_requests_open",
        "organisation",
        "person",
        "right",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """`state` is open, accepted, declined or withdrawn; an open one that has ended lets nobody in."""

    organisation: str
    id: str
    email: str
    role: str
    digest: str
    state: str
    invited_by: str
    invited_by_name: str
    sent_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        return self.state == "open" and now < self.ends_at


@dataclass(frozen=True, slots=True)
class Request:
    """A member without a right asks for it; `state` is open, granted or declined."""

    id: str
    person: str
    right: str
    words: str
    state: str
    asked_at: datetime
    decided_at: datetime | None = None
    decided_by_name: str = ""


_INVITATION = tuple(field.name for field in fields(Invitation))
_REQUEST = tuple(field.name for field in fields(Request))


def add(db: Db, invitation: Invitation) -> None:
    db.execute(sa.insert(INVITATIONS).values({name: getattr(invitation, name) for name in _INVITATION}))


def find(db: Db, id: str) -> Invitation | None:
    row = db.execute(_chosen().where(INVITATIONS.c.organisation == db.organisation, INVITATIONS.c.id == id)).first()
    return Invitation(**row._mapping) if row else None


def by_digest(db: Db, digest: str) -> Invitation | None:
    """Within the organisation that the link names."""
    mine = (INVITATIONS.c.organisation == db.organisation, INVITATIONS.c.digest == digest)
    row = db.execute(_chosen().where(*mine)).first()
    return Invitation(**row._mapping) if row else None


def listed(db: Db) -> tuple[Invitation, ...]:
    """Those that nobody has answered, the newest first; ended ones among them, since they can be sent again."""
    query = _chosen().where(INVITATIONS.c.organisation == db.organisation, INVITATIONS.c.state == "open")
    return tuple(Invitation(**row._mapping) for row in db.execute(query.order_by(INVITATIONS.c.sent_at.desc())))


def open_for(db: Db, email: str, now: datetime) -> tuple[Invitation, ...]:
    """Of whatever organisations, to one address; the transaction stands above them."""
    assert not db.organisation, "an address may be invited by several organisations"
    mine = (INVITATIONS.c.email == email, INVITATIONS.c.state == "open", INVITATIONS.c.ends_at > now)
    return tuple(Invitation(**row._mapping) for row in db.execute(_chosen().where(*mine)))


def send_again(db: Db, id: str, digest: str, now: datetime, ends_at: datetime) -> bool:
    """A new link takes the place of the earlier one, which opens nothing from now on."""
    values = {"digest": digest, "sent_at": now, "ends_at": ends_at}
    return db.execute(_change(db, id).where(INVITATIONS.c.state == "open").values(**values)).rowcount == 1


def end(db: Db, id: str, digest: str, state: str, now: datetime) -> bool:
    """Once: of two who answer at the same moment one gets True."""
    is_open = (INVITATIONS.c.state == "open", INVITATIONS.c.digest == digest)
    return db.execute(_change(db, id).where(*is_open).values(state=state, ended_at=now)).rowcount == 1


# --- What members ask for -------------------------------------------------------------------------------------------


def ask(db: Db, request: Request) -> bool:
    """False when the same is asked for already."""
    values = {name: getattr(request, name) for name in _REQUEST} | {"organisation": db.organisation}
    return insert_missing(db, REQUESTS, values)


def requests(db: Db) -> tuple[Request, ...]:
    """Those to be decided, oldest first."""
    mine = (REQUESTS.c.organisation == db.organisation, REQUESTS.c.state == "open")
    return tuple(_request(row) for row in db.execute(_requests().where(*mine).order_by(REQUESTS.c.asked_at)))


def find_request(db: Db, id: str) -> Request | None:
    row = db.execute(_requests().where(REQUESTS.c.organisation == db.organisation, REQUESTS.c.id == id)).first()
    return _request(row) if row else None


def decide(db: Db, id: str, state: str, by_name: str, now: datetime) -> bool:
    """Once."""
    mine = (REQUESTS.c.organisation == db.organisation, REQUESTS.c.id == id, REQUESTS.c.state == "open")
    values = {"state": state, "decided_at": now, "decided_by_name": by_name}
    return db.execute(sa.update(REQUESTS).where(*mine).values(**values)).rowcount == 1


def drop_requests(db: Db, person: str) -> None:
    """Of somebody who left."""
    db.execute(sa.delete(REQUESTS).where(REQUESTS.c.organisation == db.organisation, REQUESTS.c.person == person))


def _chosen() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(INVITATIONS.c[name] for name in _INVITATION))


def _change(db: Db, id: str) -> sa.Update:
    return sa.update(INVITATIONS).where(INVITATIONS.c.organisation == db.organisation, INVITATIONS.c.id == id)


def _requests() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(REQUESTS.c[name] for name in _REQUEST))


def _request(row: sa.Row[tuple[object, ...]]) -> Request:
    return Request(**row._mapping)
