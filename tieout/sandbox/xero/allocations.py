"""Credit notes, prepayments and overpayments set against invoices, and taken off again; payments in batches."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tieout.sandbox import Answer, Doc
from tieout.sandbox.xero import fields, payments, refusals, shape, wire
from tieout.sandbox.xero.kinds import Kind
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Invalid, Verdict, check_lock
from tieout.sandbox.xero.settling import outstanding, resettled
from tieout.sandbox.xero.state import Asked

ALLOCATION = Kind("Allocations", "Allocation", "AllocationID", "")
PARTS = {
    "CreditNotes": ("CreditNoteID", "CreditNoteNumber"),
    "Prepayments": ("PrepaymentID", ""),
    "Overpayments": ("OverpaymentID", ""),
}


def allocate(asked: Asked, kind: Kind, row: Doc) -> Answer:
    """PUT …/Allocations: each element sets part of the credit against one invoice. Raises Refused."""
    made: list[Doc] = []
    for sent in fields.elements(asked.request, ALLOCATION):
        current = asked.row(kind.key, row[kind.id]) or row
        try:
            made.append(_allocate(asked, kind, current, sent))
        except Invalid as invalid:
            raise Refused(refusals.validation(asked.request, [invalid.echo], "Allocation")) from invalid
    return shape.envelope(asked, "Allocations", made)


def _allocate(asked: Asked, kind: Kind, row: Doc, sent: Doc) -> Doc:
    verdict = Verdict()
    wanted = sent.get("Invoice") if isinstance(sent.get("Invoice"), dict) else {}
    invoice = asked.row("Invoices", str((wanted or {}).get("InvoiceID", "")))
    # XML clients say AppliedAmount for Amount.
    amount = sent.get("Amount") or sent.get("AppliedAmount")
    day = sent.get("Date") or asked.today
    if invoice is None:
        verdict.error("document-not-found")
    elif invoice["Status"] != "AUTHORISED" or row["Status"] != "AUTHORISED":
        verdict.error("payment-not-authorised")
    if not isinstance(amount, Decimal) or amount <= 0:
        verdict.error("amount-not-positive")
    elif invoice is not None and (amount > outstanding(invoice) or amount > outstanding(row)):
        verdict.error("allocation-too-large")
    check_lock(verdict, asked.organisation, asked.role, day)
    verdict.check(sent, "AllocationID")
    assert invoice is not None and isinstance(amount, Decimal), "refused above"
    return _apply(asked, kind, row, invoice, amount.quantize(Decimal("0.01")), day)


def _apply(asked: Asked, kind: Kind, row: Doc, invoice: Doc, amount: Decimal, day: date) -> Doc:
    id_field, number = PARTS[kind.key]
    named = {"InvoiceID": invoice["InvoiceID"], "InvoiceNumber": invoice["InvoiceNumber"]}
    made: Doc = {"AllocationID": asked.new_id(), "Amount": amount, "Date": day, "Invoice": named}
    credited = row | {"Allocations": [*row["Allocations"], made], "UpdatedDateUTC": asked.now}
    asked.keep(kind.key, row[kind.id], resettled(credited, day))
    part: Doc = {id_field: row[kind.id], "AppliedAmount": amount, "Date": day, "Total": row["Total"]}
    part |= {number: row[number]} if number else {}
    part |= {"_allocation": made["AllocationID"]}
    settled = invoice | {kind.key: [*invoice[kind.key], part], "UpdatedDateUTC": asked.now}
    asked.keep("Invoices", invoice["InvoiceID"], resettled(settled, day))
    return made


def take_off(asked: Asked, kind: Kind, row: Doc, allocation_id: str) -> Answer:
    """DELETE …/Allocations/{id}: both sides are open again. Raises Refused 404."""
    found = next((one for one in row["Allocations"] if one["AllocationID"] == allocation_id), None)
    if found is None:
        raise Refused(refusals.not_found())
    kept = [one for one in row["Allocations"] if one is not found]
    opened = row | {"Allocations": kept, "UpdatedDateUTC": asked.now}
    asked.keep(kind.key, row[kind.id], resettled(opened, asked.today))
    invoice = asked.row("Invoices", found["Invoice"]["InvoiceID"])
    if invoice is not None:
        rest = [part for part in invoice[kind.key] if part.get("_allocation") != allocation_id]
        again = invoice | {kind.key: rest, "UpdatedDateUTC": asked.now}
        asked.keep("Invoices", invoice["InvoiceID"], resettled(again, asked.today))
    # By the spec the allocation itself, in no envelope.
    return wire.render(asked.request, 200, found | {"IsDeleted": True}, "Allocation")


def save_batch(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Pays several documents from one account at once; POST with Status DELETED takes all of it back."""
    named = row_id or (None if creating else sent.get("BatchPaymentID"))
    if named:
        return _delete_batch(asked, str(named), sent)
    verdict = Verdict()
    parts = [part for part in sent.get("Payments") or [] if isinstance(part, dict)]
    if not parts:
        verdict.error("field-missing", field="Payments")
    verdict.check(sent, "BatchPaymentID")
    batch_id, account = asked.new_id(), sent.get("Account")
    made: list[Doc] = []
    for part in parts:
        paid = payments.save(asked, part | {"Account": account, "Date": sent.get("Date") or asked.today}, True, None)
        asked.keep("Payments", paid["PaymentID"], paid | {"BatchPaymentID": batch_id, "_batch": True})
        made.append({"PaymentID": paid["PaymentID"], "Amount": paid["Amount"], "Invoice": _brief(paid)})
    row: Doc = {"BatchPaymentID": batch_id, "Status": "AUTHORISED", "Type": "RECBATCH", "IsReconciled": False}
    row |= {"Date": sent.get("Date") or asked.today, "Account": account, "Payments": made}
    row |= {"TotalAmount": sum((one["Amount"] for one in made), Decimal("0.00")), "UpdatedDateUTC": asked.now}
    return asked.keep("BatchPayments", batch_id, row)


def _brief(paid: Doc) -> Doc:
    return {"InvoiceID": paid["Invoice"]["InvoiceID"]} if "Invoice" in paid else {}


def _delete_batch(asked: Asked, batch_id: str, sent: Doc) -> Doc:
    row = asked.row("BatchPayments", batch_id)
    if row is None:
        raise Refused(refusals.not_found())
    verdict = Verdict()
    if str(sent.get("Status", "")).upper() != "DELETED" or row["Status"] == "DELETED":
        verdict.error("invoice-not-modifiable")
    verdict.check(sent, "BatchPaymentID")
    for part in row["Payments"]:
        paid = asked.row("Payments", part["PaymentID"])
        if paid is not None and paid["Status"] != "DELETED":
            payments.delete(asked, paid)
    return asked.keep("BatchPayments", batch_id, row | {"Status": "DELETED", "UpdatedDateUTC": asked.now})
