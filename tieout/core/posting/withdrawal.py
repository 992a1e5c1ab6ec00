"""When a document may be taken back, so that a newer plan of its payout can take its place.

At most one plan of a payout is ever on its way: a newer one is frozen only where nothing stands in the way of any
document of any older one, and all of these are withdrawn in the same transaction.
"""

from datetime import datetime
from enum import StrEnum

from tieout.core.posting.records import IN_BOOKS, Posting, State


class Obstacle(StrEnum):
    """Why a document cannot be taken back."""

    IN_BOOKS = "in_books"  # it stands there
    UNDECIDED = "undecided"  # a person has to decide about it first
    MAY_LAND = "may_land"  # it was sent, and nobody knows yet whether it arrived
    MAY_BE_WRITTEN = "may_be_written"  # a worker that sleeps could still send it, until `clear_at`


def obstacle(posting: Posting, now: datetime, stopped_are_out: bool = False) -> Obstacle | None:
    """What stands in the way of taking it back; None where nothing does.

    `stopped_are_out`: a person has said that what stands still for a decision is not in the books.
    """
    state = posting.state
    if state in IN_BOOKS:
        return Obstacle.IN_BOOKS
    if state is State.ESCALATED and not stopped_are_out:
        return Obstacle.UNDECIDED
    # A worker that holds it goes on with it, even where it has only looked so far.
    is_away = state in (State.SENDING, State.UNKNOWN) and not (posting.is_untried and posting.lease_owner is None)
    if is_away or (state is not State.ESCALATED and posting.live_attempts):
        return Obstacle.MAY_LAND
    if posting.clear_at is not None and posting.clear_at > now:
        return Obstacle.MAY_BE_WRITTEN
    return None
