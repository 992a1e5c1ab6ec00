"""One of the proofs that stand before every document does not hold, so nothing of the settlement is planned.

Seen as: the settlement needs a review, with the check that failed and by how much.
Tieout does: sends nothing that is not proven; looks again when asked to, or when the mapping changes.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "Tieout held settlement {settlement}: {check}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("own-figures: by=1",)
_CODE = "posting-check-failed"


def detect(case: Case) -> Evidence | None:
    gap = next((gap for gap in case.gaps if gap.code == _CODE), None)
    if gap is None:
        return None
    at_stake = f"At stake: {gap.amount} in {gap.rows} row{'s' if gap.rows != 1 else ''}."
    return Evidence(
        f"settlement:{case.settlement_id}", (at_stake, *case.lines()), (("check", gap.message.rstrip(".")),)
    )


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again now", "check-again"),
        link("Look at the settlement", "open", f"/settlements/{case.settlement_id}"),
        step(f"If it stays: download the file from {case.channel or 'the channel'} again and import it."),
    )
