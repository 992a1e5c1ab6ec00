"""The provider keeps a broken record of the connection, which a new consent alone does not replace.

Seen as: it worked until now and suddenly fails; reconnecting gives the same refusal again.
Tieout does: compares the first answer after a consent with what was refused before it, and offers to remove this one
connection there before it asks again. Other organisations of the same person are left alone.
"""

from tieout.core.connection import REVOKED, ROLE_TOO_SMALL
from tieout.core.consent import ALREADY_LISTED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "An ordinary reconnect is not enough; Tieout will remove the old connection first."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("sticky-refusal: count=0 reconnects=1",)


def detect(case: Case) -> Evidence | None:
    grant, connection = case.grant, case.connection
    if case.cause not in (ALREADY_LISTED, REVOKED, ROLE_TOO_SMALL) or connection is None:
        return None
    if grant is None or grant.refused_since is None:
        return None
    lines = (
        f"The same refusal has been met since {case.moment(grant.refused_since)}.",
        f"The consent of {case.moment(connection.connected_at)} changed nothing: its very first call was refused too.",
    )
    return Evidence(case.at_connection, (*lines, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Clean reconnect", "clean-reconnect", "/connection"),)
