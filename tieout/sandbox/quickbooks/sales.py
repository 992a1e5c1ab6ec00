"""Invoices, sales receipts, credit memos and refund receipts: lines of items, tax, and what they post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, currency, names, refs, rules, settling, tax
from tieout.sandbox.quickbooks.posting import ZERO, Entry, cents, posts, total
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.settling import Built
from tieout.sandbox.quickbooks.state import Asked

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Form:
    """What differs: whether it waits to be paid, which way it posts, and which references must be there."""

    is_open: bool
    sign: int
    needs: tuple[str, ...]


FORMS = {
    "Invoice": Form(True, 1, ("CustomerRef",)),
    "CreditMemo": Form(True, -1, ("CustomerRef",)),
    "SalesReceipt": Form(False, 1, ()),
    "RefundReceipt": Form(False, -1, ("DepositToAccountRef",)),
}
KEPT_REFS = {"SalesTermRef": "Term", "PaymentMethodRef": "PaymentMethod"}
# Names that stay in the document as they were sent.
COPIED = frozenset(
    "DocNumber PrivateNote CustomerMemo BillAddr ShipAddr BillEmail BillEmailCc BillEmailBcc ShipDate TrackingNum"
    " PaymentRefNum ApplyTaxAfterDiscount AllowOnlineCreditCardPayment AllowOnlineACHPayment AllowIPNPayment"
    " AllowOnlinePayment PrintStatus EmailStatus GlobalTaxCalculation DeliveryInfo PaymentType".split()
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as read: how it is kept, what it is taxed on, and the account it posts to; blank for words alone."""

    kept: Doc
    taxed: tax.Amount
    account: str


def build(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Built:
    """Raises Fault with everything that is wrong."""
    findings, form = Findings(), FORMS[entity]
    for name in form.needs:
        if not refs.value(body, name):
            findings.add("param-missing", name=name)
    customer = _customer(asked, body, findings)
    code, rate = currency.of_document(asked, body, findings, names.held_in(asked.company, customer) if customer else "")
    day = rules.day_of(asked, body)
    lines = _lines(asked, body, day.isoformat(), findings)
    place = tax.state_of(asked.company, body.get("ShipAddr"), body.get("BillAddr"), (customer or {}).get("ShipAddr"))
    owed = tax.owed(asked, "Sales", body, [line.taxed for line in lines if line.account], place, findings)
    money = None if form.is_open else _money(asked, body, code, findings)
    row = _row(asked, entity, body, old, findings)
    row |= currency.shown(asked.company, code, rate) | {"TxnDate": day.isoformat()}
    row |= {"CustomerRef": refs.ref(customer)} if customer else {}
    row |= {"DepositToAccountRef": refs.ref(money)} if money else {}
    whole = total(owed.nets) + owed.tax
    if whole < 0:
        findings.add("total-negative", text=asked.company.switches["negative_receipt_text"])
    row |= {"Line": _shown(lines, owed, body), "TotalAmt": whole, "HomeTotalAmt": cents(whole * rate)}
    row |= {"TxnTaxDetail": owed.detail} if owed.detail else {}
    if form.is_open:
        row |= settling.check_total(row, old, findings)
    else:
        row["Balance"] = ZERO
    findings.check()
    row["_posts"] = posts(_entries(asked, form, lines, owed, money, customer, code), rate, code)
    return Built(settling.settled(entity, row) if form.is_open else row, {})


def _customer(asked: Asked, body: Doc, findings: Findings) -> Doc | None:
    wanted = refs.value(body, "CustomerRef")
    is_other = any(asked.company.get(kind, wanted) for kind in ("Vendor", "Employee"))
    if is_other and asked.company.get("Customer", wanted) is None:
        findings.add("customer-invalid", id=wanted)
        return None
    return refs.found(asked, "Customer", body, "CustomerRef", findings)


def _money(asked: Asked, body: Doc, code: str, findings: Findings) -> Doc | None:
    """The account that the money goes to or comes from; undeposited funds when none is named."""
    row = refs.found(asked, "Account", body, "DepositToAccountRef", findings)
    if row is None:
        return refs.with_role(asked.company, "undeposited")
    if row["AccountType"] not in {"Bank", "Other Current Asset"}:
        findings.add("account-type", name="DepositToAccountRef", value=row["AccountType"])
    currency.check_account(asked.company, row, code, findings)
    return row


def _row(asked: Asked, entity: str, body: Doc, old: Doc | None, findings: Findings) -> Doc:
    """The document's own words and references."""
    row = {name: value for name, value in body.items() if name in COPIED and name != "DocNumber"}
    for name, kind in KEPT_REFS.items():
        found = refs.found(asked, kind, body, name, findings)
        row |= {name: refs.ref(found)} if found else {}
    row |= rules.tracked(asked, body, findings)
    number = rules.number(asked, entity, body, old)
    row |= {"DocNumber": number} if number else {}
    if entity == "Invoice":
        row["DueDate"] = body.get("DueDate") or _due(asked, body)
        row |= {"PrintStatus": row.get("PrintStatus", "NotSet"), "EmailStatus": row.get("EmailStatus", "NotSet")}
    return row


def _due(asked: Asked, body: Doc) -> str:
    term = asked.company.get("Term", refs.value(body, "SalesTermRef")) or {}
    return (rules.day_of(asked, body) + timedelta(days=int(term.get("DueDays", 0)))).isoformat()


def _lines(asked: Asked, body: Doc, day: str, findings: Findings) -> list[Line]:
    if "Line" not in body:
        findings.add("param-missing", name="Line")
    elif not body["Line"]:
        findings.add("lines-missing")
    found = []
    for sent in body.get("Line") or []:
        match sent.get("DetailType"):
            case "SalesItemLineDetail":
                found.append(_item_line(asked, sent, day, findings))
            case "DiscountLineDetail":
                found.append(_discount(asked, sent, findings))
            case "DescriptionOnly":
                kept = {name: sent[name] for name in ("Description", "DetailType") if name in sent}
                found.append(Line(kept | {"DescriptionLineDetail": {}}, tax.Amount(ZERO, ""), ""))
            case "SubTotalLineDetail":
                pass  # told by QuickBooks, sent back by clients
            case None:
                findings.add("param-missing", name="DetailType")
            case other:
                findings.add("enumeration-invalid", name="DetailType", value=other)
    return found


def _item_line(asked: Asked, sent: Doc, day: str, findings: Findings) -> Line:
    detail = sent.get("SalesItemLineDetail") or {}
    item = _item(asked, detail, day, findings)
    amount = amount_of(sent, detail, findings)
    kept: Doc = {"ItemRef": refs.ref(item)} if item else {}
    kept |= {name: detail[name] for name in ("UnitPrice", "Qty", "ServiceDate") if detail.get(name)}
    kept |= rules.tracked(asked, detail, findings)
    code = refs.value(detail, "TaxCodeRef")
    if not code and asked.company.facts["country"] == "US":
        code = "TAX" if (item or {}).get("Taxable") else "NON"
    kept |= {"TaxCodeRef": {"value": code}} if code else {}
    words = {name: sent[name] for name in ("Description", "DetailType") if name in sent}
    gross = detail.get("TaxInclusiveAmt") or amount
    account = refs.value(item or {}, "IncomeAccountRef") or refs.value(item or {}, "ExpenseAccountRef")
    return Line(words | {"SalesItemLineDetail": kept}, tax.Amount(gross, code), account or "unknown")


def _item(asked: Asked, detail: Doc, day: str, findings: Findings) -> Doc | None:
    if not refs.value(detail, "ItemRef"):
        findings.add("split-detail")
        return None
    row = asked.company.get("Item", refs.value(detail, "ItemRef"))
    if row is not None and row["Type"] == "Inventory" and row["Active"] is False:
        findings.add("item-inactive")
        return None
    found = refs.found(asked, "Item", detail, "ItemRef", findings)
    if found is not None and day < found.get("InvStartDate", ""):
        findings.add("item-before-start", day=found["InvStartDate"])
    if found is not None and found["Type"] == "Category":
        findings.add("item-category")
    return found


def amount_of(sent: Doc, detail: Doc, findings: Findings) -> Decimal:
    """The line's amount, which must be quantity times price where both are told; noughts tell nothing."""
    quantity, price, amount = detail.get("Qty"), detail.get("UnitPrice"), sent.get("Amount")
    product = cents(quantity * price) if quantity and price else None
    if amount is None:
        if product is None:
            findings.add("param-missing", name="Amount")
        return product or ZERO
    if product is not None and amount != product:
        findings.add("amount-calculation", value=amount)
    return Decimal(amount)


def _discount(asked: Asked, sent: Doc, findings: Findings) -> Line:
    detail, amount = sent.get("DiscountLineDetail") or {}, sent.get("Amount")
    if amount is None:
        findings.add("discount-missing")
    account = refs.found(asked, "Account", detail, "DiscountAccountRef", findings)
    account = account or refs.with_role(asked.company, "discount")
    kept: Doc = {name: sent[name] for name in ("Description", "DetailType") if name in sent}
    kept |= {"DiscountLineDetail": {"DiscountAccountRef": refs.ref(account)} if account else {}}
    code = refs.value(detail, "TaxCodeRef")
    return Line(kept, tax.Amount(-(amount or ZERO), code), (account or {}).get("Id", "unknown"))


def _shown(lines: list[Line], owed: tax.Owed, body: Doc) -> list[Doc]:
    """The lines numbered, with their amounts without tax, and the subtotal that QuickBooks adds."""
    nets, shown = iter(owed.nets), []
    for place, line in enumerate(lines, 1):
        row: Doc = {"Id": str(place), "LineNum": place} | line.kept
        if line.account:
            net = next(nets)
            row["Amount"] = abs(net) if "DiscountLineDetail" in row else net
            if body.get("GlobalTaxCalculation") == "TaxInclusive" and "SalesItemLineDetail" in row:
                row["SalesItemLineDetail"] = row["SalesItemLineDetail"] | {"TaxInclusiveAmt": line.taxed.sent}
        shown.append(row)
    subtotal = {"Amount": total(owed.nets), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return [*shown, subtotal]


def _entries(
    asked: Asked, form: Form, lines: list[Line], owed: tax.Owed, money: Doc | None, customer: Doc | None, code: str
) -> list[Entry]:
    whole = total(owed.nets) + owed.tax
    if form.is_open:
        assert customer is not None, "refused without"
        account = accounts.control(asked, "receivable", code)["Id"]
        first = Entry(account, form.sign * whole, f"Customer/{customer['Id']}")
    else:
        assert money is not None, "every company has undeposited funds"
        first = Entry(money["Id"], form.sign * whole)
    posted = [line for line in lines if line.account]
    rest = [Entry(line.account, -form.sign * net) for line, net in zip(posted, owed.nets, strict=True)]
    return [first, *rest, *owed.entries(-form.sign)]
