"""The organisation was paused in Tieout and runs again; its connection is checked before any work is taken.

Seen as: after a pause what waits does not go at once, or is refused as not permitted.
Tieout does: keeps the access alive while paused, runs the connection check first when it is resumed, and goes on by
itself when that passes.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{books} was paused in Tieout and runs again; its connection is being checked."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("own-pause: days=5",)


def detect(case: Case) -> Evidence | None:
    if case.resumed_at is None:
        return None
    lines = (f"Resumed at {case.moment(case.resumed_at)}. No work is taken before the connection check has passed.",)
    return Evidence(f"pause:{case.at_connection}", (*lines, *case.lines()))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Run connection check", "run-check"),
        link("Reconnect from a clean start", "clean-reconnect", "/connection"),
    )
