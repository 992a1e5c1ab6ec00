"""`tieout sandbox` as a newcomer starts it: what it prints is enough for Tieout to be connected to it."""

import os
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from tests.cli.test_main_job import Run, run
from tieout import environment, sandbox
from tieout.cli.sandbox import stand_ins
from tieout.core.secret import Secret
from tieout.platforms import App
from tieout.platforms.xero import URLS
from tieout.platforms.xero.consent import authorise_url

__all__ = ["run"]

LINES = 7


@contextmanager
def standing(*options: str, name: str = "xero") -> Iterator[dict[str, str]]:
    """The command in a process of its own; the settings it printed, as a shell would take them."""
    command = [sys.executable, "-m", "tieout", "sandbox", name, "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "."}) as child:
        try:
            assert child.stdout is not None
            told = [child.stdout.readline().strip() for _ in range(LINES)]
            exports = [line.removeprefix("export ").partition("=") for line in told if line.startswith("export ")]
            yield {name: value for name, _, value in exports}
        finally:
            child.terminate()


def consent_page(printed: dict[str, str], home: Path, url: str) -> int:
    """The status of the page that Tieout, started with these settings and its own address, sends a person to."""
    environ = printed | {"TIEOUT_URL": url, "TIEOUT_DATA": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}
    settings = environment.read(environ, {"xero": URLS})
    app = settings.platforms["xero"]
    asked = App(app.client_id, Secret(app.client_secret), f"{settings.url}/oauth/xero/callback", app.urls)
    try:
        with urllib.request.urlopen(authorise_url(asked, "state", "v" * 43), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_what_it_prints_is_enough_to_connect_tieout(tmp_path: Path) -> None:
    own = "https://books.example/oauth/xero/callback"
    with standing("--file", str(tmp_path / "books.db"), "--redirect-uri", own) as printed:
        assert set(printed) == {
            f"TIEOUT_XERO_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET", "LOGIN_URL", "IDENTITY_URL", "API_URL")
        }
        for url in ("http://localhost:8080", "http://localhost", "http://localhost:8000", "https://books.example"):
            assert consent_page(printed, tmp_path, url) == 200, url
        assert consent_page(printed, tmp_path, "http://localhost:9999") == 400
    more = ("--redirect-uri", "http://localhost:9999/oauth/xero/callback", "--redirect-uri", "http://localhost/x")
    with standing("--file", str(tmp_path / "books.db"), *more) as printed:
        assert consent_page(printed, tmp_path, "http://localhost:9999") == 200
        assert consent_page(printed, tmp_path, "https://books.example") == 200


def test_every_folder_that_holds_a_stand_in_is_a_command(run: Run) -> None:
    held = {path.parent.name for path in Path(sandbox.__file__).parent.glob("*/stand_in.py")}
    assert {name for name, _ in stand_ins()} == held >= {"xero", "quickbooks"}
    code, out, _ = run("sandbox", "--help")
    assert code == 0 and all(name in out for name in held)


def test_quickbooks_prints_the_settings_under_its_own_name_and_knows_tieouts_addresses(tmp_path: Path) -> None:
    with standing("--file", str(tmp_path / "books.db"), name="quickbooks") as printed:
        assert set(printed) == {
            f"TIEOUT_QUICKBOOKS_{name}"
            for name in ("CLIENT_ID", "CLIENT_SECRET", "LOGIN_URL", "IDENTITY_URL", "API_URL")
        }
        asked = {"client_id": printed["TIEOUT_QUICKBOOKS_CLIENT_ID"], "response_type": "code", "state": "s"}
        asked |= {"scope": "com.intuit.quickbooks.accounting"}
        asked |= {"redirect_uri": "http://localhost:8080/oauth/quickbooks/callback"}
        login = f"{printed['TIEOUT_QUICKBOOKS_LOGIN_URL']}/connect/oauth2?{urlencode(asked)}"
        with urllib.request.urlopen(login, timeout=10) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("uri", ["http://127.0.0.1:8080/oauth/xero/callback", "http://books.example/x", "books", ""])
def test_a_redirect_address_that_xero_would_not_take_is_refused(run: Run, uri: str) -> None:
    code, _, err = run("sandbox", "xero", "--port", "0", "--redirect-uri", uri)
    assert code == 2 and "http://localhost" in err and "Traceback" not in err


def _text(path: Path) -> None:
    path.write_text("no database at all, but long enough to be looked at as one")


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table rows (place)")
        database.execute("create table settlements (id)")


def _spoilt(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table rows (number integer primary key, place text, id text, body text)")
        database.execute("insert into rows (place, id, body) values ('app', 'x', '{')")


def _folder(path: Path) -> None:
    path.mkdir()


def _below_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("")


@pytest.mark.parametrize("make", [_text, _foreign, _spoilt, _folder, _below_a_file])
def test_a_file_that_cannot_hold_its_books_is_told_as_that_and_not_as_a_port(
    run: Run, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "kept" / "books.db"
    path.parent.mkdir()
    make(path)
    code, _, err = run("sandbox", "xero", "--port", "0", "--file", str(path))
    assert code == 5 and str(path) in err and "another file" in err
    assert "port" not in err and "Traceback" not in err


def test_a_demo_whose_stand_in_cannot_open_its_books_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tieout-demo").mkdir()
    _text(tmp_path / "tieout-demo" / "xero-stand-in.db")
    code, _, err = run("demo", "--once")
    assert code == 5 and "xero-stand-in.db" in err and "--fresh" in err and "Traceback" not in err


def test_the_demo_leaves_a_database_alone_that_it_did_not_make(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "elsewhere" / "app.db"
    database.parent.mkdir()
    monkeypatch.setenv("TIEOUT_DATABASE_URL", f"sqlite:///{database}")
    for _ in range(2):  # an empty one, and then its own
        assert run("demo", "--once", "--json")[0] == 0
    code, _, err = run("demo", "--once", "--fresh")
    assert code == 5 and "--fresh" in err and "TIEOUT_DATABASE_URL" in err
    with sqlite3.connect(database) as real:
        real.execute("update organisations set name = 'A real one Ltd'")
        before = real.execute("select count(*) from attempts").fetchone()
    for options in ((), ("--fresh",)):
        code, _, err = run("demo", "--once", *options)
        assert code == 5 and "did not make" in err and "TIEOUT_DATABASE_URL" in err and "Traceback" not in err
    with sqlite3.connect(database) as real:
        assert real.execute("select count(*) from attempts").fetchone() == before


def test_a_port_in_use_is_told_as_that(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = run("sandbox", "xero", "--port", port, "--file", str(tmp_path / "books.db"))
    assert code == 5 and f"port {port}" in err and "--port" in err and "Traceback" not in err
