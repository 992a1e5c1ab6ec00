"""Broad permissions that were granted are withdrawn on a fixed day; narrower ones replace them and need a new consent.

Seen as: nothing fails yet; after the day that is named every call would.
Tieout does: interrupts nothing before that day, and reminds whoever connected 90, 30 and 7 days ahead with a link.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{platform} is replacing its permissions; {books} must approve Tieout again before {date}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("own-consent: scopes=broad",)


def detect(case: Case) -> Evidence | None:
    if not case.withdrawn or case.withdrawn_on is None:
        return None
    day = f"{case.withdrawn_on:%-d %B %Y}"
    lines = (f"Granted, and withdrawn on {day}: {', '.join(case.withdrawn)}.", "Until then everything works as before.")
    return Evidence(case.at_connection, (*lines, *case.lines()), (("date", day),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Approve again", "reconnect", "/connection/permissions"),)
