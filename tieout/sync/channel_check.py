"""The check of one channel: link, connection, mapping, bank account, its own access; the first that fails, and its fix.

By what is known without a call, or, when a person or the timetable asks, with real calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.channel_account import ChannelAccount
from tieout.core.failure import RemoteError
from tieout.core.ledger_link import LinkFacts
from tieout.core.mapping import Mapping
from tieout.core.records import Form
from tieout.core.status import Status
from tieout.people.acting import ensure
from tieout.people.roles import Right
from tieout.store import channel_accounts, ledger_links, mappings, settlements
from tieout.store.engine import Db, read
from tieout.sync import channel_accounts as accounts
from tieout.sync import ledger_links as links
from tieout.sync import linked
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class Line:
    """One check. `is_good` None: an earlier one makes it meaningless. `fix` are the words of its way out, at `where`.

    `relinks`: the fix is the button that reconnects this channel.
    """

    name: str
    is_good: bool | None
    found: str
    fix: str = ""
    where: str = ""
    relinks: bool = False


@dataclass(frozen=True, slots=True)
class ChannelCheck:
    """The lines in the order in which they are asked; `first` is the first that fails, None when all is well."""

    account: ChannelAccount
    lines: tuple[Line, ...]

    @property
    def first(self) -> Line | None:
        return next((line for line in self.lines if line.is_good is False), None)


def known(tools: Tools, organisation: str, account: str) -> ChannelCheck | None:
    """By rows alone; None when the organisation has no such live account."""
    with read(tools.engines, organisation) as db:
        found = channel_accounts.find(db, account)
        if found is None or not found.is_live:
            return None
        return ChannelCheck(found, tuple(_lines(db, found)))


def check(tools: Tools, actor: Actor, account: str) -> ChannelCheck | None:
    """With a read through the connection that the link names, and one call to the channel. Raises NotPermitted."""
    with read(tools.engines, actor.organisation) as db:
        ensure(db, actor, Right.IMPORT)
        link = ledger_links.find(db, account)
    if link is not None:
        links.look_through(tools, actor.organisation, link)
    links.mend(tools, actor.organisation)
    try:
        accounts.check(tools, actor, account)
    except RemoteError as error:
        after = known(tools, actor.organisation, account)
        if after is None or after.account.may_ask is False:
            return after
        said = Line("Access to the channel", False, f"The channel did not answer: {error}.", "Check again later", "")
        return ChannelCheck(after.account, (*after.lines[:-1], said))
    return known(tools, actor.organisation, account)


def _lines(db: Db, account: ChannelAccount) -> Iterator[Line]:
    link = linked.facts(db, account)
    yield _of_link(link)
    yield _of_connection(link)
    yield from _of_settings(db, account, link)
    yield _of_access(account)


def _of_link(link: LinkFacts) -> Line:
    if not link.is_down:
        where = "/connection" if link.main is None else ""
        return Line("Ledger link", link.main is not None, link.words, "Connect the books" if where else "", where)
    return Line("Ledger link", False, link.words, "Reconnect this channel", f"/channels/{link.account.id}", True)


def _of_connection(link: LinkFacts) -> Line:
    main = link.main
    if main is None:
        return Line("Books", None, "No books are connected.", "Connect the books", "/connection")
    if main.may_post:
        return Line("Books", True, f"{main.books_name} answers and takes documents.")
    return Line("Books", False, f"{main.books_name}: {main.words or main.cause}", "Open the connection", "/connection")


def _of_settings(db: Db, account: ChannelAccount, link: LinkFacts) -> Iterator[Line]:
    lacking = (Status.MAPPING_NEEDED, Status.UNKNOWN_ROWS)
    held = settlements.held_of(db, account.channel, lacking)
    number = f"{len(held)} settlement{'s' if len(held) != 1 else ''}"
    banks = [id for id, code, _ in held if code.startswith("bank-")]
    if len(held) > len(banks):
        yield Line("Mapping", False, f"{number} lack an account, a tax rate or a meaning.", "Fill it in", "/mapping")
    else:
        yield Line("Mapping", True, "Every category that was met has an account and a tax rate.")
    is_needed = link.main is not None and platforms.named(link.main.platform).FORM is Form.JOURNALS
    current = mappings.current(db)
    has_banks = current is not None and bool(Mapping.from_record(current.record).banks)
    if banks or (is_needed and not has_banks):
        yield Line("Bank account", False, "A marketplace has no bank account yet.", "Choose it", "/bank-accounts")
    else:
        yield Line("Bank account", True, "Chosen." if is_needed else "Not needed: these books have a bank feed.")


def _of_access(account: ChannelAccount) -> Line:
    where = f"/channels/connect/{account.channel}?reconnects={account.id}"
    if not account.may_ask:
        return Line("Access to the channel", False, account.words or "It was refused.", "Reconnect the account", where)
    return Line("Access to the channel", True, "The last call was answered.")
