"""The authorisation ended several times within a month, or two renewals of it ran at once and spoiled each other.

Seen as: reconnecting helps for a while, then the access has ended again.
Tieout does: renews one at a time, refuses a consent without lasting access at once, keeps a record of every renewal,
and names both attempts where two overlapped.
"""

from tieout.core.authorisation import REPEATS, WITHIN
from tieout.core.connection import GRANT_ENDED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "The connection to {platform} ends again and again; here is why."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AFTER_REAUTH
FAULTS = ("grant-dead: count=0 wait=3660 times=3", "refresh-race: overlaps=1")


def detect(case: Case) -> Evidence | None:
    grant = case.grant
    if case.cause != GRANT_ENDED or grant is None or not (len(grant.ends) >= REPEATS or grant.overlaps):
        return None
    days = " · ".join(case.moment(each) for each in grant.ends)
    ended = f"It ended {len(grant.ends)} times within {WITHIN.days} days: {days}."
    why = grant.overlaps or ("No two renewals overlapped, so it is ended on their side: look who may do that there.",)
    return Evidence(case.at_connection, (ended, *why, "The card lists the last renewals.", *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Reconnect with lasting access", "reconnect", "/connection"),
        link("Send reconnect link", "reconnect-link", "/connection"),
    )
