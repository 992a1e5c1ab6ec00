"""The way into the Accounting API: token, environment, company, limits, person; in that order, each with a refusal."""

from __future__ import annotations

from tieout.sandbox import Doc, Request
from tieout.sandbox.quickbooks import consent, denials, limits, rules, tokens
from tieout.sandbox.quickbooks.denials import Refused
from tieout.sandbox.quickbooks.limits import Limits
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked, Books, Company

API = ("v3", "company")
HOSTS = {"quickbooks.api.intuit.com": "production", "sandbox-quickbooks.api.intuit.com": "sandbox"}


def let_in(books: Books, counted: Limits, request: Request) -> Asked:
    """The call, let in. Raises Refused: 401, 403, 404 or 429."""
    held = _bearer(books, request)
    app = books.shelf.get("app", held["app"])
    if app is None or not _same_environment(books, request, app):
        raise Refused(denials.not_authorised(books, request))
    company = _company(books, request, held)
    _throttle(books, counted, request, app, company.realm)
    grant = books.shelf.get("grant", held["grant"]) or {"who": ""}
    who = {"name": "", "email": grant["who"], "role": consent.role(company, grant["who"])}
    query = {name.lower(): value for name, value in request.query}
    asked = Asked(request, company, who, app, books.now(), query)
    if who["role"] == "none" or (who["role"] != "admin" and books.switches["no_longer_admin"] == "120"):
        raise Refused(denials.fault(books, request, fault("no-access", product=rules.product(company))))
    return asked


def may_read(asked: Asked) -> None:
    """Raises Fault 5020: who has reports only reads no record."""
    if asked.who["role"] == "reports":
        raise fault("not-permitted")


def realm_of(request: Request) -> str:
    """The company in the path; empty outside the Accounting API."""
    segments = request.segments
    return segments[2] if len(segments) > 2 and tuple(part.lower() for part in segments[:2]) == API else ""


def flight(books: Books, request: Request) -> str:
    """App and company, under which a call counts as being in flight; empty for calls that are not limited."""
    realm = realm_of(request)
    row = tokens.read_access(books, request.header("authorization").partition(" ")[2]) if realm else None
    return "" if row is None else f"{row['app']}/{realm}"


def _bearer(books: Books, request: Request) -> Doc:
    scheme, _, sent = request.header("authorization").partition(" ")
    if not scheme:
        raise Refused(denials.no_token(books, request))
    if scheme.lower() != "bearer" or not sent.strip():
        raise Refused(denials.bad_header(books, request))
    row = tokens.read_access(books, sent.strip())
    if row is None or books.shelf.get("grant", row["grant"]) is None:
        raise Refused(denials.token_unknown(books, request))
    if books.now() >= row["expires"]:
        raise Refused(denials.token_expired(books, request, row["id"][:12]))
    return row


def _same_environment(books: Books, request: Request, app: Doc) -> bool:
    host = request.header("host").lower().partition(":")[0]
    wanted = HOSTS.get(host) or str(books.switches["environment"])
    return wanted in {"", "sandbox" if app["environment"] == "development" else "production"}


def _company(books: Books, request: Request, held: Doc) -> Company:
    realm = realm_of(request)
    if not realm.isdigit():
        raise Refused(denials.not_found())
    grant = books.shelf.get("grant", held["grant"]) or {"state": "gone"}
    company = books.company(realm)
    may = consent.ACCOUNTING in held["scopes"] and grant["state"] == "live"
    if company is None or realm != held["realm"] or not may:
        raise Refused(denials.not_authorised(books, request))
    return company


def _throttle(books: Books, counted: Limits, request: Request, app: Doc, realm: str) -> None:
    batch = len(request.segments) > 3 and request.segments[3].lower() == "batch"
    refusal = counted.take(app["client_id"], realm, books.clock.now(), batch=batch)
    if refusal is not None:
        raise Refused(denials.too_many(books, request, refusal.what, refusal.retry_after))
    # Writes are free: those go on when the month's reads are used up.
    if is_read(request) and limits.read_refused(books, app, realm):
        raise Refused(denials.too_many(books, request, limits.SAID["reads_per_month"], None))


def is_read(request: Request) -> bool:
    segments = request.segments
    return request.method == "GET" or (len(segments) > 3 and segments[3].lower() == "query")
