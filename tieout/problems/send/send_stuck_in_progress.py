"""The work was interrupted between the intent to send and its answer, and whoever did it is gone.

Seen as: a document that was being sent, and then nothing more.
Tieout does: takes it over once its time has run out, treats it as in doubt, looks into the books, and then finishes it
or sends it. There is no bare reset, because that could post twice.
"""

from tieout.core.problem import STUCK, Case, Evidence, Fix, Owner, RetryClass

TITLE = "{document} was being sent when the work was interrupted; Tieout has picked it up."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_NOW
FAULTS = ("own-kill: when=before", "own-kill: when=after")


def detect(case: Case) -> Evidence | None:
    if not (case.is_abandoned or case.told(STUCK)):
        return None
    return Evidence(
        f"document:{case.document}",
        (f"Whoever was sending {case.document} has not been heard of for longer than a send may take.", *case.lines()),
    )


def fixes(case: Case) -> tuple[Fix, ...]:
    return (Fix("Resolve now", "resolve-now"),)
