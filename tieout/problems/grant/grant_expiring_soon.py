"""The authorisation that Tieout works with ends before long: on a fixed day, or because nothing could renew it lately.

Seen as: nothing fails yet; the connection's card says when the authorisation ends.
Tieout does: tries to renew it every day, and warns fifteen and five days before the end, once each.
"""

from zoneinfo import ZoneInfo

from tieout.core.authorisation import stage
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Tieout's authorisation at {platform} ends on {date} unless it is renewed."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_REAUTH
FAULTS = ("own-consent: days=10", "own-clock: past=warning")


def detect(case: Case) -> Evidence | None:
    ends_at = case.consent_ends_at
    if ends_at is None or not stage(ends_at, case.now):
        return None
    day = f"{ends_at.astimezone(ZoneInfo(case.zone)):%-d %B %Y}"
    lines: tuple[str, ...] = (f"The consent ends at {case.moment(ends_at)}; no renewal reaches beyond that.",)
    if case.grant is not None and not case.grant.is_fixed:
        quiet = f"The last renewal was on {case.moment(case.grant.renewed_at)}."
        lines = (quiet, f"Without another it lapses {case.grant.idle_days} days after that, on {day}.")
    return Evidence(case.at_connection, (*lines, *case.lines()), (("date", day),))


def fixes(case: Case) -> tuple[Fix, ...]:
    again = link("Reconnect", "reconnect", "/connection")
    if case.grant is None or case.grant.is_fixed:
        return (again,)
    return (Fix("Refresh token", "renew-access"), again)
