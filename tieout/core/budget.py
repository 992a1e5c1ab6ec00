"""The call budget of one set of books: how many calls may be under way, in any second, minute, day and month.

A call counts from its start until a minute (a second) after its end, because nobody here knows when in between it was
counted there: so no window of sixty seconds, wherever it begins, holds more than the platform allows. People have a
reserve that background work may not use up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SECOND, MINUTE = timedelta(seconds=1), timedelta(seconds=60)
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
    """What the platform allows for one set of books, and how much of it is kept for people.

    `reads_a_month` is of the whole installation. 0 means that the platform has no such limit.
    """

    at_once: int
    a_minute: int
    a_day: int
    kept_at_once: int = 1
    kept_a_minute: int = 2
    kept_of_day_percent: int = 20
    a_second: int = 0
    writes_a_minute: int = 0
    reads_a_month: int = 0
    kept_of_month_percent: int = 1  # little: looks before a first attempt are reads, and posting stops last

    def at_once_for(self, lane: Lane) -> int:
        return self.at_once - (self.kept_at_once if lane is Lane.BACKGROUND else 0)

    def a_minute_for(self, lane: Lane) -> int:
        return self.a_minute - (self.kept_a_minute if lane is Lane.BACKGROUND else 0)

    def untouched_of_day(self, lane: Lane) -> int:
        """Calls of the day that this lane must leave."""
        return self.a_day * self.kept_of_day_percent // 100 if lane is Lane.BACKGROUND else 0

    def reads_a_month_for(self, lane: Lane) -> int:
        kept = self.reads_a_month * self.kept_of_month_percent // 100 if lane is Lane.BACKGROUND else 0
        return self.reads_a_month - kept


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used: starts of calls under way, ends of calls just over, the day so far, and what the platform said.

    `writing` and `written` are those among them that may write. `day_left` is the platform's own count as of
    `day_left_at`; `made_since` are calls begun after that.
    """

    under_way: Sequence[datetime] = ()
    ended: Sequence[datetime] = ()
    made_today: int = 0
    day_left: int | None = None
    day_left_at: datetime | None = None
    made_since: int = 0
    blocked_until: datetime | None = None
    blocked_code: str = ""
    writing: Sequence[datetime] = ()
    written: Sequence[datetime] = ()
    reads_this_month: int = 0


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
    return max(0, allowance.a_minute - len(_counted(usage.under_way, usage.ended, now, MINUTE)))


def wait(allowance: Allowance, usage: Usage, lane: Lane, now: datetime, is_write: bool = True) -> Wait | None:
    """None: the call may go now. Otherwise when to ask again; what the platform ordered is obeyed to the moment."""
    if usage.blocked_until is not None and now < usage.blocked_until:
        return Wait(usage.blocked_until, usage.blocked_code or "rate-limit-minute")
    if allowance.a_day and day_left(allowance, usage, now) <= allowance.untouched_of_day(lane):
        return Wait(_next_look_at_day(usage, now), "rate-limit-day")
    if not is_write and allowance.reads_a_month and usage.reads_this_month >= allowance.reads_a_month_for(lane):
        return Wait(_next_month(now), "rate-limit-month")
    if len(_flying(usage.under_way, now)) >= allowance.at_once_for(lane):
        return Wait(now + UNSTATED_WAIT, "rate-limit-minute")
    windows = [(usage.under_way, usage.ended, allowance.a_minute_for(lane), MINUTE)]
    if allowance.a_second:
        windows.append((usage.under_way, usage.ended, allowance.a_second, SECOND))
    if allowance.writes_a_minute and is_write:
        windows.append((usage.writing, usage.written, allowance.writes_a_minute, MINUTE))
    until = max(_room(_counted(flying, over, now, window), most, window, now) for flying, over, most, window in windows)
    return Wait(max(until, now + timedelta(milliseconds=1)), "rate-limit-minute") if until > now else None


def _room(counted: Sequence[datetime], most: int, window: timedelta, now: datetime) -> datetime:
    """When the oldest have left the window, so that there is room for one more."""
    return counted[len(counted) - most] + window if len(counted) >= most else now


def _flying(starts: Sequence[datetime], now: datetime) -> list[datetime]:
    return [start for start in starts if now - start < LONGEST_CALL]


def _counted(
    under_way: Sequence[datetime], ended: Sequence[datetime], now: datetime, window: timedelta
) -> list[datetime]:
    """The moment each counted call ended, as far as that is known: those under way end now at the earliest."""
    lost = [start + LONGEST_CALL for start in under_way if now - start >= LONGEST_CALL]
    over = [end for end in (*ended, *lost) if now - end < window]
    return sorted([*over, *(now for _ in _flying(under_way, now))])


def _next_month(now: datetime) -> datetime:
    return (datetime(now.year, now.month, 1, tzinfo=UTC) + timedelta(days=32)).replace(day=1)


def _next_look_at_day(usage: Usage, now: datetime) -> datetime:
    """Nobody knows when the platform's day turns: at the next midnight UTC, or when its report grows old."""
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    reported = usage.day_left_at + REPORT_TRUSTED if usage.day_left is not None and usage.day_left_at else midnight
    return max(min(midnight, reported), now + UNSTATED_WAIT)
