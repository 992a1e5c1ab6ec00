"""The books refuse to take documents although the person, the permissions and the connection are in order.

Seen as: the refusal speaks of missing rights, and stays after a reconnect by somebody who has all of them.
Tieout does: keeps what waits, tries a write that creates nothing every half hour, tries a call beside it to tell where
the fault lies, keeps the evidence, and goes on by itself when writing is let through again.
"""

from tieout.core.connection import DESPITE
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{platform} still refuses documents for {books} although the rights and the connection are in order."
OWNER, RETRY = Owner.PLATFORM_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("forbid-writes: count=0 meets=check",)


def detect(case: Case) -> Evidence | None:
    if case.cause != DESPITE and not case.told(DESPITE):
        return None
    lines = ["Their own list of allowed actions lets this person create every document.", *case.refusals]
    return Evidence(case.at_connection, (*lines, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    here = f"/connection/{case.connection.id}" if case.connection is not None else "/connection"
    evidence = f"{here}/evidence" if case.connection is not None else here
    return (
        Fix("Run connection check", "run-check"),
        link("Download the evidence", "download-evidence", evidence),
        link("Reconnect from a clean start", "clean-reconnect", "/connection"),
        step(f"Forward the evidence to {case.platform}: it names each refused call by their own id, and no secret."),
    )
