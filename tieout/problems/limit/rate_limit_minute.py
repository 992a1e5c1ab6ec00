"""The books' provider allows so many calls a minute, and so many at once; that many were made.

Seen as: calls are refused for a short time.
Tieout does: waits exactly as long as it is told (60 seconds where no time is named) and makes no call before that.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{platform} asked us to slow down; {n} documents continue at {time}."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_LATER
FAULTS = (
    "rate-limit: kind=minute at=writes",
    "rate-limit: kind=concurrent at=writes",
    "rate-limit: kind=appminute at=writes",
)


def detect(case: Case) -> Evidence | None:
    failure = case.failure
    if failure is None or failure.code != "rate-limit-minute":
        return None
    # Our own pacing below the limit is no problem: nobody asked us to.
    is_asked = failure.status == 429 or case.waits_until is not None
    return Evidence(case.at_connection, case.lines(), (("n", str(case.waiting or 1)),)) if is_asked else None


def fixes(case: Case) -> tuple[Fix, ...]:
    return (step(f"Nothing is to be done: it goes on by itself at {case.moment(case.waits_until or case.next_at)}."),)
