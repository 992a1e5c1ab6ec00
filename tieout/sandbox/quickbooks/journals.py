"""Journal entries: debits and credits that balance, tax beside the net of a line, names where the ledger needs them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, currency, names, refs, rules, tax
from tieout.sandbox.quickbooks.posting import ZERO, Entry, cents, posts, total
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.settling import Built
from tieout.sandbox.quickbooks.state import Asked

SIGNS = {"Debit": 1, "Credit": -1}
KINDS = ("Customer", "Vendor", "Employee")
NEEDS = {"Accounts Receivable": ("Customer", "needs-customer"), "Accounts Payable": ("Vendor", "needs-vendor")}


@dataclass(frozen=True, slots=True)
class Line:
    """One side as read: its sign, net and tax, where each goes, and whose balance it moves."""

    kept: Doc
    sign: int
    net: Decimal
    tax: Decimal
    account: Doc | None
    rates: tuple[Doc, ...]
    name: str


def build(asked: Asked, body: Doc, old: Doc | None) -> Built:
    """Raises Fault with everything that is wrong."""
    findings = Findings()
    sent = _split(body, findings)
    lines = [_line(asked, line, body, findings) for line in sent]
    _check_controls(asked, lines, findings)
    code, rate = currency.of_document(asked, body, findings, _name_currency(asked, lines, findings))
    for line in lines:
        if line.account is not None:
            currency.check_account(asked.company, line.account, code, findings)
    debits, credits = (
        total(line.net + line.tax for line in lines if line.sign == sign) for sign in (SIGNS["Debit"], SIGNS["Credit"])
    )
    if debits != credits and not findings.faults:
        findings.add("unbalanced", debits=debits, credits=credits)
    number = rules.number(asked, "JournalEntry", body, old)
    findings.check()
    row: Doc = {"Adjustment": body.get("Adjustment", False), "TxnDate": rules.day_of(asked, body).isoformat()}
    row |= {name: body[name] for name in ("PrivateNote", "GlobalTaxCalculation") if name in body}
    row |= {"DocNumber": number} if number else {}
    row |= currency.shown(asked.company, code, rate)
    row["Line"] = [{"Id": str(place)} | line.kept for place, line in enumerate(lines)]
    row |= {"TotalAmt": debits, "HomeTotalAmt": cents(debits * rate)}
    row |= {"TxnTaxDetail": _detail(lines)}
    row["_posts"] = posts(_entries(asked, lines), rate, code)
    return Built(row, {})


def _split(body: Doc, findings: Findings) -> list[Doc]:
    """The lines that stand for money; a line of words alone is let go, as QuickBooks does."""
    if "Line" not in body:
        findings.add("param-missing", name="Line")
        return []
    if not body["Line"]:
        findings.add("lines-missing")
        return []
    found = []
    for sent in body["Line"]:
        match sent.get("DetailType"):
            case "JournalEntryLineDetail":
                found.append(sent)
            case "DescriptionOnly":
                pass
            case None:
                findings.add("param-missing", name="DetailType")
            case other:
                findings.add("enumeration-invalid", name="DetailType", value=other)
    if len(found) < 2 and not findings.faults:
        findings.add("two-lines")
    return found


def _line(asked: Asked, sent: Doc, body: Doc, findings: Findings) -> Line:
    detail = sent.get("JournalEntryLineDetail") or {}
    posting = detail.get("PostingType")
    if posting is None:
        findings.add("posting-type-missing")
    elif posting not in SIGNS:
        findings.add("enumeration-invalid", name="PostingType", value=posting)
    amount = _amount(asked, sent, findings)
    account = refs.needed(asked, "Account", detail, "AccountRef", findings)
    kept: Doc = {"PostingType": posting} | ({"AccountRef": refs.ref(account)} if account else {})
    kept |= rules.tracked(asked, detail, findings)
    name, entity = _name(asked, detail, account, findings)
    kept |= entity
    amount_of_tax, taxed, rates = _taxed(asked, detail, amount, body, account, findings)
    kept |= taxed
    words = {key: sent[key] for key in ("Description",) if key in sent}
    words |= {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": kept}
    return Line(words, SIGNS.get(posting or "", 1), amount, amount_of_tax, account, rates, name)


def _amount(asked: Asked, sent: Doc, findings: Findings) -> Decimal:
    amount = sent.get("Amount")
    if amount is None:
        findings.add("param-missing", name="Amount")
        return ZERO
    if amount < 0:
        findings.add("amount-negative")
    detail = sent.get("JournalEntryLineDetail") or {}
    if not amount and not detail.get("TaxAmount") and asked.company.switches["zero_journal_line"] == "refused":
        findings.add("zero-line")
    return Decimal(amount)


def _name(asked: Asked, detail: Doc, account: Doc | None, findings: Findings) -> tuple[str, Doc]:
    """Whose the line is, `Customer/12`; receivables need a customer and payables a vendor."""
    told = detail.get("Entity") or {}
    kind, named = str(told.get("Type") or ""), str((told.get("EntityRef") or {}).get("value") or "")
    needs = NEEDS.get((account or {}).get("AccountType", ""))
    if not named:
        if needs:
            findings.add(needs[1])
        return "", {}
    if kind not in KINDS:
        findings.add("type-invalid", name="Entity", value=kind)
        return "", {}
    if needs and kind != needs[0]:
        findings.add(needs[1])
    row = refs.found(asked, kind, told, "EntityRef", findings)
    if row is None:
        return "", {}
    return f"{kind}/{row['Id']}", {"Entity": {"Type": kind, "EntityRef": refs.ref(row)}}


def _taxed(
    asked: Asked, detail: Doc, sent_amount: Decimal, body: Doc, account: Doc | None, findings: Findings
) -> tuple[Decimal, Doc, tuple[Doc, ...]]:
    """The tax of one line, given by the client beside its net; QuickBooks does not reckon it again."""
    code_id, company = refs.value(detail, "TaxCodeRef"), asked.company
    if not code_id or tax.mode(company) == "none":
        return ZERO, {}, ()
    if company.facts["country"] == "US":
        # Sales tax of the US is kept by documents of sale, so a journal line is never taxed.
        if code_id != "NON":
            findings.add("tax-not-allowed" if code_id == "TAX" else "tax-code-us", value=code_id)
        return ZERO, {"TaxCodeRef": {"value": code_id}}, ()
    applies, amount = detail.get("TaxApplicableOn"), detail.get("TaxAmount")
    if applies is None:
        findings.add("tax-applicable-missing")
    elif applies not in tax.LISTS:
        findings.add("enumeration-invalid", name="TaxApplicableOn", value=applies)
    if amount is None:
        findings.add("tax-amount-missing")
    elif amount < 0:
        findings.add("amount-negative")
    _check_taxed(asked, body, account, findings)
    gross = sent_amount + (amount or ZERO)
    if body.get("GlobalTaxCalculation") == "TaxInclusive" and detail.get("TaxInclusiveAmt") != gross:
        # Amount is the net all the same; who means the gross by it has to say both.
        findings.add("amount-calculation", value=detail.get("TaxInclusiveAmt"))
    if applies not in tax.LISTS or amount is None:
        return ZERO, {}, ()
    code = tax.code_of(asked, code_id, applies, findings)
    rates = tuple(tax.rates(company, code, applies)) if code else ()
    if code and amount and not any(rate["RateValue"] for rate in rates):
        findings.add("tax-on-zero", code=code["Name"])
    kept = {"TaxCodeRef": {"value": code_id}, "TaxApplicableOn": applies, "TaxAmount": amount}
    return amount, kept, rates


def _check_taxed(asked: Asked, body: Doc, account: Doc | None, findings: Findings) -> None:
    calculation = body.get("GlobalTaxCalculation")
    if calculation == "NotApplicable":
        findings.add("tax-detail-barred")
    elif calculation is None:
        findings.add("rate-missing")
    is_control = account is not None and account["AccountType"] in accounts.CONTROL
    if is_control and asked.company.switches["journal_tax_on_control"] == "refused":
        findings.add("control-with-tax")


def _check_controls(asked: Asked, lines: list[Line], findings: Findings) -> None:
    controls = [line for line in lines if line.account and line.account["AccountType"] in accounts.CONTROL]
    if len(controls) > 1:
        findings.add("one-control-account")


def _name_currency(asked: Asked, lines: list[Line], findings: Findings) -> str:
    """The currency that the entry must be in: that of the customer or vendor whose balance it moves."""
    for line in lines:
        kind, _, row_id = line.name.partition("/")
        if line.account and line.account["AccountType"] in accounts.CONTROL and kind in {"Customer", "Vendor"}:
            return names.held_in(asked.company, asked.company.get(kind, row_id))
    return ""


def _entries(asked: Asked, lines: list[Line]) -> list[Entry]:
    found = []
    for line in lines:
        assert line.account is not None, "refused without"
        is_control = line.account["AccountType"] in accounts.CONTROL
        found.append(Entry(line.account["Id"], line.sign * line.net, line.name if is_control else ""))
        for rate, share in _shares(line):
            found.append(Entry(tax.account_of(asked.company, rate), line.sign * share))
    return found


def _shares(line: Line) -> list[tuple[Doc, Decimal]]:
    """The line's tax over the rates of its code; the last takes what is left."""
    whole, left, shares = total(rate["RateValue"] for rate in line.rates), line.tax, []
    for place, rate in enumerate(line.rates, 1):
        share = left if place == len(line.rates) or not whole else cents(line.tax * rate["RateValue"] / whole)
        shares.append((rate, share))
        left -= share
    return shares


def _detail(lines: list[Line]) -> Doc:
    """The tax of the entry by rate, credits less debits."""
    taxes: dict[str, tuple[Doc, Decimal, Decimal]] = {}
    for line in lines:
        for rate, share in _shares(line):
            _, before, base = taxes.get(rate["Id"], (rate, ZERO, ZERO))
            taxes[rate["Id"]] = (rate, before - line.sign * share, base - line.sign * line.net)
    shown = [tax.line(rate, amount, base) for rate, amount, base in taxes.values()]
    return {"TotalTax": total(one["Amount"] for one in shown), "TaxLine": shown} if shown else {}
