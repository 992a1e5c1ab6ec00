"""An older link of the same organisation is still on record there, and stands in the way of the new one.

Seen as: access was just approved, and the books refuse all the same; their list of connected apps shows Tieout.
Tieout does: goes on with the connection it knows; where that is still refused, offers to remove that link first.
"""

from tieout.core.consent import ALREADY_LISTED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{platform} still lists Tieout for {books} from an earlier connection."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AFTER_REAUTH
FAULTS = ("tenant-listed:",)


def detect(case: Case) -> Evidence | None:
    if case.cause != ALREADY_LISTED:
        return None
    told = f"{case.platform} refused right after the consent, and lists {case.books} from before it."
    return Evidence(case.at_connection, (told, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    page = f"/connection/{case.connection.id}/start-over" if case.connection else "/connection"
    return (link("Start over: remove the old link, and approve again", "start-over", page),)
