"""Rows of the channel's file are dated more than a day before or after the period that the file itself states.

Seen as: the settlement needs a review, with the number of such rows and the first of them.
Tieout does: reads every row and loses none, and holds the settlement until somebody has judged the dates.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "Settlement {settlement} has rows dated outside its own period."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("payout-dates: from=03.06.2026 to=23.05.2026",)
_CODE = "date-out-of-window"
_REVIEW = "review-needed"


def detect(case: Case) -> Evidence | None:
    found = tuple(warning.message for warning in case.warnings if warning.code == _CODE)
    if not found or case.gaps or case.status != _REVIEW:
        return None
    return Evidence(f"settlement:{case.settlement_id}", found)


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("The dates are right: go on", "accept-dates"),
        link("Look at the settlement", "open", f"/settlements/{case.settlement_id}"),
        step(f"If they are wrong: download the file from {case.channel or 'the channel'} again and import it."),
    )
