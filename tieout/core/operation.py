"""Operation states and deadlines: every click, request and job ends, and says so."""

from datetime import timedelta
from enum import StrEnum


class OperationState(StrEnum):
    WAITING = "waiting"  # asked for, not begun
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # ended without what was asked; the message says why
    EXPIRED = "expired"  # its deadline passed; what it started goes on by itself or is named in the message

    @property
    def is_final(self) -> bool:
        return self in (OperationState.DONE, OperationState.FAILED, OperationState.EXPIRED)


DEADLINES = {
    "import": timedelta(minutes=15),
    "send": timedelta(minutes=30),
    "check": timedelta(minutes=2),
    "fetch": timedelta(hours=6),  # a channel may give one document a minute
}
LONGEST = timedelta(hours=1)


def deadline_of(kind: str) -> timedelta:
    """How long an operation of this kind may take before it is ended and explained."""
    return DEADLINES.get(kind, LONGEST)
