"""The seller account belongs to somebody else here: another organisation of this installation holds it.

Seen as: the channel cannot be connected by this person, though the sign-in at the channel went well.
Tieout does: shares nothing, shows the holder masked, carries a request to the holder, and looks every day whether the
account has become free.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "The sales channel '{channel}' belongs to another account."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("channel-owner",)


def detect(case: Case) -> Evidence | None:
    claim = case.claim
    if claim is None:
        return None
    lines = [f"It is held by {claim.owner}. Nothing was connected, and nothing of it is shown to either side."]
    if claim.state == "asked":
        lines.append(f"The holder was asked on {case.moment(claim.asked_at)}; the answer shows here.")
    if claim.state == "declined":
        lines.append("The holder has declined.")
    if claim.state == "released":
        lines.append("The holder has let it go: connect it now.")
    return Evidence(f"seller:{claim.claim}", tuple(lines), (("channel", claim.name),))


def fixes(case: Case) -> tuple[Fix, ...]:
    claim = case.claim
    if claim is None:
        return (Fix("Ask the owner", "ask-owner"),)
    connect = link("Connect it", "connect-channel", f"/channels/connect/{claim.channel}")
    if claim.state == "released":
        return (connect, Fix("Set it aside", "withdraw-claim"))
    ask = () if claim.state == "asked" else (Fix("Ask the owner", "ask-owner"),)
    yours = step(
        "If you own it there too: sign in to that organisation and transfer it, or disconnect it there, on its page."
    )
    return (*ask, Fix("Set it aside", "withdraw-claim"), yours)
