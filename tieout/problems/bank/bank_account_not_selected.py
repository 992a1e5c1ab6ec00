"""A journal balances against the account that the money reaches or leaves, and nobody has chosen it yet.

Seen as: the settlements of one marketplace, often a new one, do not become ready.
Tieout does: looks before anything is sent, and lists every settlement that waits for the same choice under one issue.
"""

from tieout.core.plan import Gap
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "No bank account is chosen for {place}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("own-bank:", "own-bank: sample=negative")
_CODE = "bank-account-not-selected"


def detect(case: Case) -> Evidence | None:
    gap = _gap(case)
    if gap is None:
        return None
    lines = (f"{gap.message}.", f"Waiting in settlement {case.settlement}: {gap.amount}.")
    return Evidence(f"bank:{gap.label}", (*lines, *case.lines()), (("place", gap.label),))


def _gap(case: Case) -> Gap | None:
    return next((gap for gap in case.gaps if gap.code == _CODE), None)


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Choose the bank accounts", "choose-banks", "/bank-accounts"),)
