"""The books' provider has an outage or is being maintained.

Seen as: calls fail again and again, for many sets of books at the same time.
Tieout does: lengthens its pauses, raises one issue instead of many alarms, and then works off what waits in order.
"""

from datetime import timedelta

from tieout.core.failure import FailureKind
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{platform} is having trouble since {since}; nothing is lost."
OWNER, RETRY = Owner.VENDOR, RetryClass.AUTO_LATER
FAULTS = (
    "outage: count=0",
    "outage: count=0 form=maintenance",
    "org-offline: count=0 method=GET",
)
_CODE = "provider-outage"
_CALLS, _LASTS, _BOOKS = 3, timedelta(minutes=1), 2


def detect(case: Case) -> Evidence | None:
    failure, connection = case.failure, case.connection
    if failure is None or failure.code != _CODE or connection is None:
        return None
    # Of one set of books they say themselves that it is offline; else one failed call is no outage yet.
    is_said = failure.kind is FailureKind.BUSY
    since = connection.failing_since
    lasts = since is not None and connection.failing_calls >= _CALLS and case.now - since >= _LASTS
    if not (is_said or lasts or connection.failing_books >= _BOOKS):
        return None
    counted = f"{connection.failing_calls} calls in a row without a usable answer, at {connection.failing_books or 1} "
    lines = (f"{counted}set(s) of books.",) if connection.failing_calls else ()
    began = case.moment(since or case.now)
    return Evidence(case.at_connection, (*lines, *case.lines()), (("since", began),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Try now", "try-now"),
        step(f"Nothing else is to be done: the next try is at {case.moment(case.next_at) or 'the next chance'}."),
    )
