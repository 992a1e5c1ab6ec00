"""The channel's newer file says other figures than the file whose documents were sent: rows were changed, or came late.

Seen as: a second version of a settlement stands beside the one in the books.
Tieout does: leaves what is in the books as it is, shows the difference, and never posts the payout a second time.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "Settlement {settlement} changed after it was sent; the newer file says {changes}."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("payout-edited: by=1",)
_STATUS = "source-changed"


def detect(case: Case) -> Evidence | None:
    if case.status != _STATUS:
        return None
    return Evidence(f"settlement:{case.settlement_id}", (case.reason,), (("changes", case.difference),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Use the newer file", "use-new-file"),
        link("Compare the two versions", "open", f"/settlements/{case.settlement_id}"),
        step(
            f"First void or delete the older document in {case.platform or 'the books'}: as long as it stands there, "
            "the newer file is not used."
        ),
        step("Or leave both as they are: the books keep what was sent."),
    )
