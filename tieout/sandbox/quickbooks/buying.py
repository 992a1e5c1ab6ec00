"""Bills, vendor credits and purchases: lines of accounts or items, input tax, and what they post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, currency, names, refs, rules, sales, settling, tax
from tieout.sandbox.quickbooks.posting import ZERO, Entry, posts, total
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.settling import Built
from tieout.sandbox.quickbooks.state import Asked

COPIED = frozenset({"PrivateNote", "VendorAddr", "GlobalTaxCalculation", "PrintStatus", "Memo"})
BILLABLE = frozenset({"Billable", "NotBillable"})
NAMES = ("Vendor", "Customer", "Employee")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as read: how it is kept, what it is taxed on, and the account it posts to; blank for words alone."""

    kept: Doc
    taxed: tax.Amount
    account: str


def build(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Built:
    """Raises Fault with everything that is wrong. A vendor credit, or a purchase that is one, posts the other way."""
    findings = Findings()
    vendor = None if entity == "Purchase" else refs.needed(asked, "Vendor", body, "VendorRef", findings)
    held = names.held_in(asked.company, vendor) if vendor else ""
    code, rate = currency.of_document(asked, body, findings, held)
    lines = _lines(asked, body, findings)
    owed = tax.owed(asked, "Purchase", body, [line.taxed for line in lines if line.account], "", findings)
    whole = total(owed.nets) + owed.tax
    if whole < 0:
        findings.add("total-negative", text=asked.company.switches["negative_receipt_text"])
    row = {name: value for name, value in body.items() if name in COPIED} | rules.tracked(asked, body, findings)
    number = rules.number(asked, entity, body, old)
    row |= {"TxnDate": rules.day_of(asked, body).isoformat()} | ({"DocNumber": number} if number else {})
    row |= currency.shown(asked.company, code, rate) | {"TotalAmt": whole, "Line": _shown(lines, owed, body)}
    row |= {"TxnTaxDetail": owed.detail} if owed.detail else {}
    if entity == "Purchase":
        control = _paid_from(asked, body, row, code, findings)
    else:
        control = _owed_to(asked, entity, body, row, vendor, code, findings)
        row |= settling.check_total(row, old, findings)
    findings.check()
    sign = 1 if entity == "VendorCredit" or body.get("Credit") else -1
    first = Entry(control["Id"], sign * whole, f"Vendor/{vendor['Id']}" if vendor else "")
    posted = [line for line in lines if line.account]
    rest = [Entry(line.account, -sign * net) for line, net in zip(posted, owed.nets, strict=True)]
    row["_posts"] = posts([first, *rest, *owed.entries(-sign)], rate, code)
    return Built(row if entity == "Purchase" else settling.settled(entity, row), {})


def _owed_to(asked: Asked, entity: str, body: Doc, row: Doc, vendor: Doc | None, code: str, findings: Findings) -> Doc:
    control = accounts.control(asked, "payable", code) if currency.known(asked.company, code) else {}
    named = refs.found(asked, "Account", body, "APAccountRef", findings)
    if named is not None and named["AccountType"] != "Accounts Payable":
        findings.add("account-type", name="APAccountRef", value=named["AccountType"])
    control = named or control
    row |= {"VendorRef": refs.ref(vendor), "APAccountRef": refs.ref(control)} if vendor else {}
    if entity == "Bill":
        term = refs.found(asked, "Term", body, "SalesTermRef", findings) or {}
        due = rules.day_of(asked, body) + timedelta(days=int(term.get("DueDays", 0)))
        row["DueDate"] = body.get("DueDate") or due.isoformat()
        row |= {"SalesTermRef": refs.ref(term)} if term else {}
    return control


def _paid_from(asked: Asked, body: Doc, row: Doc, code: str, findings: Findings) -> Doc:
    how = body.get("PaymentType")
    if how is None:
        findings.add("param-missing", name="PaymentType")
    account = refs.needed(asked, "Account", body, "AccountRef", findings)
    wanted = {"Credit Card"} if how == "CreditCard" else {"Bank", "Other Current Asset"}
    if account is not None and how and account["AccountType"] not in wanted:
        findings.add("account-type", name="AccountRef", value=account["AccountType"])
    if account is not None:
        currency.check_account(asked.company, account, code, findings)
        row |= {"AccountRef": refs.ref(account)}
    row |= {"PaymentType": how, "Credit": bool(body.get("Credit")), "PrintStatus": row.get("PrintStatus", "NotSet")}
    if refs.value(body, "EntityRef"):
        kind = body["EntityRef"].get("type", "Vendor")
        if kind not in NAMES:
            findings.add("type-invalid", name="EntityRef", value=kind)
        elif someone := refs.found(asked, kind, body, "EntityRef", findings):
            row |= {"EntityRef": refs.ref(someone) | {"type": kind}}
    method = refs.found(asked, "PaymentMethod", body, "PaymentMethodRef", findings)
    row |= {"PaymentMethodRef": refs.ref(method)} if method else {}
    return account or {}


def _lines(asked: Asked, body: Doc, findings: Findings) -> list[Line]:
    if "Line" not in body:
        findings.add("param-missing", name="Line")
    elif not body["Line"]:
        findings.add("lines-missing")
    found = []
    for sent in body.get("Line") or []:
        match sent.get("DetailType"):
            case "AccountBasedExpenseLineDetail" | "ItemBasedExpenseLineDetail" as how:
                found.append(_line(asked, how, sent, findings))
            case "DescriptionOnly":
                kept = {name: sent[name] for name in ("Description", "DetailType") if name in sent}
                found.append(Line(kept, tax.Amount(ZERO, ""), ""))
            case None:
                findings.add("param-missing", name="DetailType")
            case other:
                findings.add("enumeration-invalid", name="DetailType", value=other)
    return found


def _line(asked: Asked, how: str, sent: Doc, findings: Findings) -> Line:
    detail = sent.get(how) or {}
    is_item = how.startswith("Item")
    if is_item and rules.rank(asked.company) < rules.RANK["plus"]:
        raise rules.not_in_plan(asked.company)
    amount = sales.amount_of(sent, detail, findings)
    kept, account = _bought_item(asked, detail, findings) if is_item else _bought(asked, detail, findings)
    kept |= {name: detail[name] for name in ("UnitPrice", "Qty") if detail.get(name)}
    kept |= _billed(asked, detail, findings) | rules.tracked(asked, detail, findings)
    code = refs.value(detail, "TaxCodeRef")
    if asked.company.facts["country"] == "US":
        code = code or "NON"
    kept |= {"TaxCodeRef": {"value": code}} if code else {}
    words = {name: sent[name] for name in ("Description", "DetailType") if name in sent}
    return Line(words | {how: kept}, tax.Amount(detail.get("TaxInclusiveAmt") or amount, code), account)


def _bought(asked: Asked, detail: Doc, findings: Findings) -> tuple[Doc, str]:
    account = refs.needed(asked, "Account", detail, "AccountRef", findings)
    if account is not None and account["AccountType"] in accounts.CONTROL:
        findings.add("account-type", name="AccountRef", value=account["AccountType"])
    return ({"AccountRef": refs.ref(account)}, account["Id"]) if account else ({}, "unknown")


def _bought_item(asked: Asked, detail: Doc, findings: Findings) -> tuple[Doc, str]:
    if not refs.value(detail, "ItemRef"):
        findings.add("split-detail")
    item = refs.found(asked, "Item", detail, "ItemRef", findings)
    if item is None:
        return {}, "unknown"
    field = "AssetAccountRef" if item["Type"] == "Inventory" else "ExpenseAccountRef"
    if not refs.value(item, field):
        findings.add("split-detail")
    return {"ItemRef": refs.ref(item)}, refs.value(item, field) or "unknown"


def _billed(asked: Asked, detail: Doc, findings: Findings) -> Doc:
    status = detail.get("BillableStatus")
    customer = refs.found(asked, "Customer", detail, "CustomerRef", findings)
    if status == "HasBeenBilled":
        findings.add("enumeration-invalid", name="BillableStatus", value="HAS_BEEN_BILLED")
    elif status is not None and status not in BILLABLE:
        findings.add("billable-invalid", value=status)
    elif status == "Billable" and not refs.value(detail, "CustomerRef"):
        findings.add("billable-customer")
    return {"BillableStatus": status or "NotBillable"} | ({"CustomerRef": refs.ref(customer)} if customer else {})


def _shown(lines: list[Line], owed: tax.Owed, body: Doc) -> list[Doc]:
    nets, shown = iter(owed.nets), []
    for place, line in enumerate(lines, 1):
        row: Doc = {"Id": str(place), "LineNum": place} | line.kept
        if line.account:
            row["Amount"] = next(nets)
            if body.get("GlobalTaxCalculation") == "TaxInclusive":
                how = row["DetailType"]
                row[how] = row[how] | {"TaxInclusiveAmt": line.taxed.sent}
        shown.append(row)
    return shown
