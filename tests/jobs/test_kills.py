"""Processes killed with SIGKILL: what was finished does not run again, what was not is taken up."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.jobs.worker import KIND, SPAN, jobs_for
from tieout.jobs import BACKGROUND, LANES, JobState
from tieout.jobs.runtime import DurableJobs
from tieout.store.engine import make_engine

Life = subprocess.Popen[bytes]
Begin = Callable[[], Life]

AMOUNT = Decimal("1234567890123.4500")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def address(request: pytest.FixtureRequest) -> str:
    return "sqlite" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))


@pytest.fixture
def asking(address: str, folder: Path) -> Iterator[DurableJobs]:
    """Asks for work and looks at it, and does none itself."""
    jobs = jobs_for(address, folder)
    jobs.connect()
    yield jobs
    jobs.stop()


@pytest.fixture
def begin(address: str, folder: Path) -> Iterator[Begin]:
    """Starts a worker process; each one is killed at the end of the test."""
    lives: list[Life] = []

    def start() -> Life:
        life = subprocess.Popen([sys.executable, "-m", "tests.jobs.worker", address, str(folder), "2"])
        lives.append(life)
        return life

    yield start
    for life in lives:
        if life.poll() is None:
            life.kill()
        life.wait()


def until(truth: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def effects(folder: Path) -> list[str]:
    path = folder / "effects"
    return path.read_text().splitlines() if path.exists() else []


def states(jobs: DurableJobs) -> Counter[JobState]:
    return Counter(job.state for job in jobs.list())


def test_steps_that_were_finished_do_not_run_again_and_a_decimal_stays_a_decimal(
    asking: DurableJobs, begin: Begin, folder: Path
) -> None:
    (folder / "die_at").write_text("later")
    asking.enqueue(KIND, "job-1", {"name": "a", "amount": AMOUNT})
    first = begin()
    assert first.wait(30) == -signal.SIGKILL
    assert effects(folder) == ["a first", "a second"]
    begin()
    until(lambda: states(asking) == {JobState.DONE: 1})
    assert effects(folder) == ["a first", "a second", "a third", "a fourth Decimal 2469135780246.9000"]


def test_a_step_killed_after_its_effect_runs_again(asking: DurableJobs, begin: Begin, folder: Path) -> None:
    """So a step that writes to the outside must find out for itself whether an earlier life of it was there."""
    (folder / "die_at").write_text("after_effect")
    asking.enqueue(KIND, "job-1", {"name": "a", "amount": AMOUNT})
    assert begin().wait(30) == -signal.SIGKILL
    begin()
    until(lambda: states(asking) == {JobState.DONE: 1})
    assert [line.split(maxsplit=1)[1][:6] for line in effects(folder)] == [
        "first",
        "second",
        "third",
        "third",
        "fourth",
    ]


def test_the_same_key_again_is_the_same_job_while_it_waits_and_after_it_ended(
    asking: DurableJobs, begin: Begin, folder: Path
) -> None:
    for name in ("a", "b"):
        asking.enqueue(KIND, "job-1", {"name": name, "amount": AMOUNT})
    begin()
    until(lambda: states(asking) == {JobState.DONE: 1})
    asking.enqueue(KIND, "job-1", {"name": "c", "amount": AMOUNT})
    asking.enqueue(KIND, "job-2", {"name": "d", "amount": AMOUNT})
    until(lambda: states(asking) == {JobState.DONE: 2})
    assert Counter(line.split()[0] for line in effects(folder)) == {"a": 4, "d": 4}


@pytest.mark.pg
@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_survivors_take_over_the_work_of_a_dead_worker(asking: DurableJobs, begin: Begin, folder: Path) -> None:
    lives = [begin(), begin()]
    until(lambda: len(list(folder.glob("ready-*"))) == 2)
    for number in range(6):
        asking.enqueue(KIND, f"job-{number}", {"name": f"n{number}", "amount": AMOUNT, "seconds": 1})
    until(lambda: sum("third" in line for line in effects(folder)) == 3)  # as many as a share allows
    lives[0].kill()
    began = time.monotonic()
    until(lambda: states(asking) == {JobState.DONE: 6})
    assert time.monotonic() - began < 15
    assert lives[1].poll() is None
    counted = Counter(line.split(maxsplit=1)[1][:6] for line in effects(folder))
    assert counted["first"] == counted["second"] == counted["fourth"] == 6, counted
    assert 6 <= counted["third"] <= 9, "only what was under way may run again"


@pytest.mark.pg
@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_work_that_belongs_to_nobody_is_found_at_the_next_start(
    asking: DurableJobs, begin: Begin, folder: Path, pg_url: str
) -> None:
    (folder / "die_at").write_text("between")
    asking.enqueue(KIND, "job-1", {"name": "a", "amount": AMOUNT})
    assert begin().wait(30) == -signal.SIGKILL
    engine = make_engine(pg_url)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM dbos.tieout_worker"))
    engine.dispose()
    begin()
    until(lambda: states(asking) == {JobState.DONE: 1})
    assert Counter(line.split()[1] for line in effects(folder)) == dict.fromkeys(
        ("first", "second", "third", "fourth"), 1
    )


def test_a_second_worker_on_the_same_sqlite_folder_does_not_start(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.jobs.worker", "sqlite", str(folder)]
    first = subprocess.Popen(command)
    try:
        until(lambda: (folder / f"ready-{first.pid}").exists())
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert second.returncode != 0
        assert f"another Tieout (process {first.pid}) works on {folder}" in second.stderr
        os.kill(first.pid, signal.SIGTERM)
        assert first.wait(15) == 0
    finally:
        first.kill()
        first.wait()


@pytest.mark.pg
@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_the_share_of_an_organisation_holds_over_all_workers(asking: DurableJobs, begin: Begin, folder: Path) -> None:
    """With an engine that begins its transactions late, counting and claiming would race between workers."""
    begin(), begin()
    until(lambda: len(list(folder.glob("ready-*"))) == 2)
    for number in range(10):
        for share in ("a", "b"):
            asking.enqueue(SPAN, f"{share}{number}", {"organisation": share})
    until(lambda: states(asking) == {JobState.DONE: 20})
    at_once: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for line in effects(folder):
        share, what = line.split()
        at_once[share] += 1 if what == "begin" else -1
        most[share] = max(most[share], at_once[share])
    assert 1 < most["a"] <= LANES[BACKGROUND].per_share and 1 < most["b"] <= LANES[BACKGROUND].per_share, most
