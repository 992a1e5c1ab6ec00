"""The same call keeps failing with a fault that the books' provider calls its own, while connection and data are good.

Seen as: a document does not go through, however often; reading works.
Tieout does: looks each time before it sends again, in growing pauses, and keeps times and ids of every exchange.
"""

from tieout.core.failure import FailureKind
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "The fault lies with {platform}; what its support asks for is ready here."
OWNER, RETRY = Owner.PLATFORM_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("http-error: said=provider-fault-confirmed count=0 at=writes",)
_CODE = "provider-fault-confirmed"
_TIMES = 3


def detect(case: Case) -> Evidence | None:
    failure = case.failure
    if failure is None or failure.code != _CODE:
        return None
    # What they refuse is certain at once; what they answer with a fault of their own may pass.
    if failure.kind is not FailureKind.REJECTED and case.attempts < _TIMES:
        return None
    tried = (f"Attempts so far: {case.attempts}.",) if case.attempts else ()
    return Evidence(f"document:{case.document}", (*tried, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    again = Fix("Check now", "try-now") if case.is_in_doubt else Fix("Send it again", "send-again")
    words = f"Give the words, times and ids on this page to the support of {case.platform or 'the provider'}."
    return (again, step(words))
