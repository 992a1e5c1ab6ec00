"""The books' plan was paused and taken up again, and the authorisation did not survive the time between.

Seen as: sends are refused as not permitted, though the person has every right; it began after billing was restarted.
Tieout does: asks as soon as the books answer again; where they still refuse it, keeps what waits and offers to remove
the old connection and make a new one. Links and settings stay.
"""

from tieout.core.connection import GRANT_ENDED, REVOKED, ROLE_TOO_SMALL, TENANT_GONE
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{books}'s accounting plan was reactivated, but its old authorisation no longer works."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("sticky-refusal: count=0 before=org-suspended",)
_REFUSED = (GRANT_ENDED, REVOKED, ROLE_TOO_SMALL, TENANT_GONE)


def detect(case: Case) -> Evidence | None:
    if case.cause not in _REFUSED or case.grant is None or case.grant.lapsed_until is None:
        return None
    lines = (
        f"Until {case.moment(case.grant.lapsed_until)} the books said that their subscription had lapsed.",
        "They no longer say so, and still refuse the same authorisation.",
    )
    return Evidence(case.at_connection, (*lines, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Clean reconnect", "clean-reconnect", "/connection"),)
