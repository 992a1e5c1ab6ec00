"""The accounting user behind the connection may not create this kind of document.

Seen as: sending is refused as not permitted while reading still works and the organisation is still connected.
Tieout does: keeps what waits, sends nothing, asks every half hour what the person may do, and goes on by itself when
the right is there.
"""

from tieout.core.connection import ROLE_TOO_SMALL
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{person} connected {books} but may not create {kind} there."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("user-role: role=read-only", "user-role: role=invoice-only wait=660", "forbid-writes: count=0")


def detect(case: Case) -> Evidence | None:
    if not (case.told(ROLE_TOO_SMALL) or case.cause == ROLE_TOO_SMALL):
        return None
    reads = {True: ("Reading these books works, so the connection itself is good.",), False: (), None: ()}
    barred = (f"The books' own list of allowed actions bars: {', '.join(case.barred)}.",) if case.barred else ()
    kinds = (("kind", " and ".join(f"{kind}s" for kind in case.barred)),) if case.barred else ()
    return Evidence(case.at_connection, reads[case.reads_work] + barred + case.lines(), kinds)


def fixes(case: Case) -> tuple[Fix, ...]:
    person, platform = case.names().get("person", "the person who connected"), case.platform
    return (
        Fix("Check again", "check-again"),
        link("Reconnect as someone else", "reconnect", "/connection"),
        step(
            f"In {platform}: somebody who administers {case.books} gives {person} the right to create and approve "
            "invoices and bills. Then press Check again."
        ),
    )
