"""Nothing renewed the authorisation for so long that it lapsed, usually because Tieout itself was switched off.

Seen as: the first send after a long quiet time is refused, and nothing can be renewed any more.
Tieout does: renews every authorisation daily while it runs; at a start looks at each before it takes up any work; keeps
what waits, and goes on by itself once somebody has reconnected.
"""

from tieout.core.connection import GRANT_ENDED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Tieout had not talked to {platform} for so long that the authorisation lapsed."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("own-clock: past=idle",)


def detect(case: Case) -> Evidence | None:
    grant = case.grant
    if case.cause != GRANT_ENDED or grant is None or grant.ended_at is None or not grant.was_idle:
        return None
    quiet = (grant.ended_at - grant.renewed_at).days
    lines = (
        f"The last renewal was on {case.moment(grant.renewed_at)}, {quiet} days before this one was refused.",
        f"{case.platform} lets an authorisation lapse after {grant.idle_days} days without a renewal.",
    )
    return Evidence(case.at_connection, (*lines, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Reconnect", "reconnect", "/connection"),
        link("Send reconnect link", "reconnect-link", "/connection"),
    )
