"""`tieout connect`: an address at the console, the answer of a browser, and the books are connected."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.cli.test_main_job import Run, run
from tieout.cli._browser import allow
from tieout.sandbox import quickbooks, server

__all__ = ["run"]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> dict[str, str]:
    """An organisation, and nothing registered anywhere."""
    assert run("demo", "--once", "--json")[0] == 0
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path / "tieout-demo"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("TIEOUT_URL", f"http://localhost:{free.getsockname()[1]}")
    return dict(os.environ)


def test_without_an_app_it_says_which_settings_are_missing(environ: dict[str, str], run: Run) -> None:
    code, _, err = run("connect")
    assert code == 5 and "TIEOUT_<PLATFORM>_CLIENT_ID" in err
    code, _, err = run("connect", "quickbooks")
    assert code == 5 and "TIEOUT_QUICKBOOKS_CLIENT_ID" in err


def test_with_several_it_asks_which(environ: dict[str, str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XERO", "QUICKBOOKS"):
        monkeypatch.setenv(f"TIEOUT_{name}_CLIENT_ID", "an id")
        monkeypatch.setenv(f"TIEOUT_{name}_CLIENT_SECRET", "a secret")
    code, _, err = run("connect")
    assert code == 2 and "quickbooks, xero" in err


def test_the_only_one_is_connected_through_a_browser(environ: dict[str, str], run: Run) -> None:
    url = environ["TIEOUT_URL"]
    world = quickbooks.books(scenario="new-york")
    quickbooks.app(quickbooks.of(world).books, redirect_uris=(f"{url}/oauth/quickbooks/callback",))
    with server.running(world) as stand_in:
        lines = [line.strip().removeprefix("export ") for line in quickbooks.exports(stand_in.base_url)]
        settings = environ | dict(line.split("=", 1) for line in lines)
        command = [sys.executable, "-m", "tieout", "--organisation", "Harbour & Finch Ltd", "connect"]
        console = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert console.stdout is not None
        address = next(line for line in console.stdout if re.match("http", line)).strip()
        with urlopen(f"{url}/oauth/quickbooks/callback?{urlencode(allow(address))}", timeout=20) as page:
            assert b"Back at the console" in page.read()
        out, err = console.communicate(timeout=60)
    assert console.returncode == 0 and "Connected." in out, (out, err)
    assert "Bluebird Supply Inc" in run("connections")[1]
