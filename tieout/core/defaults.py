"""The mapping a new channel account starts with: accounts by role in the channel's block, tax codes by country.

A starting point, not a statement of law; everything in it can be changed, and each change is a new version.
"""

from dataclasses import dataclass
from decimal import Decimal

from tieout.core.category import Category
from tieout.core.chart import Account
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.role import Role, role_of

__all__ = ["Role", "account_code", "default_accounts", "default_mapping", "role_of"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a role's account stands in a block of twenty, and what kind it is in the words of the books."""

    offset: int
    name: str
    kind: str
    classification: str


# Tax credits and clearing have no usual account: who needs one chooses it, and until then it is a gap.
_PLACES = {
    Role.SALES: _Place(0, "sales", "REVENUE", "REVENUE"),
    Role.REFUNDS: _Place(1, "refunds", "REVENUE", "REVENUE"),
    Role.REIMBURSEMENTS: _Place(2, "reimbursements", "OTHERINCOME", "REVENUE"),
    Role.FEES: _Place(3, "seller fees", "EXPENSE", "EXPENSE"),
    Role.FULFILMENT: _Place(4, "FBA fees", "EXPENSE", "EXPENSE"),
    Role.STORAGE: _Place(5, "storage fees", "EXPENSE", "EXPENSE"),
    Role.ADVERTISING: _Place(6, "advertising", "EXPENSE", "EXPENSE"),
    Role.SALES_TAX: _Place(7, "sales tax", "CURRLIAB", "LIABILITY"),
    Role.LOANS: _Place(8, "loans", "CURRLIAB", "LIABILITY"),
    Role.RESERVED: _Place(9, "reserved balances", "CURRENT", "ASSET"),
    Role.DEFERRED: _Place(10, "deferred balances", "CURRENT", "ASSET"),
    Role.MONTH_ROLL: _Place(11, "month roll", "CURRENT", "ASSET"),
    Role.GIFT_CARDS: _Place(12, "gift cards", "CURRLIAB", "LIABILITY"),
    Role.COST_OF_GOODS: _Place(14, "cost of goods FBA", "DIRECTCOSTS", "EXPENSE"),
}

_INCOME = (Role.SALES, Role.REFUNDS)
_EXPENSES = (Role.FEES, Role.FULFILMENT, Role.STORAGE, Role.ADVERTISING)


@dataclass(frozen=True, slots=True)
class _Taxes:
    """The tax codes of one country's books. No rate: prices there are kept without tax, tax is a liability."""

    income: str = "NONE"
    expense: str = "NONE"
    none: str = "NONE"
    rate: Decimal = Decimal(0)


# Codes as Xero's default sets have them (UK, AU, NZ); every other set has NONE.
_TAXES = {
    "GB": _Taxes("OUTPUT2", "INPUT2", "NONE", Decimal("0.20")),
    "AU": _Taxes("OUTPUT", "INPUT", "BASEXCLUDED", Decimal("0.10")),
    "NZ": _Taxes("OUTPUT2", "INPUT2", "NONE", Decimal("0.15")),
}


def account_code(role: Role, block: int = 200) -> str:
    """The usual code of a role: block 200 has its month roll at TO-211. KeyError where a role has no usual account."""
    return f"TO-{block + _PLACES[role].offset}"


def default_accounts(label: str, block: int = 200) -> tuple[Account, ...]:
    """The accounts the default mapping names, as they would be created; `label` is the channel's name for people."""
    return tuple(
        Account("", account_code(role, block), f"{label} {place.name}", place.kind, place.classification)
        for role, place in _PLACES.items()
    )


def default_mapping(country: str, block: int = 200, version: int = 1, books_country: str | None = None) -> Mapping:
    """Every role with a usual account, for a marketplace in `country`, posted to books kept in `books_country`.

    Sales in the books' own country carry its standard rate; sales abroad carry none until the tax groups are known.
    """
    at_home = books_country is None or books_country == country
    taxes = _TAXES.get(books_country or country, _Taxes())
    entries = {Node(role.value): _entry(role, taxes, at_home, block) for role in _PLACES}
    if at_home and taxes.rate:
        entries |= _tax_within_sales(entries)
    return Mapping(version, tuple(entries.items()))


def _entry(role: Role, taxes: _Taxes, at_home: bool, block: int) -> Entry:
    account = account_code(role, block)
    if at_home and role in _INCOME:
        return Entry(account, taxes.income, taxes.rate)
    if at_home and role in _EXPENSES:
        return Entry(account, taxes.expense, taxes.rate)
    return Entry(account, taxes.none, Decimal(0))


def _tax_within_sales(entries: dict[Node, Entry]) -> dict[Node, Entry]:
    """Where prices include tax, tax rows belong to the sale: price 100 and tax 20 are a gross of 120 with 20 in it."""
    refunds = entries[Node(Role.REFUNDS.value)]
    return {
        Node(Role.SALES_TAX.value): entries[Node(Role.SALES.value)],
        Node(Category.REFUND_TAX.value): refunds,
        Node(Category.REFUND_PROMO_TAX.value): refunds,
    }
