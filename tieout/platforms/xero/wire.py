"""Our documents and contacts as Xero's JSON and back; with `chart_wire` all that knows Xero's field names. Pure.

Sources: Xero's pages on invoices and contacts; its OpenAPI 16.1.0. Absent values are left out, never null. Enums grow,
so every word of theirs stays text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tieout.core.money import Money, PrecisionExcess, total
from tieout.core.plan import Document, PlannedLine
from tieout.core.records import BooksDocument, BooksLine, Contact, DocumentKind
from tieout.platforms._exact import Unreadable, encode, shaped

NO_ID = "00000000-0000-0000-0000-000000000000"
TYPES = {DocumentKind.INVOICE: "ACCREC", DocumentKind.BILL: "ACCPAY"}
KINDS = {word: kind for kind, word in TYPES.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_FRACTION = re.compile(r"(\.\d{6})\d+")


class ContactShape(msgspec.Struct):
    ContactID: str = ""
    Name: str = ""
    ContactStatus: str = ""
    MergedToContactID: str = ""


class LineShape(msgspec.Struct):
    Description: str = ""
    AccountCode: str = ""
    TaxType: str = ""
    LineAmount: Decimal = Decimal(0)
    TaxAmount: Decimal = Decimal(0)


class InvoiceShape(msgspec.Struct):
    InvoiceID: str = ""
    Type: str = ""
    InvoiceNumber: str = ""
    Reference: str = ""
    Contact: ContactShape = msgspec.field(default_factory=ContactShape)
    Date: str = ""
    DateString: str = ""
    DueDate: str = ""
    DueDateString: str = ""
    CurrencyCode: str = ""
    Status: str = ""
    LineAmountTypes: str = ""
    LineItems: list[LineShape] = msgspec.field(default_factory=list)
    Total: Decimal = Decimal(0)
    TotalTax: Decimal = Decimal(0)
    UpdatedDateUTC: str = ""
    HasAttachments: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """One element of an answer as it stands: what it says of itself, and every sentence in it, nested ones included."""

    number: str | None
    id: str
    has_errors: bool
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


# --- out ------------------------------------------------------------------------------------------------------------


def documents_to_wire(documents: Sequence[Document], contact_ids: Mapping[str, str], status: str) -> bytes:
    """The body of one PUT /Invoices. The same documents give the same bytes, so a key may be used for them again."""
    return encode({"Invoices": [_document_to_wire(each, contact_ids[each.contact], status) for each in documents]})


def _document_to_wire(document: Document, contact_id: str, status: str) -> dict[str, Any]:
    wire = {
        "Type": TYPES[document.kind],
        "InvoiceNumber": document.number,
        # Other fields of a contact would overwrite it, so only its id goes.
        "Contact": {"ContactID": contact_id},
        "Date": document.dated.isoformat(),
        "DueDate": document.due.isoformat(),
        "LineAmountTypes": "Inclusive",
        "CurrencyCode": document.currency,
        "Status": status,
        "LineItems": [_line_to_wire(line) for line in document.lines],
    }
    if document.kind is DocumentKind.INVOICE:  # a bill has no Reference: its number is shown as one
        wire["Reference"] = document.reference
    return wire


def _line_to_wire(line: PlannedLine) -> dict[str, Any]:
    wire: dict[str, Any] = {"Description": line.description, "Quantity": 1, "UnitAmount": line.gross.amount}
    if line.account:
        wire["AccountCode"] = line.account
    if line.tax:
        wire["TaxType"] = line.tax
    return wire


def contact_to_wire(name: str) -> bytes:
    return encode({"Contacts": [{"Name": name}]})


def note_to_wire(text: str) -> bytes:
    return encode({"HistoryRecords": [{"Details": text}]})


# --- in -------------------------------------------------------------------------------------------------------------


def elements(tree: Any, key: str) -> list[Any]:
    """The list under the envelope's key. Raises Unreadable when the answer has another shape."""
    found = tree.get(key) if isinstance(tree, dict) else None
    if not isinstance(found, list):
        raise Unreadable(f"the answer has no list {key}")
    return found


def judged(element: Any) -> Judged:
    """Raises Unreadable when the element is no object."""
    if not isinstance(element, dict):
        raise Unreadable("an element of the answer is not an object")
    errors = tuple(dict.fromkeys(sentences(element, "ValidationErrors")))
    has_errors = bool(errors) or element.get("HasErrors") is True or element.get("HasValidationErrors") is True
    number, found_id = element.get("InvoiceNumber"), element.get("InvoiceID", element.get("ContactID"))
    return Judged(
        number=number if isinstance(number, str) and number else None,
        id=found_id if isinstance(found_id, str) and found_id != NO_ID else "",
        has_errors=has_errors or str(element.get("StatusAttributeString", "")).upper() == "ERROR",
        errors=errors,
        warnings=tuple(dict.fromkeys(sentences(element, "Warnings"))),
    )


def sentences(tree: Any, key: str) -> Iterator[str]:
    """Every message under `key` anywhere in the tree: Xero hangs them on contacts and lines too."""
    if isinstance(tree, list):
        for each in tree:
            yield from sentences(each, key)
    elif isinstance(tree, dict):
        found = tree.get(key)
        for each in found if isinstance(found, list) else []:
            words = (each.get("Message") or each.get("Description")) if isinstance(each, dict) else each
            if isinstance(words, str) and words.strip():
                yield words.strip()
        for name, value in tree.items():
            if name != key:
                yield from sentences(value, key)


def document_from_wire(element: Any) -> BooksDocument:
    """One invoice or bill. Raises Unreadable when it is neither, or a figure of it is no amount of its currency."""
    shape = shaped(element, InvoiceShape)
    if shape.Type not in KINDS:
        raise Unreadable(f"{shape.InvoiceNumber}: type {shape.Type!r} is neither a sales invoice nor a bill")
    try:
        lines = tuple(_line_from_wire(line, shape) for line in shape.LineItems)
        whole = Money.of(shape.Total, shape.CurrencyCode)
        tax = _tax(shape.TotalTax, shape.CurrencyCode)
    except (PrecisionExcess, TypeError) as error:
        raise Unreadable(f"{shape.InvoiceNumber}: {error}") from error
    dated = day(shape.DateString or shape.Date)
    if dated is None:
        raise Unreadable(f"{shape.InvoiceNumber}: it has no date")
    return BooksDocument(
        id=shape.InvoiceID,
        kind=KINDS[shape.Type],
        number=shape.InvoiceNumber,
        reference=shape.Reference,
        contact_id=shape.Contact.ContactID,
        contact_name=shape.Contact.Name,
        dated=dated,
        due=day(shape.DueDateString or shape.DueDate),
        currency=shape.CurrencyCode,
        status=shape.Status,
        total=whole,
        tax_total=tax,
        lines=lines,
        updated_at=moment(shape.UpdatedDateUTC),
        has_attachments=shape.HasAttachments,
    )


def _line_from_wire(line: LineShape, shape: InvoiceShape) -> BooksLine:
    amount, tax = Money.of(line.LineAmount, shape.CurrencyCode), _tax(line.TaxAmount, shape.CurrencyCode)
    if shape.LineAmountTypes.upper() == "EXCLUSIVE":
        amount = total((amount, tax), shape.CurrencyCode)
    return BooksLine(line.Description, line.AccountCode, line.TaxType, amount, tax)


def _tax(amount: Decimal, currency: str) -> Money:
    """Xero reckons tax to two decimals whatever the currency; what a currency cannot hold is rounded half away."""
    try:
        return Money.of(amount, currency)
    except PrecisionExcess:
        step = Money(1, currency).amount
        return Money.of((amount / step).quantize(Decimal(1), rounding="ROUND_HALF_UP") * step, currency)


def contact_from_wire(element: Any) -> tuple[Contact, str]:
    """The contact, and the id of the one it was merged into (empty if it was not)."""
    shape = shaped(element, ContactShape)
    is_active = shape.ContactStatus in ("", "ACTIVE") and not shape.MergedToContactID
    return Contact(shape.ContactID, shape.Name, is_active), shape.MergedToContactID


def day(text: str) -> date | None:
    """A calendar date in either of Xero's forms; None when absent. Raises Unreadable."""
    if not text:
        return None
    if ticks := _TICKS.fullmatch(text):
        return (_EPOCH + timedelta(milliseconds=int(ticks[1]))).date()
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Unreadable(f"{text!r} is no date") from error


def moment(text: str) -> datetime | None:
    """A moment in either form; one without a zone is UTC, whatever the number of its decimals."""
    if not text:
        return None
    if ticks := _TICKS.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(ticks[1]))
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    except ValueError as error:
        raise Unreadable(f"{text!r} is no moment") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
