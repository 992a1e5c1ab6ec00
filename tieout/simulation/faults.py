"""The weather of one run: which call, step or attempt goes wrong, as a function of the seed and its index alone.

Because the n-th fault of a stream depends on nothing that happened before, a run can be repeated with some of its
faults only: that is how a failing schedule is made short.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from random import Random

SECOND = 1000  # moments in this room are whole milliseconds since the run began
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

Mark = tuple[str, int]  # stream and index of one fault, as in ("call", 3)


class CallFault(StrEnum):
    NONE = "none"
    LIMITED = "429"
    BROKEN = "500"
    RESET_BEFORE = "reset before commit"
    RESET_AFTER = "reset after commit"
    LATE = "late commit"


class StepFault(StrEnum):
    NONE = "none"
    KILL = "kill"
    STALL = "stall"


# Odds out of one, before the intensity of the run (reliability 2.4).
CALL_ODDS = {
    CallFault.LIMITED: 0.05,
    CallFault.BROKEN: 0.03,
    CallFault.RESET_BEFORE: 0.04,
    CallFault.RESET_AFTER: 0.05,
    CallFault.LATE: 0.04,
}
STEP_ODDS = {StepFault.KILL: 0.02, StepFault.STALL: 0.01}
INTENSITIES = (0.2, 1.0, 3.0)
PAUSE_ODDS = 0.01  # of an attempt, whatever the intensity
# Short pauses are commoner than long ones: every octave from 12 to 150 minutes is equally likely.
PAUSES = tuple((12 * MINUTE << octave, min(24 * MINUTE << octave, 150 * MINUTE)) for octave in range(4))
STALLS = (90 * SECOND, 500 * SECOND, 2000 * SECOND)
LATE_COMMITS = (1 * SECOND, 110 * SECOND)
OUTAGE_ODDS = 0.4
OUTAGES = (30 * SECOND, 400 * SECOND, HOUR)
OUTAGE_STARTS_WITHIN = 10 * MINUTE
CALM_AFTER = 6 * HOUR  # the fault-free tail begins


@dataclass(frozen=True, slots=True)
class Outage:
    start: int
    end: int


class Weather:
    """Faults by index, in the streams `call`, `step`, `attempt`, `outage`. `fired` lists what happened, in order.

    `only`: an explicit schedule; no other fault happens.
    """

    __slots__ = ("_attempts", "_call_odds", "_calls", "_counts", "_only", "_step_odds", "_steps", "fired", "outage")

    def __init__(self, seed: int, only: frozenset[Mark] | None = None) -> None:
        chance = Random(4 * seed)
        intensity = chance.choice(INTENSITIES)
        self._call_odds = tuple(accumulate(odds * intensity for odds in CALL_ODDS.values()))
        self._step_odds = tuple(accumulate(odds * intensity for odds in STEP_ODDS.values()))
        self._calls = Random(4 * seed + 1).random
        self._steps = Random(4 * seed + 2).random
        self._attempts = Random(4 * seed + 3).random
        self._counts = {"call": 0, "step": 0, "attempt": 0, "outage": 0}
        self._only = only
        self.fired: list[tuple[Mark, str]] = []
        self.outage = self._outage(chance)

    def call(self, now: int) -> tuple[CallFault, float]:
        """The fault of the next call, and a share from 0 to 1 that says how much of it."""
        roll, share = self._calls(), self._calls()
        index = _first_above(self._call_odds, roll)
        if index is None or not self._happens("call", _CALL_FAULTS[index], now):
            return CallFault.NONE, share
        return _CALL_FAULTS[index], share

    def step(self, now: int) -> tuple[StepFault, int]:
        """The fault at the next step of a worker, and how long it lasts."""
        roll, share = self._steps(), self._steps()
        index = _first_above(self._step_odds, roll)
        if index is None or not self._happens("step", _STEP_FAULTS[index], now):
            return StepFault.NONE, 0
        return _STEP_FAULTS[index], STALLS[int(share * len(STALLS))]

    def pause(self, now: int) -> int:
        """How long the next attempt sleeps after its last check and before the socket."""
        roll, share = self._attempts(), self._attempts()
        if roll >= PAUSE_ODDS or not self._happens("attempt", "pause", now):
            return 0
        octave = int(share * len(PAUSES))
        return between(PAUSES[octave], share * len(PAUSES) - octave)

    def is_out(self, now: int) -> bool:
        return self.outage is not None and self.outage.start <= now < self.outage.end

    def _happens(self, stream: str, kind: str, now: int) -> bool:
        # Only rolls that would be a fault are counted: its mark stays the same when faults before it are left out.
        self._counts[stream] += 1
        mark = (stream, self._counts[stream])
        if now >= CALM_AFTER or (self._only is not None and mark not in self._only):
            return False
        self.fired.append((mark, kind))
        return True

    def _outage(self, chance: Random) -> Outage | None:
        roll, start, length = chance.random(), chance.random(), chance.choice(OUTAGES)
        if roll >= OUTAGE_ODDS or not self._happens("outage", "outage", 0):
            return None
        begin = int(start * OUTAGE_STARTS_WITHIN)
        return Outage(begin, begin + length)


def between(ends: tuple[int, int], share: float) -> int:
    return ends[0] + int(share * (ends[1] - ends[0]))


def _first_above(odds: Sequence[float], roll: float) -> int | None:
    if roll >= odds[-1]:
        return None
    return next(index for index, odd in enumerate(odds) if roll < odd)


_CALL_FAULTS = tuple(CALL_ODDS)
_STEP_FAULTS = tuple(STEP_ODDS)
