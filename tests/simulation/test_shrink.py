"""A failing run becomes short: few faults, the same broken invariant, and a report that can be replayed."""

from tieout.simulation.posting import run
from tieout.simulation.shrink import read_schedule, report, schedule, shrink


def test_a_failing_run_is_cut_down_to_the_faults_it_needs() -> None:
    whole, short = run(4139, "D4"), shrink(4139, "D4")
    assert len(short.fired) < len(whole.fired)
    assert {violation.invariant for violation in short.violations} >= {"I1"}
    for mark, _ in short.fired:
        others = frozenset(other for other, _ in short.fired if other != mark)
        assert not any(violation.invariant == "I1" for violation in run(4139, "D4", others).violations)


def test_a_schedule_written_down_replays_the_same_run() -> None:
    short = shrink(81, "D0")
    assert run(81, "D0", read_schedule(schedule(short))) == short


def test_a_schedule_without_faults_can_be_written_down() -> None:
    calm = run(81, "D0", frozenset())
    assert calm.violations == ()
    assert read_schedule(schedule(calm)) == frozenset()


def test_a_run_that_breaks_nothing_is_left_as_it_is() -> None:
    assert shrink(81) == run(81)
    assert report(81) == ["OK seed=81 profile=posting design=D5"]


def test_a_report_is_one_line_and_a_capsule() -> None:
    lines = report(81, "D0", commit="abc1234")
    assert lines[0].startswith("FAIL I1 duplicate  seed=81 profile=posting design=D0 commit=abc1234 py=")
    assert "replay: tieout sim --seed 81 --profile posting --design D0 --trace" in lines
    assert any(line.startswith("schedule: call:") for line in lines)
