"""Runs in an environment of its own: ShopifyAPI, unmodified, told what to do line by line.

A line is `[verb, arguments]`; the answer is `{"result": …}` or `{"raised": [kind, words, code]}`. What the client
prints goes to stderr, so that it is not taken for an answer.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import shopify

held: dict[str, Any] = {}


def begin(client_id: str, secret: str, shop: str, version: str) -> None:
    shopify.Session.setup(api_key=client_id, secret=secret)
    held["session"] = shopify.Session(shop, version)


def permission_url(scopes: list[str], redirect: str, state: str) -> str:
    found: str = held["session"].create_permission_url(scopes, redirect, state)
    return found


def request_token(params: dict[str, str]) -> Any:
    """Checks the signature of the redirect, then exchanges its code."""
    token = held["session"].request_token(params)
    shopify.ShopifyResource.activate_session(held["session"])
    return {"token": token, "scopes": str(held["session"].access_scopes)}


def with_token(shop: str, version: str, token: str) -> None:
    shopify.ShopifyResource.activate_session(shopify.Session(shop, version, token))


def current_shop() -> Any:
    return shopify.Shop.current().to_dict()


def access_scopes() -> list[str]:
    return [each.handle for each in shopify.AccessScope.find()]


def execute(query: str, variables: dict[str, Any] | None = None, operation_name: str | None = None) -> Any:
    return json.loads(shopify.GraphQL().execute(query, variables, operation_name))


VERBS = {
    name: made
    for name, made in list(globals().items())
    if callable(made) and getattr(made, "__module__", "") == __name__
}


def answering() -> None:
    for line in sys.stdin:
        verb, told = json.loads(line)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                found = {"result": VERBS[verb](**told)}
        except Exception as error:  # whatever it is, the test is told
            code = getattr(error, "code", None)
            found = {"raised": [type(error).__name__, str(error) or repr(error), code]}
        sys.stdout.write(json.dumps(found, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answering()
