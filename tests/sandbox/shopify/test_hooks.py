"""Webhooks: subscribing, what is signed and sent, repeats, the end of a subscription, the notices of privacy law."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.sandbox.shopify.keeping import Caller, london
from tieout.sandbox.shopify import hooks, of
from tieout.sandbox.shopify.scenarios import APP_SECRET, DOMAIN

CREATE = """mutation M($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id topic uri format apiVersion { handle } } userErrors { field message } } }"""


@dataclass
class Receiver:
    """Somebody who listens: what came, and what is answered."""

    url: str
    status: int = 200
    wait_seconds: float = 0.0
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(found.wait_seconds)
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    found = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hooks")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def caller() -> Caller:
    return london()


def subscribe(caller: Caller, receiver: Receiver, topic: str = "REFUNDS_CREATE") -> Any:
    return caller.query(CREATE, topic=topic, uri=receiver.url).data["webhookSubscriptionCreate"]


def deliver(caller: Caller, **told: Any) -> Any:
    return caller.world.stand_in.deliver(told)


def test_a_subscription_is_made_listed_changed_and_deleted(caller: Caller, receiver: Receiver) -> None:
    made = subscribe(caller, receiver)["webhookSubscription"]
    assert (made["topic"], made["format"], made["apiVersion"]["handle"]) == ("REFUNDS_CREATE", "JSON", "2026-10")
    again = subscribe(caller, receiver)
    assert again["userErrors"][0]["message"] == "Address for this topic has already been taken"
    listed = caller.query("{ webhookSubscriptions(first: 5, topics: [REFUNDS_CREATE]) { nodes { id } } }").data
    assert listed == {"webhookSubscriptions": {"nodes": [{"id": made["id"]}]}}
    update = """mutation M($id: ID!) {
      webhookSubscriptionUpdate(id: $id, webhookSubscription: {uri: "https://a.example"}) {
      webhookSubscription { uri } userErrors { message } } }"""
    changed = caller.query(update, id=made["id"]).data["webhookSubscriptionUpdate"]["webhookSubscription"]
    assert changed == {"uri": "https://a.example"}
    delete = """mutation M($id: ID!) { webhookSubscriptionDelete(id: $id) {
      deletedWebhookSubscriptionId userErrors { message } } }"""
    assert caller.query(delete, id=made["id"]).data["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"]
    told = caller.query(delete, id=made["id"]).data["webhookSubscriptionDelete"]["userErrors"]
    assert told == [{"message": "Webhook subscription does not exist"}]


@pytest.mark.parametrize(
    ("topic", "uri", "words"),
    [
        ("ORDERS_CREATE", "http://plain.example/", "It must be https"),
        ("ORDERS_CREATE", "https://x.myshopify.com/", "Shopify or an internal domain"),
    ],
)
def test_a_wrong_address_is_a_user_error(caller: Caller, topic: str, uri: str, words: str) -> None:
    made = caller.query(CREATE, topic=topic, uri=uri).data["webhookSubscriptionCreate"]
    assert made["webhookSubscription"] is None and words in made["userErrors"][0]["message"]


def test_a_topic_needs_its_scope_and_payouts_have_none(caller: Caller, receiver: Receiver) -> None:
    caller.world.hand("scopes", scopes="read_products")
    assert "specified topic" in subscribe(caller, receiver)["userErrors"][0]["message"]
    reply = caller.query(CREATE, topic="SHOPIFY_PAYMENTS_PAYOUTS_CREATE", uri=receiver.url)
    assert reply.codes == ["INVALID_VARIABLE"]


def test_what_happens_is_signed_over_the_raw_body(caller: Caller, receiver: Receiver) -> None:
    subscribe(caller, receiver)
    refund = caller.world.hand("refund")["refund"]
    assert deliver(caller)["replies"][0]["status"] == 200
    headers, body = receiver.came[0]
    signed = base64.b64encode(hmac.new(APP_SECRET.encode(), body, hashlib.sha256).digest()).decode()
    assert headers["x-shopify-hmac-sha256"] == signed
    assert (headers["x-shopify-topic"], headers["x-shopify-shop-domain"]) == ("refunds/create", DOMAIN)
    assert headers["x-shopify-triggered-at"].startswith("2026-11-20T09:00:00")
    assert headers["x-shopify-webhook-id"] and headers["x-shopify-event-id"]
    assert json.loads(body)["admin_graphql_api_id"] == refund
    assert deliver(caller) == {"replies": [], "waiting": 0}


def test_new_orders_are_told_as_the_days_pass(caller: Caller, receiver: Receiver) -> None:
    subscribe(caller, receiver, "ORDERS_CREATE")
    caller.world.clock.advance(86_400)
    assert len(deliver(caller)["replies"]) == len(receiver.came) > 1
    assert {headers["x-shopify-topic"] for headers, _ in receiver.came} == {"orders/create"}
    assert json.loads(receiver.came[0][1])["currency"] == "GBP"


def test_a_refund_is_told_as_a_change_of_its_order_too(caller: Caller, receiver: Receiver) -> None:
    subscribe(caller, receiver, "ORDERS_UPDATED")
    caller.world.hand("refund", kind="full")
    deliver(caller)
    assert json.loads(receiver.came[0][1])["financial_status"] == "refunded"


def test_a_failure_is_repeated_eight_times_over_four_hours_with_the_old_payload(
    caller: Caller, receiver: Receiver
) -> None:
    subscribe(caller, receiver)
    caller.world.hand("refund")
    receiver.status = 500
    for _ in range(60):
        deliver(caller)
        caller.world.clock.advance(300)
    assert len(receiver.came) == 9 and len({body for _, body in receiver.came}) == 1
    assert len({headers["x-shopify-webhook-id"] for headers, _ in receiver.came}) == 1
    hooks = caller.world.evidence("hooks")
    assert hooks == {"subscriptions": [], "waiting": []}, "after its failures the subscription is deleted"


def test_a_success_forgets_the_failures_before_it(caller: Caller, receiver: Receiver) -> None:
    subscribe(caller, receiver)
    receiver.status = 503
    caller.world.hand("refund")
    deliver(caller)
    assert caller.world.evidence("hooks")["subscriptions"][0]["_failures"] == 1
    receiver.status = 200
    deliver(caller, again=True)
    assert caller.world.evidence("hooks")["subscriptions"][0]["_failures"] == 0


def test_a_subscription_is_deleted_at_its_eighth_failure_in_a_row(caller: Caller, receiver: Receiver) -> None:
    subscribe(caller, receiver)
    receiver.status = 404
    caller.world.hand("refund")
    for tries in range(1, 9):
        deliver(caller, again=True)
        assert len(caller.world.evidence("hooks")["subscriptions"]) == (1 if tries < 8 else 0)


def test_whoever_does_not_answer_in_time_has_failed(
    caller: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "REPLY_SECONDS", 1.2)
    subscribe(caller, receiver)
    caller.world.hand("refund")
    receiver.wait_seconds = 0.6
    assert "timed out" in deliver(caller)["replies"][0]["error"]


def test_nobody_listening_is_a_failure(caller: Caller, receiver: Receiver) -> None:
    quiet = Receiver("http://127.0.0.1:9/hooks")
    subscribe(caller, quiet)
    caller.world.hand("refund")
    assert "error" in deliver(caller)["replies"][0] and deliver(caller)["waiting"] == 1


def test_notices_are_delayed_dropped_repeated_and_forged(caller: Caller, receiver: Receiver) -> None:
    subscribe(caller, receiver)
    caller.world.hand("refund")
    caller.world.arm("hook-delay", seconds=60)
    assert deliver(caller)["waiting"] == 1 and deliver(caller)["replies"] == []
    caller.world.clock.advance(60)
    caller.world.arm("hook-repeat", times=3)
    assert len(deliver(caller)["replies"]) == 3
    caller.world.hand("refund", order="#1200", kind="goodwill")
    caller.world.arm("hook-forge")
    deliver(caller)
    headers, body = receiver.came[-1]
    signed = base64.b64encode(hmac.new(APP_SECRET.encode(), body, hashlib.sha256).digest()).decode()
    assert headers["x-shopify-hmac-sha256"] != signed
    caller.world.hand("refund", order="#1201", kind="goodwill")
    caller.world.arm("hook-drop")
    assert deliver(caller) == {"replies": [], "waiting": 0}


def test_a_new_key_signs_and_switching_off_ends_it(caller: Caller, receiver: Receiver) -> None:
    subscribe(caller, receiver)
    caller.world.hand("hook-key", key="fresh")
    caller.world.hand("refund")
    deliver(caller)
    headers, body = receiver.came[0]
    signed = base64.b64encode(hmac.new(b"fresh", body, hashlib.sha256).digest()).decode()
    assert headers["x-shopify-hmac-sha256"] == signed
    assert caller.world.hand("hook-off") == {"deleted": 1}


def test_uninstalling_is_told_and_two_days_later_the_shop_is_to_be_forgotten(
    caller: Caller, receiver: Receiver
) -> None:
    subscribe(caller, receiver, "APP_UNINSTALLED")
    caller.world.hand("privacy", topic="customers/redact", url=receiver.url)
    caller.world.hand("uninstall")
    deliver(caller)
    caller.world.clock.advance(48 * 3600)
    deliver(caller)
    topics = [headers["x-shopify-topic"] for headers, _ in receiver.came]
    assert topics == ["customers/redact", "app/uninstalled", "shop/redact"]
    assert json.loads(receiver.came[2][1])["shop_domain"] == DOMAIN


def test_a_topic_for_payouts_can_be_switched_on(caller: Caller, receiver: Receiver) -> None:
    of(caller.world).switches["payout_topic"] = "DISPUTES_UPDATE"
    subscribe(caller, receiver, "DISPUTES_UPDATE")
    caller.world.hand("payout-late")
    deliver(caller)
    assert json.loads(receiver.came[0][1])["admin_graphql_api_id"].startswith("gid://shopify/ShopifyPaymentsPayout/")


def test_a_subscription_of_the_apps_own_configuration_outlives_its_failures(caller: Caller, receiver: Receiver) -> None:
    made = caller.world.hand("subscribe", topic="REFUNDS_CREATE", url=receiver.url)
    caller.world.hand("refund")
    receiver.status = 500
    for _ in range(60):
        deliver(caller)
        caller.world.clock.advance(300)
    assert len(receiver.came) == 9
    assert [one["id"] for one in caller.world.evidence("hooks")["subscriptions"]] == [made["id"]]
