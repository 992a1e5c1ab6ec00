"""Ledgerly: an imaginary third platform, whole in this one folder. Its wire is JSON of our own words."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tieout.calls import Answer, Call, Request
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.failure import Disconnected, Rejected
from tieout.core.money import Money
from tieout.core.plan import Document
from tieout.core.records import BooksDocument, BooksLine, Contact, DocumentKind, Form
from tieout.core.secret import Secret
from tieout.platforms import Access, App, Element, Known, Limits, RemoteBooks, TokenSet

NAME, LABEL = "ledgerly", "Ledgerly Books"
FORM = Form.INVOICES
NUMBER_UNIQUE: Mapping[DocumentKind, bool] = {DocumentKind.INVOICE: True, DocumentKind.BILL: False}
APPROVED, DRAFT = "BOOKED", "SKETCH"
URLS: Mapping[str, str] = {
    "login": "https://login.ledgerly.example",
    "identity": "https://identity.ledgerly.example",
    "api": "https://api.ledgerly.example",
}
SCOPES = ("books",)
LONGEST: Mapping[str, int] = {"number": 40, "reference": 200, "description": 200}
FOLLOWUPS = ("attach",)
MOST_ATTACHED_BYTES, MOST_DOCUMENTS, GRACE_SECONDS = 1_000_000, 10, 0
CALLS_A_MINUTE, CALLS_AT_ONCE, CALLS_A_DAY = 600, 5, 0
CALLS_A_SECOND, WRITES_A_MINUTE, READS_A_MONTH = 0, 600, 0


def refused(params: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
    return None if "code" in params else ("connect-never-completes", ("no code came back",))


def authorise_url(app: App, state: str, verifier: str) -> str:
    return f"{app.urls['login']}/consent?{urlencode({'client_id': app.client_id, 'state': state})}"


def exchange(call: Call, app: App, params: Mapping[str, str], verifier: str) -> TokenSet:
    return _tokens(_asked(call, "POST", f"{app.urls['identity']}/token", {"code": params["code"]}))


def refresh(call: Call, app: App, token: Secret) -> TokenSet:
    return _tokens(_asked(call, "POST", f"{app.urls['identity']}/token", {"refresh": token.reveal()}))


def revoke(call: Call, app: App, token: Secret) -> None:
    _asked(call, "POST", f"{app.urls['identity']}/revoke", {"refresh": token.reveal()})


def connections(call: Call, app: App, token: Secret, consent_id: str = "") -> tuple[RemoteBooks, ...]:
    found = _asked(call, "GET", f"{app.urls['api']}/books", None, token)
    return (RemoteBooks(found["id"], found["id"], found["name"]),)


def disconnect(call: Call, app: App, token: Secret, link_id: str) -> None:
    return


WHY = {"books": "Read and write the books"}
KEEPS_LIST, TELLS_RIGHTS = True, True


def outdated(scopes: Sequence[str]) -> tuple[tuple[str, ...], date | None]:
    return (), None


def try_write(call: Call, access: Access) -> None:
    """Whoever connects may write."""


def home(books: Books) -> str:
    return f"https://ledgerly.example/{books.id}"


def lacking(scopes: Sequence[str]) -> tuple[str, ...]:
    return ()


def limits_of(answer: Answer) -> Limits:
    return Limits()


def probe(call: Call, access: Access) -> Books:
    return read_books(call, access)


def read_books(call: Call, access: Access) -> Books:
    found = _api(call, access, "GET", "books")
    kinds = ("REVENUE", "EXPENSE", "ASSET", "LIABILITY", "EQUITY")
    accounts = tuple(Account(**each) for each in found["accounts"])
    rates = tuple(TaxRate(each["code"], each["name"], Decimal(each["rate"]), suits=kinds) for each in found["taxes"])
    return Books(found["id"], found["name"], "GB", "GBP", currencies=("GBP",), accounts=accounts, tax_rates=rates)


def adopt(books: Books, account: str, tax: str) -> tuple[str, str] | None:
    return account, tax


def rate(call: Call, access: Access, currency: str, on: date) -> Decimal:
    raise AssertionError("documents state no rate here")


def contact(call: Call, access: Access, name: str, key: str) -> Contact:
    found = _api(call, access, "POST", "contacts", {"name": name, "key": key})
    return Contact(found["id"], name)


def how_many_fit(documents: Sequence[Document], known: Known, status: str) -> int:
    return min(len(documents), MOST_DOCUMENTS)


def to_wire(documents: Sequence[Document], known: Known, status: str) -> bytes:
    return json.dumps([_told(each, known, status) for each in documents]).encode()


def send(call: Call, access: Access, kind: DocumentKind, body: bytes, key: str) -> tuple[Element, ...]:
    found = _api(call, access, "POST", "documents", {"key": key, "documents": json.loads(body)})
    return tuple(Element(each["number"], _document(each)) for each in found)


def find(call: Call, access: Access, kind: DocumentKind, numbers: Sequence[str]) -> tuple[BooksDocument, ...]:
    found = _api(call, access, "GET", f"documents?{urlencode({'numbers': ','.join(numbers)})}")
    return tuple(made for each in found if (made := _document(each)).kind is kind)


def gone(call: Call, access: Access, kind: DocumentKind, ids: Sequence[str]) -> Mapping[str, str]:
    return {}


def is_void(status: str) -> bool:
    return status == "STRUCK"


def attach(
    call: Call, access: Access, kind: DocumentKind, document_id: str, filename: str, content: bytes, key: str
) -> None:
    _api(call, access, "POST", f"files/{document_id}", {"name": filename, "bytes": len(content)})


def attachments(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    return tuple(_api(call, access, "GET", f"files/{document_id}"))


def note(call: Call, access: Access, kind: DocumentKind, document_id: str, text: str, key: str) -> None:
    raise AssertionError("documents have no notes here")


def notes(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    return ()


def link(books: Books, kind: DocumentKind, document_id: str) -> str:
    return f"https://app.ledgerly.example/{books.id}/{document_id}"


def _tokens(found: Any) -> TokenSet:
    return TokenSet(Secret(found["access"]), Secret(found["refresh"]), 1800, SCOPES, "", "books:1", "Lena Ledger")


def _told(document: Document, known: Known, status: str) -> dict[str, Any]:
    lines = [[each.description, each.account, each.tax, each.gross.minor, each.vat.minor] for each in document.lines]
    named = {"kind": document.kind.value, "number": document.number, "reference": document.reference, "status": status}
    when = {"dated": document.dated.isoformat(), "due": document.due.isoformat(), "currency": document.currency}
    contact = {"contact": known.contacts[document.contact], "name": document.contact}
    return named | when | contact | {"lines": lines}


def _document(found: Any) -> BooksDocument:
    currency = found["currency"]
    lines = tuple(
        BooksLine(text, account, tax, Money(gross, currency), Money(vat, currency))
        for text, account, tax, gross, vat in found["lines"]
    )
    return BooksDocument(
        id=found["id"],
        kind=DocumentKind(found["kind"]),
        number=found["number"],
        reference=found["reference"],
        contact_id=found["contact"],
        contact_name=found["name"],
        dated=date.fromisoformat(found["dated"]),
        due=date.fromisoformat(found["due"]),
        currency=currency,
        status=found["status"],
        total=Money(sum(line.amount.minor for line in lines), currency),
        tax_total=Money(sum(line.tax_amount.minor for line in lines), currency),
        lines=lines,
    )


def _api(call: Call, access: Access, method: str, path: str, body: Any = None) -> Any:
    return _asked(call, method, f"{access.app.urls['api']}/{path}", body, access.token)


def _asked(call: Call, method: str, url: str, body: Any, token: Secret | None = None) -> Any:
    headers = {"authorization": f"Bearer {token.reveal()}"} if token else {}
    sent = json.dumps(body).encode() if body is not None else None
    answer = call(Request(method, url, headers, sent, template="/ledgerly", is_write=method != "GET"))
    if answer.status == 401:
        raise Disconnected("the token is refused", code="access-token-expired", status=401)
    if answer.status != 200:
        raise Rejected(answer.body.decode(), status=answer.status)
    return json.loads(answer.body)
