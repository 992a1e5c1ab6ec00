"""The document's date lies in a period that is closed in the books.

Seen as: the document is refused because of a lock date.
Tieout does: never dates anything anew on its own; looks once a day whether the period is open again, and then sends it.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{date} lies in a closed period of {books} (locked until {lock_date})."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.DECISION
FAULTS = ("lock-date: period={locked} year={locked}", "lock-date: year={locked}")


def detect(case: Case) -> Evidence | None:
    if not case.told("period-locked"):
        return None
    lock = case.finding.about if case.finding else ""
    names = (("lock_date", lock),) if lock else ()
    return Evidence(f"period:{case.connection.id if case.connection else ''}", case.lines(), names)


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Check again", "check-again"),
        step(f"In {case.platform}: move the lock date back before {case.dated or 'the document'}, then Check again."),
        step("Or leave it: Tieout looks once a day, and sends it when the period has been opened."),
    )
