"""A text of the document is longer than the books take.

Seen as: the settlement is held before anything was sent, with the text and both lengths.
Tieout does: looks before it sends, and never cuts a text on its own.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "A text of {document} is longer than {platform} accepts."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AFTER_FIX
FAULTS = ("own-limit: text=reference most=5",)


def detect(case: Case) -> Evidence | None:
    if not case.told("field-too-long"):
        return None
    return Evidence(f"document:{case.document}", case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "check-again"),
        step("Shorten the heading in the mapping, or the prefix of the documents' numbers. Then press Check again."),
    )
