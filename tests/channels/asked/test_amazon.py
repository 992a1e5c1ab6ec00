"""Amazon is asked as its documents say: tokens, pages without other parameters, packed documents, quotas, refusals."""

import gzip
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.channels.asked.canned import Canned, access, registration, said
from tieout.calls import Answer
from tieout.channels import FIELD, REFUSED, TOKEN_EXPIRED, Item, Keys
from tieout.channels.amazon import fetch
from tieout.core.failure import Busy, Disconnected, NotAllowed, Rejected, RemoteError, Unreachable
from tieout.core.secret import Secret

APP = registration(dict(fetch.URLS))
ACCESS = access(APP, "seller", "eu")
TOKEN = said({"access_token": "Atza|1", "refresh_token": "Atzr|1", "expires_in": 3600})
SINCE = "2026-08-01T00:00:00+00:00"
ITEM = Item("doc-1", "", datetime(2026, 10, 1, tzinfo=UTC))


def report(number: str, document: str | None, at: str, marketplaces: tuple[str, ...] = ("A1F83G8C2ARO7P",)) -> object:
    told = {
        "reportId": number,
        "reportType": fetch.REPORT_TYPES[0],
        "processingStatus": "DONE",
        "marketplaceIds": list(marketplaces),
        "dataStartTime": "2026-09-01T00:00:00+00:00",
        "dataEndTime": "2026-09-15T00:00:00+00:00",
        "createdTime": at,
    }
    return told | ({"reportDocumentId": document} if document else {})


def errors(status: int, code: str, message: str, details: str = "", **headers: str) -> Answer:
    return said({"errors": [{"code": code, "message": message, "details": details}]}, status, **headers)


def test_a_refresh_token_given_by_hand_is_proven_by_listing_reports() -> None:
    stores = {"payload": [{"storeName": "Harbour & Finch"}]}
    call = Canned([TOKEN, said({"reports": []}), said(stores)])
    found = fetch.keys(call, APP, {"region": "eu", "refresh_token": " Atzr|1 "})
    assert found.name == "Amazon Europe, Middle East, India: Harbour & Finch" and found.place == "eu"
    assert (found.access.reveal(), found.refresh.reveal(), found.expires_in_seconds) == ("Atza|1", "Atzr|1", 3600)
    assert call.asked[0].url == "https://api.amazon.com/auth/o2/token"
    form = parse_qs((call.asked[0].body or b"").decode())
    assert form == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["Atzr|1"],
        "client_id": ["app"],
        "client_secret": ["hush"],
    }
    assert call.asked[1].headers["x-amz-access-token"] == "Atza|1"
    assert urlsplit(call.asked[1].url).hostname == "sellingpartnerapi-eu.amazon.com"
    same = fetch.keys(Canned([TOKEN, said({}), said(b"", 403)]), APP, {"region": "eu", "refresh_token": "Atzr|1"})
    assert same.account == found.account and same.name == "Amazon Europe, Middle East, India"


@pytest.mark.parametrize(
    ("given", "field"),
    [({}, "region"), ({"region": "mars"}, "region"), ({"region": "eu"}, "refresh_token")],
)
def test_what_is_missing_is_named(given: dict[str, str], field: str) -> None:
    with pytest.raises(Rejected) as caught:
        fetch.keys(Canned([]), APP, given)
    assert caught.value.failure.code == FIELD + field


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said({"error": "invalid_grant", "error_description": "revoked"}, 400), Disconnected),
        (said({"error": "invalid_client", "error_description": "who?"}, 401), NotAllowed),
        (said({"error": "invalid_request"}, 400), Rejected),
        (said(b"", 429), Busy),
        (said(b"<html>", 503), Unreachable),
        (said(b"<html>"), Unreachable),
    ],
)
def test_the_token_endpoint_says_no_in_its_own_dialect(answer: Answer, kind: type[RemoteError]) -> None:
    with pytest.raises(kind):
        fetch.refreshed(Canned([answer]), APP, Keys("seller", "", "eu", Secret(""), Secret("Atzr|1")))
    with pytest.raises(NotAllowed, match="TIEOUT_AMAZON_CLIENT_ID"):
        fetch.refreshed(Canned([]), registration({}, is_registered=False), Keys("s", "", "eu", Secret("")))


def test_reports_are_listed_oldest_first_and_the_same_document_once() -> None:
    first = {
        "reports": [
            report("r3", "doc-3", "2026-10-03T00:00:00+00:00"),
            report("r2", "doc-1", "2026-10-01T01:00:00+00:00", ("A1PA6795UKMFR9",)),
            report("r1", "doc-1", "2026-10-01T00:00:00+00:00"),
        ],
        "nextToken": "a/b+c=",
    }
    last = {"reports": [report("r4", "doc-4", "2026-10-04T00:00:00+00:00")]}
    call = Canned([said(first), said(last)])
    page = fetch.listed(call, ACCESS, SINCE)
    assert [item.id for item in page.items] == ["doc-1", "doc-3"] and not page.is_all
    assert page.items[1].label == "Settlement 2026-09-01 to 2026-09-15 (GB)"
    end = fetch.listed(call, ACCESS, page.next)
    assert end.is_all and end.next == "2026-10-04T00:00:00+00:00"
    asked = [parse_qs(urlsplit(request.url).query) for request in call.asked]
    assert asked[0] == {
        "reportTypes": ["GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"],
        "processingStatuses": ["DONE"],
        "pageSize": ["100"],
        "createdSince": ["2026-08-01T00:00:00Z"],
    }
    assert asked[1] == {"nextToken": ["a/b+c="]}


def test_a_report_listed_without_its_document_is_looked_up() -> None:
    listed = {"reports": [report("r1", None, "2026-10-01T00:00:00+00:00")]}
    call = Canned([said(listed), said({"reportDocumentId": "doc-9"})])
    assert [item.id for item in fetch.listed(call, ACCESS, SINCE).items] == ["doc-9"]
    assert call.asked[1].url.endswith("/reports/2021-06-30/reports/r1")


@pytest.mark.parametrize("packing", [None, "GZIP"])
def test_a_document_comes_unpacked_and_otherwise_untouched(packing: str | None) -> None:
    content = "settlement-id\t…\r\n".encode("cp1252") + b"\xff"
    told = {"reportDocumentId": "doc-1", "url": "https://s3.example/x?sig=1"}
    body = gzip.compress(content) if packing else content
    call = Canned([said(told | ({"compressionAlgorithm": packing} if packing else {})), said(body)])
    (download,) = fetch.fetched(call, ACCESS, ITEM)
    assert download.content == content and download.filename.endswith(".txt")
    assert not call.asked[1].headers, "our token is not for the store"


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"not packed", Unreachable), (gzip.compress(b"x" * 1000, mtime=0)[:-9], Unreachable)],
    ids=["not packed", "cut off"],
)
def test_a_broken_archive_is_fetched_again_later(body: bytes, kind: type[RemoteError]) -> None:
    told = {"url": "https://s3.example/x", "compressionAlgorithm": "GZIP"}
    with pytest.raises(kind):
        list(fetch.fetched(Canned([said(told), said(body)]), ACCESS, ITEM))


def test_an_archive_without_end_and_an_unencrypted_address_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "LARGEST_FILE", 100)
    told = {"url": "https://s3.example/x", "compressionAlgorithm": "GZIP"}
    with pytest.raises(Rejected, match="larger"):
        list(fetch.fetched(Canned([said(told), said(gzip.compress(b"x" * 1000))]), ACCESS, ITEM))
    for url in ("http://s3.example/x", "file:///etc/passwd", ""):
        call = Canned([said({"url": url})])
        with pytest.raises(Rejected, match="not fetched"):
            list(fetch.fetched(call, ACCESS, ITEM))
        assert len(call.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (errors(429, "QuotaExceeded", "You exceeded your quota"), Busy, "rate-limit-minute"),
        (
            errors(403, "Unauthorized", "denied", "The access token you provided has expired."),
            Disconnected,
            TOKEN_EXPIRED,
        ),
        (errors(403, "Unauthorized", "Access to requested resource is denied."), Disconnected, REFUSED),
        (errors(404, "NotFound", "Resource not found"), Rejected, "NotFound"),
        (errors(400, "InvalidInput", "createdSince is too old"), Rejected, "InvalidInput"),
        (errors(500, "InternalFailure", "again"), Unreachable, "provider-outage"),
        (said(b"<html>", 503), Unreachable, "provider-outage"),
        (said(b"[]"), Unreachable, ""),
    ],
)
def test_every_refusal_says_what_may_be_done_next(answer: Answer, kind: type[RemoteError], code: str) -> None:
    with pytest.raises(kind) as caught:
        fetch.listed(Canned([answer]), ACCESS, SINCE)
    assert caught.value.failure.code == code and caught.value.failure.words


def test_the_quota_is_the_documented_one_unless_an_answer_tells_another() -> None:
    template = "/reports/2021-06-30/documents/{id}"
    assert fetch.PACES[template].burst == 15 and 59_000 < fetch.PACES[template].every_milliseconds < 60_000
    assert fetch.rest(template, said({})) is None
    told = fetch.rest(template, said({}, x_amzn_ratelimit_limit="0.5"))
    assert told is not None and (told.burst, told.every_milliseconds) == (15, 2000)
    closed = fetch.rest(template, said({}, 429))
    assert closed is not None and closed.burst == 0 and 59_000 < closed.every_milliseconds < 60_000
    assert fetch.rest(template, said({}, x_amzn_ratelimit_limit="soon")) is None


def test_there_is_no_install_and_no_notice() -> None:
    assert fetch.install_url(APP, "", "state") is None
    assert fetch.notice({}, b"", Secret("hush")) is None and fetch.addressed({}) == ""
    with pytest.raises(NotAllowed):
        fetch.exchange(Canned([]), APP, {}, "")
