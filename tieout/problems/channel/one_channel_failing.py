"""The cause is limited to one sales channel: its link, its mapping, its bank account, its tax rates or its access.

Seen as: settlements of some channels are sent without trouble, those of one are not.
Tieout does: compares each channel with its siblings, collects what fails in one of them, and names the first check
that does not pass; it closes this as soon as the channel posts again.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "Settlements of '{channel}' fail while the other channels post."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("own-mapping: scope={scope} channels=two", "own-channel-link: to=other-books channels=two")


def detect(case: Case) -> Evidence | None:
    found = case.failing
    if found is None:
        return None
    lines = (
        f"First check that fails: {found.check}. {found.title}",
        f"Settlements of this channel that wait: {found.failed}; sent in the last weeks: {found.sent}.",
        f"Meanwhile {' and '.join(found.others)} posts.",
    )
    return Evidence(f"channel-account:{found.account.id}", lines, (("channel", case.channel),))


def fixes(case: Case) -> tuple[Fix, ...]:
    found = case.failing
    where = f"/channels/{found.account.id}" if found else "/channels"
    ways = [link(f"Mend it: {found.check}", "open-root", f"/issues/{found.issue}")] if found and found.issue else []
    return (*ways, link("Check this channel", "check-channel", f"{where}/look"))
