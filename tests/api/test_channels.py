"""Channels over the API: connected, fetched, listed, ended; and the door for notices, which a signature opens."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import Program, a_person, code
from tests.problems.doors import account as seller
from tests.problems.doors import invalidate
from tests.sync.market import DOMAIN, SHOPIFY_SECRET, Market, selling_at_amazon, selling_at_shopify
from tieout.store import channel_accounts
from tieout.store.engine import write


@pytest.fixture
def market(program: Program) -> Iterator[Market]:
    with selling_at_amazon(program.house) as made:
        yield made


@pytest.fixture
def shop(program: Program) -> Iterator[Market]:
    with selling_at_shopify(program.house) as made:
        yield made


def connected(program: Program, market: Market) -> dict[str, Any]:
    answer = program.post("/api/channels", json={"channel": market.channel, "given": market.given})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_seller_account_is_connected_fetched_listed_and_disconnected(program: Program, market: Market) -> None:
    made = connected(program, market)
    assert made["state"] == "connected" and made["label"] == "Amazon" and made["payouts"]["kept"] == 0
    asked = program.post(f"/api/channels/{made['id']}/fetch", json={})
    assert asked.status_code == 202 and asked.json()["kind"] == "fetch"
    market.until_done(made["id"])
    ended = program.get(asked.headers["location"]).json()
    assert ended["state"] == "succeeded" and "New payouts: 12." in ended["message"]
    assert program.get("/api/operations?kind=fetch").json()["data"][0]["operation_id"] == ended["operation_id"]
    (shown,) = program.get("/api/channels").json()["data"]
    assert shown == program.get(f"/api/channels/{made['id']}").json()
    assert shown["payouts"]["kept"] == 18 and shown["next_fetch_at"] and shown["operation_id"] is None
    first = program.get(f"/api/channels/{made['id']}/payouts?limit=10").json()
    rest = program.get(f"/api/channels/{made['id']}/payouts?limit=10&cursor={first['page']['next_cursor']}").json()
    assert len(first["data"]) == 10 and len(rest["data"]) == 8 and rest["page"]["next_cursor"] is None
    assert {each["state"] for each in first["data"]} == {"kept"}
    assert program.post(f"/api/channels/{made['id']}/disconnect").json()["state"] == "disconnected"
    assert code(program.post(f"/api/channels/{made['id']}/disconnect")) == (409, "state_conflict")
    assert code(program.post(f"/api/channels/{made['id']}/fetch", json={})) == (409, "connection_not_usable")


def test_what_cannot_be_connected_names_the_field(program: Program, market: Market) -> None:
    wrong = {"channel": "amazon", "given": market.given | {"region": "mars"}}
    answer = program.post("/api/channels", json=wrong)
    assert code(answer) == (422, "validation_failed") and answer.json()["fields"][0]["path"] == "given.region"
    assert code(program.post("/api/channels", json={"channel": "nowhere", "given": {}})) == (404, "provider_not_found")
    assert code(program.post("/api/channels", json={"channel": "amazon"}))[0] == 422
    assert program.get("/api/channels").json()["data"] == []


def test_from_a_day_on(program: Program, market: Market) -> None:
    id = connected(program, market)["id"]
    assert code(program.post(f"/api/channels/{id}/fetch", json={"since": "2026-02-30"})) == (422, "validation_failed")
    since = f"{market.house.clock():%Y-%m-%d}"
    assert program.post(f"/api/channels/{id}/fetch", json={"since": since}).status_code == 202
    market.house.jobs.run_all()
    assert market.items(id) == ()


def test_the_same_key_connects_once(program: Program, market: Market) -> None:
    body = {"channel": market.channel, "given": market.given}
    first = program.post("/api/channels", json=body, headers={"Idempotency-Key": "k1"})
    calls = len(market.world.calls)
    again = program.post("/api/channels", json=body, headers={"Idempotency-Key": "k1"})
    assert first.json() == again.json() and len(market.world.calls) == calls


# --- Notices ----------------------------------------------------------------------------------------------------------


def notice(body: bytes, secret: str = SHOPIFY_SECRET, shop: str = DOMAIN) -> dict[str, str]:
    signature = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    return {"X-Shopify-Hmac-SHA256": signature, "X-Shopify-Shop-Domain": shop, "X-Shopify-Topic": "payouts/update"}


def resting(market: Market, id: str) -> None:
    """It was fetched just now and is not due for hours."""
    market.until_done(id)
    market.house.clock.skip(minutes=5)
    assert market.account(id).next_at > market.house.clock()


def send(program: Program, body: bytes, headers: dict[str, str], channel: str = "shopify") -> Any:
    nobody = Program(program.house, program.client, program.spool)
    return nobody.post(f"/hooks/channels/{channel}", content=body, headers=headers)


def test_a_signed_notice_makes_the_account_due_at_once_and_calls_nobody(program: Program, shop: Market) -> None:
    id = connected(program, shop)["id"]
    resting(shop, id)
    calls, body = len(shop.world.calls), json.dumps({"id": 1}).encode()
    answer = send(program, body, notice(body))
    assert (answer.status_code, answer.json()) == (200, {"status": "noted"})
    assert len(shop.world.calls) == calls and shop.account(id).next_at <= shop.house.clock()
    for _ in range(3):
        assert send(program, body, notice(body)).status_code == 200
    assert shop.timetable() == 1, "however many come, it is asked once"


@pytest.mark.parametrize(
    ("body", "headers", "channel"),
    [
        (b"{}", notice(b"{}", secret="guessed"), "shopify"),
        (b"{} ", notice(b"{}"), "shopify"),
        (b"{}", {}, "shopify"),
        (b"{}", notice(b"{}") | {"X-Shopify-Hmac-SHA256": "???"}, "shopify"),
        (b"{}", notice(b"{}"), "amazon"),
        (b"{}", notice(b"{}"), "nowhere"),
    ],
)
def test_what_nobody_signed_changes_nothing_and_all_refusals_look_alike(
    program: Program, shop: Market, body: bytes, headers: dict[str, str], channel: str
) -> None:
    id = connected(program, shop)["id"]
    resting(shop, id)
    before = shop.account(id)
    answer = send(program, body, headers, channel)
    assert code(answer) == (401, "signature_invalid") and shop.account(id) == before


def test_a_notice_about_a_shop_that_nobody_connected_is_taken_and_forgotten(program: Program, shop: Market) -> None:
    headers = notice(b"{}", shop="other.myshopify.com")
    assert send(program, b"{}", headers).status_code == 200
    assert send(program, b"{}", headers | {"X-Shopify-Hmac-SHA256": "bm8="}).status_code == 401


def test_the_secret_of_a_custom_app_proves_its_own_shop_alone(program: Program, shop: Market) -> None:
    shop.given["secret"] = "own-secret"
    id = connected(program, shop)["id"]
    resting(shop, id)
    assert send(program, b"{}", notice(b"{}", "own-secret", "other.myshopify.com")).status_code == 401
    assert send(program, b"{}", notice(b"{}", "own-secret")).status_code == 200
    assert shop.account(id).next_at <= shop.house.clock()


def test_a_notice_that_is_too_large_is_not_read(program: Program, shop: Market) -> None:
    assert code(send(program, b"x" * (8 * 1024 * 1024 + 1), {})) == (413, "body_too_large")


def test_an_ended_account_is_not_asked_whatever_is_announced(program: Program, shop: Market) -> None:
    id = connected(program, shop)["id"]
    with write(shop.house.tools.engines, shop.house.organisation) as db:
        channel_accounts.end(db, id, shop.house.clock())
    assert send(program, b"{}", notice(b"{}")).status_code == 200
    assert shop.account(id).next_at is None and shop.timetable() == 0


def test_the_ledger_link_is_told_and_made_anew(program: Program) -> None:
    id = seller(program.house, "amazon")
    shown = program.get(f"/api/channels/{id}").json()
    assert shown["ledger_link"]["state"] == "no-books"
    assert code(program.post(f"/api/channels/{id}/relink")) == (409, "connection_not_usable")
    program.house.connect()
    invalidate(program.house, id, "other-books")
    assert program.get(f"/api/channels/{id}").json()["ledger_link"]["state"] == "other-books"
    made = program.post(f"/api/channels/{id}/relink", headers={"Idempotency-Key": "relink-1"}).json()
    assert (made["ledger_link"]["state"], made["ledger_link"]["books"]) == ("works", "Harbour & Finch Ltd")


def test_a_role_too_small_to_connect_is_told_by_its_problem(program: Program) -> None:
    weak = program.as_token(person=a_person(program.house, "basic"))
    answer = weak.post("/api/channels", json={"channel": "amazon", "given": {}})
    assert code(answer) == (403, "insufficient_scope")
    assert answer.json()["problem"] == "connect-role-too-low" and "right to connect" in answer.json()["detail"]
    assert [each["code"] for each in program.get("/api/issues").json()["data"]] == ["connect-role-too-low"]
