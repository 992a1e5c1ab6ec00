"""The day's calls for one set of books are used up.

Seen as: everything for these books waits for hours.
Tieout does: keeps a fifth of the day for people, stops background work first, and waits exactly as long as it is told.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "Today's calls for {books} are used up; work continues about {time}."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_LATER
FAULTS = ("rate-limit: kind=day at=writes",)


def detect(case: Case) -> Evidence | None:
    if case.failure is None or case.failure.code != "rate-limit-day":
        return None
    left = () if case.calls_left_today is None else (f"Calls left today: {case.calls_left_today}.",)
    return Evidence(case.at_connection, (*left, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    at = case.moment(case.waits_until or case.next_at)
    return (step(f"Nothing is to be done: it goes on by itself about {at}. {case.waiting or 'Some'} documents wait."),)
