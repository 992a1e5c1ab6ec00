"""A passing fault between Tieout and the books; nothing had been sent.

Seen as: a send does not begin, or fails once, with a network or time-out message.
Tieout does: tries again in pauses that double from 5 seconds to 15 minutes.
"""

from tieout.core.failure import FailureKind
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass

TITLE = "The connection to {platform} was interrupted briefly; Tieout tries again at {time}."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_NOW
FAULTS = (
    "reset: when=before at=beforehand",
    "http-error: status=502 at=beforehand",
    "http-error: status=503 at=beforehand",
    "http-error: status=504 at=beforehand",
)


def detect(case: Case) -> Evidence | None:
    is_unsent = case.failure is not None and case.failure.kind is FailureKind.UNREACHABLE
    if not is_unsent or case.is_in_doubt:
        return None
    return Evidence(case.at_connection, ("Nothing of the document had been sent.", *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (Fix("Try now", "try-now"),)
