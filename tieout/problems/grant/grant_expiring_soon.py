"""The consent that Tieout works with ends on a fixed day, however often the access is renewed until then.

Seen as: nothing fails yet; the connection's card says when the consent ends.
Tieout does: says so fifteen days before, once for each consent; everything goes on until that day.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Tieout's authorisation at {platform} ends on {date} unless it is renewed."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_REAUTH
FAULTS = ("own-consent: days=10",)
_BEFORE = timedelta(days=15)


def detect(case: Case) -> Evidence | None:
    ends_at = case.consent_ends_at
    if ends_at is None or ends_at - case.now > _BEFORE:
        return None
    day = f"{ends_at.astimezone(ZoneInfo(case.zone)):%-d %B %Y}"
    lines = (f"The consent ends at {case.moment(ends_at)}; no renewal of the access reaches beyond that.",)
    return Evidence(case.at_connection, (*lines, *case.lines()), (("date", day),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Reconnect", "reconnect", "/connection"),)
