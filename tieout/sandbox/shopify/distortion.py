"""Faults in Shopify's own dialect: what is answered instead, and how an answer is bent after the work was done."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from tieout.sandbox import Answer, Doc, Request, bent, page
from tieout.sandbox.faults import Fault
from tieout.sandbox.shopify import gate, graphql, installing, refusals, tokens
from tieout.sandbox.shopify.asking import Asked
from tieout.sandbox.shopify.state import Books

if TYPE_CHECKING:
    from tieout.sandbox.shopify.stand_in import ShopifyStandIn

LISTS = frozenset({"nodes", "edges"})


def instead(stand_in: ShopifyStandIn, fault: Fault, request: Request) -> Answer | None:
    """The answer that takes the place of the work; None lets the work go on."""
    match fault.name:
        case "scope-narrow" | "consent-cancelled" | "consent-stuck" | "consent-other-tenant" | "slot-limit":
            return _at_consent(stand_in, fault, request)
        case "token-expired" | "token-garbled" | "sticky-refusal":
            return refusals.bad_token()
        case "grant-dead":
            return refusals.oauth("invalid_grant", "Token has been expired or revoked.")
        case "refresh-race":
            return _race(stand_in, fault, request)
        case "scope-refused":
            return refusals.oauth("invalid_scope", "The requested scope is invalid")
        case "forbid-writes":
            return refusals.errors(403, "[API] This action requires merchant approval for write scope.")
        case "org-suspended":
            return refusals.shop_state("frozen")
        case "http-error":
            return _http_error(stand_in, request, fault.how)
        case "outage" | "org-offline":
            return refusals.broken(503)
        case "unknown-error":
            return _inside(str(fault.how.get("text", "The flux of this shop is out of alignment")), "UNHEARD_OF")
        case "rate-limit":
            return _rate_limit(stand_in, request, fault.how)
    return None


def distorted(fault: Fault, answer: Answer, chance: random.Random) -> Answer:
    """As `bent`, and error-inside: a good status over an error of Shopify's own."""
    if fault.how.get("form") == "error-inside":
        return _inside("Internal error. Looks like something went wrong on our end.", "INTERNAL_SERVER_ERROR")
    return bent.distorted(fault, answer, chance, holding=LISTS)


def _at_consent(stand_in: ShopifyStandIn, fault: Fault, request: Request) -> Answer:
    shops, how = stand_in.shops, fault.how
    match fault.name:
        case "scope-narrow":
            without = tuple(str(how.get("scopes", "")).replace(",", " ").split())
            return installing.authorise(shops, request, stand_in.domain_of(request), without)
        case "consent-cancelled":
            return installing.cancelled(shops, request)
        case "consent-other-tenant":
            other = str(gate.shop_of(shops, str(how.get("tenant", "")))["myshopifyDomain"])
            return installing.authorise(shops, request, other)
    return page(500, "<!doctype html><html lang=en><title>Shopify</title><h1>Something went wrong</h1></html>")


def _race(stand_in: ShopifyStandIn, fault: Fault, request: Request) -> Answer:
    # A used refresh token may be used again until its replacement is: both get a pair, the first one late.
    held = tokens.token(stand_in.shops, request, stand_in.domain_of(request))
    late = stand_in.world.clock.real_seconds(float(fault.how.get("seconds", 2)))
    return held if fault.count == 1 else replace(held, delay_seconds=late)


def _http_error(stand_in: ShopifyStandIn, request: Request, how: Doc) -> Answer:
    status = int(how.get("status", 500))
    match status:
        case 401:
            return refusals.bad_token()
        case 402 | 403 | 423:
            return refusals.shop_state({402: "frozen", 403: "fraudulent", 423: "locked"}[status])
        case 404:
            return refusals.not_found()
        case 429:
            return _rate_limit(stand_in, request, {"kind": "calls"} | how)
        case 500 | 503:
            return refusals.broken(status)
    return Answer(status, bent.HTML if status >= 500 else b"", "text/html")


def _rate_limit(stand_in: ShopifyStandIn, request: Request, how: Doc) -> Answer:
    """`kind` points (200, said in the body) or calls (429, with or without `retry_after`)."""
    if how.get("kind", "points") == "points":
        return graphql.throttled(_asked(stand_in, request), 112, left=12)
    given = how.get("retry_after", "2.0")
    return refusals.too_many("" if given in {None, ""} else str(given))


def _asked(stand_in: ShopifyStandIn, request: Request) -> Asked:
    shops = stand_in.shops
    row = tokens.read_access(shops, request.header("x-shopify-access-token")) or {"app": "", "shop": ""}
    return Asked(shops, Books(shops, row["shop"]), row["app"], frozenset(), "", shops.now())


def _inside(message: str, code: str) -> Answer:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return Answer(200, bent.to_json(body), "application/json; charset=utf-8")
