"""Our journals as QuickBooks' JSON and back; with `chart_wire` all that knows the names of its fields. Pure.

Amounts on the wire are positive, a line says its side. Each planned line goes as its net with its tax beside it, never
reckoned again, so that both sides are equal to the last digit; the account against them comes last. Sources: Intuit's
pages on JournalEntry and batch, its schema Finance.xsd. Enums grow, so every word of theirs stays text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tieout.core.chart import Books
from tieout.core.money import Money, PrecisionExcess, total
from tieout.core.plan import Document, PlannedLine
from tieout.core.records import BooksDocument, BooksLine, DocumentKind
from tieout.platforms import Known
from tieout.platforms._exact import Unreadable, encode, shaped, tree
from tieout.platforms.quickbooks.chart_wire import NO_TAX, Reference, side, tax_code_id

JOURNAL, LINE, DETAIL = "JournalEntry", "Line", "JournalEntryLineDetail"
POSTED, VOIDED, DELETED = "POSTED", "VOIDED", "DELETED"
_CREDIT, _DEBIT = "Credit", "Debit"
_SETTLEMENT = re.compile(r"[A-Z0-9]+-[A-Z]{2}-(.+)-\d+")
_MARKER = re.compile(r" ?\[src:[^\]]*\]$")


@dataclass(frozen=True, slots=True)
class Tracking:
    """The class and the location that a line is posted under, by their ids; blank for none."""

    class_id: str = ""
    location_id: str = ""


def untracked(_line: PlannedLine) -> Tracking:
    return Tracking()


class DetailShape(msgspec.Struct):
    PostingType: str = ""
    AccountRef: Reference = msgspec.field(default_factory=Reference)
    TaxCodeRef: Reference = msgspec.field(default_factory=Reference)
    TaxAmount: Decimal = Decimal(0)


class LineShape(msgspec.Struct):
    Description: str = ""
    Amount: Decimal = Decimal(0)
    JournalEntryLineDetail: DetailShape | None = None


class MetaShape(msgspec.Struct):
    LastUpdatedTime: str = ""


class JournalShape(msgspec.Struct):
    Id: str = ""
    DocNumber: str = ""
    TxnDate: str = ""
    PrivateNote: str = ""
    CurrencyRef: Reference = msgspec.field(default_factory=Reference)
    Line: list[LineShape] = msgspec.field(default_factory=list)
    MetaData: MetaShape = msgspec.field(default_factory=MetaShape)


# --- out ------------------------------------------------------------------------------------------------------------


def batch_to_wire(
    documents: Sequence[Document], known: Known, tracking: Callable[[PlannedLine], Tracking] = untracked
) -> bytes:
    """The body of one batch, its items numbered from 1. The same documents give the same bytes."""
    items = [
        {"bId": str(place), "operation": "create", JOURNAL: _journal_to_wire(document, known, tracking)}
        for place, document in enumerate(documents, 1)
    ]
    return encode({"BatchItemRequest": items})


def _journal_to_wire(document: Document, known: Known, tracking: Callable[[PlannedLine], Tracking]) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "DocNumber": document.number,
        "TxnDate": document.dated.isoformat(),
        "PrivateNote": note_of(document.reference),
        "CurrencyRef": {"value": document.currency},
    }
    if document.currency != known.books.base_currency:
        wire["ExchangeRate"] = known.rates[document.currency, document.dated]
    # A line of nothing moves nothing, and amounts have to be positive. Where all are nothing, QuickBooks shall say so.
    lines = [line for line in document.lines if line.gross or line.vat] or document.lines
    wire[LINE] = [_line_to_wire(line, known.books, tracking(line)) for line in lines]
    if document.against:
        wire[LINE].append(_line(-document.total, "", {"AccountRef": {"value": document.against}}))
    if any(_is_taxed(line, known.books) for line in lines):
        wire["GlobalTaxCalculation"] = "TaxExcluded"
    return wire


def _line_to_wire(line: PlannedLine, books: Books, tracking: Tracking) -> dict[str, Any]:
    detail: dict[str, Any] = {"AccountRef": {"value": line.account}}
    if tracking.class_id:
        detail["ClassRef"] = {"value": tracking.class_id}
    if tracking.location_id:
        detail["DepartmentRef"] = {"value": tracking.location_id}
    if _is_taxed(line, books):
        account = books.account(line.account)
        detail["TaxCodeRef"] = {"value": tax_code_id(line.tax)}
        detail["TaxApplicableOn"] = side(account.classification if account else "", line.gross.minor < 0)
        detail["TaxAmount"] = abs(line.vat).amount
    return _line(line.net, line.description, detail)


def _line(amount: Money, description: str, detail: dict[str, Any]) -> dict[str, Any]:
    posting = {"PostingType": _DEBIT if amount.minor < 0 else _CREDIT}
    words = {"Description": description} if description else {}
    return {**words, "Amount": abs(amount).amount, "DetailType": DETAIL, DETAIL: {**posting, **detail}}


def _is_taxed(line: PlannedLine, books: Books) -> bool:
    """Lines of US companies name no code: Intuit's own reckoning would tax them again."""
    return books.country != "US" and line.tax != NO_TAX


def note_of(reference: str) -> str:
    """The reference, and the settlement once more in a form that is easily searched for."""
    found = _SETTLEMENT.fullmatch(reference.partition(" ")[0])
    return f"{reference} [src:{found[1]}]" if found else reference


# --- in -------------------------------------------------------------------------------------------------------------


def items(found: Any, name: str) -> list[Any]:
    """The list under a name. Raises Unreadable when the answer has another shape."""
    some = found.get(name) if isinstance(found, dict) else None
    if not isinstance(some, list):
        raise Unreadable(f"the answer has no list {name}")
    return some


def asked_for(body: bytes) -> dict[str, tuple[str, str]]:
    """Number and currency of each journal of a batch of ours, by its place in it."""
    return {
        item["bId"]: (item[JOURNAL]["DocNumber"], item[JOURNAL]["CurrencyRef"]["value"])
        for item in tree(body).get("BatchItemRequest", [])
    }


def names_currency(journal: Mapping[str, Any]) -> bool:
    """Companies that keep one currency only may leave it out."""
    return bool(journal.get("CurrencyRef"))


def journal_from_wire(element: Any, otherwise_currency: str) -> BooksDocument:
    """One journal. Raises Unreadable when it is none, or a figure of it is no amount of its currency."""
    shape = shaped(element, JournalShape)
    currency = shape.CurrencyRef.value or otherwise_currency
    try:
        lines = tuple(_line_from_wire(line, currency) for line in shape.Line if line.Amount or _detail(line))
        debits = -total((line.amount for line in lines if line.amount.minor < 0), currency)
        tax = total((line.tax_amount for line in lines), currency)
        dated = date.fromisoformat(shape.TxnDate[:10])
    except (PrecisionExcess, TypeError, ValueError) as error:
        raise Unreadable(f"{shape.DocNumber}: {error}") from error
    is_void = shape.PrivateNote.lower().startswith("void") and not any(line.Amount for line in shape.Line)
    return BooksDocument(
        id=shape.Id,
        kind=DocumentKind.JOURNAL,
        number=shape.DocNumber,
        reference=_MARKER.sub("", shape.PrivateNote),
        contact_id="",
        contact_name="",
        dated=dated,
        due=None,
        currency=currency,
        status=VOIDED if is_void else POSTED,
        total=debits,
        tax_total=tax,
        lines=lines,
        updated_at=_moment(shape.MetaData.LastUpdatedTime),
    )


def _detail(line: LineShape) -> DetailShape | None:
    """None for a line that is a remark only."""
    return line.JournalEntryLineDetail


def _line_from_wire(line: LineShape, currency: str) -> BooksLine:
    detail = _detail(line)
    if detail is None or detail.PostingType not in (_CREDIT, _DEBIT):
        raise Unreadable(f"a line of {line.Amount} is neither debit nor credit")
    net, tax = Money.of(line.Amount, currency), Money.of(detail.TaxAmount, currency)
    if detail.PostingType == _DEBIT:
        net, tax = -net, -tax
    code = detail.TaxCodeRef.value or NO_TAX
    return BooksLine(line.Description, detail.AccountRef.value, code, net + tax, tax)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
