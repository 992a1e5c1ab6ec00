"""Currencies: which a document may be in, its rate, and the rates QuickBooks itself knows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import refs
from tieout.sandbox.quickbooks.refusals import Findings, fault, table
from tieout.sandbox.quickbooks.state import Asked, Company, stamp

ONE = Decimal(1)


def home(company: Company) -> str:
    return str(company.facts["home_currency"])


def known(company: Company, code: str) -> bool:
    """Whether the company may use the currency: its own, or one of its list once multi-currency is on."""
    if code == home(company):
        return True
    if not company.facts["multi_currency"]:
        return False
    return any(row.get("Active", True) for row in company.find("CompanyCurrency", "Code", code))


def of_document(asked: Asked, body: Doc, findings: Findings, of_name: str = "") -> tuple[str, Decimal]:
    """Currency and rate of a document; `of_name` is the currency of its customer or vendor.

    A currency of its own needs a rate (2410); one that is not the name's is refused. A rate for the company's own
    currency is ignored, as clients send one always.
    """
    company = asked.company
    code = refs.value(body, "CurrencyRef") or of_name or home(company)
    if not known(company, code):
        findings.add("currency-invalid", value=code)
        return home(company), ONE
    if of_name and code != of_name:
        findings.add("one-currency")
    if code == home(company):
        return code, ONE
    rate = body.get("ExchangeRate")
    if not isinstance(rate, Decimal) or rate <= 0:
        findings.add("currency-rate-missing")
        return code, ONE
    return code, rate


def shown(company: Company, code: str, rate: Decimal) -> Doc:
    """The currency as a document shows it. Companies of one currency show it too."""
    row: Doc = {"CurrencyRef": ref(code)}
    return row | ({"ExchangeRate": rate} if company.facts["multi_currency"] else {})


def ref(code: str) -> Doc:
    return {"value": code, "name": next((r["name"] for r in table("currencies.csv") if r["code"] == code), code)}


def check_account(company: Company, account: Doc, code: str, findings: Findings) -> None:
    """An account kept in a foreign currency takes documents of that currency only; receivables and payables are kept
    by currency, each in an account of its own."""
    held = account.get("CurrencyRef", {}).get("value", home(company))
    is_control = account["AccountType"] in {"Accounts Receivable", "Accounts Payable"}
    if held != code and (is_control or held != home(company)):
        findings.add("one-currency")


def exchange_rate(asked: Asked, currency: str, given: str) -> Doc:
    """QuickBooks' own rate of a day: units of the home currency for one of `currency`. Raises Fault."""
    company = asked.company
    try:
        day = date.fromisoformat(given) if given else company.today()
    except ValueError:
        raise fault("date-invalid", name="asofdate", value=given) from None
    if not any(row["code"] == currency for row in table("currencies.csv")):
        raise fault("currency-invalid", value=currency)
    return {
        "SourceCurrencyCode": currency,
        "TargetCurrencyCode": home(company),
        "Rate": _rate(currency, home(company), day),
        "AsOfDate": day.isoformat(),
        "MetaData": {"LastUpdatedTime": stamp(asked.now)},
        "domain": "QBO",
        "sparse": False,
    }


def _rate(source: str, target: str, day: date) -> Decimal:
    if source == target:
        return ONE
    worth = {row["code"]: Decimal(row["usd"]) for row in table("currencies.csv")}
    # A little different every day, the same whenever it is asked.
    drift = ONE + Decimal((day.toordinal() * 7919 + len(source + target)) % 401 - 200) / Decimal(100_000)
    return (worth[source] / worth[target] * drift).quantize(Decimal("0.000001"))
