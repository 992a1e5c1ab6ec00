"""Another document in the books has this number: entered by hand, by another program, or by an earlier send.

Seen as: the document is refused as a duplicate number, and what the books hold under it is not what was planned.
Tieout does: adopts a document that is equal to the planned one; else it stops and changes nothing.
"""

from tieout.core.posting import Reason
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "Number {number} is already used in {platform} by another document."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("number-taken: number={number}",)


def detect(case: Case) -> Evidence | None:
    if case.stopped is not Reason.NUMBER_TAKEN or (case.told("stale-write-refused") and not case.evidence_ids):
        return None
    ids = tuple(f"Their id of the other document: {id}." for id in case.evidence_ids)
    return Evidence(f"document:{case.document}", (*ids, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    adopt = (Fix("Link to that document", "adopt"),) if len(case.evidence_ids) == 1 else ()
    return (
        Fix("Check again", "try-now"),
        *adopt,
        Fix("Use the next free number", "renumber"),
        step(f"Or in {case.platform}: give the other document another number, then Check again."),
    )
