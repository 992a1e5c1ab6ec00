"""The authorisation was taken back there: renewed access is refused, or neither renewal nor connection is left.

Seen as: the card says that a reconnect is needed, and nothing is sent.
Tieout does: stops sending, keeps everything that waits, and goes on by itself once somebody has reconnected.
"""

from tieout.core.connection import REVOKED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "The authorisation of Tieout was revoked in {books}'s {platform} account."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_REAUTH
FAULTS = ("token-garbled: count=0", "grant-dead: reason=revoked count=0")


def detect(case: Case) -> Evidence | None:
    if case.cause != REVOKED:
        return None
    told = "A token that had just been renewed was refused as well."
    if case.grant is not None and case.grant.ended_at is not None:
        told = f"{case.platform} no longer lists {case.books} among the books we may reach, and renews nothing."
    return Evidence(case.at_connection, (told, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Re-authorise", "reconnect", "/connection"),
        link("Send reconnect link", "reconnect-link", "/connection"),
        step(f"If it was not meant: ask whoever manages connected apps of {case.books} in {case.platform}."),
    )
