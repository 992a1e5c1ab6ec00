"""Somebody removed the connection in the books, the person who connected lost all access, or the books were closed.

Seen as: these books are missing from the list of those we may reach, although our authorisation still renews.
Tieout does: stops sending, keeps everything that waits; the backlog runs once after a reconnect, without duplicates.
"""

from tieout.core.connection import TENANT_GONE
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{books} was disconnected from Tieout inside {platform}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("tenant-gone:",)


def detect(case: Case) -> Evidence | None:
    if case.cause != TENANT_GONE:
        return None
    gone = f"{case.platform} still renews our access, but no longer lists {case.books} among the books we may reach."
    return Evidence(case.at_connection, (gone, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Reconnect", "reconnect", "/connection"),
        step(f"If nobody meant to remove it: look at the connected apps of {case.books} in {case.platform}."),
    )
