"""A caller of the Shopify stand-in in this process: holds a shop's token and asks; bodies come back as documents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tieout.sandbox import Answer, Request
from tieout.sandbox.shopify import shops
from tieout.sandbox.shopify.scenarios import APP_ID, APP_SECRET, DOMAIN, TOKEN
from tieout.sandbox.world import World

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REDIRECT = "http://localhost:8000/oauth/shopify/callback"
SCOPES = "read_orders,read_shopify_payments_accounts,read_shopify_payments_payouts"
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@dataclass
class Reply:
    """An answer with its body read, decimals exact."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def doc(self) -> Any:
        return json.loads(self.answer.body, parse_float=Decimal)

    @property
    def data(self) -> Any:
        assert "errors" not in self.doc, self.doc["errors"]
        return self.doc["data"]

    @property
    def codes(self) -> list[str]:
        return [one["extensions"]["code"] for one in self.doc["errors"]]

    @property
    def first(self) -> Any:
        return self.doc["errors"][0]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.answer.headers if key.lower() == name.lower()), None)


@dataclass
class Caller:
    world: World
    token: str = TOKEN
    shop: str = DOMAIN
    version: str = "2026-10"

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Reply:
        sent = {"x-shopify-access-token": self.token, "content-type": "application/json"} | headers
        return Reply(self.world.answer(Request.of(method, f"/{self.shop}{path}", sent, body)))

    def query(self, text: str, /, **variables: Any) -> Reply:
        body = json.dumps({"query": text, "variables": variables})
        return self.ask("POST", f"/admin/api/{self.version}/graphql.json", body)

    def account(self, fields: str, /, **variables: Any) -> Any:
        return self.query(f"{{ shopifyPaymentsAccount {{ {fields} }} }}", **variables).data["shopifyPaymentsAccount"]

    def payouts(self, window: str = "first: 250") -> list[Any]:
        fields = (
            "id legacyResourceId issuedAt status transactionType net { amount } summary { chargesGross { amount } }"
        )
        return list(self.account(f"payouts({window}) {{ nodes {{ {fields} }} }}")["payouts"]["nodes"])

    def transactions(self, number: str, more: str = "") -> list[Any]:
        fields = "id type amount { amount } fee { amount } net { amount } associatedPayout { id status }"
        window = f'first: 250, query: "payments_transfer_id:{number}"{more}'
        return list(
            self.account(f"balanceTransactions({window}) {{ nodes {{ {fields} }} }}")["balanceTransactions"]["nodes"]
        )

    def authorise(self, scope: str = SCOPES, **more: str) -> Reply:
        told = {"client_id": APP_ID, "scope": scope, "redirect_uri": REDIRECT, "state": "s1", "decision": "install"}
        body = urlencode(told | more)
        return self.ask("POST", "/admin/oauth/authorize", body, **{"content-type": "application/x-www-form-urlencoded"})

    def install(self, scope: str = SCOPES, **more: str) -> dict[str, str]:
        """What came back in the redirect."""
        place = self.authorise(scope, **more).header("Location")
        assert place is not None
        return dict(parse_qsl(urlsplit(place).query))

    def exchange(self, **told: str) -> Reply:
        sent = {"client_id": APP_ID, "client_secret": APP_SECRET} | told
        return self.ask("POST", "/admin/oauth/access_token", json.dumps(sent))


def london(**how: Any) -> Caller:
    """Somebody with the token of the London shop; the clock stands still unless told otherwise."""
    return Caller(shops(**({"now": START} | how)))


def summed(rows: list[Any]) -> Decimal:
    """What transactions come to, a payout's own transfer left out."""
    return sum((Decimal(row["net"]["amount"]) for row in rows if row["type"] != "TRANSFER"), Decimal(0))
