"""One history for both databases: complete, in one transaction, never backwards, never into a stranger's database."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from tests.conftest import MASTER_KEYS, START, add_organisation
from tieout.store import backup
from tieout.store.engine import Engines, open_engines, read, write
from tieout.store.metadata import METADATA
from tieout.store.organisations import ORGANISATIONS
from tieout.store.schema import (
    UnknownSchema,
    alembic_config,
    known_revisions,
    load_tables,
    newest_revision,
    prepare,
    revision,
)
from tieout.store.vault import ORGANISATION_KEYS, Vault

ROW = {"id": "org-1", "name": "One", "country": "GB", "zone": "Europe/London", "created_at": START}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def empty(request: pytest.FixtureRequest, folder: Path) -> Engines:
    """A database without a table."""
    url = f"sqlite:///{folder}/app.db" if request.param == "sqlite" else request.getfixturevalue("pg_url")
    engines = open_engines(url)
    request.addfinalizer(engines.dispose)
    return engines


def upgrade_to(engines: Engines, name: str) -> None:
    with engines.writing.begin() as connection:
        command.upgrade(alembic_config(connection), name)


def test_migrations_make_exactly_the_tables_of_the_store(engines: Engines) -> None:
    load_tables()
    with engines.writing.begin() as connection:
        command.check(alembic_config(connection))


def test_an_empty_database_is_prepared_and_a_prepared_one_left_alone(empty: Engines, folder: Path) -> None:
    first = prepare(empty, folder / "backups")
    assert (first.before, first.now, first.copy) == (None, newest_revision(), None)
    again = prepare(empty, folder / "backups")
    assert (again.before, again.now, again.copy) == (newest_revision(), newest_revision(), None)
    assert revision(empty) == newest_revision()
    if empty.is_sqlite:
        assert {path.stat().st_mode & 0o777 for path in folder.glob("app.db*")} == {0o600}


def test_rows_survive_an_upgrade_and_a_copy_of_before_is_kept(empty: Engines, folder: Path) -> None:
    upgrade_to(empty, "0001")
    with empty.writing.begin() as connection:
        connection.execute(ORGANISATIONS.insert().values(ROW))
    done = prepare(empty, folder / "backups")
    assert (done.before, revision(empty)) == ("0001", newest_revision())
    with empty.reading.begin() as connection:
        assert connection.execute(sa.select(ORGANISATIONS.c.name)).scalar() == "One"
    if not empty.is_sqlite:
        assert done.copy is None
        return
    assert done.copy is not None and backup.check(done.copy) == "ok"
    before = open_engines(f"sqlite:///{done.copy}")
    assert revision(before) == "0001"
    before.dispose()


def test_without_room_for_the_copy_nothing_is_upgraded(folder: Path) -> None:
    engines = open_engines(f"sqlite:///{folder}/app.db")
    upgrade_to(engines, "0001")
    (folder / "backups").write_text("a file where the folder should be")
    with pytest.raises(backup.BackupFailed, match="free space there, or name another folder"):
        prepare(engines, folder / "backups")
    assert revision(engines) == "0001"
    engines.dispose()


def test_a_newer_database_is_refused_and_not_touched(engines: Engines) -> None:
    with engines.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnknownSchema, match="newer release of Tieout \\(revision 9999"):
        prepare(engines)
    assert revision(engines) == "9999"


def test_a_database_that_is_not_ours_is_refused_and_not_touched(empty: Engines) -> None:
    with empty.writing.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE settlements (whatever integer)")
    with pytest.raises(UnknownSchema, match="Tieout did not make it"):
        prepare(empty)
    with empty.reading.begin() as connection:
        assert sa.inspect(connection).get_table_names() == ["settlements"]


def test_two_that_start_together_prepare_it_once(empty: Engines) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(prepare, empty) for _ in range(2)]:
            done.result()
    assert revision(empty) == newest_revision()


KILLED = """
import os, signal, sys
import sqlalchemy as sa
from tieout.store.engine import open_engines
from tieout.store.schema import prepare

engines, left = open_engines(sys.argv[1]), int(sys.argv[2])

@sa.event.listens_for(engines.writing, "after_cursor_execute")
def die(connection, cursor, statement, *_):
    global left
    left -= statement.lstrip().startswith("CREATE")
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

prepare(engines)
"""


@pytest.mark.parametrize("statements", [1, 8, 30])
def test_an_upgrade_killed_half_way_has_not_happened_and_runs_again(empty: Engines, statements: int) -> None:
    url = empty.writing.url.render_as_string(hide_password=False)
    ended = subprocess.run([sys.executable, "-c", KILLED, url, str(statements)], check=False)
    assert ended.returncode == -9
    with empty.reading.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    prepare(empty)
    assert revision(empty) == newest_revision()


def test_revisions_are_numbered_without_a_gap() -> None:
    assert known_revisions() == tuple(f"{number:04}" for number in range(1, len(known_revisions()) + 1))


# --- What every table keeps to ----------------------------------------------------------------------------------------

ABOVE_ORGANISATIONS = {
    "api_tokens",  # one token may cover several organisations
    "code_apps",  # second factors are of persons
    "deployment",
    "grants",  # one token set of a person may serve the connections of several organisations
    "identities",  # of persons
    "identity_drafts",  # nobody is signed in yet
    "known_devices",
    "login_sessions",
    "meters",  # reads that a platform counts for the whole installation
    "one_use_links",
    "organisations",
    "passkeys",
    "pending_sign_ins",
    "persons",
    "platform_admins",
    "practice_invitations",
    "practice_members",
    "practices",
    "recovery_codes",
    "renewals",  # of grants
    "sign_in_tries",
    "used_challenges",
}


def test_every_row_belongs_to_an_organisation_whose_id_leads_its_key() -> None:
    for table in load_tables().sorted_tables:
        if table.name not in ABOVE_ORGANISATIONS:
            assert next(iter(table.primary_key.columns)).name == "organisation", table.name


def test_links_between_tables_of_organisations_carry_the_organisation() -> None:
    for table in load_tables().sorted_tables:
        for link in table.foreign_key_constraints:
            if link.referred_table.name not in ABOVE_ORGANISATIONS:
                assert "organisation" in link.column_keys, f"{table.name}: {link.column_keys}"


def test_columns_are_of_types_that_both_databases_keep_exactly() -> None:
    """No float or Numeric (SQLite keeps them as REAL), no Enum (a change of its CHECK goes unseen), plain JSON."""
    load_tables()
    for table in METADATA.sorted_tables:
        for column in table.columns:
            kind = column.type
            impl = getattr(kind, "impl", kind)
            name = f"{table.name}.{column.name} is {kind!r}"
            assert not isinstance(impl, sa.Numeric | sa.Enum | sa.DateTime | sa.Uuid), name
            assert not isinstance(kind, sa.JSON) or not kind._variant_mapping, name


@pytest.mark.pg
def test_postgresql_shows_only_the_rows_of_the_organisation_even_where_a_query_forgets_to_ask(
    pg_engines: Engines,
) -> None:
    vault = Vault(pg_engines, MASTER_KEYS)
    for name in ("org-1", "org-2"):
        add_organisation(pg_engines, vault, name)
    everything = sa.select(ORGANISATION_KEYS.c.organisation).order_by(ORGANISATION_KEYS.c.organisation)
    for open_for in (read, write):
        with open_for(pg_engines, "org-1") as db:
            assert db.execute(everything).scalars().all() == ["org-1"]
        with open_for(pg_engines, "") as db:
            assert db.execute(everything).scalars().all() == ["org-1", "org-2"]
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), write(pg_engines, "org-1") as db:
        db.execute(
            ORGANISATION_KEYS.insert().values(organisation="org-2", version=9, master="", wrapped="", created_at=START)
        )
    with write(pg_engines, "org-1") as db:
        assert db.execute(ORGANISATION_KEYS.delete()).rowcount == 1
    with read(pg_engines, "") as db:
        assert db.execute(everything).scalars().all() == ["org-2"]


@pytest.mark.pg
def test_every_table_of_organisations_is_under_row_security(pg_engines: Engines) -> None:
    query = "SELECT tablename FROM pg_policies JOIN pg_class ON relname = tablename WHERE relforcerowsecurity"
    with pg_engines.reading.begin() as connection:
        secured = set(connection.execute(sa.text(query)).scalars())
    assert secured == {table.name for table in load_tables().sorted_tables} - ABOVE_ORGANISATIONS
