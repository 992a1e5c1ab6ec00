"""Report documents: an address that lives five minutes, and the store behind it, which is not the API."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.amazon import reports, settlements
from tieout.sandbox.amazon.gate import Asked
from tieout.sandbox.amazon.marketplaces import CHARSETS
from tieout.sandbox.amazon.refusals import Refused, invalid, stored
from tieout.sandbox.amazon.state import Sellers

STORES = {
    "na": "tortuga-prod-na.s3-external-1.amazonaws.com",
    "eu": "tortuga-prod-eu.s3-eu-west-1.amazonaws.com",
    "fe": "tortuga-prod-fe.s3-us-west-2.amazonaws.com",
}
FOLDER = "NinetyDays"


def get(asked: Asked, document_id: str) -> Answer:
    """getReportDocument."""
    settlements.publish(asked.sellers)
    held = asked.sellers.shelf.get("document", document_id)
    row = None if held is None else asked.sellers.shelf.get("report", held["report"])
    if row is None or row["seller"] != asked.seller["id"] or row["region"] != asked.region or row["hidden"]:
        raise Refused(invalid(f"Invalid reportDocumentId {document_id}"))
    if row["created"] < asked.now - settlements.RETAINED:
        raise Refused(reports.archived(asked, f"Invalid reportDocumentId {document_id}"))
    body: Doc = {"reportDocumentId": document_id}
    if _is_packed(asked.sellers, document_id):
        body["compressionAlgorithm"] = "GZIP"
    packed_header = (asked.request.param("enableContentEncodingUrlHeader") or "").lower() == "true"
    body["url"] = _address(asked, document_id, row["region"], packed_header)
    return Answer(200, json.dumps(body).encode(), "application/json")


def download(sellers: Sellers, request: Request) -> Answer:
    """What the store answers: to a signed address in time, whoever asks; 403 in XML to anything else."""
    document_id = request.segments[-1]
    query = dict(request.query)
    if request.header("authorization"):
        return stored(400, "InvalidArgument", "Only one auth mechanism allowed")
    signed = _signature(sellers, document_id, query.get("X-Amz-Date", ""), query.get("response-content-encoding", ""))
    if not hmac.compare_digest(signed.encode(), query.get("X-Amz-Signature", "").encode()):
        return stored(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
    begun = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if sellers.now() >= begun + timedelta(seconds=int(query.get("X-Amz-Expires", "0"))):
        return stored(403, "AccessDenied", "Request has expired")
    held = sellers.shelf.get("document", document_id)
    row = None if held is None else sellers.shelf.get("report", held["report"])
    if row is None:
        return stored(404, "NoSuchKey", "The specified key does not exist.")
    body = settlements.content(sellers, row)
    more: tuple[tuple[str, str], ...] = ()
    if _is_packed(sellers, document_id):
        body = gzip.compress(body, mtime=0)
        if query.get("response-content-encoding") == "gzip":
            more = (("Content-Encoding", "gzip"),)
    return Answer(200, body, _content_type(sellers, row), more)


def _is_packed(sellers: Sellers, document_id: str) -> bool:
    match sellers.switches["gzip"]:
        case "always":
            return True
        case "never":
            return False
    return int(hashlib.sha256(document_id.encode()).hexdigest(), 16) % 2 == 0


def _content_type(sellers: Sellers, row: Doc) -> str:
    true = settlements.encoding(row)
    match sellers.switches["charset"]:
        case "absent":
            return "text/plain"
        case "wrong":
            return f"text/plain;charset={CHARSETS['cp1252' if true != 'cp1252' else 'utf-8']}"
    return f"text/plain;charset={CHARSETS[true]}"


def _address(asked: Asked, document_id: str, region: str, packed_header: bool) -> str:
    # Reached under Amazon's own names through the proxy, the store has its own name too.
    theirs = asked.request.header("host").lower().endswith(".amazon.com")
    base = f"https://{STORES[region]}" if theirs else asked.sellers.world.base_url
    date = asked.sellers.now().strftime("%Y%m%dT%H%M%SZ")
    encoding = "gzip" if packed_header else ""
    query = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Date": date, "X-Amz-SignedHeaders": "host"}
    query |= {"X-Amz-Expires": str(int(asked.sellers.switches["url_seconds"]))}
    query |= {"response-content-encoding": encoding} if encoding else {}
    query |= {"X-Amz-Signature": _signature(asked.sellers, document_id, date, encoding)}
    return f"{base}/{FOLDER}/{document_id}?{urlencode(query)}"


def _signature(sellers: Sellers, document_id: str, date: str, encoding: str) -> str:
    said = f"{document_id}\n{date}\n{encoding}".encode()
    return hmac.new(f"store {sellers.world.seed}".encode(), said, hashlib.sha256).hexdigest()
