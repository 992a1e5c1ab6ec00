"""The posting protocol, R1 to R10: one function from a posting and what it learnt to a posting and what to do."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from tieout.core.posting.answers import answered, may_repeat, unclear
from tieout.core.posting.decisions import decided
from tieout.core.posting.looks import failed_look, found, matures_at, not_found
from tieout.core.posting.moves import Step, freed, freed_for_all, unchanged
from tieout.core.posting.records import (
    FULL,
    Answered,
    Approved,
    Attempt,
    Claimed,
    Decided,
    Design,
    Event,
    Found,
    LeaseLost,
    Look,
    LookFailed,
    NotFound,
    Permit,
    Posting,
    RecordAttempt,
    Send,
    Silent,
    State,
    TimeCame,
    TokenDied,
)

_KEPT_ATTEMPTS = 8


def step(posting: Posting, event: Event, now: datetime, design: Design = FULL) -> Step:
    """What the posting is after the event, and what the shell must do, in this order.

    Total: an event that does not fit the state changes nothing and asks for nothing. The shell saves the posting where
    the stored fence is the one it read, with every effect but Send and Look in the same transaction, commits, and
    carries out the one Send or Look. If the save finds another fence, the shell drops everything it knows.
    """
    match event:
        case Claimed():
            return _claimed(posting, event, now, design)
        case Answered():
            return answered(posting, event, now, design) if posting.state is State.SENDING else unchanged(posting)
        case Silent():
            return unclear(posting, now, design) if posting.state is State.SENDING else unchanged(posting)
        case Found():
            return found(posting, event) if _is_looking(posting) else unchanged(posting)
        case NotFound():
            return not_found(posting, event, now, design) if _is_looking(posting) else unchanged(posting)
        case LookFailed():
            return failed_look(posting, event, now, design) if _is_looking(posting) else unchanged(posting)
        case TimeCame():
            return _time_came(posting, event, now, design)
        case LeaseLost():
            return _lease_lost(posting, event, now, design)
        case TokenDied():
            return _token_died(posting, event, now, design)
        case Approved():
            return _approved(posting, now, design) if posting.state is State.PLANNED else unchanged(posting)
        case Decided():
            return decided(posting, event, now)
        case _:
            assert_never(event)


def may_send(posting: Posting, attempt: Attempt, now: datetime, design: Design = FULL) -> bool:
    """The last check before the socket (R1): the stored posting still waits for this attempt, recorded just now.

    If False, nothing is sent and the shell feeds back Silent.
    """
    is_awaited = posting.state is State.SENDING and posting.attempts[-1].number == attempt.number
    return is_awaited and now - attempt.sent_at <= design.timing.record_to_socket


def key_to_repeat(posting: Posting, now: datetime, design: Design = FULL) -> str | None:
    """The key of the call that the next send of this posting would repeat byte for byte; None if it would not."""
    if posting.state is not State.RETRY or not posting.live_attempts or not may_repeat(posting, now, design):
        return None
    return posting.live_attempts[-1].key


def _approved(posting: Posting, now: datetime, design: Design) -> Step:
    """AC10: where the books would take a second document of the number, a first one is looked for before anything."""
    looks_first = design.looks_first and not posting.unique
    return freed_for_all(posting, State.UNKNOWN if looks_first else State.READY, now)


def _is_looking(posting: Posting) -> bool:
    return posting.lease_owner is not None and posting.state in (State.UNKNOWN, State.SENT)


def _is_held(posting: Posting, now: datetime) -> bool:
    return posting.lease_until is not None and now < posting.lease_until


def _claimed(posting: Posting, event: Claimed, now: datetime, design: Design) -> Step:
    """Take the lease. The fence grows, so that whoever held it before can save nothing more."""
    if posting.next_at is None or now < posting.next_at or _is_held(posting, now):
        return unchanged(posting)
    until = now + design.timing.lease
    leased = replace(posting, fence=posting.fence + 1, lease_owner=event.owner, lease_until=until, next_at=until)
    return _go_on(leased, event.permit, now, design)


def _go_on(posting: Posting, permit: Permit, now: datetime, design: Design) -> Step:
    """Do what is due under a running lease: look for what may have landed, else send."""
    if posting.state is State.SENDING:
        posting = replace(posting, state=_without_sender(posting.state, design))
    if posting.state is State.READY or posting.state is State.RETRY:
        return _send(posting, permit, now, design)
    return posting, (Look(posting.number),)


def _without_sender(state: State, design: Design) -> State:
    """R8: what a worker sent before it was lost is not known."""
    if state is not State.SENDING:
        return state
    return State.UNKNOWN if design.token_fence else State.RETRY


def _send(posting: Posting, permit: Permit, now: datetime, design: Design) -> Step:
    """R1, R2, R4: record an attempt bound to a token with life left, unless an earlier one may have landed."""
    assert permit.books_id == posting.books_id, "a posting goes to its own books and to no others"
    live = posting.live_attempts
    repeats = bool(live) and permit.may_repeat and may_repeat(posting, now, design)
    if live and not repeats and design.looks:
        return replace(posting, state=State.UNKNOWN), (Look(posting.number),)
    if permit.token_expires_at - now < design.timing.least_token_life:
        return freed(posting, posting.state, now + design.timing.back_off_first)
    attempt = Attempt(
        number=posting.attempt_count + 1,
        key=live[-1].key if repeats else permit.key,
        fence=posting.fence,
        first_sent_at=live[-1].first_sent_at if repeats else now,
        sent_at=now,
        token_id=permit.token_id,
        token_expires_at=permit.token_expires_at,
    )
    kept = (past for past in posting.attempts if not past.is_dead or past.number > attempt.number - _KEPT_ATTEMPTS)
    sending = replace(posting, state=State.SENDING, attempt_count=attempt.number, attempts=(*kept, attempt))
    return sending, (RecordAttempt(attempt), Send(attempt, is_repeat=repeats))


def _time_came(posting: Posting, event: TimeCame, now: datetime, design: Design) -> Step:
    if not _is_held(posting, now):
        return _lease_lost(posting, LeaseLost(), now, design)
    return unchanged(posting) if posting.state is State.SENDING else _go_on(posting, event.permit, now, design)


def _lease_lost(posting: Posting, event: LeaseLost, now: datetime, design: Design) -> Step:
    if posting.lease_owner is None or (_is_held(posting, now) and not event.is_proven):
        return unchanged(posting)
    return freed_for_all(posting, _without_sender(posting.state, design), now)


def _token_died(posting: Posting, event: TokenDied, now: datetime, design: Design) -> Step:
    """Attempts bound to that token cannot land much longer: the wait for "not found" may become shorter."""
    if posting.lease_owner is not None or posting.state is not State.UNKNOWN or posting.next_at is None:
        return unchanged(posting)
    attempts = tuple(
        replace(attempt, token_expires_at=min(attempt.token_expires_at, event.died_at))
        if attempt.token_id == event.token_id
        else attempt
        for attempt in posting.attempts
    )
    known = replace(posting, attempts=attempts)
    due = max(now, matures_at(known, design) or now)
    return freed_for_all(known, State.UNKNOWN, min(posting.next_at, due))
