"""Pacing: whether one more call fits so many at once and one more each so often; pure arithmetic on one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Turn:
    """`used_up_to` is kept when the call is let in; else `wait` says how long until it will be."""

    used_up_to: datetime
    wait: timedelta = timedelta()

    @property
    def is_let_in(self) -> bool:
        return not self.wait


def turn(used_up_to: datetime | None, now: datetime, burst: int, every: timedelta) -> Turn:
    """`used_up_to`: until when all calls so far have used the allowance; None before the first (GCRA, ITU-T I.371)."""
    base = max(used_up_to or now, now)
    wait = base - now - every * (burst - 1)
    return Turn(base, wait) if wait > timedelta() else Turn(base + every)
