"""The engine behind the port: DBOS, started in the one order that works and kept to the rules it needs.

The rules, each with a test that kills processes or shows the trap: one executor id per life of a process, fixed behind
the lock on SQLite, fresh at every start on PostgreSQL; a lease so that survivors take over; a version of our own on
the wire, since DBOS's changes with every edit and strands what was begun; our own serializer; two files on SQLite,
migrated by DBOS's own engine before ours opens them.
"""

import logging
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tieout.jobs import BACKGROUND, Job, JobState, lease
from tieout.jobs.lock import Held
from tieout.jobs.queues import LANES
from tieout.jobs.timetable import Timetable

if TYPE_CHECKING:
    from dbos import DBOSClient

log = logging.getLogger("tieout.jobs")

APPLICATION = "tieout"
# On the wire since the first release: a new number strands all work begun under the old one.
WIRE_VERSION = "1"
LIVES = 20  # how often a job may be begun by a process that then dies, before it counts as what kills it
KEEP_DAYS = 7  # an ended job is remembered, and its key answered with it, this long

MakeEngine = Callable[[str], sa.Engine]

_STATES = {
    "ENQUEUED": JobState.WAITING,
    "DELAYED": JobState.WAITING,
    "PENDING": JobState.RUNNING,
    "SUCCESS": JobState.DONE,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}


class JobsMisplaced(Exception):
    """The job engine cannot work with the databases it was given."""


class DurableJobs:
    """The port over DBOS. Register kinds and the timetable, then `start` (works) or `connect` (only asks for work).

    `make_engine` opens a database by its address, on SQLite with BEGIN IMMEDIATE: with any other engine, counting and
    claiming are two transactions and the limits of lanes do not hold.
    """

    def __init__(self, jobs_url: str, product_url: str, make_engine: MakeEngine) -> None:
        self._is_sqlite = jobs_url.startswith("sqlite")
        if self._is_sqlite and _same_file(jobs_url, product_url):
            raise JobsMisplaced("on SQLite jobs and product need two files: in one they wait for each other for ever")
        self._url, self._make_engine = jobs_url, make_engine
        self._kinds: dict[str, Callable[..., Any]] = {}
        self._timetable = Timetable(self._ask_unless_waiting, self._forget)
        self._engine: sa.Engine | None = None
        self._client: DBOSClient | None = None
        self._heart: lease.Heart | None = None
        self._works = self._may_open = False
        self._opening = threading.Lock()
        self._running: set[object] = set()  # one mark for each job that runs in this process

    def register(self, kind: str, function: Callable[..., Any]) -> None:
        assert self._client is None and not self._may_open, f"job kind {kind} comes after the start"
        assert kind not in self._kinds, f"job kind {kind} is registered twice"
        self._kinds[kind] = function

    def schedule(self, kind: str, every_seconds: int, lane: str = BACKGROUND) -> None:
        """Asks for `kind` without arguments once every so many seconds, by one worker of all.

        A turn is left out while the one before still waits or runs.
        """
        assert kind in self._kinds, f"job kind {kind} is not registered"
        self._timetable.add(kind, every_seconds, lane)

    # --- Life -------------------------------------------------------------------------------------------------------

    def start(self, held: Held | None = None, lease_seconds: float = lease.LEASE_SECONDS) -> None:
        """Works from here on, first on what an earlier life of this worker left unfinished.

        On SQLite it takes the lock on the folder (`hold`), which proves that no other life is left.
        """
        if self._is_sqlite and held is None:
            raise JobsMisplaced("on SQLite work starts only behind the lock on the data folder")
        engine = self._open()
        me = APPLICATION if self._is_sqlite else f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        self._works = True
        try:
            _launch(self._url, engine, me, {kind: self._watched(kind, run) for kind, run in self._kinds.items()})
        except BaseException:
            self.stop()  # half a start would stand in the way of the next one in this process
            raise
        if not self._is_sqlite:
            lease.prepare(engine)
            lease.beat(engine, me, recover, lease_seconds)
            lease.sweep_orphans(engine, pending_executors, recover)
            self._heart = lease.Heart(engine, me, recover, lease_seconds)
            self._heart.start()
        self._timetable.start()

    def connect(self) -> None:
        """Only asks for work, which a worker then does. Needs no lock: nothing is run or recovered here.

        DBOS is imported and the database opened when the first job is asked for: most commands only look.
        """
        self._may_open = True

    def stop(self, wait_seconds: int = 0) -> bool:
        """No job begins any more; those that run may end within the wait. What is cut off resumes in the next life.

        True when none runs any more. Otherwise keep the lock on the folder until the process ends: whoever takes it
        next believes that this life is over.
        """
        self._may_open = False
        self._timetable.stop()
        if self._heart is not None:
            self._heart.stop()
        if self._works:
            from dbos import DBOS

            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_seconds)
            self._works = False
        if self._heart is not None:
            self._heart.leave()
            self._heart = None
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        return not self._running

    def _open(self) -> sa.Engine:
        from dbos import DBOS, DBOSClient

        from tieout.jobs.serializer import ExactJSON

        assert self._client is None, "jobs are started once"
        _quiet()
        if self._is_sqlite:
            Path(sa.make_url(self._url).database or "").touch(mode=0o600)  # for its owner only
        DBOS.migrate(self._url)  # with DBOS's own engine: its migration begins transactions itself
        self._engine = self._make_engine(self._url)
        self._client = DBOSClient(
            system_database_engine=self._engine,
            serializer=ExactJSON(),
            application_name=APPLICATION,
            retry_connection_errors=False,  # a nudge that cannot be left is forgiven, never waited for
        )
        return self._engine

    # --- Work -------------------------------------------------------------------------------------------------------

    def enqueue(self, kind: str, key: str, arguments: dict[str, Any], lane: str = BACKGROUND) -> None:
        assert kind in self._kinds, f"job kind {kind} is not registered"
        assert lane in LANES, f"there is no lane {lane}"
        try:
            self._open_client().enqueue(
                {
                    "workflow_name": kind,
                    "workflow_id": key,
                    "queue_name": lane,
                    "queue_partition_key": str(arguments.get("organisation", "-")),
                    "app_version": WIRE_VERSION,
                },
                **arguments,
            )
        except sa.exc.SQLAlchemyError:
            log.warning("a nudge was lost; the sweep finds its row", extra={"kind": kind, "key": key}, exc_info=True)

    def cancel(self, key: str) -> None:
        self._open_client().cancel_workflow(key)

    def list(self, limit: int = 100) -> tuple[Job, ...]:
        rows = self._open_client().list_workflows(limit=limit, sort_desc=True, load_input=False)
        return tuple(_job(row) for row in rows)

    def _watched(self, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Counts it while it runs. The journal keeps only the class of what it raises, so the log gets the whole."""

        def run(**arguments: Any) -> Any:
            mark = object()
            self._running.add(mark)
            try:
                return function(**arguments)
            except Exception:
                log.exception("a job failed", extra={"kind": kind})
                raise
            finally:
                self._running.discard(mark)

        return run

    def _open_client(self) -> "DBOSClient":
        with self._opening:
            if self._client is None:
                assert self._may_open, "jobs are not started"
                self._open()
            assert self._client is not None
            return self._client

    def _ask_unless_waiting(self, kind: str, key: str, lane: str) -> None:
        busy = self._open_client().list_workflows(
            name=kind, status=["ENQUEUED", "PENDING"], limit=1, load_input=False, load_output=False
        )
        if not busy:
            self.enqueue(kind, key, {}, lane)

    def _forget(self, now: datetime) -> int:
        """Takes ended jobs out of the journal, a thousand at most; how many."""
        before = datetime.fromtimestamp(now.timestamp() - KEEP_DAYS * 86_400, UTC).isoformat()
        ended = [name for name, state in _STATES.items() if state not in (JobState.WAITING, JobState.RUNNING)]
        old = self._open_client().list_workflows(
            status=ended, completed_before=before, limit=1000, load_input=False, load_output=False
        )
        if old:
            self._open_client().delete_workflows([row.workflow_id for row in old])
        return len(old)


def recover(executors: Sequence[str]) -> None:
    """Gives the begun work of executors back to the queues. Safe to repeat.

    `_recover_pending_workflows` is private to DBOS but guarded against two rescuers; should a release lose it, the
    public call does the same without that guard.
    """
    from dbos import DBOS

    if hasattr(DBOS, "_recover_pending_workflows"):
        DBOS._recover_pending_workflows(list(executors))
        return
    rows = DBOS.list_workflows(status="PENDING", executor_id=list(executors), load_input=False, load_output=False)
    DBOS.resume_workflows([row.workflow_id for row in rows])


def pending_executors() -> set[str]:
    """The executors that have begun work and not ended it."""
    from dbos import DBOS

    rows = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    return {row.executor_id for row in rows if row.executor_id}


def _launch(url: str, engine: sa.Engine, me: str, kinds: dict[str, Callable[..., Any]]) -> None:
    from dbos import DBOS, DBOSConfig

    from tieout.jobs.serializer import ExactJSON

    config = DBOSConfig(
        name=APPLICATION,
        system_database_url=url,
        system_database_engine=engine,
        run_migrations=False,
        application_version=WIRE_VERSION,
        executor_id=me,
        serializer=ExactJSON(),
        log_level="WARNING",  # at INFO it advertises the vendor's console
    )
    DBOS(config=config)
    for kind, function in kinds.items():
        DBOS.workflow(name=kind, max_recovery_attempts=LIVES)(function)
    DBOS.listen_queues(list(LANES))
    DBOS.launch()
    for lane in LANES.values():
        DBOS.register_queue(
            lane.name,
            worker_concurrency=lane.at_once,
            partition_concurrency=lane.per_share,
            polling_interval_sec=lane.poll_seconds,
        )


def _job(row: Any) -> Job:
    asked = datetime.fromtimestamp((row.created_at or 0) / 1000, UTC)
    error = None if row.error is None else str(row.error) or type(row.error).__qualname__
    return Job(row.name, row.workflow_id, _STATES[row.status], row.queue_name or "", asked, error)


def _same_file(jobs_url: str, product_url: str) -> bool:
    jobs, product = sa.make_url(jobs_url).database, sa.make_url(product_url).database
    return Path(jobs or "").resolve() == Path(product or "").resolve()


def _quiet() -> None:
    """DBOS writes to the console by itself, unless its logger has a handler; ours then gets and scrubs its lines."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = True
