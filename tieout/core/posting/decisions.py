"""What a person may decide about a posting; nothing here can make a document land twice."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from tieout.core.posting.moves import Step, done, freed_for_all, refused, unchanged
from tieout.core.posting.records import TERMINAL, Decided, Decision, Posting, Reason, State

_WITHDRAWABLE = (State.PLANNED, State.READY, State.RETRY)


def decided(posting: Posting, event: Decided, now: datetime) -> Step:
    """Carry out a decision on a posting that no worker holds; DONE and held ones stay as they are."""
    if posting.lease_owner is not None:
        return unchanged(posting)
    match event.decision:
        case Decision.TRY_NOW:
            return _try_now(posting, now)
        case Decision.ADOPT:
            if posting.state is not State.ESCALATED or not event.remote_id:
                return unchanged(posting)
            return done(replace(posting, fence=posting.fence + 1, evidence=()), event.remote_id)
        case Decision.WITHDRAW:
            if not (posting.state in _WITHDRAWABLE or posting.is_untried) or posting.live_attempts:
                return unchanged(posting)
            return refused(replace(posting, fence=posting.fence + 1), Reason.WITHDRAWN)
        case _:
            assert_never(event.decision)


def _try_now(posting: Posting, now: datetime) -> Step:
    """A refused document may be sent again; an escalated one is looked for first, whatever the person believes."""
    if posting.state is State.ESCALATED:
        fresh = replace(posting, reason=None, evidence=(), number_taken=False, looks=0)
        return freed_for_all(fresh, State.UNKNOWN, now)
    if posting.state is State.REFUSED:
        return freed_for_all(replace(posting, reason=None, tries=0), State.READY, now)
    if posting.state is State.PLANNED or posting.state in TERMINAL:
        return unchanged(posting)
    return freed_for_all(posting, posting.state, now)
