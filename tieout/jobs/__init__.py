"""Durable work: the only room that knows DBOS.

A job is a nudge to look at a row, and the row is the truth: a nudge that is lost does no harm, since a sweep finds rows
that are due. What a job does may be cut off at any instruction and run again, so a function of a job looks at its row
first. The key of a job carries the version of what is asked: the same key again, even after the job has ended, is the
same job and runs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from tieout.jobs.lock import FolderInUse, Held, UnsafeFolder, hold
from tieout.jobs.queues import BACKGROUND, INTERACTIVE, LANES
from tieout.jobs.steps import step

__all__ = [
    "BACKGROUND",
    "INTERACTIVE",
    "LANES",
    "FolderInUse",
    "Held",
    "Job",
    "JobState",
    "Jobs",
    "UnsafeFolder",
    "hold",
    "step",
]


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work as the engine keeps it. `error` names the class of what it raised, never its text."""

    kind: str
    key: str
    state: JobState
    lane: str
    asked_at: datetime
    error: str | None


class Jobs(Protocol):
    """What verbs see of durable work. `tieout.jobs.runtime.DurableJobs` is it; a simulation brings its own."""

    def register(self, kind: str, function: Callable[..., Any]) -> None:
        """Names a plain `def f(**arguments)`. Every kind is registered before the start, in every process alike."""

    def enqueue(self, kind: str, key: str, arguments: dict[str, Any], lane: str = BACKGROUND) -> None:
        """Asks for `function(**arguments)`, once for this key. Call it after the commit of the row it points to.

        Arguments are ids, texts, ints, Decimals, moments, days and tuples, lists and dicts of them: they are kept in
        clear, so never a secret; anything else raises TypeError. `arguments["organisation"]`, where there is one, is
        whose share of the lane it counts against. A database that cannot be reached is logged and forgiven.
        """

    def cancel(self, key: str) -> None:
        """What waits does not start; what runs stops before its next step. An unknown key is no error."""

    def list(self, limit: int = 100) -> tuple[Job, ...]:
        """The newest first."""
