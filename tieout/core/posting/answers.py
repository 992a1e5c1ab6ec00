"""What an answer to the last attempt means (R6, R7; reliability 2.2)."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from tieout.core.posting.moves import Step, escalated, freed, refused, send_later, with_last
from tieout.core.posting.records import Adopt, Answered, Design, Look, OpenIssue, Outcome, Posting, Reason, State
from tieout.core.retry import doubling

_HOLDS = {
    Outcome.NOT_PERMITTED: Reason.NOT_PERMITTED,
    Outcome.NOT_FOUND: Reason.NOT_FOUND,
}


def answered(posting: Posting, event: Answered, now: datetime, design: Design) -> Step:
    """The state after an answer. A verdict covers the last send alone, never an earlier one of the same document."""
    timing = design.timing
    match event.outcome:
        case Outcome.DONE | Outcome.MISMATCH:
            return _accepted(posting, event, now, design)
        case Outcome.REFUSED:
            return _refused(_last_is_dead(posting), event)
        case Outcome.NUMBER_TAKEN:
            return _looking(replace(_sent_by(posting, now), number_taken=True))
        case Outcome.KEY_REUSED:
            return escalated(_last_is_dead(posting), Reason.KEY_REUSED, words=event.words)
        case Outcome.UNAUTHORISED:
            return _unauthorised(_last_is_dead(posting), event, now, design)
        case Outcome.NOT_PERMITTED | Outcome.NOT_FOUND:
            return _held(_last_is_dead(posting), _HOLDS[event.outcome], event, now, design)
        case Outcome.LIMITED:
            wait = min(event.retry_after or timing.limited, timing.limited_longest)
            return send_later(_last_is_dead(posting), wait, now, design)
        case Outcome.UNSENT:
            return _back_off(_last_is_dead(posting), now, design)
        case Outcome.UNCLEAR:
            return unclear(posting, now, design)
        case _:
            assert_never(event.outcome)


def unclear(posting: Posting, now: datetime, design: Design) -> Step:
    """R7: the last attempt may have landed. Unique numbers may go again with the same key (R5), the rest is sought."""
    doubtful = _sent_by(posting, now)
    if may_repeat(doubtful, now, design) or not design.looks:
        return _back_off(doubtful, now, design)
    return _looking(doubtful)


def may_repeat(posting: Posting, now: datetime, design: Design) -> bool:
    """R4, R5: the same call once more, only where the books keep numbers unique and still remember its key."""
    if not design.looks:
        return design.keeps_key
    is_remembered = now - posting.live_attempts[-1].first_sent_at < design.timing.same_key_window
    return is_remembered and (posting.unique or not design.one_live_write)


def _accepted(posting: Posting, event: Answered, now: datetime, design: Design) -> Step:
    """It is in the books, for good or ill. Without their id nothing says so: unclear."""
    if not event.remote_id:
        return unclear(posting, now, design)
    accepted = replace(_sent_by(posting, now), remote_id=event.remote_id, looks=0, reason=None)
    if event.outcome is Outcome.MISMATCH:
        return escalated(accepted, Reason.MISMATCH, (event.remote_id,), event.words)
    return replace(accepted, state=State.SENT), (Adopt(event.remote_id), Look(posting.number))


def _refused(posting: Posting, event: Answered) -> Step:
    """Refused for certain, unless an earlier send of the same document may have landed."""
    return _looking(posting) if posting.live_attempts else refused(posting, Reason.REFUSED, event.words)


def _unauthorised(posting: Posting, event: Answered, now: datetime, design: Design) -> Step:
    """Once is a token that has just died; twice running is a connection that a person must look at."""
    if posting.reason is Reason.UNAUTHORISED:
        return _held(posting, Reason.UNAUTHORISED, event, now, design)
    return send_later(posting, design.timing.back_off_first, now, design, Reason.UNAUTHORISED)


def _held(posting: Posting, reason: Reason, event: Answered, now: datetime, design: Design) -> Step:
    moved, effects = freed(
        replace(posting, tries=posting.tries + 1, reason=reason), State.RETRY, now + design.timing.hold
    )
    return moved, (OpenIssue(reason, words=event.words), *effects)


def _back_off(posting: Posting, now: datetime, design: Design) -> Step:
    timing = design.timing
    return send_later(posting, doubling(timing.back_off_first, posting.tries, timing.back_off_longest), now, design)


def _looking(posting: Posting) -> Step:
    """UNKNOWN under the same lease: look at once."""
    return replace(posting, state=State.UNKNOWN, looks=0, reason=None), (Look(posting.number),)


def _last_is_dead(posting: Posting) -> Posting:
    return with_last(posting, replace(posting.attempts[-1], is_dead=True))


def _sent_by(posting: Posting, now: datetime) -> Posting:
    """It went out some time before now: the latest moment is the careful one."""
    return with_last(posting, replace(posting.attempts[-1], sent_at=now))
