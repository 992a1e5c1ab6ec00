"""Tieout was opened inside a frame of another page, which it refuses, so that no page can lay itself over its buttons.

Seen as: the view inside the shop's admin area stays empty or says that Tieout refused to connect.
Tieout does: runs in a tab of its own; background work is not touched, and the frame gets a plain page with the address.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "The embedded view cannot open here; use Tieout directly."
OWNER, RETRY = Owner.USER, RetryClass.NEVER
FAULTS = ("own-browser: framed=yes",)
_CODE = "embedded-app-blocked"


def detect(case: Case) -> Evidence | None:
    met = case.door
    if met is None or met.code != _CODE:
        return None
    lines = (f"A page inside a frame asked for {met.address}, {case.moment(met.met_at)}.", "Nothing else was affected.")
    return Evidence(f"frame:{met.person}", lines)


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Open in a new tab", "open-tab", case.door.address if case.door else "/start/tab"),)
