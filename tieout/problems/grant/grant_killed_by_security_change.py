"""The provider withdrew an authorisation that was neither old nor idle, as it does when a password was changed there or
two-factor sign-in was switched on.

Seen as: sends stop soon after such a change; the access is refused before its time, and so is its renewal.
Tieout does: stops sending, keeps everything that waits, tells who can reconnect once, and goes on by itself after it.
"""

from tieout.core.connection import GRANT_ENDED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{platform} withdrew Tieout's access, usually after a password or sign-in change; please reconnect."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("grant-dead: reason=password count=0",)


def detect(case: Case) -> Evidence | None:
    grant = case.grant
    if case.cause != GRANT_ENDED or grant is None or not grant.is_refused_early or grant.was_idle:
        return None
    lines = (
        "An access that should have had life left was refused, and then its renewal, by every token there was.",
        f"The last renewal had worked on {case.moment(grant.renewed_at)}: the authorisation was neither old nor idle.",
        f"{case.platform} does not say why. A changed password or a new sign-in method there is the usual reason.",
    )
    return Evidence(case.at_connection, (*lines, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Reconnect", "reconnect", "/connection"),
        link("Send reconnect link", "reconnect-link", "/connection"),
    )
