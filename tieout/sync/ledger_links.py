"""Ledger links: made when a channel or the books are connected, probed apart from them, mended, tested, reconnected.

A link that was dropped is made anew from the main connection where that is the same set of books; to other books only
a person links a channel. Either way its settlements go on by themselves afterwards.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tieout.core.actor import Actor
from tieout.core.budget import Lane
from tieout.core.channel_account import ChannelAccount
from tieout.core.connection import Connection
from tieout.core.ledger_link import LinkFacts
from tieout.people.acting import ensure, record
from tieout.people.roles import Right
from tieout.store import channel_accounts, connections, issues, ledger_links
from tieout.store.engine import read, write
from tieout.store.ledger_links import LedgerLink
from tieout.sync import channel_issues, linked
from tieout.sync.checks import look as look_at
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements.again import recheck
from tieout.sync.tools import Tools

BY_ITSELF = "Tieout"
DAILY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Relinked:
    """What became of it. `going` settlements that had waited are on their way by themselves."""

    is_done: bool
    message: str
    going: int = 0


def states(tools: Tools, organisation: str) -> dict[str, LinkFacts]:
    """The link of every live account, by its id; no call is made."""
    with read(tools.engines, organisation) as db:
        return {each.id: linked.facts(db, each) for each in channel_accounts.listed(db) if each.is_live}


def reconnect(tools: Tools, actor: Actor, account: str) -> Relinked | None:
    """A person says that this channel posts to the books in use; what waited for that goes. Raises NotPermitted.

    None when the organisation has no such live account.
    """
    with write(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.CONNECT)
        found, main = channel_accounts.find(db, account), books_in_use(db)
        if found is None or not found.is_live:
            return None
        if main is None:
            return Relinked(False, "No books are connected. Connect them first, then this channel.")
        before = ledger_links.find(db, account)
        ledger_links.put(db, linked.to(found, main, tools.now(), actor.name))
        details = {"account": found.name, "books": main.books_name, "before": before.books_name if before else ""}
        record(db, actor, "channel-relinked", f"channel-account:{account}", tools.now(), details)
    going = _went_on(tools, actor.organisation, account)
    return Relinked(True, f"{found.name} posts to {main.books_name} now.", going)


def mend(tools: Tools, organisation: str) -> int:
    """Opens and ends what is told of links, then makes anew what may be; how many were. Safe to repeat."""
    with read(tools.engines, organisation) as db:
        live = [each for each in channel_accounts.listed(db) if each.is_live]
        told = [each for each in live if channel_issues.differs(db, each, tools.now())]
        known = [each for each in live if each not in told]
        down = [each for each in known if linked.facts(db, each).can_rebuild]
    for each in told:
        with write(tools.engines, organisation) as db:
            found = linked.facts(db, each)
            ledger_links.looked(db, each.id, tools.now(), found.words if found.is_down else "")
            channel_issues.of_account(db, each.id, tools.now())
    return sum(_rebuild(tools, organisation, each) for each in down)


def probe(tools: Tools, organisation: str) -> int:
    """Once a day a real call through each link, beside the look at the main connection; how many were asked."""
    with read(tools.engines, organisation) as db:
        live = {each.id: each for each in channel_accounts.listed(db) if each.is_live}
        due = [each for id, each in ledger_links.listed(db).items() if id in live and _is_due(each, tools.now())]
    for link in due:
        look_through(tools, organisation, link, Lane.BACKGROUND)
    return len(due)


def look_through(tools: Tools, organisation: str, link: LedgerLink, lane: Lane = Lane.INTERACTIVE) -> Connection | None:
    """A real call with the connection that the link names; what came of it is kept with link and connection."""
    with read(tools.engines, organisation) as db:
        found = connections.find(db, link.connection)
    if found is not None and found.may_ask:
        look_at(tools, organisation, found.id, lane=lane)
    with write(tools.engines, organisation) as db:
        found = connections.find(db, link.connection)
        account = channel_accounts.find(db, link.account)
        facts = linked.facts(db, account) if account else None
        words = facts.words if facts is not None and facts.is_down else _ill(found)
        ledger_links.looked(db, link.account, tools.now(), words)
    return found


def _ill(connection: Connection | None) -> str:
    if connection is None or not connection.is_live:
        return "The connection that it names has ended."
    return "" if connection.may_ask else f"{connection.books_name} cannot be read now. {connection.words}".strip()


def _is_due(link: LedgerLink, now: datetime) -> bool:
    return now - (link.checked_at or link.made_at) >= DAILY


def _rebuild(tools: Tools, organisation: str, account: ChannelAccount) -> bool:
    """From the main connection, which is the same books; by a conditional look, since somebody may have done it."""
    with write(tools.engines, organisation) as db:
        found, main = linked.facts(db, account), books_in_use(db)
        if not found.can_rebuild or main is None:
            return False
        ledger_links.put(db, linked.to(account, main, tools.now(), BY_ITSELF))
        actor = Actor(organisation, "", BY_ITSELF)
        details = {"account": account.name, "books": main.books_name, "was": found.state.value}
        record(db, actor, "channel-link-rebuilt", f"channel-account:{account.id}", tools.now(), details)
    _went_on(tools, organisation, account.id)
    return True


def _went_on(tools: Tools, organisation: str, account: str) -> int:
    """The link works again: its issue ends, and what waited for it goes as it was asked for."""
    with read(tools.engines, organisation) as db:
        waiting = [issue.id for issue in issues.at_root(db, f"link:{account}")]
    going = sum(recheck(tools, organisation, id) for id in waiting)
    with write(tools.engines, organisation) as db:
        ledger_links.looked(db, account, tools.now(), "")
        channel_issues.of_account(db, account, tools.now())
    return going
