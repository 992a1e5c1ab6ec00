"""The remote errors, named by what we may do next, and the Failure that each becomes when it is stored."""

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    UNREACHABLE = "unreachable"  # nothing was sent: try again later
    OUTCOME_UNKNOWN = "outcome-unknown"  # it may have been sent: look before trying again
    BUSY = "busy"  # refused for now: try again at a stated time
    DISCONNECTED = "disconnected"  # no valid authorisation: a person reconnects
    NOT_ALLOWED = "not-allowed"  # authorised, not permitted: a person with rights acts
    REJECTED = "rejected"  # the content was refused: a person changes something
    STALE = "stale"  # they changed it too: compare, then decide


@dataclass(frozen=True, slots=True)
class Failure:
    """A remote error as it is kept: the platform's own code, words and correlation id beside our name for it."""

    kind: FailureKind
    code: str = ""
    words: tuple[str, ...] = ()
    status: int = 0
    correlation_id: str = ""
    retry_after_seconds: int | None = None

    @property
    def sentence(self) -> str:
        return "; ".join(self.words) or self.code or str(self.kind)


class RemoteError(Exception):
    """A call to a platform or channel that did not do what was asked. The class says what we may do next.

    RemoteError
    ├── Unreachable      nothing was sent            try again later
    ├── OutcomeUnknown   it may have been sent       look before trying again
    ├── Busy             refused for now             try again at a stated time
    ├── Disconnected     no valid authorisation      a person reconnects
    ├── NotAllowed       authorised, not permitted   a person with rights acts
    ├── Rejected         the content was refused     a person changes something
    └── Stale            they changed it too         compare, then decide
    """

    kind: FailureKind

    def __init__(
        self,
        *words: str,
        code: str = "",
        status: int = 0,
        correlation_id: str = "",
        retry_after_seconds: int | None = None,
    ) -> None:
        self.failure = Failure(self.kind, code, words, status, correlation_id, retry_after_seconds)
        super().__init__(self.failure.sentence)


class Unreachable(RemoteError):
    kind = FailureKind.UNREACHABLE


class OutcomeUnknown(RemoteError):
    kind = FailureKind.OUTCOME_UNKNOWN


class Busy(RemoteError):
    kind = FailureKind.BUSY


class Disconnected(RemoteError):
    kind = FailureKind.DISCONNECTED


class NotAllowed(RemoteError):
    kind = FailureKind.NOT_ALLOWED


class Rejected(RemoteError):
    kind = FailureKind.REJECTED


class Stale(RemoteError):
    kind = FailureKind.STALE
