"""The posting protocol under any events in any order: what must never happen, judged by a witness of its own."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.core.posting import (
    TERMINAL,
    Answered,
    Approved,
    Claimed,
    Decided,
    Decision,
    Effect,
    Event,
    Found,
    Hit,
    LeaseLost,
    LookFailed,
    NotFound,
    Outcome,
    Permit,
    Posting,
    RecordAttempt,
    Release,
    Send,
    Silent,
    State,
    TimeCame,
    TokenDied,
    from_record,
    step,
    to_record,
)

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)
# What proves that one send was not executed; every other answer leaves it open.
PROOFS = {
    Outcome.REFUSED,
    Outcome.KEY_REUSED,
    Outcome.UNAUTHORISED,
    Outcome.NOT_PERMITTED,
    Outcome.NOT_FOUND,
    Outcome.LIMITED,
    Outcome.UNSENT,
}

WAITS = st.sampled_from([0, 1, 30, 241, 301, 601, 1801, 2500]).map(lambda count: timedelta(seconds=count))
HITS = st.lists(
    st.builds(Hit, st.sampled_from(["a", "b"]), is_equal=st.booleans(), is_void=st.booleans()), min_size=1, max_size=3
).map(tuple)
RETRY_AFTER = st.sampled_from([None, timedelta(0), timedelta(seconds=7), timedelta(days=9)])
UNCLEAR = st.sampled_from([Silent(), Answered(Outcome.UNCLEAR), Answered(Outcome.LIMITED)])
STEPS = 20

# Every event by name. Those that name a permit or a moment are made when their moment has come: see `made`.
NAMES = ("claim", "claim with a dying token", "time came", "not found", "token died")
DRAWN: dict[str, st.SearchStrategy[Event]] = {
    "answer": st.builds(Answered, st.sampled_from(Outcome), st.sampled_from([None, "a"]), RETRY_AFTER),
    "unclear": UNCLEAR,
    "found": st.builds(Found, HITS),
    "look failed": st.builds(LookFailed, RETRY_AFTER),
    "lease lost": st.builds(LeaseLost, st.booleans()),
    "approved": st.just(Approved()),
    "decided": st.builds(Decided, st.sampled_from(Decision), st.sampled_from([None, "a"])),
}
ANY = (*NAMES, *DRAWN)


def made(name: str, now: datetime, count: int) -> Event:
    permit = Permit("books", f"key-{count}", f"token-{count % 3}", now + timedelta(seconds=1800), count % 4 != 0)
    match name:
        case "claim":
            return Claimed("worker", permit)
        case "claim with a dying token":
            return Claimed("worker", Permit("books", f"key-{count}", "short", now + timedelta(seconds=10)))
        case "time came":
            return TimeCame(permit)
        case "not found":
            return NotFound(now)
        case _:
            return TokenDied(f"token-{count % 3}", now)


def fitting(posting: Posting) -> list[str]:
    """Names of the events that lead somewhere from here, the usual ones several times."""
    if posting.is_terminal:
        return ["decided"]
    if posting.lease_owner is None:
        return ["claim"] * 6 + ["claim with a dying token", "token died", "decided"]
    if posting.state is State.SENDING:
        return ["answer"] * 2 + ["unclear"] * 3 + ["lease lost", "claim", "time came"]
    return ["not found"] * 4 + ["look failed"] * 2 + ["found", "claim", "lease lost", "time came"]


def next_event(data: st.DataObject, posting: Posting, now: datetime, count: int) -> tuple[Event, datetime]:
    """An event, mostly a fitting one, and its moment, often the one that was waited for."""
    name = data.draw(st.sampled_from((*fitting(posting) * 6, *ANY)))
    at = now + data.draw(WAITS)
    if posting.next_at is not None and data.draw(st.booleans()):
        at = max(at, posting.next_at)
    return (data.draw(DRAWN[name]) if name in DRAWN else made(name, at, count)), at


@dataclass
class Witness:
    """What may still land, as somebody sees it who only watches sends, answers and looks."""

    open: dict[int, tuple[datetime, datetime, str]] = field(default_factory=dict)
    last: int = 0
    is_accepted: bool = False

    def before(self, event: Event, posting: Posting, now: datetime) -> None:
        is_heard = posting.state is State.SENDING and self.last in self.open
        if isinstance(event, Answered) and is_heard and event.outcome in PROOFS:
            del self.open[self.last]
        elif isinstance(event, (Answered, Silent)) and is_heard:
            is_yes = isinstance(event, Answered) and event.outcome in (Outcome.DONE, Outcome.MISMATCH)
            self.is_accepted = self.is_accepted or (is_yes and bool(event.remote_id))
            self.open[self.last] = (now, *self.open[self.last][1:])
        elif isinstance(event, NotFound):
            is_dead = [n for n, (sent, dies, _) in self.open.items() if max(sent, dies) + TEN_MINUTES <= event.asked_at]
            for number in is_dead:
                del self.open[number]
        elif isinstance(event, TokenDied):
            for number, (sent, dies, token) in self.open.items():
                if token == event.token_id:
                    self.open[number] = (sent, min(dies, event.died_at), token)

    def after(self, effects: tuple[Effect, ...], posting: Posting) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                assert not self.is_accepted, "what the books accepted is never sent again"
                assert posting.unique or not self.open, "a second write that may land, of a number that is not unique"
                self.last = effect.attempt.number
                self.open[self.last] = (
                    effect.attempt.sent_at,
                    effect.attempt.token_expires_at,
                    effect.attempt.token_id,
                )


def check_moved(before: Posting, event: Event, posting: Posting, effects: tuple[Effect, ...], now: datetime) -> None:
    """What holds after any one step."""
    assert (posting.number, posting.unique, posting.books_id) == (before.number, before.unique, before.books_id)
    assert posting.fence >= before.fence and posting.attempt_count >= before.attempt_count
    if not effects:
        assert posting == before, "nothing may change unseen"
    if isinstance(event, (Claimed, Approved, Decided, LeaseLost, TokenDied)) and effects:
        assert posting.fence == before.fence + 1, "who holds no lease takes the fence from whoever does"
    if before.state is State.DONE or (before.state in TERMINAL and not isinstance(event, Decided)):
        assert (posting, effects) == (before, ())
    check_stands(posting, now)
    sends = [effect for effect in effects if isinstance(effect, Send)]
    records = [effect for effect in effects if isinstance(effect, RecordAttempt)]
    assert [each.attempt for each in sends] == [each.attempt for each in records] and len(sends) <= 1
    if sends:
        assert isinstance(effects[0], RecordAttempt), "the attempt is recorded before it is sent"
        assert posting.state is State.SENDING and posting.attempts[-1] == sends[0].attempt
        assert sends[0].attempt.token_expires_at - now >= timedelta(seconds=300)
    assert (Release() in effects) <= (posting.lease_owner is None)


def check_stands(posting: Posting, now: datetime) -> None:
    """What holds of a posting at rest: I7, the lease, the attempts."""
    is_waiting = posting.state not in TERMINAL and posting.state is not State.PLANNED
    assert (posting.next_at is not None) == is_waiting
    assert posting.next_at is None or posting.next_at <= now + timedelta(hours=24)
    assert (posting.lease_owner is None) == (posting.lease_until is None)
    assert posting.state is not State.SENDING or posting.lease_owner is not None
    assert posting.unique or len(posting.live_attempts) <= 1
    assert posting.state is not State.READY or not posting.live_attempts
    assert posting.state not in (State.REFUSED, State.PLANNED) or not posting.live_attempts
    assert posting.state not in (State.SENT, State.DONE) or posting.remote_id
    assert [attempt.number for attempt in posting.attempts] == sorted({attempt.number for attempt in posting.attempts})


@settings(max_examples=200)
@given(st.booleans(), st.data())
def test_no_story_makes_a_document_land_twice_or_stand_still(unique: bool, data: st.DataObject) -> None:
    posting, now, witness = step(Posting("n", unique, "books"), Approved(), BEGIN)[0], BEGIN, Witness()
    for count in range(STEPS):
        event, now = next_event(data, posting, now, count)
        witness.before(event, posting, now)
        moved, effects = step(posting, event, now)
        check_moved(posting, event, moved, effects, now)
        witness.after(effects, moved)
        assert step(posting, event, now) == (moved, effects), "a step is a function"
        assert from_record(json.loads(json.dumps(to_record(moved)))) == moved
        posting = moved


@settings(max_examples=60)
@given(st.booleans(), st.data())
def test_when_the_weather_clears_every_document_comes_to_an_end(unique: bool, data: st.DataObject) -> None:
    posting, now = step(Posting("n", unique, "books"), Approved(), BEGIN)[0], BEGIN
    for count in range(STEPS):
        event, now = next_event(data, posting, now, count)
        posting, _ = step(posting, event, now)
    for count in range(20):
        if posting.next_at is None:
            break
        now = max(now, posting.next_at)
        permit = Permit("books", f"calm-{count}", "calm", now + timedelta(hours=1))
        posting, effects = step(posting, Claimed("worker", permit), now)
        if any(isinstance(effect, Send) for effect in effects):
            posting, _ = step(posting, Answered(Outcome.DONE, "a"), now)
        if posting.state is State.SENT:
            posting, _ = step(posting, Found((Hit(posting.remote_id or "", is_equal=True),)), now)
        elif posting.state is State.UNKNOWN:
            posting, _ = step(posting, NotFound(now), now)
    assert posting.is_terminal
