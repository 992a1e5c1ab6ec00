"""The browser that came back has no session here, or somebody else's; or the sign-in came too late.

Seen as: after approving, the browser lands on a sign-in page or an error.
Tieout does: keeps the approval for four minutes where a session timed out in the same browser; else refuses it.
"""

from tieout.core.consent import NOT_SIGNED_IN
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Sign in to Tieout to finish the connection to {platform} that was just approved."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = (
    "own-session: to=another",
    "own-session: to=none",
)


def detect(case: Case) -> Evidence | None:
    if case.attempt is None or case.attempt.code != NOT_SIGNED_IN:
        return None
    return Evidence(case.attempt.root, (case.attempt.words, "The approval was not used."))


def fixes(case: Case) -> tuple[Fix, ...]:
    page = case.attempt.page if case.attempt else "/connection"
    return (
        link("Start again", "try-again", page),
        link("Copy link: another browser, or another person, can do it", "copy-link", "/connection/links"),
    )
