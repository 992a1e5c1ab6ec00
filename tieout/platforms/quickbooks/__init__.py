"""QuickBooks Online: its verbs. Each makes its calls once, in the order shown; what did not work is a RemoteError.

A settlement becomes a JournalEntry; up to thirty go in one batch, whose items stand alone and are judged one by one.
Numbers of journals are not unique, so they are looked for before anything is sent again. There are no drafts.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from tieout.calls import Answer, Call, correlation_id
from tieout.core.chart import Books
from tieout.core.failure import Failure, FailureKind, Rejected
from tieout.core.plan import Document
from tieout.core.records import BooksDocument, DocumentKind, Form
from tieout.platforms import Access, Element, Known
from tieout.platforms._exact import Unreadable, shaped
from tieout.platforms.quickbooks import attaching, wire
from tieout.platforms.quickbooks._asking import ask, is_sandbox, named, opened, read, reading, rows, understood
from tieout.platforms.quickbooks.attaching import attachable
from tieout.platforms.quickbooks.chart_wire import (
    PreferencesShape,
    Tracked,
    adopted,
    books_from_wire,
    tracked_from_wire,
)
from tieout.platforms.quickbooks.consent import (
    GRACE_SECONDS,
    SCOPES,
    authorise_url,
    connections,
    disconnect,
    exchange,
    lacking,
    refresh,
    refused,
    revoke,
)
from tieout.platforms.quickbooks.customers import contact
from tieout.platforms.quickbooks.errors import fault_in, limits_of, refusal
from tieout.platforms.quickbooks.records import (
    Change,
    Changes,
    changed_records,
    create_record,
    query_records,
    read_record,
    update_record,
    void_record,
)

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
    "LABEL",
    "LONGEST",
    "MOST_DOCUMENTS",
    "NAME",
    "NUMBER_UNIQUE",
    "READS_A_MONTH",
    "SCOPES",
    "URLS",
    "WRITES_A_MINUTE",
    "Change",
    "Changes",
    "adopt",
    "attach",
    "attachable",
    "attachments",
    "authorise_url",
    "changed_records",
    "connections",
    "contact",
    "create_record",
    "disconnect",
    "exchange",
    "find",
    "how_many_fit",
    "is_void",
    "lacking",
    "limits_of",
    "link",
    "note",
    "notes",
    "probe",
    "query_records",
    "rate",
    "read_books",
    "read_record",
    "refresh",
    "refused",
    "revoke",
    "send",
    "to_wire",
    "tracking",
    "update_record",
    "void_record",
]

NAME, LABEL = "quickbooks", "QuickBooks"
FORM = Form.JOURNALS
NUMBER_UNIQUE: Mapping[DocumentKind, bool] = {DocumentKind.JOURNAL: False}
URLS: Mapping[str, str] = {
    "login": "https://appcenter.intuit.com",
    "identity": "https://developer.api.intuit.com",  # where the discovery document lies
    "api": "https://quickbooks.api.intuit.com",
}
APPROVED, DRAFT = wire.POSTED, wire.POSTED
MOST_DOCUMENTS = 30
LARGEST_BODY = 1_000_000  # Intuit names no limit; this is far above thirty usual journals
CALLS_A_MINUTE, CALLS_AT_ONCE, CALLS_A_SECOND, CALLS_A_DAY = 500, 10, 10, 0
WRITES_A_MINUTE = 40  # batches
READS_A_MONTH = 500_000  # of the smallest tier, of all companies together
FOLLOWUPS = ("attach",)
# The longest texts that documents may carry, by the name of our field.
LONGEST: Mapping[str, int] = {"number": 21, "reference": 3800, "description": 4000}

_ENTITIES = {DocumentKind.JOURNAL: wire.JOURNAL, DocumentKind.INVOICE: "Invoice", DocumentKind.BILL: "Bill"}
_PAGES = {DocumentKind.JOURNAL: "journal", DocumentKind.INVOICE: "invoice", DocumentKind.BILL: "bill"}
_LISTS = ("Account", "TaxCode", "TaxRate")
_EVERY = ("Active", "IN", (True, False))  # else those made inactive are hidden
_LONGEST_QUERY = 6000
# By address and company, for the life of the process: the home currency of a company never changes.
_homes: dict[tuple[str, str], str] = {}


# --- the books ------------------------------------------------------------------------------------------------------


def probe(call: Call, access: Access) -> Books:
    """Whose books these are, without the chart: two calls that prove the access. QuickBooks tells nothing of rights."""
    return _books(call, access)


def read_books(call: Call, access: Access) -> Books:
    """Company, preferences, accounts, tax codes and rates: five calls, and one where there are several currencies."""
    return _books(call, access, *_LISTS)


def tracking(call: Call, access: Access) -> tuple[Tracked, ...]:
    """Classes and locations, each where they are switched on, those made inactive included."""
    entities = _preferences(call, access).tracked
    return tuple(tracked_from_wire(entity, each) for entity in entities for each in rows(call, access, entity, _EVERY))


def adopt(books: Books, account: str, tax: str) -> tuple[str, str] | None:
    """By account number; the tax code that has the rate meant, by its usual name where several have it."""
    return adopted(books, account, tax)


def rate(call: Call, access: Access, currency: str, on: date) -> Decimal:
    """What one unit of the currency is worth in the home currency on that day. Raises Rejected where none is known."""
    query = {"sourcecurrencycode": currency, "asofdate": on.isoformat()}
    found = read(call, access, "exchangerate", "ExchangeRate", query).get("Rate")
    if not isinstance(found, Decimal | int) or isinstance(found, bool) or found <= 0:
        words = f"QuickBooks has no exchange rate for {currency} on {on}; enter one there"
        raise Rejected(words, code="currency-not-enabled")
    return Decimal(found)


def _books(call: Call, access: Access, *lists: str) -> Books:
    company = read(call, access, f"companyinfo/{named('id', access.books_id)}", "CompanyInfo")
    preferences = _preferences(call, access)
    found = {entity: list(rows(call, access, entity, _EVERY)) for entity in lists}
    if lists and preferences.CurrencyPrefs.MultiCurrencyEnabled:
        found["CompanyCurrency"] = list(rows(call, access, "CompanyCurrency"))
    with understood():
        return books_from_wire(access.books_id, company, preferences, is_sandbox(access.app), found)


def _preferences(call: Call, access: Access) -> PreferencesShape:
    found = read(call, access, "preferences", "Preferences")
    with understood():
        preferences = shaped(found, PreferencesShape)
        if not preferences.home:
            raise Unreadable("the preferences name no home currency")
    _homes[access.app.urls["api"], access.books_id] = preferences.home
    return preferences


# --- documents ------------------------------------------------------------------------------------------------------


def how_many_fit(documents: Sequence[Document], known: Known, status: str) -> int:
    """How many of them, counted from the first, one batch can carry; 0 when even the first is too large."""
    size = 0
    for count, document in enumerate(documents[:MOST_DOCUMENTS]):
        size += len(wire.batch_to_wire((document,), known))
        if size > LARGEST_BODY:
            return count
    return min(len(documents), MOST_DOCUMENTS)


def to_wire(documents: Sequence[Document], known: Known, status: str) -> bytes:
    """The bytes of one batch, to be kept and sent unchanged."""
    assert documents and {document.kind for document in documents} == {DocumentKind.JOURNAL}, "only journals are sent"
    assert len(documents) <= MOST_DOCUMENTS, f"a batch takes {MOST_DOCUMENTS} documents"
    return wire.batch_to_wire(documents, known)


def send(call: Call, access: Access, kind: DocumentKind, body: bytes, key: str) -> tuple[Element, ...]:
    """Create what the bytes say, once, under the key. A document that the answer does not mention has no element.

    Raises what concerns all documents alike. OutcomeUnknown: each of them may or may not have been created.
    """
    sent = wire.asked_for(body)
    request = ask(access, "POST", "batch", None, body, key)
    answer = call(request)
    found = opened(request, answer)
    with reading(request, answer):
        elements = wire.items(found, "BatchItemResponse")
    return tuple(_judge(answer, sent, each) for each in elements)


def find(call: Call, access: Access, kind: DocumentKind, numbers: Sequence[str]) -> tuple[BooksDocument, ...]:
    """Every journal of these numbers with its lines. Deleted ones are not shown.

    One call for all numbers, unless there are more than a thousand journals or the address grows too long.
    """
    assert kind is DocumentKind.JOURNAL, "only journals are sent"
    wanted = {number.strip().casefold() for number in numbers}
    found: dict[str, BooksDocument] = {}
    for some in _in_queries(numbers):
        shown = list(rows(call, access, wire.JOURNAL, ("DocNumber", "IN", some)))
        home = "" if all(map(wire.names_currency, shown)) else _home(call, access)
        with understood():
            for document in (wire.journal_from_wire(each, home) for each in shown):
                if document.number.strip().casefold() in wanted:
                    found[document.id] = document  # a page may repeat a row of the page before
    return tuple(found.values())


def is_void(status: str) -> bool:
    return status == wire.VOIDED


def _judge(answer: Answer, sent: Mapping[str, tuple[str, str]], element: Any) -> Element:
    """One item of the answer, matched by its place in the batch, since the order is not kept."""
    item = element if isinstance(element, dict) else {}
    number, currency = sent.get(str(item.get("bId", "")), (None, ""))

    def unclear(*words: str) -> Element:
        correlation = correlation_id(answer)
        return Element(number, failure=Failure(FailureKind.OUTCOME_UNKNOWN, "", words, answer.status, correlation))

    fault, journal = fault_in(item), item.get(wire.JOURNAL)
    if fault and journal:
        return unclear(*fault.words, "the answer contradicts itself")
    if fault:
        return Element(number, failure=refusal(fault, answer))
    try:
        if not isinstance(journal, dict) or not journal.get("Id"):
            raise Unreadable("the answer gives no id")
        document = wire.journal_from_wire(journal, currency)
    except Unreadable as error:
        return unclear(str(error))
    is_altered = document.number != number or document.currency != currency
    words = (f"it was saved as {document.number} in {document.currency}",) if is_altered else ()
    return Element(number, document, warnings=words, is_altered=is_altered)


def _in_queries(numbers: Sequence[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for number in dict.fromkeys(numbers):
        if some and sum(map(len, some)) + len(number) + 4 * len(some) > _LONGEST_QUERY:
            yield some
            some = []
        some.append(number)
    if some:
        yield some


def _home(call: Call, access: Access) -> str:
    known = _homes.get((access.app.urls["api"], access.books_id))
    return known or _preferences(call, access).home


# --- what hangs on a document ---------------------------------------------------------------------------------------


def attach(
    call: Call, access: Access, kind: DocumentKind, document_id: str, filename: str, content: bytes, key: str
) -> None:
    """Attach a file. Ask `attachments` first when it may be there."""
    attaching.attach(call, access, _ENTITIES[kind], document_id, filename, content, key)


def attachments(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    """The names of the files on a document."""
    return attaching.attached(call, access, _ENTITIES[kind], document_id)


def note(call: Call, access: Access, kind: DocumentKind, document_id: str, text: str, key: str) -> None:
    """Never asked: a journal's own note holds what there is to say."""
    raise AssertionError("documents have no notes here")


def notes(call: Call, access: Access, kind: DocumentKind, document_id: str) -> tuple[str, ...]:
    return ()


def link(books: Books, kind: DocumentKind, document_id: str) -> str:
    """Where a person sees the document, in the right company whatever the browser has open. Source: observed links."""
    page = quote(f"{_PAGES[kind]}?txnId={document_id}", safe="")
    if books.is_demo:
        return f"https://sandbox.qbo.intuit.com/login?deeplinkcompanyid={books.id}&pagereq={page}"
    return f"https://qbo.intuit.com/app/login?pagereq={page}&deeplinkcompanyid={books.id}"
