"""Manual journals: two lines or more that net to zero, and never the ledger's own accounts."""

from __future__ import annotations

from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.xero import lines, refusals
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Verdict, check_lock
from tieout.sandbox.xero.state import Asked

STATUSES = frozenset({"DRAFT", "POSTED", "DELETED", "VOIDED", "ARCHIVED"})
FOLLOWS = {"DRAFT": {"DRAFT", "POSTED", "DELETED"}, "POSTED": {"POSTED", "VOIDED"}}
BARRED_TYPES = frozenset({"BANK", "INVENTORY"})
BARRED_SYSTEM = frozenset({"DEBTORS", "CREDITORS", "RETAINEDEARNINGS"})


def save(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Creates or updates one journal. Raises Invalid, Refused."""
    named = row_id or (None if creating else sent.get("ManualJournalID"))
    before = asked.row("ManualJournals", str(named)) if named else None
    if named and before is None:
        raise Refused(refusals.not_found())
    verdict = Verdict()
    status = str(sent.get("Status") or (before or {}).get("Status") or "DRAFT").upper()
    allowed = {"DRAFT", "POSTED"} if before is None else FOLLOWS.get(before["Status"], set())
    if status not in allowed:
        verdict.error("journal-status")
    old = before or {}
    narration = sent.get("Narration") or old.get("Narration")
    if not narration:
        verdict.error("narration-missing")
    day = sent.get("Date") or old.get("Date") or asked.today
    if before is not None and before["Status"] == "POSTED":
        check_lock(verdict, asked.organisation, asked.role, before["Date"], editing=True)
    if status == "POSTED":
        check_lock(verdict, asked.organisation, asked.role, day)
    amount_types = sent.get("LineAmountTypes") or old.get("LineAmountTypes") or "NoTax"
    kept = _lines(asked, sent, amount_types, verdict) if "JournalLines" in sent or not old else old["JournalLines"]
    verdict.check(sent, "ManualJournalID")
    row: Doc = old or {"ManualJournalID": asked.new_id(), "HasAttachments": False, "ShowOnCashBasisReports": True}
    row = row | {name: sent[name] for name in ("Url", "ShowOnCashBasisReports") if name in sent}
    row |= {"Narration": narration, "Date": day, "LineAmountTypes": amount_types, "Status": status}
    row |= {"JournalLines": kept, "UpdatedDateUTC": asked.now}
    return asked.keep("ManualJournals", row["ManualJournalID"], row)


def _lines(asked: Asked, sent: Doc, amount_types: str, verdict: Verdict) -> list[Doc]:
    given = [line for line in sent.get("JournalLines") or [] if isinstance(line, dict)]
    if len(given) < 2:
        verdict.error("journal-lines-missing")
    kept = [_line(asked, line, amount_types, verdict) for line in given]
    gross = [line["LineAmount"] + (line["TaxAmount"] if amount_types == "Exclusive" else 0) for line in kept]
    debits = sum((amount for amount in gross if amount > 0), Decimal("0.00"))
    credits = sum((amount for amount in gross if amount < 0), Decimal("0.00"))
    if debits + credits != 0:
        verdict.error("journal-unbalanced", debits=debits, credits=credits)
    return kept


def _line(asked: Asked, sent: Doc, amount_types: str, verdict: Verdict) -> Doc:
    code = str(sent.get("AccountCode") or "")
    account = asked.row("Accounts", str(sent.get("AccountID", "")))
    if account is None and code:
        account = next(iter(asked.find("Accounts", "Code", code)), None)
    if account is None:
        verdict.error("account-code-invalid", code=code) if code else verdict.error("account-missing")
    elif account["Status"] != "ACTIVE":
        verdict.error("account-archived", code=code)
    elif account["Type"] in BARRED_TYPES or account.get("SystemAccount") in BARRED_SYSTEM:
        verdict.error("journal-account", code=code)
    amount = lines.cents(sent.get("LineAmount") or Decimal(0))
    tax_type = (
        "NONE" if amount_types == "NoTax" else str(sent.get("TaxType") or (account or {}).get("TaxType") or "NONE")
    )
    rate = asked.row("TaxRates", tax_type)
    if rate is None and tax_type != "NONE":
        verdict.error("tax-unknown", tax=tax_type)
    share = (rate or {}).get("EffectiveRate", Decimal(0)) if amount_types != "NoTax" else Decimal(0)
    whole = lines.HUNDRED + share if amount_types == "Inclusive" else lines.HUNDRED
    line: Doc = {"LineAmount": amount, "TaxType": tax_type, "TaxAmount": lines.cents(amount * share / whole)}
    line |= {"Description": sent["Description"]} if sent.get("Description") else {}
    if account is not None:
        line |= {"AccountCode": account.get("Code"), "AccountID": account["AccountID"]}
    return line | {"Tracking": lines.tracking(asked, sent, verdict), "IsBlank": False}
