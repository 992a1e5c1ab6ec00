"""Month split: any number of months, any zone, to the cent and to the second."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.invented import MINOR, MONTHS, ZONES, settlement, settlements, subtotal
from tieout.core.category import Category
from tieout.core.day import Month, local_day
from tieout.core.money import Money, total
from tieout.core.settlement import Label, Line, Settlement, Source, summed
from tieout.core.split import split

SALE = Category.SALES_PRINCIPAL


def at(moment: datetime, minor: int = 100, row: int = 2) -> Line:
    return Line(SALE, Label(("Order", "Principal")), Money(minor, "GBP"), moment, "", Source("5e" * 32, row))


@given(settlements())
def test_all_parts_but_the_last_are_zero_and_the_last_is_the_deposit(source: Settlement) -> None:
    parts = split(source)
    assert [part.total.minor for part in parts[:-1]] == [0] * len(parts[:-1])
    assert total((part.total for part in parts), source.currency) == source.total
    assert total((part.opening + part.closing for part in parts), source.currency).minor == 0


@given(settlements())
def test_parts_are_numbered_by_month_and_share_out_the_rows(source: Settlement) -> None:
    parts = split(source)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert [part.month for part in parts] == sorted({row.month for row in source.subtotals})
    assert sorted(i for part in parts for i in part.subtotals) == list(range(len(source.subtotals)))


@given(st.dictionaries(MONTHS, MINOR, min_size=1, max_size=24))
def test_what_leaves_a_part_is_what_enters_the_next(activity: dict[Month, int]) -> None:
    parts = split(settlement([subtotal(SALE, minor, month) for month, minor in activity.items()]))
    assert not parts[0].opening and not parts[-1].closing
    for earlier, later in pairwise(parts):
        assert later.opening == -earlier.closing == earlier.opening + earlier.activity


def test_a_month_without_rows_is_no_part() -> None:
    parts = split(settlement([subtotal(SALE, 100, Month(2026, 1)), subtotal(SALE, 50, Month(2026, 4))]))
    assert [(part.number, str(part.month), part.total.minor) for part in parts] == [
        (1, "2026-01", 0),
        (2, "2026-04", 150),
    ]


def test_a_settlement_without_rows_has_no_part() -> None:
    assert split(settlement([])) == ()


@pytest.mark.parametrize(
    ("moment", "zone", "month"),
    [
        ("2026-06-30T22:59:59+00:00", "Europe/London", "2026-06"),
        ("2026-06-30T23:00:00+00:00", "Europe/London", "2026-07"),  # summer time: midnight in London
        ("2026-06-30T23:30:00+00:00", "Europe/London", "2026-07"),
        ("2026-06-30T23:30:00+00:00", "UTC", "2026-06"),
        ("2026-12-31T23:59:59+00:00", "Europe/London", "2026-12"),  # winter: London is UTC
        ("2027-01-01T00:00:00+00:00", "Europe/London", "2027-01"),
        ("2026-07-01T06:59:59+00:00", "America/Los_Angeles", "2026-06"),
        ("2026-07-01T07:00:00+00:00", "America/Los_Angeles", "2026-07"),
        ("2026-06-30T15:00:00+00:00", "Asia/Tokyo", "2026-07"),
        ("2026-06-30T18:29:59+00:00", "Asia/Kolkata", "2026-06"),
        ("2026-06-30T18:30:00+00:00", "Asia/Kolkata", "2026-07"),
        ("2026-02-28T10:00:00+00:00", "Pacific/Kiritimati", "2026-03"),
    ],
)
def test_midnight_in_the_stated_zone_is_the_boundary(moment: str, zone: str, month: str) -> None:
    (found,) = summed([at(datetime.fromisoformat(moment))], ZoneInfo(zone))
    assert str(found.month) == month


@given(
    st.lists(st.tuples(st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)), MINOR), min_size=1, max_size=40),
    ZONES,
    ZONES,
)
def test_the_zone_moves_rows_between_parts_and_never_changes_the_deposit(
    rows: list[tuple[datetime, int]], zone: str, other: str
) -> None:
    lines = [at(moment.replace(tzinfo=UTC), minor, i + 2) for i, (moment, minor) in enumerate(rows)]
    here, there = (settlement(summed(lines, ZoneInfo(name)), zone=name) for name in (zone, other))
    assert here.total == there.total and here.rows == there.rows == len(rows)
    assert split(here)[-1].total == split(there)[-1].total == here.total
    for line in lines:
        assert Month.of(line.posted_at, ZoneInfo(zone)) in here.months


@given(st.lists(st.tuples(st.datetimes(datetime(2026, 5, 1), datetime(2026, 8, 1)), MINOR), max_size=40), ZONES)
def test_subtotals_are_the_sums_of_their_rows(rows: list[tuple[datetime, int]], zone: str) -> None:
    lines = [at(moment.replace(tzinfo=UTC), minor) for moment, minor in rows]
    for found in summed(lines, ZoneInfo(zone)):
        behind = [line for line in lines if Month.of(line.posted_at, ZoneInfo(zone)) == found.month]
        assert (found.rows, found.amount) == (len(behind), total((line.amount for line in behind), "GBP"))


def test_equal_rows_are_counted_twice_and_never_merged() -> None:
    twice = [at(datetime(2026, 6, 5, tzinfo=UTC), -670, row) for row in (7, 8)]
    (found,) = summed(twice, ZoneInfo("UTC"))
    assert (found.rows, found.amount.minor) == (2, -1340)


def test_a_moment_without_zone_belongs_to_no_month() -> None:
    for question in (Month.of, local_day):
        with pytest.raises(AssertionError, match="aware"):
            question(datetime(2026, 6, 30), ZoneInfo("UTC"))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31)), ZONES)
def test_a_month_contains_its_days_and_reads_back(moment: datetime, zone: str) -> None:
    aware = moment.replace(tzinfo=UTC)
    month, day = Month.of(aware, ZoneInfo(zone)), local_day(aware, ZoneInfo(zone))
    assert (month.year, month.number) == (day.year, day.month)
    assert Month.read(str(month)) == month
    assert day <= month.last_day and (month.last_day + timedelta(days=1)).day == 1
