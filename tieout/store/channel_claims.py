"""Claims: somebody tried to connect a seller account that another organisation of this installation holds.

A claim belongs to the organisation that asks. The holder finds those that concern it through a transaction that stands
above the organisations, and sees who asks; who asks never sees more of the holder than a masked name.
"""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

CHANNEL_CLAIMS = organisation_table(
    "channel_claims",
    sa.Column("id", ID, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("account", sa.String(128), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("owner_organisation", ID, nullable=False),
    sa.Column("owner_account", ID, nullable=False),
    sa.Column("owner_masked", sa.String(255), nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("person_name", sa.String(255), nullable=False),
    sa.Column("met_at", Moment, nullable=False),
    sa.Column("asked_at", Moment),
    sa.Column("decided_at", Moment),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("decided_by", sa.String(255), nullable=False),
    sa.Index("ix_channel_claims_owner", "owner_organisation", "state"),
)

MET, ASKED, RELEASED, DECLINED, OVER = "met", "asked", "released", "declined", "over"


@dataclass(frozen=True, slots=True)
class Claim:
    """`state`: met (refused, nobody was asked), asked, released, declined, over (the account is free or ours)."""

    id: str
    channel: str
    account: str
    name: str
    owner_organisation: str
    owner_account: str
    owner_masked: str
    person: str
    person_name: str
    met_at: datetime
    asked_at: datetime | None = None
    decided_at: datetime | None = None
    state: str = MET
    decided_by: str = ""

    @property
    def is_open(self) -> bool:
        return self.state != OVER


_FIELDS = tuple(field.name for field in fields(Claim))


def add(db: Db, claim: Claim) -> None:
    values = {name: getattr(claim, name) for name in _FIELDS}
    db.execute(CHANNEL_CLAIMS.insert().values(organisation=db.organisation, **values))


def find(db: Db, claim: str) -> Claim | None:
    row = db.execute(_chosen().where(_mine(db), CHANNEL_CLAIMS.c.id == claim)).first()
    return None if row is None else Claim(**row._mapping)


def still_open(db: Db) -> tuple[Claim, ...]:
    """Of this organisation, the newest first."""
    query = _chosen().where(_mine(db), CHANNEL_CLAIMS.c.state != OVER).order_by(CHANNEL_CLAIMS.c.met_at.desc())
    return tuple(Claim(**row._mapping) for row in db.execute(query))


def move(db: Db, claim: str, state: str, now: datetime, by: str = "") -> bool:
    """True where it was not in that state before."""
    values: dict[str, object] = {"state": state}
    values |= {"asked_at": now} if state == ASKED else {"decided_at": now, "decided_by": by}
    change = CHANNEL_CLAIMS.update().where(_mine(db), CHANNEL_CLAIMS.c.id == claim, CHANNEL_CLAIMS.c.state != state)
    return db.execute(change.values(**values)).rowcount == 1


def asked_of(db: Db, owner: str) -> tuple[tuple[str, Claim], ...]:
    """What others ask of an organisation, each with the organisation that asks; `db` stands above them."""
    assert not db.organisation, "a claim belongs to the organisation that asks"
    columns = (CHANNEL_CLAIMS.c.organisation, *(CHANNEL_CLAIMS.c[name] for name in _FIELDS))
    mine = (CHANNEL_CLAIMS.c.owner_organisation == owner, CHANNEL_CLAIMS.c.state == ASKED)
    rows = db.execute(sa.select(*columns).where(*mine).order_by(CHANNEL_CLAIMS.c.asked_at))
    return tuple((row.organisation, Claim(**{name: row._mapping[name] for name in _FIELDS})) for row in rows)


def _chosen() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(CHANNEL_CLAIMS.c[name] for name in _FIELDS))


def _mine(db: Db) -> sa.ColumnElement[bool]:
    return CHANNEL_CLAIMS.c.organisation == db.organisation
