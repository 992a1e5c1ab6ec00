"""Asking Amazon for settlement reports: the Selling Partner API, by a private app that the seller registers.

Amazon makes settlement reports by itself; nobody can request one. They are listed for 90 days, the same one under
several ids where several marketplaces share it, and each document comes from an address that lives five minutes. Only
the flat file V2 is asked for: the older forms hold the same settlements again. Sources: developer-docs.amazon.com
(Reports API 2021-06-30, Login with Amazon, usage plans).
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tieout.calls import Answer, Call, Request
from tieout.channels._asked import FIELD, Access, Download, Field, Item, Keys, Listing, Notice, Pace, Registration
from tieout.channels.amazon import refusals
from tieout.channels.amazon.marketplaces import MARKETPLACE_IDS
from tieout.core.failure import NotAllowed, Rejected, RemoteError, Unreachable
from tieout.core.secret import Secret

REGIONS = (
    ("eu", "Europe, Middle East, India (United Kingdom, Germany, France, Italy, Spain, …)"),
    ("na", "North America (United States, Canada, Mexico, Brazil)"),
    ("fe", "Far East (Japan, Australia, Singapore)"),
)
URLS: Mapping[str, str] = {
    "token": "https://api.amazon.com",
    **{region: f"https://sellingpartnerapi-{region}.amazon.com" for region, _ in REGIONS},
}
NEEDS_APP = True
NEEDS = (
    Field("region", "Region", "One authorisation covers every marketplace of a region.", choices=REGIONS),
    Field(
        "refresh_token",
        "Refresh token",
        "Begins with Atzr|. Seller Central shows it once, under Develop Apps, Authorise.",
        is_secret=True,
    ),
)
GUIDE = "Seller Central, Partner Network, Develop Apps: authorise your own private app there, once for each region."
INSTALL: Field | None = None
REPORT_TYPES = ("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",)
EVERY_MINUTES, HISTORY_DAYS, OVERLAP_DAYS = 6 * 60, 90, 3
IS_CONTINUOUS = True
ARCHIVED = (
    "Amazon archives settlement reports after 90 days. In Seller Central open Payments, Reports repository, choose the "
    "statements from {start} to {end}, press Request report (Flat file V2), and upload the file here; it is ready "
    "within 48 hours."
)
LEAVING = "Seller Central, Settings, User permissions, Third-party developers and apps: remove the authorisation."

_REPORTS, _REPORT, _DOCUMENT = (
    "/reports/2021-06-30/reports",
    "/reports/2021-06-30/reports/{id}",
    "/reports/2021-06-30/documents/{id}",
)
_SELLER, _TOKEN, _FILE = "/sellers/v1/marketplaceParticipations", "/auth/o2/token", "{document}"
# Usage plans of the Reports API: burst, and milliseconds until one more call is let in.
PACES: Mapping[str, Pace] = {
    _REPORTS: Pace(10, 45_046),
    _REPORT: Pace(15, 500),
    _DOCUMENT: Pace(15, 59_881),
    _SELLER: Pace(15, 62_500),
}
LARGEST_FILE = 512 << 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def install_url(app: Registration, shop: str, state: str) -> str | None:
    """There is none: a private app is authorised in Seller Central, which shows the refresh token."""
    return None


def exchange(call: Call, app: Registration, params: Mapping[str, str], verifier: str) -> Keys:
    """Raises NotAllowed: nobody is sent away from here, so nobody comes back."""
    raise NotAllowed("Amazon has no install here; give the refresh token by hand")


def keys(call: Call, app: Registration, given: Mapping[str, str]) -> Keys:
    """A token for the refresh token, proven by listing reports. The account is named by what it was authorised with."""
    region, token = given.get("region", ""), given.get("refresh_token", "").strip()
    if region not in dict(REGIONS):
        raise Rejected("Choose the region of the seller account.", code=f"{FIELD}region")
    if not token or not token.isascii() or not token.isprintable():
        raise Rejected("The refresh token is missing, or was copied incompletely.", code=f"{FIELD}refresh_token")
    account = hashlib.sha256(f"{region} {token}".encode()).hexdigest()[:32]
    found = refreshed(call, app, Keys(account, "", region, Secret(""), Secret(token)))
    access = Access(found.access, account, region, app)
    _get(call, access, _REPORTS, _asked({"pageSize": "1"}))
    return Keys(account, _name(call, access), region, found.access, found.refresh, found.expires_in_seconds)


def refreshed(call: Call, app: Registration, keys: Keys) -> Keys:
    """An access token for an hour. Login with Amazon keeps the refresh token, so asking twice does no harm."""
    if not app.is_registered:
        raise NotAllowed("this installation has no app at Amazon: set TIEOUT_AMAZON_CLIENT_ID and its secret")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": keys.refresh.reveal(),
        "client_id": app.client_id,
        "client_secret": app.client_secret.reveal(),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "Accept": "application/json"}
    request = Request("POST", app.urls["token"] + _TOKEN, headers, urlencode(form).encode(), _TOKEN, is_write=False)
    answer = call(request)
    if answer.status != 200:
        raise refusals.of_token(answer)
    told = _object(answer)
    refresh = Secret(str(told.get("refresh_token") or keys.refresh.reveal()))
    lifetime = int(told.get("expires_in") or 3600)
    return Keys(keys.account, keys.name, keys.place, Secret(str(told["access_token"])), refresh, lifetime)


def subscribed(call: Call, access: Access) -> None:
    """Nothing: Amazon's notices go to queues of its own cloud, not to an address of ours."""


def notice(headers: Mapping[str, str], body: bytes, secret: Secret) -> Notice | None:
    return None


def addressed(headers: Mapping[str, str]) -> str:
    return ""


def rest(template: str, answer: Answer) -> Pace | None:
    """The rate of this very account where the answer tells it; after a refusal one whole interval."""
    known = PACES.get(template)
    try:
        rate = Decimal(answer.headers.get("x-amzn-ratelimit-limit", "0"))
    except InvalidOperation:
        rate = Decimal(0)
    every = int(1000 / rate) if rate > 0 else known.every_milliseconds if known else 60_000
    if answer.status == 429:
        return Pace(0, every)
    return Pace(known.burst, every) if known and rate > 0 else None


def listed(call: Call, access: Access, since: str) -> Listing:
    """Reports by the day Amazon made them. A settlement that stands there under several ids comes once."""
    if since.startswith(_NEXT):
        query = urlencode({"nextToken": since.removeprefix(_NEXT)})  # Amazon allows nothing beside it
    else:
        query = _asked({"pageSize": "100", "createdSince": _stamp(datetime.fromisoformat(since))})
    told = _get(call, access, _REPORTS, query)
    found = [_item(call, access, report) for report in told.get("reports") or () if _is_wanted(report)]
    items = tuple({item.id: item for item in sorted(found, key=lambda item: item.at)}.values())
    if token := told.get("nextToken"):
        return Listing(items, _NEXT + str(token), is_all=False)
    newest = max((item.at.isoformat() for item in items), default="")
    return Listing(items, newest, is_all=True)


def fetched(call: Call, access: Access, item: Item) -> Iterator[Download]:
    """The document behind a report, unpacked. Its address works without a token, which is not sent there."""
    told = _get(call, access, _DOCUMENT, "", id=item.id)
    url = str(told.get("url") or "")
    _check(url, access)
    answer = call(Request("GET", url, template=_FILE, is_write=False))
    if answer.status != 200:
        raise refusals.of_file(answer)
    packing = told.get("compressionAlgorithm")
    if packing not in (None, "", "GZIP"):
        raise Rejected(f"Amazon packed the document in a way that is not known here: {packing}")
    content = _unpacked(answer.body) if packing else answer.body
    yield Download(f"amazon-settlement-{hashlib.sha256(item.id.encode()).hexdigest()[:12]}.txt", content)


# --- One call -------------------------------------------------------------------------------------------------------

_NEXT = "next:"


def _asked(more: Mapping[str, str]) -> str:
    return urlencode({"reportTypes": ",".join(REPORT_TYPES), "processingStatuses": "DONE", **more})


def _get(call: Call, access: Access, template: str, query: str, id: str = "") -> dict[str, Any]:
    """One answer of the API. Raises what `refusals` makes of anything but a yes."""
    path = template.format(id=quote(id, safe="")) + (f"?{query}" if query else "")
    headers = {
        "x-amz-access-token": access.token.reveal(),
        "Accept": "application/json",
        "User-Agent": "Tieout (Language=Python)",
    }
    request = Request("GET", access.app.urls[access.place] + path, headers, None, template, is_write=False)
    answer = call(request)
    if answer.status != 200:
        wait = rest(template, answer)
        raise refusals.of_api(answer, wait.every_milliseconds if wait else 0)
    return _object(answer)


def _object(answer: Answer) -> dict[str, Any]:
    """Raises Unreachable for a page, half an answer, or anything that is no object."""
    try:
        found = json.loads(answer.body, parse_float=Decimal)
    except ValueError as error:
        raise Unreachable(f"Amazon's answer is no JSON: {answer.body[:80]!r}", status=answer.status) from error
    if not isinstance(found, dict):
        raise Unreachable("Amazon's answer is no JSON object", status=answer.status)
    return found


def _is_wanted(report: dict[str, Any]) -> bool:
    return report.get("processingStatus", "DONE") == "DONE" and report.get("reportType") in (None, *REPORT_TYPES)


def _item(call: Call, access: Access, report: dict[str, Any]) -> Item:
    """Named by its document, which is the same under every id that the report is listed with."""
    document = report.get("reportDocumentId")
    if not document:
        document = _get(call, access, _REPORT, "", id=str(report["reportId"])).get("reportDocumentId")
    if not document:
        raise Unreachable(f"Amazon lists report {report['reportId']} as done, but names no document of it")
    countries = [MARKETPLACE_IDS.get(str(id), str(id)) for id in report.get("marketplaceIds") or ()]
    span = " to ".join(_day(report.get(name)) for name in ("dataStartTime", "dataEndTime"))
    label = f"Settlement {span}" + (f" ({', '.join(sorted(set(countries)))})" if countries else "")
    return Item(str(document), label, datetime.fromisoformat(str(report["createdTime"])).astimezone(UTC))


def _day(moment: object) -> str:
    return str(moment or "?")[:10]


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check(url: str, access: Access) -> None:
    """Over https, whatever the answer names; a stand-in beside us may name itself."""
    parts = urlsplit(url)
    is_beside = urlsplit(access.app.urls[access.place]).hostname in _LOOPBACK and parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not is_beside:
        raise Rejected(f"Amazon names an address of the document that is not fetched: {parts.scheme or 'none'}://…")


def _unpacked(body: bytes) -> bytes:
    """Raises Unreachable for a broken archive, Rejected for one that grows beyond every settlement."""
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = unzip.decompress(body, LARGEST_FILE)
    except zlib.error as error:
        raise Unreachable(f"the document cannot be unpacked: {error}") from error
    if unzip.unconsumed_tail:
        raise Rejected(f"the document is larger than {LARGEST_FILE >> 20} MB once unpacked")
    if not unzip.eof:
        raise Unreachable("the packed document broke off")
    return content


def _name(call: Call, access: Access) -> str:
    """The store's name where Amazon tells it: that takes a role which settlements do not need."""
    fallback = f"Amazon {dict(REGIONS)[access.place].partition(' (')[0]}"
    try:
        told = _get(call, access, _SELLER, "").get("payload")
    except RemoteError:
        return fallback
    stores = [each.get("storeName") for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    return next((f"{fallback}: {store}" for store in stores if store), fallback)
