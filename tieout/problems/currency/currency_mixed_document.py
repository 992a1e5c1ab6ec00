"""The books take one currency in a document, and find two: often an account in it is kept in another one.

Seen as: the document is refused because of its currencies.
Tieout does: plans a document in one currency alone, and sends nothing of this one again by itself.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{platform} finds more than one currency in {document}, which is planned in {currency} alone."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AFTER_FIX
FAULTS = ("http-error: said=currency-mixed-document at=writes",)


def detect(case: Case) -> Evidence | None:
    if not case.told("currency-mixed-document"):
        return None
    return Evidence(f"document:{case.document}", case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Send it again", "send-again"),
        link("Choose accounts of the document's currency in the mapping", "choose-accounts", "/mapping"),
        link("Look at the bank accounts", "choose-banks", "/bank-accounts"),
    )
