"""Dates and times as reports print them; the order of day and month is proven by the settlement's window, not assumed.

A moment is aware and UTC. A date without a time is a calendar day in whatever zone the books use, so it stays a date.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from tieout.channels._refused import Unreadable

_FORM = re.compile(
    r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?)?"
    r"\s*(?:(Z|[A-Z]{3,4})?([+-]\d{1,2}(?::?\d{2})?)?)",
    re.ASCII,
)
# Zone words that mean one thing only (IST, BST and CST mean several), in hours from UTC.
_WORDS = {"Z": 0, "UTC": 0, "GMT": 0, "JST": 9, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "AEST": 10, "AEDT": 11}
SLACK = timedelta(days=1)  # rows a few seconds outside the window exist; up to a day is accepted


class Order(Enum):
    """Which of the two small numbers of a date comes first."""

    DAY_FIRST = "day/month"
    MONTH_FIRST = "month/day"


class Undecided(Unreadable):
    """Day and month could be either way round; the window decides."""


@dataclass(frozen=True, slots=True)
class Window:
    """From start to end, both moments."""

    start: datetime
    end: datetime

    def holds(self, found: datetime | date, slack: timedelta = SLACK) -> bool:
        if isinstance(found, datetime):
            return self.start - slack <= found <= self.end + slack
        return (self.start - slack).date() <= found <= (self.end + slack).date()


def read_date(text: str, order: Order | None = None) -> datetime | date:
    """A moment in UTC, or the day where no time is printed. Raises Undecided and Unreadable. No zone means UTC."""
    found = _FORM.fullmatch(text.strip())
    if found is None or (found[5] is None and found[9]):
        raise Unreadable("date_unparsable", f"{text!r} is not a date")
    first, sign, second, third, hours, minutes, seconds, word, offset = found.groups()
    try:
        day = _day(first, sign, second, third, order)
        if hours is None:
            return day
        moment = datetime(day.year, day.month, day.day, int(hours), int(minutes), int(seconds or 0), tzinfo=UTC)
        return moment - _offset(word, offset)
    except Undecided:
        raise
    except (ValueError, KeyError, OverflowError) as error:
        raise Unreadable("date_unparsable", f"{text!r} is not a date that exists") from error


def _day(first: str, sign: str, second: str, third: str, order: Order | None) -> date:
    """Year first is one form, a dotted date is day first everywhere; with - and / it has to be proven."""
    if len(first) == 4 and len(third) <= 2:
        year, month, day = int(first), int(second), int(third)
    elif len(first) <= 2 and len(third) in (2, 4):
        year = int(third) if len(third) == 4 else 2000 + int(third)
        month, day = int(second), int(first)
        if sign != ".":
            if order is None:
                raise Undecided("date_unparsable", "day and month could be either way round")
            if order is Order.MONTH_FIRST:
                month, day = day, month
    else:
        raise ValueError(first)
    if not 2000 <= year <= 2099:
        raise ValueError(year)
    return date(year, month, day)


def _offset(word: str | None, offset: str | None) -> timedelta:
    hours = timedelta(hours=_WORDS[word or "UTC"])
    if offset is None:
        return hours
    digits = offset[1:].replace(":", "")
    whole, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    size = timedelta(hours=whole, minutes=minutes)
    return hours + (size if offset[0] == "+" else -size)


def read_window(start: str, end: str, order: Order | None = None) -> Window:
    """The settlement's window; days without a time run from their midnight to the next (UTC)."""
    first, last = read_date(start, order), read_date(end, order)
    window = Window(_moment(first), _moment(last) if isinstance(last, datetime) else _moment(last) + SLACK)
    if window.start > window.end:
        raise Unreadable("date_unparsable", f"the period ends ({end}) before it starts ({start})")
    return window


def _moment(found: datetime | date) -> datetime:
    return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day, tzinfo=UTC)


def proven_order(start: str, end: str, texts: Iterable[str]) -> Order | None:
    """The order in which the dates of a settlement make sense: those that exist and lie in its window.

    None when both do equally well and differ, or neither exists: then a person has to say. If a few dates lie outside
    either way, the order with fewer of them is proven.
    """
    texts = tuple(set(texts))
    outside: dict[Order, int] = {}
    readings: dict[Order, tuple[object, ...]] = {}
    for order in Order:
        try:
            window = read_window(start, end, order)
            dates = tuple(read_date(text, order) for text in texts)
        except Unreadable:
            continue
        outside[order] = sum(not window.holds(found) for found in dates)
        readings[order] = (window, *dates)
    fewest = [order for order, count in outside.items() if count == min(outside.values())]
    if len(fewest) == 1 or (fewest and len(set(readings.values())) == 1):
        return fewest[0]
    return None
