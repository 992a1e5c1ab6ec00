"""The sales channel takes our access no more: it ran out, or was withdrawn at the channel.

Seen as: no new payouts arrive by themselves, and the channel's card says that a reconnect is needed.
Tieout does: stops asking, keeps how far it had come, and fetches what was missed once the channel is connected again.
"""

from tieout.core.channel_account import AccountState, called
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "Tieout no longer has access to the sales channel '{channel}'."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_REAUTH
FAULTS = ("channel-token-dead",)


def detect(case: Case) -> Evidence | None:
    facts = case.account
    if facts is None or facts.account.state is not AccountState.NEEDS_RECONNECT:
        return None
    account = facts.account
    last = case.moment(account.good_at)
    lines = (f"Connected by {account.connected_by_name}.", *((f"Last good answer: {last}.",) if last else ()))
    return Evidence(f"account:{account.id}", lines, (("channel", called(case.channel, account.name)),))


def fixes(case: Case) -> tuple[Fix, ...]:
    where = f"/channels/{case.account.account.id}" if case.account else "/channels"
    return (
        link("Reconnect the channel", "reconnect-channel", where),
        step("Only the owner of the seller account may be able to approve it there; files can be uploaded meanwhile."),
    )
