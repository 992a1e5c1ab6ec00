"""The books no longer accept our access although it has just been renewed: the authorisation was taken back there.

Seen as: the card says that a reconnect is needed, and nothing is sent.
Tieout does: stops sending, keeps everything that waits, and goes on by itself once somebody has reconnected.
"""

from tieout.core.connection import REVOKED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "The authorisation of Tieout was revoked in {books}'s {platform} account."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_REAUTH
FAULTS = ("token-garbled: count=0",)


def detect(case: Case) -> Evidence | None:
    if case.cause != REVOKED:
        return None
    return Evidence(case.at_connection, ("A token that had just been renewed was refused as well.", *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Reconnect", "reconnect", "/connection"),
        step(f"If it was not meant: ask whoever manages connected apps of {case.books} in {case.platform}."),
    )
