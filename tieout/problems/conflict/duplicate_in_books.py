"""The books hold two documents or more under our number.

Seen as: a look for one document finds several.
Tieout does: changes nothing in the books; when one is left, the next look takes it.
"""

from tieout.core.posting import Reason
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{platform} holds several documents numbered {number}."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("number-taken: number={number} sample=negative after=writing",)


def detect(case: Case) -> Evidence | None:
    if case.stopped is not Reason.DUPLICATE:
        return None
    return Evidence(f"document:{case.document}", tuple(f"One of them: {id}." for id in case.evidence_ids))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "try-now"),
        step(f"In {case.platform}: void every document numbered {case.document} but the right one, then Check again."),
    )
