"""Heartbeats on PostgreSQL: survivors take over what a dead worker had begun.

DBOS recovers work by executor id, and only its own at start; a worker that is gone for good would keep its work for
ever. So each worker's heart beats in a row, and whoever lives takes the work of those whose beat has stopped. A worker
that was only paused may overlap with its rescuer for one step: rows are claimed with a fence, so that does no harm.
"""

import logging
import threading
from collections.abc import Callable, Sequence

import sqlalchemy as sa

log = logging.getLogger("tieout.jobs")

LEASE_SECONDS = 30.0
_LOCK = 7406  # any number; the same in every release

Recover = Callable[[Sequence[str]], None]
Pending = Callable[[], set[str]]


def prepare(engine: sa.Engine) -> None:
    """The table of beats, beside the job engine's own. Safe to repeat, and to run from several workers at once."""
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(
            sa.text(
                "CREATE TABLE IF NOT EXISTS dbos.tieout_worker "
                "(id text PRIMARY KEY, seen timestamptz NOT NULL, state text NOT NULL)"
            )
        )


def beat(engine: sa.Engine, me: str, recover: Recover, lease_seconds: float = LEASE_SECONDS) -> tuple[str, ...]:
    """Says that `me` lives, and takes over from those who have not said so for a whole lease. Returns their ids.

    A rescuer that dies between claim and recovery leaves a row `recovering`, which the next one claims a lease later.
    """
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO dbos.tieout_worker (id, seen, state) VALUES (:me, now(), 'live') "
                "ON CONFLICT (id) DO UPDATE SET seen = now(), state = 'live'"
            ),
            {"me": me},
        )
        dead = connection.scalars(
            sa.text(
                "UPDATE dbos.tieout_worker SET state = 'recovering', seen = now() WHERE id IN "
                "(SELECT id FROM dbos.tieout_worker WHERE id <> :me AND seen < now() - make_interval(secs => :lease) "
                "FOR UPDATE SKIP LOCKED) RETURNING id"
            ),
            {"me": me, "lease": lease_seconds},
        ).all()
    if dead:
        log.warning("taking over from workers that are gone", extra={"workers": list(dead)})
        recover(dead)
        with engine.begin() as connection:
            forget = "DELETE FROM dbos.tieout_worker WHERE id = ANY(:dead) AND state = 'recovering'"
            connection.execute(sa.text(forget), {"dead": list(dead)})
    return tuple(dead)


def sweep_orphans(engine: sa.Engine, pending: Pending, recover: Recover) -> tuple[str, ...]:
    """Once at start, after the first beat: work of executors that have no row at all. Returns their ids."""
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        known = set(connection.scalars(sa.text("SELECT id FROM dbos.tieout_worker")))
        lost = tuple(sorted(pending() - known))
        if lost:
            recover(lost)
    return lost


def leave(engine: sa.Engine, me: str) -> None:
    """Ends the lease at once, so that what `me` leaves behind is taken over at the others' next beat."""
    with engine.begin() as connection:
        gone = "UPDATE dbos.tieout_worker SET seen = timestamptz 'epoch' WHERE id = :me"
        connection.execute(sa.text(gone), {"me": me})


class Heart:
    """A thread that beats three times a lease until it is stopped."""

    def __init__(self, engine: sa.Engine, me: str, recover: Recover, lease_seconds: float = LEASE_SECONDS) -> None:
        self._engine, self._me, self._recover, self._lease_seconds = engine, me, recover, lease_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="tieout-heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=10)

    def leave(self) -> None:
        leave(self._engine, self._me)

    def _beat_on(self) -> None:
        while not self._stopped.wait(self._lease_seconds / 3):
            try:
                beat(self._engine, self._me, self._recover, self._lease_seconds)
            except Exception:  # the database is away: keep beating, so that we are there when it comes back
                log.exception("a heartbeat failed")
