"""Not every permission was granted on the consent page.

Seen as: the connection is made, but documents cannot be sent.
Tieout does: reads what it may, sends nothing, and keeps what waits until the rest is granted.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Tieout was not given every permission it needs at {platform}: {missing}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("scope-narrow: scopes={wanted}",)
_CODE = "connect-permission-partial"


def detect(case: Case) -> Evidence | None:
    if case.cause != _CODE:
        return None
    missing = case.connection.words if case.connection else ""
    return Evidence(case.at_connection, (f"The consent said: {missing}.",), (("missing", missing),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Grant the rest", "reconnect", "/connection"),)
