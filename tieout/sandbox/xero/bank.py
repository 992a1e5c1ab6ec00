"""Spent and received money, with the prepayments and overpayments that come of it; transfers between bank accounts."""

from __future__ import annotations

from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.xero import contacts, lines, refusals
from tieout.sandbox.xero.refusals import Refused, bad_content
from tieout.sandbox.xero.rules import Verdict, check_lock
from tieout.sandbox.xero.settling import resettled
from tieout.sandbox.xero.state import Asked

TYPES = frozenset("RECEIVE SPEND RECEIVE-OVERPAYMENT SPEND-OVERPAYMENT RECEIVE-PREPAYMENT SPEND-PREPAYMENT".split())
COPIED = ("Reference", "Url", "IsReconciled")


def save_transaction(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Creates, changes or deletes one bank transaction. Raises Invalid, Refused."""
    before = _existing(asked, sent, creating, row_id)
    verdict = Verdict()
    if before is not None:
        if before["Status"] != "AUTHORISED":
            verdict.error("bank-transaction-status")
        if before.get("IsReconciled"):
            verdict.error("bank-transaction-reconciled")
        check_lock(verdict, asked.organisation, asked.role, before["Date"], editing=True)
        verdict.check(sent, "BankTransactionID")
        if sent.get("Status") in {"DELETED", "VOIDED"}:
            gone = before | {"Status": sent["Status"], "UpdatedDateUTC": asked.now}
            return asked.keep("BankTransactions", before["BankTransactionID"], gone)
    return _written(asked, sent, before, verdict)


def _existing(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc | None:
    named = row_id or (None if creating else sent.get("BankTransactionID"))
    if not named:
        return None
    found = asked.row("BankTransactions", str(named))
    if found is None:
        raise Refused(refusals.not_found())
    return found


def _written(asked: Asked, sent: Doc, before: Doc | None, verdict: Verdict) -> Doc:
    old = before or {}
    type_ = str(sent.get("Type") or old.get("Type") or "")
    if type_ not in TYPES:
        told = f"Error converting value \"{type_}\" to type 'Xero.API.Library.Types.BankTransactionType'."
        raise Refused(bad_content(asked.request, told + " Path 'BankTransactions[0].Type'."))
    account = _bank_account(asked, sent.get("BankAccount"), verdict) if "BankAccount" in sent or not old else None
    contact = contacts.named(asked, sent.get("Contact"), verdict) if "Contact" in sent or not old else None
    day = sent.get("Date") or old.get("Date") or asked.today
    amount_types = sent.get("LineAmountTypes") or old.get("LineAmountTypes") or "Exclusive"
    judged = lines.Rules(strict=True, amount_types=amount_types)
    priced, totals = lines.price(asked, sent.get("LineItems") or old.get("LineItems", []), judged, verdict, [])
    if not priced:
        verdict.error("lines-missing")
    if totals.total < 0:
        verdict.error("total-negative")
    check_lock(verdict, asked.organisation, asked.role, day)
    verdict.check(sent, "BankTransactionID")
    row: Doc = old or {"BankTransactionID": asked.new_id(), "HasAttachments": False, "IsReconciled": False}
    row = row | {"Type": type_, "Status": "AUTHORISED"} | {name: sent[name] for name in COPIED if name in sent}
    if contact is not None:
        row["Contact"] = contacts.brief(contact)
    if account is not None:
        row["BankAccount"] = {name: account[name] for name in ("AccountID", "Code", "Name") if account.get(name)}
        row["CurrencyCode"] = account["CurrencyCode"]
    row |= {"Date": day, "LineAmountTypes": amount_types, "LineItems": priced, "UpdatedDateUTC": asked.now}
    row |= {"SubTotal": totals.subtotal, "TotalTax": totals.tax, "Total": totals.total}
    row |= _advance(asked, row) if before is None else {}
    return asked.keep("BankTransactions", row["BankTransactionID"], row)


def _bank_account(asked: Asked, sent: object, verdict: Verdict) -> Doc | None:
    wanted = sent if isinstance(sent, dict) else {}
    found = asked.row("Accounts", str(wanted.get("AccountID", "")))
    if found is None and wanted.get("Code"):
        found = next(iter(asked.find("Accounts", "Code", str(wanted["Code"]))), None)
    if found is None:
        verdict.error("bank-account-missing" if not wanted else "account-invalid")
    elif found["Type"] != "BANK":
        verdict.error("account-invalid")
    elif found["Status"] == "ARCHIVED":
        verdict.error("bank-account-archived", name=found["Name"])
    return found


def _advance(asked: Asked, row: Doc) -> Doc:
    """The prepayment or overpayment that a bank transaction of that type makes; its id stands on the transaction."""
    _, _, what = row["Type"].partition("-")
    if not what:
        return {}
    key, id_field = ("Prepayments", "PrepaymentID") if what == "PREPAYMENT" else ("Overpayments", "OverpaymentID")
    made: Doc = {
        id_field: asked.new_id(),
        "Type": row["Type"],
        "Status": "AUTHORISED",
        "Allocations": [],
        "Payments": [],
    }
    for name in ("Contact", "Date", "LineAmountTypes", "LineItems", "SubTotal", "TotalTax", "Total", "CurrencyCode"):
        made[name] = row[name]
    made |= {"CurrencyRate": Decimal("1.0000000000"), "HasAttachments": False, "UpdatedDateUTC": asked.now}
    asked.keep(key, made[id_field], resettled(made, row["Date"]))
    return {id_field: made[id_field]}


def save_transfer(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Moves money between two bank accounts; a transfer is never changed."""
    verdict = Verdict()
    source = _bank_account(asked, sent.get("FromBankAccount"), verdict)
    sink = _bank_account(asked, sent.get("ToBankAccount"), verdict)
    amount, day = sent.get("Amount"), sent.get("Date") or asked.today
    if not isinstance(amount, Decimal) or amount <= 0:
        verdict.error("amount-not-positive")
    if row_id is not None:
        verdict.error("bank-transaction-status")
    check_lock(verdict, asked.organisation, asked.role, day)
    verdict.check(sent, "BankTransferID")
    assert source is not None and sink is not None, "refused above"
    row: Doc = {"BankTransferID": asked.new_id(), "Amount": amount, "Date": day, "CreatedDateUTC": asked.now}
    for name, account in (("FromBankAccount", source), ("ToBankAccount", sink)):
        row[name] = {part: account[part] for part in ("AccountID", "Code", "Name") if account.get(part)}
    row |= {"FromBankTransactionID": asked.new_id(), "ToBankTransactionID": asked.new_id(), "HasAttachments": False}
    return asked.keep("BankTransfers", row["BankTransferID"], row | {"CurrencyRate": Decimal("1.0000000000")})
