"""The rows of the channel's file do not add up to the total that the file itself states.

Seen as: an import is refused, with the difference and the rows worth a look.
Tieout does: keeps the file, takes nothing of it into the books, and goes on when a file of this payout ties.
"""

import re

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{channel} reports {reported}, its rows add up to {sum}: {difference} apart."
OWNER, RETRY = Owner.USER, RetryClass.DECISION
FAULTS = ("payout-total: by=0.03",)
_AMOUNTS = re.compile(r"says (?P<reported>.+?), its rows add up to (?P<sum>.+?): (?P<difference>.+?) apart")


def detect(case: Case) -> Evidence | None:
    refusal = case.refusal
    if refusal is None or refusal.code != "source-total-mismatch":
        return None
    found = _AMOUNTS.search(refusal.message)
    rows = (f"Rows worth a look: {', '.join(map(str, refusal.candidates))}.",) if refusal.candidates else ()
    root = f"payout:{case.channel}/{refusal.settlement or case.filename}"
    return Evidence(root, (refusal.message, *rows), tuple(found.groupdict().items()) if found else ())


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Upload a better file", "retry-import", "/settlements"),
        Fix("Set this file aside", "set-aside"),
        step(
            f"Download the file from {case.channel or 'the channel'} again: it may have been cut off, or edited. If it "
            "comes out the same, ask their help desk for the payout's own figures."
        ),
    )
