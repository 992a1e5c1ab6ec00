"""QuickBooks' JSON of a company, its chart and tax codes as our `Books`; what our defaults mean there. Pure.

Sources: Intuit's pages on CompanyInfo, Preferences, Account, TaxCode, TaxRate; its schema Finance.xsd.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from tieout.core.chart import Account, Books, TaxRate
from tieout.platforms._exact import Unreadable, shaped

NO_TAX = "NON"  # Intuit's word for a line without tax
_SALES, _PURCHASE = "Sales", "Purchase"
_ON_PURCHASES = ":purchase"  # ends our code for the other rate of a code that has two
_SUITS = {_SALES: ("REVENUE", "LIABILITY", "EQUITY"), _PURCHASE: ("EXPENSE", "ASSET")}
_NO_RATES = (TaxRate(NO_TAX, "No tax", Decimal(0), suits=_SUITS[_SALES] + _SUITS[_PURCHASE]),)
_BANKS = ("Bank", "Credit Card")
_SYSTEM = ("Accounts Receivable", "Accounts Payable")
_CLASSES = {
    "Bank": "ASSET",
    "Other Current Asset": "ASSET",
    "Fixed Asset": "ASSET",
    "Other Asset": "ASSET",
    "Accounts Receivable": "ASSET",
    "Equity": "EQUITY",
    "Income": "REVENUE",
    "Other Income": "REVENUE",
    "Cost of Goods Sold": "EXPENSE",
    "Expense": "EXPENSE",
    "Other Expense": "EXPENSE",
}
# What the usual tax types of our defaults are, and under which names QuickBooks ships them.
_STANDARD = {"GB": Decimal("0.20"), "AU": Decimal("0.10"), "NZ": Decimal("0.15")}
_MEANT = {"OUTPUT": _SALES, "OUTPUT2": _SALES, "INPUT": _PURCHASE, "INPUT2": _PURCHASE, "NONE": "", "BASEXCLUDED": ""}
_USUAL_NAMES = {"20.0% s", "gst", "15% gst"}
_UNTAXED_NAMES = {"no vat", "out of scope", "bas excluded", "no gst"}


class Reference(msgspec.Struct):
    value: str = ""
    name: str = ""


class CompanyShape(msgspec.Struct):
    CompanyName: str = ""
    Country: str = ""
    NameValue: list[dict[str, Any]] = msgspec.field(default_factory=list)


class AccountingPreferences(msgspec.Struct):
    BookCloseDate: str = ""
    ClassTrackingPerTxn: bool = False
    ClassTrackingPerTxnLine: bool = False
    TrackDepartments: bool = False


class CurrencyPreferences(msgspec.Struct):
    MultiCurrencyEnabled: bool = False
    HomeCurrency: Reference = msgspec.field(default_factory=Reference)


class TaxPreferences(msgspec.Struct):
    UsingSalesTax: bool = False


class PreferencesShape(msgspec.Struct):
    AccountingInfoPrefs: AccountingPreferences = msgspec.field(default_factory=AccountingPreferences)
    CurrencyPrefs: CurrencyPreferences = msgspec.field(default_factory=CurrencyPreferences)
    TaxPrefs: TaxPreferences = msgspec.field(default_factory=TaxPreferences)

    @property
    def home(self) -> str:
        return self.CurrencyPrefs.HomeCurrency.value

    @property
    def tracked(self) -> tuple[str, ...]:
        """The kinds of tracking that are switched on, by the name of their entity."""
        prefs = self.AccountingInfoPrefs
        by_class = ("Class",) if prefs.ClassTrackingPerTxn or prefs.ClassTrackingPerTxnLine else ()
        return by_class + (("Department",) if prefs.TrackDepartments else ())


class AccountShape(msgspec.Struct):
    Id: str = ""
    Name: str = ""
    FullyQualifiedName: str = ""
    AcctNum: str = ""
    AccountType: str = ""
    Classification: str = ""
    Active: bool = True
    CurrencyRef: Reference = msgspec.field(default_factory=Reference)
    TaxCodeRef: Reference = msgspec.field(default_factory=Reference)


class RateOfCode(msgspec.Struct):
    TaxRateRef: Reference = msgspec.field(default_factory=Reference)
    TaxTypeApplicable: str = ""
    TaxOrder: int = 0


class RatesOfCode(msgspec.Struct):
    TaxRateDetail: list[RateOfCode] = msgspec.field(default_factory=list)


class TaxCodeShape(msgspec.Struct):
    Id: str = ""
    Name: str = ""
    Active: bool = True
    Hidden: bool = False
    SalesTaxRateList: RatesOfCode = msgspec.field(default_factory=RatesOfCode)
    PurchaseTaxRateList: RatesOfCode = msgspec.field(default_factory=RatesOfCode)


class EffectiveRate(msgspec.Struct):
    RateValue: Decimal = Decimal(0)
    EffectiveDate: str = ""
    EndDate: str = ""


class TaxRateShape(msgspec.Struct):
    Id: str = ""
    RateValue: Decimal | None = None
    EffectiveTaxRate: list[EffectiveRate] = msgspec.field(default_factory=list)

    @property
    def rate(self) -> Decimal:
        """The rate in force, 0.20 for 20 %: the one stated, else the latest that has not ended."""
        latest = max(self.EffectiveTaxRate, key=lambda each: (not each.EndDate, each.EffectiveDate), default=None)
        stated = self.RateValue if self.RateValue is not None else latest.RateValue if latest else Decimal(0)
        return stated / 100


@dataclass(frozen=True, slots=True)
class Tracked:
    """One class or location that lines may be posted under."""

    entity: str
    id: str
    name: str
    is_active: bool


def books_from_wire(
    realm: str,
    company: Any,
    preferences: PreferencesShape,
    is_sandbox: bool,
    lists: Mapping[str, Sequence[Any]],
) -> Books:
    """`lists`: Account, TaxCode, TaxRate and CompanyCurrency as they came. A closing date left out says nothing."""
    shape = shaped(company, CompanyShape)
    others = [str(each.get("Code", "")) for each in lists.get("CompanyCurrency", ()) if each.get("Active", True)]
    plan = [str(each.get("Value", "")) for each in shape.NameValue if each.get("Name") == "OfferingSku"]
    has_codes = shape.Country != "US" and preferences.TaxPrefs.UsingSalesTax
    rates = tuple(_tax_rates(lists.get("TaxCode", ()), lists.get("TaxRate", ()))) if has_codes else _NO_RATES
    return Books(
        id=realm,
        name=shape.CompanyName,
        country=shape.Country,
        base_currency=preferences.home,
        plan=plan[0] if plan else "",
        is_demo=is_sandbox,
        period_lock_on=_day(preferences.AccountingInfoPrefs.BookCloseDate),
        currencies=tuple(dict.fromkeys([preferences.home, *others])),
        accounts=tuple(_account_from_wire(each) for each in lists.get("Account", ())),
        tax_rates=rates if lists else (),
    )


def tracked_from_wire(entity: str, element: Any) -> Tracked:
    name = element.get("FullyQualifiedName") or element.get("Name", "")
    return Tracked(entity, str(element.get("Id", "")), str(name), element.get("Active") is not False)


def side(classification: str, is_debit: bool) -> str:
    """Whether a line's tax counts among sales or purchases: by its account, where that is known."""
    if classification:
        return _SALES if classification in _SUITS[_SALES] else _PURCHASE
    return _PURCHASE if is_debit else _SALES


def tax_code_id(code: str) -> str:
    """The id that Intuit knows one of our codes by."""
    return code.removesuffix(_ON_PURCHASES)


def adopt(books: Books, account: str, tax: str) -> tuple[str, str] | None:
    """Account id and tax code for an account number and a tax type of our defaults; None where that is a guess.

    Of several codes with the rate meant it is the one that goes by its usual name.
    """
    accounts = [each for each in books.accounts if each.is_postable and each.number == account]
    if len(accounts) != 1 or tax not in _MEANT:
        return None
    rate = _STANDARD.get(books.country) if _MEANT[tax] else Decimal(0)
    fitting = [each for each in books.tax_rates if each.fits(accounts[0]) and each.rate == rate]
    usual = _USUAL_NAMES if _MEANT[tax] else _UNTAXED_NAMES
    named = [each for each in fitting if each.name.casefold().partition(",")[0] in usual]
    found = named if named else fitting
    return (accounts[0].code, found[0].code) if len(found) == 1 else None


def _account_from_wire(element: Any) -> Account:
    shape = shaped(element, AccountShape)
    return Account(
        id=shape.Id,
        code=shape.Id,
        name=shape.FullyQualifiedName or shape.Name,
        kind="BANK" if shape.AccountType in _BANKS else shape.AccountType,
        classification=shape.Classification.upper() or _CLASSES.get(shape.AccountType, "LIABILITY"),
        is_active=shape.Active,
        tax_type=shape.TaxCodeRef.value,
        currency=shape.CurrencyRef.value,
        is_system=shape.AccountType in _SYSTEM,
        number=shape.AcctNum,
    )


def _tax_rates(codes: Iterable[Any], rates: Iterable[Any]) -> Iterator[TaxRate]:
    """One for each code; two for a code whose rate on purchases is another than on sales."""
    known = {shape.Id: shape.rate for shape in (shaped(each, TaxRateShape) for each in rates)}
    for code in (shaped(each, TaxCodeShape) for each in codes):
        lists = {_SALES: code.SalesTaxRateList.TaxRateDetail, _PURCHASE: code.PurchaseTaxRateList.TaxRateDetail}
        # A code is no use while a rate of it is not listed.
        is_known = all(each.TaxRateRef.value in known for some in lists.values() for each in some)
        is_active = code.Active and not code.Hidden and is_known
        found = {where: _effective(some, known) for where, some in lists.items() if some}
        suits = tuple(name for where in found for name in _SUITS[where]) or _NO_RATES[0].suits
        if len(set(found.values())) < 2:
            rate = next(iter(found.values()), Decimal(0))
            yield TaxRate(code.Id, code.Name, rate, is_active, suits)
        else:
            yield TaxRate(code.Id, f"{code.Name}, sales", found[_SALES], is_active, _SUITS[_SALES])
            other = code.Id + _ON_PURCHASES
            yield TaxRate(other, f"{code.Name}, purchases", found[_PURCHASE], is_active, _SUITS[_PURCHASE])


def _effective(details: Sequence[RateOfCode], known: Mapping[str, Decimal]) -> Decimal:
    """The rates of a code together; some are taken on the tax before them, or on amount and tax."""
    whole = Decimal(0)
    for detail in sorted(details, key=lambda each: each.TaxOrder):
        base = {"TaxOnTax": whole, "TaxOnAmountPlusTax": 1 + whole}.get(detail.TaxTypeApplicable, Decimal(1))
        whole += known.get(detail.TaxRateRef.value, Decimal(0)) * base
    return whole


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError as error:
        raise Unreadable(f"{text!r} is no date") from error
