"""What the simulated workers share: the stored postings behind their fences, the rows of their attempts, the token."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tieout.core.posting import (
    TERMINAL,
    Adopt,
    Attempt,
    Effect,
    OpenIssue,
    Permit,
    Posting,
    RecordAttempt,
    Send,
    State,
    next_part,
)
from tieout.simulation.books import Books, Call, Late, Said
from tieout.simulation.faults import SECOND

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST_WAIT = 24 * 3600 * SECOND
ORDINARY_WAIT = 3600 * SECOND
REFRESH_BELOW = 300 * SECOND


def moment(now: int) -> datetime:
    return BEGIN + timedelta(milliseconds=now)


def since_begin(at: datetime) -> int:
    return (at - BEGIN) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    text: str


@dataclass(slots=True)
class Slot:
    """The stored row of one posting; `label` is its name in traces, `total` its planned total in minor units."""

    label: str
    settlement: int
    total: int
    posting: Posting


@dataclass(frozen=True, slots=True)
class Held:
    """A posting as this worker saved it last; its fence is the worker's claim to it."""

    slot: Slot
    posting: Posting
    effects: tuple[Effect, ...]


class Office:
    """The database of one run, without a database: a save succeeds only on the fence that was read."""

    __slots__ = (
        "_due",
        "_has_moved",
        "_queue",
        "_tokens",
        "attempts",
        "books",
        "busy",
        "by_number",
        "calls",
        "checks_live_writes",
        "lates",
        "lines",
        "pending",
        "settlements",
        "slots",
        "token",
        "violations",
        "withdrawn",
    )

    def __init__(self, books: Books, settlements: tuple[tuple[Slot, ...], ...], checks_live_writes: bool) -> None:
        self.books = books
        self.settlements = list(settlements)  # the parts of every plan; a payout that is planned anew has several
        self.withdrawn: set[int] = set()  # places in it of the plans that a newer one replaced
        self.slots = tuple(slot for parts in settlements for slot in parts)
        self.by_number = {slot.posting.number: slot for slot in self.slots}
        self.calls: dict[str, Call] = {}
        self.attempts: set[tuple[str, int]] = set()
        self.pending: dict[str, dict[int, int]] = {}  # number → attempt → until when it can still land
        self.checks_live_writes = checks_live_writes
        self.violations: list[Violation] = []
        self.lines: list[str] = []
        self._tokens = 0
        self._has_moved = True  # the queue is worked out anew after a save
        self._queue: list[tuple[int, Slot]] = []
        self._due: int | None = None
        self.token = ("", 0)
        self.lates: list[Late] = []  # taken up by the scheduler
        self.busy = 0  # workers that may yet send something

    def plans_of(self, payout: int) -> list[int]:
        """The places of its plans, the oldest first."""
        return [place for place, parts in enumerate(self.settlements) if parts[0].settlement == payout]

    def replace_plans(self, payout: int, parts: tuple[Slot, ...]) -> None:
        """A newer plan stands beside those that were taken back."""
        self.withdrawn.update(self.plans_of(payout))
        self.settlements.append(parts)
        self.slots += parts
        self.by_number |= {slot.posting.number: slot for slot in parts}
        self._has_moved = True

    def note(self, now: int, who: str, text: str) -> None:
        self.lines.append(f"{now / SECOND:9.1f}  {who:<8} {text}")

    def blame(self, invariant: str, text: str) -> None:
        self.violations.append(Violation(invariant, text))

    def permit(self, now: int, key: str, may_repeat: bool) -> Permit:
        """A permit under the connection's token, refreshed when little life is left."""
        if self.token[1] - now < REFRESH_BELOW + 5 * SECOND:
            self._tokens += 1
            self.token = (f"token-{self._tokens}", now + self.books.token_life)
        return Permit("books", key, self.token[0], moment(self.token[1]), may_repeat)

    def due(self, now: int, limit: int) -> tuple[Slot, ...]:
        """Due postings of one kind, the first unfinished part of each settlement only."""
        due = self.next_due()
        if due is None or due > now:
            return ()
        ready = [slot for at, slot in self._queue if at <= now]
        return tuple(slot for slot in ready if slot.posting.unique == ready[0].posting.unique)[:limit]

    def next_due(self) -> int | None:
        if self._has_moved:
            self._queue = [(since_begin(at), slot) for slot in self._workable() if (at := slot.posting.next_at)]
            self._due = min((at for at, _ in self._queue), default=None)
            self._has_moved = False
        return self._due

    def _workable(self) -> Iterator[Slot]:
        """What may be worked on: read-backs that are owed, and the next part of each settlement."""
        for parts in self.settlements:
            yield from (slot for slot in parts if slot.posting.state is State.SENT)
            index = next_part([slot.posting for slot in parts])
            if index is not None:
                yield parts[index]

    def save(self, slot: Slot, read: Posting, new: Posting, effects: tuple[Effect, ...], now: int) -> bool:
        """One transaction: the posting where the fence is the one read, and every effect that stands before a send."""
        if slot.posting.fence != read.fence:
            return False
        slot.posting = new
        self._has_moved = True
        for effect in effects:
            if isinstance(effect, Send):
                break
            if isinstance(effect, RecordAttempt):
                self.record(slot, effect.attempt, now)
            elif isinstance(effect, Adopt):
                self._check_adopted(slot, effect.remote_id)
            elif isinstance(effect, OpenIssue):
                self.note(now, "issue", f"{slot.label} {effect.reason.value}")
        self._check_next_time(slot, now)
        return True

    def record(self, slot: Slot, attempt: Attempt, now: int) -> None:
        """Insert the attempt's row. I3: of a document whose number is not unique, no earlier attempt may be alive."""
        number = slot.posting.number
        self.attempts.add((number, attempt.number))
        pending = self.pending.setdefault(number, {})
        if self.checks_live_writes and not slot.posting.unique:
            alive = [earlier for earlier, until in pending.items() if until > now]
            if alive or self.books.documents.get(number):
                self.blame("I3", f"{slot.label} attempt {attempt.number} begins while attempt {alive or 1} is alive")
        pending[attempt.number] = since_begin(attempt.token_expires_at)

    def post(self, call: Call, group: list[tuple[Held, Send]], attempt: Attempt, now: int) -> Said:
        """Put a call on the wire. I3: the row of each of its attempts was committed before."""
        for paper in call.papers:
            if (paper.number, paper.attempt) not in self.attempts:
                self.blame("I3", f"{self.by_number[paper.number].label} is sent before its attempt is recorded")
        said = self.books.create(call, since_begin(attempt.token_expires_at), now)
        for each, send in group:
            if said.late is not None:
                self.pending.setdefault(each.posting.number, {})[send.attempt.number] = said.late.at
            else:
                self.pending.get(each.posting.number, {}).pop(send.attempt.number, None)
        if said.late is not None:
            self.lates.append(said.late)
        return said

    def record_rest(self, slot: Slot, send: Send, effects: tuple[Effect, ...], now: int) -> None:
        """What the machine wanted recorded only after the send."""
        for effect in effects[effects.index(send) + 1 :]:
            if isinstance(effect, RecordAttempt):
                self.record(slot, effect.attempt, now)

    def _check_adopted(self, slot: Slot, remote_id: str) -> None:
        ours = self.books.documents.get(slot.posting.number, ())
        if not any(document.remote_id == remote_id and document.total == slot.total for document in ours):
            self.blame("I2", f"{slot.label} adopted {remote_id}, which is not its document")

    def _check_next_time(self, slot: Slot, now: int) -> None:
        posting = slot.posting
        if posting.state in TERMINAL:
            return
        if posting.next_at is None:
            self.blame("I7", f"{slot.label} {posting.state.value} has no next time")
        elif since_begin(posting.next_at) - now > ORDINARY_WAIT:
            self.blame("I7", f"{slot.label} {posting.state.value} waits for more than an hour")
