"""The person was signed in to another account there, or picked another organisation on the consent page.

Seen as: a connection does not become usable, or would point at other books than before.
Tieout does: parks the connection; nothing is read or written, and what waits is kept, until somebody decides.
"""

from tieout.core.consent import WRONG_ORGANISATION
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Other books were approved at {platform} than those of {books}."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("consent-other-tenant:",)


def detect(case: Case) -> Evidence | None:
    if case.cause != WRONG_ORGANISATION:
        return None
    kept = f"Documents that wait for {case.books}: {case.waiting}."
    return Evidence(case.at_connection, (*case.words, kept))


def fixes(case: Case) -> tuple[Fix, ...]:
    page = f"/connection/{case.connection.id}/parked" if case.connection else "/connection"
    return (
        link("Switch back: approve again", "switch-back", page),
        link("Use the other ones as a new book", "use-as-new-book", page),
    )
