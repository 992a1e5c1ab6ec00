"""References: from the id a client named to the record it means, active or refused, and back to a reference."""

from __future__ import annotations

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.state import Asked, Company

# How the 2500 of each kind of record calls it.
SAID = {
    "Account": "Accounts",
    "Customer": "Names",
    "Vendor": "Names",
    "Employee": "Names",
    "Item": "Items",
    "Class": "Klasses",
    "Department": "Locations",
    "TaxCode": "TaxCodes",
    "Term": "Terms",
    "PaymentMethod": "PaymentMethods",
}
# An inactive one of these is 610 "made inactive"; of the others, 2500 in the same words.
MADE_INACTIVE = frozenset({"Account", "Customer", "Vendor", "Employee", "Item"})


def named(doc: Doc) -> str:
    return str(doc.get("FullyQualifiedName") or doc.get("DisplayName") or doc.get("Name") or "")


def ref(doc: Doc) -> Doc:
    """The record as others refer to it."""
    return {"value": doc["Id"], "name": named(doc)}


def value(body: Doc, name: str) -> str:
    """The id behind a reference of a record that has been read; blank when there is none."""
    found = body.get(name)
    return str(found.get("value", "")) if isinstance(found, dict) else ""


def found(asked: Asked, entity: str, body: Doc, name: str, findings: Findings) -> Doc | None:
    """The active record that `body[name]` means; None when it means none, or with a finding when it is not there."""
    wanted = value(body, name)
    if not wanted:
        return None
    row = asked.company.get(entity, wanted)
    if row is None or row.get("status") == "Deleted":
        if not wanted.isdigit():
            findings.add("id-invalid", name=name, value=wanted)
        else:
            findings.add("reference-unknown", name=name, entity=SAID.get(entity, entity), id=wanted)
        return None
    if row.get("Active", True) is False:
        findings.add("not-found" if entity in MADE_INACTIVE else "reference-inactive", name=name)
        return None
    return row


def needed(asked: Asked, entity: str, body: Doc, name: str, findings: Findings) -> Doc | None:
    """As `found`; a missing reference is a finding."""
    if not value(body, name):
        findings.add("param-missing", name=name)
        return None
    return found(asked, entity, body, name, findings)


def with_role(company: Company, role: str) -> Doc | None:
    """The account that the ledger itself uses for a purpose, such as `receivable`."""
    rows = [row for row in company.find("Account", "_role", role) if row.get("Active", True)]
    return rows[0] if rows else None
