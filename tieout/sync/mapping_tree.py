"""The mapping as a person reads it: a tree of places, what holds at each, what is missing or broken there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tieout import channels
from tieout.core.category import Category
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.defaults import default_accounts, default_mapping
from tieout.core.headings import title_of
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.money import Money
from tieout.core.plan import Plan
from tieout.core.role import Role, role_at, role_of
from tieout.core.settlement import Settlement, Subtotal
from tieout.core.status import Status
from tieout.core.suiting import Suggestion, accounts_for, misfit, rates_for, suggested
from tieout.store import charts, mappings, organisations, settlements
from tieout.store.engine import Db, read
from tieout.store.settlements import Kept, Wanted
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements.preparing import mapping_of, planned, site_of
from tieout.sync.tools import Tools

_MOST_WAITING = 500
_MOST_RECENT = 50
_MOST_VERSIONS = 50
_INCOMPLETE = "mapping-incomplete"


@dataclass(frozen=True, slots=True)
class Branch:
    """One place of the tree. `own` False: it inherits from `source`. `fault` says why documents can't use it now.

    `waiting` is the money, by currency, that no document can carry before this place is mended.
    """

    node: Node
    title: str
    entry: Entry | None
    own: bool
    source: str
    account_code: str
    account_name: str
    tax_name: str
    fault: str
    waiting: tuple[Money, ...]
    is_met: bool
    children: tuple["Branch", ...] = ()

    @property
    def is_gap(self) -> bool:
        return bool(self.waiting) and self.entry is None

    @property
    def is_wrong(self) -> bool:
        """What nobody has met yet is not wrong, though its usual account may not be there."""
        return self.is_gap or bool(self.fault and (self.is_met or self.waiting))

    @property
    def exceptions(self) -> tuple["Branch", ...]:
        """What below it does not simply follow: entries of their own, and gaps that are not its own gap."""
        return tuple(each for each in self.children if each.own or (each.is_gap and not self.is_gap))

    @property
    def followers(self) -> tuple["Branch", ...]:
        """What follows it and has been met."""
        return tuple(each for each in self.children if each.is_met and each not in self.exceptions)

    @property
    def unmet(self) -> tuple["Branch", ...]:
        return tuple(each for each in self.children if not each.is_met and each not in self.exceptions)


@dataclass(frozen=True, slots=True)
class Tree:
    """The newest version for one marketplace, or for all (blank), with the books as last read (None: never)."""

    version: int
    made_by: str
    made_at: datetime | None
    marketplace: str
    marketplaces: tuple[str, ...]
    books: Books | None
    read_at: datetime | None
    roles: tuple[Branch, ...]

    @property
    def wrong(self) -> tuple[Branch, ...]:
        """What has to be mended, the gaps first; of a role and what follows it the role alone."""
        found = [each for role in self.roles for each in (role, *role.exceptions) if each.is_wrong]
        return tuple(sorted(found, key=lambda each: not each.is_gap))


@dataclass(frozen=True, slots=True)
class Place:
    """One place with all that a person needs to choose: what suits, what is suggested, who follows and who does not."""

    branch: Branch
    version: int
    books: Books | None
    read_at: datetime | None
    accounts: tuple[Account, ...]
    rates: tuple[TaxRate, ...]
    suggestions: tuple[Suggestion, ...]
    above: Entry | None
    above_words: str
    above_entry_words: str
    follow: tuple[str, ...]
    stay: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a tree is drawn from, read once."""

    mapping: Mapping
    made_by: str
    made_at: datetime | None
    books: Books | None
    read_at: datetime | None
    waiting: dict[str, tuple[Money, ...]]
    met: frozenset[str]


def tree(tools: Tools, organisation: str, marketplace: str = "") -> Tree:
    with read(tools.engines, organisation) as db:
        facts = _facts(db)
        sites = {node.marketplace for node, _ in facts.mapping.entries} | set(settlements.marketplaces(db))
    known = tuple(sorted(sites - {""}))
    site = marketplace if marketplace in known else ""
    roles = tuple(_role(facts, role, site) for role in Role)
    return Tree(facts.mapping.version, facts.made_by, facts.made_at, site, known, facts.books, facts.read_at, roles)


def place(tools: Tools, organisation: str, node: Node) -> Place:
    """One place; the node must be one that can be (`Node` refuses others)."""
    with read(tools.engines, organisation) as db:
        facts = _facts(db)
        offered = _suggestions(db, facts, node) if facts.books else ()
    role, mapping = role_at(node.scope), facts.mapping
    above = mapping.holds_at(node, is_above=True)
    accounts = accounts_for(role, facts.books) if facts.books else ()
    below = [Node(each.value, node.marketplace) for each in _categories(role)] if node.scope in set(Role) else []
    own = {each for each, _ in mapping.entries}
    branch = _role(facts, Role(node.scope), node.marketplace) if node.scope in set(Role) else _branch(facts, node)
    return Place(
        branch=branch,
        version=mapping.version,
        books=facts.books,
        read_at=facts.read_at,
        accounts=accounts,
        rates=rates_for(accounts, facts.books) if facts.books else (),
        suggestions=offered,
        above=above[1] if above else None,
        above_words=words_of(above[0]) if above else "",
        above_entry_words=_entry_words(above[1], facts.books) if above else "",
        follow=tuple(title_of(each.scope) for each in below if each not in own),
        stay=tuple(title_of(each.scope) for each in below if each in own),
    )


def _facts(db: Db) -> _Facts:
    newest, connection = mappings.current(db), books_in_use(db)
    kept = charts.find(db, connection.id) if connection else None
    mapping, books = mapping_of(db), kept[0] if kept else None
    held = settlements.listed(db, Wanted(statuses=(Status.MAPPING_NEEDED, Status.BLOCKED), limit=_MOST_WAITING))
    recent = settlements.listed(db, Wanted(limit=_MOST_RECENT))
    met = {part.category.value for each in (*held, *recent) for part in each.settlement.subtotals}
    return _Facts(
        mapping,
        newest.created_by if newest else "",
        newest.created_at if newest else None,
        books,
        kept[1] if kept else None,
        _waiting(db, held, mapping, books),
        frozenset(met),
    )


def _waiting(db: Db, held: Sequence[Kept], mapping: Mapping, books: Books | None) -> dict[str, tuple[Money, ...]]:
    """The money that waits, by the scope it waits for: what has no entry, and what has one that the books refuse."""
    found: dict[str, list[Money]] = defaultdict(list)
    for kept in held:
        result = planned(db, kept)
        if isinstance(result, Plan):
            for part, node in _broken(kept.settlement.with_meanings(dict(mapping.meanings)), mapping, books):
                found[node.scope].append(part.amount)
        else:
            for gap in result:
                if gap.code == _INCOMPLETE:
                    found[gap.category].append(gap.amount)
    return {scope: _by_currency(amounts) for scope, amounts in found.items()}


def _broken(settlement: Settlement, mapping: Mapping, books: Books | None) -> Iterable[tuple[Subtotal, Node]]:
    for part in settlement.subtotals:
        resolved = mapping.found_for(part, site_of(settlement))
        if resolved and _fault(resolved[1], books):
            yield part, resolved[0]


def _by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    return tuple(sums[currency] for currency in sorted(sums))


def _role(facts: _Facts, role: Role, marketplace: str) -> Branch:
    below = tuple(_branch(facts, Node(each.value, marketplace)) for each in _categories(role))
    found = _branch(facts, Node(role.value, marketplace), below)
    if found.entry:
        return found
    # A role without an entry lacks one for all that would follow it: one choice fills them.
    return replace(
        found, waiting=_by_currency(each for part in (found, *below) for each in part.waiting if not part.own)
    )


def _categories(role: Role | None) -> tuple[Category, ...]:
    return tuple(each for each in Category if role_of(each) is role and role is not None)


def _branch(facts: _Facts, node: Node, children: tuple[Branch, ...] = ()) -> Branch:
    found = facts.mapping.holds_at(node)
    entry = found[1] if found else None
    account = facts.books.account(entry.account) if facts.books and entry else None
    rate = facts.books.tax_rate(entry.tax) if facts.books and entry else None
    return Branch(
        node=node,
        title=title_of(node.scope),
        entry=entry,
        own=bool(found and found[0] == node),
        source=words_of(found[0]) if found and found[0] != node else "",
        account_code=account.shown_code if account else entry.account if entry else "",
        account_name=account.name if account else "",
        tax_name=rate.name if rate else entry.tax if entry else "",
        fault=_fault(entry, facts.books) if entry else "",
        waiting=facts.waiting.get(node.scope, ()),
        is_met=node.scope in facts.met or any(child.is_met for child in children),
        children=children,
    )


def _entry_words(entry: Entry, books: Books | None) -> str:
    account = books.account(entry.account) if books else None
    rate = books.tax_rate(entry.tax) if books else None
    return f"{account.words if account else entry.account}, {rate.name if rate else entry.tax}"


def _fault(entry: Entry, books: Books | None) -> str:
    """What the books would refuse. An account of an unusual class is a person's choice, and no fault."""
    return misfit(None, entry.account, entry.tax, books) if books else ""


def _suggestions(db: Db, facts: _Facts, node: Node) -> tuple[Suggestion, ...]:
    organisation, role = organisations.find(db), role_at(node.scope)
    assert organisation is not None and facts.books is not None, "asked for with the books at hand"
    at_home = default_mapping(organisation.country).holds_at(node)
    wanted = at_home[1] if at_home else None
    offered = []
    for channel in channels.channels().values():
        usual = default_mapping(organisation.country, channel.BLOCK, clearing=channel.CLEARING).holds_at(node)
        accounts = default_accounts(channel.LABEL, channel.BLOCK, channel.ACCOUNTS, channel.CLEARING)
        offered += [account for account in accounts if usual and account.code == usual[1].account]
    now = facts.mapping.holds_at(node)
    found = suggested(
        role, title_of(node.scope), facts.books, _before(db, facts, node), offered, wanted.tax if wanted else "NONE"
    )
    return tuple(each for each in found if not now or each.account.code != now[1].account)


def _before(db: Db, facts: _Facts, node: Node) -> list[Entry]:
    """What earlier versions said here, and what other marketplaces say, without what holds now."""
    earlier = [Mapping.from_record(each.record).holds_at(node) for each in mappings.versions(db, _MOST_VERSIONS)]
    other = [pair for pair in facts.mapping.entries if pair[0].scope == node.scope and pair[0] != node]
    now = facts.mapping.holds_at(node)
    told = [pair[1] for pair in (*earlier, *other) if pair]
    return [entry for entry in dict.fromkeys(told) if not now or entry.account != now[1].account]


def words_of(node: Node) -> str:
    """A place in words: Seller fees, one marketplace."""
    title = title_of(node.scope)
    return f"{title}, {node.marketplace}" if node.marketplace else title
