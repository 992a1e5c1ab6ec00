"""Named scenarios: apps, people and organisations with their charts, tax rates and currencies, ready to be used."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from urllib.parse import urlsplit

from tieout.sandbox import Doc
from tieout.sandbox.xero.settings import CLASSES, RATE_FLAGS
from tieout.sandbox.xero.state import Books

APP_ID, APP_SECRET = "tieout-demo", "tieout-demo-secret"
REDIRECTS = tuple(
    f"http://localhost{port}{path}"
    for port in ("", ":8000", ":8080", ":5173")
    for path in ("/callback", "/connect/xero/callback", "/oauth/xero/callback")
)
RATES = {
    "USD": "1.2700000000",
    "EUR": "1.1600000000",
    "GBP": "0.7900000000",
    "AUD": "1.9500000000",
    "NZD": "2.1000000000",
}
NAMES = {
    "GBP": "British Pound",
    "USD": "United States Dollar",
    "EUR": "Euro",
    "AUD": "Australian Dollar",
    "NZD": "New Zealand Dollar",
    "SEK": "Swedish Krona",
    "JPY": "Japanese Yen",
}


@dataclass(frozen=True, slots=True)
class Country:
    """Base currency, zone, Xero's name of the zone and version, and which default tax types fill the chart."""

    currency: str
    zone: str
    timezone: str
    version: str
    sale: str
    cost: str
    none: str
    year_end: tuple[int, int]


COUNTRIES = {
    "GB": Country("GBP", "Europe/London", "GMTSTANDARDTIME", "UK", "OUTPUT2", "INPUT2", "NONE", (31, 3)),
    "AU": Country("AUD", "Australia/Sydney", "AUSEASTERNSTANDARDTIME", "AU", "OUTPUT", "INPUT", "BASEXCLUDED", (30, 6)),
    "NZ": Country("NZD", "Pacific/Auckland", "NEWZEALANDSTANDARDTIME", "NZ", "OUTPUT2", "INPUT2", "NONE", (31, 3)),
    "US": Country("USD", "America/New_York", "EASTERNSTANDARDTIME", "US", "OUTPUT", "INPUT", "NONE", (31, 12)),
}


def named(name: str) -> Callable[[Books], Doc]:
    """The scenario of that name. Raises LookupError with the names there are."""
    if name not in SCENARIOS:
        raise LookupError(f"no scenario is called {name}; there are {', '.join(sorted(SCENARIOS))}")
    return SCENARIOS[name]


def app(
    books: Books,
    client_id: str = APP_ID,
    secret: str = APP_SECRET,
    *,
    kind: str = "web",
    name: str = "Tieout demo",
    redirect_uris: Sequence[str] = REDIRECTS,
    created: datetime = datetime(2026, 5, 4, tzinfo=UTC),
    tier: str = "starter",
    certified: bool = False,
    scopes: Sequence[str] = (),
    tenant: str = "",
) -> Doc:
    """Registers an app: `kind` web, pkce or custom (with its scopes and organisation)."""
    row: Doc = {"client_id": client_id, "secret": secret, "type": kind, "name": name, "created": created, "tier": tier}
    addresses = list(dict.fromkeys((*redirect_uris, *books.redirect_uris)))
    row |= {"redirect_uris": addresses, "certified": certified, "scopes": list(scopes), "tenant": tenant}
    return books.shelf.put("app", client_id, row)


def allow(books: Books, redirect_uris: Sequence[str]) -> None:
    """Lets every app be sent back to these addresses and the usual ones, those kept in a file and those to come too.

    Raises ValueError for an address that Xero would not take.
    """
    for uri in redirect_uris:
        parts = urlsplit(uri)
        if not (parts.scheme == "https" and parts.hostname) and not (
            parts.scheme == "http" and parts.hostname == "localhost"
        ):
            raise ValueError(f"{uri} is no redirect address for Xero: it takes https://… and http://localhost… only.")
    books.redirect_uris = tuple(redirect_uris)
    for row in books.shelf.all("app"):
        addresses = list(dict.fromkeys((*row["redirect_uris"], *REDIRECTS, *redirect_uris)))
        if addresses != row["redirect_uris"]:
            books.shelf.put("app", row["client_id"], row | {"redirect_uris": addresses})


def person(books: Books, first: str, last: str, email: str) -> Doc:
    row = {"id": books.shelf.new_id(), "first_name": first, "last_name": last, "email": email}
    return books.shelf.put("user", str(row["id"]), row)


def member(books: Books, tenant: str, user: str, role: str, *, reports: bool = True, bank_admin: bool = False) -> Doc:
    """A person's role in an organisation: STANDARD, FINANCIALADVISER, INVOICEONLY or READONLY."""
    row: Doc = {"tenant": tenant, "user": user, "role": role, "reports": reports, "bank_admin": bank_admin}
    return books.shelf.put("member", f"{tenant}/{user}", row)


def demo_organisation(
    books: Books,
    name: str = "Harbour & Finch Ltd",
    country: str = "GB",
    *,
    plan: str = "PREMIUM",
    currencies: Sequence[str] = ("USD", "EUR"),
    is_demo: bool = False,
) -> Doc:
    """An organisation with its country's chart, tax rates and currencies. Country: GB, AU, NZ or US."""
    here = COUNTRIES[country]
    row = _organisation(books, here, name, country, plan, is_demo)
    tenant = str(row["OrganisationID"])
    if country == "GB":
        row |= {"TaxNumber": "GB 123456789", "SalesTaxPeriod": "QUARTERLY", "SalesTaxBasis": "ACCRUAL"}
    books.shelf.put("organisation", tenant, row)
    _fill(books, tenant, country, here, currencies)
    return row


def _organisation(books: Books, here: Country, name: str, country: str, plan: str, is_demo: bool) -> Doc:
    return {
        "OrganisationID": books.shelf.new_id(),
        "Name": name,
        "LegalName": name,
        "PaysTax": True,
        "Version": here.version,
        "OrganisationType": "COMPANY",
        "OrganisationEntityType": "COMPANY",
        "BaseCurrency": here.currency,
        "CountryCode": country,
        "IsDemoCompany": is_demo,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": here.year_end[0],
        "FinancialYearEndMonth": here.year_end[1],
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY",
        "DefaultSalesTax": "Tax Inclusive",
        "DefaultPurchasesTax": "Tax Inclusive",
        "CreatedDateUTC": books.now(),
        "Timezone": here.timezone,
        "ShortCode": f"!{books.shelf.new_secret(5)}",
        "Class": plan,
        "Edition": "BUSINESS",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
        "_zone": here.zone,
    }


def _fill(books: Books, tenant: str, country: str, here: Country, currencies: Sequence[str]) -> None:
    for code in (here.currency, *currencies):
        row = {"Code": code, "Description": NAMES.get(code, code), "_rate": Decimal(RATES.get(code, "1.2500000000"))}
        books.shelf.put(f"{tenant}/Currencies", code, row)
    for rate in _table("taxrates.csv"):
        if rate["country"] == country:
            books.shelf.put(f"{tenant}/TaxRates", rate["type"], _tax_rate(rate))
    for account in _table("accounts.csv"):
        if country in account["countries"].split():
            made = _account(books, here, account)
            books.shelf.put(f"{tenant}/Accounts", made["AccountID"], made)
    theme = {"BrandingThemeID": books.shelf.new_id(), "Name": "Standard", "SortOrder": 0, "CreatedDateUTC": books.now()}
    books.shelf.put(f"{tenant}/BrandingThemes", str(theme["BrandingThemeID"]), theme)


def _table(name: str) -> list[dict[str, str]]:
    body = resources.files("tieout.sandbox.xero").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(body.splitlines()))


def _tax_rate(rate: dict[str, str]) -> Doc:
    number = Decimal(rate["rate"]).quantize(Decimal("0.0000"))
    row: Doc = {"Name": rate["name"], "TaxType": rate["type"], "Status": "ACTIVE"}
    row |= {"ReportTaxType": rate["report"]} if rate["report"] else {}
    held = rate["classes"].split()
    row |= {flag: letter in held for flag, letter in zip(RATE_FLAGS, "AEXLR", strict=True)}
    row |= {"DisplayTaxRate": number, "EffectiveRate": number}
    part = {"Name": "VAT" if rate["country"] == "GB" else "GST", "Rate": number, "IsCompound": False}
    return row | {"TaxComponents": [part | {"IsNonRecoverable": False}]}


def _account(books: Books, here: Country, account: dict[str, str]) -> Doc:
    kind = account["type"]
    tax = {"sale": here.sale, "cost": here.cost, "none": here.none, "": here.none}.get(account["tax"], account["tax"])
    row: Doc = {
        "AccountID": books.shelf.new_id(),
        "Code": account["code"],
        "Name": account["name"],
        "Status": "ACTIVE",
        "Type": kind,
        "TaxType": tax,
        "Class": CLASSES[kind],
        "EnablePaymentsToAccount": account["payments"] == "Y",
        "ShowInExpenseClaims": False,
        "ReportingCode": "",
        "HasAttachments": False,
        "UpdatedDateUTC": books.now(),
        "AddToWatchlist": False,
    }
    if account["system"]:
        row["SystemAccount"] = account["system"]
    if kind == "BANK":
        number = f"20-00-00-{int(account['code']):08d}"
        row |= {"BankAccountNumber": number, "BankAccountType": "BANK", "CurrencyCode": here.currency}
    return row


def london(books: Books) -> Doc:
    """One organisation in London, a Standard user, the demo's app."""
    made = demo_organisation(books)
    user = person(books, "Lucy", "Harbour", "lucy@harbourandfinch.example")
    member(books, made["OrganisationID"], user["id"], "STANDARD")
    registered = app(books)
    return {
        "tenant": made["OrganisationID"],
        "user": user["id"],
        "client_id": registered["client_id"],
        "client_secret": registered["secret"],
        "redirect_uris": registered["redirect_uris"],
    }


def world_of_four(books: Books) -> Doc:
    """Organisations in the UK, Australia, New Zealand and the US; people of every role; apps of every kind."""
    told = london(books)
    told["organisations"] = {"GB": told["tenant"]}
    for country, name, plan in (
        ("AU", "Wattle Trading Pty Ltd", "PREMIUM"),
        ("NZ", "Kauri Goods Ltd", "STANDARD"),
        ("US", "Bluebird Supply Inc", "PREMIUM"),
    ):
        currencies = () if plan == "STANDARD" else ("USD",) if country != "US" else ("EUR",)
        made = demo_organisation(books, name, country, plan=plan, currencies=currencies)
        told["organisations"][country] = made["OrganisationID"]
    told["users"] = {"STANDARD": told["user"]}
    for role, first in (("FINANCIALADVISER", "Ada"), ("INVOICEONLY", "Ian"), ("READONLY", "Rhea")):
        someone = person(books, first, role.title(), f"{first.lower()}@example.com")
        told["users"][role] = someone["id"]
        for tenant in told["organisations"].values():
            member(books, tenant, someone["id"], role, bank_admin=role == "FINANCIALADVISER")
    for tenant in list(told["organisations"].values())[1:]:
        member(books, tenant, told["user"], "STANDARD")
    _more_apps(books, told)
    return told


def _more_apps(books: Books, told: Doc) -> None:
    old = datetime(2025, 6, 1, tzinfo=UTC)
    app(books, "old-app", "old-secret", name="Old app", created=old, tier="core", certified=True)
    app(books, "pkce-app", "", kind="pkce", name="Command line")
    app(books, "plus-app", "plus-secret", name="Plus app", tier="plus", certified=True)
    held = "accounting.invoices accounting.payments accounting.contacts accounting.settings accounting.banktransactions"
    custom = {"kind": "custom", "name": "Custom connection", "scopes": held.split(), "tenant": told["tenant"]}
    app(books, "custom-app", "custom-secret", **custom)


def empty(books: Books) -> Doc:
    """The app alone: no person, no organisation."""
    return {"client_id": app(books)["client_id"]}


SCENARIOS: dict[str, Callable[[Books], Doc]] = {"london": london, "four": world_of_four, "empty": empty}
