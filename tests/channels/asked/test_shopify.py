"""A shop is asked as the API's documents say: paging, points, refusals inside a 200, signatures, one file a payout."""

import base64
import hmac
import json
from typing import Any

import pytest

from tests.channels.asked.canned import Canned, access, registration, said
from tieout.calls import Answer
from tieout.channels import FIELD, REFUSED, TOKEN_EXPIRED, Item
from tieout.channels.shopify import asking, fetch
from tieout.core.failure import Busy, Disconnected, NotAllowed, Rejected, RemoteError, Unreachable
from tieout.core.secret import Secret

SHOP = "harbour.myshopify.com"
APP = registration(dict(fetch.URLS))
ACCESS = access(APP, SHOP, SHOP)
COST = {
    "cost": {
        "requestedQueryCost": 100,
        "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 1900, "restoreRate": 100},
    }
}
POOR = {
    "cost": {
        "requestedQueryCost": 500,
        "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 100, "restoreRate": 100},
    }
}


def data(inner: dict[str, Any], extensions: dict[str, Any] = COST) -> Answer:
    return said({"data": inner, "extensions": extensions})


def error(code: str, message: str = "no", extensions: dict[str, Any] = COST) -> Answer:
    return said({"errors": [{"message": message, "extensions": {"code": code}}], "extensions": extensions})


def payouts(*nodes: tuple[int, str, str], more: str = "") -> Answer:
    found = [
        {
            "id": f"gid://shopify/ShopifyPaymentsPayout/{number}",
            "legacyResourceId": str(number),
            "issuedAt": at,
            "status": status,
            "transactionType": "DEPOSIT",
            "net": {"amount": "10.50", "currencyCode": "GBP"},
        }
        for number, at, status in nodes
    ]
    page = {"nodes": found, "pageInfo": {"hasNextPage": bool(more), "endCursor": more or None}}
    return data({"shopifyPaymentsAccount": {"payouts": page}})


def shop(domain: str = SHOP) -> Answer:
    return data({"shop": {"name": "Harbour", "myshopifyDomain": domain, "currencyCode": "GBP"}})


def test_a_token_given_by_hand_is_proven_and_the_shop_names_itself() -> None:
    call = Canned([shop(), payouts()])
    given = {"shop": f"https://{SHOP}/admin", "token": "shpat_0123456789", "secret": "s"}
    found = fetch.keys(call, APP, given)
    assert (found.account, found.name, found.place) == (SHOP, "Harbour", SHOP)
    assert found.expires_in_seconds is None and found.hook_secret.reveal() == "s"
    assert call.asked[0].url == f"https://{SHOP}/admin/api/{asking.API_VERSION}/graphql.json"
    assert call.asked[0].headers["X-Shopify-Access-Token"] == "shpat_0123456789"
    assert fetch.refreshed(Canned([]), APP, found) == found


@pytest.mark.parametrize("typed", ["", "evil.example", "harbour.myshopify.com.evil.example", "a b", "@x", "-a"])
def test_no_other_address_than_a_shops_is_ever_called(typed: str) -> None:
    call = Canned([])
    with pytest.raises(Rejected) as caught:
        fetch.keys(call, APP, {"shop": typed, "token": "shpat_0123456789"})
    assert caught.value.failure.code == f"{FIELD}shop" and not call.asked


def test_without_a_token_our_own_app_asks_for_a_day_of_access() -> None:
    call = Canned([said({"access_token": "day", "expires_in": 86399}), shop(), payouts()])
    found = fetch.keys(call, APP, {"shop": "harbour"})
    assert call.body(0)["grant_type"] == "client_credentials" and found.expires_in_seconds == 86399
    again = fetch.refreshed(Canned([said({"access_token": "next", "expires_in": 86399})]), APP, found)
    assert again.access.reveal() == "next" and again.name == "Harbour"
    with pytest.raises(Rejected) as caught:
        fetch.keys(Canned([]), registration({}, is_registered=False), {"shop": "harbour"})
    assert caught.value.failure.code == f"{FIELD}token"


def test_an_install_is_believed_only_with_its_signature() -> None:
    params = {"code": "c", "shop": SHOP, "state": "s", "timestamp": "1", "host": "aA=="}
    signed = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["hmac"] = hmac.new(b"hush", signed.encode(), "sha256").hexdigest()
    pair = {"access_token": "a", "expires_in": 3600, "refresh_token": "r1"}
    call = Canned([said(pair), shop(), payouts()])
    found = fetch.exchange(call, APP, params, "")
    assert call.body(0)["code"] == "c" and found.refresh.reveal() == "r1"
    renewed = fetch.refreshed(Canned([said({**pair, "refresh_token": "r2"})]), APP, found)
    assert (renewed.refresh.reveal(), renewed.account) == ("r2", SHOP)
    for wrong in ({**params, "shop": "other.myshopify.com"}, {**params, "hmac": "0"}, {**params, "more": "1"}):
        with pytest.raises(NotAllowed):
            fetch.exchange(Canned([]), APP, wrong, "")


def test_payouts_are_listed_page_by_page_and_only_final_ones_are_ready() -> None:
    first = payouts((1, "2026-10-01T00:00:00Z", "PAID"), (2, "2026-10-02T00:00:00Z", "FAILED"), more="cursor")
    last = payouts((3, "2026-10-03T00:00:00Z", "IN_TRANSIT"))
    call = Canned([first, last])
    page = fetch.listed(call, ACCESS, "2026-09-01T00:00:00+00:00")
    assert [(item.label, item.is_ready) for item in page.items] == [("Payout 1, 10.50 GBP", True)] and not page.is_all
    end = fetch.listed(call, ACCESS, page.next)
    assert [item.is_ready for item in end.items] == [False] and end.is_all
    assert end.next == "2026-10-03T00:00:00+00:00"
    assert (
        call.body(0)["variables"]["query"] == call.body(1)["variables"]["query"] == "issued_at:>='2026-09-01T00:00:00Z'"
    )
    assert call.body(1)["variables"]["after"] == "cursor"


def test_a_payout_is_one_file_of_the_raw_answers_in_the_order_of_asking() -> None:
    payout = {"node": {"id": "gid://shopify/ShopifyPaymentsPayout/7", "legacyResourceId": "7"}}
    answers = [data(payout), transactions(["o1", "o2", None], more="c"), transactions(["o2"])]
    answers.append(Answer(200, {}, b'{"data":\r\n {"nodes": []}}'))
    call = Canned(list(answers))
    item = Item("gid://shopify/ShopifyPaymentsPayout/7", "", fetch.datetime.now(fetch.UTC))
    (download,) = fetch.fetched(call, ACCESS, item)
    lines = download.content.splitlines()
    assert download.filename == "shopify-payout-7.jsonl"
    assert json.loads(lines[0]) == {"tieout": "shopify-api", "version": 1, "shop": SHOP, "payout": item.id}
    assert lines[1:4] == [answer.body for answer in answers[:3]] and lines[4] == b'{"data": {"nodes": []}}'
    assert call.body(1)["variables"] == {"first": 250, "query": "payments_transfer_id:7", "after": None}
    assert call.body(3)["variables"] == {"ids": ["o1", "o2"]}


def transactions(orders: list[str | None], more: str = "") -> Answer:
    nodes = [{"id": "t", "associatedOrder": {"id": order} if order else None} for order in orders]
    page = {"nodes": nodes, "pageInfo": {"hasNextPage": bool(more), "endCursor": more or None}}
    return data({"shopifyPaymentsAccount": {"balanceTransactions": page}})


def test_nothing_personal_is_asked_for() -> None:
    for text in (fetch.queries.ORDERS, fetch.queries.TRANSACTIONS, fetch.queries.PAYOUT):
        for word in ("customer", "email", "phone", "firstName", "lastName", "address1", "zip", "city", "billing"):
            assert word not in text


def test_out_of_points_it_is_asked_again_and_in_the_end_told_how_long_to_wait() -> None:
    call = Canned([error("THROTTLED", extensions=POOR), payouts()])
    assert fetch.listed(call, ACCESS, "2026-09-01T00:00:00+00:00").items == ()
    with pytest.raises(Busy) as caught:
        fetch.listed(Canned([error("THROTTLED", extensions=POOR)] * 6), ACCESS, "2026-09-01T00:00:00+00:00")
    assert caught.value.failure.retry_after_seconds == 7


def test_an_answer_says_how_long_to_rest() -> None:
    template = "/admin/api/{version}/graphql.json"
    assert fetch.rest(template, data({})) is None
    pace = fetch.rest(template, data({}, POOR))
    assert pace is not None and (pace.burst, pace.every_milliseconds) == (0, 7000)
    late = fetch.rest(template, said(b"", 429, retry_after="2.0"))
    assert late is not None and late.every_milliseconds == 2000
    assert fetch.rest(template, said(b"<html>")) is None


def test_a_page_that_costs_too_much_is_asked_for_in_smaller_ones() -> None:
    call = Canned([error("MAX_COST_EXCEEDED"), error("MAX_COST_EXCEEDED"), payouts()])
    fetch.listed(call, ACCESS, "2026-09-01T00:00:00+00:00")
    assert [call.body(number)["variables"]["first"] for number in range(3)] == [250, 125, 62]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (said({"errors": "[API] Invalid API key or access token"}, 401), Disconnected, TOKEN_EXPIRED),
        (said({"errors": "Unavailable Shop"}, 402), Disconnected, REFUSED),
        (said({"errors": "Not Found"}, 404), Disconnected, REFUSED),
        (said(b"", 429), Busy, "rate-limit-minute"),
        (said(b"<html>busy</html>", 503), Unreachable, "provider-outage"),
        (said(b"<html>hello</html>"), Unreachable, ""),
        (said(b""), Unreachable, ""),
        (said([1]), Unreachable, ""),
        (said({"data": None}), Rejected, ""),
        (error("ACCESS_DENIED", "Access denied for payouts field."), NotAllowed, REFUSED),
        (error("SHOP_INACTIVE"), Disconnected, REFUSED),
        (error("INTERNAL_SERVER_ERROR"), Unreachable, "provider-outage"),
        (data({"shopifyPaymentsAccount": None}), NotAllowed, REFUSED),
    ],
)
def test_every_refusal_says_what_may_be_done_next(answer: Answer, kind: type[RemoteError], code: str) -> None:
    with pytest.raises(kind) as caught:
        fetch.listed(Canned([answer]), ACCESS, "2026-09-01T00:00:00+00:00")
    assert caught.value.failure.code == code and caught.value.failure.words


def test_a_notice_is_believed_with_its_signature_over_the_raw_bytes_alone() -> None:
    body, secret = b'{"id": 1}', Secret("hush")
    signature = base64.b64encode(hmac.digest(b"hush", body, "sha256")).decode()
    headers = {"x-shopify-hmac-sha256": signature, "x-shopify-shop-domain": SHOP, "x-shopify-topic": "app/uninstalled"}
    found = fetch.notice(headers, body, secret)
    assert found is not None and (found.account, found.topic) == (SHOP, "app/uninstalled")
    assert fetch.notice(headers, body + b" ", secret) is None
    assert fetch.notice(headers, body, Secret("other")) is None and fetch.notice(headers, body, Secret("")) is None
    for wrong in ("", "not base64!", signature[:-4]):
        assert fetch.notice({**headers, "x-shopify-hmac-sha256": wrong}, body, secret) is None


def test_an_install_leads_to_the_shop_itself() -> None:
    url = fetch.install_url(APP, "harbour", "st.ate") or ""
    assert url.startswith(f"https://{SHOP}/admin/oauth/authorize?client_id=app&scope=read_shopify_payments_accounts")
    assert "state=st.ate" in url and "hush" not in url
    assert fetch.install_url(registration({}, is_registered=False), "harbour", "s") is None
