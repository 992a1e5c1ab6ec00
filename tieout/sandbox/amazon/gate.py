"""The way into the Selling Partner API: token, region, role, rate; in that order, each with a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tieout.sandbox import Doc, Request
from tieout.sandbox.amazon import refusals, tokens
from tieout.sandbox.amazon.marketplaces import REGIONS
from tieout.sandbox.amazon.refusals import Refused
from tieout.sandbox.amazon.state import Sellers
from tieout.sandbox.buckets import Bucket

# Operation → requests a second, burst; as the usage plans say.
RATES = {
    "getReports": (0.0222, 10),
    "createReport": (0.0167, 15),
    "cancelReport": (0.0222, 10),
    "getReport": (2.0, 15),
    "getReportDocument": (0.0167, 15),
}
ROLE = "Finance and Accounting"


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that was let in: who asks, for which seller, in which region, at what moment."""

    request: Request
    sellers: Sellers
    region: str
    seller: Doc
    now: datetime


def region_of(request: Request) -> str:
    """The region an address belongs to: by its host, or by a first segment `na`, `eu` or `fe`; blank when neither."""
    host = request.header("host").lower()
    for region in REGIONS:
        if f"sellingpartnerapi-{region}." in host:
            return region
    first = request.segments[0].lower() if request.segments else ""
    return first if first in REGIONS else ""


def let_in(sellers: Sellers, request: Request, operation: str) -> Asked:
    """The call, let in. Raises Refused: 403 or 429."""
    held = _bearer(sellers, request)
    grant = sellers.shelf.get("grant", held["grant"])
    seller = None if grant is None else sellers.shelf.get("seller", grant["seller"])
    if grant is None or seller is None:  # a token for the app alone opens no report
        raise Refused(refusals.unauthorised())
    region = region_of(request) or grant["region"]
    if region != grant["region"] or ROLE not in grant["roles"]:
        raise Refused(refusals.unauthorised())
    _count(sellers, f"{held['app']}/{seller['id']}/{operation}", operation)
    return Asked(request, sellers, region, seller, sellers.now())


def rate_of(operation: str) -> str:
    """The rate as the header x-amzn-RateLimit-Limit prints it."""
    return f"{RATES[operation][0]:g}" if RATES[operation][0] != 2.0 else "2.0"


def _bearer(sellers: Sellers, request: Request) -> Doc:
    sent = request.header("x-amz-access-token")
    if not sent:
        raise Refused(refusals.unauthorised(refusals.MISSING))
    row = tokens.read_access(sellers, sent)
    if row is None:
        raise Refused(refusals.unauthorised(refusals.REVOKED))
    if sellers.now() >= row["expires"]:
        raise Refused(refusals.unauthorised(refusals.EXPIRED))
    return row


def _count(sellers: Sellers, who: str, operation: str) -> None:
    if not sellers.switches["throttles"]:
        return
    rate, burst = RATES[operation]
    bucket = sellers.buckets.setdefault(who, Bucket.full(burst, rate))
    if not bucket.take(1, sellers.world.clock.now()):
        raise Refused(refusals.quota())
