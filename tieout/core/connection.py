"""A connection: our access to one set of books; its states, and what a refusal by the platform means for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tieout.core.failure import Failure, FailureKind


class ConnectionState(StrEnum):
    CONNECTED = "connected"  # calls work, as far as the last one could tell
    READ_ONLY = "read-only"  # reading works, this person may not post there
    NEEDS_RECONNECT = "needs-reconnect"  # a person must consent again; the cause says why
    PARKED = "parked"  # a consent for other books than before awaits a decision: nothing is read or written
    DISCONNECTED = "disconnected"  # ended by one of our people; kept for its history


# States in which documents may be sent.
POSTS = frozenset({ConnectionState.CONNECTED})
# States in which anything at all may be asked of the books.
ASKS = frozenset({ConnectionState.CONNECTED, ConnectionState.READ_ONLY})


@dataclass(frozen=True, slots=True)
class Connection:
    """One set of books at one platform. `cause` is a problem code, `words` are the platform's own.

    `connected_by` is our person, `known_there_as` the name of the account that consented at the platform.
    `failing_since`: since then their side has answered every call with a fault of its own, `failing_calls` of them, at
    `failing_books` sets of books of the platform at once.
    """

    id: str
    platform: str
    books_id: str
    books_name: str
    link_id: str
    grant: str
    connected_by: str
    connected_by_name: str
    connected_at: datetime
    known_there_as: str = ""
    state: ConnectionState = ConnectionState.CONNECTED
    cause: str = ""
    words: str = ""
    changed_at: datetime | None = None
    good_at: datetime | None = None
    checked_at: datetime | None = None
    failing_since: datetime | None = None
    failing_calls: int = 0
    failing_books: int = 0

    @property
    def may_post(self) -> bool:
        return self.state in POSTS

    @property
    def may_ask(self) -> bool:
        return self.state in ASKS

    @property
    def is_live(self) -> bool:
        return self.state is not ConnectionState.DISCONNECTED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a connection is, and the problem code that says why."""

    state: ConnectionState
    cause: str = ""
    words: str = ""


REVOKED = "app-authorisation-revoked"
TENANT_GONE = "connection-removed-remotely"
ROLE_TOO_SMALL = "user-not-permitted"
SCOPE_MISSING = "scope-missing"
GRANT_ENDED = "grant-ended"
RESTRICTED = "connected-with-restricted-user"
RIGHTS_CHANGED = "user-rights-changed"
DESPITE = "refused-despite-full-rights"
PARTIAL = "connect-permission-partial"


def judge(failure: Failure, is_listed: bool | None) -> Verdict | None:
    """What a refused call says of the connection; None when it says nothing (the books may just be out of reach).

    Asked only after the access was renewed, so a token that is still refused was revoked. `is_listed`: whether the
    platform still lists these books among those we may reach; None when nobody could ask.
    """
    if failure.kind is FailureKind.NOT_ALLOWED:
        is_scope = failure.code == SCOPE_MISSING
        state = ConnectionState.NEEDS_RECONNECT if is_scope else ConnectionState.READ_ONLY
        return Verdict(state, failure.code or ROLE_TOO_SMALL, failure.sentence)
    if failure.kind is not FailureKind.DISCONNECTED:
        return None
    if failure.code == GRANT_ENDED:
        return Verdict(ConnectionState.NEEDS_RECONNECT, GRANT_ENDED, failure.sentence)
    if failure.code != TENANT_GONE:
        return Verdict(ConnectionState.NEEDS_RECONNECT, REVOKED, failure.sentence)
    if is_listed is None:
        return None
    # Listed and refused all the same: the person's rights, the plan or a trial; never told as "disconnected".
    return Verdict(
        ConnectionState.READ_ONLY if is_listed else ConnectionState.NEEDS_RECONNECT,
        ROLE_TOO_SMALL if is_listed else TENANT_GONE,
        failure.sentence,
    )
