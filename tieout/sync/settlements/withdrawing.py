"""At most one plan of a payout is ever on its way: before a newer one is frozen, every older document is taken back."""

from tieout import platforms
from tieout.core.posting import Decided, Decision, Obstacle, obstacle, step
from tieout.store import connections, postings
from tieout.store.engine import Db
from tieout.store.postings import Posting
from tieout.store.settlements import Kept
from tieout.sync.tools import Tools


def take_back(tools: Tools, db: Db, kept: Kept, stopped_are_out: bool = False) -> str:
    """Withdraw every document of every earlier plan of this payout, whatever its version; blank when all are out.

    Else nothing is changed, and the sentence says which document stands in the way and what to do. `stopped_are_out`: a
    person has said that what stands still for a decision is not in the books.
    """
    earlier = postings.of_payout(db, kept.settlement.channel, kept.settlement.id)
    for posting in earlier:
        if told := _in_the_way(tools, db, posting, stopped_are_out):
            return told
    for posting in earlier:
        protocol, _effects = step(posting.protocol, Decided(Decision.WITHDRAW), tools.now())
        if protocol != posting.protocol:
            saved = postings.save(db, posting, protocol, "Taken back: a newer plan took its place.")
            assert saved, "nobody else moves it inside this transaction"
    return ""


def _in_the_way(tools: Tools, db: Db, posting: Posting, stopped_are_out: bool) -> str:
    match obstacle(posting.protocol, tools.now(), stopped_are_out):
        case None:
            return ""
        case Obstacle.IN_BOOKS if is_void(db, posting):
            return ""
        case Obstacle.IN_BOOKS:
            return (
                f"{posting.number} is in the books already. Void or delete it there and try again, or leave it as "
                "it is."
            )
        case Obstacle.UNDECIDED:
            return f"{posting.number} waits for a decision first: {posting.note}"
        case Obstacle.MAY_LAND:
            return f"{posting.number} may have reached the books and is being looked for; try again when that is known."
        case Obstacle.MAY_BE_WRITTEN:
            until = posting.protocol.clear_at
            return f"{posting.number} could still be written by a worker that sleeps, until {until:%H:%M} UTC."


def is_void(db: Db, posting: Posting) -> bool:
    """Whether the books showed it void or deleted when they were last looked at."""
    connection = connections.find(db, posting.connection)
    if connection is None or not posting.books_status:
        return False
    return platforms.named(connection.platform).is_void(posting.books_status)
