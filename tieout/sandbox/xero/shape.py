"""How a kept record is answered: in full, or with less where Xero shows less; and the envelope round it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import wire
from tieout.sandbox.xero.kinds import Kind
from tieout.sandbox.xero.state import Asked

LINED = frozenset("Invoices CreditNotes BankTransactions PurchaseOrders Quotes Prepayments Overpayments".split())


def shown(asked: Asked, kind: Kind, row: Doc, *, full: bool) -> Doc:
    """The record for the wire; without `full` documents come without lines and contacts with fewer fields."""
    doc: Doc = _open(row)
    if isinstance(doc.get("Contact"), dict) and doc["Contact"].get("ContactID"):
        doc["Contact"] = _contact(asked, doc["Contact"], full)
    if not full:
        doc = _less(kind, doc)
    return wire.with_companions(doc, kind.stamped) if kind.dated or kind.stamped else doc


def envelope(asked: Asked, key: str, rows: Sequence[Doc], more: Doc | None = None) -> Answer:
    """Id, Status, ProviderName and the moment, then what was asked for."""
    moment: object = f"/Date({wire.milliseconds(asked.now)})/" if wire.wants_json(asked.request) else asked.now
    doc: Doc = {
        "Id": asked.books.passing_id(),
        "Status": "OK",
        "ProviderName": asked.app["name"],
        "DateTimeUTC": moment,
    }
    return wire.render(asked.request, 200, doc | (more or {}) | {key: list(rows)})


def _open(found: Any) -> Any:
    """Without what the stand-in keeps for itself, and without anything absent."""
    if isinstance(found, list):
        return [_open(item) for item in found]
    if not isinstance(found, dict):
        return found
    return {key: _open(value) for key, value in found.items() if not key.startswith("_") and value is not None}


def _contact(asked: Asked, inside: Doc, full: bool) -> Doc:
    whole = asked.row("Contacts", inside["ContactID"])
    if whole is None:
        return inside
    names = ["ContactID", "ContactNumber", "Name"]
    if full:
        names += "ContactStatus FirstName LastName EmailAddress Addresses Phones UpdatedDateUTC IsSupplier".split()
        names += ["IsCustomer", "ContactGroups", "ContactPersons"]
    found = {name: whole[name] for name in names if whole.get(name) is not None}
    return found | {"HasValidationErrors": False}


def _less(kind: Kind, doc: Doc) -> Doc:
    if kind.key in LINED:
        return doc | {"LineItems": []}
    if kind.key == "ManualJournals":
        return {key: value for key, value in doc.items() if key != "JournalLines"}
    if kind.key == "Contacts":
        dropped = {"PaymentTerms", "SalesDefaultAccountCode", "PurchasesDefaultAccountCode", "BrandingTheme"}
        return {key: value for key, value in doc.items() if key not in dropped} | {"ContactPersons": []}
    return doc
