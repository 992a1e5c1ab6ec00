"""Which accounts and tax rates of a chart suit a place of the mapping, and which of them to suggest first.

Classes are the platform's own words, as in `chart`. What is offered is what keeps the profit right: income and costs
in profit and loss, money under way on the balance sheet.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tieout.core.chart import Account, Books, TaxRate
from tieout.core.mapping import Entry
from tieout.core.role import Role

_INCOME, _COSTS, _BALANCE = ("REVENUE",), ("EXPENSE",), ("ASSET", "LIABILITY")

# Refunds and reimbursements may lower costs instead; sales tax may lie within the sale where prices include it.
CLASSES: dict[Role, tuple[str, ...]] = {
    Role.SALES: _INCOME,
    Role.REFUNDS: _INCOME + _COSTS,
    Role.REIMBURSEMENTS: _INCOME + _COSTS,
    Role.FEES: _COSTS,
    Role.FULFILMENT: _COSTS,
    Role.STORAGE: _COSTS,
    Role.ADVERTISING: _COSTS,
    Role.SALES_TAX: _BALANCE + _INCOME,
    Role.LOANS: _BALANCE,
    Role.RESERVED: _BALANCE,
    Role.DEFERRED: _BALANCE,
    Role.MONTH_ROLL: _BALANCE,
    Role.GIFT_CARDS: _BALANCE,
    Role.COST_OF_GOODS: (*_COSTS, "ASSET"),
    Role.TAX_CREDITS: _BALANCE,
    Role.CLEARING: _BALANCE,
}
_MOST = 3
_EMPTY_WORDS = {"and", "of", "the", "to", "for", "from", "other", "account"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An account with the rate that goes with it; `why` ends the sentence "suggested because it …"."""

    account: Account
    rate: TaxRate
    why: str


def accounts_for(role: Role | None, books: Books) -> tuple[Account, ...]:
    """By code. No role (everything at once) takes any account that a document may name."""
    found = (account for account in books.accounts if account.is_postable)
    return tuple(sorted((each for each in found if _suits(role, each)), key=lambda account: account.code))


def rates_for(accounts: Iterable[Account], books: Books) -> tuple[TaxRate, ...]:
    """The rates that go with at least one of the accounts, by name."""
    classes = {account.classification: account for account in accounts}
    found = (rate for rate in books.tax_rates if any(rate.fits(account) for account in classes.values()))
    return tuple(sorted(found, key=lambda rate: (rate.name, rate.code)))


def misfit(role: Role | None, account: str, tax: str, books: Books) -> str:
    """Why a document could not name this pair at such a place, as a sentence; empty when it can."""
    found, rate = books.account(account), books.tax_rate(tax)
    if found is None:
        return f"Account {account} does not exist in {books.name}."
    if not found.is_active:
        return f"Account {found.code} {found.name} is archived in {books.name}."
    if not found.is_postable:
        return f"Account {found.code} {found.name} is a bank's or the books' own; no document may use it."
    if not _suits(role, found):
        return f"Account {found.code} {found.name} is of another class than this place needs."
    if rate is None or not rate.is_active:
        return f"Tax rate {tax} is not in use in {books.name}."
    if not rate.fits(found):
        return f"Tax rate {rate.name} cannot be used with account {found.code} {found.name}."
    return ""


def suggested(
    role: Role | None,
    words: str,
    books: Books,
    before: Sequence[Entry],
    usual: Sequence[Account],
    tax: str,
) -> tuple[Suggestion, ...]:
    """The best few: what was used before, the usual code, a name alike, the only account of its kind.

    `words` name the place, `usual` are the accounts the channels' own blocks have for it, `tax` is the usual rate.
    """
    fitting = accounts_for(role, books)
    found: dict[str, Suggestion] = {}
    for account, wanted_tax, why in _ranked(fitting, words, before, usual, tax):
        rate = _rate(account, (wanted_tax, tax, account.tax_type), books)
        if rate is not None and account.code not in found:
            found[account.code] = Suggestion(account, rate, why)
    return tuple(found.values())[:_MOST]


def _ranked(
    fitting: Sequence[Account], words: str, before: Sequence[Entry], usual: Sequence[Account], tax: str
) -> Iterable[tuple[Account, str, str]]:
    by_code = {account.code: account for account in fitting}
    yield from ((by_code[e.account], e.tax, "was used before") for e in before if e.account in by_code)
    yield from ((by_code[a.code], tax, f"has the usual code {a.code}") for a in usual if a.code in by_code)
    sought = [_words(words), *(_words(account.name) for account in usual)]
    alike = [(max(_likeness(each, _words(account.name)) for each in sought), account) for account in fitting]
    ranked = sorted((pair for pair in alike if pair[0] > 50), key=lambda pair: -pair[0])
    yield from ((account, tax, "is named alike") for _, account in ranked)
    for kind in dict.fromkeys(account.kind for account in usual):
        of_kind = [account for account in fitting if account.kind == kind]
        if len(of_kind) == 1:
            yield of_kind[0], tax, "is the only one of its type"


def _suits(role: Role | None, account: Account) -> bool:
    return role is None or account.classification in CLASSES[role]


def _rate(account: Account, wanted: Iterable[str], books: Books) -> TaxRate | None:
    """The first wanted rate that fits, else one without tax."""
    known = {rate.code: rate for rate in books.tax_rates if rate.fits(account)}
    without = sorted(code for code, rate in known.items() if not rate.rate)
    return next((known[code] for code in (*wanted, "NONE", *without) if code in known), None)


def _words(text: str) -> frozenset[str]:
    """Without endings and small words: Seller Fees and seller fee are the same."""
    return frozenset(word.rstrip("s") for word in re.findall(r"[a-z]+", text.lower()) if word not in _EMPTY_WORDS)


def _likeness(one: frozenset[str], other: frozenset[str]) -> int:
    """How much of the shorter text stands in the other, in percent."""
    return 100 * len(one & other) // min(len(one), len(other)) if one and other else 0
