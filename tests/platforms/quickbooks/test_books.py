"""A company's books: what it is, its chart, its tax codes, and what our defaults mean in it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.platforms.making import answering
from tests.platforms.quickbooks.making import ACCESS, BOOKS, JOURNAL, REALM, fault, told
from tieout.calls import Answer, Call, Request
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.failure import Rejected, RemoteError, Unreachable
from tieout.platforms import quickbooks

COMPANY = {
    "CompanyName": "London Ltd",
    "Country": "GB",
    "DefaultTimeZone": "America/Los_Angeles",  # Intuit's own, wherever the company is
    "NameValue": [{"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}, {"Name": "Sparkle", "Value": "new"}],
}
PREFERENCES = {
    "AccountingInfoPrefs": {"BookCloseDate": "2026-03-31", "ClassTrackingPerTxnLine": True, "TrackDepartments": True},
    "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "GBP"}},
    "TaxPrefs": {"UsingSalesTax": True},
}
ACCOUNTS: list[dict[str, Any]] = [
    {"Id": "35", "Name": "Current", "AccountType": "Bank", "Classification": "Asset", "CurrencyRef": {"value": "GBP"}},
    {"Id": "36", "Name": "Card", "AccountType": "Credit Card", "Classification": "Liability"},
    {"Id": "40", "Name": "Sales", "FullyQualifiedName": "Income:Sales", "AccountType": "Income", "AcctNum": "TO-200"},
    {"Id": "43", "Name": "Fees", "AccountType": "Expense", "Classification": "Expense", "AcctNum": "TO-203"},
    {"Id": "49", "Name": "Reserved", "AccountType": "Other Current Asset", "AcctNum": "TO-209"},
    {"Id": "60", "Name": "Debtors", "AccountType": "Accounts Receivable", "AcctNum": "1100"},
    {"Id": "61", "Name": "Creditors", "AccountType": "Accounts Payable"},
    {"Id": "62", "Name": "Gone", "AccountType": "Income", "Active": False, "AcctNum": "TO-201"},
]


def rates(*ids: str, kind: str = "TaxOnAmount") -> dict[str, Any]:
    details = [{"TaxRateRef": {"value": id}, "TaxTypeApplicable": kind, "TaxOrder": n} for n, id in enumerate(ids)]
    return {"TaxRateDetail": details}


CODES: list[dict[str, Any]] = [
    {"Id": "5", "Name": "20.0% S", "SalesTaxRateList": rates("1"), "PurchaseTaxRateList": rates("2")},
    {"Id": "7", "Name": "0.0% Z", "SalesTaxRateList": rates("3"), "PurchaseTaxRateList": rates("3")},
    {"Id": "8", "Name": "20.0% RC", "SalesTaxRateList": rates("3"), "PurchaseTaxRateList": rates("2", "4")},
    {"Id": "9", "Name": "No VAT", "SalesTaxRateList": {"TaxRateDetail": []}},
    {"Id": "10", "Name": "Half", "SalesTaxRateList": rates("3"), "PurchaseTaxRateList": rates("5")},
    {"Id": "11", "Name": "Old", "Active": False, "SalesTaxRateList": rates("1")},
    {"Id": "12", "Name": "Lost rate", "SalesTaxRateList": rates("99")},
]
RATES: list[dict[str, Any]] = [
    {"Id": "1", "RateValue": 20},
    {
        "Id": "2",
        "EffectiveTaxRate": [{"RateValue": 17.5, "EffectiveDate": "2010", "EndDate": "2011"}, {"RateValue": 20}],
    },
    {"Id": "3", "RateValue": 0},
    {"Id": "4", "RateValue": -20},
    {"Id": "5", "RateValue": 10},
]
LISTS: dict[str, list[dict[str, Any]]] = {
    "Account": ACCOUNTS,
    "TaxCode": CODES,
    "TaxRate": RATES,
    "CompanyCurrency": [{"Code": "USD"}, {"Code": "EUR", "Active": False}, {"Code": "GBP"}],
    "Class": [{"Id": "c-1", "Name": "Amazon", "Active": True}],
    "Department": [{"Id": "l-1", "Name": "UK", "FullyQualifiedName": "EU:UK", "Active": False}],
}


def company(
    about: dict[str, Any] | None = None, preferences: dict[str, Any] | None = None, **lists: list[dict[str, Any]]
) -> tuple[Call, list[str]]:
    """A call that answers for a company; and what it was asked for, in order."""
    asked: list[str] = []

    def call(request: Request) -> Answer:
        url = urlsplit(request.url)
        assert request.method == "GET" and not request.is_write and url.path.startswith(f"/v3/company/{REALM}/")
        path = url.path.split("/")[4]
        if path == "query":
            query = parse_qs(url.query)["query"][0]
            entity = query.split()[3]
            asked.append(entity)
            return told({"QueryResponse": {entity: (LISTS | lists)[entity]}})
        asked.append(path)
        bodies = {
            "companyinfo": {"CompanyInfo": {**COMPANY, **(about or {})}},
            "preferences": {"Preferences": {**PREFERENCES, **(preferences or {})}},
        }
        return told(bodies[path])

    return call, asked


def test_the_chart_says_what_the_company_is_and_holds() -> None:
    call, asked = company()
    books = quickbooks.read_books(call, ACCESS)
    assert asked == ["companyinfo", "preferences", "Account", "TaxCode", "TaxRate", "CompanyCurrency"]
    assert (books.id, books.name, books.country, books.base_currency) == (REALM, "London Ltd", "GB", "GBP")
    assert (books.plan, books.zone, books.currencies) == ("QuickBooks Online Plus", "", ("GBP", "USD"))
    assert books.period_lock_on == date(2026, 3, 31) and not books.is_demo and books.barred == ()


def test_accounts_are_named_by_their_id_and_known_by_their_number() -> None:
    books = quickbooks.read_books(company()[0], ACCESS)
    sales, gone = books.account("40"), books.account("62")
    assert sales is not None and gone is not None
    assert (sales.number, sales.name, sales.kind, sales.classification) == (
        "TO-200",
        "Income:Sales",
        "Income",
        "REVENUE",
    )
    assert {each.code for each in books.accounts if each.kind == "BANK"} == {"35", "36"}
    assert {each.code for each in books.accounts if each.is_system} == {"60", "61"}
    assert {each.code for each in books.accounts if each.is_postable} == {"40", "43", "49"} and not gone.is_active
    kinds = {each.code: each.classification for each in books.accounts}
    assert (kinds["49"], kinds["60"], kinds["61"], kinds["36"]) == ("ASSET", "ASSET", "LIABILITY", "LIABILITY")


def test_a_tax_code_has_the_rate_of_its_list_and_two_where_its_lists_differ() -> None:
    books = quickbooks.read_books(company()[0], ACCESS)
    found = {each.code: (each.rate, each.is_active) for each in books.tax_rates}
    assert found == {
        "5": (Decimal("0.2"), True),
        "7": (Decimal(0), True),
        "8": (Decimal(0), True),  # the reverse charge takes what it gives
        "9": (Decimal(0), True),
        "10": (Decimal(0), True),
        "10:purchase": (Decimal("0.1"), True),
        "11": (Decimal("0.2"), False),
        "12": (Decimal(0), False),  # its rate is not listed: nobody may choose it
    }
    suits = {each.code: set(each.suits) for each in books.tax_rates}
    assert suits["5"] == suits["9"] == {"REVENUE", "LIABILITY", "EQUITY", "EXPENSE", "ASSET"}
    assert suits["10"] == {"REVENUE", "LIABILITY", "EQUITY"} and suits["10:purchase"] == {"EXPENSE", "ASSET"}


@pytest.mark.parametrize(
    ("kind", "rate"), [("TaxOnAmount", "0.15"), ("TaxOnAmountPlusTax", "0.155"), ("TaxOnTax", "0.01")]
)
def test_rates_on_top_of_rates(kind: str, rate: str) -> None:
    codes = [{"Id": "1", "Name": "Two", "SalesTaxRateList": rates("1", "2", kind=kind)}]
    some = [{"Id": "1", "RateValue": 5}, {"Id": "2", "RateValue": 10}]
    if kind == "TaxOnTax":
        codes[0]["SalesTaxRateList"]["TaxRateDetail"][0]["TaxTypeApplicable"] = "TaxOnAmount"  # type: ignore[index]
        rate = "0.055"
    books = quickbooks.read_books(company(TaxCode=codes, TaxRate=some)[0], ACCESS)
    assert books.tax_rates[0].rate == Decimal(rate)


@pytest.mark.parametrize(
    ("about", "preferences"),
    [({"Country": "US"}, {}), ({}, {"TaxPrefs": {"UsingSalesTax": False}})],
)
def test_in_the_us_and_without_sales_tax_there_is_no_code_but_the_one_for_none(
    about: dict[str, Any], preferences: dict[str, Any]
) -> None:
    books = quickbooks.read_books(company(about, preferences)[0], ACCESS)
    (rate,) = books.tax_rates
    assert (rate.code, rate.rate) == ("NON", Decimal(0))
    assert all(rate.fits(account) for account in books.accounts)


def test_one_currency_asks_for_no_others_and_a_missing_closing_date_says_nothing() -> None:
    preferences = {"CurrencyPrefs": {"HomeCurrency": {"value": "GBP"}}, "AccountingInfoPrefs": {}}
    call, asked = company(None, preferences)
    books = quickbooks.read_books(call, ACCESS)
    assert books.currencies == ("GBP",) and books.period_lock_on is None and "CompanyCurrency" not in asked


def test_a_probe_is_two_calls_and_leaves_the_chart_out() -> None:
    call, asked = company()
    books = quickbooks.probe(call, ACCESS)
    assert asked == ["companyinfo", "preferences"] and books.accounts == () == books.tax_rates
    assert books.name == "London Ltd"


def test_companies_for_trying_out_are_marked_and_linked_there() -> None:
    app = replace(ACCESS.app, urls={**ACCESS.app.urls, "api": "https://sandbox-quickbooks.api.test"})
    books = quickbooks.probe(company()[0], replace(ACCESS, app=app))
    assert books.is_demo
    link = quickbooks.link(books, JOURNAL, "7")
    assert link == f"https://sandbox.qbo.intuit.com/login?deeplinkcompanyid={REALM}&pagereq=journal%3FtxnId%3D7"


def test_classes_and_locations_are_read_where_they_are_on() -> None:
    call, asked = company()
    found = [(each.entity, each.id, each.name, each.is_active) for each in quickbooks.tracking(call, ACCESS)]
    assert found == [("Class", "c-1", "Amazon", True), ("Department", "l-1", "EU:UK", False)]
    call, asked = company(None, {"AccountingInfoPrefs": {}})
    assert quickbooks.tracking(call, ACCESS) == () and asked == ["preferences"]


@pytest.mark.parametrize(
    ("about", "preferences", "lists"),
    [
        ({}, {"CurrencyPrefs": {}}, {}),
        ({}, {"AccountingInfoPrefs": {"BookCloseDate": "soon"}}, {}),
        ({}, {"TaxPrefs": 5}, {}),
        ({"NameValue": "none"}, {}, {}),
        ({}, {}, {"Account": [{"Id": {}}]}),
    ],
)
def test_a_chart_that_cannot_be_read_is_not_guessed(about: Any, preferences: Any, lists: Any) -> None:
    with pytest.raises(Unreachable):
        quickbooks.read_books(company(about, preferences, **lists)[0], ACCESS)


@pytest.mark.parametrize(("answer", "error"), [(told(fault("3100", "no"), 403), RemoteError), (told({}), Unreachable)])
def test_what_a_company_refuses_is_raised(answer: Answer, error: type[RemoteError]) -> None:
    with pytest.raises(error):
        quickbooks.probe(lambda _request: answer, ACCESS)


def test_the_rate_of_a_day_is_exact_and_a_missing_one_is_named() -> None:
    call, asked = answering(told(b'{"ExchangeRate":{"Rate":1.400374,"SourceCurrencyCode":"USD"}}'))
    found = quickbooks.rate(call, ACCESS, "USD", date(2026, 7, 30))
    assert found == Decimal("1.400374")
    query = parse_qs(urlsplit(asked[0].url).query)
    assert (query["sourcecurrencycode"], query["asofdate"]) == (["USD"], ["2026-07-30"])
    for missing in ("{}", '{"Rate":0}', '{"Rate":"x"}'):
        call, _ = answering(told(f'{{"ExchangeRate":{missing}}}'.encode()))
        with pytest.raises(Rejected, match="USD"):
            quickbooks.rate(call, ACCESS, "USD", date(2026, 7, 30))


def with_rates(country: str, *rates: TaxRate) -> Books:
    return replace(BOOKS, country=country, tax_rates=rates)


ALL = ("REVENUE", "LIABILITY", "EQUITY", "EXPENSE", "ASSET")


@pytest.mark.parametrize(
    ("books", "account", "tax", "expected"),
    [
        (BOOKS, "TO-200", "OUTPUT2", ("40", "5")),
        (BOOKS, "TO-203", "INPUT2", ("43", "5")),
        (BOOKS, "TO-209", "NONE", ("49", "9")),  # zero-rated would be another thing
        (BOOKS, "TO-299", "NONE", None),
        (BOOKS, "TO-200", "LUNAR", None),
        (BOOKS, "200", "OUTPUT2", None),
        (replace(BOOKS, country="FR"), "TO-200", "OUTPUT2", None),
        (replace(BOOKS, country="US", tax_rates=quickbooks.chart_wire._NO_RATES), "TO-200", "NONE", ("40", "NON")),
        (with_rates("AU", TaxRate("1", "GST", Decimal("0.1"), suits=ALL)), "TO-200", "OUTPUT", ("40", "1")),
        (with_rates("GB", TaxRate("1", "A", Decimal("0.2"), suits=ALL)), "TO-200", "OUTPUT2", ("40", "1")),
        (
            with_rates("GB", *(TaxRate(name, name, Decimal("0.2"), suits=ALL) for name in "AB")),
            "TO-200",
            "OUTPUT2",
            None,
        ),
        (with_rates("GB", TaxRate("1", "Other", Decimal("0.1"), suits=ALL)), "TO-200", "OUTPUT2", None),
        (
            replace(BOOKS, accounts=(*BOOKS.accounts, Account("90", "90", "x", "Income", "REVENUE", number="TO-200"))),
            "TO-200",
            "OUTPUT2",
            None,
        ),
    ],
)
def test_our_defaults_are_adopted_where_there_is_no_doubt(
    books: Books, account: str, tax: str, expected: tuple[str, str] | None
) -> None:
    assert quickbooks.adopt(books, account, tax) == expected
