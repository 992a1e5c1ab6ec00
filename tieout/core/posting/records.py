"""What the posting protocol speaks of: the posting and its attempts, events, effects, and the figures it goes by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    PLANNED = "planned"  # waits for approval
    READY = "ready"  # may be sent: no attempt can still land
    SENDING = "sending"  # an attempt is recorded; its answer is not
    RETRY = "retry"  # to be sent again at next_at
    UNKNOWN = "unknown"  # an attempt may have landed, or its number be taken: to be looked for at next_at
    SENT = "sent"  # the books said yes; the read-back is owed
    DONE = "done"  # read back and equal, or found and adopted
    REFUSED = "refused"  # refused for certain; nothing of it is in the books
    ESCALATED = "escalated"  # a person decides


IN_BOOKS = frozenset({State.SENT, State.DONE})
STOPPED = frozenset({State.REFUSED, State.ESCALATED})
TERMINAL = STOPPED | {State.DONE}


class Outcome(StrEnum):
    """What one answer says about one document (reliability 2.2). Whatever fits nothing else is UNCLEAR."""

    DONE = "done"  # accepted: id, number and total are the plan's
    MISMATCH = "mismatch"  # accepted with another total
    REFUSED = "refused"  # validation errors: not executed
    NUMBER_TAKEN = "number_taken"  # the number is used already: may be ours
    KEY_REUSED = "key_reused"  # the key was used for other bytes: our mistake, not executed
    UNAUTHORISED = "unauthorised"  # the token is not accepted: not executed
    NOT_PERMITTED = "not_permitted"  # not executed
    NOT_FOUND = "not_found"  # the books are not there for us: not executed
    LIMITED = "limited"  # too many calls: not executed, come back after retry_after
    UNSENT = "unsent"  # no connection was ever established
    UNCLEAR = "unclear"  # 5xx, HTML, truncated, no id, element missing, anything unknown


class Reason(StrEnum):
    """Why a posting stands still or a person is asked."""

    MISMATCH = "mismatch"
    REFUSED = "refused"
    NUMBER_TAKEN = "number_taken"
    KEY_REUSED = "key_reused"
    UNAUTHORISED = "unauthorised"
    NOT_PERMITTED = "not_permitted"
    NOT_FOUND = "not_found"
    EDITED = "edited"  # one document carries our number and is not equal to the plan
    DUPLICATE = "duplicate"  # two or more live documents carry our number
    VOIDED = "voided"  # ours was voided or deleted by somebody
    MISSING = "missing"  # the books said yes and do not show it
    MANY_TRIES = "many_tries"  # still going on, hourly
    WITHDRAWN = "withdrawn"  # a person took it back before anything could land


class Decision(StrEnum):
    TRY_NOW = "try_now"  # look or send now; a refused one is sent again, an escalated one is looked for again
    ADOPT = "adopt"  # the document named is ours as it stands
    WITHDRAW = "withdraw"  # do not post it; only while no attempt can land


@dataclass(frozen=True, slots=True)
class Timing:
    """Every wait of the protocol (reliability 2.3). Change a figure only with a new run of the ladder."""

    lease: timedelta = timedelta(seconds=300)
    least_token_life: timedelta = timedelta(seconds=300)
    record_to_socket: timedelta = timedelta(seconds=60)
    same_key_window: timedelta = timedelta(seconds=240)
    not_found_wait: timedelta = timedelta(seconds=600)
    back_off_first: timedelta = timedelta(seconds=5)
    back_off_longest: timedelta = timedelta(seconds=900)
    look_first: timedelta = timedelta(seconds=30)
    look_longest: timedelta = timedelta(seconds=900)
    failed_look: timedelta = timedelta(seconds=60)
    limited: timedelta = timedelta(seconds=60)
    limited_longest: timedelta = timedelta(hours=24)
    hold: timedelta = timedelta(hours=1)
    tries_before_hold: int = 10


@dataclass(frozen=True, slots=True)
class Design:
    """Which rules hold. The product runs with all of them; the ladder of the simulation takes them away one by one."""

    timing: Timing = Timing()
    keeps_key: bool = True  # a repeat is the same call again, not a new key
    looks: bool = True  # what may have landed is looked for before it is sent anew
    token_fence: bool = True  # "not found" waits for the tokens of the attempts to die; a lost lease is unknown
    one_live_write: bool = True  # same-key repeats only where the books keep numbers unique
    looks_first: bool = True  # where the books do not keep numbers unique, looked for before the first attempt too


FULL = Design()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One send of the document; the row is committed before the socket opens.

    `sent_at` is the last moment known at which it may have gone out, `first_sent_at` the first send under its key.
    `is_dead`: proven that it has not landed and never will.
    """

    number: int
    key: str
    fence: int
    first_sent_at: datetime
    sent_at: datetime
    token_id: str
    token_expires_at: datetime
    is_dead: bool = False


@dataclass(frozen=True, slots=True)
class Posting:
    """One planned document on its way into one set of books.

    `number` is fixed for the plan version. `unique`: the books themselves refuse a second document of that number.
    `fence` only grows; the shell saves on the condition that the stored fence is the one it read.
    `next_at` is set in every state that is not terminal. `clear_at`: before it, a paused worker could still write.
    """

    number: str
    unique: bool
    books_id: str
    state: State = State.PLANNED
    fence: int = 0
    lease_owner: str | None = None
    lease_until: datetime | None = None
    next_at: datetime | None = None
    tries: int = 0
    looks: int = 0
    attempt_count: int = 0
    attempts: tuple[Attempt, ...] = ()
    clear_at: datetime | None = None
    number_taken: bool = False
    remote_id: str | None = None
    reason: Reason | None = None
    evidence: tuple[str, ...] = ()

    @property
    def live_attempts(self) -> tuple[Attempt, ...]:
        """Attempts that may have landed, or may yet land."""
        return tuple(attempt for attempt in self.attempts if not attempt.is_dead)

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def is_untried(self) -> bool:
        """Looked for before its first attempt: whatever carries its number is somebody else's, or of another life."""
        return self.state is State.UNKNOWN and not self.attempt_count


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that a look found under our number. `is_equal`: as planned, to the cent; `is_void`: or deleted."""

    remote_id: str
    is_equal: bool
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """What a new attempt would use: a fresh key, and the token it is bound to for ever.

    `may_repeat`: the call named by `key_to_repeat` can be repeated byte for byte. The shell says False when any other
    document of that call has been refused or planned anew since, because the repeat would carry it too.
    """

    books_id: str
    key: str
    token_id: str
    token_expires_at: datetime
    may_repeat: bool = True


# Events: what a posting has learnt.


@dataclass(frozen=True, slots=True)
class Approved:
    """The plan is frozen; its document may go."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A worker takes the lease of a due posting and does what is due."""

    owner: str
    permit: Permit


@dataclass(frozen=True, slots=True)
class TimeCame:
    """The holder of a running lease goes on; for anybody else, a lease that has run out is lost."""

    permit: Permit


@dataclass(frozen=True, slots=True)
class Answered:
    """The books answered the last attempt. `words` and `remote_id` are theirs, kept for people."""

    outcome: Outcome
    remote_id: str | None = None
    retry_after: timedelta | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Silent:
    """The attempt got no answer, or was recorded too long ago to be sent."""


@dataclass(frozen=True, slots=True)
class Found:
    """A look found documents of our number: at least one hit."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class NotFound:
    """A look that began at `asked_at` was answered, and shows no document of our number."""

    asked_at: datetime


@dataclass(frozen=True, slots=True)
class LookFailed:
    """A look got no usable answer. It proves nothing and is still owed."""

    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """The lease has run out, or its holder is proven dead (`is_proven`)."""

    is_proven: bool = False


@dataclass(frozen=True, slots=True)
class TokenDied:
    """The books no longer accept this token, as of `died_at`."""

    token_id: str
    died_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A person decided. `remote_id` goes with ADOPT."""

    decision: Decision
    remote_id: str | None = None


Event = (
    Approved | Claimed | TimeCame | Answered | Silent | Found | NotFound | LookFailed | LeaseLost | TokenDied | Decided
)


# Effects: what the shell must now do. All but Send and Look are part of the transaction that saves the posting.


@dataclass(frozen=True, slots=True)
class RecordAttempt:
    """Commit this attempt's row, with the bytes and key of its call, before anything is sent."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Send:
    """Send the attempt, once, with its token. `is_repeat`: the exact bytes of the call first sent under this key."""

    attempt: Attempt
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the books for every document of this number, void ones included."""

    number: str


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nudge a worker at this moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Adopt:
    """The document of the books with this id is ours."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """A person needs to know why this stands still. `evidence`: ids of the books' documents."""

    reason: Reason
    evidence: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """The lease is given up; the posting already says so."""


Effect = RecordAttempt | Send | Look | WaitUntil | Adopt | OpenIssue | Release
