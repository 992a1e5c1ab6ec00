"""How far a settlement has come, in the words of its badge. Every status has a reason."""

from collections.abc import Sequence
from enum import StrEnum

from tieout.core.plan import Gap
from tieout.core.posting import Posting, Reason, State
from tieout.core.settlement import CONTRADICTED, UNCONFIRMED, UNTOLD, Settlement, Warning


class Status(StrEnum):
    UNKNOWN_ROWS = "unknown-rows"  # a label never seen before: one choice maps it
    MAPPING_NEEDED = "mapping-needed"  # a category lacks an account or a tax rate
    REVIEW_NEEDED = "review-needed"  # something in the file that only a person can judge
    SOURCE_CHANGED = "source-changed"  # a newer file says other figures than the ones posted
    REPLACED = "replaced"  # a newer file of the same payout took its place before anything was posted
    NOTHING_TO_POST = "nothing-to-post"  # no rows at all
    READY = "ready"  # complete, mapped, proven
    BLOCKED = "blocked"  # the books would refuse it, or did
    QUEUED = "queued"  # waits for its turn
    SENDING = "sending"  # on its way
    OUTCOME_UNKNOWN = "outcome-unknown"  # sent without an answer: being looked for
    SENT = "sent"  # every part is in the books and read back
    PARTIALLY_SENT = "partially-sent"  # some parts are in the books, a person is needed for the rest
    OUT_OF_SYNC = "out-of-sync"  # what the books hold under our number is not what was planned


TITLES = {
    Status.UNKNOWN_ROWS: "Unknown rows",
    Status.MAPPING_NEEDED: "Mapping needed",
    Status.REVIEW_NEEDED: "Review needed",
    Status.SOURCE_CHANGED: "Source changed",
    Status.REPLACED: "Replaced",
    Status.NOTHING_TO_POST: "Nothing to post",
    Status.READY: "Ready",
    Status.BLOCKED: "Blocked",
    Status.QUEUED: "Queued",
    Status.SENDING: "Sending",
    Status.OUTCOME_UNKNOWN: "Outcome unknown",
    Status.SENT: "Sent",
    Status.PARTIALLY_SENT: "Partially sent",
    Status.OUT_OF_SYNC: "Out of sync",
}

UNSENT = (
    Status.UNKNOWN_ROWS,
    Status.MAPPING_NEEDED,
    Status.REVIEW_NEEDED,
    Status.NOTHING_TO_POST,
    Status.READY,
    Status.BLOCKED,
)
MOVING = (Status.QUEUED, Status.SENDING, Status.OUTCOME_UNKNOWN)

# Why a posting waits although nothing is wrong with its document: somebody has to act, and then it goes by itself.
HOLDS = frozenset({Reason.NOT_PERMITTED, Reason.NOT_FOUND, Reason.UNAUTHORISED})

CHECK_FAILED = "posting-check-failed"
OUT_OF_WINDOW = "date-out-of-window"
_HOLDING_WARNINGS = (UNCONFIRMED, OUT_OF_WINDOW)


def before_sending(settlement: Settlement, gaps: Sequence[Gap], warnings: Sequence[Warning]) -> tuple[Status, str, str]:
    """Status, problem code and reason of a settlement that no plan has frozen."""
    if not settlement.subtotals:
        return Status.NOTHING_TO_POST, "", "The settlement has no rows, so there is nothing to post."
    unproven = [warning for warning in warnings if warning.code in (CONTRADICTED, UNTOLD)]
    if unproven:
        return Status.REVIEW_NEEDED, unproven[0].code, unproven[0].message
    unknown = [gap for gap in gaps if gap.code == "row-type-unknown"]
    if unknown:
        return Status.UNKNOWN_ROWS, "row-type-unknown", unknown[0].message + _and_more(len(unknown) - 1)
    if gaps and gaps[0].code == CHECK_FAILED:
        return Status.REVIEW_NEEDED, CHECK_FAILED, gaps[0].message
    if gaps:
        return Status.MAPPING_NEEDED, gaps[0].code, gaps[0].message + _and_more(len(gaps) - 1)
    held = [warning for warning in warnings if warning.code in _HOLDING_WARNINGS]
    if held:
        return Status.REVIEW_NEEDED, held[0].code, held[0].message + _and_more(len(held) - 1)
    return Status.READY, "", "Complete, mapped and proven: it can be sent."


def while_sending(parts: Sequence[Posting]) -> Status:
    """Status of a settlement whose plan is frozen, from the states of its postings."""
    states = [part.state for part in parts]
    stopped = next((part for part in parts if part.state in (State.REFUSED, State.ESCALATED)), None)
    if all(state is State.DONE for state in states):
        return Status.SENT
    if stopped is not None:
        in_books = any(state in (State.DONE, State.SENT) for state in states)
        if stopped.state is State.REFUSED:
            return Status.PARTIALLY_SENT if in_books else Status.BLOCKED
        return Status.OUT_OF_SYNC
    # A token that was refused once is renewed and tried again; only its connection can say that a person is needed.
    if any(part.state is State.RETRY and part.reason in HOLDS - {Reason.UNAUTHORISED} for part in parts):
        return Status.BLOCKED
    doubtful = (part for part in parts if part.state is State.UNKNOWN and not part.is_untried)
    if any(doubtful) or any(part.state is State.RETRY and part.live_attempts for part in parts):
        return Status.OUTCOME_UNKNOWN
    if State.SENDING in states or State.SENT in states or State.DONE in states:
        return Status.SENDING
    return Status.QUEUED


def _and_more(others: int) -> str:
    return f" ({others} more)" if others > 0 else ""
