"""The document in the books carries our number and is not what was planned: it was edited, or taken otherwise.

Seen as: the settlement is out of sync with the books.
Tieout does: changes nothing in the books; when the document is as planned again, the next look closes this.
"""

from tieout.core.posting import Reason
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "The posted document {number} of settlement {settlement} differs in {platform}."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("doc-edit: act=redate to=2026-01-02",)


def detect(case: Case) -> Evidence | None:
    if case.stopped not in (Reason.EDITED, Reason.MISMATCH):
        return None
    return Evidence(f"document:{case.document}", case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    adopt = (Fix("Take it as it stands", "adopt"),) if len(case.evidence_ids) == 1 else ()
    return (
        Fix("Check again", "try-now"),
        *adopt,
        step(f"In {case.platform}: open {case.document}, put it right, then Check again."),
    )
