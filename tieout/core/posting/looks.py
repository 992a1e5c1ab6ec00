"""What a look into the books means (R9), and from when on "not found" counts."""

from dataclasses import replace
from datetime import datetime

from tieout.core.posting.moves import Step, done, escalated, freed
from tieout.core.posting.records import FULL, Attempt, Design, Found, LookFailed, NotFound, Posting, Reason, State
from tieout.core.retry import doubling


def matures_at(posting: Posting, design: Design = FULL) -> datetime | None:
    """From this moment on nothing that may have been sent can still land. None: nothing was, or all of it is dead.

    Taken over every attempt not proven dead. Where the books do not keep the number unique, an attempt whose worker
    slept through its lease dies with its token alone.
    """
    return max((_dies_at(posting, attempt, design) for attempt in posting.live_attempts), default=None)


def found(posting: Posting, event: Found) -> Step:
    """One equal document is adopted at once; anything else is for a person."""
    standing = [hit for hit in event.hits if not hit.is_void]
    if not standing:
        return escalated(posting, Reason.VOIDED, tuple(hit.remote_id for hit in event.hits))
    if len(standing) > 1:
        return escalated(posting, Reason.DUPLICATE, tuple(hit.remote_id for hit in standing))
    if not standing[0].is_equal:
        return escalated(posting, _why_different(posting), (standing[0].remote_id,))
    if posting.state is State.SENT and standing[0].remote_id != posting.remote_id:
        ids = (posting.remote_id,) if posting.remote_id else ()
        return escalated(posting, Reason.MISMATCH, (*ids, standing[0].remote_id))
    return done(posting, standing[0].remote_id)


def not_found(posting: Posting, event: NotFound, now: datetime, design: Design) -> Step:
    """Proof of absence only if the look began after everything sent had had its time; else look again later."""
    if posting.state is State.SENT:
        mature = posting.attempts[-1].sent_at + design.timing.not_found_wait
    else:
        mature = matures_at(posting, design) or event.asked_at
    if event.asked_at < mature:
        return _look_again(posting, mature, now, design)
    if posting.remote_id:  # the books accepted it once: sending it anew is no answer to its being gone
        return escalated(posting, Reason.MISSING, (posting.remote_id,))
    if posting.number_taken:
        return escalated(posting, Reason.NUMBER_TAKEN)
    return _absent(posting, now, design)


def failed_look(posting: Posting, event: LookFailed, now: datetime, design: Design) -> Step:
    """The look is still owed: nothing is sent before one has been answered."""
    wait = max(design.timing.failed_look, event.retry_after or design.timing.failed_look)
    return freed(posting, posting.state, now + min(wait, design.timing.limited_longest))


def _dies_at(posting: Posting, attempt: Attempt, design: Design) -> datetime:
    if posting.unique or not design.token_fence:
        return attempt.sent_at + design.timing.not_found_wait
    return max(attempt.sent_at, attempt.token_expires_at) + design.timing.not_found_wait


def _why_different(posting: Posting) -> Reason:
    if posting.number_taken or posting.is_untried:
        return Reason.NUMBER_TAKEN
    return Reason.MISMATCH if posting.state is State.SENT else Reason.EDITED


def _look_again(posting: Posting, mature: datetime, now: datetime, design: Design) -> Step:
    timing = design.timing
    at = now + doubling(timing.look_first, posting.looks, timing.look_longest)
    at = max(min(at, mature), now + timing.look_first)
    return freed(replace(posting, looks=posting.looks + 1), posting.state, at)


def _absent(posting: Posting, now: datetime, design: Design) -> Step:
    """Nothing landed and nothing will: every attempt is dead, a new one is allowed at once."""
    tokens_die = [attempt.token_expires_at + design.timing.not_found_wait for attempt in posting.live_attempts]
    clear_at = max([*tokens_die, *([posting.clear_at] if posting.clear_at else [])], default=None)
    dead = tuple(replace(attempt, is_dead=True) for attempt in posting.attempts)
    return freed(replace(posting, attempts=dead, looks=0, clear_at=clear_at), State.READY, now)
