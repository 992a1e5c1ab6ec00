"""Documents, apps and answers for the tests of platforms."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from tieout.calls import Answer, Call, Request
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.plan import Document, PlannedLine
from tieout.core.records import DocumentKind
from tieout.core.secret import Secret
from tieout.platforms import Access, App, Known

URLS = {"login": "http://localhost:1", "identity": "http://localhost:1", "api": "http://localhost:1"}
APP = App("client", Secret("app-secret"), "http://localhost:8000/callback", URLS)
ACCESS = Access(Secret("access-token"), "t1", datetime(2026, 7, 3, 12, tzinfo=UTC), "books-1", APP)
BOOKS = Books(
    id="books-1",
    name="Books",
    country="GB",
    base_currency="GBP",
    accounts=(
        Account("a-1", "200", "Sales", "REVENUE", "REVENUE"),
        Account("a-2", "400", "Fees", "EXPENSE", "EXPENSE"),
        Account("a-3", "090", "Bank", "BANK", "ASSET"),
    ),
    tax_rates=(TaxRate("OUTPUT2", "20% on income", Decimal("0.20"), suits=("REVENUE",)),),
)
KNOWN = Known(BOOKS, {"Amazon.co.uk": "c-1"})


def line(
    minor: int, currency: str = "GBP", account: str = "200", tax: str = "OUTPUT2", text: str = "Sales"
) -> PlannedLine:
    gross = Money(minor, currency)
    return PlannedLine(text, account, tax, gross, gross, Money.zero(currency), (0,), 1)


def document(
    number: str = "TO-1",
    kind: DocumentKind = DocumentKind.INVOICE,
    currency: str = "GBP",
    lines: tuple[PlannedLine, ...] = (),
) -> Document:
    is_journal = kind is DocumentKind.JOURNAL
    return Document(
        part=1,
        month=Month(2026, 6),
        kind=kind,
        number=number,
        reference=f"{number} settlement",
        contact="" if is_journal else "Amazon.co.uk",
        dated=date(2026, 6, 30),
        due=date(2026, 7, 1),
        currency=currency,
        lines=lines or (line(1234, currency),),
        against="090" if is_journal else "",
    )


def answering(*answers: Answer) -> tuple[Call, list[Request]]:
    """A call that gives these answers in turn, the last one again and again; and what it was asked."""
    asked: list[Request] = []

    def call(request: Request) -> Answer:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    return call, asked


def json_answer(body: str, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": "application/json; charset=utf-8", **named}, body.encode())


Maker = Callable[[Request], Answer]
