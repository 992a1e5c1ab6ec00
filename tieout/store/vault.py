"""The vault: seals a secret text for one field of one row, so that a stolen or copied row opens nothing.

A master key, which never lies in the data folder, wraps one data key per organisation; the data key seals fields with
AES-256-GCM. What is sealed is bound to its organisation, table, column and row, so it opens nowhere else. Forgetting an
organisation's data keys makes every copy of its secrets unreadable, in old backups too.
"""

import base64
import binascii
import hashlib
import hmac
import os
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import IntegrityError

from tieout.core.secret import Secret
from tieout.store.engine import Db, Engines
from tieout.store.metadata import organisation_table
from tieout.store.types import Moment

ORGANISATION_KEYS = organisation_table(
    "organisation_keys",
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("master", sa.String(16), nullable=False),  # which master key wraps it: a fingerprint, not a secret
    sa.Column("wrapped", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    key=("version",),
)

INSTALLATION = "installation"  # in the place of an organisation's id

_KEY_BYTES, _NONCE_BYTES = 32, 12


class Tampered(Exception):
    """A sealed field was changed, or stands in another row, column or organisation than the one it was sealed for."""


class KeyMissing(Exception):
    """No key that could open or seal this is at hand; the message says which one and where it is looked for."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The first key wraps; every key unwraps, so that two are valid while one replaces the other."""

    keys: tuple[bytes, ...] = field(repr=False)
    place: str

    def current(self) -> tuple[str, bytes]:
        return fingerprint(self.keys[0]), self.keys[0]

    def named(self, name: str) -> bytes:
        for key in self.keys:
            if fingerprint(key) == name:
                return key
        raise KeyMissing(
            f"the master key {name}, which wrapped these tokens, is not in {self.place}; put its file back"
        )


def fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"tieout master key\0" + key).hexdigest()[:16]


# --- Where the master key lies --------------------------------------------------------------------------------------


def read_master_keys(path: Path) -> MasterKeys:
    """One key a line, 32 bytes as base64, the newest first; lines that start with # are for people.

    Raises KeyMissing, with what to do, for a file that is missing, unreadable or holds anything else.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
    except FileNotFoundError as error:
        raise KeyMissing(f"there is no master key at {path}; put its file back from your safe copy") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyMissing(f"the master key at {path} cannot be read: {error}") from error
    keys = tuple(_decoded(line, path) for line in lines if line and not line.startswith("#"))
    if not keys:
        raise KeyMissing(f"{path} holds no master key; put its file back from your safe copy")
    return MasterKeys(keys, str(path))


def make_master_key(path: Path) -> MasterKeys:
    """The keys at `path`, after making a file with one new key (mode 0600) where there is none.

    Two processes that start together agree on one key: the file appears whole under its name or not at all.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
        text = "# Tieout master key. Without it no token in the database can be read: keep a copy in a safe place.\n"
        text += base64.b64encode(AESGCM.generate_key(bit_length=256)).decode() + "\n"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails when another was first: theirs is then the key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return read_master_keys(path)


def _decoded(line: str, path: Path) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise KeyMissing(f"{path} holds a line that is no master key: 32 bytes as base64 are needed")
    return key


# --- Sealing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens fields. Data keys it reads by itself, committed ones only, so it may be used at any moment."""

    engines: Engines = field(repr=False)
    masters: MasterKeys

    def seal(self, organisation: str, table: str, column: str, row: str, text: Secret, db: Db | None = None) -> str:
        """Raises KeyMissing when the organisation has no data key: `add_key` makes it along with the organisation.

        `db`: the key is looked for in this open transaction, which may be the one that makes it.
        """
        with nullcontext(db.connection) if db else self.engines.reading.begin() as connection:
            version, key = self._newest_key(connection, organisation)
        bound = _bound(organisation, table, column, row, version)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, text.reveal().encode("utf-8"), bound)
        return f"v1.{version}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"

    def open(self, organisation: str, table: str, column: str, row: str, sealed: str) -> Secret:
        """Raises Tampered, or KeyMissing when the key it was sealed with has been forgotten or cannot be unwrapped."""
        version, body = _parsed(sealed)
        with self.engines.reading.begin() as connection:
            key = self._key(connection, organisation, version)
        return Secret(_opened(key, body, _bound(organisation, table, column, row, version)).decode("utf-8"))

    def derived(self, purpose: str) -> bytes:
        """A key for signing what leaves the house and comes back; another one for each purpose and master key."""
        return hmac.digest(self.masters.keys[0], b"tieout derived key\0" + purpose.encode("utf-8"), "sha256")

    def add_key(self, db: Db, now: datetime) -> int:
        """A new data key for the organisation, from its commit on used for whatever is sealed. Returns its version."""
        newest = sa.select(sa.func.max(ORGANISATION_KEYS.c.version)).where(_of(db.organisation))
        version = (db.execute(newest).scalar() or 0) + 1
        master, wrapped = self._wrap(db.organisation, version, AESGCM.generate_key(bit_length=256))
        row = {"organisation": db.organisation, "version": version, "master": master, "wrapped": wrapped}
        db.execute(ORGANISATION_KEYS.insert().values(**row, created_at=now))
        return version

    def rewrap(self) -> int:
        """Wraps every data key with the current master key; how many were not yet. Safe to kill, safe to repeat.

        After it the older master keys can be taken out of the key file.
        """
        with self.engines.reading.begin() as connection:
            stale = tuple(connection.execute(sa.select(ORGANISATION_KEYS).where(_not_by(self.masters.current()[0]))))
        changed = 0
        for row in stale:
            key = self._unwrap(row)
            master, wrapped = self._wrap(row.organisation, row.version, key)
            change = ORGANISATION_KEYS.update().where(
                _of(row.organisation),
                ORGANISATION_KEYS.c.version == row.version,
                ORGANISATION_KEYS.c.wrapped == row.wrapped,
            )
            with self.engines.writing.begin() as connection:
                changed += connection.execute(change.values(master=master, wrapped=wrapped)).rowcount
        return changed

    def unreadable(self) -> tuple[str, ...]:
        """The organisations whose data keys the master keys at hand do not open: none in good order."""
        with self.engines.reading.begin() as connection:
            rows = tuple(
                connection.execute(sa.select(ORGANISATION_KEYS).order_by(*ORGANISATION_KEYS.primary_key.columns))
            )
        return tuple(dict.fromkeys(row.organisation for row in rows if not self._opens(row)))

    def _opens(self, row: sa.Row[tuple[object, ...]]) -> bool:
        try:
            self._unwrap(row)
        except (KeyMissing, Tampered):
            return False
        return True

    def _newest_key(self, connection: sa.Connection, organisation: str) -> tuple[int, bytes]:
        newest = ORGANISATION_KEYS.c.version.desc()
        row = connection.execute(
            sa.select(ORGANISATION_KEYS).where(_of(organisation)).order_by(newest).limit(1)
        ).first()
        if row is None:
            raise KeyMissing(f"organisation {organisation} has no data key: it does not exist, or was erased")
        return row.version, self._unwrap(row)

    def _key(self, connection: sa.Connection, organisation: str, version: int) -> bytes:
        wanted = sa.select(ORGANISATION_KEYS).where(_of(organisation), ORGANISATION_KEYS.c.version == version)
        row = connection.execute(wanted).first()
        if row is None:
            raise KeyMissing(
                f"data key {version} of organisation {organisation} was erased: what it sealed is gone for good"
            )
        return self._unwrap(row)

    def _wrap(self, organisation: str, version: int, key: bytes) -> tuple[str, str]:
        name, master = self.masters.current()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(master).encrypt(
            nonce, key, _bound(organisation, "organisation_keys", "wrapped", name, version)
        )
        return name, base64.urlsafe_b64encode(sealed).decode("ascii")

    def _unwrap(self, row: sa.Row[tuple[object, ...]]) -> bytes:
        bound = _bound(row.organisation, "organisation_keys", "wrapped", row.master, row.version)
        return _opened(self.masters.named(row.master), _body(row.wrapped), bound)


def ensure_installation_key(db: Db, vault: Vault, now: datetime) -> None:
    """The data key of what belongs to no organisation: second factors, letters. Made at its first use.

    The transaction has to be one for no organisation: row security lets no other write this row.
    """
    own = Db(db.connection, INSTALLATION)
    there = sa.select(ORGANISATION_KEYS.c.version).where(_of(INSTALLATION)).limit(1)
    if db.execute(there).first() is None:
        with suppress(IntegrityError), db.connection.begin_nested():  # another worker may be making it just now
            vault.add_key(own, now)


def forget_keys(db: Db) -> int:
    """Erases the organisation's data keys: nothing sealed for it can be read again, here or from any backup's rows."""
    return db.execute(ORGANISATION_KEYS.delete().where(_of(db.organisation))).rowcount


def sealed_version(sealed: str) -> int:
    """With which version of the data key a field is sealed: what is older than the newest can be sealed again."""
    return _parsed(sealed)[0]


def _bound(organisation: str, table: str, column: str, row: str, version: int) -> bytes:
    parts = (organisation, table, column, row, str(version))
    if any("|" in part or not part for part in parts):
        raise ValueError("the name of a sealed field has no empty part and no |")
    return "|".join(parts).encode("utf-8")


def _parsed(sealed: str) -> tuple[int, bytes]:
    form, _, rest = sealed.partition(".")
    version, _, body = rest.partition(".")
    if form != "v1" or not version.isascii() or not version.isdigit():
        raise Tampered("this is not a sealed field")
    return int(version), _body(body)


def _body(text: str) -> bytes:
    try:
        body = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Tampered("a sealed field is damaged") from error
    # One text a body: spare bits in the last letter would let a changed text pass as the same.
    if base64.urlsafe_b64encode(body).decode("ascii") != text:
        raise Tampered("a sealed field is damaged")
    return body


def _opened(key: bytes, body: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise Tampered("a sealed field was changed, or belongs to another row") from error


def _of(organisation: str) -> sa.ColumnElement[bool]:
    return ORGANISATION_KEYS.c.organisation == organisation


def _not_by(master: str) -> sa.ColumnElement[bool]:
    return ORGANISATION_KEYS.c.master != master
