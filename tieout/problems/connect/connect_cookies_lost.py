"""Cookies were blocked or cleared while the consent page was open, or it was finished in another browser.

Seen as: returning from the consent page ends in an error, or starts the connection again.
Tieout does: refuses without using the approval, and keeps the rest of the set-up; clearing cookies is never needed.
"""

from tieout.core.consent import COOKIES_LOST
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "A browser dropped what Tieout needed to finish connecting {platform}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("own-browser: cookies=lost",)


def detect(case: Case) -> Evidence | None:
    if case.attempt is None or case.attempt.code != COOKIES_LOST:
        return None
    return Evidence(case.attempt.root, (case.attempt.words, "The approval was not used."))


def fixes(case: Case) -> tuple[Fix, ...]:
    page = case.attempt.page if case.attempt else "/connection"
    return (
        link("Retry in this window", "try-again", page),
        link("Copy link: another browser, or another person, can do it", "copy-link", "/connection/links"),
    )
