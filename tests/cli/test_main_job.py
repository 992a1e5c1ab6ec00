"""The main job at the console: the same verbs, exit codes and JSON that scripts rely on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tieout.app import main
from tieout.channels.amazon import settlement
from tieout.cli._demo_sellers import EXPECTED_HOLD, is_good
from tieout.core.settlement import Reading, Statement

SAMPLES = Path(__file__).parent.parent / "channels" / "amazon"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command in this process, over a data folder of its own; gives exit code, output and errors."""
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path / "tieout"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TIEOUT_DATABASE_URL", raising=False)

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(arguments))
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def test_inspect_prints_what_scripts_rely_on(run: Run) -> None:
    code, out, _ = run("inspect", str(SAMPLES / "amazon_v2_uk_two_months.txt"), "--json", "--zone", "UTC")
    (found,) = json.loads(out)
    (settlement,) = found["settlements"]
    assert code == 0
    assert found["channel"] == "amazon"
    assert settlement["months"] == {"2026-06": "198.57", "2026-07": "41.40"}
    assert {name: settlement[name] for name in ("id", "currency", "total", "lines_sum", "difference", "rows")} == {
        "id": "26100000102",
        "currency": "GBP",
        "total": "239.97",
        "lines_sum": "239.97",
        "difference": "0.00",
        "rows": 187,
    }
    assert {"category": "reserve.previous", "amount": "42.10", "rows": 1} in settlement["categories"]


def test_inspect_prints_what_a_list_of_payouts_states(run: Run) -> None:
    path = str(SAMPLES.parent / "shopify" / "shopify_payouts.csv")
    code, out, _ = run("inspect", path, "--json")
    (found,) = json.loads(out)
    assert (code, found["settlements"], len(found["payouts"])) == (0, [], 7)
    assert {"on": "2026-06-09", "currency": "GBP", "total": "-43.11", "state": "paid"} in found["payouts"]
    assert "states -43.11 GBP on 2026-06-09 (paid)" in run("inspect", path)[1]


def test_inspect_names_an_unknown_label_with_the_money_at_stake(run: Run) -> None:
    _, out, _ = run("inspect", str(SAMPLES / "amazon_v2_unknown_type.txt"), "--json")
    (label,) = json.loads(out)[0]["settlements"][0]["unknown_labels"]
    assert (label["amount"], label["rows"]) == ("-7.45", 1)
    assert "Quantum Shelf Fee" in label["label"]


def test_inspect_refuses_with_exit_code_3_and_reads_the_other_files(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    files = [empty, SAMPLES / "amazon_v2_broken_total.txt", SAMPLES / "amazon_v2_uk.txt", tmp_path / "missing.txt"]
    code, out, _ = run("inspect", "--json", *map(str, files))
    found = json.loads(out)
    assert code == 3
    refused = [each.get("refused", {}).get("code") for each in found]
    assert refused == ["file_empty", "source-total-mismatch", None, "file_unreadable"]
    assert all({"code", "message", "row"} <= set(each["refused"]) for each in found if "refused" in each)


def test_inspect_answers_for_the_other_files_when_a_reader_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly = settlement.read

    def broken(statement: Statement, *more: Any) -> Reading:
        if "_de" in statement.filename:
            raise IndexError("list index out of range")
        return plainly(statement, *more)

    monkeypatch.setattr(settlement, "read", broken)
    code, out, err = run("inspect", "--json", *(str(SAMPLES / f"amazon_v2_{name}.txt") for name in ("de", "uk")))
    found = json.loads(out)
    assert (code, "Traceback" in err) == (3, False)
    assert [each.get("refused", {}).get("code") for each in found] == ["reader_failed", None]
    assert found[1]["settlements"][0]["difference"] == "0.00"


def test_the_demo_ends_well_and_its_words_can_be_read_at_the_console(run: Run, monkeypatch: Any) -> None:
    code, out, err = run("demo", "--once", "--json")
    told = json.loads(out)
    assert code == 0, err
    assert [each["status"] for each in told["settlements"]] == ["sent", "sent", "sent", "unknown-rows"]
    assert [each["ties_out"] for each in told["settlements"]] == [True, True, True, False]
    assert told["settlements"][3]["reason"] == "row-type-unknown"
    first, second = told["organisations"]
    assert first["settlements"] == told["settlements"]
    assert {each["books"] for each in second["settlements"]} == {second["books"]} != {first["books"]}
    assert len(second["settlements"]) >= 3
    assert all(each["status"] == "sent" and each["ties_out"] and each["documents"] for each in second["settlements"])
    assert all(each["deposit"] == each["total_in_books"] for each in second["settlements"])


def test_a_wrong_setting_is_one_sentence_and_exit_code_5(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_PORT", "eighty")
    code, out, err = run("settlements")
    assert (code, out) == (5, "")
    assert "TIEOUT_PORT" in err and "Traceback" not in err


def test_without_an_organisation_the_next_step_is_named(run: Run) -> None:
    code, _, err = run("settlements")
    assert code == 1
    assert "tieout serve" in err


def test_sim_prints_the_object_that_scripts_rely_on(run: Run) -> None:
    code, out, _ = run("sim", "--seeds", "20", "--start", "100", "--profile", "posting", "--json")
    told = json.loads(out)
    assert code == 0
    assert set(told) == {"profile", "design", "seeds", "violations", "runs_per_second", "trace_hash"}
    assert (told["profile"], told["design"], told["seeds"], told["violations"]) == ("posting", "D5", 20, [])
    assert json.loads(run("sim", "--seeds", "20", "--start", "100", "--json")[1])["trace_hash"] == told["trace_hash"]


def test_web_and_worker_need_postgresql_and_say_so(run: Run) -> None:
    for command in ("web", "worker"):
        code, _, err = run(command)
        assert code == 5
        assert "PostgreSQL" in err


def test_the_demo_fails_where_one_organisation_does_not_tie_out() -> None:
    sent = {"status": "sent", "ties_out": True, "reason": ""}
    held = {"status": "unknown-rows", "ties_out": False, "reason": EXPECTED_HOLD}

    def told(first: list[Any], second: list[Any]) -> dict[str, Any]:
        return {"organisations": [{"settlements": first}, {"settlements": second}]}

    assert is_good(told([sent] * 3 + [held], [sent] * 3))
    assert not is_good(told([sent] * 3 + [held], [sent, sent, {**sent, "ties_out": False}]))
    assert not is_good(told([sent] * 3 + [held], []))
    assert not is_good(told([sent] * 3, [sent] * 3)) and not is_good(told([sent] * 3 + [held], [sent] * 3 + [held]))


def test_a_command_may_be_about_another_organisation_by_its_name(run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    assert run("demo", "--once", "--json")[0] == 0
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path / "tieout-demo"))
    first = json.loads(run("settlements", "--json")[1])
    second = json.loads(run("--organisation", "ferry lane pottery ltd", "settlements", "--json")[1])
    assert "99000000101" in json.dumps(first) and "99000000101" not in json.dumps(second) and second
    code, _, err = run("--organisation", "Nobody Ltd", "settlements")
    assert code == 2 and "Nobody Ltd" in err and "Ferry Lane Pottery Ltd" in err
    assert json.loads(run("settlements", "--json")[1]) == first, "the next command is about the first one again"
