"""What is left of the REST API for the sake of its old clients: the shop, and the scopes of a token."""

from __future__ import annotations

from tieout.sandbox import Answer, Doc
from tieout.sandbox.shopify.asking import Asked
from tieout.sandbox.shopify.refusals import json_answer


def shop(asked: Asked) -> Answer:
    """GET /admin/api/<version>/shop.json."""
    row = asked.books.shop
    body: Doc = {"id": int(row["id"].rpartition("/")[2]), "name": row["name"], "email": row["email"]}
    body |= {"domain": row["myshopifyDomain"], "myshopify_domain": row["myshopifyDomain"], "country": row["_country"]}
    body |= {"country_code": row["_country"], "currency": row["currencyCode"], "iana_timezone": row["ianaTimezone"]}
    body |= {"shop_owner": row["shopOwnerName"], "plan_name": "basic", "plan_display_name": "Basic"}
    body |= {"taxes_included": row["taxesIncluded"], "tax_shipping": row["taxShipping"], "created_at": row["createdAt"]}
    body |= {"enabled_presentment_currencies": row["enabledPresentmentCurrencies"], "primary_locale": "en"}
    return json_answer(200, {"shop": body}).with_headers(("X-Shopify-Shop-Api-Call-Limit", "1/40"))


def access_scopes(asked: Asked) -> Answer:
    """GET /admin/oauth/access_scopes.json."""
    return json_answer(200, {"access_scopes": [{"handle": name} for name in sorted(asked.scopes)]})
