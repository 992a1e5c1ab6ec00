"""Contacts: unique names among the active, an external number, four phones and two addresses always."""

from __future__ import annotations

import re

from tieout.sandbox import Doc
from tieout.sandbox.xero import refusals
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.rules import Verdict
from tieout.sandbox.xero.state import Asked

PHONES = ("DDI", "DEFAULT", "FAX", "MOBILE")
ADDRESSES = ("STREET", "POBOX")
TEXT_FIELDS = (
    "ContactNumber",
    "AccountNumber",
    "FirstName",
    "LastName",
    "CompanyNumber",
    "EmailAddress",
    "Website",
    "BankAccountDetails",
    "TaxNumber",
    "AccountsReceivableTaxType",
    "AccountsPayableTaxType",
    "DefaultCurrency",
    "SalesDefaultAccountCode",
    "PurchasesDefaultAccountCode",
    "XeroNetworkKey",
    "PaymentTerms",
)
# A loose shape: something, an at sign, a dotted host; no umlauts, as Xero has it.
_EMAIL = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")


def plain(name: object) -> str:
    """A name without spaces at its ends and without double ones, as Xero keeps it."""
    return " ".join(str(name or "").split())


def save(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc:
    """Creates or updates one contact. Raises Invalid, or Refused 404 for an id never issued."""
    verdict = Verdict()
    before = _existing(asked, sent, creating, row_id)
    if before is None and not (sent.get("Name") or sent.get("ContactID") or sent.get("ContactNumber")):
        verdict.error("contact-empty")
    if before is not None and before["ContactStatus"] == "ARCHIVED":
        verdict.error("contact-archived-edit")
    _check(asked, sent, before, verdict)
    verdict.check(sent, "ContactID")
    if sent.get("BankAccountDetails") and not _may_see_banks(asked):
        raise Refused(refusals.not_permitted(str(asked.books.switches["role_refusal"])))
    return _kept(asked, sent, before)


def named(asked: Asked, sent: object, verdict: Verdict) -> Doc | None:
    """The contact that a document names, made when only a new name is given; errors are nested under Contact.

    Fields sent beside the id overwrite the contact, and persons not sent are dropped: so Xero does.
    """
    if not isinstance(sent, dict):
        verdict.error("contact-missing")
        return None
    if not (sent.get("ContactID") or sent.get("Name") or sent.get("ContactNumber")):
        verdict.error_inside("Contact", "contact-empty")
        return None
    found = _existing(asked, sent, False, None)
    if found is not None and found["ContactStatus"] == "ARCHIVED":
        verdict.error_inside("Contact", "contact-archived")
        return None
    if found is None and _limit_reached(asked):
        verdict.error_inside("Contact", "contact-limit")
        return None
    if found is None or set(sent) - {"ContactID", "Name", "ContactNumber"}:
        inner = Verdict()
        _check(asked, sent, found, inner)
        if inner.errors:
            verdict.errors.extend(inner.errors)
            verdict.nested.setdefault("Contact", []).extend(inner.errors)
            return None
        return _kept(asked, sent, found)
    return found


def brief(contact: Doc) -> Doc:
    """How a contact stands inside a document."""
    return {"ContactID": contact["ContactID"], "Name": contact["Name"]} | (
        {"ContactNumber": contact["ContactNumber"]} if contact.get("ContactNumber") else {}
    )


def _existing(asked: Asked, sent: Doc, creating: bool, row_id: str | None) -> Doc | None:
    wanted = row_id or (None if creating else sent.get("ContactID"))
    if wanted:
        found = asked.row("Contacts", wanted)
        if found is None:
            raise Refused(refusals.not_found())
        return found
    if creating:
        return None
    if sent.get("ContactNumber"):
        numbered = asked.find("Contacts", "ContactNumber", str(sent["ContactNumber"]))
        if numbered:
            return numbered[0]
    same = asked.find("Contacts", "Name", plain(sent.get("Name")))
    return next((row for row in same if row["ContactStatus"] == "ACTIVE"), None)


def _check(asked: Asked, sent: Doc, before: Doc | None, verdict: Verdict) -> None:
    own = None if before is None else before["ContactID"]
    name = plain(sent.get("Name"))
    if name:
        same = asked.find("Contacts", "Name", name)
        if any(row["ContactStatus"] == "ACTIVE" and row["ContactID"] != own for row in same):
            verdict.error("contact-name-taken", name=name)
        if "<" in name or ">" in name:
            verdict.error("contact-name-invalid")
        if len(name) > 255:
            verdict.error("contact-name-long")
    elif before is None:
        verdict.error("contact-empty")
    number = sent.get("ContactNumber")
    if number and any(row["ContactID"] != own for row in asked.find("Contacts", "ContactNumber", str(number))):
        verdict.error("contact-number-taken")
    status = sent.get("ContactStatus")
    if status and not (before is None and status == "ACTIVE") and status not in _statuses(before):
        verdict.error("contact-status", status=status)
    if sent.get("EmailAddress") and not _EMAIL.match(str(sent["EmailAddress"])):
        verdict.error("email-invalid")
    if sent.get("Website") and not re.match(r"^https?://[^\s/]+", str(sent["Website"])):
        verdict.error("website-invalid")
    if before is None and _limit_reached(asked):
        verdict.error("contact-limit")
    _check_terms(sent, verdict)


def _statuses(before: Doc | None) -> tuple[str, ...]:
    # A contact is archived through the API by an update; a new one cannot begin there.
    return ("ACTIVE",) if before is None else ("ACTIVE", "ARCHIVED")


def _check_terms(sent: Doc, verdict: Verdict) -> None:
    terms = sent.get("PaymentTerms")
    if not isinstance(terms, dict):
        return
    for side, what in (("Sales", "Sales Invoices"), ("Bills", "Bills")):
        term = terms.get(side)
        if isinstance(term, dict) and not 1 <= (term.get("Day") or 0) <= 31:
            verdict.error("payment-terms-day", what=what)


def _limit_reached(asked: Asked) -> bool:
    limit = asked.organisation.get("_contact_limit")
    return limit is not None and len(asked.rows("Contacts")) >= limit


def _may_see_banks(asked: Asked) -> bool:
    member = asked.books.shelf.get("member", f"{asked.tenant}/{asked.user['id']}")
    return asked.role == "FINANCIALADVISER" or bool((member or {}).get("bank_admin"))


def _kept(asked: Asked, sent: Doc, before: Doc | None) -> Doc:
    row: Doc = before or {"ContactID": asked.new_id(), "ContactStatus": "ACTIVE"}
    row = row | {name: sent[name] for name in TEXT_FIELDS if name in sent}
    if sent.get("ContactStatus"):
        row["ContactStatus"] = sent["ContactStatus"]
    if sent.get("Name"):
        row["Name"] = plain(sent["Name"])
    row["Addresses"] = _slots("AddressType", ADDRESSES, sent.get("Addresses"), row.get("Addresses"))
    row["Phones"] = _slots("PhoneType", PHONES, sent.get("Phones"), row.get("Phones"))
    row["ContactPersons"] = (
        list(sent.get("ContactPersons") or [])[:5] if len(sent) > 1 else row.get("ContactPersons", [])
    )
    row.setdefault("ContactGroups", [])
    row = row | {"IsSupplier": row.get("IsSupplier", False), "IsCustomer": row.get("IsCustomer", False)}
    row = row | {"HasAttachments": row.get("HasAttachments", False), "UpdatedDateUTC": asked.now}
    return asked.keep("Contacts", row["ContactID"], row)


def _slots(field: str, names: tuple[str, ...], sent: object, before: object) -> list[Doc]:
    """Every slot is always there: what was sent, else what it held, else bare."""
    found = {name: {field: name} for name in names}
    for given in (before, sent):
        for slot in given if isinstance(given, list) else []:
            if slot.get(field) in found:
                found[slot[field]] = {field: slot[field]} | slot
    return list(found.values())
