"""Who may change what and when: subscription, role, plan, closed books, versions, document numbers."""

from __future__ import annotations

from datetime import date

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import refs
from tieout.sandbox.quickbooks.refusals import Findings, fault
from tieout.sandbox.quickbooks.state import Asked, Company, Fault

PRODUCTS = {
    "simple_start": "QuickBooks Online Simple Start",
    "essentials": "QuickBooks Online Essentials",
    "plus": "QuickBooks Online Plus",
    "advanced": "QuickBooks Online Advanced",
}
RANK = {name: rank for rank, name in enumerate(PRODUCTS)}
# The least plan in which a kind of record can be made. Journals work in every plan.
LEAST = {"Bill": 1, "VendorCredit": 1, "BillPayment": 1, "Class": 2, "Department": 2, "CompanyCurrency": 1}
SETTINGS = frozenset({"Account", "TaxService", "TaxAgency", "CompanyCurrency"})
# How the sentence of 6140 calls each kind.
KINDS = {
    "JournalEntry": "Journal Entry",
    "SalesReceipt": "Sales Receipt",
    "CreditMemo": "Credit Memo",
    "RefundReceipt": "Refund",
    "VendorCredit": "Vendor Credit",
    "BillPayment": "Bill Payment",
    "Purchase": "Expense",
}
LONGEST_NUMBER = 21


def product(company: Company) -> str:
    return PRODUCTS[company.facts["plan"]]


def rank(company: Company) -> int:
    return RANK[company.facts["plan"]]


def admit(asked: Asked, entity: str) -> None:
    """What is asked of every write before it is looked at. Raises Fault."""
    facts = asked.company.facts
    if facts["subscription"] == "ended":
        raise fault("subscription-ended", product=product(asked.company))
    role = asked.who.get("role", "none")
    if role == "none":
        raise fault("no-access", product=product(asked.company))
    if role == "reports" or (role == "standard" and entity in SETTINGS):
        raise fault("not-permitted")
    if rank(asked.company) < LEAST.get(entity, 0):
        raise not_in_plan(asked.company)


def not_in_plan(company: Company) -> Fault:
    return fault("not-in-plan", product=product(company))


def check_open(company: Company, *days: str) -> None:
    """Raises Fault when one of the days lies in closed books."""
    closing = company.facts["closing_on"]
    if closing and any(day and day <= str(closing) for day in days):
        if company.facts["closing_password"]:
            raise fault("period-closed-password")
        raise fault("period-closed", day=closing)


def before(asked: Asked, entity: str, body: Doc) -> Doc:
    """The record that an update or deletion means, in the version the client saw. Raises Fault."""
    wanted = body.get("Id")
    if wanted in {None, ""}:
        raise fault("param-missing", name="Id")
    row = existing(asked, entity, str(wanted))
    token = body.get("SyncToken")
    if token in {None, ""}:
        raise fault("param-missing", name="SyncToken")
    if str(token) != row["SyncToken"]:
        raise fault("stale", who=row.get("_by") or "another user")
    return row


def existing(asked: Asked, entity: str, row_id: str) -> Doc:
    """Raises Fault for an id that is none, unknown, or of a deleted record."""
    row = asked.company.get(entity, row_id)
    if row is not None and row.get("status") != "Deleted":
        return row
    if row is None and not row_id.lstrip("-").isdigit():
        raise fault("id-invalid", name="Id", value=row_id)
    raise fault("deleted" if row is not None else "not-found")


def check_movable(row: Doc) -> None:
    """A receipt in a deposit can no longer be changed. Raises Fault."""
    if row.get("_deposit"):
        raise fault("deposited")


def number(asked: Asked, entity: str, body: Doc, old: Doc | None) -> str | None:
    """The document's number: the one sent, else the next where the company counts, else none. Raises Fault when it is
    taken and the company wants to be told."""
    given = body.get("DocNumber")
    if given is None:
        counts = old is None and entity in COUNTED and not asked.company.facts["custom_numbers"]
        return asked.company.next_id("number") if counts else None
    if old is None or old.get("DocNumber") != given:
        _check_free(asked, entity, body, str(given))
    return str(given)


COUNTED = frozenset({"Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"})


def _check_free(asked: Asked, entity: str, body: Doc, given: str) -> None:
    facts, switches = asked.company.facts, asked.company.switches
    if not (facts["warn_duplicate_numbers"] and facts["custom_numbers"]):
        return
    if entity == "JournalEntry" and not switches["journal_numbers_unique"]:
        return
    if "allowduplicatedocnum" in asked.query.get("include", "").lower():
        return
    for row in asked.company.find(entity, "DocNumber", given):
        if row["Id"] == str(body.get("Id", "")) or row.get("status") == "Deleted":
            continue
        # A supplier's own number is taken only by another paper of the same supplier.
        if "VendorRef" in row and refs.value(row, "VendorRef") != refs.value(body, "VendorRef"):
            continue
        if str(switches["duplicate_code"]) == "6210":
            raise fault("number-taken-2017")
        raise fault("number-taken", number=row["DocNumber"], kind=KINDS.get(entity, entity), id=row["Id"])


def tracked(asked: Asked, body: Doc, findings: Findings) -> Doc:
    """The class and location a document or line names, resolved; what happens while tracking is off is a switch."""
    kept: Doc = {}
    for name, entity, fact in (
        ("ClassRef", "Class", "class_tracking"),
        ("DepartmentRef", "Department", "department_tracking"),
    ):
        if not refs.value(body, name):
            continue
        is_tracked = asked.company.facts[fact]
        if not is_tracked and asked.company.switches["class_ref_untracked"] == "refused":
            raise not_in_plan(asked.company)
        row = refs.found(asked, entity, body, name, findings)
        if row is not None and (is_tracked or asked.company.switches["class_ref_untracked"] == "kept"):
            kept[name] = refs.ref(row)
    return kept


def day_of(asked: Asked, body: Doc, name: str = "TxnDate") -> date:
    given = body.get(name)
    return date.fromisoformat(given) if given else asked.company.today()
