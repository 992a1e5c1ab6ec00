"""The call budget of one set of books: how many calls may be under way, in any minute and in a day, and for whom.

A call counts from its start until a minute after its end, because nobody here knows when in between it was counted
there: so no window of sixty seconds, wherever it begins, holds more than the platform allows. People have a reserve
that background work may not use up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

MINUTE = timedelta(seconds=60)
# How long a report of the day's remainder is believed against our own doubts: then one call asks again.
REPORT_TRUSTED = timedelta(hours=1)
UNSTATED_WAIT = timedelta(seconds=1)
# A slot that nobody gave back belongs to a worker that died: no call lives this long.
LONGEST_CALL = timedelta(seconds=120)


class Lane(StrEnum):
    INTERACTIVE = "interactive"  # a person waits
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the platform allows for one set of books, and how much of it is kept for people."""

    at_once: int
    a_minute: int
    a_day: int
    kept_at_once: int = 1
    kept_a_minute: int = 2
    kept_of_day_percent: int = 20

    def at_once_for(self, lane: Lane) -> int:
        return self.at_once - (self.kept_at_once if lane is Lane.BACKGROUND else 0)

    def a_minute_for(self, lane: Lane) -> int:
        return self.a_minute - (self.kept_a_minute if lane is Lane.BACKGROUND else 0)

    def untouched_of_day(self, lane: Lane) -> int:
        """Calls of the day that this lane must leave."""
        return self.a_day * self.kept_of_day_percent // 100 if lane is Lane.BACKGROUND else 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used: starts of calls under way, ends of calls just over, the day so far, and what the platform said.

    `day_left` is the platform's own count as of `day_left_at`; `made_since` are calls begun after that.
    """

    under_way: Sequence[datetime] = ()
    ended: Sequence[datetime] = ()
    made_today: int = 0
    day_left: int | None = None
    day_left_at: datetime | None = None
    made_since: int = 0
    blocked_until: datetime | None = None
    blocked_code: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long until the next try, and the problem code that says why. The least wait is a second."""

    until: datetime
    code: str

    def seconds(self, now: datetime) -> int:
        whole, rest = divmod(self.until - now, timedelta(seconds=1))
        return max(1, whole + bool(rest))


def day_left(allowance: Allowance, usage: Usage, now: datetime) -> int:
    """Calls left today, by the platform's count where it is fresh, else by ours."""
    if usage.day_left is not None and usage.day_left_at is not None and now - usage.day_left_at < REPORT_TRUSTED:
        return max(0, usage.day_left - usage.made_since)
    return max(0, allowance.a_day - usage.made_today)


def minute_left(allowance: Allowance, usage: Usage, now: datetime) -> int:
    return max(0, allowance.a_minute - len(_counted(usage, now)))


def wait(allowance: Allowance, usage: Usage, lane: Lane, now: datetime) -> Wait | None:
    """None: the call may go now. Otherwise when to ask again; what the platform ordered is obeyed to the moment."""
    if usage.blocked_until is not None and now < usage.blocked_until:
        return Wait(usage.blocked_until, usage.blocked_code or "rate-limit-minute")
    if day_left(allowance, usage, now) <= allowance.untouched_of_day(lane):
        return Wait(_next_look_at_day(usage, now), "rate-limit-day")
    if len(_flying(usage, now)) >= allowance.at_once_for(lane):
        return Wait(now + UNSTATED_WAIT, "rate-limit-minute")
    counted, most = _counted(usage, now), allowance.a_minute_for(lane)
    if len(counted) < most:
        return None
    # The oldest have to leave the window until there is room for one more.
    return Wait(max(counted[len(counted) - most] + MINUTE, now + timedelta(milliseconds=1)), "rate-limit-minute")


def _flying(usage: Usage, now: datetime) -> list[datetime]:
    return [start for start in usage.under_way if now - start < LONGEST_CALL]


def _counted(usage: Usage, now: datetime) -> list[datetime]:
    """The moment each counted call ended, as far as that is known: those under way end now at the earliest."""
    lost = [start + LONGEST_CALL for start in usage.under_way if now - start >= LONGEST_CALL]
    over = [end for end in (*usage.ended, *lost) if now - end < MINUTE]
    return sorted([*over, *(now for _ in _flying(usage, now))])


def _next_look_at_day(usage: Usage, now: datetime) -> datetime:
    """Nobody knows when the platform's day turns: at the next midnight UTC, or when its report grows old."""
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    reported = usage.day_left_at + REPORT_TRUSTED if usage.day_left is not None and usage.day_left_at else midnight
    return max(min(midnight, reported), now + UNSTATED_WAIT)
