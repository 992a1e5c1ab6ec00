"""The remote errors: each has its kind, and each is kept with the platform's own words."""

import pytest

from tieout.core.failure import (
    Busy,
    Disconnected,
    Failure,
    FailureKind,
    NotAllowed,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    Stale,
    Unreachable,
)

FAMILY = [Unreachable, OutcomeUnknown, Busy, Disconnected, NotAllowed, Rejected, Stale]


def test_each_kind_has_exactly_one_error() -> None:
    assert [error.kind for error in FAMILY] == list(FailureKind)
    assert set(RemoteError.__subclasses__()) >= set(FAMILY)


@pytest.mark.parametrize("error", FAMILY)
def test_an_error_keeps_their_code_words_and_correlation_id(error: type[RemoteError]) -> None:
    raised = error(
        "Account code 999", "is archived", code="10", status=400, correlation_id="c-1", retry_after_seconds=7
    )
    assert raised.failure == Failure(error.kind, "10", ("Account code 999", "is archived"), 400, "c-1", 7)
    assert str(raised) == "Account code 999; is archived"


def test_a_failure_without_words_still_says_something() -> None:
    assert Failure(FailureKind.BUSY, "429").sentence == "429"
    assert str(Busy()) == "busy"
