"""A copy is whole and checked or there is none; a copied or rolled-back database is found before it sends anything."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import MASTER_KEYS, START, Clock, add_organisation
from tieout.store import backup, deployment
from tieout.store.backup import BackupFailed
from tieout.store.deployment import WrongDatabase
from tieout.store.engine import Engines, make_engine, open_engines, write
from tieout.store.organisations import ORGANISATIONS
from tieout.store.vault import Vault


@pytest.fixture
def filled(sqlite_engines: Engines) -> Engines:
    add_organisation(sqlite_engines, Vault(sqlite_engines, MASTER_KEYS), "org-1")
    return sqlite_engines


@pytest.fixture
def jobs_url(folder: Path) -> str:
    url = f"sqlite:///{folder}/jobs.db"
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE work (id text)")
    engine.dispose()
    return url


def test_a_copy_holds_what_was_committed_and_nothing_of_what_was_not(
    filled: Engines, jobs_url: str, folder: Path
) -> None:
    with write(filled, "org-1") as db:
        db.execute(ORGANISATIONS.update().values(name="not yet committed"))
        made = backup.make(filled, jobs_url, folder / "backups", START)
    copy = open_engines(f"sqlite:///{made.product}")
    with copy.reading.begin() as connection:
        assert connection.execute(sa.select(ORGANISATIONS.c.name)).scalar() == "Organisation org-1"
    copy.dispose()
    assert made.jobs is not None and backup.check(made.jobs) == "ok"


def test_jobs_are_copied_before_the_product(filled: Engines, jobs_url: str, folder: Path) -> None:
    """The other way round a restore could have finished jobs whose rows are gone."""
    made = backup.make(filled, jobs_url, folder / "backups", START)
    assert made.jobs is not None
    assert made.jobs.name == "20261102T090000Z-1-jobs.db" and made.product.name == "20261102T090000Z-2-app.db"
    assert made.jobs.stat().st_mtime_ns <= made.product.stat().st_mtime_ns
    assert {path.stat().st_mode & 0o777 for path in (made.jobs, made.product)} == {0o600}


def test_before_the_first_job_there_is_only_the_product(filled: Engines, folder: Path) -> None:
    assert backup.make(filled, f"sqlite:///{folder}/jobs.db", folder / "backups", START).jobs is None
    assert not (folder / "jobs.db").exists()


def test_the_newest_copies_are_kept(filled: Engines, jobs_url: str, folder: Path, clock: Clock) -> None:
    made = [backup.make(filled, jobs_url, folder / "b", clock.advance(days=1), keep=2) for _ in range(4)]
    names = {path.name for each in made[2:] for path in (each.jobs, each.product) if path}
    assert {path.name for path in (folder / "b").iterdir()} == names and len(names) == 4


def test_a_copy_that_cannot_be_made_leaves_nothing_half_done(filled: Engines, jobs_url: str, folder: Path) -> None:
    (folder / "b").write_text("in the way")
    with pytest.raises(BackupFailed, match="name another folder"):
        backup.make(filled, jobs_url, folder / "b", START)
    assert (folder / "b").read_text() == "in the way"


def test_a_copy_that_does_not_stand_the_check_is_thrown_away(
    filled: Engines, jobs_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "check", lambda file: "row 1 missing from index")
    with pytest.raises(BackupFailed, match="did not stand the check"):
        backup.make(filled, jobs_url, folder / "b", START)
    assert list((folder / "b").iterdir()) == []


def test_the_check_sees_a_damaged_file(filled: Engines, folder: Path) -> None:
    copy = backup.copy_verified(filled.writing, folder / "copy.db")
    assert backup.check(copy) == "ok"
    damaged = bytearray(copy.read_bytes())
    damaged[4096 * 3 : 4096 * 6] = os.urandom(4096 * 3)
    copy.write_bytes(damaged)
    assert backup.check(copy) != "ok"


def test_tokens_in_a_copy_do_not_open_without_the_key(filled: Engines, folder: Path) -> None:
    copy = backup.copy_verified(filled.writing, folder / "copy.db")
    assert MASTER_KEYS.keys[0] not in copy.read_bytes()


@pytest.mark.pg
def test_on_postgresql_its_own_tools_are_named(pg_engines: Engines, folder: Path) -> None:
    with pytest.raises(BackupFailed, match="pg_dump"):
        backup.make(pg_engines, "postgresql://x/y", folder, START)


# --- Which installation -----------------------------------------------------------------------------------------------


def test_a_new_installation_and_the_same_one_again_are_right(engines: Engines, folder: Path) -> None:
    deployment.check(engines, folder)
    first = deployment.advance(engines, folder)
    deployment.check(engines, folder)
    second = deployment.advance(engines, folder)
    assert (second.id, second.epoch) == (first.id, first.epoch + 1) and len(first.id) == 36
    deployment.check(engines, folder)


def test_a_database_rolled_back_to_a_backup_is_found(sqlite_engines: Engines, folder: Path, sqlite_url: str) -> None:
    deployment.advance(sqlite_engines, folder)
    copy = backup.copy_verified(sqlite_engines.writing, folder / "copy.db")
    deployment.advance(sqlite_engines, folder)
    sqlite_engines.dispose()
    for rest in ("app.db-wal", "app.db-shm"):
        (folder / rest).unlink(missing_ok=True)
    shutil.copyfile(copy, folder / "app.db")
    restored = open_engines(sqlite_url)
    with pytest.raises(WrongDatabase, match=r"a backup was restored.*doctor --adopt"):
        deployment.check(restored, folder)
    adopted = deployment.adopt(restored, folder)
    assert adopted.epoch == 3
    deployment.check(restored, folder)
    restored.dispose()


def test_a_copied_data_folder_is_found(sqlite_engines: Engines, folder: Path, tmp_path: Path) -> None:
    deployment.advance(sqlite_engines, folder)
    clone = tmp_path / "staging"
    clone.mkdir()
    backup.copy_verified(sqlite_engines.writing, clone / "app.db")
    other = open_engines(f"sqlite:///{clone}/app.db")
    with pytest.raises(WrongDatabase, match="is missing"):
        deployment.check(other, clone)
    shutil.copy(folder / "installation.json", clone)
    with pytest.raises(WrongDatabase, match="copied or moved"):
        deployment.check(other, clone)
    deployment.adopt(other, clone)
    deployment.check(other, clone)
    deployment.check(sqlite_engines, folder)  # the original is untouched by it
    other.dispose()


def test_a_folder_of_another_installation_is_found(engines: Engines, folder: Path) -> None:
    deployment.advance(engines, folder)
    (folder / "installation.json").write_text('{"id": "another", "epoch": 1}')
    with pytest.raises(WrongDatabase, match="belongs to another installation"):
        deployment.check(engines, folder)


def test_an_empty_database_beside_a_used_folder_is_found(engines: Engines, folder: Path) -> None:
    (folder / "installation.json").write_text('{"id": "another", "epoch": 1}')
    with pytest.raises(WrongDatabase, match="the database is empty"):
        deployment.check(engines, folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1, "epoch": "x"}', "\x00"])
def test_a_damaged_file_is_named(engines: Engines, folder: Path, text: str) -> None:
    (folder / "installation.json").write_text(text)
    with pytest.raises(WrongDatabase, match=r"installation\.json cannot be read"):
        deployment.check(engines, folder)


def test_a_crash_between_database_and_file_is_no_fault(
    engines: Engines, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.advance(engines, folder)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deployment, "_write_mark", crash)
        with pytest.raises(KeyboardInterrupt):
            deployment.advance(engines, folder)
    deployment.check(engines, folder)
    assert deployment.advance(engines, folder).epoch == 3


def crashed(monkeypatch: pytest.MonkeyPatch, step: str, act: Callable[[], object]) -> None:
    """The act, by a process that is gone before that step."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(deployment, step, crash)
        act()


@pytest.mark.parametrize("step", ["_draft_mark", "_settle", "_place_mark"])
def test_killed_at_its_very_first_start_an_installation_starts_the_next_time(
    sqlite_engines: Engines, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before the draft, between the draft and the commit, and between the commit and the move."""
    crashed(monkeypatch, step, lambda: deployment.advance(sqlite_engines, folder))
    assert (deployment.find(sqlite_engines) is None) == (step != "_place_mark")
    deployment.check(sqlite_engines, folder)
    begun = deployment.advance(sqlite_engines, folder)
    deployment.check(sqlite_engines, folder)
    assert begun.epoch == (2 if step == "_place_mark" else 1)


@pytest.mark.parametrize("step", ["_draft_mark", "_settle", "_place_mark"])
def test_killed_while_it_is_made_the_installation_it_is_the_old_one_or_the_new_one(
    sqlite_engines: Engines, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    older = deployment.advance(sqlite_engines, folder)
    crashed(monkeypatch, step, lambda: deployment.adopt(sqlite_engines, folder))
    deployment.check(sqlite_engines, folder)
    now = deployment.find(sqlite_engines)
    assert now is not None and (now.id != older.id) == (step == "_place_mark")
    assert json.loads((folder / "installation.json").read_text())["id"] == now.id


@pytest.mark.parametrize("text", ['{"id": "another", "epoch": 9}', '{"id": "anoth'])
def test_a_draft_of_something_else_says_nothing(sqlite_engines: Engines, folder: Path, text: str) -> None:
    deployment.advance(sqlite_engines, folder)
    (folder / "installation.new").write_text(text)
    deployment.check(sqlite_engines, folder)
    (folder / "installation.json").unlink()
    with pytest.raises(WrongDatabase, match="is missing"):
        deployment.check(sqlite_engines, folder)


@pytest.mark.pg
def test_on_postgresql_a_second_host_joins_and_a_restored_dump_is_found(pg_engines: Engines, tmp_path: Path) -> None:
    hosts = [tmp_path / name for name in ("a", "b")]
    for host in hosts:
        host.mkdir()
        deployment.check(pg_engines, host)
        deployment.advance(pg_engines, host)
    deployment.check(pg_engines, hosts[0])
    with pg_engines.writing.begin() as connection:
        connection.execute(deployment.DEPLOYMENT.update().values(place="cluster 1 database 2"))
    with pytest.raises(WrongDatabase, match="copied or moved"):
        deployment.check(pg_engines, hosts[1])
