"""Offers of ownership: of a whole organisation, or of one seller account to another organisation. Both sides agree."""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

_OFFERED = sa.text("state = 'offered'")

TRANSFERS = organisation_table(
    "transfers",
    sa.Column("id", ID, nullable=False),
    sa.Column("subject", ID, nullable=False),
    sa.Column("subject_name", sa.String(255), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("from_person", ID, nullable=False),
    sa.Column("from_name", sa.String(120), nullable=False),
    sa.Column("to_person", ID, nullable=False),
    sa.Column("to_name", sa.String(254), nullable=False),
    sa.Column("to_organisation", ID, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("ended_by_name", sa.String(120), nullable=False),
    sa.Index("ix_transfers_to_person", "to_person", "state"),
    # Of one thing there is one offer at a time, so that nobody can be promised what somebody else accepts.
    sa.Index(
        "uq_transfers_offered", "organisation", "subject", unique=True, sqlite_where=_OFFERED, postgresql_where=_OFFERED
    ),
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """`subject` is a channel account's id, or empty for the organisation itself.

    It is for `to_person`; where that is empty, for whoever proves to have the address in `to_name`.

    `state` is offered (the owner waits for an answer), asked (somebody else waits for the owner's), accepted, declined
    or withdrawn.
    """

    organisation: str
    id: str
    subject: str
    subject_name: str
    state: str
    from_person: str
    from_name: str
    to_person: str
    to_name: str
    to_organisation: str
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by_name: str = ""

    def is_open(self, now: datetime) -> bool:
        return self.state in ("offered", "asked") and now < self.ends_at


_FIELDS = tuple(field.name for field in fields(Transfer))


def add(db: Db, transfer: Transfer) -> bool:
    """False while the same thing is offered to somebody; an offer that has ended by itself makes room."""
    same = (TRANSFERS.c.organisation == db.organisation, TRANSFERS.c.subject == transfer.subject)
    over = (TRANSFERS.c.state.in_(("offered", "asked")), TRANSFERS.c.ends_at <= transfer.made_at)
    db.execute(sa.update(TRANSFERS).where(*same, *over).values(state="ended", ended_at=transfer.made_at))
    try:
        with db.connection.begin_nested():
            db.execute(sa.insert(TRANSFERS).values({name: getattr(transfer, name) for name in _FIELDS}))
    except IntegrityError:
        return False
    return True


def find(db: Db, id: str) -> Transfer | None:
    """In the organisation of the transaction, or in any where it stands above them."""
    mine = (TRANSFERS.c.organisation == db.organisation,) if db.organisation else ()
    row = db.execute(_chosen().where(TRANSFERS.c.id == id, *mine)).first()
    return Transfer(**row._mapping) if row else None


def open_of(db: Db, now: datetime) -> tuple[Transfer, ...]:
    """What the organisation offers or is asked for, oldest first."""
    mine = (TRANSFERS.c.organisation == db.organisation, *_open(now))
    return tuple(Transfer(**row._mapping) for row in db.execute(_chosen().where(*mine).order_by(TRANSFERS.c.made_at)))


def offered_to(db: Db, person: str, email: str, now: datetime) -> tuple[Transfer, ...]:
    """What one person is offered, by whatever organisations; the transaction stands above them.

    `email` is empty for somebody whose address is not proven: offers to an address are not for them.
    """
    assert not db.organisation, "a person may be offered something by several organisations"
    by_address = sa.and_(TRANSFERS.c.to_person == "", TRANSFERS.c.to_name == email, sa.literal(bool(email)))
    is_theirs = sa.or_(TRANSFERS.c.to_person == person, by_address)
    mine = (is_theirs, TRANSFERS.c.state == "offered", TRANSFERS.c.ends_at > now)
    return tuple(Transfer(**row._mapping) for row in db.execute(_chosen().where(*mine).order_by(TRANSFERS.c.made_at)))


def end(db: Db, id: str, before: str, state: str, by_name: str, now: datetime) -> bool:
    """Once: of two who answer at the same moment one gets True."""
    mine = (TRANSFERS.c.organisation == db.organisation, TRANSFERS.c.id == id, TRANSFERS.c.state == before)
    values = {"state": state, "ended_at": now, "ended_by_name": by_name}
    return db.execute(sa.update(TRANSFERS).where(*mine, TRANSFERS.c.ends_at > now).values(**values)).rowcount == 1


def drop_of(db: Db, person: str, now: datetime) -> None:
    """Offers from or to somebody who leaves the organisation stand no longer."""
    mine = (TRANSFERS.c.organisation == db.organisation, TRANSFERS.c.state.in_(("offered", "asked")))
    is_theirs = sa.or_(TRANSFERS.c.from_person == person, TRANSFERS.c.to_person == person)
    db.execute(sa.update(TRANSFERS).where(*mine, is_theirs).values(state="withdrawn", ended_at=now))


def _open(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return TRANSFERS.c.state.in_(("offered", "asked")), TRANSFERS.c.ends_at > now


def _chosen() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(TRANSFERS.c[name] for name in _FIELDS))
