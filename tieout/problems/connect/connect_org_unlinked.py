"""The organisation is not among those that the consent reaches: it was taken off, or none was chosen.

Seen as: connecting or reconnecting ends in an error, and the organisation is shown as unlinked.
Tieout does: ends the useless access at once, keeps what waits, and offers a one-time link for whoever has the rights.
"""

from tieout.core.consent import ORG_UNLINKED
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{platform} no longer links this organisation to Tieout."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("tenant-gone: meets=exchange",)


def detect(case: Case) -> Evidence | None:
    if case.attempt is None or case.attempt.code != ORG_UNLINKED:
        return None
    return Evidence(case.attempt.root, ("The consent was given, and reaches no organisation.",))


def fixes(case: Case) -> tuple[Fix, ...]:
    page = case.attempt.page if case.attempt else "/connection"
    return (
        link("Reconnect", "try-again", page),
        link("Send a reconnect link to somebody with the rights", "copy-link", "/connection/links"),
    )
