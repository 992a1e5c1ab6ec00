"""Items: what is sold and bought, and the accounts that its lines post to. Stock is counted nowhere."""

from __future__ import annotations

from decimal import Decimal

from tieout.sandbox import Doc
from tieout.sandbox.quickbooks import accounts, refs, rules
from tieout.sandbox.quickbooks.refusals import Findings
from tieout.sandbox.quickbooks.state import Asked

TYPES = ("Service", "NonInventory", "Inventory", "Category")
# Each account of an item and the account types it may be of.
OF_TYPE = {
    "IncomeAccountRef": {"Income", "Other Income"},
    "ExpenseAccountRef": {"Expense", "Cost of Goods Sold", "Other Expense"},
    "AssetAccountRef": {"Other Current Asset"},
}
BARRED = ":\t\n"


def save(asked: Asked, body: Doc, old: Doc | None) -> Doc:
    """The item as it will be kept. Raises Fault."""
    findings = Findings()
    company = asked.company
    name = str(body.get("Name") or "")
    if not name:
        findings.add("param-missing", name="Name")
    elif any(sign in name for sign in BARRED):
        findings.add("string-invalid", name="Name")
    elif taken := accounts.others(company, "Item", "Name", name, old):
        findings.add("item-name-taken", id=taken[0]["Id"])
    kind = body.get("Type") or (old or {}).get("Type") or "Service"
    if kind not in TYPES:
        findings.add("type-invalid", name="Type", value=kind)
    if kind == "Inventory" and rules.rank(company) < rules.RANK["plus"]:
        raise rules.not_in_plan(company)
    parent = accounts.parent_of(asked, "Item", body, "SubItem", old, findings)
    held = _accounts(asked, body, kind, findings)
    _check_stock(body, kind, old, findings)
    findings.check()
    row = {key: value for key, value in body.items() if key != "Id"} | held
    row |= {"Name": name, "Type": kind, "Active": body.get("Active", True), "Taxable": body.get("Taxable", False)}
    row |= {"FullyQualifiedName": f"{refs.named(parent)}:{name}" if parent else name}
    row |= {"TrackQtyOnHand": kind == "Inventory", "UnitPrice": body.get("UnitPrice", Decimal(0))}
    row |= {"SubItem": True, "ParentRef": refs.ref(parent)} if parent else {}
    return row


def _accounts(asked: Asked, body: Doc, kind: str, findings: Findings) -> Doc:
    held: Doc = {}
    for name, types in OF_TYPE.items():
        row = refs.found(asked, "Account", body, name, findings)
        if row is not None and row["AccountType"] not in types:
            findings.add("account-type", name=name, value=row["AccountType"])
        elif row is not None:
            held[name] = refs.ref(row)
    is_bought_alone = "ExpenseAccountRef" in held and kind != "Inventory"
    if kind != "Category" and not refs.value(body, "IncomeAccountRef") and not is_bought_alone:
        findings.add("param-missing", name="IncomeAccountRef")
    if kind == "Inventory":
        if not refs.value(body, "AssetAccountRef"):
            findings.add("asset-account-missing")
        if not refs.value(body, "ExpenseAccountRef"):
            findings.add("param-missing", name="ExpenseAccountRef")
    return held


def _check_stock(body: Doc, kind: str, old: Doc | None, findings: Findings) -> None:
    if kind != "Inventory" or old is not None:
        return
    if "QtyOnHand" not in body:
        findings.add("item-quantity")
    if "InvStartDate" not in body:
        findings.add("param-missing", name="InvStartDate")
