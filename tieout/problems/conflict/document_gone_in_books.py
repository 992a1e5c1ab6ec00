"""A document that was accepted is voided, deleted or not to be found in the books.

Seen as: the read-back of a document finds it void, or finds nothing.
Tieout does: never posts again what somebody removed; it waits for a decision.
"""

from tieout.core.posting import Reason
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{document} was voided or deleted in {platform}."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("doc-edit: act=void",)


def detect(case: Case) -> Evidence | None:
    if case.stopped not in (Reason.VOIDED, Reason.MISSING):
        return None
    return Evidence(f"document:{case.document}", (*(f"Their id: {id}." for id in case.evidence_ids), *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "try-now"),
        Fix("Send it under the next number", "renumber"),
        step(f"Or leave it: nothing is posted again without your word. {case.platform} keeps who removed it."),
    )
