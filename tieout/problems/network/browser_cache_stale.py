"""The browser shows a page of an older release, whose forms and scripts this one does not take.

Seen as: sending does not work in one browser and works in another.
Tieout does: knows each page by its release, does nothing that an old page asks for, keeps what was entered, and asks
for a reload. Files carry their version in their name, so a reload is enough.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Your browser uses an old copy of this page; reload to continue."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("own-browser: release=0.0.1",)
_CODE = "browser-cache-stale"


def detect(case: Case) -> Evidence | None:
    met = case.door
    if met is None or met.code != _CODE:
        return None
    lines = (f"The page was made by release {met.release}, this is {met.current}. Nothing it asked for was done.",)
    return Evidence(f"page:{met.person}", lines)


def fixes(case: Case) -> tuple[Fix, ...]:
    return (link("Reload", "reload", case.door.address if case.door else "/"), Fix("It works now", "got-past"))
