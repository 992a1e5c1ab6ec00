"""The mapping a new channel account starts with: accounts by role in the channel's block, tax codes by country.

A starting point, not a statement of law; everything in it can be changed, and each change is a new version.
"""

from collections import abc
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
WITH_TAX = "with tax"  # the variant of fees that were billed with tax, where a channel shows it
# Financial services are exempt, and a tip is no payment for anything; a fee that was billed with tax is of a variant.
_WITHOUT_TAX = (Category.FEE_PAYMENT_PROCESSING, Category.FEE_DISPUTE, Category.SALES_TIP)
_EXPENSES = (Role.FEES, Role.FULFILMENT, Role.STORAGE, Role.ADVERTISING)


@dataclass(frozen=True, slots=True)
class _Taxes:
    """The tax codes of one country's books. No rate: prices there are kept without tax, tax is a liability."""

    income: str = "NONE"
    expense: str = "NONE"
    none: str = "NONE"
    rate: Decimal = Decimal(0)
    reduced: tuple[tuple[str, str], ...] = ()  # rate in per cent, code


# The usual codes of UK, AU and NZ books, which a platform's `adopt` translates into its own; elsewhere there is NONE.
_TAXES = {
    "GB": _Taxes("OUTPUT2", "INPUT2", "NONE", Decimal("0.20"), (("5", "RROUTPUT"),)),
    "AU": _Taxes("OUTPUT", "INPUT", "BASEXCLUDED", Decimal("0.10")),
    "NZ": _Taxes("OUTPUT2", "INPUT2", "NONE", Decimal("0.15")),
}


def account_code(role: Role, block: int = 200) -> str:
    """The usual code of a role: block 200 has its month roll at TO-211. KeyError where a role has no usual account."""
    return f"TO-{block + _PLACES[role].offset}"


def default_accounts(
    label: str,
    block: int = 200,
    names: abc.Mapping[Role, str] | None = None,
    clearing: abc.Mapping[str, tuple[int, str]] | None = None,
) -> tuple[Account, ...]:
    """The accounts the default mapping names, as they would be created; `label` is the channel's name for people.

    `names`: what a channel calls a role's account otherwise. `clearing`: number and name of each gateway's account.
    """
    named = {role: place.name for role, place in _PLACES.items()} | dict(names or {})
    accounts = tuple(
        Account("", account_code(role, block), f"{label} {named[role]}", place.kind, place.classification)
        for role, place in _PLACES.items()
    )
    gateways = (clearing or {}).values()
    return accounts + tuple(Account("", f"TO-{number}", name, "CURRENT", "ASSET") for number, name in gateways)


def default_mapping(
    country: str,
    block: int = 200,
    version: int = 1,
    books_country: str | None = None,
    clearing: abc.Mapping[str, tuple[int, str]] | None = None,
) -> Mapping:
    """Every role with a usual account, for a marketplace in `country`, posted to books kept in `books_country`.

    Sales in the books' own country carry its standard rate; sales abroad carry none until the tax groups are known.
    """
    at_home = books_country is None or books_country == country
    taxes = _TAXES.get(books_country or country, _Taxes())
    entries = {Node(role.value): _entry(role, taxes, at_home, block) for role in _PLACES}
    if at_home and taxes.rate:
        entries |= _tax_within_sales(entries)
        for category in _WITHOUT_TAX:
            role = role_of(category)
            assert role is not None, "unknown is none of them"
            entries[Node(category.value)] = Entry(account_code(role, block), taxes.none, Decimal(0))
    for gateway, (number, _) in (clearing or {}).items():
        entries[Node(Category.CLEARING_GATEWAY.value, variant=gateway)] = Entry(f"TO-{number}", taxes.none, Decimal(0))
    return Mapping(version, tuple(entries.items()))


def variant_entries(variant: str, books_country: str, block: int = 200) -> tuple[tuple[Node, Entry], ...]:
    """What a variant needs beside the default mapping, by its form; nothing where it books like the rest.

    `US`: goods that went to another country bear no tax of the books', and what is charged there is a liability.
    `GB 0%`, `GB 5%`: goods at home that bear another rate than the usual one. WITH_TAX: fees.
    """
    taxes = _TAXES.get(books_country, _Taxes())
    if variant == WITH_TAX:
        found = {Role.FEES: Entry(account_code(Role.FEES, block), taxes.expense, taxes.rate)}
    elif len(country := variant[:2]) < 2 or not country.isalpha() or not country.isupper():
        found = {}
    elif country != books_country:
        roles = (*_INCOME, Role.SALES_TAX)
        found = {role: Entry(account_code(role, block), taxes.none, Decimal(0)) for role in roles}
    else:
        percent = variant[2:].strip().removesuffix("%")
        code = taxes.none if percent == "0" else dict(taxes.reduced).get(percent)
        rate = Decimal(percent) / 100 if code else Decimal(0)
        found = {role: Entry(account_code(role, block), code, rate) for role in _INCOME} if code else {}
    return tuple((Node(role.value, variant=variant), entry) for role, entry in found.items())


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
