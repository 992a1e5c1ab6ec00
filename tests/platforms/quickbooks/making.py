"""A company, documents and answers for the tests of the QuickBooks client."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tieout.calls import Answer
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.plan import Document, PlannedLine
from tieout.core.records import DocumentKind
from tieout.core.secret import Secret
from tieout.platforms import Access, App, Known

JOURNAL = DocumentKind.JOURNAL
URLS = {"login": "https://login.test", "identity": "https://identity.test", "api": "https://api.test"}
APP = App("client", Secret("app-secret"), "https://tieout.test/callback", URLS)
REALM = "9130357766665555"
ACCESS = Access(Secret("access-token"), "t1", datetime(2026, 7, 3, 12, tzinfo=UTC), REALM, APP)
EXAMPLES = Path(__file__).parents[2] / "examples"

# Accounts of the worked examples by their name there: our id, and what kind it is.
_ACCOUNTS = {
    "TO-200 Amazon sales": ("40", "Income", "REVENUE"),
    "TO-201 Amazon refunds": ("41", "Income", "REVENUE"),
    "TO-202 Amazon reimbursements": ("42", "Other Income", "REVENUE"),
    "TO-203 Amazon seller fees": ("43", "Expense", "EXPENSE"),
    "TO-204 Amazon FBA fees": ("44", "Expense", "EXPENSE"),
    "TO-205 Amazon storage fees": ("45", "Expense", "EXPENSE"),
    "TO-206 Amazon advertising": ("46", "Expense", "EXPENSE"),
    "TO-209 Amazon reserved balances": ("49", "Other Current Asset", "ASSET"),
}
IDS = {name: account for name, (account, _, _) in _ACCOUNTS.items()} | {"Bank": "35"}
CODES = {"20S": "5", "20P": "5", "Z": "7", "NO": "9"}
_BOTH = ("REVENUE", "LIABILITY", "EQUITY", "EXPENSE", "ASSET")

BOOKS = Books(
    id=REALM,
    name="London Ltd",
    country="GB",
    base_currency="GBP",
    accounts=(
        *(
            Account(account, account, name[7:], kind, classification, number=name[:6])
            for name, (account, kind, classification) in _ACCOUNTS.items()
        ),
        Account("35", "35", "Current", "BANK", "ASSET"),
    ),
    tax_rates=(
        TaxRate("5", "20.0% S", Decimal("0.20"), suits=_BOTH),
        TaxRate("7", "0.0% Z", Decimal(0), suits=_BOTH),
        TaxRate("9", "No VAT", Decimal(0), suits=_BOTH),
    ),
)
KNOWN = Known(BOOKS)


def example(name: str) -> list[dict[str, str]]:
    """The rows of a worked example but its last, which is the total."""
    with (EXAMPLES / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))[:-1]


def line(
    net: int, vat: int = 0, account: str = "40", tax: str = "9", text: str = "Sales", in_: str = "GBP"
) -> PlannedLine:
    gross = Money(net + vat, in_)
    return PlannedLine(text, account, tax, gross, Money(net, in_), Money(vat, in_), (0,), 1)


def journal(*lines: PlannedLine, number: str = "TO-00101-K7QXM-1-v1", against: str = "35", **changes: Any) -> Document:
    fields: dict[str, Any] = {
        "part": 1,
        "month": Month(2026, 6),
        "kind": JOURNAL,
        "number": number,
        "reference": "TO-GB-26100000101-1 2026-06 Europe/London",
        "contact": "",
        "dated": date(2026, 6, 30),
        "due": date(2026, 6, 30),
        "currency": "GBP",
        "lines": lines or (line(1234),),
        "against": against,
    }
    return Document(**(fields | changes))


def told(body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer as Intuit gives it, with its own name for the exchange."""
    content = body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": "application/json", "intuit_tid": "1-abc", **named}, content)


def fault(code: Any, message: str = "", detail: str = "", kind: str = "ValidationFault") -> dict[str, Any]:
    error = {"Message": message or "Refused", "Detail": detail or message or "Refused", "code": code, "element": ""}
    return {"Fault": {"Error": [error], "type": kind}, "time": "2026-09-01T19:27:51.208-07:00"}


def sent_journals(body: bytes) -> list[dict[str, Any]]:
    """The journals of a batch, every number exact."""
    return [item["JournalEntry"] for item in json.loads(body, parse_float=Decimal)["BatchItemRequest"]]


def saved(wire: dict[str, Any], record_id: str = "201", **changes: Any) -> dict[str, Any]:
    """What QuickBooks shows of a journal that it saved."""
    shown: dict[str, Any] = json.loads(json.dumps(wire, default=_number))
    return shown | {
        "Id": record_id,
        "SyncToken": "0",
        "domain": "QBO",
        "MetaData": {"LastUpdatedTime": "2026-07-01T02:03:04-07:00"},
        **changes,
    }


def _number(value: Any) -> Any:
    assert isinstance(value, Decimal)
    return float(value)
