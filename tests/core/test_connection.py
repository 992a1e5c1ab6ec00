"""What a refused call says of a connection: revoked, gone, not permitted, or nothing at all."""

import pytest

from tieout.core.connection import ConnectionState, judge
from tieout.core.failure import Failure, FailureKind

RECONNECT, READ_ONLY = ConnectionState.NEEDS_RECONNECT, ConnectionState.READ_ONLY


@pytest.mark.parametrize(
    ("kind", "code", "is_listed", "expected"),
    [
        (FailureKind.DISCONNECTED, "access-token-expired", None, (RECONNECT, "app-authorisation-revoked")),
        (FailureKind.DISCONNECTED, "grant-ended", None, (RECONNECT, "grant-ended")),
        (FailureKind.DISCONNECTED, "connection-removed-remotely", False, (RECONNECT, "connection-removed-remotely")),
        (FailureKind.DISCONNECTED, "connection-removed-remotely", True, (READ_ONLY, "user-not-permitted")),
        (FailureKind.DISCONNECTED, "connection-removed-remotely", None, None),
        (FailureKind.NOT_ALLOWED, "user-not-permitted", None, (READ_ONLY, "user-not-permitted")),
        (FailureKind.NOT_ALLOWED, "scope-missing", None, (RECONNECT, "scope-missing")),
        (FailureKind.NOT_ALLOWED, "", None, (READ_ONLY, "user-not-permitted")),
        (FailureKind.UNREACHABLE, "", None, None),
        (FailureKind.OUTCOME_UNKNOWN, "provider-outage", None, None),
        (FailureKind.BUSY, "rate-limit-day", None, None),
        (FailureKind.REJECTED, "account-code-invalid", None, None),
    ],
)
def test_only_what_concerns_the_connection_changes_it(
    kind: FailureKind, code: str, is_listed: bool | None, expected: tuple[ConnectionState, str] | None
) -> None:
    verdict = judge(Failure(kind, code, ("their words",)), is_listed)
    assert (verdict and (verdict.state, verdict.cause)) == expected
    assert verdict is None or verdict.words == "their words"
