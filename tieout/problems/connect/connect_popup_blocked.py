"""The browser did not follow the way to the provider's page, as with a blocker that stops every move between sites.

Seen as: pressing connect seems to do nothing.
Tieout does: never opens a window; it leads the whole page there, and shows the address as a link besides.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "Your browser stopped the provider's window from opening."
OWNER, RETRY = Owner.USER, RetryClass.AUTO_NOW
FAULTS = ("own-browser: followed=no",)
_CODE = "connect-popup-blocked"


def detect(case: Case) -> Evidence | None:
    met = case.door
    if met is None or met.code != _CODE:
        return None
    lines = (f"Three seconds after the press, {case.moment(met.met_at)}, the page was still here.",)
    return Evidence(f"browser:{met.person}", lines)


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        link("Begin again", "connect-again", case.door.address if case.door else "/connection"),
        step("Click the address on that page, or copy it into another tab: it is an ordinary link."),
        Fix("It has opened", "got-past"),
    )
