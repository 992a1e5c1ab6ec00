"""The chart of accounts, tax rates and other facts of one set of books, as last read from the platform."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieout.core.records import DocumentKind


@dataclass(frozen=True, slots=True)
class Account:
    """`code` is what documents name, `number` what people call it where that is something else.

    `classification` is REVENUE, EXPENSE, ASSET, LIABILITY or EQUITY; `kind` is the platform's own word, save for BANK.
    """

    id: str
    code: str
    name: str
    kind: str
    classification: str
    is_active: bool = True
    tax_type: str = ""
    currency: str = ""
    is_system: bool = False
    number: str = ""

    @property
    def shown_code(self) -> str:
        """What people know it by beside its name; blank where documents name it by the books' internal id."""
        return self.number or ("" if self.code == self.id else self.code)

    @property
    def words(self) -> str:
        return f"{self.shown_code} {self.name}".strip()

    @property
    def is_bank(self) -> bool:
        """Whether money is kept there: what a payout may reach."""
        return self.is_active and self.kind == "BANK"

    @property
    def is_postable(self) -> bool:
        """Whether a line of a document may name it: in use, with a code, neither a bank's nor the books' own."""
        return self.is_active and bool(self.code) and not self.is_system and self.kind != "BANK"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """`code` is what documents name (OUTPUT2); `rate` is the effective rate, 0.20 for 20 %."""

    code: str
    name: str
    rate: Decimal
    is_active: bool = True
    suits: tuple[str, ...] = ()

    def fits(self, account: Account) -> bool:
        """Whether it is in use and a line may carry it together with the account."""
        return self.is_active and 0 <= self.rate < 1 and account.classification in self.suits


@dataclass(frozen=True, slots=True)
class Books:
    """One set of books: its identity and chart. `allowed` pairs the platform's action names with yes or no.

    `barred` names the kinds of documents that the person behind the connection may not create approved.
    `passes_period_lock`: the period's lock date does not bind that person; the year's binds everybody.
    """

    id: str
    name: str
    country: str
    base_currency: str
    short_code: str = ""
    zone: str = ""
    plan: str = ""
    is_demo: bool = False
    period_lock_on: date | None = None
    year_lock_on: date | None = None
    currencies: tuple[str, ...] = ()
    allowed: tuple[tuple[str, bool], ...] = ()
    accounts: tuple[Account, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()
    barred: tuple[DocumentKind, ...] = ()
    passes_period_lock: bool = False

    def account(self, code: str) -> Account | None:
        return next((account for account in self.accounts if account.code == code), None)

    def tax_rate(self, code: str) -> TaxRate | None:
        return next((rate for rate in self.tax_rates if rate.code == code), None)
