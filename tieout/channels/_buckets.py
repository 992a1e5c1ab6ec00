"""Buckets of time: rows are summed by them before the zone that decides their months is known.

Rows that every zone on earth puts into one month are counted for that month, the others by the quarter of an hour in
UTC they fall in: zones differ from UTC by multiples of that.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tieout.core.day import Month

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)


def bucket_of(found: datetime | date) -> int:
    """A month every zone agrees on, as a positive number; else the quarter of an hour in UTC, as a negative one."""
    if isinstance(found, datetime) and not 1 < found.day < monthrange(found.year, found.month)[1]:
        return -((found - _EPOCH) // _QUARTER)
    return found.year * 12 + found.month - 1


def month_of(bucket: int, zone: ZoneInfo) -> Month:
    if bucket > 0:
        return Month(bucket // 12, bucket % 12 + 1)
    return Month.of(_EPOCH + -bucket * _QUARTER, zone)


def moment_of(found: datetime | date, zone: ZoneInfo) -> datetime:
    """A day without a time stands at its noon in the zone of the books, so that it keeps its month there."""
    if isinstance(found, datetime):
        return found
    return datetime(found.year, found.month, found.day, 12, tzinfo=zone).astimezone(UTC)
