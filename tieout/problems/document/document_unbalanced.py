"""The books say that the two sides of a document differ, or that its lines and its total do not agree.

Seen as: the document is refused because of its sums, though they were proven here before it was sent.
Tieout does: sends nothing of it again by itself; another plan, or another mapping, may be taken.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{platform} says that {document} does not add up; nothing of it was kept there."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AFTER_FIX
FAULTS = ("http-error: said=document-unbalanced at=writes",)


def detect(case: Case) -> Evidence | None:
    if not case.told("document-unbalanced"):
        return None
    return Evidence(f"document:{case.document}", case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    words = f"Compare the lines of {case.document or 'the document'} on the settlement's page; they show every sum."
    return (Fix("Send it again", "send-again"), step(words))
