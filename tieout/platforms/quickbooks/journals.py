"""Journals in QuickBooks: sent in batches, each judged by itself, and looked for by number."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tieout.calls import Answer, Call, correlation_id
from tieout.core.failure import Failure, FailureKind
from tieout.core.plan import Document
from tieout.core.records import BooksDocument, DocumentKind
from tieout.platforms import Access, Element, Known
from tieout.platforms._exact import Unreadable
from tieout.platforms.quickbooks import wire
from tieout.platforms.quickbooks._asking import ask, opened, reading, rows, understood
from tieout.platforms.quickbooks.company import home_currency
from tieout.platforms.quickbooks.errors import fault_in, refusal

MOST_DOCUMENTS = 30
LARGEST_BODY = 1_000_000  # Intuit names no limit; this is far above thirty usual journals
BATCH_TIMEOUT_SECONDS = 120.0  # Intuit cuts what takes longer; to give up earlier would only leave more in doubt
_LONGEST_QUERY = 6000


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
    request = ask(access, "POST", "batch", None, body, key, timeout_seconds=BATCH_TIMEOUT_SECONDS)
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
        home = "" if all(map(wire.names_currency, shown)) else home_currency(call, access)
        with understood():
            for document in (wire.journal_from_wire(each, home) for each in shown):
                if document.number.strip().casefold() in wanted:
                    found[document.id] = document  # a page may repeat a row of the page before
    return tuple(found.values())


def gone(call: Call, access: Access, kind: DocumentKind, ids: Sequence[str]) -> Mapping[str, str]:
    """Journals that were deleted: no query shows them, whatever their number. One that was renumbered is still there.

    A journal is deleted by hand more often than voided, and nothing of it is left.
    """
    shown: set[str] = set()
    for some in _in_queries(ids):
        shown |= {str(each.get("Id", "")) for each in rows(call, access, wire.JOURNAL, ("Id", "IN", some))}
    return {each: wire.DELETED for each in ids if each not in shown}


def is_void(status: str) -> bool:
    return status in (wire.VOIDED, wire.DELETED)


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
