"""When an authorisation ends as things stand, and which warning of it is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tieout.core.authorisation import GrantFacts, stage

RENEWED = datetime(2026, 11, 2, 9, tzinfo=UTC)
KNOWN = GrantFacts(RENEWED, idle_days=60)


@pytest.mark.parametrize(
    ("days", "expected"), [(60, 0), (15.1, 0), (15, 15), (10, 15), (5.1, 15), (5, 5), (0, 5), (-3, 5)]
)
def test_a_warning_is_due_fifteen_and_five_days_before_the_end(days: float, expected: int) -> None:
    assert stage(RENEWED + timedelta(days=days), RENEWED) == expected


def test_the_end_is_the_idle_limit_or_the_fixed_day_whichever_comes_first() -> None:
    idle = RENEWED + timedelta(days=60)
    assert (KNOWN.last_day, KNOWN.is_fixed) == (idle, False)
    for ends_at, last, is_fixed in ((idle - timedelta(days=1), -1, True), (idle + timedelta(days=1), 0, False)):
        known = replace(KNOWN, ends_at=ends_at)
        assert (known.last_day, known.is_fixed) == (idle + timedelta(days=last), is_fixed)


def test_idle_is_told_by_when_it_was_found_dead() -> None:
    assert not KNOWN.was_idle
    assert not replace(KNOWN, ended_at=RENEWED + timedelta(days=59)).was_idle
    assert replace(KNOWN, ended_at=RENEWED + timedelta(days=60)).was_idle
