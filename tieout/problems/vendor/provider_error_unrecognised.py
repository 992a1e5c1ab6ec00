"""The other side answered something that no rule knows: a rare message, a changed form, or a fault.

Seen as: an error without a known meaning.
Tieout does: shows it word for word. What may have been sent is looked up first; nothing is tried again on a guess.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, step

TITLE = "{platform} answered with something Tieout does not know yet: {words}."
OWNER, RETRY = Owner.PLATFORM_ADMIN, RetryClass.DECISION
FAULTS = ("unknown-error: at=writes",)


def detect(case: Case) -> Evidence | None:
    root = f"document:{case.document}" if case.document else case.at_connection
    code = case.failure.code if case.failure else case.cause or case.code
    named = (f"It is known by the name {code}; there is no explanation of it yet.",) if code else ()
    return Evidence(root, (*named, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    again = (Fix("Try again", "send-again"),) if case.settlement_id else (Fix("Check again", "check-again"),)
    return (*again, step(f"Look the words up in {case.platform or 'their'} help, or ask whoever runs this server."))
