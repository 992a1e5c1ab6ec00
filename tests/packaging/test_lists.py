"""The lists of packages: every pin by hash, no address, nothing that must never be installed."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
RUN, DEV = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
# Clients of other people that judge the stand-ins are installed apart, from lists of their own.
EVERY = (RUN, DEV, *sorted((ROOT / "tests" / "clients").glob("*.lock")))
# pysqlite3-binary brings an unsafe SQLite under pysqlite3's name; respx lets httpx2 through to the network; httpx is
# unmaintained; pandas sums money as floats.
NEVER = {"pysqlite3-binary", "respx", "httpx", "pandas"}


def pins(path: Path) -> dict[str, str]:
    """Each pin's text, the lines of hashes included, by name."""
    stanzas = re.split(r"\n(?=[^\s])", path.read_text().strip())
    return {re.split(r"[=\[ ;]", stanza, maxsplit=1)[0]: stanza for stanza in stanzas}


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_every_line_is_a_pinned_version_or_a_hash_and_no_address_stands_there(path: Path) -> None:
    pin = re.compile(r"[a-z0-9.-]+(\[[a-z,]+\])?==[\w.!+]+( ; [^;]+)? \\$|    --hash=sha256:[0-9a-f]{64}( \\)?$")
    assert not [line for line in path.read_text().splitlines() if not pin.match(line)]
    assert "://" not in path.read_text()


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_every_pin_has_a_hash(path: Path) -> None:
    assert not [name for name, text in pins(path).items() if "--hash=sha256:" not in text]


@pytest.mark.parametrize("path", [RUN, DEV], ids=lambda path: path.name)
def test_what_must_never_be_installed_is_not_listed(path: Path) -> None:
    assert not NEVER & pins(path).keys()


def test_what_runs_is_tested_in_the_very_same_versions() -> None:
    tested = pins(DEV)
    assert not [name for name, text in pins(RUN).items() if tested.get(name) != text]


def test_what_runs_is_few_packages() -> None:
    elsewhere = ("sys_platform == 'win32'", "sys_platform == 'emscripten'")  # listed, and installed nowhere we run
    assert len([name for name, text in pins(RUN).items() if not any(each in text for each in elsewhere)]) <= 60


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for path, wanted in ((RUN, project["project"]["dependencies"]), (DEV, project["dependency-groups"]["dev"])):
        names = {re.split(r"[\[<>=; ]", text, maxsplit=1)[0].replace("_", "-") for text in wanted}
        assert names <= pins(path).keys(), f"{path.name} is behind pyproject.toml: make lock"


def test_no_list_that_records_addresses_is_kept() -> None:
    assert not [path for name in ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock") for path in ROOT.glob(name)]
