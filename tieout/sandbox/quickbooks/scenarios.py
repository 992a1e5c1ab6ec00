"""Named scenarios: companies with their charts, tax codes, names and items, and the people who work in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc, Request
from tieout.sandbox.quickbooks import apps, currency, ledger, refs, taxsets
from tieout.sandbox.quickbooks.refusals import table
from tieout.sandbox.quickbooks.state import Asked, Books, Company, stamp


@dataclass(frozen=True, slots=True)
class Country:
    """Home currency and the way sales tax works."""

    currency: str
    tax_mode: str


COUNTRIES = {
    "GB": Country("GBP", "global"),
    "US": Country("USD", "ast"),
    "AU": Country("AUD", "global"),
    "CA": Country("CAD", "global"),
    "NZ": Country("NZD", "global"),
}
PEOPLE = (
    {"name": "Lucy Harbour", "email": "lucy@harbourandfinch.example", "role": "admin"},
    {"name": "Sam Standard", "email": "sam@harbourandfinch.example", "role": "standard"},
    {"name": "Rita Reports", "email": "rita@harbourandfinch.example", "role": "reports"},
)
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30))
METHODS = (("Cash", "NON_CREDIT_CARD"), ("Cheque", "NON_CREDIT_CARD"), ("Visa", "CREDIT_CARD"))
# What "large" holds: enough to need several pages, and a change feed that overflows.
LARGE = {"customers": 1_200, "invoices": 1_100, "journals": 1_050}


def named(name: str) -> Callable[[Books], Doc]:
    """The scenario of that name. Raises LookupError with the names there are."""
    if name not in SCENARIOS:
        raise LookupError(f"no scenario is called {name}; there are {', '.join(sorted(SCENARIOS))}")
    return SCENARIOS[name]


def demo_company(
    books: Books,
    realm: str,
    name: str,
    country: str,
    *,
    currencies: Sequence[str] = (),
    **facts: Any,
) -> Company:
    """A company with its country's chart, tax codes, terms and a few names and items; `facts` go over the usual ones.

    Raises LookupError for a fact that is none, KeyError for a country that is none.
    """
    here = COUNTRIES[country]
    usual: Doc = {"name": name, "country": country, "home_currency": here.currency, "tax_mode": here.tax_mode}
    usual |= {"users": [dict(one) for one in PEOPLE], "multi_currency": bool(currencies)}
    company = books.found(realm, **(usual | facts))
    for row in table("accounts.csv"):
        if row["countries"] == "*" or country in row["countries"].split():
            _account(company, row["number"], row["name"], row["type"], row["subtype"], row["role"])
    _taxes(company)
    _lists(company, currencies)
    _starters(company)
    return company


def by_hand(company: Company, **query: str) -> Asked:
    """A person at work in the company itself, past the roles of the API."""
    who: Doc = {"name": PEOPLE[0]["name"], "email": PEOPLE[0]["email"], "role": "admin"}
    return Asked(Request("POST", "/"), company, who, {}, company.now(), query)


def _account(company: Company, number: str, name: str, kind: str, subtype: str, role: str) -> str:
    types = {row["type"]: row["classification"] for row in table("accounttypes.csv")}
    row: Doc = {"Name": name, "SubAccount": False, "FullyQualifiedName": name, "Active": True, "AcctNum": number}
    row |= {"Classification": types[kind], "AccountType": kind, "AccountSubType": subtype}
    row |= {"CurrencyRef": currency.ref(currency.home(company))} | ({"_role": role} if role else {})
    return str(_keep(company, "Account", "", row)["Id"])


def _keep(company: Company, entity: str, series: str, row: Doc) -> Doc:
    made = stamp(company.now())
    outside: Doc = {"Id": company.next_id(series), "SyncToken": "0", "domain": "QBO", "sparse": False}
    return company.put(entity, row | outside | {"MetaData": {"CreateTime": made, "LastUpdatedTime": made}})


def _taxes(company: Company) -> None:
    facts = company.facts
    if facts["tax_mode"] == "none":
        return
    subtype = "SalesTaxPayable" if facts["country"] == "US" else "GlobalTaxPayable"
    held = {
        row["name"]: _account(company, row["number"], row["account"], "Other Current Liability", subtype, "tax")
        for row in table("agencies.csv")
        if row["country"] == facts["country"]
    }
    taxsets.seed(company, held)


def _lists(company: Company, currencies: Sequence[str]) -> None:
    for name, days in TERMS:
        _keep(company, "Term", "term", {"Name": name, "Active": True, "Type": "STANDARD", "DueDays": days})
    for name, kind in METHODS:
        _keep(company, "PaymentMethod", "method", {"Name": name, "Active": True, "Type": kind})
    for code in currencies:
        add_currency(company, code)


def add_currency(company: Company, code: str) -> None:
    row: Doc = {"Code": code, "Name": currency.ref(code)["name"], "Active": True}
    _keep(company, "CompanyCurrency", "currency", row)


def _starters(company: Company) -> None:
    """One item, and the names that a first document needs."""
    asked, income = by_hand(company), refs.with_role(company, "income")
    assert income is not None, "every chart has an account of income"
    goods: Doc = {"Name": "Goods", "Type": "NonInventory", "IncomeAccountRef": {"value": income["Id"]}}
    expense = refs.with_role(company, "cost")
    goods |= {"ExpenseAccountRef": {"value": expense["Id"]}} if expense else {}
    ledger.create(asked, "Item", goods | {"Taxable": company.facts["country"] == "US"})
    ledger.create(asked, "Customer", {"DisplayName": "Corner Shop"})
    ledger.create(asked, "Vendor", {"DisplayName": "Paper Mill"})
    ledger.create(asked, "Employee", {"GivenName": "Edna", "FamilyName": "Employee"})


def _told(*companies: Company) -> Doc:
    first = companies[0]
    return {
        "realm": first.realm,
        "tenant": first.realm,
        "companies": {company.facts["country"]: company.realm for company in companies},
        "users": {user["role"]: user["email"] for user in first.facts["users"]},
        "user": first.facts["users"][0]["email"],
        "client_id": apps.APP_ID,
        "client_secret": apps.APP_SECRET,
    }


def _london(books: Books) -> Company:
    return demo_company(books, "9341453908059321", "Harbour & Finch Ltd", "GB")


def _new_york(books: Books) -> Company:
    return demo_company(books, "9341453908059322", "Bluebird Supply Inc", "US")


def _sydney(books: Books) -> Company:
    return demo_company(books, "9341453908059323", "Wattle Trading Pty Ltd", "AU")


def _toronto(books: Books) -> Company:
    return demo_company(books, "9341453908059324", "Maple Goods Ltd", "CA", currencies=("USD", "EUR", "GBP"))


def everywhere(books: Books) -> Doc:
    """All four companies, with the same people."""
    return _told(_london(books), _new_york(books), _sydney(books), _toronto(books))


def large(books: Books) -> Doc:
    """London with more customers, invoices and journals than one answer holds."""
    company = _london(books)
    asked, day = by_hand(company), date(2026, 1, 1)
    ids = [
        ledger.create(asked, "Customer", {"DisplayName": f"Customer {number:04d}"})["Id"]
        for number in range(LARGE["customers"])
    ]
    item, code = company.rows("Item")[0]["Id"], company.find("TaxCode", "Name", "20.0% S")[0]["Id"]
    for number in range(LARGE["invoices"]):
        detail = {"ItemRef": {"value": item}, "TaxCodeRef": {"value": code}}
        line = {"DetailType": "SalesItemLineDetail", "Amount": Decimal(number % 90 + 10), "SalesItemLineDetail": detail}
        body: Doc = {"CustomerRef": {"value": ids[number % len(ids)]}, "Line": [line], "DocNumber": f"L-{number:05d}"}
        body |= {"GlobalTaxCalculation": "TaxExcluded", "TxnDate": (day + timedelta(days=number % 300)).isoformat()}
        ledger.create(asked, "Invoice", body)
    sales, bank = (company.find("Account", "AcctNum", number)[0]["Id"] for number in ("TO-200", "1200"))
    for number in range(LARGE["journals"]):
        amount, when = Decimal(number % 400 + 1), (day + timedelta(days=number % 300)).isoformat()
        lines = [side("Debit", bank, amount), side("Credit", sales, amount)]
        ledger.create(asked, "JournalEntry", {"Line": lines, "TxnDate": when, "DocNumber": f"J-{number:05d}"})
    return _told(company)


def side(posting: str, account: str, amount: Decimal) -> Doc:
    """One side of a journal as a client would send it."""
    detail = {"PostingType": posting, "AccountRef": {"value": account}}
    return {"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": detail}


def empty(books: Books) -> Doc:
    """The app alone: no company, no person."""
    return {"client_id": apps.APP_ID, "client_secret": apps.APP_SECRET}


SCENARIOS: dict[str, Callable[[Books], Doc]] = {
    "london": lambda books: _told(_london(books)),
    "new-york": lambda books: _told(_new_york(books)),
    "sydney": lambda books: _told(_sydney(books)),
    "toronto": lambda books: _told(_toronto(books)),
    "everywhere": everywhere,
    "large": large,
    "empty": empty,
}
