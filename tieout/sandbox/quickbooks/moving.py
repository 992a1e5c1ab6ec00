"""Deposits and transfers: receipts taken to the bank together, and money moved between the company's own accounts."""

from __future__ import annotations

from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, currency, refs, rules, tax
from tieout.sandbox.quickbooks.posting import ZERO, Entry, posts, total
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.settling import Built
from tieout.sandbox.quickbooks.state import Asked

RECEIPTS = ("Payment", "SalesReceipt", "JournalEntry")
NAMES = ("Customer", "Vendor", "Employee")


def build_deposit(asked: Asked, body: Doc, old: Doc | None) -> Built:
    """Raises Fault. What it links is 0 for each receipt: a receipt is deposited whole."""
    findings, company = Findings(), asked.company
    bank = refs.needed(asked, "Account", body, "DepositToAccountRef", findings)
    if bank is not None and bank["AccountType"] not in {"Bank", "Other Current Asset"}:
        findings.add("account-type", name="DepositToAccountRef", value=bank["AccountType"])
    code, rate = currency.of_document(asked, body, findings, _held(asked, bank))
    if not body.get("Line"):
        findings.add("lines-missing" if "Line" in body else "param-missing", name="Line")
    kept, entries, links = [], list[Entry](), dict[str, Decimal]()
    for place, sent in enumerate(body.get("Line") or [], 1):
        told = [one for one in sent.get("LinkedTxn") or [] if one.get("TxnId")]
        one = _receipt(asked, sent, told[0], old, findings) if told else _direct(asked, sent, findings)
        line, entry, link = one
        kept.append({"Id": str(place), "LineNum": place} | line)
        entries.append(entry)
        links |= {link: ZERO} if link else {}
    whole = -total(entry.amount for entry in entries)
    back, taken = _cash_back(asked, body, findings)
    if whole - taken < 0:
        findings.add("total-negative", text=company.switches["negative_receipt_text"])
    findings.check()
    assert bank is not None, "refused above"
    entries = [Entry(bank["Id"], whole - taken), *entries, *back]
    row: Doc = {"DepositToAccountRef": refs.ref(bank), "TxnDate": rules.day_of(asked, body).isoformat(), "Line": kept}
    row |= {name: body[name] for name in ("PrivateNote", "CashBack", "DocNumber") if name in body}
    row |= rules.tracked(asked, body, findings) | currency.shown(company, code, rate) | {"TotalAmt": whole - taken}
    row["_posts"] = posts(entries, rate, code)
    return Built(row, links)


def build_transfer(asked: Asked, body: Doc, old: Doc | None) -> Built:
    """Raises Fault."""
    findings, company = Findings(), asked.company
    amount = body.get("Amount")
    if amount is None or amount <= 0:
        findings.add("amount-missing" if not amount else "amount-negative")
    ends = [refs.needed(asked, "Account", body, name, findings) for name in ("FromAccountRef", "ToAccountRef")]
    for name, end in zip(("FromAccountRef", "ToAccountRef"), ends, strict=True):
        if end is not None and not _can_hold(end):
            findings.add("account-type", name=name, value=end["AccountType"])
    held = {_held(asked, end) for end in ends} - {currency.home(company)}
    if len(held) > 1:
        findings.add("one-currency")
    code, rate = currency.of_document(asked, body, findings, next(iter(held), ""))
    if ends[0] is not None and ends[0] == ends[1]:
        findings.add("same-account")
    findings.check()
    source, target = ends
    assert source is not None and target is not None and isinstance(amount, Decimal), "refused above"
    row: Doc = {"FromAccountRef": refs.ref(source), "ToAccountRef": refs.ref(target), "Amount": amount}
    row |= {"TxnDate": rules.day_of(asked, body).isoformat()} | currency.shown(company, code, rate)
    row |= {"PrivateNote": body["PrivateNote"]} if "PrivateNote" in body else {}
    row["_posts"] = posts([Entry(target["Id"], amount), Entry(source["Id"], -amount)], rate, code)
    return Built(row, {})


def mark(asked: Asked, deposit_id: str, old: dict[str, Decimal], new: dict[str, Decimal]) -> None:
    """Locks the receipts that a deposit takes up and frees those it lets go."""
    for key in sorted(old.keys() ^ new.keys()):
        entity, _, row_id = key.partition("/")
        row = asked.company.get(entity, row_id)
        if row is not None:
            asked.company.put(entity, row | {"_deposit": deposit_id if key in new else ""})


def _receipt(asked: Asked, sent: Doc, told: Doc, old: Doc | None, findings: Findings) -> tuple[Doc, Entry, str]:
    """A receipt out of undeposited funds, whole; one that is elsewhere or taken up already cannot be linked (620)."""
    undeposited = refs.with_role(asked.company, "undeposited") or {}
    kind, row_id = str(told.get("TxnType", "")), str(told["TxnId"])
    row = asked.company.get(kind, row_id) if kind in RECEIPTS else None
    held = (row or {}).get("_deposit")
    waiting = total(
        post["amount"] for post in (row or {}).get("_posts", ()) if post["account"] == undeposited.get("Id")
    )
    is_free = not held or (old is not None and held == old["Id"])
    if row is None or row.get("status") == "Deleted" or waiting <= 0 or not is_free:
        findings.add("cannot-link", id=row_id)
        return {}, Entry("unknown", ZERO), ""
    amount = sent.get("Amount")
    if amount is not None and amount != waiting:
        findings.add("cannot-link", id=row_id)
    line: Doc = {"Amount": waiting, "LinkedTxn": [{"TxnId": row_id, "TxnType": kind, "TxnLineId": "0"}]}
    return line, Entry(undeposited["Id"], -waiting), f"{kind}/{row_id}"


def _direct(asked: Asked, sent: Doc, findings: Findings) -> tuple[Doc, Entry, str]:
    detail = sent.get("DepositLineDetail") or {}
    amount = sent.get("Amount")
    if amount is None:
        findings.add("param-missing", name="Amount")
    account = refs.needed(asked, "Account", detail, "AccountRef", findings)
    kept: Doc = {"AccountRef": refs.ref(account)} if account else {}
    name = ""
    if refs.value(detail, "Entity"):
        kind = detail["Entity"].get("type", "Customer")
        someone = refs.found(asked, kind, detail, "Entity", findings) if kind in NAMES else None
        kept |= {"Entity": refs.ref(someone) | {"type": kind}} if someone else {}
        name = f"{kind}/{someone['Id']}" if someone else ""
    is_control = account is not None and account["AccountType"] in accounts.CONTROL
    if is_control and not name:
        findings.add("needs-customer")
    method = refs.found(asked, "PaymentMethod", detail, "PaymentMethodRef", findings)
    kept |= {"PaymentMethodRef": refs.ref(method)} if method else {}
    kept |= {"CheckNum": detail["CheckNum"]} if "CheckNum" in detail else {}
    if (code := refs.value(detail, "TaxCodeRef")) and tax.mode(asked.company) == "global":
        # Only what is outside the tax: its tax would need a document of its own.
        found = tax.code_of(asked, code, "Sales", findings)
        if found is not None and tax.percent(asked.company, found, "Sales"):
            findings.add("tax-not-allowed")
    line = {name: sent[name] for name in ("Description",) if name in sent}
    line |= {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": kept}
    account_id = (account or {}).get("Id", "unknown")
    return line, Entry(account_id, -(amount or ZERO), name if is_control else ""), ""


def _cash_back(asked: Asked, body: Doc, findings: Findings) -> tuple[list[Entry], Decimal]:
    told = body.get("CashBack") or {}
    taken = Decimal(told.get("Amount") or ZERO)
    if not taken:
        return [], ZERO
    account = refs.needed(asked, "Account", told, "AccountRef", findings)
    return ([Entry(account["Id"], taken)], taken) if account else ([], taken)


def _held(asked: Asked, account: Doc | None) -> str:
    home = currency.home(asked.company)
    return str(((account or {}).get("CurrencyRef") or {}).get("value") or home)


def _can_hold(account: Doc) -> bool:
    return bool(accounts.types()[account["AccountType"]]["sheet"]) and account["AccountType"] not in accounts.CONTROL
