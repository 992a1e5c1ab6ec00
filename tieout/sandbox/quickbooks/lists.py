"""The short lists: classes, locations, terms, payment methods, currencies in use, tax agencies, attachments."""

from __future__ import annotations

from collections.abc import Callable

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, currency, refs
from tieout.sandbox.quickbooks.refusals import Findings, fault
from tieout.sandbox.quickbooks.state import Asked, Company

SUB_FLAG = {"Class": "SubClass", "Department": "SubDepartment"}
ATTACHED_TO = frozenset(
    "Invoice SalesReceipt CreditMemo RefundReceipt Payment Bill VendorCredit BillPayment Purchase Deposit Transfer"
    " JournalEntry Customer Vendor Employee Account Item Estimate".split()
)
LONGEST_DAYS = 1_000
AGENCY_ACCOUNT = ("Other Current Liability", "SalesTaxPayable", "GlobalTaxPayable")


def save(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Doc:
    """The record as it will be kept. Raises Fault."""
    return _SAVES[entity](asked, entity, body, old)


def _nested(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Doc:
    findings = Findings()
    name = _name(asked, entity, body, old, findings, "list-name-taken")
    parent = accounts.parent_of(asked, entity, body, SUB_FLAG[entity], old, findings)
    findings.check()
    row: Doc = {"Name": name, SUB_FLAG[entity]: parent is not None, "Active": body.get("Active", True)}
    row |= {"FullyQualifiedName": f"{refs.named(parent)}:{name}" if parent else name}
    return row | ({"ParentRef": {"value": parent["Id"]}} if parent else {})


def _plain(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Doc:
    findings = Findings()
    _name(asked, entity, body, old, findings, "duplicate-object")
    for name in ("DueDays", "DiscountDays"):
        if not 0 <= body.get(name, 0) < LONGEST_DAYS:
            findings.add("number-invalid", name=name, value=body[name])
    findings.check()
    usual = {"Type": "STANDARD"} if entity == "Term" else {"Type": "NON_CREDIT_CARD"}
    return usual | {key: value for key, value in body.items() if key != "Id"} | {"Active": body.get("Active", True)}


def _name(asked: Asked, entity: str, body: Doc, old: Doc | None, findings: Findings, taken: str) -> str:
    name = str(body.get("Name") or "")
    if not name:
        findings.add("param-missing", name="Name")
    elif ":" in name:
        findings.add("string-invalid", name="Name")
    elif accounts.others(asked.company, entity, "Name", name, old):
        findings.add(taken, entity=entity, name=name)
    return name


def _currency(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Doc:
    company, code = asked.company, str(body.get("Code") or (old or {}).get("Code") or "")
    if not company.facts["multi_currency"]:
        raise fault("currency-invalid", value=code)
    if not code:
        raise fault("param-missing", name="Code")
    if currency.ref(code)["name"] == code:
        raise fault("currency-invalid", value=code)
    if accounts.others(company, entity, "Code", code, old):
        raise fault("duplicate-object", entity=entity, name=code)
    return {"Code": code, "Name": currency.ref(code)["name"], "Active": body.get("Active", True)}


def _agency(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Doc:
    name = str(body.get("DisplayName") or "")
    if not name:
        raise fault("param-missing", name="DisplayName")
    if accounts.others(asked.company, entity, "DisplayName", name, old):
        raise fault("duplicate-object", entity=entity, name=name)
    kept = {key: value for key, value in body.items() if key != "Id"}
    tracked: Doc = {"TaxTrackedOnPurchases": False, "TaxTrackedOnSales": True}
    return tracked | kept | {"_account": (old or {}).get("_account") or agency_account(asked.company, name)}


def agency_account(company: Company, name: str) -> str:
    """The liability account in which an agency's tax gathers; a new agency brings its own."""
    kind, us, elsewhere = AGENCY_ACCOUNT
    title = f"{name} Payable"
    row: Doc = {"Id": company.next_id(), "Name": title, "FullyQualifiedName": title, "SubAccount": False}
    row |= {"Active": True, "Classification": "Liability", "AccountType": kind, "SyncToken": "0", "_role": "tax"}
    row |= {"AccountSubType": us if company.facts["country"] == "US" else elsewhere}
    row |= {"CurrencyRef": currency.ref(currency.home(company))}
    return str(company.put("Account", row)["Id"])


def _attachable(asked: Asked, entity: str, body: Doc, old: Doc | None) -> Doc:
    findings = Findings()
    if not body.get("FileName") and not body.get("Note"):
        findings.add("param-missing", name="Note")
    held: list[Doc] = []
    for one in body.get("AttachableRef") or []:
        kind = str((one.get("EntityRef") or {}).get("type") or "")
        canonical = next((name for name in ATTACHED_TO if name.lower() == kind.lower()), None)
        if one.get("EntityRef") is None:
            held.append({"IncludeOnSend": bool(one.get("IncludeOnSend"))})
        elif canonical is None:
            findings.add("attachable-entity", value=kind)
        elif refs.found(asked, canonical, one, "EntityRef", findings) is not None:
            linked = {"value": refs.value(one, "EntityRef"), "type": canonical}
            held.append({"EntityRef": linked, "IncludeOnSend": bool(one.get("IncludeOnSend"))})
    findings.check()
    kept = {key: value for key, value in body.items() if key not in {"Id", "AttachableRef"}}
    # What the file is stays with the record whatever an update says or leaves out.
    of_file = {key: old[key] for key in _OF_FILE if old and key in old}
    return kept | of_file | ({"AttachableRef": held} if held else {})


_OF_FILE = ("FileAccessUri", "TempDownloadUri", "Size", "ContentType", "FileName")
_SAVES: dict[str, Callable[[Asked, str, Doc, Doc | None], Doc]] = {
    "Class": _nested,
    "Department": _nested,
    "Term": _plain,
    "PaymentMethod": _plain,
    "CompanyCurrency": _currency,
    "TaxAgency": _agency,
    "Attachable": _attachable,
}
