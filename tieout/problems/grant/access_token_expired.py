"""Access to the books lives for minutes only and has to be renewed all the time.

Seen as: a call is refused because the access has expired or is unknown.
Tieout does: renews it, one renewal at a time, and sends the refused document again a few seconds later.
"""

from tieout.core.connection import TENANT_GONE
from tieout.core.failure import FailureKind
from tieout.core.posting import Reason
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass

TITLE = "Access to {platform} had to be renewed."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_NOW
FAULTS = (
    "token-expired: at=writes",
    "token-garbled: at=writes",
)


def detect(case: Case) -> Evidence | None:
    is_refused = case.stopped is Reason.UNAUTHORISED or case.told("access-token-expired")
    is_ours = case.connection is not None and case.connection.may_post
    if not is_refused or not is_ours or _is_gone(case):
        return None
    return Evidence(case.at_connection, case.lines())


def _is_gone(case: Case) -> bool:
    failure = case.failure
    return failure is not None and failure.kind is FailureKind.DISCONNECTED and failure.code == TENANT_GONE


def fixes(case: Case) -> tuple[Fix, ...]:
    return (Fix("Refresh token", "renew-access"), Fix("Try now", "try-now"))
