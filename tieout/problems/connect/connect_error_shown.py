"""The other side refused the connection: a setting of the app is wrong there or here, or an answer came too late.

Seen as: an error message appears while connecting.
Tieout does: shows their words with what they mean, uses an answer once only, saves nothing of a failed attempt.
"""

from tieout.core.consent import ERROR_SHOWN
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{platform} refused the connection: {reason}."
OWNER, RETRY = Owner.PLATFORM_ADMIN, RetryClass.AFTER_FIX
FAULTS = (
    "scope-refused:",
    "own-keys:",
)


def detect(case: Case) -> Evidence | None:
    if case.attempt is None or case.attempt.code != ERROR_SHOWN:
        return None
    attempt = case.attempt
    reason = attempt.decoded or "it gave a reason of its own"
    settings = ", ".join(name for name, _ in attempt.settings)
    lines = (f"Settings to compare: {settings}.",) if settings else ()
    return Evidence(attempt.root, (f"What that means: {reason}.", *lines), (("reason", reason),))


def fixes(case: Case) -> tuple[Fix, ...]:
    page = case.attempt.page if case.attempt else "/connection"
    return (Fix("Check settings", "check-settings"), link("Try again", "try-again", page))
