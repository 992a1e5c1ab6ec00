"""Mapping: which account and tax rate each figure of a settlement books to, in versions that never change."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tieout.core.category import Category
from tieout.core.money import Money
from tieout.core.role import Role, role_of
from tieout.core.settlement import Label, Subtotal

_NAME_MOST = 200  # a description with a marketplace stays far below the 4,000 that books allow
_CATEGORIES = {category.value for category in Category} - {Category.UNKNOWN.value}
_ROLES = {role.value for role in Role}


@dataclass(frozen=True, slots=True)
class Entry:
    """Account and tax code as the books name them; `rate` is 0.20 for 20 %.

    `name` is the line's heading; blank keeps the heading of each category, a name puts all that inherit it on one line.
    """

    account: str
    tax: str
    rate: Decimal
    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.rate, Decimal) or not (self.rate.is_finite() and 0 <= self.rate < 1):
            raise ValueError(f"a tax rate is a Decimal from 0 to below 1 (0.20 for 20 %), not {self.rate!r}")
        if not self.account.strip() or not self.tax.strip():
            raise ValueError(f"an entry needs an account and a tax code, not {self.account!r} and {self.tax!r}")
        if len(self.name) > _NAME_MOST:
            raise ValueError(f"a heading has at most {_NAME_MOST} characters, not {len(self.name)}")


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A place in the tree. `scope` is a category ("fee.referral"), a role ("fees") or blank for all; blank fits any."""

    scope: str
    marketplace: str = ""
    variant: str = ""

    def __post_init__(self) -> None:
        if self.scope and self.scope not in _CATEGORIES and self.scope not in _ROLES:
            raise ValueError(f"{self.scope!r} is neither a category nor a role")

    def fits(self, subtotal: Subtotal) -> bool:
        return (
            self.scope in ("", subtotal.category.value, role_of(subtotal.category))
            and self.marketplace in ("", subtotal.marketplace)
            and self.variant in ("", subtotal.variant)
        )

    def is_above(self, other: "Node") -> bool:
        """Whether what is said here holds there too, where nothing deeper says otherwise; a node is above itself."""
        scopes = {"", other.scope}
        if other.scope in _CATEGORIES:
            scopes.add(role_of(Category(other.scope)) or "")
        return (
            self.scope in scopes and self.marketplace in ("", other.marketplace) and self.variant in ("", other.variant)
        )

    @property
    def depth(self) -> tuple[bool, bool, int]:
        """The deeper node wins: one for this marketplace, then one for this variant, then category before role.

        So what is said of a site abroad hides all that is said of sites at home, down to the tax rate.
        """
        level = 2 if self.scope in _CATEGORIES else 1 if self.scope else 0
        return bool(self.marketplace), bool(self.variant), level


@dataclass(frozen=True, slots=True, order=True)
class BankPlace:
    """Whose payouts, and in which currency; a blank marketplace means every one."""

    marketplace: str
    currency: str


@dataclass(frozen=True, slots=True)
class Bank:
    """The account a payout reaches, and the one that a negative payout is taken from; blank where not chosen."""

    deposit: str = ""
    charge: str = ""

    def side(self, amount: Money) -> str:
        """The account that money coming in reaches, or money going out leaves."""
        return self.charge if amount.minor < 0 else self.deposit


@dataclass(frozen=True, slots=True)
class Mapping:
    """One version. Entries are kept in the order of their nodes, so equal mappings are equal however they came about.

    `meanings` are labels no map knew, explained by a person; `banks` are the bank accounts of payouts. `books` is the
    id of the books whose codes these are, blank before any were chosen from. Raises ValueError for two entries at one
    node.
    """

    version: int
    entries: tuple[tuple[Node, Entry], ...]
    meanings: tuple[tuple[Label, Category], ...] = ()
    banks: tuple[tuple[BankPlace, Bank], ...] = ()
    books: str = ""

    def __post_init__(self) -> None:
        for pairs in (self.entries, self.meanings, self.banks):
            if len(dict(pairs)) < len(pairs):
                raise ValueError("a mapping says each thing once")
        if any(category is Category.UNKNOWN for _, category in self.meanings):
            raise ValueError("unknown is not a meaning")
        object.__setattr__(self, "entries", tuple(sorted(self.entries, key=lambda pair: pair[0])))
        object.__setattr__(self, "meanings", tuple(sorted(self.meanings, key=lambda pair: pair[0])))
        object.__setattr__(self, "banks", tuple(sorted(self.banks, key=lambda pair: pair[0])))

    def resolve(self, subtotal: Subtotal) -> tuple[Node, Entry] | None:
        """The deepest node that fits, with its entry: a scope that is no category means the figure inherits."""
        if subtotal.category is Category.UNKNOWN:
            return None
        fitting = (pair for pair in self.entries if pair[0].fits(subtotal))
        return max(fitting, key=lambda pair: pair[0].depth, default=None)

    def found_for(self, subtotal: Subtotal, home: str = "") -> tuple[Node, Entry] | None:
        """Where a figure books, with the node that says so.

        `home` is the settlement's own marketplace: it speaks for rows that name none, and for rows of another that the
        mapping does not know.
        """
        found = self.resolve(subtotal)
        if home and not (found and found[0].marketplace):
            found = self.resolve(replace(subtotal, marketplace=home))
        return found

    def entry_for(self, subtotal: Subtotal, home: str = "") -> Entry | None:
        found = self.found_for(subtotal, home)
        return found[1] if found else None

    def roll_entry(self, home: str = "") -> Entry | None:
        """Where a month's activity waits for the part that meets the deposit; never anything but its own account.

        `home` is the settlement's own marketplace.
        """
        entries = dict(self.entries)
        return entries.get(Node(Role.MONTH_ROLL.value, home)) or entries.get(Node(Role.MONTH_ROLL.value))

    def bank_for(self, marketplace: str, currency: str) -> Bank:
        """What was chosen for the marketplace, completed by what was chosen for every one."""
        banks, nothing = dict(self.banks), Bank()
        own = banks.get(BankPlace(marketplace, currency), nothing)
        any_ = banks.get(BankPlace("", currency), nothing)
        return Bank(own.deposit or any_.deposit, own.charge or any_.charge)

    def with_banks(self, changes: dict[BankPlace, Bank]) -> "Mapping":
        """The next version, with several bank accounts set at once; an empty one takes its place away."""
        kept = {place: bank for place, bank in {**dict(self.banks), **changes}.items() if bank != Bank()}
        return replace(self, version=self.version + 1, banks=tuple(kept.items()))

    def with_entry(self, node: Node, entry: Entry) -> "Mapping":
        """The next version, with one node set. Nodes below it that override keep what they say."""
        return replace(self, version=self.version + 1, entries=(*({**dict(self.entries), node: entry}.items()),))

    def holds_at(self, node: Node, is_above: bool = False) -> tuple[Node, Entry] | None:
        """What a place says or inherits, with the node that says it; `is_above`: what it would inherit.

        The month roll inherits from the month roll alone: money under way must not end up among sales.
        """
        if node.scope == Role.MONTH_ROLL:
            found = [(each, entry) for each, entry in self.entries if each in (node, Node(node.scope))]
            return next((pair for pair in reversed(found) if not (is_above and pair[0] == node)), None)
        fitting = (pair for pair in self.entries if pair[0].is_above(node) and not (is_above and pair[0] == node))
        return max(fitting, key=lambda pair: pair[0].depth, default=None)

    def with_entries(self, changes: dict[Node, Entry | None]) -> "Mapping":
        """The next version, with several nodes set at once; None takes a node's own entry away: it inherits again."""
        kept = {node: entry for node, entry in {**dict(self.entries), **changes}.items() if entry is not None}
        return replace(self, version=self.version + 1, entries=tuple(kept.items()))

    def with_meaning(self, label: Label, category: Category) -> "Mapping":
        """The next version, with one label explained."""
        return replace(self, version=self.version + 1, meanings=(*({**dict(self.meanings), label: category}.items()),))

    def to_record(self) -> dict[str, Any]:
        """As JSON; rates are texts, so that nothing is rounded on the way."""
        return {
            "version": self.version,
            "entries": [
                {
                    "scope": node.scope,
                    "marketplace": node.marketplace,
                    "variant": node.variant,
                    "account": entry.account,
                    "tax": entry.tax,
                    "rate": str(entry.rate),
                    "name": entry.name,
                }
                for node, entry in self.entries
            ],
            "meanings": [{"words": list(label.words), "category": category.value} for label, category in self.meanings],
            "banks": [
                {
                    "marketplace": place.marketplace,
                    "currency": place.currency,
                    "deposit": bank.deposit,
                    "charge": bank.charge,
                }
                for place, bank in self.banks
            ],
            "books": self.books,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Mapping":
        """Our own form back again, exactly."""
        return cls(
            record["version"],
            tuple(
                (
                    Node(item["scope"], item["marketplace"], item["variant"]),
                    Entry(item["account"], item["tax"], Decimal(item["rate"]), item["name"]),
                )
                for item in record["entries"]
            ),
            tuple((Label(tuple(item["words"])), Category(item["category"])) for item in record["meanings"]),
            tuple(
                (BankPlace(item["marketplace"], item["currency"]), Bank(item["deposit"], item["charge"]))
                for item in record.get("banks", ())  # versions from before there were any
            ),
            record.get("books", ""),
        )
