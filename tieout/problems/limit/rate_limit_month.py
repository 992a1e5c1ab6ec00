"""The reads that the platform grants this installation for the month are used up.

Seen as: nothing is looked for and no chart is read anew until the month turns; what has to be looked for first waits.
Tieout does: counts the reads of all books together, keeps some for people, and stops by itself before it is refused.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "This month's reads at {platform} are used up; reading continues about {time}."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_LATER
FAULTS = ("own-meter:",)


def detect(case: Case) -> Evidence | None:
    if case.failure is None or case.failure.code != "rate-limit-month":
        return None
    return Evidence(case.at_connection, case.lines())


def fixes(case: Case) -> tuple[Fix, ...]:
    at = case.moment(case.waits_until or case.next_at)
    words = f"Nothing is to be done: it goes on by itself about {at}. A larger tier at the platform grants more reads."
    return (step(words),)
