"""From one set of books to another: what of a mapping still means the same account there, and what does not.

Codes are the books' own: another company may give the same one to another account. So an entry is carried over only
where both charts agree in code, name and class, and its rate in code, name and percentage.
"""

from tieout.core.chart import Account, Books
from tieout.core.mapping import Bank, BankPlace, Entry, Mapping, Node


def carried_over(mapping: Mapping, old: Books | None, new: Books) -> Mapping:
    """The same mapping without what is not certainly the same in `new`; `old` None: nobody knows what it meant.

    A code that neither chart knows names no account of either, as a default's does: it stays.
    """
    entries = tuple(pair for pair in mapping.entries if _entry_is_same(pair[1], old, new))
    banks = ((place, _same_bank(bank, old, new)) for place, bank in mapping.banks)
    kept: tuple[tuple[BankPlace, Bank], ...] = tuple(pair for pair in banks if pair[1] != Bank())
    return Mapping(mapping.version, entries, mapping.meanings, kept, new.id)


def dropped(before: Mapping, after: Mapping) -> tuple[Node, ...]:
    """The places that say nothing any more."""
    left = dict(after.entries)
    return tuple(node for node, _ in before.entries if node not in left)


def _entry_is_same(entry: Entry, old: Books | None, new: Books) -> bool:
    there, here = old.account(entry.account) if old else None, new.account(entry.account)
    if there is None and here is None:
        return True
    before, now = old.tax_rate(entry.tax) if old else None, new.tax_rate(entry.tax)
    is_same_rate = before is not None and now is not None and (before.name, before.rate) == (now.name, now.rate)
    return _is_same(there, here) and is_same_rate


def _same_bank(bank: Bank, old: Books | None, new: Books) -> Bank:
    deposit, charge = (
        code if _is_same(_named(old, code), _named(new, code)) else "" for code in (bank.deposit, bank.charge)
    )
    return Bank(deposit, charge)


def _is_same(there: Account | None, here: Account | None) -> bool:
    if there is None or here is None:
        return False
    return (there.name, there.classification, there.number) == (here.name, here.classification, here.number)


def _named(books: Books | None, code: str) -> Account | None:
    """Bank accounts may be named by their id, where the books give them no code."""
    return next((each for each in books.accounts if code and code in (each.code, each.id)), None) if books else None
