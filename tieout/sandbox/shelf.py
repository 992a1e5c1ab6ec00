"""Rows kept in memory and, when a file is given, written through to it before anybody is answered."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tieout.sandbox import Doc

_ABSENT: Any = object()


class Unusable(OSError):
    """The file cannot hold the rows; `strerror` is the whole sentence."""

    def __init__(self, path: Path, reason: str) -> None:
        told = f"The stand-in's books cannot be opened ({path}: {reason}): choose another file, or stop who holds it."
        super().__init__(errno.EIO, told)


class Shelf:
    """Tables of documents by id. Documents put here are never changed in place: put a new one.

    Changes made inside `change()` are all kept or all undone; what was kept is in the file when the block ends. The
    caller holds the world's lock.
    """

    def __init__(self, path: Path | None = None, seed: int = 0) -> None:
        """Raises Unusable when the file cannot be opened, is no database of ours, or is held by another stand-in."""
        self._seed = seed
        self._tables: dict[str, dict[str, Doc]] = defaultdict(dict)
        self._indexes: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        self._undo: list[tuple[str, str, Any]] = []
        self._depth = 0
        self._db = None if path is None else _open(path)
        if self._db is not None:
            for table, key, row in _rows(self._db, path):
                self._tables[table][key] = row

    @property
    def is_empty(self) -> bool:
        return not any(self._tables.values())

    def get(self, table: str, key: str) -> Doc | None:
        return self._tables[table].get(key)

    def all(self, table: str) -> tuple[Doc, ...]:
        """Every row of the table in the order in which it was first put."""
        return tuple(self._tables[table].values())

    def oldest(self, table: str) -> Doc | None:
        """The row that was put first of those still there."""
        return next(iter(self._tables[table].values()), None)

    def count(self, table: str) -> int:
        return len(self._tables[table])

    def tables(self) -> tuple[str, ...]:
        return tuple(name for name, rows in self._tables.items() if rows)

    def find(self, table: str, field: str, value: str) -> tuple[Doc, ...]:
        """Rows whose field equals the text, letter case ignored, by an index that is made on first use."""
        index = self._indexes.get((table, field))
        if index is None:
            index = self._indexes[table, field] = {}
            for key, row in self._tables[table].items():
                index.setdefault(str(row.get(field, "")).lower(), {})[key] = None
        return tuple(self._tables[table][key] for key in index.get(value.lower(), ()))

    def put(self, table: str, key: str, row: Doc) -> Doc:
        self._replace(table, key, row)
        return row

    def drop(self, table: str, key: str) -> None:
        self._replace(table, key, _ABSENT)

    def clear(self) -> None:
        """Forgets every row, in the file too."""
        with self.change():
            for table, rows in tuple(self._tables.items()):
                for key in tuple(rows):
                    self.drop(table, key)
        self._indexes.clear()

    @contextmanager
    def change(self) -> Iterator[None]:
        """All or nothing; may be nested, an inner block that fails undoes itself alone."""
        mark = len(self._undo)
        self._depth += 1
        try:
            yield
        except BaseException:
            self._roll_back(mark)
            raise
        else:
            if self._depth == 1:
                self._write_through()
        finally:
            self._depth -= 1

    def new_id(self) -> str:
        """A GUID that depends on the seed and on how many were given, across restarts too."""
        return str(uuid.UUID(bytes=self._drawn(16), version=4))

    def new_secret(self, length: int = 43) -> str:
        return self._drawn(64).hex()[:length]

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _drawn(self, size: int) -> bytes:
        number = (self.get("meta", "drawn") or {"number": 0})["number"] + 1
        self.put("meta", "drawn", {"number": number})
        return hashlib.sha512(f"{self._seed}:{number}".encode()).digest()[:size]

    def _replace(self, table: str, key: str, row: Any) -> None:
        before = self._tables[table].get(key, _ABSENT)
        if before is row:
            return
        self._undo.append((table, key, before))
        self._set(table, key, before, row)
        if self._depth == 0:
            self._write_through()

    def _set(self, table: str, key: str, before: Any, row: Any) -> None:
        if row is _ABSENT:
            self._tables[table].pop(key, None)
        else:
            self._tables[table][key] = row
        for (indexed, field), index in self._indexes.items():
            if indexed == table:
                if before is not _ABSENT:
                    index.get(str(before.get(field, "")).lower(), {}).pop(key, None)
                if row is not _ABSENT:
                    index.setdefault(str(row.get(field, "")).lower(), {})[key] = None

    def _roll_back(self, mark: int) -> None:
        while len(self._undo) > mark:
            table, key, before = self._undo.pop()
            self._set(table, key, self._tables[table].get(key, _ABSENT), before)

    def _write_through(self) -> None:
        touched = dict.fromkeys((table, key) for table, key, _ in self._undo)
        self._undo.clear()
        if self._db is None or not touched:
            return
        with self._db:
            for table, key in touched:
                row = self._tables[table].get(key)
                if row is None:
                    self._db.execute("DELETE FROM rows WHERE place = ? AND id = ?", (table, key))
                else:
                    self._db.execute(_UPSERT, (table, key, to_text(row)))


_UPSERT = """INSERT INTO rows (place, id, body) VALUES (?, ?, ?)
ON CONFLICT (place, id) DO UPDATE SET body = excluded.body"""


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, check_same_thread=False, timeout=1)
    except OSError as error:
        raise Unusable(path, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise Unusable(path, str(error)) from error
    try:
        return _prepared(db)
    except (sqlite3.Error, ValueError) as error:
        db.close()
        raise Unusable(path, str(error)) from error


def _rows(db: sqlite3.Connection, path: Path | None) -> Iterator[tuple[str, str, Doc]]:
    assert path is not None, "only a file has a database"
    try:
        for table, key, body in db.execute("SELECT place, id, body FROM rows ORDER BY number"):
            yield table, key, from_text(body)
    except (sqlite3.Error, ValueError) as error:
        db.close()
        raise Unusable(path, "what it holds cannot be read") from error


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    # Before anything is changed in it.
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables <= {"rows", "sqlite_stat1"}:
        raise ValueError("it is the database of something else")
    # One process, one connection: a rollback journal is enough and leaves no second file behind after a kill.
    db.execute("PRAGMA journal_mode = TRUNCATE")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    with db:
        db.execute(
            "CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, place TEXT NOT NULL, id TEXT NOT NULL,"
            " body TEXT NOT NULL, UNIQUE (place, id))"
        )
    return db


def to_text(value: Any) -> str:
    """JSON in which decimals, days, moments and bytes keep their kind."""
    return json.dumps(value, default=_tagged, separators=(",", ":"))


def from_text(text: str) -> Doc:
    found: Doc = json.loads(text, object_hook=_untagged)
    return found


def _tagged(value: Any) -> Any:
    match value:
        case Decimal():
            return {"$n": str(value)}
        case datetime():
            return {"$t": value.isoformat()}
        case date():
            return {"$d": value.isoformat()}
        case bytes():
            return {"$b": value.hex()}
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _untagged(found: Doc) -> Any:
    if len(found) == 1:
        match next(iter(found.items())):
            case ("$n", text):
                return Decimal(text)
            case ("$t", text):
                return datetime.fromisoformat(text)
            case ("$d", text):
                return date.fromisoformat(text)
            case ("$b", text):
                return bytes.fromhex(text)
    return found
