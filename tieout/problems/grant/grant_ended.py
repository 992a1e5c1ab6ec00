"""The authorisation that the books gave us has been used up, has run out or was taken back, so it cannot be renewed.

Seen as: the card says that a reconnect is needed, and nothing is sent.
Tieout does: stops sending, keeps everything that waits, and goes on by itself once somebody has reconnected.
"""

from tieout.core.connection import GRANT_ENDED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Tieout's authorisation at {platform} has ended; please reconnect."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("grant-dead: count=0 wait=3660",)


def detect(case: Case) -> Evidence | None:
    if case.cause != GRANT_ENDED:
        return None
    stored = "No other worker had renewed it: the stored token was read again, and tried again, under the lock."
    return Evidence(case.at_connection, (stored, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Reconnect", "reconnect", "/connection"),
        link("Send reconnect link", "reconnect-link", "/connection"),
    )
