"""How long to wait, and how long an operation may take: arithmetic without a clock."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tieout.core.operation import LONGEST, OperationState, deadline_of
from tieout.core.retry import doubling

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def test_waits_double_up_to_the_longest() -> None:
    assert [doubling(SECOND, tries, timedelta(seconds=10)).seconds for tries in range(6)] == [1, 2, 4, 8, 10, 10]


@given(st.integers(0, 10**9))
def test_a_wait_never_passes_the_longest_however_many_tries(tries: int) -> None:
    assert SECOND <= doubling(SECOND, tries, HOUR) <= HOUR
    assert doubling(SECOND, tries, HOUR) <= doubling(SECOND, tries + 1, HOUR)


def test_every_operation_has_a_deadline_within_the_longest() -> None:
    assert all(timedelta(0) < deadline_of(kind) <= LONGEST for kind in ("import", "send", "check", "never heard of"))


def test_an_operation_ends_in_one_of_three_ways() -> None:
    assert [state.value for state in OperationState if state.is_final] == ["done", "failed", "expired"]
