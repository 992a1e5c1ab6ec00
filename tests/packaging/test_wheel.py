"""A wheel holds every file of the package that git tracks: templates, static files, migrations, tables of labels."""

import configparser
import subprocess
import sys
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

import tieout

ROOT = Path(__file__).parent.parent.parent
BUILD = "import sys; from flit_core.buildapi import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    run = subprocess.run([sys.executable, "-c", BUILD, folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return ZipFile(folder / run.stdout.strip())


def test_the_wheel_is_pure_python_and_of_this_version(wheel: ZipFile) -> None:
    assert Path(wheel.filename or "").name == f"tieout-{tieout.__version__}-py3-none-any.whl"


def test_everything_tracked_is_in_the_wheel_byte_for_byte(wheel: ZipFile) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z", "tieout"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [path for path in tracked.stdout.split("\0") if path and (ROOT / path).exists()]
    assert len(paths) > 50
    assert not set(paths) - set(wheel.namelist())
    assert not [path for path in paths if wheel.read(path) != (ROOT / path).read_bytes()]


def test_nothing_compiled_or_kept_by_a_run_is_in_the_wheel(wheel: ZipFile) -> None:
    assert not [name for name in wheel.namelist() if name.endswith((".pyc", ".db", ".log")) or "/var/" in name]


def test_the_wheel_names_the_command_the_licence_and_what_it_needs(wheel: ZipFile) -> None:
    about = f"tieout-{tieout.__version__}.dist-info"
    commands = configparser.ConfigParser()
    commands.read_string(wheel.read(f"{about}/entry_points.txt").decode())
    assert commands["console_scripts"]["tieout"] == "tieout.app:entry"
    metadata = Parser().parsestr(wheel.read(f"{about}/METADATA").decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert any(need.startswith("sqlalchemy") for need in metadata.get_all("Requires-Dist", []))
    assert "Apache License" in wheel.read(f"{about}/licenses/LICENSE").decode()
