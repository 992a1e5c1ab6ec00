"""Dates and times as reports print them, and the proof of their order."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.channels._days import Order, Undecided, proven_order, read_date, read_window
from tieout.channels._refused import Unreadable

MOMENT = datetime(2026, 6, 17, 14, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-17 14:05:03 UTC", "2026-06-17T14:05:03+00:00", "2026-06-17T14:05:03Z", "17.06.2026 14:05:03 UTC",
        "2026/06/17 14:05:03", "2026-06-17T14:05:03.000Z", "17.06.2026 14:05:03", "2026-06-17 23:05:03 JST",
        "2026-06-17 07:05:03 PDT", "2026-06-17 15:05:03 GMT+1", "2026-06-17T15:05:03+01:00",
        "2026-06-17 9:05:03 GMT-05:00", "2026-06-17T19:35:03+0530", "17.06.26 14:05:03 UTC",
    ],
)  # fmt: skip
def test_moments_in_every_form_of_the_reports(text: str) -> None:
    assert read_date(text) == MOMENT


@pytest.mark.parametrize("text", ["2026-06-17", "17.06.2026", "2026/06/17", "2026-06-17 UTC", "17.06.26"])
def test_days_without_a_time_stay_days(text: str) -> None:
    found = read_date(text)
    assert found == date(2026, 6, 17) and not isinstance(found, datetime)


@pytest.mark.parametrize(
    "text",
    [
        "", "31.02.2026", "2026-13-01", "9999-01-01", "0026-06-17", "1999-12-31", "17.06.2026 25:00:00", "17.06-2026",
        "2026-06-17 14:05:03 IST", "2026-06-17 14:05:03 XYZ", "17.06.2026 14:61:00", "2026-6-17-1", "00.06.2026",
        "１7.06.2026", "June 17",
    ],
)  # fmt: skip
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_date(text)


def test_slashes_need_a_proof() -> None:
    with pytest.raises(Undecided):
        read_date("03/04/26")
    assert read_date("03/04/26", Order.DAY_FIRST) == date(2026, 4, 3)
    assert read_date("03/04/26", Order.MONTH_FIRST) == date(2026, 3, 4)


def test_the_window_proves_the_order() -> None:
    assert proven_order("2026-05-20", "2026-06-03", ["05/20/26", "06/02/26"]) is Order.MONTH_FIRST
    assert proven_order("2026-05-20", "2026-06-03", ["02/06/26"]) is Order.DAY_FIRST
    assert proven_order("03/06/2026", "17/06/2026", ["05/06/2026"]) is Order.DAY_FIRST
    # One stray date does not overturn the others.
    assert proven_order("2026-06-01", "2026-06-14", ["01/06/26", "02/06/26", "05/06/26", "01/09/26"]) is Order.DAY_FIRST


def test_what_fits_both_ways_or_none_is_not_decided() -> None:
    assert proven_order("2026-03-01", "2026-05-01", ["03/04/26", "04/03/26"]) is None
    assert proven_order("2026-06-01", "2026-06-14", ["13/13/26"]) is None
    assert proven_order("2026-06-01", "2026-06-14", ["06/06/26"]) is not None  # the same day either way


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(Unreadable):
        read_window("2026-06-14", "2026-06-01")
    assert read_window("2026-06-01", "2026-06-01").holds(datetime(2026, 6, 1, 23, 59, tzinfo=UTC), timedelta(0))


@given(
    st.datetimes(datetime(2000, 1, 3), datetime(2099, 12, 20)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%y", "%d/%m/%Y"]),
)
def test_whatever_is_printed_is_read_back(moment: datetime, form: str) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    text = moment.strftime(form + " %H:%M:%S UTC")
    window = [(moment + timedelta(days=days)).strftime("%Y-%m-%d") for days in (-2, 2)]
    order = proven_order(*window, [text.split()[0]]) if "/" in form else None
    assert read_date(text, order) == moment
