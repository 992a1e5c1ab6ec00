"""The ledger link of a channel account: where its settlements post to, and whether that holds. No call is made."""

from datetime import datetime

from tieout import channels
from tieout.core.channel_account import ChannelAccount, called
from tieout.core.connection import Connection
from tieout.core.ledger_link import LINK_DROPPED, LinkFacts, judged
from tieout.core.problem import Finding
from tieout.store import channel_accounts, connections, ledger_links
from tieout.store.engine import Db
from tieout.store.ledger_links import LedgerLink
from tieout.store.settlements import Kept
from tieout.sync.in_use import books_in_use


def facts(db: Db, account: ChannelAccount) -> LinkFacts:
    """Of a live account, the link judged against the connection in use."""
    main, link = books_in_use(db), ledger_links.find(db, account.id)
    named = connections.find(db, link.connection) if link else None
    is_same = main is not None and (link is None or _means(link, main))
    return LinkFacts(
        account=account,
        state=judged(named, main, link is not None, is_same),
        books=link.books_name if link else "",
        main=main,
        is_same=is_same,
        since=link.failing_since if link else None,
        checked_at=link.checked_at if link else None,
        good_at=link.good_at if link else None,
    )


def account_of(db: Db, kept: Kept) -> ChannelAccount | None:
    """The live account whose settlement it is: the one that brought its file in, or the only one of its channel."""
    live = [each for each in channel_accounts.listed(db) if each.is_live and each.channel == kept.settlement.channel]
    if len(live) < 2:
        return next(iter(live), None)
    brought = ledger_links.account_of(db, kept.settlement.statement)
    return next((each for each in live if each.id == brought), None)


def of_settlement(db: Db, kept: Kept) -> LinkFacts | None:
    """None where no live account stands behind it, as with a file of a channel that is not connected."""
    account = account_of(db, kept)
    return facts(db, account) if account else None


def make_missing(db: Db, now: datetime, by: str) -> int:
    """After books or a channel were connected: accounts that never had a link post to the books in use from now on."""
    main, made = books_in_use(db), 0
    if main is None:
        return 0
    known = ledger_links.listed(db)
    for each in channel_accounts.listed(db):
        if each.is_live and each.id not in known:
            ledger_links.put(db, to(each, main, now, by))
            made += 1
    return made


def to(account: ChannelAccount, main: Connection, now: datetime, by: str) -> LedgerLink:
    return LedgerLink(account.id, main.id, main.platform, main.books_id, main.books_name, now, by, checked_at=now)


def barrier(db: Db, kept: Kept) -> tuple[Finding, ...]:
    """Why this settlement may not go to the books in use although they are well: its channel's own link is down."""
    found = of_settlement(db, kept)
    if found is None or not found.is_down:
        return ()
    message = f"{named(found.account)}: its own link to the books is down. {found.words}"
    return (Finding(LINK_DROPPED, message, "", 0, found.account.id),)


def named(account: ChannelAccount) -> str:
    """The account as people call it."""
    return called(channels.label(account.channel), account.name)


def _means(link: LedgerLink, main: Connection) -> bool:
    return (link.platform, link.books_id) == (main.platform, main.books_id)
