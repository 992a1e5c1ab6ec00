"""What the Shopify stand-in says of itself for its reference page."""

from __future__ import annotations

import csv
from importlib import resources

from tieout.sandbox import coverage
from tieout.sandbox.coverage import Behaviour, Covered
from tieout.sandbox.shopify import schema
from tieout.sandbox.shopify.state import SWITCHES

ADDRESSES = (
    ("/admin/oauth/authorize", "GET POST"),
    ("/admin/oauth/access_token", "POST"),
    ("/admin/oauth/access_scopes.json", "GET"),
    ("/admin/api/{version}/graphql.json", "POST"),
    ("/admin/api/{version}/shop.json", "GET"),
)
MISSING = (
    "Introspection, subscriptions, bulk operations and file uploads",
    "Products, customers, inventory, fulfilment, returns, duties and whatever else is no part of the list below",
    "Online tokens, session tokens and token exchange; managed installs from an app's own configuration",
    "Bank accounts, evidence of disputes and payouts in other currencies than the shop's",
    "REST but for two addresses; Pub/Sub and EventBridge",
)


def page() -> str:
    """The text of docs/reference/shopify-stand-in.md."""
    return coverage.page(
        Covered(
            title="The Shopify stand-in: what it covers",
            behaviours=[Behaviour(row["area"], row["behaviour"], row["basis"]) for row in _rows("behaviours.csv")],
            addresses=[*ADDRESSES, *((f"{root}.{one.name}", "GraphQL") for root, one in _roots())],
            texts=[(row["number"], row["basis"], row["text"]) for row in _rows("texts.csv")],
            switches=SWITCHES,
            missing=MISSING,
        )
    )


def _roots() -> list[tuple[str, schema.FieldType]]:
    return [(root, one) for root in schema.ROOTS.values() for one in schema.fields_of(root)]


def _rows(name: str) -> list[dict[str, str]]:
    body = resources.files("tieout.sandbox.shopify").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(body.splitlines()))
