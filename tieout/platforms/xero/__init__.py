"""Xero: its verbs. Each makes its calls once, in the order shown, and raises a RemoteError for what did not work.

Creating: PUT /Invoices creates only, sales invoices and bills alike; POST would edit a document of the same number.
Numbers of sales invoices are unique in the books, those of bills are not. An answer of 200 can hold refusals, so every
element is judged by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from tieout.calls import Answer, Call, correlation_id, lost_answer
from tieout.core.chart import Books
from tieout.core.failure import Failure, FailureKind, Unreachable
from tieout.core.openid import Provider
from tieout.core.plan import Document
from tieout.core.records import BooksDocument, DocumentKind, Form
from tieout.platforms import Access, Element, Known
from tieout.platforms._exact import Unreadable
from tieout.platforms.xero import wire
from tieout.platforms.xero._asking import ask, listed, named, opened, reading
from tieout.platforms.xero.chart_wire import books_from_wire
from tieout.platforms.xero.consent import (
    GRACE_SECONDS,
    IDLE_DAYS,
    SCOPES,
    authorise_url,
    connections,
    credentials,
    disconnect,
    exchange,
    keys_refused,
    lacking,
    refresh,
    refused,
    revoke,
)
from tieout.platforms.xero.contacts import contact
from tieout.platforms.xero.errors import alters, limits_of, refusal
from tieout.platforms.xero.permissions import KEEPS_LIST, TELLS_RIGHTS, WHY, outdated, try_write

__all__ = [
    "APPROVED",
    "CALLS_AT_ONCE",
    "CALLS_A_DAY",
    "CALLS_A_MINUTE",
    "CALLS_A_SECOND",
    "DRAFT",
    "FOLLOWUPS",
    "FORM",
    "GRACE_SECONDS",
    "IDLE_DAYS",
    "KEEPS_LIST",
    "LABEL",
    "LONGEST",
    "MOST_ATTACHED_BYTES",
    "MOST_DOCUMENTS",
    "NAME",
    "NUMBER_UNIQUE",
    "READS_A_MONTH",
    "SCOPES",
    "TAKES_CUSTOM_APPS",
    "TELLS_RIGHTS",
    "URLS",
    "WHY",
    "WRITES_A_MINUTE",
    "adopt",
    "attach",
    "attachable",
    "attachments",
    "authorise_url",
    "connections",
    "contact",
    "credentials",
    "disconnect",
    "exchange",
    "find",
    "gone",
    "home",
    "how_many_fit",
    "is_void",
    "keys_refused",
    "lacking",
    "limits_of",
    "link",
    "note",
    "notes",
    "outdated",
    "probe",
    "rate",
    "read_books",
    "refresh",
    "refused",
    "revoke",
    "send",
    "to_wire",
    "try_write",
]

NAME, LABEL = "xero", "Xero"
# Its tokens tell an address, never that it was proven; `xero_userid` names the person as in the tokens for books.
OPENID = Provider(
    name=NAME,
    label=LABEL,
    issuer="https://identity.xero.com",
    discovery="https://identity.xero.com/.well-known/openid-configuration",
    subject="xero_userid",
)
TAKES_CUSTOM_APPS = True  # "custom connections": client credentials, one organisation an app
FORM = Form.INVOICES
NUMBER_UNIQUE: Mapping[DocumentKind, bool] = {DocumentKind.INVOICE: True, DocumentKind.BILL: False}
URLS: Mapping[str, str] = {
    "login": "https://login.xero.com",
    "identity": "https://identity.xero.com",
    "api": "https://api.xero.com",
}
APPROVED, DRAFT = "AUTHORISED", "DRAFT"
MOST_DOCUMENTS = 50
LARGEST_BODY = 3_500_000
CALLS_A_MINUTE, CALLS_AT_ONCE = 60, 5
CALLS_A_SECOND, WRITES_A_MINUTE, CALLS_A_DAY, READS_A_MONTH = 0, CALLS_A_MINUTE, 1000, 0
FOLLOWUPS = ("attach", "note")
MOST_ATTACHED_BYTES = 10_000_000  # the pages say 3, 10 or 25 MB
# The longest texts that documents may carry, by the name of our field.
LONGEST: Mapping[str, int] = {"number": 255, "reference": 255, "description": 4000}

_PAGE_SIZE = 1000
_MOST_PAGES = 20
_LONGEST_QUERY = 6000
_LONGEST_NOTE = 2500
_NOT_IN_FILENAMES = '<>:"/\\?*+|\0'


# --- the books ------------------------------------------------------------------------------------------------------


def probe(call: Call, access: Access) -> Books:
    """Whose books these are and what the person may do there, without the chart: two calls that prove the access."""
    return _books(call, access)


def read_books(call: Call, access: Access) -> Books:
    """Organisation, what the person may do, accounts, tax rates, currencies: five calls."""
    return _books(call, access, "Accounts", "TaxRates", "Currencies")


def adopt(books: Books, account: str, tax: str) -> tuple[str, str] | None:
    """Default mappings speak of accounts by their code and of tax rates by their type, as documents here do."""
    return account, tax


def rate(call: Call, access: Access, currency: str, on: date) -> Decimal:
    """Never asked: Xero converts by its own rate of the day, and a document need not state one."""
    raise AssertionError("documents state no rate here")


def _books(call: Call, access: Access, *lists: str) -> Books:
    request = ask(access, "GET", "Organisation")
    answer = call(request)
    organisations = opened(request, answer, "Organisations")
    if len(organisations) != 1:
        raise lost_answer(request, f"{len(organisations)} organisations in an answer that should hold one")
    actions = listed(call, access, "Organisation/Actions", "Actions")
    charts = [listed(call, access, name, name) for name in lists] or [[], [], []]
    with reading(request, answer):
        return books_from_wire(organisations[0], actions, *charts)


# --- documents ------------------------------------------------------------------------------------------------------


def how_many_fit(documents: Sequence[Document], known: Known, status: str) -> int:
    """How many of them, counted from the first, one call can carry; 0 when even the first is too large."""
    size = 0
    for count, document in enumerate(documents[:MOST_DOCUMENTS]):
        size += len(wire.documents_to_wire((document,), known.contacts, status))
        if size > LARGEST_BODY:
            return count
    return min(len(documents), MOST_DOCUMENTS)


def to_wire(documents: Sequence[Document], known: Known, status: str) -> bytes:
    """The bytes of one call, to be kept and sent unchanged."""
    assert documents and len({document.kind for document in documents}) == 1, "one call, one kind"
    return wire.documents_to_wire(documents, known.contacts, status)


def send(call: Call, access: Access, kind: DocumentKind, body: bytes, key: str) -> tuple[Element, ...]:
    """Create what the bytes say, once, under the key. A document that the answer does not mention has no element.

    Raises what concerns all documents alike. OutcomeUnknown: each of them may or may not have been created.
    """
    query = {"summarizeErrors": "false", "unitdp": "4"}
    request = ask(access, "PUT", "Invoices", query, body, key)
    answer = call(request)
    return tuple(_judge(answer, kind, each) for each in opened(request, answer, "Invoices"))


def find(call: Call, access: Access, kind: DocumentKind, numbers: Sequence[str]) -> tuple[BooksDocument, ...]:
    """Every document of this kind and of these numbers with its lines, void and deleted ones included, by their status.

    One call for all numbers, unless there are more than a thousand documents or the address grows too long.
    """
    wanted = {number.strip().casefold() for number in numbers}
    found: dict[str, BooksDocument] = {}
    for some in _in_queries(numbers):
        for each in _invoices(call, access, {"InvoiceNumbers": some}):
            if each.kind is kind and each.number.strip().casefold() in wanted:
                found[each.id] = each  # a page may repeat a row of the page before
    return tuple(found.values())


def gone(call: Call, access: Access, kind: DocumentKind, ids: Sequence[str]) -> Mapping[str, str]:
    """None ever: what was deleted is shown by `find` with its status."""
    return {}


def is_void(status: str) -> bool:
    return status.upper() in ("VOIDED", "DELETED")


def _judge(answer: Answer, kind: DocumentKind, element: Any) -> Element:
    correlation = correlation_id(answer)

    def unclear(number: str | None, *words: str) -> Element:
        return Element(number, failure=Failure(FailureKind.OUTCOME_UNKNOWN, "", words, answer.status, correlation))

    try:
        judged = wire.judged(element)
    except Unreadable as error:
        return unclear(None, str(error))
    if judged.has_errors:
        if judged.id or not judged.errors:  # refused and created at once, or refused without a word
            return unclear(judged.number, *judged.errors, "the answer contradicts itself")
        return Element(
            judged.number, failure=refusal(judged.errors, answer.status, correlation), warnings=judged.warnings
        )
    if not judged.id:
        return unclear(judged.number, "the answer gives no id")
    try:
        document = wire.document_from_wire(element)
    except Unreadable as error:
        return unclear(judged.number, str(error))
    is_altered = alters(judged.warnings) or document.kind is not kind
    return Element(judged.number, document, warnings=judged.warnings, is_altered=is_altered)


def _in_queries(numbers: Sequence[str]) -> Iterator[str]:
    some = ""
    for number in dict.fromkeys(numbers):
        assert "," not in number, "numbers are listed with commas between them"
        if some and len(some) + len(number) > _LONGEST_QUERY:
            yield some
            some = ""
        some += f",{number}" if some else number
    if some:
        yield some


def _invoices(call: Call, access: Access, query: Mapping[str, str]) -> Iterator[BooksDocument]:
    for page in range(1, _MOST_PAGES + 1):
        # Without `page` the lines are left out.
        paged = {**query, "page": str(page), "pageSize": str(_PAGE_SIZE), "unitdp": "4"}
        request = ask(access, "GET", "Invoices", paged)
        answer = call(request)
        elements = opened(request, answer, "Invoices")
        with reading(request, answer):
            yield from [wire.document_from_wire(each) for each in elements]
        if len(elements) < _PAGE_SIZE:
            return
    raise Unreachable(f"more than {_MOST_PAGES} pages of {_PAGE_SIZE}", code="answer-too-large")


# --- what hangs on a document ---------------------------------------------------------------------------------------


def attach(
    call: Call, access: Access, kind: DocumentKind, document_id: str, filename: str, content: bytes, key: str
) -> None:
    """Attach a file; on a sales invoice its reader sees it online too. Ask `attachments` first when it may be there."""
    path = f"Invoices/{named('id', document_id)}/Attachments/{named('name', attachable(filename))}"
    query = {"IncludeOnline": "true"} if kind is DocumentKind.INVOICE else {}
    request = ask(access, "PUT", path, query, content, key, "application/octet-stream")
    opened(request, call(request), "Attachments")


def attachments(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    """The names of the files on a document."""
    found = listed(call, access, f"Invoices/{named('id', document_id)}/Attachments", "Attachments")
    return tuple(str(each.get("FileName", "")) for each in found if isinstance(each, dict))


def attachable(filename: str) -> str:
    """The name as Xero takes it: no folder, none of the characters it refuses, at most 255 long with its ending."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join("_" if each in _NOT_IN_FILENAMES or ord(each) < 32 else each for each in last).strip() or "file"
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= 255 else f"{stem[: 254 - len(ending)]}{dot}{ending}"[:255]


def note(call: Call, access: Access, kind: DocumentKind, document_id: str, text: str, key: str) -> None:
    """Write into the document's history, which nobody can edit; what is too long ends in an ellipsis."""
    kept = text if len(text) <= _LONGEST_NOTE else text[: _LONGEST_NOTE - 1] + "…"
    path = f"Invoices/{named('id', document_id)}/History"
    request = ask(access, "PUT", path, None, wire.note_to_wire(kept), key)
    opened(request, call(request), "HistoryRecords")


def notes(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    """What the document's history says, ours and theirs."""
    found = listed(call, access, f"Invoices/{named('id', document_id)}/History", "HistoryRecords")
    return tuple(str(each.get("Details", "")) for each in found if isinstance(each, dict))


def link(books: Books, kind: DocumentKind, document_id: str) -> str:
    """Where a person sees the document, in the right organisation. Source: deep links of xero-command-line."""
    code = quote(books.short_code, safe="!")
    if kind is DocumentKind.INVOICE:
        return f"https://go.xero.com/app/{code}/invoicing/view/{document_id}"
    path = f"/AccountsPayable/Edit.aspx?InvoiceID={document_id}"
    return f"https://go.xero.com/organisationlogin/default.aspx?shortcode={code}&redirecturl={path}"


def home(books: Books) -> str:
    """Where a person finds these books. Source: deep links of xero-command-line."""
    return f"https://go.xero.com/app/{quote(books.short_code, safe='!')}/dashboard" if books.short_code else ""
