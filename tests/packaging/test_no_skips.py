"""With CI=true a skipped test fails the run, however it was skipped, alone or on two workers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PASSED, FAILED = 0, 1
RUNS = "def test_it_runs(): assert True\n"
SKIPS = "import pytest\ndef test_it_skips(): pytest.skip('no such tool')\n"
SKIPS_WHOLE = "import pytest\npytest.importorskip('no_such_module_anywhere')\n"


def pytest_on(folder: Path, text: str, ci: str, *options: str) -> int:
    (folder / "test_it.py").write_text(RUNS)
    (folder / "test_that.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.no_skips",
        "-p",
        "no:cacheprovider",
        *options,
        str(folder),
    ]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize("text", [SKIPS, SKIPS_WHOLE], ids=["one test", "a whole file"])
def test_a_skip_fails_in_ci_and_only_there(tmp_path: Path, text: str) -> None:
    assert pytest_on(tmp_path, text, ci="true") == FAILED
    assert pytest_on(tmp_path, text, ci="") == PASSED


def test_a_skip_on_a_worker_fails_too(tmp_path: Path) -> None:
    assert pytest_on(tmp_path, SKIPS, "true", "-n", "2") == FAILED


def test_a_run_without_skips_passes_in_ci(tmp_path: Path) -> None:
    assert pytest_on(tmp_path, RUNS, ci="true") == PASSED
