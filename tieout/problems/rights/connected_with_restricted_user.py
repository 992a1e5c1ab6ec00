"""The books were connected by somebody who may not create there everything that Tieout sends.

Seen as: the connection looks fine, and the first document would be refused.
Tieout does: reads what this person may do right after the consent and daily, says so before anything is sent, sends
what is allowed, keeps the rest, and goes on by itself when the right is there.
"""

from tieout.core.connection import RESTRICTED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "The account used to connect {books} is restricted there; posting would be refused."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("user-role: role=read-only meets=consent",)


def detect(case: Case) -> Evidence | None:
    if RESTRICTED not in (case.cause, case.rights_code) and not case.told(RESTRICTED):
        return None
    person = case.names().get("person", "Whoever connected")
    kinds = " and ".join(f"{kind}s" for kind in case.barred) or "documents"
    lines = (f"{person} may not create {kinds} in {case.books}, and could not when the books were connected.",)
    return Evidence(case.at_connection, (*lines, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    person = case.names().get("person", "the person who connected")
    return (
        Fix("Check again", "check-again"),
        link("Connect with another user", "reconnect", "/connection"),
        step(
            f"In {case.platform}: somebody who administers {case.books} gives {person} the right to create and approve "
            "these documents. Then press Check again."
        ),
    )
