"""Second factors of a person: an app that makes codes, passkeys, recovery codes; and what passes in minutes on the way.

The secret of an app is sealed, recovery codes and pending sign-ins are kept as hashes; of a passkey only the public key
is here, which opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA
from tieout.store.people import DIGEST
from tieout.store.types import Moment

CODE_APPS = sa.Table(
    "code_apps",
    METADATA,
    sa.Column("person", ID, sa.ForeignKey("persons.id"), primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("proven_at", Moment),
    sa.Column("last_step", sa.Integer, nullable=False),
)

PASSKEYS = sa.Table(
    "passkeys",
    METADATA,
    sa.Column("id", sa.String(1400), primary_key=True),  # up to 1,023 bytes (WebAuthn), as base64
    sa.Column("person", ID, sa.ForeignKey("persons.id"), nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Index("ix_passkeys_person", "person"),
)

RECOVERY_CODES = sa.Table(
    "recovery_codes",
    METADATA,
    sa.Column("person", ID, sa.ForeignKey("persons.id"), primary_key=True),
    sa.Column("digest", DIGEST, primary_key=True),
)

PENDING = sa.Table(
    "pending_sign_ins",
    METADATA,
    sa.Column("digest", DIGEST, primary_key=True),
    sa.Column("person", ID, sa.ForeignKey("persons.id"), nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
)

USED_CHALLENGES = sa.Table(
    "used_challenges",
    METADATA,
    sa.Column("digest", DIGEST, primary_key=True),
    sa.Column("ends_at", Moment, nullable=False),
)


@dataclass(frozen=True, slots=True)
class CodeApp:
    """`secret` is sealed. `proven_at` is empty until a first code was right; `last_step` is the newest step used."""

    person: str
    secret: str
    made_at: datetime
    proven_at: datetime | None
    last_step: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """`uses` is the counter that the device keeps; many devices leave it at zero."""

    id: str
    person: str
    name: str
    public_key: str
    uses: int
    made_at: datetime
    used_at: datetime | None


def has_any(db: Db, person: str) -> bool:
    """Whether a sign-in of this person needs more than a password."""
    app = sa.select(CODE_APPS.c.person).where(CODE_APPS.c.person == person, CODE_APPS.c.proven_at.is_not(None))
    key = sa.select(PASSKEYS.c.person).where(PASSKEYS.c.person == person)
    return db.execute(sa.union_all(app, key).limit(1)).first() is not None


# --- An app that makes codes ------------------------------------------------------------------------------------------


def code_app(db: Db, person: str) -> CodeApp | None:
    row = db.execute(sa.select(CODE_APPS).where(CODE_APPS.c.person == person)).first()
    return CodeApp(**row._mapping) if row else None


def set_code_app(db: Db, app: CodeApp) -> None:
    """In the place of any other."""
    drop_code_app(db, app.person)
    row = {name: getattr(app, name) for name in CODE_APPS.c.keys()}  # noqa: SIM118
    db.execute(sa.insert(CODE_APPS).values(row))


def use_step(db: Db, person: str, step: int) -> bool:
    """False for a step that was used before, or lies before one that was: of two callers only one succeeds."""
    mine = sa.and_(CODE_APPS.c.person == person, CODE_APPS.c.last_step < step)
    return db.execute(sa.update(CODE_APPS).where(mine).values(last_step=step)).rowcount == 1


def prove_code_app(db: Db, person: str, now: datetime) -> None:
    db.execute(sa.update(CODE_APPS).where(CODE_APPS.c.person == person).values(proven_at=now))


def drop_code_app(db: Db, person: str) -> bool:
    return db.execute(sa.delete(CODE_APPS).where(CODE_APPS.c.person == person)).rowcount == 1


# --- Passkeys ---------------------------------------------------------------------------------------------------------


def passkeys(db: Db, person: str) -> tuple[Passkey, ...]:
    """Oldest first."""
    query = sa.select(PASSKEYS).where(PASSKEYS.c.person == person).order_by(PASSKEYS.c.made_at, PASSKEYS.c.id)
    return tuple(Passkey(**row._mapping) for row in db.execute(query))


def passkey(db: Db, id: str) -> Passkey | None:
    row = db.execute(sa.select(PASSKEYS).where(PASSKEYS.c.id == id)).first()
    return Passkey(**row._mapping) if row else None


def add_passkey(db: Db, key: Passkey) -> bool:
    """False for one that is here already, whoever has it."""
    try:
        with db.connection.begin_nested():
            db.execute(sa.insert(PASSKEYS).values({name: getattr(key, name) for name in PASSKEYS.c.keys()}))  # noqa: SIM118
    except IntegrityError:
        return False
    return True


def use_passkey(db: Db, key: Passkey, uses: int, now: datetime) -> bool:
    """False when somebody else used it in between."""
    mine = sa.and_(PASSKEYS.c.id == key.id, PASSKEYS.c.uses == key.uses)
    return db.execute(sa.update(PASSKEYS).where(mine).values(uses=uses, used_at=now)).rowcount == 1


def drop_passkey(db: Db, person: str, id: str) -> bool:
    return db.execute(sa.delete(PASSKEYS).where(PASSKEYS.c.person == person, PASSKEYS.c.id == id)).rowcount == 1


# --- Recovery codes ---------------------------------------------------------------------------------------------------


def set_recovery_codes(db: Db, person: str, digests: tuple[str, ...]) -> None:
    """In the place of all others."""
    db.execute(sa.delete(RECOVERY_CODES).where(RECOVERY_CODES.c.person == person))
    if digests:
        db.execute(sa.insert(RECOVERY_CODES), [{"person": person, "digest": digest} for digest in digests])


def recovery_codes_left(db: Db, person: str) -> int:
    query = sa.select(sa.func.count()).select_from(RECOVERY_CODES).where(RECOVERY_CODES.c.person == person)
    return int(db.execute(query).scalar_one())


def use_recovery_code(db: Db, person: str, digest: str) -> bool:
    mine = sa.and_(RECOVERY_CODES.c.person == person, RECOVERY_CODES.c.digest == digest)
    return db.execute(sa.delete(RECOVERY_CODES).where(mine)).rowcount == 1


# --- In passing -------------------------------------------------------------------------------------------------------


def add_pending(db: Db, digest: str, person: str, ends_at: datetime) -> None:
    db.execute(sa.insert(PENDING).values(digest=digest, person=person, ends_at=ends_at, tries=0))


def pending(db: Db, digest: str, now: datetime) -> str | None:
    """Whose sign-in waits for a second factor."""
    query = sa.select(PENDING.c.person).where(PENDING.c.digest == digest, PENDING.c.ends_at > now)
    person: str | None = db.execute(query).scalar()
    return person


def count_pending(db: Db, digest: str, most: int) -> bool:
    """One more try with it; False when there were as many before, whoever counted them."""
    mine = sa.and_(PENDING.c.digest == digest, PENDING.c.tries < most)
    return db.execute(sa.update(PENDING).where(mine).values(tries=PENDING.c.tries + 1)).rowcount == 1


def drop_pending(db: Db, digest: str) -> bool:
    return db.execute(sa.delete(PENDING).where(PENDING.c.digest == digest)).rowcount == 1


def drop_pending_of(db: Db, person: str) -> None:
    db.execute(sa.delete(PENDING).where(PENDING.c.person == person))


def use_challenge(db: Db, digest: str, ends_at: datetime) -> bool:
    """A challenge is answered once: of two callers only one succeeds. It may be forgotten once it is over anyway."""
    try:
        with db.connection.begin_nested():
            db.execute(sa.insert(USED_CHALLENGES).values(digest=digest, ends_at=ends_at))
    except IntegrityError:
        return False
    return True


def forget_old(db: Db, now: datetime) -> None:
    """Drops what can be of no more use."""
    db.execute(sa.delete(PENDING).where(PENDING.c.ends_at <= now))
    db.execute(sa.delete(USED_CHALLENGES).where(USED_CHALLENGES.c.ends_at <= now))
