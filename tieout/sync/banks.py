"""Bank accounts of payouts: where each marketplace's money is expected, and the lines the bank feed will show for it.

Books that take journals need them: a journal balances against one. Books that take invoices match them there instead.
"""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.chart import Account, Books
from tieout.core.mapping import Bank, BankPlace, Mapping
from tieout.core.money import Money, total
from tieout.core.records import Form
from tieout.core.status import Status
from tieout.people.acting import ensure
from tieout.people.roles import Right
from tieout.store import mappings, postings, settlements
from tieout.store.dialect import alone
from tieout.store.engine import Db, read, write
from tieout.store.settlements import Kept, Wanted
from tieout.sync.charts import last_read
from tieout.sync.in_use import books_in_use
from tieout.sync.mapping import MappingMoved
from tieout.sync.settlements.preparing import (
    VERSIONS,
    mapping_of,
    of_books_in_use,
    prepare_all,
    record_mapping,
    site_of,
)
from tieout.sync.tools import Tools

_MOST_MET = 500
_MOST_EXPECTED = 5


@dataclass(frozen=True, slots=True)
class Expected:
    """One line that the bank feed shows, or will: the day, the amount, and the document to match it with."""

    settlement: str
    number: str
    on: date
    amount: Money
    document: str
    is_in_books: bool


@dataclass(frozen=True, slots=True)
class BankRow:
    """One marketplace and currency. `needs_*`: settlements wait for that choice; `waiting` is their money."""

    place: BankPlace
    bank: Bank
    inherited: Bank
    needs_deposit: bool
    needs_charge: bool
    waiting: Money | None
    expected: tuple[Expected, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BankAccounts:
    """`is_needed`: the books in use take journals, so nothing is posted without. `books` None: never read."""

    version: int
    books: Books | None
    books_label: str
    is_needed: bool
    rows: tuple[BankRow, ...]
    deposits: tuple[Account, ...]
    charges: tuple[Account, ...]


def view(tools: Tools, organisation: str) -> BankAccounts:
    with read(tools.engines, organisation) as db:
        connection = books_in_use(db)
        books = last_read(db, connection.id) if connection else None
        platform = platforms.named(connection.platform) if connection else None
        mapping, met = mapping_of(db), settlements.listed(db, Wanted(limit=_MOST_MET))
        is_needed = platform is not None and platform.FORM is Form.JOURNALS
        rows = tuple(_row(db, mapping, books, place, kept, is_needed) for place, kept in _places(mapping, met))
    return BankAccounts(
        version=mapping.version,
        books=books,
        books_label=platform.LABEL if platform else "",
        is_needed=is_needed,
        rows=rows,
        deposits=_offered(books, is_charge=False),
        charges=_offered(books, is_charge=True),
    )


def choose(tools: Tools, actor: Actor, chosen: Dict[BankPlace, Bank], seen: int) -> tuple[int, dict[BankPlace, str]]:
    """How many settlements changed their status, and what is wrong with a choice; with a mistake nothing is saved.

    Raises MappingMoved when the mapping is no longer the version `seen`, and NotPermitted.
    """
    with write(tools.engines, actor.organisation) as db:
        alone(db, VERSIONS)
        ensure(db, actor, Right.MAP)
        mapping, connection = mapping_of(db), books_in_use(db)
        if seen != mapping.version:
            raise MappingMoved(mapping.version)
        books = last_read(db, connection.id) if connection else None
        mistakes = {place: told for place, bank in chosen.items() if (told := _mistake(books, place, bank))}
        if mistakes:
            return 0, mistakes
        renewed = mapping.with_banks(dict(chosen))
        if renewed.banks == mapping.banks:
            return 0, {}
        mappings.add(db, of_books_in_use(db, renewed).to_record(), actor.name, tools.now())
        details = {f"bank {place.marketplace} {place.currency}": _words(bank) for place, bank in chosen.items()}
        record_mapping(tools, db, actor, mapping.version, details)
    return prepare_all(tools, actor.organisation), {}


def _places(mapping: Mapping, met: Sequence[Kept]) -> list[tuple[BankPlace, list[Kept]]]:
    """Every marketplace and currency that was met or chosen for, with its settlements, newest first."""
    found: dict[BankPlace, list[Kept]] = {place: [] for place, _ in mapping.banks}
    for kept in met:
        place = BankPlace(site_of(kept.settlement), kept.settlement.currency)
        found.setdefault(place, []).append(kept)
    return sorted(found.items(), key=lambda pair: pair[0])


def _row(
    db: Db, mapping: Mapping, books: Books | None, place: BankPlace, met: Sequence[Kept], is_needed: bool
) -> BankRow:
    bank, used = dict(mapping.banks).get(place, Bank()), mapping.bank_for(place.marketplace, place.currency)
    lacking = [each for each in met if is_needed and _waits(each) and not used.side(each.settlement.total)]
    paid = (each for each in met if each.settlement.total)
    return BankRow(
        place=place,
        bank=bank,
        inherited=Bank() if not place.marketplace else mapping.bank_for("", place.currency),
        needs_deposit=any(each.settlement.total.minor > 0 for each in lacking),
        needs_charge=any(each.settlement.total.minor < 0 for each in lacking),
        waiting=total((each.settlement.total for each in lacking), place.currency) if lacking else None,
        expected=tuple(_expected(db, each) for each in islice(paid, _MOST_EXPECTED)),
        faults=tuple(told for code in (bank.deposit, bank.charge) if code and (told := _fault(books, place, code))),
    )


def _waits(kept: Kept) -> bool:
    return kept.status == Status.MAPPING_NEEDED


def _expected(db: Db, kept: Kept) -> Expected:
    """The last part is the one that meets the deposit (AC3)."""
    settlement, sent = kept.settlement, postings.of_settlement(db, kept.id)
    return Expected(
        settlement=kept.id,
        number=settlement.id,
        on=settlement.deposit_on or settlement.end.date(),
        amount=settlement.total,
        document=sent[-1].number if sent else "",
        is_in_books=kept.status == Status.SENT,
    )


def _offered(books: Books | None, is_charge: bool) -> tuple[Account, ...]:
    """Banks first, then what may clear: an asset, and for charges a card or another debt."""
    if books is None:
        return ()
    classes = ("ASSET", "LIABILITY") if is_charge else ("ASSET",)
    kept = (each for each in books.accounts if each.is_bank or each.is_postable)
    found = [each for each in kept if each.classification in classes]
    return tuple(sorted(found, key=lambda each: (not each.is_bank, each.words.casefold())))


def _words(bank: Bank) -> str:
    return f"deposits {bank.deposit or 'inherited'}, charges {bank.charge or 'inherited'}"


def _mistake(books: Books | None, place: BankPlace, bank: Bank) -> str:
    for code, name in ((bank.deposit, "deposit"), (bank.charge, "charge")):
        if code and books is None:
            return "Connect the books first: accounts are theirs."
        if code and code not in {named(each) for each in _offered(books, is_charge=name == "charge")}:
            return f"The {name} account is none that money can reach in these books: choose another."
        if code and (told := _fault(books, place, code)):
            return told
    return ""


def _fault(books: Books | None, place: BankPlace, code: str) -> str:
    """Why money in this currency cannot reach the account, as a sentence; empty when it can.

    A document may move one foreign currency and the books' own, at the rate of its day, but never two foreign ones.
    """
    if books is None:
        return ""
    account = next((each for each in books.accounts if named(each) == code), None)
    if account is None:
        return f"Account {code} does not exist in {books.name} any more."
    if not account.is_active:
        return f"Account {account.words} is archived in {books.name}."
    if account.currency not in ("", place.currency, books.base_currency):
        return f"{account.words} is kept in {account.currency}, these payouts are in {place.currency}."
    return ""


def named(account: Account) -> str:
    """What a choice names an account by: some books give bank accounts no code."""
    return account.code or account.id
