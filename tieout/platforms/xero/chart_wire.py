"""Xero's JSON of the organisation, its chart, tax rates, currencies and rights, as our `Books`. Pure.

Sources: Xero's pages on organisation, accounts, tax rates and currencies; its OpenAPI 16.1.0. Enums grow (account types
and plans did in 2026), so every word of theirs stays text.
"""

from decimal import Decimal
from typing import Any

import msgspec

from tieout.core.chart import Account, Books, TaxRate
from tieout.core.records import DocumentKind
from tieout.platforms._exact import shaped
from tieout.platforms.xero.wire import day

_CREATING = {DocumentKind.INVOICE: "CreateApprovedInvoice", DocumentKind.BILL: "CreateApprovedBill"}
_SUITS = ("Assets", "Equity", "Expenses", "Liabilities", "Revenue")
_CLASSES = ("ASSET", "EQUITY", "EXPENSE", "LIABILITY", "REVENUE")


class OrganisationShape(msgspec.Struct):
    OrganisationID: str = ""
    Name: str = ""
    CountryCode: str = ""
    BaseCurrency: str = ""
    ShortCode: str = ""
    Timezone: str = ""
    Class: str = ""
    IsDemoCompany: bool = False
    PeriodLockDate: str = ""
    EndOfYearLockDate: str = ""


class ActionShape(msgspec.Struct):
    Name: str = ""
    Status: str = ""


class AccountShape(msgspec.Struct):
    AccountID: str = ""
    Code: str = ""
    Name: str = ""
    Type: str = ""
    Class: str = ""
    Status: str = ""
    TaxType: str = ""
    CurrencyCode: str = ""
    SystemAccount: str = ""


class TaxRateShape(msgspec.Struct):
    TaxType: str = ""
    Name: str = ""
    Status: str = ""
    EffectiveRate: Decimal = Decimal(0)
    CanApplyToAssets: bool = True
    CanApplyToEquity: bool = True
    CanApplyToExpenses: bool = True
    CanApplyToLiabilities: bool = True
    CanApplyToRevenue: bool = True


class CurrencyShape(msgspec.Struct):
    Code: str = ""


def books_from_wire(
    organisation: Any, actions: list[Any], accounts: list[Any], tax_rates: list[Any], currencies: list[Any]
) -> Books:
    shape = shaped(organisation, OrganisationShape)
    shapes = [shaped(action, ActionShape) for action in actions]
    allowed = {action.Name: action.Status.upper() == "ALLOWED" for action in shapes}
    return Books(
        id=shape.OrganisationID,
        name=shape.Name,
        country=shape.CountryCode,
        base_currency=shape.BaseCurrency,
        short_code=shape.ShortCode,
        zone=shape.Timezone,
        plan=shape.Class,
        is_demo=shape.IsDemoCompany,
        period_lock_on=day(shape.PeriodLockDate),
        year_lock_on=day(shape.EndOfYearLockDate),
        currencies=tuple(shaped(each, CurrencyShape).Code for each in currencies),
        allowed=tuple(allowed.items()),
        barred=tuple(kind for kind, action in _CREATING.items() if not allowed.get(action, True)),
        passes_period_lock=allowed.get("ApproveTransactionsBeforePeriodLockDate", False),
        accounts=tuple(_account_from_wire(each) for each in accounts),
        tax_rates=tuple(_tax_rate_from_wire(each) for each in tax_rates),
    )


def _account_from_wire(element: Any) -> Account:
    shape = shaped(element, AccountShape)
    return Account(
        id=shape.AccountID,
        code=shape.Code,
        name=shape.Name,
        kind=shape.Type,
        classification=shape.Class,
        is_active=shape.Status in ("", "ACTIVE"),
        tax_type=shape.TaxType,
        currency=shape.CurrencyCode,
        is_system=bool(shape.SystemAccount),
    )


def _tax_rate_from_wire(element: Any) -> TaxRate:
    shape = shaped(element, TaxRateShape)
    suits = [name for name, field in zip(_CLASSES, _SUITS, strict=True) if getattr(shape, f"CanApplyTo{field}")]
    return TaxRate(shape.TaxType, shape.Name, shape.EffectiveRate / 100, shape.Status in ("", "ACTIVE"), tuple(suits))
