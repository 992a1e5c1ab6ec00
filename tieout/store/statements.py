"""Statements: what a channel gave, kept for good under the digest of the original bytes, personal columns blanked.

The content lies in chunks of whole lines that are compressed one by one, so that any of it is read without the rest. A
statement is never changed: a file with other bytes is another statement.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tieout.core.places import Places
from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import organisation_table, within
from tieout.store.packing import FRAME_BYTES, Frame, cut, framed, unpacked
from tieout.store.types import Moment

CHUNK_BYTES = FRAME_BYTES
NAME_LETTERS = 120

STATEMENTS = organisation_table(
    "statements",
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("filename", sa.String(NAME_LETTERS), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("encoding", sa.String(32), nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("kept_bytes", sa.BigInteger, nullable=False),
    sa.Column("places", sa.JSON(none_as_null=True)),  # of the rows of each figure, where that is known
    sa.Index("ix_statements_newest", "organisation", "received_at", "digest"),
    key=("digest",),
)
CHUNKS = organisation_table(
    "statement_chunks",
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("first_row", sa.Integer),  # none where the rows of a chunk cannot be understood by themselves
    within(("digest",), "statements", ("digest",)),
    key=("digest", "number"),
)


class NotKept(LookupError):
    """There is no statement with this digest in the organisation, or a part of its content is missing."""


@dataclass(frozen=True, slots=True)
class KeptStatement:
    """`size` is that of the original bytes, `kept_bytes` of the content after personal columns were blanked."""

    digest: str
    filename: str
    size: int
    channel: str
    encoding: str
    received_at: datetime
    kept_bytes: int


def keep(
    db: Db, digest: str, filename: str, size: int, channel: str, content: bytes, now: datetime, encoding: str = ""
) -> bool:
    """Keeps a statement once; False, and nothing changes, when its original is here already."""
    kept = KeptStatement(digest, filename, size, channel, encoding, now, len(content))
    return keep_frames(db, kept, framed(cut(content)))


def keep_frames(db: Db, statement: KeptStatement, frames: Iterable[Frame], places: Places | None = None) -> bool:
    """The same for content that was packed before."""
    names = ("digest", "size", "channel", "encoding", "received_at", "kept_bytes")
    values = {name: getattr(statement, name) for name in names} | {"filename": shown_name(statement.filename)}
    values |= {"organisation": db.organisation, "places": places.to_record() if places else None}
    if not insert_missing(db, STATEMENTS, values):
        return False
    same = {"organisation": db.organisation, "digest": statement.digest}
    for number, frame in enumerate(frames):
        db.execute(
            CHUNKS.insert(), same | {"number": number, "content": frame.packed, "first_row": frame.first_row or None}
        )
    return True


def find(db: Db, digest: str) -> KeptStatement | None:
    row = db.execute(sa.select(*_COLUMNS).where(*_row(STATEMENTS, db, digest))).first()
    return None if row is None else KeptStatement(**row._mapping)


def newest(db: Db, limit: int) -> tuple[KeptStatement, ...]:
    table = STATEMENTS
    query = sa.select(*_COLUMNS).where(table.c.organisation == db.organisation)
    rows = db.execute(query.order_by(table.c.received_at.desc(), table.c.digest).limit(limit))
    return tuple(KeptStatement(**row._mapping) for row in rows)


def chunks(db: Db, digest: str) -> Iterator[bytes]:
    """The content in pieces of up to a mebibyte, each read from the database when it is asked for. Raises NotKept."""
    found, number, seen = _found(db, digest), 0, 0
    while seen < found.kept_bytes:
        piece = chunk(db, digest, number)
        yield piece
        number, seen = number + 1, seen + len(piece)


def chunk(db: Db, digest: str, number: int) -> bytes:
    """One piece, from 0. Raises NotKept."""
    packed = db.execute(
        sa.select(CHUNKS.c.content).where(*_row(CHUNKS, db, digest), CHUNKS.c.number == number)
    ).scalar()
    if packed is None:
        last = db.execute(sa.select(sa.func.max(CHUNKS.c.number)).where(*_row(CHUNKS, db, digest))).scalar() or 0
        of = max(last, number) + 1
        raise NotKept(f"piece {number + 1} of {of} of statement {digest[:12]}… is missing: restore a backup")
    return unpacked(packed)


def first_rows(db: Db, digest: str) -> tuple[int, ...]:
    """The row each chunk begins with, in order; empty where chunks cannot be understood one by one. Raises NotKept."""
    _found(db, digest)
    query = sa.select(CHUNKS.c.first_row).where(*_row(CHUNKS, db, digest)).order_by(CHUNKS.c.number)
    rows = [row or 0 for row in db.execute(query).scalars()]
    return tuple(rows) if all(rows) else ()


def places(db: Db, digest: str) -> Places | None:
    """Where the rows of each figure stand; None where that was not noted."""
    record = db.execute(sa.select(STATEMENTS.c.places).where(*_row(STATEMENTS, db, digest))).scalar()
    return Places.from_record(record) if record else None


def _found(db: Db, digest: str) -> KeptStatement:
    found = find(db, digest)
    if found is None:
        raise NotKept(f"no statement {digest[:12]}… is kept here")
    return found


def content(db: Db, digest: str) -> bytes:
    """All of it at once. Raises NotKept."""
    return b"".join(chunks(db, digest))


def shown_name(filename: str) -> str:
    """A name for people, never for a path: its last part, without signs that hide or turn letters, cut to a length.

    What stands before the end is cut, not the ending, since people go by that.
    """
    last = filename.replace("\\", "/").rstrip("/").rpartition("/")[2]
    visible = "".join(sign for sign in unicodedata.normalize("NFC", last) if _is_visible(sign))
    name = " ".join(visible.split()).strip(". ")
    if not name:
        return "statement"
    stem, dot, ending = name.rpartition(".")
    if len(name) <= NAME_LETTERS or not dot or len(ending) > 10:
        return name[:NAME_LETTERS]
    return stem[: NAME_LETTERS - len(ending) - 1] + dot + ending


def _is_visible(sign: str) -> bool:
    """No control or format sign, which could turn the direction of reading, and nothing that is no letter at all."""
    return sign == " " or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _row(table: sa.Table, db: Db, digest: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.organisation == db.organisation, table.c.digest == digest


_COLUMNS = tuple(column for column in STATEMENTS.columns if column.name not in ("organisation", "places"))
