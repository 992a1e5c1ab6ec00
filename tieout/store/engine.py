"""The database: one engine that writes, one that only reads, and a transaction opened for one organisation.

SQLite from 3.7.0 to 3.51.2 can corrupt a file in WAL mode (https://www.sqlite.org/wal.html#walresetbug; 3.52.0 was
withdrawn), so WAL is used only where the library is safe, a rollback journal elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


@dataclass(frozen=True, slots=True)
class Db:
    """An open transaction that belongs to one organisation; every function of the store takes it first."""

    connection: sa.Connection
    organisation: str

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        return self.connection.execute(statement, parameters)


@dataclass(frozen=True, slots=True)
class Engines:
    """The same database twice: doors get the reading one, which cannot write."""

    writing: sa.Engine
    reading: sa.Engine

    @property
    def is_sqlite(self) -> bool:
        return self.writing.dialect.name == "sqlite"

    def dispose(self) -> None:
        self.writing.dispose()
        self.reading.dispose()


def wal_is_safe(version: tuple[int, ...]) -> bool:
    return version >= (3, 51, 3) and version[:2] != (3, 52)


def open_engines(url: str) -> Engines:
    """`sqlite:////path/app.db` or `postgresql+psycopg://…`. Nothing is created; see `store.schema`."""
    return Engines(make_engine(url), make_engine(url, read_only=True))


def make_engine(url: str, read_only: bool = False) -> sa.Engine:
    """One engine. SQLite: writers BEGIN IMMEDIATE, since a deferred transaction that upgrades ignores busy_timeout."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, execution_options={"postgresql_readonly": True} if read_only else {})
    # Threads of the server and of the jobs together; a connection to a file costs little.
    engine = sa.create_engine(url, connect_args={"timeout": 30}, pool_size=20, max_overflow=40)
    mode = "wal" if wal_is_safe(engine.dialect.loaded_dbapi.sqlite_version_info) else "delete"
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # we emit BEGIN ourselves
        pragmas = ["busy_timeout=30000", "synchronous=full", "foreign_keys=on", "mmap_size=0"]
        pragmas += ["query_only=1"] if read_only else [f"journal_mode={mode}"]
        for pragma in pragmas:
            raw.execute("pragma " + pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@dataclass(frozen=True, slots=True)
class SqliteFacts:
    """Which SQLite this process uses and how: what `tieout doctor` shows."""

    module: str
    version: tuple[int, ...]
    source_id: str
    journal_mode: str
    synchronous: int
    file: Path

    @property
    def is_safe(self) -> bool:
        """False where a commit could corrupt the file: WAL on a library with the WAL-reset bug."""
        return self.journal_mode != "wal" or wal_is_safe(self.version)


def sqlite_facts(engines: Engines) -> SqliteFacts:
    driver = engines.writing.dialect.loaded_dbapi
    with engines.writing.connect() as connection:
        asked = ("select sqlite_source_id()", "pragma journal_mode", "pragma synchronous")
        source_id, journal_mode, synchronous = (connection.exec_driver_sql(query).scalar() for query in asked)
    return SqliteFacts(
        module=str(getattr(driver, "__file__", driver.__name__)),
        version=driver.sqlite_version_info,
        source_id=str(source_id),
        journal_mode=str(journal_mode),
        synchronous=int(synchronous or 0),
        file=Path(engines.writing.url.database or ""),
    )


@contextmanager
def write(engines: Engines, organisation: str) -> Iterator[Db]:
    """A transaction that commits at the end and rolls back on any exception.

    An empty organisation stands above them all: for signing in and for what belongs to the whole installation.
    """
    with engines.writing.begin() as connection:
        yield _opened_for(connection, organisation)


@contextmanager
def read(engines: Engines, organisation: str) -> Iterator[Db]:
    """A transaction that cannot write, on either database."""
    with engines.reading.begin() as connection:
        yield _opened_for(connection, organisation)


def _opened_for(connection: sa.Connection, organisation: str) -> Db:
    """PostgreSQL's row security then shows only this organisation's rows, even to a query that forgets to ask."""
    if connection.dialect.name == "postgresql":
        told = sa.text("SELECT set_config('tieout.organisation', :organisation, true)")
        connection.execute(told, {"organisation": organisation})
    return Db(connection, organisation)


def driver_fault(error: BaseException) -> str | None:
    """What the database's driver says in its own words, without the statement and its values; None for other errors."""
    if not isinstance(error, sa.exc.DatabaseError):
        return None
    return str(error.orig or error).strip().splitlines()[0]
