"""Payments of invoices, bills, credit notes, prepayments and overpayments; never edited, only deleted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.xero import refusals
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Verdict, check_lock
from tieout.sandbox.xero.settling import outstanding, resettled
from tieout.sandbox.xero.state import Asked

# What a payment may be applied to: field, list, id, number.
TARGETS = (
    ("Invoice", "Invoices", "InvoiceID", "InvoiceNumber"),
    ("CreditNote", "CreditNotes", "CreditNoteID", "CreditNoteNumber"),
    ("Prepayment", "Prepayments", "PrepaymentID", ""),
    ("Overpayment", "Overpayments", "OverpaymentID", ""),
)
PAYMENT_TYPES = {
    "ACCREC": "ACCRECPAYMENT",
    "ACCPAY": "ACCPAYPAYMENT",
    "ACCRECCREDIT": "ARCREDITPAYMENT",
    "ACCPAYCREDIT": "APCREDITPAYMENT",
    "RECEIVE-PREPAYMENT": "ARPREPAYMENTPAYMENT",
    "SPEND-PREPAYMENT": "APPREPAYMENTPAYMENT",
    "RECEIVE-OVERPAYMENT": "AROVERPAYMENTPAYMENT",
    "SPEND-OVERPAYMENT": "APOVERPAYMENTPAYMENT",
}


def save(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Creates one payment, or deletes one by `Status: DELETED`. Raises Invalid, Refused."""
    named = row_id or (None if creating else sent.get("PaymentID"))
    if named:
        return _delete(asked, sent, str(named))
    verdict = Verdict()
    target = _target(asked, sent, verdict)
    account = _account(asked, sent, verdict)
    amount = sent.get("Amount")
    if not isinstance(amount, Decimal) or amount <= 0:
        verdict.error("amount-not-positive")
    day = sent.get("Date") or asked.today
    if target is not None:
        _check_amount(target[1], amount, verdict)
        _check_currency(asked, target[1], account, verdict)
    check_lock(verdict, asked.organisation, asked.role, day)
    verdict.check(sent, "PaymentID")
    assert target is not None and account is not None and isinstance(amount, Decimal), "refused above"
    return apply(asked, sent, target, account, amount.quantize(Decimal("0.01")), day)


def apply(
    asked: Asked, sent: Doc, target: tuple[tuple[str, str, str, str], Doc], account: Doc, amount: Decimal, day: date
) -> Doc:
    """Writes the payment and settles the document; no rule is asked."""
    (field, key, id_field, number_field), row = target
    payment_id = asked.new_id()
    payment: Doc = {
        "PaymentID": payment_id,
        "Date": day,
        "Amount": amount,
        "BankAmount": sent.get("BankAmount", amount),
    }
    payment |= {"Reference": sent["Reference"]} if sent.get("Reference") else {}
    payment |= {"CurrencyRate": sent.get("CurrencyRate") or row.get("CurrencyRate", Decimal(1))}
    part: Doc = {
        name: payment[name] for name in ("PaymentID", "Date", "Amount", "Reference", "CurrencyRate") if name in payment
    }
    part |= {"HasAccount": True, "HasValidationErrors": False}
    settled = resettled(row | {"Payments": [*row["Payments"], part]}, day) | {"UpdatedDateUTC": asked.now}
    asked.keep(key, row[id_field], settled)
    shown: Doc = {id_field: row[id_field], "Type": row["Type"], "Contact": row["Contact"]}
    shown |= {number_field: row[number_field]} if number_field and row.get(number_field) else {}
    shown |= {"CurrencyCode": row["CurrencyCode"]}
    payment |= {
        "PaymentType": PAYMENT_TYPES[row["Type"]],
        "Status": "AUTHORISED",
        "IsReconciled": bool(sent.get("IsReconciled", False)),
        "HasAccount": True,
        "HasValidationErrors": False,
        "Account": {"AccountID": account["AccountID"], "Name": account["Name"]}
        | ({"Code": account["Code"]} if account.get("Code") else {}),
        field: shown,
        "UpdatedDateUTC": asked.now,
    }
    return asked.keep("Payments", payment_id, payment)


def delete(asked: Asked, before: Doc) -> Doc:
    """Takes the payment off its document, which is open again; no rule is asked."""
    for field, key, id_field, _ in TARGETS:
        row = asked.row(key, before[field][id_field]) if field in before else None
        if row is not None:
            kept = [one for one in row["Payments"] if one["PaymentID"] != before["PaymentID"]]
            reopened = resettled(row | {"Payments": kept}, before["Date"]) | {"UpdatedDateUTC": asked.now}
            asked.keep(key, row[id_field], reopened)
    return asked.keep("Payments", before["PaymentID"], before | {"Status": "DELETED", "UpdatedDateUTC": asked.now})


def _delete(asked: Asked, sent: Doc, payment_id: str) -> Doc:
    before = asked.row("Payments", payment_id)
    if before is None:
        raise Refused(refusals.not_found())
    verdict = Verdict()
    if str(sent.get("Status", "")).upper() != "DELETED" or before["Status"] == "DELETED":
        verdict.error("invoice-not-modifiable")
    if before.get("_reconciled"):
        verdict.error("payment-reconciled")
    if before.get("_batch"):
        verdict.error("batch-payment-delete")
    check_lock(verdict, asked.organisation, asked.role, before["Date"], editing=True)
    verdict.check(sent, "PaymentID")
    return delete(asked, before)


def _target(asked: Asked, sent: Doc, verdict: Verdict) -> tuple[tuple[str, str, str, str], Doc] | None:
    named = [target for target in TARGETS if isinstance(sent.get(target[0]), dict)]
    if len(named) != 1:
        verdict.error("payment-target")
        return None
    field, key, id_field, number_field = named[0]
    wanted = sent[field]
    found = asked.row(key, str(wanted.get(id_field, "")))
    if found is None and number_field and wanted.get(number_field):
        numbered = asked.find(key, number_field, str(wanted[number_field]))
        found = next((row for row in numbered if row["Status"] not in {"DELETED", "VOIDED"}), None)
    if found is None:
        verdict.error("document-not-found")
        return None
    return named[0], found


def _account(asked: Asked, sent: Doc, verdict: Verdict) -> Doc | None:
    wanted = sent.get("Account") or {}
    found = asked.row("Accounts", str(wanted.get("AccountID", "")))
    if found is None and wanted.get("Code"):
        found = next(iter(asked.find("Accounts", "Code", str(wanted["Code"]))), None)
    if found is None:
        verdict.error("account-not-found")
        return None
    if found["Status"] == "ARCHIVED":
        verdict.error("bank-account-archived", name=found["Name"])
    elif found["Type"] != "BANK" and not found.get("EnablePaymentsToAccount"):
        verdict.error("payment-account", code=found.get("Code"))
    return found


def _check_amount(row: Doc, amount: object, verdict: Verdict) -> None:
    if row["Status"] != "AUTHORISED":
        verdict.error("payment-not-authorised")
    if isinstance(amount, Decimal) and amount > (outstanding(row) if row["Status"] in {"AUTHORISED", "PAID"} else 0):
        verdict.error("payment-too-large")


def _check_currency(asked: Asked, row: Doc, account: Doc | None, verdict: Verdict) -> None:
    base = asked.organisation["BaseCurrency"]
    held = (account or {}).get("CurrencyCode", base)
    if account is not None and held not in {row["CurrencyCode"], base}:
        verdict.error("payment-currency")
