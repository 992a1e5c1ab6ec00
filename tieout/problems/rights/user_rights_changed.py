"""The person who connected the books has lost the rights there, after the connection was made.

Seen as: sending worked before and is refused now, or would be with the next document.
Tieout does: reads what the person may do every day, so that it is known before the next send; keeps what waits, sends
only what is allowed, asks every half hour whether the rights are back, and goes on by itself.
"""

from tieout.core.connection import RIGHTS_CHANGED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{person}'s rights in {books} were reduced after the connection was made."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("user-role: role=removed", "user-role: role=read-only meets=day")


def detect(case: Case) -> Evidence | None:
    if not (case.told(RIGHTS_CHANGED) or RIGHTS_CHANGED in (case.cause, case.rights_code)):
        return None
    changed_at = case.rights_since or (case.connection.changed_at if case.connection and case.cause else None)
    since = case.moment(changed_at)
    first = (f"First seen: {since}.",) if since else ()
    kinds = " and ".join(f"{kind}s" for kind in case.barred)
    lost = (f"No longer allowed there: creating {kinds}.",) if kinds else ()
    return Evidence(case.at_connection, (*first, *lost, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    person = case.names().get("person", "the person who connected")
    return (
        Fix("Check again", "check-again"),
        link("Reconnect as someone else", "reconnect", "/connection"),
        step(
            f"In {case.platform}: somebody who administers {case.books} gives {person} the rights back. "
            "Then press Check again."
        ),
    )
