"""Turns what a client sent, JSON or XML, into typed values by the name of each field; bad ones are refused by name."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from tieout.sandbox import Doc, Request
from tieout.sandbox.xero import properties, wire, xml
from tieout.sandbox.xero.kinds import Kind
from tieout.sandbox.xero.refusals import Refused, bad_content, bad_guid, nothing_sent, unsupported_type

NUMBERS = frozenset(
    "Quantity UnitAmount LineAmount TaxAmount DiscountRate DiscountAmount Amount AppliedAmount BankAmount CurrencyRate"
    " Rate UnitPrice QuantityOnHand RoundingAmount SubTotal TotalTax Total Discount AmountDue AmountPaid"
    " AmountCredited RemainingCredit Day CISDeduction CISRate".split()
)
DATES = frozenset(
    "Date DueDate FullyPaidOnDate ExpectedPaymentDate PlannedPaymentDate DeliveryDate ExpectedArrivalDate ExpiryDate"
    " PeriodLockDate EndOfYearLockDate StartDate EndDate".split()
)
# Those of things inside records, which the table of properties leaves out, stand here.
FLAGS = properties.flags() | frozenset(
    "SendToContact IncludeInEmails IsCompound IsNonRecoverable IncludeOnline".split()
)
GUIDS = frozenset(
    "AccountID ContactID InvoiceID CreditNoteID PaymentID LineItemID BrandingThemeID TrackingCategoryID"
    " TrackingOptionID BankTransactionID ManualJournalID PrepaymentID OverpaymentID ContactGroupID ItemID"
    " BatchPaymentID BankTransferID PurchaseOrderID QuoteID".split()
)
LISTS = frozenset(
    "LineItems JournalLines Tracking Payments Addresses Phones ContactPersons TaxComponents Contacts".split()
)
OBJECTS = frozenset(
    "Contact Invoice CreditNote Prepayment Overpayment Account BankAccount FromBankAccount ToBankAccount PaymentTerms"
    " Sales Bills SalesDetails PurchaseDetails".split()
)
# Structures of an answer that clients send back with a record; nothing in them is read.
UNREAD = frozenset(
    "CreditNotes Prepayments Overpayments Allocations Attachments InvoiceAddresses ContactGroups BatchPayments Item"
    " BrandingTheme TaxBreakdown Options".split()
)
AMOUNT_TYPES = {name.lower(): name for name in ("Exclusive", "Inclusive", "NoTax")}
# Only answers hold these; what a client sends for them is ignored.
ANSWERED = frozenset(
    "UpdatedDateUTC UpdatedDateUTCString DateString DueDateString HasErrors HasValidationErrors HasAttachments"
    " ValidationErrors Warnings StatusAttributeString CreatedDateUTC DateTimeUTC AmountDue AmountPaid AmountCredited"
    " FullyPaidOnDate IsDiscounted Balances".split()
)
LARGEST_POWER = 12
_GUID = re.compile(r"^\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$", re.IGNORECASE)


def elements(request: Request, kind: Kind) -> tuple[Doc, ...]:
    """The elements of a body: an envelope with a list, or one bare object. Raises Refused (400, 415)."""
    body = _parsed(request)
    found = next((value for key, value in body.items() if key.lower() == kind.key.lower()), None)
    if found is None:
        found = body.get(kind.one, body.get("", body))
    listed = found if isinstance(found, list) else [found]
    if not listed or not all(isinstance(item, dict) and item for item in listed):
        raise Refused(nothing_sent(request))
    return tuple(_typed(request, kind, item, f"{kind.key}[{at}]") for at, item in enumerate(listed))


def guid(text: str) -> str | None:
    """The id in the form Xero prints it, or None when it is none; 32 bare hex digits are taken too."""
    if not _GUID.match(text):
        return None
    digits = re.sub(r"[^0-9a-fA-F]", "", text).lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _parsed(request: Request) -> Doc:
    kind = request.header("content-type").lower()
    if not request.body.strip():
        raise Refused(nothing_sent(request))
    try:
        if "json" in kind:
            body = json.loads(request.body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
        elif "xml" in kind:
            body = xml.read(request.body)
        else:
            raise Refused(unsupported_type(request))
    except (ValueError, LookupError, RecursionError) as error:
        raise Refused(bad_content(request, _unread(error))) from error
    if isinstance(body, list):
        return {"": body}
    if not isinstance(body, dict):
        raise Refused(nothing_sent(request))
    return body


def _no_constant(name: str) -> Any:
    raise xml.Unread(f"Unexpected character encountered while parsing value: {name[0]}.")


def _unread(error: Exception) -> str:
    """Why a body cannot be read, in words like those of the other side's parsers and not in those of ours."""
    match error:
        case xml.Unread():
            return str(error)
        case json.JSONDecodeError() if error.pos >= len(error.doc.rstrip()):
            return f"Unexpected end when reading JSON. Line {error.lineno}, position {error.colno}."
        case json.JSONDecodeError():
            found = error.doc[error.pos]
            place = f"Line {error.lineno}, position {error.colno}."
            return f"Unexpected character encountered while parsing value: {found}. {place}"
        case UnicodeDecodeError():
            return f"Unable to translate bytes at index {error.start} from specified code page to Unicode."
        case RecursionError():
            return "The reader's MaxDepth of 64 has been exceeded."
    return "A value in the body cannot be read."


def _typed(request: Request, kind: Kind, item: Doc, path: str) -> Doc:
    typed: Doc = {}
    for key, value in item.items():
        if value is None or key in ANSWERED:
            continue
        typed[key] = _field(request, kind, key, value, f"{path}.{key}")
        if typed[key] is None:
            del typed[key]
    return typed


def _field(request: Request, kind: Kind, key: str, value: Any, path: str) -> Any:
    if key in LISTS:
        return _list(request, kind, key, value, path)
    if key in OBJECTS:
        if value == "":  # an empty element of XML
            return None
        if not isinstance(value, dict):
            raise Refused(bad_content(request, _unfit(key, value, path)))
        return _typed(request, kind, value, path)
    if key in UNREAD:
        return None
    try:
        if isinstance(value, (dict, list)):
            raise ValueError("a plain value is wanted")
        if key in GUIDS:
            return _guid(request, value)
        return _plain(key, value)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise Refused(bad_content(request, _unfit(key, value, path))) from error


def _list(request: Request, kind: Kind, key: str, value: Any, path: str) -> list[Doc]:
    found = [] if value == "" else [item for item in value if item is not None] if isinstance(value, list) else [value]
    for at, item in enumerate(found):
        if not isinstance(item, dict):
            raise Refused(bad_content(request, _unfit(key, item, f"{path}[{at}]")))
    return [_typed(request, kind, item, f"{path}[{at}]") for at, item in enumerate(found)]


def _guid(request: Request, value: Any) -> str | None:
    found = guid(str(value))
    if found is None and value != "":
        raise Refused(bad_guid(request))
    return found


def _unfit(key: str, value: Any, path: str) -> str:
    if isinstance(value, dict | list):
        begins = "{" if isinstance(value, dict) else "["
        return f"Unexpected character encountered while parsing value: {begins}. Path '{path}'."
    return f"Error converting value {_quoted(value)} to type '{_type_name(key)}'. Path '{path}'."


def _plain(key: str, value: Any) -> Any:
    if key in NUMBERS:
        if isinstance(value, bool):
            raise ValueError("a flag is no number")
        return None if value == "" else _finite(Decimal(str(value).strip()))
    if key in DATES:
        return None if value == "" else _day(str(value))
    if key in FLAGS:
        text = str(value).lower()
        if text not in {"true", "false", "1", "0"}:
            raise ValueError("no flag")
        return text in {"true", "1"}
    if key == "LineAmountTypes":
        if str(value).lower() not in AMOUNT_TYPES:
            raise ValueError("no such line amount type")
        return AMOUNT_TYPES[str(value).lower()]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite() or (number and number.adjusted() > LARGEST_POWER):
        raise ValueError("not a number that Xero could hold")
    return number


def _day(text: str) -> date:
    return wire.read_date(text)


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _type_name(key: str) -> str:
    if key in NUMBERS:
        return "System.Decimal"
    if key in DATES:
        return "System.DateTime"
    if key in FLAGS:
        return "System.Boolean"
    return "Xero.API.Library.Types.LineAmountType" if key == "LineAmountTypes" else "System.String"
