"""The link of one sales channel to the books is gone, or points at an older connection; the main connection is well.

Seen as: one channel does not post; its settlements stay ready, and connection, mapping and bank accounts look right.
Tieout does: looks at the link of every channel apart, makes it anew from the main connection where that is the same
books, and then sends what waited.
"""

from tieout.core.ledger_link import LinkState
from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link

TITLE = "The accounting link of channel '{channel}' is down; the main connection is fine."
OWNER, RETRY = Owner.PRODUCT, RetryClass.AUTO_NOW
FAULTS = ("own-channel-link: to=older", "own-channel-link: to=nothing")


def detect(case: Case) -> Evidence | None:
    if case.link is None or not case.link.is_down:
        return None
    lines = [case.link.words]
    if case.link.state is LinkState.OTHER_BOOKS:
        lines.append("Those are other books, so nothing is linked by itself: say that this channel is to post there.")
    elif case.link.can_rebuild:
        lines.append("It is the same set of books: the link is made anew by itself, and what waits goes then.")
    else:
        lines.append("The link is made anew as soon as the main connection takes documents again.")
    if since := case.moment(case.link.since):
        lines.append(f"Down since {since}.")
    return Evidence(f"link:{case.link.account.id}", tuple(lines), (("channel", case.channel),))


def fixes(case: Case) -> tuple[Fix, ...]:
    where = f"/channels/{case.link.account.id}" if case.link else "/channels"
    main = case.link.main.books_name if case.link and case.link.main else "the books in use"
    return (
        Fix(f"Reconnect this channel to {main}", "reconnect-channel-link"),
        link("Check this channel", "check-channel", f"{where}/look"),
    )
