"""Xero's XML: what pyxero sends, and what everybody gets who does not ask for JSON."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from tieout.sandbox import Doc

_ODD_ITEMS = {
    "Addresses": "Address",
    "Currencies": "Currency",
    "TrackingCategories": "TrackingCategory",
    "Tracking": "TrackingCategory",
    "TaxComponents": "TaxComponent",
    "Elements": "DataContractBase",
    "BatchPayments": "BatchPayment",
    "Organisations": "Organisation",
}
# Names that are lists wherever they stand; all other elements with children are objects.
_LISTS = frozenset(
    "Accounts Actions Addresses Allocations Attachments BankTransactions BankTransfers BatchPayments BrandingThemes"
    " ContactGroups ContactPersons Contacts CreditNotes Currencies Elements HistoryRecords Invoices Items JournalLines"
    " LineItems ManualJournals Options Organisations Overpayments Payments Phones Prepayments PurchaseOrders Quotes"
    " TaxComponents TaxRates Tracking TrackingCategories Users ValidationErrors Warnings".split()
)
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Unread(ValueError):
    """A body cannot be read; says why in words like those of the other side."""


def write(root: str, doc: Doc) -> bytes:
    """The document as XML; None is left out, days and moments are ISO without a zone."""
    ElementTree.register_namespace("xsi", _XSI)
    element = ElementTree.Element(root)
    _fill(element, doc)
    return b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(element)


def read(body: bytes) -> Doc:
    """The body as a document with one list in it: `<Invoices>` and a single `<Invoice>` alike. Raises Unread."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Unread("For security reasons DTD is prohibited in this XML document.")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        line, column = error.position
        raise Unread(f"There is an error in XML document ({line}, {column + 1}).") from error
    found = _value(root)
    return {_name(root): found} if isinstance(found, list) else found if isinstance(found, dict) else {}


def item_name(name: str) -> str:
    return _ODD_ITEMS.get(name, name.removesuffix("s"))


def _fill(element: ElementTree.Element, value: Any) -> None:
    match value:
        case dict():
            for key, inner in value.items():
                if key == "xsi:type":
                    element.set(f"{{{_XSI}}}type", inner)
                elif inner is not None:
                    _fill(ElementTree.SubElement(element, key), inner)
        case list() | tuple():
            for inner in value:
                _fill(ElementTree.SubElement(element, item_name(element.tag)), inner)
        case bool():
            element.text = "true" if value else "false"
        case Decimal():
            element.text = format(value, "f")
        case datetime():
            element.text = value.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
        case date():
            element.text = f"{value.isoformat()}T00:00:00"
        case _:
            element.text = str(value)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: ElementTree.Element) -> Any:
    name = _name(element)
    if name in _LISTS:
        return [_value(child) for child in element]
    if len(element) == 0:
        return (element.text or "").strip()
    return {_name(child): _value(child) for child in element}
