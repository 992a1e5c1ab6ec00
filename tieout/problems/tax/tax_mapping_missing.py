"""A line of the document has no tax rate, and these books want one on every line.

Seen as: the document is refused because of a missing tax rate.
Tieout does: sends nothing of it again by itself; once a rate is chosen in the mapping, it is planned anew.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{platform} wants a tax rate on every line of {document}; one of them has none yet."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("http-error: said=tax-mapping-missing at=writes",)


def detect(case: Case) -> Evidence | None:
    if not case.told("tax-mapping-missing"):
        return None
    return Evidence(f"document:{case.document}", case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    return (Fix("Send it again", "send-again"), link("Choose tax rates in the mapping", "choose-tax", "/mapping"))
