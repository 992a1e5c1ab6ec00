"""Customers, vendors and employees: one set of names for all three, one currency each, never deleted."""

from __future__ import annotations

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, currency, posting, refs
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.state import Asked, Company

KINDS = ("Customer", "Vendor", "Employee")
NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
BARRED = ":\t\n"
OWN_REFS = {
    "SalesTermRef": "Term",
    "TermRef": "Term",
    "PaymentMethodRef": "PaymentMethod",
    "DefaultTaxCodeRef": "TaxCode",
    "ARAccountRef": "Account",
    "APAccountRef": "Account",
}


def save(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Doc:
    """The name as it will be kept. Raises Fault; 6240 when anybody of the three kinds has that name."""
    findings = Findings()
    company = asked.company
    display = str(body.get("DisplayName") or " ".join(str(body[part]) for part in NAME_PARTS if part in body))
    if not display:
        findings.add("name-missing")
    elif any(sign in display for sign in BARRED):
        findings.add("string-invalid", name="DisplayName")
    elif any(accounts.others(company, kind, "DisplayName", display, old if kind == entity else None) for kind in KINDS):
        findings.add("name-taken")
    parent = accounts.parent_of(asked, entity, body, "Job", old, findings) if entity == "Customer" else None
    held = _currency(asked, entity, body, old, findings)
    for name, kind in OWN_REFS.items():
        refs.found(asked, kind, body, name, findings)
    _check_leaving(company, entity, body, old, findings)
    findings.check()
    row = {name: value for name, value in body.items() if name != "Id"}
    row |= {"DisplayName": display, "Active": body.get("Active", True)}
    row |= {"PrintOnCheckName": body.get("PrintOnCheckName") or body.get("CompanyName") or display}
    row |= {"CurrencyRef": currency.ref(held)} if entity != "Employee" else {}
    if entity == "Customer":
        full = f"{refs.named(parent)}:{display}" if parent else display
        row |= {"FullyQualifiedName": full, "Job": bool(parent and body.get("Job", True))}
        row |= {"Taxable": body.get("Taxable", True), "BillWithParent": body.get("BillWithParent", False)}
        row |= {"PreferredDeliveryMethod": body.get("PreferredDeliveryMethod", "None")}
        row |= {"ParentRef": {"value": parent["Id"]}, "Level": full.count(":")} if parent else {}
    elif entity == "Vendor":
        row |= {"Vendor1099": body.get("Vendor1099", False)}
    return row


def shown(company: Company, entity: str, row: Doc) -> Doc:
    """With what is owed at the moment: by a customer, or to a vendor."""
    if entity == "Employee":
        return row
    sign = 1 if entity == "Customer" else -1
    owed = sign * posting.own_balance(company, f"{entity}/{row['Id']}", row)
    return row | ({"Balance": owed, "BalanceWithJobs": owed} if entity == "Customer" else {"Balance": owed})


def held_in(company: Company, row: Doc | None) -> str:
    """The currency of a customer or vendor."""
    return str(((row or {}).get("CurrencyRef") or {}).get("value") or currency.home(company))


def _currency(asked: Asked, entity: str, body: Doc, old: Doc | None, findings: Findings) -> str:
    company = asked.company
    wanted = refs.value(body, "CurrencyRef")
    if old is not None:
        was = held_in(company, old)
        if wanted and wanted != was:
            findings.add("currency-fixed")
        return was
    if not wanted:
        return currency.home(company)
    if entity == "Vendor" and company.switches["vendor_currency_ignored"]:
        # Answered 200, and the vendor is in the home currency all the same.
        return currency.home(company)
    if not currency.known(company, wanted):
        findings.add("currency-invalid", value=wanted)
    return wanted


def _check_leaving(company: Company, entity: str, body: Doc, old: Doc | None, findings: Findings) -> None:
    if old is None or body.get("Active", True) or not old.get("Active", True):
        return
    home, _ = posting.balance(company, f"{entity}/{old['Id']}")
    if home:
        findings.add("balance-open", balance=home)
