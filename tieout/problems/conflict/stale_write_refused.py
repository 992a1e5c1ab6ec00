"""The books say that somebody was faster: what was sent rests on an older version of something there.

Seen as: a document is refused with a word about another version, and nothing of it is there.
Tieout does: looks what the books hold under the number, adopts it when it is as planned, and else changes nothing.
"""

from tieout.core.posting import Reason
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass

TITLE = "{platform} has a newer version of {document}; it was compared again."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("http-error: said=stale-write-refused at=writes",)
_CODE = "stale-write-refused"


def detect(case: Case) -> Evidence | None:
    if case.stopped is not Reason.NUMBER_TAKEN or not case.told(_CODE) or case.evidence_ids:
        return None
    return Evidence(f"document:{case.document}", ("The books hold nothing under this number.", *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (Fix("Check again", "try-now"), Fix("Send it under the next number", "renumber"))
