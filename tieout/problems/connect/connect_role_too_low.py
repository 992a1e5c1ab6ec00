"""The signed-in person is no full user of this organisation in Tieout: the right to connect is missing.

Seen as: connecting books or a sales channel is refused, often while a second or third channel is being added.
Tieout does: asks for the right before it sends anybody to the provider, so nothing is begun that cannot be finished.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{person}'s role in Tieout does not allow connecting an organisation or a sales channel."
OWNER, RETRY = Owner.ORG_ADMIN, RetryClass.AFTER_FIX
FAULTS = ("own-role: role=basic",)
_CODE = "connect-role-too-low"


def detect(case: Case) -> Evidence | None:
    met = case.door
    if case.attempt is not None and case.attempt.code == _CODE:
        lines = ("The right was there when it was begun, and was gone when it came back. Nothing was connected.",)
        return Evidence(f"attempt:{case.attempt.id}", lines, (("person", case.attempt.person),))
    if met is None or met.code != _CODE:
        return None
    told = [f"The right that is missing: {met.right}."]
    if met.helpers:
        told.append(f"Who can grant it: {', '.join(met.helpers)}.")
    told.append("Nothing was sent to the provider.")
    return Evidence(f"person:{met.person}", tuple(told), (("person", met.name),))


def fixes(case: Case) -> tuple[Fix, ...]:
    return (
        Fix("Ask for access", "ask-for-access"),
        link("Send a connect link", "send-connect-link", "/connection"),
    )
