"""Shared by all tests: a database, a data folder, a clock that tests set, ids in order, jobs that run when told to."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import pytest
import sqlalchemy as sa

from tieout.people.roles import Role
from tieout.store import people
from tieout.store.engine import Engines, open_engines, write
from tieout.store.organisations import Organisation, create
from tieout.store.schema import prepare
from tieout.store.vault import MasterKeys, Vault

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a PostgreSQL its tests are left out, not skipped; who asks for them by name (-m pg) sees them fail.

    Browser tests come last: Playwright leaves an event loop running in the thread of the tests, and DBOS does not
    start where one runs.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if not config.getoption("--every-database"):
        _leave_out(config, items, [item for item in items if _says_little_more(item)])
    if not os.environ.get("TIEOUT_TEST_PG_URL") and not config.option.markexpr:
        _leave_out(config, items, [item for item in items if item.get_closest_marker("pg")])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-database", action="store_true", help="every test that can run on PostgreSQL runs on it too"
    )
    parser.addoption("--scripts", type=int, default=24, help="random scripts of the test of non-interference")


# What these ask of PostgreSQL at the same moment from several sides is asked of it in every run.
AT_ONCE = (
    "grants gate two_drives one_live_plan sweep rights connections_choice ledger_links channel_claims vouched".split()
)


def _says_little_more(item: pytest.Item) -> bool:
    """Three in four of the tests of doors and problems, and two in three of the verbs', on PostgreSQL: what they ask of
    it, the tests of the rooms below ask as well. `make test-pg` runs them all."""
    room, share = item.path.parent.name, crc32(item.nodeid.encode())
    if "[postgresql" not in item.name or any(name in item.path.stem for name in AT_ONCE):
        return False
    return share % 4 != 0 if room in ("api", "web", "problems") else room == "sync" and share % 3 != 0


def _leave_out(config: pytest.Config, items: list[pytest.Item], left_out: list[pytest.Item]) -> None:
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


@dataclass
class Clock:
    """Stands still until it is moved. Calling it gives the moment, so it can be handed in as `now`."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **parts: float) -> datetime:
        """`advance(minutes=5)`, and the new moment."""
        self.at += timedelta(**parts)
        return self.at


@dataclass
class Ids:
    """`id-0001`, `id-0002`, …: different, in order, the same in every run."""

    given: int = 0

    def __call__(self) -> str:
        self.given += 1
        return f"id-{self.given:04}"


@dataclass
class RecordingJobs:
    """The port of `tieout.jobs` without durability: nothing runs before `run_all`, then everything, once a key."""

    kinds: dict[str, Callable[..., Any]] = field(default_factory=dict)
    asked: dict[str, tuple[str, dict[str, Any], str]] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    timetable: dict[str, int] = field(default_factory=dict)

    def register(self, kind: str, function: Callable[..., Any]) -> None:
        self.kinds[kind] = function

    def schedule(self, kind: str, every_seconds: int, lane: str = "background") -> None:
        self.timetable[kind] = every_seconds

    def enqueue(self, kind: str, key: str, arguments: dict[str, Any], lane: str = "background") -> None:
        if key not in self.asked:
            self.asked[key] = kind, arguments, lane
            self.waiting.append(key)

    def cancel(self, key: str) -> None:
        if key in self.waiting:
            self.waiting.remove(key)

    def list(self, limit: int = 100) -> tuple[Any, ...]:
        return ()

    def run_all(self, limit: int = 1000) -> int:
        """Runs what waits, and what that asks for, in order; how many ran. A job that raises ends the test."""
        done = 0
        while self.waiting:
            assert done < limit, f"jobs keep asking for jobs: {self.waiting[:5]}"
            kind, arguments, _ = self.asked[self.waiting.pop(0)]
            self.kinds[kind](**arguments)
            done += 1
        return done


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ids() -> Ids:
    return Ids()


@pytest.fixture
def recording_jobs() -> RecordingJobs:
    return RecordingJobs()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder, as the product expects to find one."""
    made = tmp_path / "tieout"
    made.mkdir(mode=0o700)
    return made


# --- A database -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database of this release, made once; each test gets a copy of its own."""
    path = tmp_path_factory.mktemp("prepared") / "app.db"
    engines = open_engines(f"sqlite:///{path}")
    prepare(engines)
    with engines.writing.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")  # a checkpoint is refused inside a transaction
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engines.dispose()
    return path


@pytest.fixture
def sqlite_url(prepared_file: Path, folder: Path) -> str:
    shutil.copy(prepared_file, folder / "app.db")
    return f"sqlite:///{folder / 'app.db'}"


@contextmanager
def pg_database(template: str = "template1") -> Iterator[str]:
    """A PostgreSQL database of its own, made like the template and dropped afterwards."""
    server = os.environ.get("TIEOUT_TEST_PG_URL", "")
    assert server, "TIEOUT_TEST_PG_URL names no PostgreSQL: set it, or leave the tests marked pg out"
    name = f"tieout_test_{uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        _drop(connection, name)
    admin.dispose()


def _drop(connection: sa.Connection, name: str) -> None:
    """The server's own vacuum may be at work inside, and only a superuser may end that: it is done in a moment."""
    for _ in range(100):
        with suppress(sa.exc.ProgrammingError):
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
            return
        time.sleep(0.1)
    connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def pg_url() -> Iterator[str]:
    """An empty PostgreSQL database."""
    with pg_database() as url:
        yield url


@pytest.fixture
def sqlite_engines(sqlite_url: str) -> Iterator[Engines]:
    engines = open_engines(sqlite_url)
    yield engines
    engines.dispose()


@pytest.fixture(scope="session")
def pg_template() -> Iterator[str]:
    """The name of a prepared, empty database: copying it takes a fraction of preparing one for every test."""
    with pg_database() as url:
        engines = open_engines(url)
        prepare(engines)
        engines.dispose()
        yield str(sa.make_url(url).database)


@pytest.fixture
def pg_engines(pg_template: str) -> Iterator[Engines]:
    with pg_database(pg_template) as url:
        engines = open_engines(url)
        yield engines
        engines.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def engines(request: pytest.FixtureRequest) -> Engines:
    """A prepared, empty database: the test runs once on SQLite and, with `-m pg`, once on PostgreSQL."""
    which = "sqlite_engines" if request.param == "sqlite" else "pg_engines"
    made: Engines = request.getfixturevalue(which)
    return made


# --- What most tests need in it -------------------------------------------------------------------------------------

MASTER_KEYS = MasterKeys((b"k" * 32,), "the tests' own key")


@pytest.fixture
def vault(engines: Engines) -> Vault:
    return Vault(engines, MASTER_KEYS)


@pytest.fixture
def organisation(engines: Engines, vault: Vault) -> str:
    """The id of an organisation in London."""
    return add_organisation(engines, vault, "org-london")


@pytest.fixture
def other_organisation(engines: Engines, vault: Vault) -> str:
    """The id of another one, whose rows the first must never see."""
    return add_organisation(engines, vault, "org-other")


def add_organisation(engines: Engines, vault: Vault, id: str) -> str:
    with write(engines, id) as db:
        create(db, vault, Organisation(id, f"Organisation {id}", "GB", "Europe/London", START))
    return id


def add_member(engines: Engines, organisation: str, id: str, name: str = "", role: str = Role.OWNER) -> str:
    """Somebody who belongs to an organisation, the owner unless said otherwise."""
    with write(engines, organisation) as db:
        if people.person(db, id) is None:
            people.add_person(db, people.Person(id, f"{id}@example.com", name or id.capitalize(), "", START))
        people.add_member(db, id, role, START)
    return id


def set_role(engines: Engines, organisation: str, person: str, role: str) -> None:
    """Another role from now on; an empty one removes the member."""
    mine = (people.MEMBERS.c.organisation == organisation, people.MEMBERS.c.person == person)
    with write(engines, organisation) as db:
        db.execute(
            people.MEMBERS.update().where(*mine).values(role=role) if role else people.MEMBERS.delete().where(*mine)
        )
