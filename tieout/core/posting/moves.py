"""The few ways a posting can move on: kept as it is, freed with a next time, sent back to rest for ever."""

from dataclasses import replace
from datetime import datetime, timedelta

from tieout.core.posting.records import (
    Adopt,
    Attempt,
    Design,
    Effect,
    OpenIssue,
    Posting,
    Reason,
    Release,
    State,
    WaitUntil,
)

Step = tuple[Posting, tuple[Effect, ...]]


def unchanged(posting: Posting) -> Step:
    """The event says nothing to this posting."""
    return posting, ()


def freed(posting: Posting, state: State, at: datetime) -> Step:
    """Give up the lease; whoever claims at that moment goes on."""
    waiting = replace(posting, state=state, next_at=at, lease_owner=None, lease_until=None)
    return waiting, (WaitUntil(at), Release())


def freed_for_all(posting: Posting, state: State, at: datetime) -> Step:
    """As `freed`, by somebody who does not hold the lease: the fence grows, so that a late holder saves nothing."""
    moved, effects = freed(posting, state, at)
    return replace(moved, fence=posting.fence + 1), effects


def send_later(posting: Posting, wait: timedelta, now: datetime, design: Design, reason: Reason | None = None) -> Step:
    """RETRY after a wait; from the tenth try on hourly, and a person hears of it once."""
    tries = posting.tries + 1
    limit = design.timing.tries_before_hold
    at = now + (wait if tries < limit else max(wait, design.timing.hold))
    moved, effects = freed(replace(posting, tries=tries, reason=reason), State.RETRY, at)
    return moved, (OpenIssue(Reason.MANY_TRIES), *effects) if tries == limit else effects


def done(posting: Posting, remote_id: str) -> Step:
    """Terminal: this document of the books is the planned one."""
    rested = _rested(posting, State.DONE, None)
    return replace(rested, remote_id=remote_id), (Adopt(remote_id), Release())


def refused(posting: Posting, reason: Reason, words: str = "") -> Step:
    """Terminal: nothing of this document is in the books, and nothing of it is on its way."""
    return _rested(posting, State.REFUSED, reason), (OpenIssue(reason, words=words), Release())


def escalated(posting: Posting, reason: Reason, evidence: tuple[str, ...] = (), words: str = "") -> Step:
    """Terminal until a person decides: Tieout itself changes nothing in the books any more."""
    rested = replace(_rested(posting, State.ESCALATED, reason), evidence=evidence)
    return rested, (OpenIssue(reason, evidence, words), Release())


def with_last(posting: Posting, attempt: Attempt) -> Posting:
    """The posting with its last attempt replaced."""
    return replace(posting, attempts=(*posting.attempts[:-1], attempt))


def _rested(posting: Posting, state: State, reason: Reason | None) -> Posting:
    return replace(posting, state=state, reason=reason, next_at=None, lease_owner=None, lease_until=None)
