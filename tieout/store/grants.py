"""Grants: one token set a person and app at a platform, sealed, fenced, and claimed by whoever renews it.

A grant belongs to no organisation, because the platform keeps one token set for a person however many organisations
that person connected: a copy in each would be killed by the first renewal of another. It is reached only through a
connection. Its tokens are sealed under a data key of the installation's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.core.connection import ASKS, ConnectionState
from tieout.store import renewals
from tieout.store.connections import CONNECTIONS
from tieout.store.drafts import CHOOSING, DRAFTS, PARKED
from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA
from tieout.store.types import Moment
from tieout.store.vault import ORGANISATION_KEYS, Vault

INSTALLATION = "installation"  # in whose name tokens are sealed

GRANTS = sa.Table(
    "grants",
    METADATA,
    sa.Column("id", ID, nullable=False),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("client_id", sa.String(128), nullable=False),
    sa.Column("person", sa.String(128), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("token_id", ID, nullable=False),
    sa.Column("access", sa.Text, nullable=False),
    sa.Column("refresh", sa.Text, nullable=False),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("previous", sa.Text),
    sa.Column("previous_until", Moment),
    sa.Column("candidate", sa.Text),
    sa.Column("candidate_at", Moment),
    sa.Column("refresher", sa.String(64)),
    sa.Column("refresh_started_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("cause", sa.String(64), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("ends_at", Moment),
    sa.Column("listed_at", Moment),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("platform", "client_id", "person"),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A row as it stands; tokens are sealed texts. `fence` grows with every claim and every new token set.

    `previous` is the refresh token before this one, which the platform takes again until `previous_until`.
    `candidate` is one that came back too late to be stored under its fence: it may be the one that lives.
    `listed_at`: when the platform was last asked which books it reaches.
    """

    id: str
    platform: str
    client_id: str
    person: str
    scopes: tuple[str, ...]
    fence: int
    token_id: str
    access: str
    refresh: str
    issued_at: datetime
    expires_at: datetime
    previous: str | None = None
    previous_until: datetime | None = None
    candidate: str | None = None
    candidate_at: datetime | None = None
    refresher: str | None = None
    refresh_started_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str = ""
    words: str = ""
    ends_at: datetime | None = None
    listed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A new token set, sealed. `ends_at`: no renewal reaches beyond it; None where the answer did not say."""

    token_id: str
    access: str
    refresh: str
    issued_at: datetime
    expires_at: datetime
    scopes: tuple[str, ...]
    ends_at: datetime | None = None


def has_key(db: Db) -> bool:
    """Whether the installation has a data key to seal tokens with. `db` is opened for INSTALLATION."""
    mine = ORGANISATION_KEYS.c.organisation == db.organisation
    return db.execute(sa.select(ORGANISATION_KEYS.c.version).where(mine).limit(1)).first() is not None


def make_key(db: Db, vault: Vault, now: datetime) -> None:
    """The first such key; of two callers one makes it and the other finds it made."""
    if not has_key(db):
        try:
            with db.connection.begin_nested():
                vault.add_key(db, now)
        except IntegrityError:
            assert has_key(db), "only another's key can stand in the way"


def find(db: Db, grant: str) -> Grant | None:
    row = db.execute(sa.select(GRANTS).where(GRANTS.c.id == grant)).first()
    return None if row is None else _read(row)


def of_person(db: Db, platform: str, client_id: str, person: str) -> Grant | None:
    mine = (GRANTS.c.platform == platform, GRANTS.c.client_id == client_id, GRANTS.c.person == person)
    row = db.execute(sa.select(GRANTS).where(*mine)).first()
    return None if row is None else _read(row)


def unused(db: Db, before: datetime) -> tuple[Grant, ...]:
    """Grants from before that moment that serve no live connection of anybody; `db` stands above the organisations."""
    assert not db.organisation, "a grant may serve several organisations"
    serving = sa.select(CONNECTIONS.c.grant).where(CONNECTIONS.c.state != ConnectionState.DISCONNECTED.value)
    query = sa.select(GRANTS).where(GRANTS.c.issued_at < before, GRANTS.c.id.not_in(serving))
    return tuple(_read(row) for row in db.execute(query))


def unlisted(db: Db, platforms: Sequence[str], before: datetime) -> tuple[Grant, ...]:
    """Living grants at these platforms whose books nobody has asked for since; `db` stands above the organisations."""
    assert not db.organisation, "a grant may serve several organisations"
    is_old = sa.or_(GRANTS.c.listed_at.is_(None), GRANTS.c.listed_at < before)
    is_settled = GRANTS.c.issued_at < before  # a consent of a moment ago has just been asked
    alive = (GRANTS.c.platform.in_(platforms), GRANTS.c.ended_at.is_(None))
    query = sa.select(GRANTS).where(*alive, is_old, sa.or_(is_settled, GRANTS.c.listed_at.is_not(None)))
    return tuple(_read(row) for row in db.execute(query.order_by(GRANTS.c.listed_at, GRANTS.c.id)))


def mark_listed(db: Db, grant: str, now: datetime) -> None:
    db.execute(GRANTS.update().where(GRANTS.c.id == grant).values(listed_at=now))


def serving(db: Db, grant: str) -> tuple[tuple[str, str, str], ...]:
    """Organisation, connection and books' id of each connection by this grant that may be asked, whoever owns it."""
    assert not db.organisation, "a grant may serve several organisations"
    columns = (CONNECTIONS.c.organisation, CONNECTIONS.c.id, CONNECTIONS.c.books_id)
    mine = (CONNECTIONS.c.grant == grant, CONNECTIONS.c.state.in_([state.value for state in ASKS]))
    rows = db.execute(sa.select(*columns).where(*mine).order_by(CONNECTIONS.c.organisation, CONNECTIONS.c.id))
    return tuple((row.organisation, row.id, row.books_id) for row in rows)


def awaited(db: Db, grant: str, since: datetime) -> int:
    """How many people, of whichever organisations, have yet to choose among the books that a grant reaches."""
    assert not db.organisation, "a grant may serve several organisations"
    is_new = sa.or_(DRAFTS.c.begun_at >= since, DRAFTS.c.step == PARKED)
    waits = (DRAFTS.c.grant == grant, DRAFTS.c.step.in_((CHOOSING, PARKED)), is_new)
    return int(db.execute(sa.select(sa.func.count()).select_from(DRAFTS).where(*waits)).scalar_one())


def add(db: Db, grant: str, platform: str, client_id: str, person: str, pair: Pair) -> None:
    values = {"id": grant, "platform": platform, "client_id": client_id, "person": person}
    db.execute(GRANTS.insert().values(**values, **_values(pair), fence=1, cause="", words=""))


def consent(db: Db, grant: str, pair: Pair) -> int:
    """A new consent of the same person: its token set takes the place of the old one, whoever is renewing that.

    Returns the fence under which it stands.
    """
    cleared = {"previous": None, "previous_until": None, "refresher": None, "refresh_started_at": None}
    change = GRANTS.update().where(GRANTS.c.id == grant)
    db.execute(change.values(**_values(pair), **cleared, **_ALIVE, fence=GRANTS.c.fence + 1))
    return int(db.execute(sa.select(GRANTS.c.fence).where(GRANTS.c.id == grant)).scalar_one())


def claim(db: Db, grant: Grant, refresher: str, now: datetime) -> int | None:
    """The fence under which the grant is now this refresher's; None when somebody else was faster."""
    mine = (GRANTS.c.id == grant.id, GRANTS.c.fence == grant.fence)
    change = GRANTS.update().where(*mine)
    values = {"fence": grant.fence + 1, "refresher": refresher, "refresh_started_at": now}
    return grant.fence + 1 if db.execute(change.values(**values)).rowcount == 1 else None


def rotate(db: Db, grant: Grant, fence: int, pair: Pair, spent: str, spent_until: datetime) -> bool:
    """Keeps a new token set, and the refresh token spent for it; False, and nothing kept, when the fence has moved."""
    rest = {"previous": spent, "previous_until": spent_until, "refresher": None, "refresh_started_at": None}
    change = _held(grant, fence).values(**_values(pair), **rest, **_ALIVE, candidate=None, candidate_at=None)
    return db.execute(change).rowcount == 1


def keep_candidate(db: Db, grant: str, refresh: str, now: datetime) -> bool:
    """A pair that came too late is never thrown away: it may be the one that the platform holds for valid.

    True when the grant has been ended meanwhile.
    """
    db.execute(GRANTS.update().where(GRANTS.c.id == grant).values(candidate=refresh, candidate_at=now))
    ended = sa.select(GRANTS.c.ended_at).where(GRANTS.c.id == grant, GRANTS.c.ended_at.is_not(None))
    return db.execute(ended).first() is not None


def release(db: Db, grant: Grant, fence: int) -> None:
    """Nothing came of it; the next may try at once."""
    db.execute(_held(grant, fence).values(refresher=None, refresh_started_at=None))


def end(db: Db, grant: Grant, fence: int, cause: str, words: str, now: datetime) -> bool:
    """A person must consent again; False when the fence has moved."""
    values = {"ended_at": now, "cause": cause, "words": words, "refresher": None, "refresh_started_at": None}
    return db.execute(_held(grant, fence).values(**values)).rowcount == 1


def release_all(db: Db) -> int:
    """Every claim is let go: for a process that is alone with the database, whose predecessors can be in no call."""
    claimed = GRANTS.update().where(GRANTS.c.refresh_started_at.is_not(None))
    return db.execute(claimed.values(fence=GRANTS.c.fence + 1, refresher=None, refresh_started_at=None)).rowcount


def remove(db: Db, grant: str) -> None:
    """Erases a token set that serves nobody any more."""
    renewals.remove(db, grant)
    db.execute(GRANTS.delete().where(GRANTS.c.id == grant))


_ALIVE = {"ended_at": None, "cause": "", "words": ""}


def _held(grant: Grant, fence: int) -> sa.Update:
    return GRANTS.update().where(GRANTS.c.id == grant.id, GRANTS.c.fence == fence)


def _values(pair: Pair) -> dict[str, object]:
    return {
        "token_id": pair.token_id,
        "access": pair.access,
        "refresh": pair.refresh,
        "issued_at": pair.issued_at,
        "expires_at": pair.expires_at,
        "scopes": " ".join(pair.scopes),
        **({"ends_at": pair.ends_at} if pair.ends_at else {}),  # what is known of the end stays known
    }


def _read(row: sa.Row[tuple[object, ...]]) -> Grant:
    values = dict(row._mapping)
    return Grant(**{**values, "scopes": tuple(str(values["scopes"]).split())})
