"""The port over the real engine, in this process; what needs a killed process stands in test_kills.py."""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import RecordingJobs
from tests.jobs.test_kills import until
from tieout.core.secret import Secret
from tieout.jobs import BACKGROUND, INTERACTIVE, Held, Job, Jobs, JobState, hold, step
from tieout.jobs.runtime import KEEP_DAYS, DurableJobs, JobsMisplaced, recover
from tieout.store.engine import make_engine

Start = Callable[..., DurableJobs]


@pytest.fixture
def held(folder: Path) -> Iterator[Held]:
    lock = hold(folder)
    yield lock
    lock.release()


@pytest.fixture
def start(folder: Path, held: Held) -> Iterator[Start]:
    """Starts an engine with the kinds it is given."""
    started: list[DurableJobs] = []

    def begin(**kinds: Callable[..., Any]) -> DurableJobs:
        jobs = unstarted(folder, **kinds)
        started.append(jobs)
        jobs.start(held)
        return jobs

    yield begin
    for jobs in started:
        jobs.stop()


def unstarted(folder: Path, **kinds: Callable[..., Any]) -> DurableJobs:
    jobs = DurableJobs(f"sqlite:///{folder}/jobs.db", f"sqlite:///{folder}/app.db", make_engine)
    for kind, function in kinds.items():
        jobs.register(kind, function)
    return jobs


def ended(jobs: DurableJobs, key: str) -> Job:
    until(lambda: any(job.key == key and job.state not in (JobState.WAITING, JobState.RUNNING) for job in jobs.list()))
    return next(job for job in jobs.list() if job.key == key)


def test_a_job_gets_its_arguments_and_ends(start: Start, folder: Path) -> None:
    got: list[Any] = []
    jobs = start(keep=lambda **arguments: got.append(arguments))
    arguments = {
        "organisation": "org-1",
        "amount": Decimal("1.50"),
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "ids": ("a",),
    }
    jobs.enqueue("keep", "keep:1", arguments, INTERACTIVE)
    job = ended(jobs, "keep:1")
    assert (folder / "jobs.db").stat().st_mode & 0o777 == 0o600
    assert (job.kind, job.state, job.lane, job.error) == ("keep", JobState.DONE, INTERACTIVE, None)
    assert abs(job.asked_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert got == [arguments]


def test_a_job_that_raises_has_failed_and_keeps_no_text(
    start: Start, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise LookupError("canary-51d9")

    jobs = start(fail=fail)
    jobs.enqueue("fail", "fail:1", {})
    job = ended(jobs, "fail:1")
    assert (job.state, job.error) == (JobState.FAILED, "LookupError")
    assert "canary-51d9" in caplog.text, "the log has the whole of it"
    jobs.stop()
    assert not any(b"canary-51d9" in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("wrong", [1.5, Secret("token"), b"bytes", object()])
def test_what_must_not_be_journalled_is_refused_where_it_is_asked_for(start: Start, wrong: object) -> None:
    jobs = start(keep=lambda **_: None)
    with pytest.raises(TypeError, match="must not enter a job"):
        jobs.enqueue("keep", "keep:1", {"value": wrong})


def test_a_kind_or_lane_that_nobody_knows_is_refused(start: Start) -> None:
    jobs = start(keep=lambda **_: None)
    with pytest.raises(AssertionError, match="job kind other"):
        jobs.enqueue("other", "1", {})
    with pytest.raises(AssertionError, match="lane fast"):
        jobs.enqueue("keep", "1", {}, "fast")
    with pytest.raises(AssertionError, match="comes after the start"):
        jobs.register("late", lambda: None)


def test_a_cancelled_job_does_not_start(folder: Path, start: Start) -> None:
    ran: list[str] = []
    asking = unstarted(folder, keep=lambda **_: None)
    asking.connect()
    asking.enqueue("keep", "keep:1", {"name": "a"})
    asking.enqueue("keep", "keep:2", {"name": "b"})
    asking.cancel("keep:1")
    asking.cancel("unknown")
    asking.stop()
    jobs = start(keep=lambda name: ran.append(name))
    assert ended(jobs, "keep:2").state is JobState.DONE
    assert ended(jobs, "keep:1").state is JobState.CANCELLED and ran == ["b"]


def test_who_only_asks_never_works(folder: Path) -> None:
    ran: list[int] = []
    asking = unstarted(folder, keep=lambda **_: ran.append(1))
    asking.connect()
    assert not (folder / "jobs.db").exists(), "opened when the first job is asked for"
    asking.enqueue("keep", "keep:1", {})
    time.sleep(1.5)
    assert [job.state for job in asking.list()] == [JobState.WAITING] and ran == []
    asking.stop()


def test_a_nudge_that_cannot_be_left_is_logged_and_forgiven(
    start: Start, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asking = unstarted(folder, keep=lambda **_: None)
    asking.connect()
    asking.list()
    engine = make_engine(f"sqlite:///{folder}/jobs.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE workflow_status RENAME TO away")
    engine.dispose()
    asking.enqueue("keep", "keep:1", {})
    assert "a nudge was lost" in caplog.text
    asking.stop()


def test_the_jobs_of_tests_keep_to_the_same_port() -> None:
    ports: tuple[Jobs, ...] = (
        RecordingJobs(),
        DurableJobs("postgresql+psycopg://a/b", "postgresql+psycopg://a/b", make_engine),
    )
    for port in ports:
        port.register("keep", lambda **_: None)


def test_a_step_outside_a_job_is_a_plain_call() -> None:
    assert step("double", lambda name: name * 2, name="ab") == "abab"


def test_the_timetable_asks_again_and_leaves_out_a_turn_that_is_still_busy(folder: Path, held: Held) -> None:
    let_go, runs = threading.Event(), []

    def sweep() -> None:
        runs.append(1)
        let_go.wait(20)

    jobs = unstarted(folder, sweep=sweep)
    jobs.schedule("sweep", 1)
    jobs.start(held)
    try:
        until(lambda: len(runs) == 1)
        time.sleep(2.5)
        assert len(runs) == 1 and len(jobs.list()) == 1
        let_go.set()
        until(lambda: len(runs) >= 2)
    finally:
        let_go.set()
        jobs.stop()


def test_a_stop_tells_whether_a_job_still_runs(folder: Path, held: Held) -> None:
    """While one does, the lock must stay: the next holder takes everything over as if this process were dead."""
    let_go, begun, ended_at_last = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        let_go.wait(20)
        ended_at_last.set()

    jobs = unstarted(folder, work=work)
    jobs.start(held)
    jobs.enqueue("work", "work:1", {})
    assert begun.wait(10)
    assert not jobs.stop()
    let_go.set()
    assert ended_at_last.wait(10)
    until(jobs.stop)


def test_what_ended_long_ago_is_forgotten(start: Start) -> None:
    jobs = start(keep=lambda **_: None)
    jobs.enqueue("keep", "keep:1", {})
    ended(jobs, "keep:1")
    assert jobs._forget(datetime.now(UTC) + timedelta(days=KEEP_DAYS - 1)) == 0
    assert jobs._forget(datetime.now(UTC) + timedelta(days=KEEP_DAYS + 1)) == 1
    assert jobs.list() == ()


# --- The rules of the engine ------------------------------------------------------------------------------------------


def test_product_and_jobs_in_one_sqlite_file_are_refused(folder: Path) -> None:
    """There a step that writes and the engine that journals it would wait for each other for ever."""
    for other in ("app.db", "../tieout/app.db"):
        with pytest.raises(JobsMisplaced, match="two files"):
            DurableJobs(f"sqlite:///{folder}/app.db", f"sqlite:///{folder}/{other}", make_engine)


def test_on_sqlite_no_work_starts_without_the_lock(folder: Path) -> None:
    with pytest.raises(JobsMisplaced, match="behind the lock"):
        unstarted(folder).start()


def test_the_version_on_the_wire_and_the_executor_are_ours(start: Start, folder: Path) -> None:
    """DBOS's own version is a hash of the code: after any edit, work begun before would be stranded."""
    jobs = start(keep=lambda **_: None)
    jobs.enqueue("keep", "keep:1", {})
    ended(jobs, "keep:1")
    engine = make_engine(f"sqlite:///{folder}/jobs.db")
    with engine.connect() as connection:
        query = "SELECT application_version, executor_id, serialization FROM workflow_status"
        assert connection.execute(sa.text(query)).one() == ("1", "tieout", "exact_json_v1")
    engine.dispose()


def test_starting_and_stopping_says_nothing(folder: Path) -> None:
    """No advert for the vendor's console, no warning of a deprecated option."""
    import signal

    worker = subprocess.Popen(
        [sys.executable, "-W", "error::DeprecationWarning:dbos", "-m", "tests.jobs.worker", "sqlite", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until(lambda: bool(list(folder.glob("ready-*"))))
    worker.send_signal(signal.SIGTERM)
    assert worker.communicate(timeout=20)[0] == "" and worker.returncode == 0


def test_the_engines_own_lines_go_through_our_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    start()
    logging.getLogger("dbos").warning("something is odd")
    assert "something is odd" in caplog.text
    assert logging.getLogger("dbos").level == logging.WARNING


def test_recovery_does_without_the_private_call_should_it_go(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    from dbos import DBOS

    ran: list[str] = []
    jobs = start(keep=lambda **_: ran.append("again"))
    jobs.enqueue("keep", "keep:1", {})
    ended(jobs, "keep:1")
    engine = jobs._engine
    assert engine is not None
    with engine.begin() as connection:
        dead = "UPDATE workflow_status SET status = 'PENDING', executor_id = 'dead', completed_at = NULL"
        connection.execute(sa.text(dead))
    assert hasattr(DBOS, "_recover_pending_workflows"), "what lease.py stands on"
    monkeypatch.delattr(DBOS, "_recover_pending_workflows")
    recover(["dead"])
    until(lambda: ran == ["again", "again"])


def test_importing_jobs_does_not_import_the_engine() -> None:
    program = "import sys, tieout.jobs, tieout.jobs.runtime; print('dbos' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
    )


# --- Pace and shares --------------------------------------------------------------------------------------------------


def test_one_organisation_with_much_to_do_does_not_keep_another_waiting(start: Start) -> None:
    let_go, ran = threading.Event(), []

    def work(organisation: str) -> None:
        if organisation == "busy":
            let_go.wait(20)
        ran.append(organisation)

    jobs = start(work=work)
    for number in range(30):
        jobs.enqueue("work", f"busy:{number}", {"organisation": "busy"}, BACKGROUND)
    jobs.enqueue("work", "small:1", {"organisation": "small"}, BACKGROUND)
    try:
        until(lambda: "small" in ran, 10)
        assert ran == ["small"]
    finally:
        let_go.set()


def test_the_queue_keeps_a_useful_pace(start: Start) -> None:
    """A poll of 0.2 s and 3 at once make 15 a second for one organisation; with the default poll it would be 3."""
    jobs = start(work=lambda **_: None)
    for number in range(40):
        jobs.enqueue("work", f"work:{number}", {"organisation": "one"})
    began = time.monotonic()
    until(lambda: all(job.state is JobState.DONE for job in jobs.list()))
    assert time.monotonic() - began < 40 / 4


def test_a_start_that_fails_leaves_room_for_the_next(folder: Path, held: Held) -> None:
    refused: list[RuntimeError] = []

    def begin_inside_a_loop() -> None:
        async def begin() -> None:
            try:
                unstarted(folder).start(held)  # the engine refuses a thread whose event loop runs
            except RuntimeError as error:
                refused.append(error)

        asyncio.run(begin())

    thread = threading.Thread(target=begin_inside_a_loop)
    thread.start()
    thread.join()
    jobs = unstarted(folder, work=lambda: "done")
    jobs.start(held)
    try:
        jobs.enqueue("work", "after", {})
        assert ended(jobs, "after").state is JobState.DONE and refused
    finally:
        jobs.stop()
