"""The unmodified ShopifyAPI against the stand-in, under the shop's own name.

Where it fails, the stand-in is wrong. It lives in an environment of its own, made on first use from `shopify.lock` and,
since its makers publish source alone, `shopify-source.lock`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3

from tests.clients.environment import Driven, Refused, driven
from tests.sandbox.shopify.keeping import REDIRECT, summed
from tieout.sandbox.proxy import proxied
from tieout.sandbox.shopify import HOSTS, of, shops
from tieout.sandbox.shopify.scenarios import APP_ID, APP_SECRET, DOMAIN, TOKEN
from tieout.sandbox.world import World

pytestmark = pytest.mark.slow
VERSION = "2026-10"
SCOPES = ["read_orders", "read_shopify_payments_accounts", "read_shopify_payments_payouts"]
PAYOUTS = """query P { shopifyPaymentsAccount {
  payouts(first: 5, reverse: true) { nodes { legacyResourceId net { amount } } } } }"""
ROWS = """query T($query: String!, $after: String) { shopifyPaymentsAccount {
  balanceTransactions(first: 2, query: $query, after: $after) {
    nodes { id type net { amount } } pageInfo { hasNextPage endCursor } } } }"""


@dataclass
class Client:
    world: World
    driven: Driven
    browser: urllib3.ProxyManager

    def do(self, verb: str, /, **told: Any) -> Any:
        return self.driven.do(verb, **told)

    def install(self) -> Any:
        """The client's address, a person's browser at the shop, the client again."""
        self.do("begin", client_id=APP_ID, secret=APP_SECRET, shop=DOMAIN, version=VERSION)
        url = self.do("permission_url", scopes=["write_orders", *SCOPES], redirect=REDIRECT, state="s1")
        assert url.startswith(f"https://{DOMAIN}/admin/oauth/authorize?")
        sent = self.browser.request("GET", url, redirect=False)
        if sent.status == 200:  # the first time there is a page to agree to
            form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', sent.data.decode()))
            form |= {"decision": "install"}
            where = f"https://{DOMAIN}/admin/oauth/authorize"
            sent = self.browser.request("POST", where, fields=form, encode_multipart=False, redirect=False)
        back = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))
        assert back["state"] == "s1"
        return self.do("request_token", params=back)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("proxy")
    world = shops()
    of(world).switches["throttles"] = False
    with proxied(world, folder, HOSTS) as proxy:
        browser = urllib3.ProxyManager(proxy.url, ca_certs=str(proxy.authority))
        environ = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(proxy.authority)}
        with driven("shopify", environ) as script:
            made = Client(world, script, browser)
            made.install()
            yield made


def test_it_installs_checks_the_signature_and_gets_its_token(client: Client) -> None:
    told = client.install()
    assert told["token"] == TOKEN and "write_orders" in told["scopes"]


def test_it_refuses_a_redirect_that_was_tampered_with(client: Client) -> None:
    client.do("begin", client_id=APP_ID, secret="another secret", shop=DOMAIN, version=VERSION)
    params = {"code": "x", "hmac": "0" * 64, "shop": DOMAIN, "timestamp": "9999999999"}
    with pytest.raises(Refused) as caught:
        client.do("request_token", params=params)
    assert caught.value.kind == "ValidationException"
    client.install()


def test_it_reads_the_shop_and_its_scopes(client: Client) -> None:
    shop = client.do("current_shop")
    assert (shop["myshopify_domain"], shop["currency"]) == (DOMAIN, "GBP")
    assert set(SCOPES) <= set(client.do("access_scopes"))


def test_it_reads_payouts_and_their_transactions_page_by_page(client: Client) -> None:
    answer = client.do("execute", query=PAYOUTS)
    for payout in answer["data"]["shopifyPaymentsAccount"]["payouts"]["nodes"]:
        rows: list[Any] = []
        after = None
        while True:
            told = {"query": f"payments_transfer_id:{payout['legacyResourceId']}", "after": after}
            found = client.do("execute", query=ROWS, variables=told, operation_name="T")
            held = found["data"]["shopifyPaymentsAccount"]["balanceTransactions"]
            rows += held["nodes"]
            if not held["pageInfo"]["hasNextPage"]:
                break
            after = held["pageInfo"]["endCursor"]
        assert summed(rows) == Decimal(payout["net"]["amount"])


def test_it_is_told_of_mistakes_throttling_and_missing_scopes_in_the_body(client: Client) -> None:
    found = client.do("execute", query="{ shop { nam } }")
    assert found["errors"][0]["extensions"]["code"] == "undefinedField"
    client.world.arm("rate-limit")
    assert client.do("execute", query="{ shop { name } }")["errors"][0]["extensions"]["code"] == "THROTTLED"
    denied = client.do("execute", query="{ shopifyPaymentsAccount { disputes(first: 1) { nodes { id } } } }")
    assert denied["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


@pytest.mark.parametrize("status", [402, 423, 429, 503])
def test_it_raises_on_a_bad_status(client: Client, status: int) -> None:
    client.world.arm("http-error", status=status)
    with pytest.raises(Refused) as caught:
        client.do("execute", query="{ shop { name } }")
    assert (caught.value.kind, caught.value.code) == ("HTTPError", status)


def test_a_dead_token_is_unauthorised(client: Client) -> None:
    client.do("with_token", shop=DOMAIN, version=VERSION, token="shpat_gone")
    with pytest.raises(Refused) as caught:
        client.do("current_shop")
    assert caught.value.kind == "UnauthorizedAccess"
    client.install()
