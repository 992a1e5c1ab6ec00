"""The set-up, against stand-ins of Python, pip and uv on the PATH: what it runs, what it says, what it never repeats.

The real thing runs on every fresh clone; here it is the order of steps and each sentence that is looked at, offline.
"""

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
# One script stands in for python, for python -m venv and pip, and (by its name) for uv. It writes down each call.
STAND_IN = """#!{python}
import os, pathlib, shutil, sys, time
me, arguments = pathlib.Path(sys.argv[0]), sys.argv[1:]
said = " ".join(arguments)
wanted = pathlib.Path(arguments[-1]).read_text() if "-r" in arguments else ""
with open({calls!r}, "a") as calls:
    shown = [me.name, *(a for a in arguments if a not in ("-I", "--quiet"))]
    calls.write(" ".join(shown).replace(chr(10), ";") + chr(10))
fails = os.environ.get("FAILS", "")
if "ensurepip" in said:
    print("{version} {part}")
elif "-m venv" in said:
    target = pathlib.Path(arguments[-1])
    shutil.rmtree(target, ignore_errors=True)
    (target / "bin").mkdir(parents=True)
    (target / "pyvenv.cfg").write_text(str(target))
    shutil.copy(me, target / "bin" / "python")
    time.sleep(float(os.environ.get("SLOW", "0")))
elif "config list" in said:
    print(os.environ.get("PIP_SAYS", ""))
elif "pip install" in said:
    if fails == "offline":
        print("WARNING: Retrying (Retry(total=0)) after connection broken")
        sys.exit("ERROR: No matching distribution found for flit-core")
    if {{"no uv": "uv==" in wanted, "uv": me.name == "uv", "list": "dbos==" in wanted}}.get(fails):
        sys.exit("ERROR: it failed")
    if "uv==" in wanted:
        shutil.copy(me, me.parent / "uv")
"""
UNREACHABLE = "The package index that pip is configured for cannot be reached: check the network and pip's index"


class House:
    """A copy of what the set-up reads, in a folder of its own, with the given Pythons on the PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.programs, self.calls_made = folder / "tieout", folder / "bin", folder / "calls"
        (self.root / "scripts").mkdir(parents=True)
        self.programs.mkdir()
        for name in ("scripts/bootstrap.py", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
            shutil.copy(ROOT / name, self.root / name)
        monkeypatch.setenv("PATH", str(self.programs))
        for name in ("FAILS", "PIP_SAYS", *(name for name in os.environ if name.startswith(("UV_", "SSL_")))):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(sys, "executable", str(self.programs / "python3"))
        self.monkeypatch = monkeypatch

    def has(self, name: str, version: str, part: str = "complete") -> None:
        text = STAND_IN.format(python=PYTHON, calls=str(self.calls_made), version=version, part=part)
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def script(self) -> Any:
        spec = importlib.util.spec_from_file_location("bootstrap", self.root / "scripts" / "bootstrap.py")
        assert spec is not None and spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def bootstrap(self, task: str, fails: str = "") -> int:
        self.monkeypatch.setenv("FAILS", fails)
        return int(self.script().main([task]))

    def calls(self) -> list[str]:
        """Each program that was run since last asked, with the folder left out."""
        lines = (
            self.calls_made.read_text().replace(str(self.root), "ROOT").splitlines() if self.calls_made.exists() else []
        )
        self.calls_made.write_text("")
        return lines


PYTHON = sys.executable


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(tmp_path.resolve(), monkeypatch)
    house.has("python3", "3.11.2")
    return house


def installed(calls: list[str]) -> list[str]:
    return [call for call in calls if "pip install" in call]


def test_the_first_run_installs_by_hash_and_the_second_runs_nothing_at_all(house: House) -> None:
    assert house.bootstrap("run") == 0
    tools, packages, tieout = installed(house.calls())
    assert tools.startswith("python -m pip install") and "--require-hashes --only-binary :all:" in tools
    assert (
        packages.startswith("uv pip install")
        and "--require-hashes" in packages
        and packages.endswith("requirements.lock")
    )
    assert tieout.startswith("uv pip install") and tieout.endswith("--no-deps --no-build-isolation --editable ROOT")
    assert house.bootstrap("run") == 0
    assert house.calls() == []


def test_what_suits_the_tests_suits_the_demo_but_not_the_other_way_round(house: House) -> None:
    assert house.bootstrap("run") == 0
    assert house.calls()
    assert house.bootstrap("dev") == 0
    assert any(call.endswith("requirements-dev.lock") for call in installed(house.calls()))
    assert house.bootstrap("run") == house.bootstrap("dev") == 0
    assert house.calls() == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "pyproject.toml"])
def test_a_changed_list_is_installed_into_the_environment_that_is_there(house: House, name: str) -> None:
    assert house.bootstrap("run") == 0
    house.calls()
    with (house.root / name).open("a") as file:
        file.write("\n# changed\n")
    assert house.bootstrap("run") == 0
    calls = house.calls()
    assert installed(calls) and not any("-m venv" in call for call in calls)


def test_a_set_up_that_stopped_half_way_starts_afresh(house: House) -> None:
    assert house.bootstrap("run", fails="list") == 1
    assert not (house.root / ".venv" / "tieout-setup.json").exists()
    house.calls()
    assert house.bootstrap("run") == 0
    assert any("-m venv --clear" in call for call in house.calls())


def test_an_environment_whose_python_has_gone_is_made_anew(house: House) -> None:
    assert house.bootstrap("run") == 0
    (house.root / ".venv" / "bin" / "python").unlink()
    house.calls()
    assert house.bootstrap("run") == 0
    assert any("-m venv --clear" in call for call in house.calls())


def test_a_torn_stamp_is_no_stamp(house: House) -> None:
    assert house.bootstrap("run") == 0
    for text in ("", "{", "[]", json.dumps({"kind": "run"})):
        (house.root / ".venv" / "tieout-setup.json").write_text(text)
        house.calls()
        assert house.bootstrap("run") == 0
        assert installed(house.calls())


def test_where_there_is_no_uv_pip_installs_everything(house: House) -> None:
    assert house.bootstrap("dev", fails="no uv") == 0
    calls = installed(house.calls())
    assert len(calls) == 4 and all(call.startswith("python -m pip install") for call in calls)
    assert "uv==" not in (house.root / ".venv" / "tieout-setup.txt").read_text()


def test_where_uv_fails_pip_tries_by_hash_too(house: House) -> None:
    assert house.bootstrap("run", fails="uv") == 0
    calls = installed(house.calls())
    assert [call.split()[0] for call in calls] == ["python", "uv", "python", "uv", "python"]
    assert "--require-hashes" in calls[2]


def test_two_at_once_make_one_environment(house: House) -> None:
    command = [PYTHON, str(house.root / "scripts" / "bootstrap.py"), "run"]
    house.monkeypatch.setenv("SLOW", "0.5")
    both = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert len([call for call in house.calls() if "-m venv" in call]) == 1


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """The last thing said; all of it on standard error, in one line."""
    output, said = capsys.readouterr()
    assert output == ""
    return said.splitlines()[-1]


def test_the_newest_python_that_is_whole_is_taken(house: House) -> None:
    house.has("python3.14", "3.14.0", "bare")
    house.has("python3.13", "3.13.1")
    assert house.script().find_python() == ("python3.13", "3.13.1")


def test_no_network_is_said_in_one_sentence(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert house.bootstrap("run", fails="offline") == 1
    assert sentence(capsys).startswith(UNREACHABLE)


def test_a_python_without_venv_is_told_which_package(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.has("python3", "3.11.2", "bare")
    assert house.bootstrap("run") == 1
    assert "run `apt-get install python3-venv` as root" in sentence(capsys)
    house.has("python3.12", "3.12.1", "bare")
    assert house.bootstrap("run") == 1
    assert "run `apt-get install python3.12-venv` as root" in sentence(capsys)


def test_an_old_python_is_told_what_is_needed(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.has("python3", "3.9.6")
    assert house.bootstrap("run") == 1
    assert "needs Python 3.11 or newer and found only 3.9.6: install one" in sentence(capsys)
    house.monkeypatch.setattr(sys, "platform", "darwin")
    assert house.bootstrap("run") == 1
    assert "python.org or with `brew install" in sentence(capsys)


def test_a_folder_that_cannot_be_written_is_named(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs the tests as root may write anywhere
    assert house.bootstrap("run") == 1
    assert sentence(capsys).startswith(f"Nothing can be written to {house.root}: ")


def test_something_else_called_venv_is_left_alone(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    (house.root / ".venv").write_text("mine")
    assert house.bootstrap("run") == 1
    assert "is not a folder: remove it" in sentence(capsys)
    assert (house.root / ".venv").read_text() == "mine"


def test_an_unknown_task_is_refused(house: House) -> None:
    assert house.bootstrap("everything") == 2
    assert house.calls() == []


def test_uv_looks_where_pip_is_configured_to_look(house: House) -> None:
    said = ["global.index-url='https://one.example/simple'", "install.index-url='https://two.example/simple'"]
    said += [":env:.proxy='http://proxy.example:3128'", "global.cert='/etc/ssl/own.pem'", "global.find-links='/a /b'"]
    house.monkeypatch.setenv("PIP_SAYS", "\n".join(said))
    assert house.bootstrap("run") == 0
    words = house.script().uv_environment()
    assert words["UV_DEFAULT_INDEX"] == "https://two.example/simple"
    assert words["ALL_PROXY"] == "http://proxy.example:3128"
    assert (words["SSL_CERT_FILE"], words["UV_FIND_LINKS"]) == ("/etc/ssl/own.pem", "/a,/b")
    house.monkeypatch.setenv("UV_DEFAULT_INDEX", "https://three.example/simple")
    assert "UV_DEFAULT_INDEX" not in house.script().uv_environment()
    assert "one.example" not in (house.root / ".venv" / "tieout-setup.log").read_text(), (
        "an address may hold a password"
    )


def test_it_can_be_read_by_python_3_8_and_names_no_index() -> None:
    text = (ROOT / "scripts" / "bootstrap.py").read_text()
    ast.parse(text, feature_version=(3, 8))
    assert "://" not in text
