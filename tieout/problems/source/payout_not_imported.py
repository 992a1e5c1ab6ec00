"""The sales channel has paid out money whose statement is not here yet.

Seen as: a payout that the channel names is not in the list of settlements.
Tieout does: fetches it with the next round, with some days of overlap, and notes each try.
"""

from tieout.core.channel_account import called
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "{channel} has payouts that are not imported yet."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_LATER
FAULTS = ("payout-late",)
_MOST = 10


def detect(case: Case) -> Evidence | None:
    facts = case.account
    if facts is None or not facts.missing:
        return None
    lines = []
    for item in facts.missing[:_MOST]:
        tried = f" Tried {item.tries} time{'s' if item.tries != 1 else ''}: {item.words}." if item.tries else ""
        lines.append(f"{item.label}, of {case.moment(item.at)}.{tried}")
    if len(facts.missing) > _MOST:
        lines.append(f"And {len(facts.missing) - _MOST} more.")
    if again := case.moment(case.next_at):
        lines.append(f"Fetched by itself at {again}.")
    return Evidence(
        f"payouts:{facts.account.id}", tuple(lines), (("channel", called(case.channel, facts.account.name)),)
    )


def fixes(case: Case) -> tuple[Fix, ...]:
    where = f"/channels/{case.account.account.id}" if case.account else "/channels"
    return (Fix("Fetch now", "fetch-now"), link("Fetch from another day on", "fetch-since", where))
