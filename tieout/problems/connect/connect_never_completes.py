"""The person left the consent page or pressed Cancel there, an error page stood in the way, or the way back was lost.

Seen as: the page stays on the connect step, or the other side opens and nothing comes back.
Tieout does: closes the attempt after ten minutes with the step where it stopped; nothing is half saved.
"""

from tieout.core.consent import NEVER_COMPLETES
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "The connection to {platform} was started but never finished."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = (
    "consent-stuck:",
    "consent-cancelled:",
)


def detect(case: Case) -> Evidence | None:
    if case.attempt is None or case.attempt.code != NEVER_COMPLETES:
        return None
    attempt = case.attempt
    begun = f"{attempt.person} began it at {case.moment(attempt.begun_at)}."
    return Evidence(attempt.root, (f"Where it stopped: {attempt.words}", begun))


def fixes(case: Case) -> tuple[Fix, ...]:
    page = case.attempt.page if case.attempt else "/connection"
    return (
        link("Try again", "try-again", page),
        link("Copy link: another browser, or another person, can do it", "copy-link", "/connection/links"),
    )
