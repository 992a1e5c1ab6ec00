"""The sales channel uses a kind of row that nobody has given a meaning yet.

Seen as: a settlement is held because of a label.
Tieout does: holds it with the amount at stake, and never puts the row under "other" silently.
"""

from urllib.parse import urlencode

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{channel} uses a kind of row Tieout has not seen: {label}, {amount}."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("payout-rows: type=unknown",)
_CODE = "row-type-unknown"


def detect(case: Case) -> Evidence | None:
    gap = next((gap for gap in case.gaps if gap.code == _CODE), None)
    if gap is None:
        return None
    names = (("label", gap.label), ("amount", str(gap.amount)))
    return Evidence(
        f"label:{case.channel}/{gap.label}",
        (f"{gap.rows} row{'s' if gap.rows != 1 else ''}, together {gap.amount}.",),
        names,
    )


def fixes(case: Case) -> tuple[Fix, ...]:
    gap = next((gap for gap in case.gaps if gap.code == _CODE), None)
    if gap is None:
        return (link("Look at the settlement", "open", f"/settlements/{case.settlement_id}"),)
    where = f"/settlements/{case.settlement_id}/label?{urlencode({'label': gap.label})}"
    return (link("Say what it means", "explain-label", where),)
