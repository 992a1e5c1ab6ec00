"""The scopes Xero knows, which of them an app may still ask for, and which one opens what."""

from __future__ import annotations

from datetime import UTC, datetime

from tieout.sandbox import Doc

GRANULAR_SINCE = datetime(2026, 3, 2, tzinfo=UTC)
BROAD_UNTIL = datetime(2027, 9, 13, tzinfo=UTC)
BROAD = frozenset({"accounting.transactions", "accounting.transactions.read", "accounting.reports.read"})
# Broad scopes cover what they were split into.
COVERS = {
    "accounting.transactions": ("invoices", "payments", "banktransactions", "manualjournals"),
    "accounting.transactions.read": ("invoices", "payments", "banktransactions", "manualjournals"),
}
_READ_AND_WRITE = ("invoices", "payments", "banktransactions", "manualjournals", "settings", "contacts", "attachments")
_REPORTS = (
    "aged balancesheet banksummary budgetsummary executivesummary profitandloss trialbalance taxreports tenninetynine"
)
KNOWN = (
    frozenset("openid profile email offline_access app.connections marketplace.billing files files.read assets".split())
    | frozenset("assets.read projects projects.read paymentservices bankfeeds finance.accountingactivity.read".split())
    | frozenset(
        f"payroll.{name}{end}"
        for name in ("settings", "employees", "timesheets", "payruns", "payslip")
        for end in ("", ".read")
    )
    | frozenset(f"accounting.{name}{end}" for name in _READ_AND_WRITE for end in ("", ".read"))
    | frozenset(f"accounting.reports.{name}.read" for name in _REPORTS.split())
    | frozenset({"accounting.journals.read", "accounting.budgets.read"})
    | BROAD
)


def refused(app: Doc, wanted: list[str], now: datetime) -> list[str]:
    """The scopes among those wanted that this app may not ask for at this time."""
    granular_only = app["created"] >= GRANULAR_SINCE or now >= BROAD_UNTIL
    return [
        scope
        for scope in wanted
        if scope not in KNOWN
        or (granular_only and scope in BROAD)
        or (scope == "accounting.journals.read" and app["tier"] not in {"advanced", "enterprise"})
    ]


def opens(held: list[str], resource: str, writing: bool) -> bool:
    """Whether the scopes held open this resource for reading or writing."""
    if resource == "journals":
        return "accounting.journals.read" in held
    names = {f"accounting.{resource}"} | ({f"accounting.{resource}.read"} if not writing else set())
    for broad, covered in COVERS.items():
        if resource in covered and not (writing and broad.endswith(".read")):
            names.add(broad)
    return bool(names & set(held))
