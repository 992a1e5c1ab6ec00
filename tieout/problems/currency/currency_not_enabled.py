"""These books have not switched the document's currency on, or their plan does not allow several.

Seen as: the document is refused because its currency is not supported.
Tieout does: looks before it sends, holds documents in that currency alone, and looks once a day whether it is there.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{currency} is not switched on in {books}."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = (
    "currency-off: currency={currency} sample=negative",
    "currency-off: currency={currency} sample=negative wait=660",
)


def detect(case: Case) -> Evidence | None:
    if not case.told("currency-not-enabled"):
        return None
    currency = (case.finding.about if case.finding else "") or case.currency
    return Evidence(f"currency:{currency}", case.lines(), (("currency", currency),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "check-again"),
        step(f"In {case.platform}: add {case.currency or 'the currency'} to {case.books}. Then press Check again."),
    )
