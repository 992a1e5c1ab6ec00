"""Problems at the console: the catalogue, what is open, and the ways out; everything as text and as JSON."""

import json
from pathlib import Path

import pytest

from tests.cli.test_main_job import Run, run
from tieout.problems import problems

__all__ = ["run"]


@pytest.fixture
def held(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands over what the demo leaves: three settlements sent, one held for a label that nobody knows."""
    assert run("demo", "--once", "--json")[0] == 0
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path / "tieout-demo"))
    return run


def test_the_doctor_lists_every_problem_without_a_database(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("doctor", "--list", "--json")
    assert (code, [each["code"] for each in json.loads(out)]) == (0, [problem.code for problem in problems()])
    code, out, _ = run("doctor", "--list")
    assert code == 0 and all(problem.code in out for problem in problems())
    assert not (tmp_path / "tieout").exists()


def test_what_is_held_is_told_with_its_owner_and_the_way_out(held: Run) -> None:
    code, out, _ = held("issues")
    assert code == 4
    assert "Quantum Shelf Fee" in out and "row-type-unknown" in out and "Say what it means" in out
    code, out, _ = held("issues", "--json")
    (issue,) = json.loads(out)
    assert f"tieout fix {issue['id']} explain-label" in held("issues")[1], "what to type stands beside the way out"
    assert (code, issue["code"], issue["owner"], issue["state"]) == (4, "row-type-unknown", "user", "open")
    assert [each["kind"] for each in issue["holds"]] == ["settlement"]
    assert [each["action"] for each in issue["fixes"]] == ["explain-label"]


def test_the_doctor_shows_open_issues_with_owner_and_fix(held: Run) -> None:
    code, out, _ = held("doctor", "--json")
    (found,) = [each for each in json.loads(out) if each["name"] == "row-type-unknown"]
    assert code == 4 and not found["is_good"]
    assert "Say what it means" in found["remedy"] and "tieout fix" in found["remedy"]


def test_a_fix_at_the_console_mends_and_the_issue_is_over_by_its_check(held: Run) -> None:
    (issue,) = json.loads(held("issues", "--json")[1])
    code, out, _ = held("fix", issue["id"], "explain-label", "category=fee.other")
    assert code == 0 and "moved on: 1" in out
    code, out, _ = held("issues")
    assert code == 0 and "No open problems" in out
    code, out, _ = held("issues", "--resolved", "--json")
    (ended,) = json.loads(out)
    assert code == 0 and ended["state"] == "resolved"
    assert [line["what"] for line in ended["history"]][:2] == ["opened", "explain-label"]


def test_a_fix_that_cannot_be_says_what_can(held: Run) -> None:
    (issue,) = json.loads(held("issues", "--json")[1])
    code, _, err = held("fix", issue["id"], "renumber")
    assert code == 1 and "explain-label" in err
    code, _, err = held("fix", "nothing", "check-again")
    assert code == 1 and "tieout issues" in err
    code, out, _ = held("fix", issue["id"], "explain-label")
    assert code == 1 and "category" in out
    code, out, _ = held("fix", issue["id"], "explain-label", "category=nonsense", "--json")
    assert code == 1 and json.loads(out)["is_done"] is False
