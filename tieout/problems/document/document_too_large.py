"""A document has so many lines that it is larger than one call to the books may be.

Seen as: the settlement is held with the number of its lines, and nothing of it was sent.
Tieout does: never sends a part of a document, never joins lines on its own; other documents go on past it.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{document} is larger than {platform} takes in one call."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("own-limit: body=call most=300",)
_CODE = "document-too-large"


def detect(case: Case) -> Evidence | None:
    if not case.told(_CODE):
        return None
    return Evidence(f"document:{case.document}", (*case.words, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Send it again", "send-again"),
        link("Open the mapping", "open-mapping", "/mapping"),
        step(
            "Give kinds of amount that belong together the same account, tax rate and heading in the mapping, so that "
            "the document has fewer lines. Then send it again."
        ),
    )
