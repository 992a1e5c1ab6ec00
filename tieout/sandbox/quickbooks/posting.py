"""The ledger behind the documents: each posts entries that sum to zero, in its own currency and in the company's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks.state import Company

CENT, ZERO = Decimal("0.01"), Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Entry:
    """A debit of an account when the amount is positive, a credit when negative, in the document's currency.

    `home` is the amount in the company's currency where it is not the amount at the document's rate. `name` is whose
    balance it moves: `Customer/12`.
    """

    account: str
    amount: Decimal
    name: str = ""
    home: Decimal | None = None


def cents(amount: Decimal) -> Decimal:
    """Two places, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def posts(entries: Sequence[Entry], rate: Decimal, currency: str) -> list[Doc]:
    """The entries as a document keeps them. The first keeps its worth at the rate; pennies lost in converting the
    others go to the largest of them."""
    assert total(entry.amount for entry in entries) == ZERO, f"a document that does not balance: {entries}"
    home = [cents(entry.amount * rate) if entry.home is None else entry.home for entry in entries]
    free = [place for place in range(1, len(entries)) if entries[place].home is None]
    if (left := total(home)) and free:
        home[max(free, key=lambda place: abs(home[place]))] -= left
    assert total(home) == ZERO, f"a document that does not balance at home: {entries}"
    return [
        {"account": entry.account, "amount": entry.amount, "home": worth, "currency": currency, "name": entry.name}
        for entry, worth in zip(entries, home, strict=True)
        if entry.amount or worth
    ]


def move(company: Company, old: Doc | None, new: Doc | None) -> None:
    """Takes back what the old version of a document posted and posts what the new one does."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for sign, row in ((-1, old), (1, new)):
        for post in (row or {}).get("_posts", ()):
            for key in filter(None, (f"Account/{post['account']}", post["name"])):
                home, own = sums.get(key, (ZERO, ZERO))
                sums[key] = (home + sign * post["home"], own + sign * post["amount"])
    for key, (home, own) in sums.items():
        if home or own:
            was = balance(company, key)
            kept: Doc = {"Id": key, "home": was[0] + home, "own": was[1] + own}
            company.put("_Balance", kept)


def balance(company: Company, key: str) -> tuple[Decimal, Decimal]:
    """Debits less credits of `Account/7` or `Customer/12`: in the company's currency, and in that of the documents."""
    row = company.get("_Balance", key)
    return (ZERO, ZERO) if row is None else (row["home"], row["own"])


def own_balance(company: Company, key: str, doc: Doc) -> Decimal:
    """The balance in the record's own currency."""
    home, own = balance(company, key)
    foreign = doc.get("CurrencyRef", {}).get("value", company.facts["home_currency"]) != company.facts["home_currency"]
    return own if foreign else home
