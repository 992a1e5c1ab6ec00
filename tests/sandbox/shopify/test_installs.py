"""Installs, tokens and the way in: codes, signatures, expiring tokens, scopes, and shops that are not open."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from tests.sandbox.shopify.keeping import REDIRECT, SCOPES, Caller, london
from tieout.sandbox import Request
from tieout.sandbox.shopify import of, shops
from tieout.sandbox.shopify.scenarios import APP_ID, APP_SECRET, DOMAIN, TOKEN


@pytest.fixture
def caller() -> Caller:
    return london()


def test_the_page_names_what_is_asked_for_and_installing_goes_back_with_a_signature(caller: Caller) -> None:
    query = f"client_id={APP_ID}&scope=write_orders&redirect_uri={REDIRECT}&state=s1"
    shown = caller.ask("GET", f"/admin/oauth/authorize?{query}")
    assert shown.status == 200 and b"write_orders" in shown.answer.body and b'value="s1"' in shown.answer.body
    given = caller.install()
    signed = given.pop("hmac")
    said = "&".join(f"{name}={value}" for name, value in sorted(given.items()))
    assert signed == hmac.new(APP_SECRET.encode(), said.encode(), hashlib.sha256).hexdigest()
    assert (given["shop"], given["state"]) == (DOMAIN, "s1") and given["timestamp"].isdigit() and given["host"]


def test_an_app_that_has_what_it_asks_for_is_sent_back_at_once(caller: Caller) -> None:
    query = f"client_id={APP_ID}&scope=read_orders&redirect_uri={REDIRECT}&state=s1"
    assert caller.ask("GET", f"/admin/oauth/authorize?{query}").status == 302


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"client_id": "nobody"}, b"Could not find Shopify API application with api_key nobody"),
        ({"redirect_uri": "https://elsewhere.example/"}, b"The redirect_uri is not whitelisted"),
        ({"scope": "read_minds"}, b"invalid_scope"),
    ],
)
def test_a_wrong_install_ends_on_a_page_and_never_redirects(caller: Caller, told: dict[str, str], words: bytes) -> None:
    reply = caller.authorise(**told)
    assert reply.status == 400 and words in reply.answer.body and reply.header("Location") is None


def test_cancelling_leads_nowhere(caller: Caller) -> None:
    assert caller.authorise(decision="cancel").header("Location") is None


def test_a_code_gives_a_token_once_and_for_a_minute(caller: Caller) -> None:
    code = caller.install()["code"]
    assert caller.exchange(code=code, client_secret="wrong").doc["error"] == "invalid_client"
    told = caller.exchange(code=code).doc
    assert told == {"access_token": TOKEN, "scope": SCOPES}, "the lasting token is the one there was"
    again = caller.exchange(code=code)
    assert (again.status, again.doc["error"]) == (400, "invalid_request")
    assert again.doc["error_description"] == "The authorization code was not found or was already used"
    late = caller.install()["code"]
    caller.world.clock.advance(60)
    assert caller.exchange(code=late).status == 400


def test_an_unknown_app_is_not_found(caller: Caller) -> None:
    assert caller.exchange(client_id="nobody", code="x").doc["error"] == "application_cannot_be_found"


def test_an_expiring_token_ends_after_an_hour_and_is_renewed(caller: Caller) -> None:
    told = caller.exchange(code=caller.install()["code"], expiring="1").doc
    assert (told["expires_in"], told["refresh_token_expires_in"], told["scope"]) == (3600, 7_776_000, SCOPES)
    caller.token = told["access_token"]
    assert caller.query("{ shop { name } }").status == 200
    caller.world.clock.advance(3600)
    assert caller.query("{ shop { name } }").status == 401
    renewed = renew(caller, told["refresh_token"]).doc
    assert renewed["refresh_token"] != told["refresh_token"]
    caller.token = renewed["access_token"]
    assert caller.query("{ shop { name } }").status == 200


def renew(caller: Caller, refresh_token: str) -> Any:
    return caller.exchange(grant_type="refresh_token", refresh_token=refresh_token)


def test_a_used_refresh_token_works_until_its_replacement_is_used(caller: Caller) -> None:
    first = caller.exchange(code=caller.install()["code"], expiring="1").doc["refresh_token"]
    second = renew(caller, first).doc["refresh_token"]
    assert renew(caller, first).status == 200
    assert renew(caller, second).status == 200
    assert (renew(caller, first).status, renew(caller, first).doc["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("used", "days", "status"), [(True, 29, 200), (True, 30, 400), (False, 89, 200), (False, 90, 400)]
)
def test_a_refresh_token_lives_ninety_days_and_thirty_after_its_use(
    caller: Caller, used: bool, days: int, status: int
) -> None:
    refresh_token = caller.exchange(code=caller.install()["code"], expiring="1").doc["refresh_token"]
    if used:
        renew(caller, refresh_token)
    caller.world.clock.advance(days * 86_400)
    assert renew(caller, refresh_token).status == status


def test_an_apps_own_credentials_are_for_its_own_organisation() -> None:
    caller = london(scenario="two")
    told = caller.exchange(grant_type="client_credentials").doc
    assert told["expires_in"] == 86_399 and "read_orders" in told["scope"] and "refresh_token" not in told
    other = Caller(caller.world, shop="demo-elsewhere.myshopify.com").exchange(grant_type="client_credentials")
    assert (other.status, other.doc["error"]) == (400, "shop_not_permitted")
    caller.world.hand("uninstall")
    assert caller.exchange(grant_type="client_credentials").doc["error"] == "app_not_installed"


def test_a_missing_wrong_or_foreign_token_is_a_401() -> None:
    caller = london(scenario="two")
    for token, shop in (("", DOMAIN), ("shpat_x", DOMAIN), (TOKEN, "demo-elsewhere.myshopify.com")):
        reply = Caller(caller.world, token, shop).query("{ shop { name } }")
        assert reply.status == 401
        assert reply.doc == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def test_the_shop_stands_in_the_host_in_the_path_or_is_the_tokens() -> None:
    world = shops(now=london().world.clock.now(), scenario="two")
    body = '{"query": "{ shop { myshopifyDomain } }"}'
    sent = {"x-shopify-access-token": TOKEN, "content-type": "application/json"}
    path = "/admin/api/2026-10/graphql.json"
    for target, host in (
        (path, DOMAIN),
        (path, "harbour-and-finch.localhost:80"),
        (f"/{DOMAIN}{path}", ""),
        (path, ""),
    ):
        answer = world.answer(Request.of("POST", target, sent | {"host": host}, body))
        assert DOMAIN.encode() in answer.body, (target, host)
    assert world.answer(Request.of("POST", path, sent | {"host": "nobody.myshopify.com"}, body)).status == 404


@pytest.mark.parametrize(("state", "status"), [("frozen", 402), ("fraudulent", 403), ("locked", 423)])
def test_a_shop_that_is_not_open_says_so(caller: Caller, state: str, status: int) -> None:
    caller.world.hand("shop-state", state=state)
    assert caller.query("{ shop { name } }").status == status
    caller.world.hand("shop-state", state="open")
    assert caller.query("{ shop { name } }").status == 200


@pytest.mark.parametrize(
    ("scopes", "fields", "denied"),
    [
        ("read_shopify_payments_payouts", "id", "shopifyPaymentsAccount"),
        ("read_shopify_payments_accounts", "payouts(first: 1) { nodes { id } }", "payouts"),
        ("read_shopify_payments_accounts", "balanceTransactions(first: 1) { nodes { id } }", "balanceTransactions"),
        ("read_shopify_payments_accounts", "disputes(first: 1) { nodes { id } }", "disputes"),
        ("read_shopify_payments", "payouts(first: 1) { nodes { id } } disputes(first: 1) { nodes { id } }", ""),
    ],
)
def test_each_field_asks_for_its_own_scope(caller: Caller, scopes: str, fields: str, denied: str) -> None:
    caller.world.hand("scopes", scopes=scopes)
    reply = caller.query(f"{{ shopifyPaymentsAccount {{ {fields} }} }}")
    if not denied:
        assert reply.data
        return
    assert reply.first["message"].startswith(f"Access denied for {denied} field. Required access: ")
    extensions = reply.first["extensions"]
    assert extensions["code"] == "ACCESS_DENIED" and extensions["requiredAccess"] in reply.first["message"]
    assert reply.doc["data"] == {"shopifyPaymentsAccount": None} and reply.first["path"][-1] == denied


def test_the_account_may_be_opened_by_the_payouts_scope_too(caller: Caller) -> None:
    of(caller.world).switches["account_scope"] = "payouts"
    caller.world.hand("scopes", scopes="read_shopify_payments_payouts")
    assert caller.account("id")


def test_orders_older_than_sixty_days_need_a_scope_of_their_own(caller: Caller) -> None:
    text = "{ orders(first: 1) { nodes { id createdAt } } }"
    oldest = caller.query(text).data["orders"]["nodes"][0]
    caller.world.hand("scopes", scopes="read_orders")
    assert caller.query(text).data["orders"]["nodes"][0]["createdAt"] >= "2026-09-21"
    assert caller.query("query Q($id: ID!) { order(id: $id) { id } }", id=oldest["id"]).data == {"order": None}
    caller.world.hand("scopes", scopes="")
    assert caller.query(text).codes == ["ACCESS_DENIED"] and caller.query(text).doc["data"] is None


def test_addresses_need_an_approval(caller: Caller) -> None:
    of(caller.world).switches["approved_data"] = False
    reply = caller.query("{ orders(first: 1) { nodes { id shippingAddress { country } } } }")
    assert reply.codes == ["ACCESS_DENIED"] and reply.doc["data"]["orders"]["nodes"][0]["shippingAddress"] is None


def test_the_remnants_of_rest_and_the_installation_tell_the_scopes(caller: Caller) -> None:
    shop = caller.ask("GET", "/admin/api/2026-10/shop.json")
    assert shop.doc["shop"]["myshopify_domain"] == DOMAIN and shop.header("X-Request-Id")
    listed = {one["handle"] for one in caller.ask("GET", "/admin/oauth/access_scopes.json").doc["access_scopes"]}
    told = caller.query("{ currentAppInstallation { accessScopes { handle } } }").data["currentAppInstallation"]
    assert listed == {one["handle"] for one in told["accessScopes"]} and "read_orders" in listed


def test_uninstalling_ends_every_token_and_installing_gives_others(caller: Caller) -> None:
    caller.world.hand("uninstall")
    assert caller.query("{ shop { name } }").status == 401
    caller.token = caller.exchange(code=caller.install()["code"]).doc["access_token"]
    assert caller.token != TOKEN and caller.query("{ shop { name } }").status == 200


def test_dead_tokens_leave_the_app_installed(caller: Caller) -> None:
    caller.world.hand("channel-token-dead")
    assert caller.query("{ shop { name } }").status == 401
    assert caller.exchange(grant_type="client_credentials").status == 200


def test_a_shop_without_shopify_payments_has_no_account() -> None:
    caller = london(scenario="two")
    other = caller.world.reset("two")
    found = Caller(caller.world, other["other_token"], other["other"])
    assert found.query("{ shopifyPaymentsAccount { id } }").data == {"shopifyPaymentsAccount": None}


def test_an_unknown_address_is_answered_501_and_named(caller: Caller) -> None:
    reply = caller.ask("GET", "/admin/api/2026-10/shopify_payments/payouts.json")
    assert reply.status == 501 and b"payouts.json" in reply.answer.body


def test_the_log_of_calls_shows_no_secret(caller: Caller) -> None:
    caller.token = caller.exchange(code=caller.install()["code"], expiring="1").doc["access_token"]
    caller.query("{ shop { name } }")
    told = str(list(caller.world.calls))
    assert caller.token not in told and APP_SECRET not in told
