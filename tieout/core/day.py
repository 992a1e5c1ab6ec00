"""Accounting days, calendar months, and the zone that decides which month a moment belongs to."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; prints as 2026-06."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Month":
        """The month of an aware moment in a zone."""
        assert moment.tzinfo is not None, "moments are aware"
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def read(cls, text: str) -> "Month":
        year, number = text.split("-")
        return cls(int(year), int(number))

    @property
    def last_day(self) -> date:
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The accounting day of an aware moment."""
    assert moment.tzinfo is not None, "moments are aware"
    return moment.astimezone(zone).date()
