"""The posting protocol: how one planned document gets into the books exactly once, as a pure state machine.

`step(posting, event, now)` returns the posting as it then is and the effects, in order. It reads no clock, does no
I/O and never raises for an event that does not fit: such an event changes nothing and has no effects. It raises
AssertionError for one mistake of ours alone: a permit for other books.

States
------

========== ======== =============================== ==================================================================
state      next_at  meaning                         leaves for
========== ======== =============================== ==================================================================
PLANNED    none     waits for a person              READY, or UNKNOWN where numbers are not unique (Approved), REFUSED
                                                    (Decided WITHDRAW)
READY      set      may be sent; nothing can land   SENDING (Claimed), REFUSED (Decided WITHDRAW)
SENDING    lease    attempt recorded, no answer     SENT, RETRY, UNKNOWN, REFUSED, ESCALATED (Answered, Silent);
                                                    UNKNOWN (LeaseLost, TimeCame or Claimed after the lease: R8)
RETRY      set      to be sent again                SENDING; UNKNOWN if an attempt may have landed and R5 is no longer
                                                    allowed (Claimed); REFUSED (Decided WITHDRAW, nothing alive)
UNKNOWN    set      an attempt may have landed, or  DONE, ESCALATED (Found); READY, ESCALATED (NotFound, once it
                    none was made yet               counts); REFUSED (Decided WITHDRAW, nothing tried)
SENT       set      accepted; read-back owed        DONE, ESCALATED (Found); ESCALATED (NotFound, once it counts)
DONE       none     in the books, read and equal    never
REFUSED    none     refused for certain             READY (Decided TRY_NOW)
ESCALATED  none     a person decides                UNKNOWN (Decided TRY_NOW), DONE (Decided ADOPT)
========== ======== =============================== ==================================================================

What the shell owes
-------------------

1. Claim what is due (`next_at <= now`, one part a settlement: `next_part`) with `Claimed(owner, permit)`. A claim that
   is taken up makes the fence grow and sets `lease_until` and `next_at` to now + 300 s. An empty tuple of effects means
   that nothing was taken.
2. Save the new posting only where the stored fence is the fence that was read; in the same transaction insert the row
   of `RecordAttempt`, link `Adopt`, open `OpenIssue`, note `WaitUntil`. If the save finds another fence, drop
   everything: somebody else holds the document, and has to look.
3. Commit. Then carry out the one `Send` or `Look`, if there is one, and feed back what was learnt. Between commit and
   socket ask `may_send` once more, with the posting as stored; if it says no, send nothing and feed back `Silent`.
4. Send with the attempt's own token, never a fresher one, and without any automatic repeat. `Send.is_repeat` means the
   exact bytes of the call kept under `attempt.key`; else the call is new and its bytes are stored before it goes.
5. `Answered` for each document by its number (`judge`), `Silent` for all when there was no answer. After it, the
   posting may still be held and want a `Look` at once: after SENT (the read-back) and after UNKNOWN. Many numbers may
   be asked for in one call. `NotFound.asked_at` is the moment before that call began. A number list that was cut off
   or an answer that cannot be read is `LookFailed`.
6. `Release` in the effects means that the stored posting has no holder any more; nothing else is to be done.

Events by somebody who holds no lease (Approved, Decided, LeaseLost, TokenDied) make the fence grow when they change
anything, so that two writers can never both save.

Rules by place: R1 `_send`, `may_send`; R2 `Attempt.token_id`; R3 `Posting.number` and `unique`; R4 and R5 `may_repeat`;
R6 and R7 `answers.py`; R8 `_without_sender`; R9 `looks.py`; R10 `parts.py`.
"""

from tieout.core.posting.batch import Element, judge
from tieout.core.posting.form import from_record, to_record
from tieout.core.posting.looks import matures_at
from tieout.core.posting.machine import key_to_repeat, may_send, step
from tieout.core.posting.parts import Progress, next_part, progress
from tieout.core.posting.records import (
    FULL,
    IN_BOOKS,
    STOPPED,
    TERMINAL,
    Adopt,
    Answered,
    Approved,
    Attempt,
    Claimed,
    Decided,
    Decision,
    Design,
    Effect,
    Event,
    Found,
    Hit,
    LeaseLost,
    Look,
    LookFailed,
    NotFound,
    OpenIssue,
    Outcome,
    Permit,
    Posting,
    Reason,
    RecordAttempt,
    Release,
    Send,
    Silent,
    State,
    TimeCame,
    Timing,
    TokenDied,
    WaitUntil,
)
from tieout.core.posting.withdrawal import Obstacle, obstacle

__all__ = [
    "FULL",
    "IN_BOOKS",
    "STOPPED",
    "TERMINAL",
    "Adopt",
    "Answered",
    "Approved",
    "Attempt",
    "Claimed",
    "Decided",
    "Decision",
    "Design",
    "Effect",
    "Element",
    "Event",
    "Found",
    "Hit",
    "LeaseLost",
    "Look",
    "LookFailed",
    "NotFound",
    "Obstacle",
    "OpenIssue",
    "Outcome",
    "Permit",
    "Posting",
    "Progress",
    "Reason",
    "RecordAttempt",
    "Release",
    "Send",
    "Silent",
    "State",
    "TimeCame",
    "Timing",
    "TokenDied",
    "WaitUntil",
    "from_record",
    "judge",
    "key_to_repeat",
    "matures_at",
    "may_send",
    "next_part",
    "obstacle",
    "progress",
    "step",
    "to_record",
]
