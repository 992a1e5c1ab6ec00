"""`tieout doctor --connection`: every connection, line by line, by real calls."""

import json
from pathlib import Path

import pytest

from tests.cli.test_main_job import Run, run

__all__ = ["run"]


def test_the_doctor_checks_connections_line_by_line_and_names_the_first_that_fails(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("demo", "--once", "--json")[0] == 0
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path / "tieout-demo"))  # without the demo's registrations
    code, out, _ = run("doctor", "--connection", "--json")
    checked = json.loads(out)[0]
    assert code == 4 and [each["no"] for each in checked["lines"]] == list(range(1, 13))
    first = checked["lines"][0]
    assert (first["result"], first["problem"]) == ("fail", "connect-error-shown")
    assert [each["result"] for each in checked["lines"][1:10]] == ["not_run"] * 9
    code, out, _ = run("doctor", "--connection")
    assert code == 4 and "Check 1, address, encryption and clock" in out and "Needs check 1." in out
