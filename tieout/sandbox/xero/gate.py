"""The way into the Accounting API: token, organisation, limits, scope, role; in that order, each with a refusal."""

from __future__ import annotations

from datetime import datetime, timedelta

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.xero import refusals, scopes, tokens
from tieout.sandbox.xero.kinds import Kind
from tieout.sandbox.xero.limits import RAPID_SECONDS, RAPID_TIERS, Limits
from tieout.sandbox.xero.refusals import Refused
from tieout.sandbox.xero.state import Asked, Books

NEED_REPORTS = frozenset({"ManualJournals", "Journals"})
INVOICE_ONLY_WRITES = frozenset({"Invoices", "Quotes", "Contacts", "CreditNotes"})


def bearer(books: Books, request: Request) -> Doc:
    """The access token's row. Raises Refused with the 401 that fits."""
    scheme, _, sent = request.header("authorization").partition(" ")
    row = tokens.read_access(books, sent) if scheme.lower() == "bearer" else None
    if row is None:
        raise Refused(refusals.token_unknown())
    if books.now() >= row["expires"]:
        raise Refused(refusals.token_expired(row["expires"]))
    return row


def let_in(books: Books, limits: Limits, request: Request, kind: Kind, sub: str) -> Asked:
    """The call, let in. Raises Refused: 401, 403 or 429."""
    held = bearer(books, request)
    tenant, app, organisation = _tenant(books, request, held)
    now = books.now()
    refusal = limits.take(tenant, app, now, rapid=_rapid(books, app, tenant, now))
    if refusal is not None:
        raise Refused(refusals.too_many(refusal.kind, refusal.retry_after))
    writing = request.method not in {"GET", "HEAD"}
    resources = _resources(kind, sub)
    if not any(scopes.opens(held["scopes"], resource, writing) for resource in resources):
        raise Refused(refusals.scope_missing())
    role = _role(books, tenant, held, kind, writing)
    user = books.shelf.get("user", held["user"]) or {"id": held["user"], "email": ""}
    return Asked(request, books, tenant, organisation, app, user, role, now)


def flight(books: Books, request: Request) -> str:
    """App and organisation, under which a call counts as being in flight; empty for calls that are not limited."""
    if not request.path.lower().startswith("/api.xro/"):
        return ""
    row = tokens.read_access(books, request.header("authorization").partition(" ")[2])
    return "" if row is None else f"{row['app']}/{row['tenant'] or request.header('xero-tenant-id').strip().lower()}"


def limit_headers(books: Books, limits: Limits, request: Request) -> tuple[tuple[str, str], ...]:
    """The counters that stand on every answer, refusals included, once it is known whose they are."""
    row = tokens.read_access(books, request.header("authorization").partition(" ")[2])
    app = None if row is None else books.shelf.get("app", row["app"])
    if row is None or app is None:
        return ()
    tenant = row["tenant"] or request.header("xero-tenant-id").lower()
    return limits.headers(tenant, app, books.now()) if books.organisation(tenant) else ()


def _tenant(books: Books, request: Request, held: Doc) -> tuple[str, Doc, Doc]:
    tenant = held["tenant"] or request.header("xero-tenant-id").strip().lower()
    app = books.shelf.get("app", held["app"])
    organisation = books.organisation(tenant)
    connected = bool(held["tenant"]) or any(
        row["tenant"] == tenant for row in books.connections(held["app"], held["user"])
    )
    if app is None or organisation is None or not connected:
        raise Refused(refusals.not_connected())
    if organisation["OrganisationStatus"] != "ACTIVE":
        raise Refused(_lapsed(books))
    return tenant, app, organisation


def _lapsed(books: Books) -> Answer:
    if books.switches["plan_lapse"] == "not-connected":
        return refusals.not_connected()
    return refusals.not_permitted(str(books.switches["role_refusal"]))


def _rapid(books: Books, app: Doc, tenant: str, now: datetime) -> bool:
    if app["tier"] not in RAPID_TIERS:
        return False
    begun = [row["created"] for row in books.connections(app["client_id"]) if row["tenant"] == tenant]
    return any(now < created + timedelta(seconds=RAPID_SECONDS) for created in begun)


def _resources(kind: Kind, sub: str) -> tuple[str, ...]:
    if sub == "attachments":
        return ("attachments",)
    if kind.key == "Items":
        return ("settings", "invoices")
    return (kind.scope,)


def _role(books: Books, tenant: str, held: Doc, kind: Kind, writing: bool) -> str:
    if held["tenant"]:
        return "FINANCIALADVISER"
    member = books.shelf.get("member", f"{tenant}/{held['user']}")
    role = "REMOVED" if member is None else str(member["role"])
    form = str(books.switches["role_refusal"])
    if role == "REMOVED":
        raise Refused(refusals.not_connected())
    if writing and (role == "READONLY" or (role == "INVOICEONLY" and kind.key not in INVOICE_ONLY_WRITES)):
        raise Refused(refusals.not_permitted(form))
    if kind.key in NEED_REPORTS and role != "FINANCIALADVISER" and not (member or {}).get("reports"):
        raise Refused(refusals.not_permitted(form, refusals.NEEDS_REPORTS))
    return role
