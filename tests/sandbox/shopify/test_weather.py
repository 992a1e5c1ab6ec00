"""Points and throttling on the world's clock, and the faults in Shopify's dialect."""

from __future__ import annotations

import pytest

from tests.sandbox.shopify.keeping import Caller, london
from tieout.sandbox import Ending
from tieout.sandbox.shopify import of

DEAR = "{ shopifyPaymentsAccount { payouts(first: 250) { nodes { id net { amount } } } } }"


@pytest.fixture
def caller() -> Caller:
    return london()


def test_points_are_reserved_and_the_rest_is_given_back(caller: Caller) -> None:
    cost = caller.query('{ orders(first: 250, query: "id:1") { nodes { id } } }').doc["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (13, 2)
    assert cost["throttleStatus"] == {"maximumAvailable": 2000, "currentlyAvailable": 1998, "restoreRate": 100}


def test_an_empty_bucket_is_said_with_status_200_and_fills_again(caller: Caller) -> None:
    seen = [caller.query(DEAR) for _ in range(300)]
    refused = next(reply for reply in seen if "errors" in reply.doc)
    assert refused.status == 200 and refused.codes == ["THROTTLED"] and "data" not in refused.doc
    cost = refused.doc["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    lacking = cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"]
    assert lacking > 0
    caller.world.clock.advance(-(-lacking // 100) + 1)
    assert caller.query(DEAR).data


def test_a_throttled_answer_may_be_a_429(caller: Caller) -> None:
    of(caller.world).switches["throttle_status"] = 429
    while (reply := caller.query(DEAR)).status == 200:
        pass
    assert reply.status == 429 and reply.codes == ["THROTTLED"]


def test_a_query_that_is_too_dear_is_never_done(caller: Caller) -> None:
    inner = "lineItems(first: 250) { nodes { id discountedTotalSet { shopMoney { amount } } } }"
    reply = caller.query(f"{{ orders(first: 250) {{ nodes {{ id a: {inner} b: {inner} c: {inner} }} }} }}")
    assert reply.codes == ["MAX_COST_EXCEEDED"] and reply.first["extensions"]["maxCost"] == 1000
    assert reply.first["extensions"]["cost"] > 1000 and "data" not in reply.doc


@pytest.mark.parametrize(
    ("name", "how", "status", "words"),
    [
        ("token-expired", {}, 401, "Invalid API key or access token"),
        ("token-garbled", {}, 401, "Invalid API key or access token"),
        ("org-suspended", {}, 402, "Unavailable Shop"),
        ("http-error", {"status": 401}, 401, "Invalid API key"),
        ("http-error", {"status": 402}, 402, "Unavailable Shop"),
        ("http-error", {"status": 403}, 403, "Forbidden"),
        ("http-error", {"status": 404}, 404, "Not Found"),
        ("http-error", {"status": 423}, 423, "unavailable"),
        ("http-error", {"status": 429}, 429, "Exceeded 2 calls per second"),
        ("http-error", {"status": 500}, 500, "Internal Server Error"),
        ("http-error", {"status": 502}, 502, "<h1>502 Bad Gateway</h1>"),
        ("outage", {}, 503, "Service Unavailable"),
        ("rate-limit", {}, 200, "THROTTLED"),
        ("rate-limit", {"kind": "calls"}, 429, "Exceeded"),
    ],
)
def test_faults_speak_shopifys_dialect(
    caller: Caller, name: str, how: dict[str, object], status: int, words: str
) -> None:
    caller.world.arm(name, **how)
    reply = caller.query("{ shop { name } }")
    assert reply.status == status and words in reply.answer.body.decode()
    assert caller.query("{ shop { name } }").data


def test_an_armed_limit_lacks_a_hundred_points(caller: Caller) -> None:
    caller.world.arm("rate-limit")
    cost = caller.query("{ shop { name } }").doc["extensions"]["cost"]
    assert cost["requestedQueryCost"] - cost["throttleStatus"]["currentlyAvailable"] == 100
    assert cost["actualQueryCost"] is None


def test_a_retry_after_can_be_left_out(caller: Caller) -> None:
    caller.world.arm("rate-limit", kind="calls")
    assert caller.query("{ shop { name } }").header("Retry-After") == "2.0"
    caller.world.arm("rate-limit", kind="calls", retry_after="")
    assert caller.query("{ shop { name } }").header("Retry-After") is None


def test_writes_can_be_forbidden_and_fail_in_an_unheard_of_way(caller: Caller) -> None:
    text = (
        'mutation { webhookSubscriptionDelete(id: "gid://shopify/WebhookSubscription/1") { userErrors { message } } }'
    )
    caller.world.arm("forbid-writes")
    assert caller.query(text).status == 403
    caller.world.arm("unknown-error", text="The moon")
    assert caller.query(text).first["message"] == "The moon"
    assert caller.query(text).data["webhookSubscriptionDelete"]["userErrors"]


@pytest.mark.parametrize(("form", "count"), [("dropped", -1), ("repeated", 1), ("permuted", 0)])
def test_pages_may_lack_rows_repeat_them_or_be_mixed(caller: Caller, form: str, count: int) -> None:
    before = caller.payouts()
    caller.world.arm("bad-body", form=form)
    after = caller.payouts()
    assert len(after) == len(before) + count and after != before


def test_a_good_status_may_hide_an_error_a_page_nothing_or_half_an_answer(caller: Caller) -> None:
    caller.world.arm("bad-body", form="error-inside")
    assert caller.query("{ shop { name } }").codes == ["INTERNAL_SERVER_ERROR"]
    for form in ("html", "empty", "truncated"):
        caller.world.arm("bad-body", form=form)
        answer = caller.query("{ shop { name } }").answer
        assert answer.status == 200 and not (answer.body.startswith(b"{") and answer.ending is Ending.WHOLE)


def test_installs_can_be_narrowed_cancelled_turned_elsewhere_or_stuck() -> None:
    caller = london(scenario="two")
    caller.world.arm("scope-narrow", scopes="read_orders")
    told = caller.exchange(code=caller.install()["code"]).doc
    assert "read_orders" not in told["scope"] and "payouts" in told["scope"]
    caller.world.arm("consent-cancelled")
    assert caller.install() == {"error": "access_denied", "state": "s1"}
    caller.world.arm("consent-other-tenant", tenant="demo-elsewhere.myshopify.com")
    assert caller.install()["shop"] == "demo-elsewhere.myshopify.com"
    caller.world.arm("consent-stuck")
    assert caller.authorise().status == 500


def test_a_fault_at_a_shop_that_is_none_is_not_found(caller: Caller) -> None:
    caller.world.arm("scope-narrow", scopes="read_orders")
    caller.shop = "nobody.myshopify.com"
    assert caller.authorise().status == 404
    caller.world.arm("consent-cancelled")
    assert caller.authorise(redirect_uri="https://elsewhere.example/").status == 400


def test_the_token_endpoint_can_fail_too(caller: Caller) -> None:
    refresh = caller.exchange(code=caller.install()["code"], expiring="1").doc["refresh_token"]
    told = {"grant_type": "refresh_token", "refresh_token": refresh}
    caller.world.arm("grant-dead")
    assert caller.exchange(**told).doc["error"] == "invalid_grant"
    caller.world.arm("refresh-lost")
    assert caller.exchange(**told).answer.ending is Ending.CUT
    caller.world.arm("refresh-race", seconds=3)
    assert caller.exchange(**told).answer.delay_seconds == 3 and caller.exchange(**told).status == 200
    caller.world.arm("scope-refused")
    assert caller.exchange(code="x").doc["error"] == "invalid_scope"
