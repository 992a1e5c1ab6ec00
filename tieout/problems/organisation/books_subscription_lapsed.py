"""The subscription of the books has ended, is paused, or was not paid: they can be read at most.

Seen as: every call is refused with a word about the subscription.
Tieout does: keeps what waits, sends nothing, asks now and then, and goes on by itself when the books answer again.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{books}'s {platform} subscription has lapsed or is paused."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("org-suspended: count=0",)
_CODE = "books-subscription-lapsed"


def detect(case: Case) -> Evidence | None:
    if not (case.told(_CODE) or case.cause == _CODE):
        return None
    return Evidence(case.at_connection, case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "check-again"),
        step(f"In {case.platform}: renew the subscription of {case.books}. Then press Check again."),
    )
