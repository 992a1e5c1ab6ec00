"""What stands in the way of a start is one sentence with its remedy, whatever it is."""

import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.cli.test_main_job import Run, run

__all__ = ["run"]


@pytest.fixture
def data(tmp_path: Path, run: Run) -> Path:
    """A data folder that has been worked on once."""
    assert run("demo", "--once", "--json")[0] == 0
    return tmp_path / "tieout-demo"


def only_a_sentence(code: int, err: str, *words: str) -> None:
    assert code == 5, err
    assert "Traceback" not in err
    for word in words:
        assert word in err, err


def test_a_copied_database_does_not_start(run: Run, data: Path) -> None:
    shutil.copy(data / "app.db", data / "copy.db")
    (data / "app.db").unlink()
    (data / "copy.db").rename(data / "app.db")
    code, _, err = run("demo", "--once")
    only_a_sentence(code, err, "copied", "doctor --adopt")


def test_a_newer_database_does_not_start(run: Run, data: Path) -> None:
    with sqlite3.connect(data / "app.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    code, _, err = run("demo", "--once")
    only_a_sentence(code, err, "newer")


def test_a_database_that_is_none_does_not_start(run: Run, data: Path) -> None:
    (data / "app.db").write_bytes(b"This is not a database, it is a sentence." * 200)
    for name in ("app.db-wal", "app.db-shm"):
        (data / name).unlink(missing_ok=True)
    code, _, err = run("demo", "--once")
    only_a_sentence(code, err, "database")


def test_a_port_in_use_does_not_start(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("TIEOUT_PORT", str(port))
        monkeypatch.setenv("TIEOUT_URL", f"http://localhost:{port}")
        code, _, err = run("serve")
    only_a_sentence(code, err, str(port), "TIEOUT_PORT")


def test_a_folder_that_cannot_be_written_does_not_start(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_DATA", "/proc/nothing/here")
    code, _, err = run("serve")
    only_a_sentence(code, err, "TIEOUT_DATA")


def test_a_secret_that_is_missing_does_not_start(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_XERO_CLIENT_ID", "an id")
    code, _, err = run("serve")
    only_a_sentence(code, err, "TIEOUT_XERO_CLIENT_SECRET")


def test_the_doctor_names_what_is_right_and_what_is_not(run: Run) -> None:
    code, out, _ = run("doctor")
    assert code == 4
    assert "SQLite" in out and "Start `tieout serve`" in out
