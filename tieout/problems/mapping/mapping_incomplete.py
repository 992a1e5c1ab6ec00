"""A kind of amount has no account and tax rate yet: they were never chosen, or the kind is new.

Seen as: the settlement does not become ready.
Tieout does: lists every settlement that waits for it under one issue; each becomes ready once the choice is made.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass

TITLE = "{n} kinds of amount have no account yet, worth {amount} in settlement {settlement}."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("own-mapping: scope={scope}",)
_CODE = "mapping-incomplete"


def detect(case: Case) -> Evidence | None:
    gaps = [gap for gap in case.gaps if gap.code == _CODE]
    if not gaps and not case.told(_CODE):
        return None
    lines = tuple(f"{gap.message}: {gap.amount}, {gap.rows} row(s)." for gap in gaps)
    worth = (("n", str(len(gaps))), ("amount", ", ".join(str(gap.amount) for gap in gaps))) if gaps else ()
    return Evidence(f"mapping:{case.channel}", (*lines, *case.lines()), worth)


def fixes(case: Case) -> tuple[Fix, ...]:
    return (Fix("Choose account and tax rate", "choose-account"),)
