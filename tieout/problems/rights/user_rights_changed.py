"""The person who connected the books has lost the rights there, after the connection was made.

Seen as: sending worked before and is now refused for this person as a whole.
Tieout does: keeps what waits, sends nothing, asks every half hour whether the rights are back, and goes on by itself.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{person}'s rights in {books} were reduced after the connection was made."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("user-role: role=removed",)
_CODE = "user-rights-changed"


def detect(case: Case) -> Evidence | None:
    if not (case.told(_CODE) or case.cause == _CODE):
        return None
    since = case.moment(case.connection.changed_at) if case.connection and case.cause else ""
    first = (f"First seen: {since}.",) if since else ()
    return Evidence(case.at_connection, (*first, *case.lines()))


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
