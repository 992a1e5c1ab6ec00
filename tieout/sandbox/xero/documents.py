"""Invoices, bills and credit notes: who they are for, what they say, and which status may follow which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.xero import contacts, fields, lines, refusals, rules
from tieout.sandbox.xero.refusals import Refused, bad_content
from tieout.sandbox.xero.rules import Verdict
from tieout.sandbox.xero.settling import resettled
from tieout.sandbox.xero.state import Asked


@dataclass(frozen=True, slots=True)
class Form:
    """What differs between invoices and credit notes. `sales` and `bills` are the two types; one number is unique."""

    key: str
    one: str
    id: str
    number: str
    sales: str
    bills: str
    prefix: str
    unique: bool


INVOICE = Form("Invoices", "Invoice", "InvoiceID", "InvoiceNumber", "ACCREC", "ACCPAY", "INV", True)
# Whether Xero enforces a credit note's number is not known; the stand-in does not.
CREDIT_NOTE = Form(
    "CreditNotes", "CreditNote", "CreditNoteID", "CreditNoteNumber", "ACCRECCREDIT", "ACCPAYCREDIT", "CN", False
)
OTHER_TYPES = frozenset("ARPREPAYMENT APPREPAYMENT AROVERPAYMENT APOVERPAYMENT ARCREDIT APCREDIT".split())
FOLLOWS = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"SUBMITTED", "DRAFT", "AUTHORISED", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "VOIDED"},
    "PAID": {"PAID"},
}
STATUSES = frozenset("DRAFT SUBMITTED AUTHORISED PAID VOIDED DELETED".split())
# Fields that are copied as they come; each may still change after a payment.
FREE = ("Reference", "BrandingThemeID", "Url", "PlannedPaymentDate", "ExpectedPaymentDate", "SentToContact")
FINANCIAL = frozenset({"Date", "LineAmountTypes", "CurrencyCode", "CurrencyRate"})


def save_invoice(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    return _save(asked, sent, creating, row_id, INVOICE)


def save_credit_note(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    return _save(asked, sent, creating, row_id, CREDIT_NOTE)


def by_id_or_number(asked: Asked, form: Form, text: str) -> Doc | None:
    """A document by its id or, as Xero accepts in paths too, by its number."""
    found_id = fields.guid(text)
    if found_id is not None:
        return asked.row(form.key, found_id)
    found = [row for row in asked.find(form.key, form.number, text) if row["Status"] != "DELETED"]
    return found[-1] if found else None


def _save(asked: Asked, sent: Doc, creating: bool, row_id: str | None, form: Form) -> Doc:
    """Creates or updates one document. Raises Invalid; Refused 404 for an id never issued."""
    before = _existing(asked, sent, creating, row_id, form)
    type_ = _type(asked, sent, before, form)
    verdict = Verdict()
    if type_ in OTHER_TYPES:
        verdict.error("invoice-type-creation")
    verdict.check(sent, form.id)
    status = _status(asked, sent, before, verdict)
    verdict.check(sent, form.id)
    if before is not None and status in {"VOIDED", "DELETED"}:
        return _ended(asked, sent, before, status, form, verdict)
    return _written(asked, sent, before, type_, status, form, verdict)


def _existing(asked: Asked, sent: Doc, creating: bool, row_id: str | None, form: Form) -> Doc | None:
    if creating:
        return None
    named = row_id or sent.get(form.id)
    if named:
        found = by_id_or_number(asked, form, str(named))
        if found is None:
            raise Refused(refusals.not_found())
        return found
    # POST matches a sales document by its number, and so edits what is there. Bills have no such number.
    if sent.get(form.number) and sent.get("Type", form.sales) == form.sales:
        found = by_id_or_number(asked, form, str(sent[form.number]))
        return found if found is not None and found["Type"] == form.sales else None
    return None


def _type(asked: Asked, sent: Doc, before: Doc | None, form: Form) -> str:
    type_ = str(sent.get("Type") or (before or {}).get("Type") or "")
    if type_ in {form.sales, form.bills} | (OTHER_TYPES if form is INVOICE else set()):
        return type_
    told = f"Error converting value \"{type_}\" to type 'Xero.API.Library.Types.{form.one}Type'. Path '{form.key}'."
    raise Refused(bad_content(asked.request, told))


def _status(asked: Asked, sent: Doc, before: Doc | None, verdict: Verdict) -> str:
    wanted = str(sent.get("Status") or (before or {}).get("Status") or "DRAFT").upper()
    if before is None:
        if wanted not in {"DRAFT", "SUBMITTED", "AUTHORISED"}:
            verdict.error("invoice-status-creation")
        return wanted
    now = before["Status"]
    if (
        now == "PAID"
        and wanted == "VOIDED"
        and not _has_payments(before)
        and asked.books.switches["zero_paid_voidable"]
    ):
        return wanted
    if wanted not in STATUSES or wanted not in FOLLOWS.get(now, set()):
        if _has_payments(before) and wanted in {"DRAFT", "SUBMITTED", "AUTHORISED", "VOIDED"}:
            verdict.error("status-has-payments", status=wanted)
        else:
            verdict.error("invoice-not-modifiable")
    elif wanted == "VOIDED" and _has_payments(before):
        verdict.error("status-has-payments", status=wanted)
    return wanted


def _has_payments(row: Doc) -> bool:
    return any(row.get(name) for name in ("Payments", "CreditNotes", "Prepayments", "Overpayments", "Allocations"))


def _ended(asked: Asked, sent: Doc, before: Doc, status: str, form: Form, verdict: Verdict) -> Doc:
    if status == "VOIDED":
        rules.check_lock(verdict, asked.organisation, asked.role, before["Date"], editing=True)
    verdict.check(sent, form.id)
    zero = Decimal("0.00")
    ended = before | {"Status": status, "UpdatedDateUTC": asked.now}
    ended |= {name: zero for name in ("AmountDue", "RemainingCredit") if name in before}
    return asked.keep(form.key, before[form.id], ended)


def _written(asked: Asked, sent: Doc, before: Doc | None, type_: str, status: str, form: Form, verdict: Verdict) -> Doc:
    old = before or {}
    _check_edit(asked, sent, before, form, verdict)
    contact = _contact(asked, sent, before, verdict)
    day = sent.get("Date") or old.get("Date") or asked.today
    due = sent.get("DueDate") or old.get("DueDate")
    currency = _currency(asked, sent, old, verdict)
    amount_types = sent.get("LineAmountTypes") or old.get("LineAmountTypes") or "Exclusive"
    strict = status in {"SUBMITTED", "AUTHORISED", "PAID"}
    judged = lines.Rules(strict, amount_types)
    sent_lines = sent["LineItems"] if isinstance(sent.get("LineItems"), list) else old.get("LineItems", [])
    priced, totals = lines.price(asked, sent_lines, judged, verdict, old.get("LineItems", []))
    if strict and not priced:
        verdict.error("lines-missing")
    if totals.total < 0:
        verdict.error("total-negative")
    if isinstance(sent.get("Total"), Decimal) and "LineItems" in sent and lines.cents(sent["Total"]) != totals.total:
        verdict.error("total-mismatch")
    if strict and due is None and form is INVOICE:
        verdict.error("due-date-missing")
    number = _number(asked, sent, before, type_, form, verdict)
    _check_url(sent, verdict)
    if strict:
        rules.check_lock(verdict, asked.organisation, asked.role, day)
        _check_approval(asked, before, type_, day, form, verdict)
    verdict.check(sent, form.id)
    assert contact is not None, "a document without a contact has been refused"
    row = _row(asked, sent, old, type_, status, form, contact, number)
    row |= {"Date": day, "LineAmountTypes": amount_types, "LineItems": priced} | currency
    row |= {"DueDate": due} if due is not None else {}
    row |= {"SubTotal": totals.subtotal, "TotalTax": totals.tax, "Total": totals.total}
    row["UpdatedDateUTC"] = old["UpdatedDateUTC"] if _does_not_count(sent, old) else asked.now
    _mark_contact(asked, contact, type_, form, strict)
    kept = asked.keep(form.key, row[form.id], resettled(row, day))
    return kept | ({"Warnings": verdict.warning_docs()} if verdict.warnings else {})


def _check_edit(asked: Asked, sent: Doc, before: Doc | None, form: Form, verdict: Verdict) -> None:
    if before is None:
        if not rules.sells_and_buys(asked.organisation):
            verdict.error("edition-no-invoicing")
        return
    if before["Status"] in {"AUTHORISED", "PAID"}:
        rules.check_lock(verdict, asked.organisation, asked.role, before["Date"], editing=True)
    if before["Status"] == "PAID" or _has_payments(before):
        changed = any(name in sent and sent[name] != before.get(name) for name in FINANCIAL)
        if changed or _lines_changed(sent, before):
            verdict.error("invoice-not-modifiable" if not _has_payments(before) else "document-has-payments")
        if "Contact" in sent and before.get("CreditNotes"):
            verdict.error("document-has-payments")


def _lines_changed(sent: Doc, before: Doc) -> bool:
    given = sent.get("LineItems")
    if not isinstance(given, list):
        return False
    known = {line["LineItemID"]: line for line in before["LineItems"]}
    if len(given) != len(known):
        return True
    return any(
        name in line and line[name] != known.get(line.get("LineItemID"), {}).get(name)
        for line in given
        for name in ("Quantity", "UnitAmount", "LineAmount", "TaxType", "TaxAmount", "DiscountRate")
    )


def _does_not_count(sent: Doc, old: Doc) -> bool:
    # Xero does not move UpdatedDateUTC for these two on a document that is part-paid.
    touched = set(sent) - {"InvoiceID", "CreditNoteID", "Type", "Status"}
    return bool(old.get("Payments")) and bool(touched) and touched <= {"DueDate", "SentToContact"}


def _contact(asked: Asked, sent: Doc, before: Doc | None, verdict: Verdict) -> Doc | None:
    if before is not None and "Contact" not in sent:
        return dict(before["Contact"])
    found = contacts.named(asked, sent.get("Contact"), verdict)
    return None if found is None else contacts.brief(found)


def _currency(asked: Asked, sent: Doc, old: Doc, verdict: Verdict) -> Doc:
    base = asked.organisation["BaseCurrency"]
    code = str(sent.get("CurrencyCode") or old.get("CurrencyCode") or base)
    row = asked.row("Currencies", code)
    if row is None:
        verdict.error("currency-not-subscribed", currency=code)
        return {"CurrencyCode": code}
    if code == base:
        return {"CurrencyCode": code, "CurrencyRate": Decimal("1.0000000000")}
    if isinstance(sent.get("CurrencyRate"), Decimal):
        verdict.warn("currency-rate-warning")
        return {"CurrencyCode": code, "CurrencyRate": sent["CurrencyRate"]}
    return {"CurrencyCode": code, "CurrencyRate": old.get("CurrencyRate") or row["_rate"]}


def _number(asked: Asked, sent: Doc, before: Doc | None, type_: str, form: Form, verdict: Verdict) -> str:
    old = (before or {}).get(form.number)
    number = sent.get(form.number) or old
    if number is None:
        return _next_number(asked, form) if type_ == form.sales else ""
    if len(number) > 255:
        verdict.error("number-long", field=form.number)
    if form.unique and type_ == form.sales and str(number) != old:
        taken = [row for row in asked.find(form.key, form.number, str(number)) if row["Type"] == form.sales]
        if any(row["Status"] != "DELETED" and row[form.id] != (before or {}).get(form.id) for row in taken):
            verdict.error("invoice-number-taken")
    return str(number)


def _next_number(asked: Asked, form: Form) -> str:
    for at in range(len(asked.rows(form.key)) + 1, 10_000_000):
        number = f"{form.prefix}-{at:04d}"
        if not asked.find(form.key, form.number, number):
            return number
    raise AssertionError("an organisation has fewer documents than there are numbers")


def _check_url(sent: Doc, verdict: Verdict) -> None:
    url = str(sent.get("Url") or "")
    if url and (not re.match(r"^https?://[^\s/]+", url) or "xero" in url.lower()):
        verdict.error("url-invalid")
    if len(str(sent.get("Reference") or "")) > 255:
        verdict.error("number-long", field="Reference")


def _check_approval(asked: Asked, before: Doc | None, type_: str, day: date, form: Form, verdict: Verdict) -> None:
    if form is not INVOICE or (before or {}).get("Status") in {"AUTHORISED", "PAID"}:
        return
    capped = asked.organisation["Class"] in rules.CAPPED_PLANS
    caps = asked.organisation.get("_caps") or ([rules.SALES_CAP, rules.BILLS_CAP] if capped else None)
    if caps is None:
        return
    month = [
        row
        for row in asked.rows(form.key)
        if row["Type"] == type_
        and row["Status"] in {"AUTHORISED", "PAID"}
        and row["Date"].replace(day=1) == day.replace(day=1)
    ]
    if len(month) >= caps[0 if type_ == form.sales else 1]:
        verdict.error("approval-limit")


def _row(asked: Asked, sent: Doc, old: Doc, type_: str, status: str, form: Form, contact: Doc, number: str) -> Doc:
    blank: Doc = {"Type": type_, form.id: asked.new_id(), form.number: number, "_app": asked.app["client_id"]}
    blank |= {"Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": []} if form is INVOICE else {}
    blank |= {"IsDiscounted": False} if form is INVOICE else {}
    blank |= {"Payments": [], "Allocations": []} if form is CREDIT_NOTE else {}
    blank |= {"HasAttachments": False, "SentToContact": False, "HasErrors": False}
    row = (old or blank) | {name: sent[name] for name in FREE if name in sent}
    if type_ == form.bills:
        # A bill has no reference of its own: its number is what Xero shows as the reference.
        row.pop("Reference", None)
    return row | {form.number: number, "Contact": contact, "Status": status}


def _mark_contact(asked: Asked, contact: Doc, type_: str, form: Form, approved: bool) -> None:
    whole = asked.row("Contacts", contact["ContactID"])
    name = "IsCustomer" if type_ == form.sales else "IsSupplier"
    if approved and whole is not None and not whole[name]:
        asked.keep("Contacts", contact["ContactID"], whole | {name: True})
