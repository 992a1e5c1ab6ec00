"""Identities that somebody else vouches for, of persons; and sign-ins under way at a provider.

A draft is one press on a button: good once, for one browser. Neither the state that travels, nor the browser's secret,
nor anything made of them (nonce, verifier) is kept: only digests are, so a copy of the database opens nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.store.connections import CONNECTIONS
from tieout.store.engine import Db
from tieout.store.grants import GRANTS
from tieout.store.metadata import ID, METADATA
from tieout.store.people import PERSONS
from tieout.store.types import Moment

_DIGEST = sa.String(64)

IDENTITIES = sa.Table(
    "identities",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("issuer", sa.String(255), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("provider", sa.String(32), nullable=False),
    sa.Column("person", ID, sa.ForeignKey("persons.id"), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("linked_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.UniqueConstraint("issuer", "subject"),
    sa.Index("ix_identities_person", "person"),
)

DRAFTS = sa.Table(
    "identity_drafts",
    METADATA,
    sa.Column("id", _DIGEST, primary_key=True),
    sa.Column("provider", sa.String(32), nullable=False),
    sa.Column("binding", _DIGEST, nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("endpoints", sa.JSON, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("proven_at", Moment),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("issuer", sa.String(255), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("is_verified", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("meant", ID, nullable=False),
    sa.Index("ix_identity_drafts_meant", "meant"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """One way in for one person. `email` is what the provider said last; `used_at` when it last signed somebody in."""

    id: str
    issuer: str
    subject: str
    provider: str
    person: str
    email: str
    linked_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """`id` is the digest of the state, `binding` of the browser's secret; `person` is who was signed in at the press.

    `endpoints` are the provider's addresses as they were at the press. Once an identity is proven that nobody here has,
    `issuer` and `subject` are set; `meant` is the person whose address it told, if the provider has proven the address,
    or who connected books with the same login.
    `code` and `words` say why it was refused.
    """

    id: str
    provider: str
    binding: str
    person: str
    endpoints: dict[str, Any]
    begun_at: datetime
    used_at: datetime | None = None
    proven_at: datetime | None = None
    code: str = ""
    words: str = ""
    issuer: str = ""
    subject: str = ""
    email: str = ""
    name: str = ""
    is_verified: bool = False
    meant: str = ""


_IDENTITY = tuple(field.name for field in fields(Identity))
_DRAFT = tuple(field.name for field in fields(Draft))


def add(db: Db, identity: Identity) -> bool:
    """False when the identity is somebody's already: of two who link it at once, one does."""
    try:
        with db.connection.begin_nested():
            db.execute(sa.insert(IDENTITIES).values(**{name: getattr(identity, name) for name in _IDENTITY}))
    except IntegrityError:
        return False
    return True


def find(db: Db, issuer: str, subject: str) -> Identity | None:
    return _identity(db, IDENTITIES.c.issuer == issuer, IDENTITIES.c.subject == subject)


def of_person(db: Db, person: str) -> tuple[Identity, ...]:
    """The one linked first leads."""
    columns = (IDENTITIES.c[name] for name in _IDENTITY)
    query = sa.select(*columns).where(IDENTITIES.c.person == person).order_by(IDENTITIES.c.linked_at, IDENTITIES.c.id)
    return tuple(Identity(**row._mapping) for row in db.execute(query))


def drop(db: Db, id: str, person: str) -> bool:
    """False when this person has no such identity."""
    mine = (IDENTITIES.c.id == id, IDENTITIES.c.person == person)
    return db.execute(sa.delete(IDENTITIES).where(*mine)).rowcount == 1


def drop_of(db: Db, person: str) -> int:
    """All of one person; how many there were."""
    return db.execute(sa.delete(IDENTITIES).where(IDENTITIES.c.person == person)).rowcount


def use(db: Db, id: str, email: str, now: datetime) -> None:
    change = sa.update(IDENTITIES).where(IDENTITIES.c.id == id)
    db.execute(change.values(email=email or IDENTITIES.c.email, used_at=now))


def who_connected(db: Db, platform: str, subject: str) -> str:
    """The person who connected books last with this very login, of those that are still connected; blank for nobody."""
    assert not db.organisation, "one login may have connected books of several organisations"
    query = (
        sa.select(CONNECTIONS.c.connected_by)
        .join(GRANTS, GRANTS.c.id == CONNECTIONS.c.grant)
        .join(PERSONS, PERSONS.c.id == CONNECTIONS.c.connected_by)
        .where(GRANTS.c.platform == platform, GRANTS.c.person == subject, CONNECTIONS.c.state != "disconnected")
        .order_by(CONNECTIONS.c.connected_at.desc(), CONNECTIONS.c.id)
        .limit(1)
    )
    return str(db.execute(query).scalar() or "")


def begin(db: Db, draft: Draft, older_than: datetime) -> None:
    """Keeps the draft, and drops those begun before `older_than`."""
    db.execute(sa.delete(DRAFTS).where(DRAFTS.c.begun_at < older_than))
    db.execute(sa.insert(DRAFTS).values(**{name: getattr(draft, name) for name in _DRAFT}))


def draft(db: Db, id: str) -> Draft | None:
    return next(_drafts(db, DRAFTS.c.id == id), None)


def take(db: Db, id: str, now: datetime) -> bool:
    """True for exactly one caller: the answer to this press has come."""
    mine = (DRAFTS.c.id == id, DRAFTS.c.used_at.is_(None))
    return db.execute(sa.update(DRAFTS).where(*mine).values(used_at=now)).rowcount == 1


def refuse(db: Db, id: str, code: str, words: str) -> None:
    db.execute(sa.update(DRAFTS).where(DRAFTS.c.id == id).values(code=code, words=words))


def prove(db: Db, proven: Draft) -> None:
    """Keeps an identity that nobody here has, for as long as it may still be linked."""
    kept = ("proven_at", "issuer", "subject", "email", "name", "is_verified", "meant")
    change = sa.update(DRAFTS).where(DRAFTS.c.id == proven.id)
    db.execute(change.values(**{name: getattr(proven, name) for name in kept}))


def settle(db: Db, id: str) -> bool:
    """True for exactly one caller: the proven identity found its person."""
    mine = (DRAFTS.c.id == id, DRAFTS.c.proven_at.is_not(None))
    return db.execute(sa.update(DRAFTS).where(*mine).values(proven_at=None, meant="")).rowcount == 1


def forget(db: Db, issuer: str, subject: str) -> None:
    """Every other press that proved the same identity is settled too."""
    same = (DRAFTS.c.issuer == issuer, DRAFTS.c.subject == subject)
    db.execute(sa.update(DRAFTS).where(*same).values(proven_at=None, meant=""))


def waiting_for(db: Db, person: str, proven_after: datetime) -> tuple[Draft, ...]:
    """Identities that were proven since then with this person's address and are still nobody's; the newest leads."""
    mine = sa.and_(DRAFTS.c.meant == person, DRAFTS.c.proven_at > proven_after)
    return tuple(sorted(_drafts(db, mine), key=lambda found: str(found.proven_at), reverse=True))


def _identity(db: Db, *conditions: sa.ColumnElement[bool]) -> Identity | None:
    row = db.execute(sa.select(*(IDENTITIES.c[name] for name in _IDENTITY)).where(*conditions)).first()
    return Identity(**row._mapping) if row else None


def _drafts(db: Db, condition: sa.ColumnElement[bool]) -> Iterator[Draft]:
    rows = db.execute(sa.select(*(DRAFTS.c[name] for name in _DRAFT)).where(condition))
    return (Draft(**row._mapping) for row in rows)
