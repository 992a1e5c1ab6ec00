"""A permission that Tieout needs was not granted, or the books have begun to ask for it.

Seen as: a call is refused for want of a permission, although the person's own rights are in order.
Tieout does: never answers it with a renewal, keeps what waits, and goes on by itself after a wider consent.
"""

from tieout.core.connection import SCOPE_MISSING
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Tieout lacks a permission at {platform} that it needs for {books}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("http-error: status=401 form=scope count=0 at=beforehand",)


def detect(case: Case) -> Evidence | None:
    if case.cause != SCOPE_MISSING and not case.told(SCOPE_MISSING):
        return None
    return Evidence(case.at_connection, case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Grant this permission", "reconnect", "/connection"),)
