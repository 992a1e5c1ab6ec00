"""The install page of a shop: a person agrees, and the browser goes back to the app with a signed code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from html import escape
from urllib.parse import urlencode

from tieout.sandbox import Answer, Doc, Request, page
from tieout.sandbox.shopify import tokens
from tieout.sandbox.shopify.refusals import oauth_page
from tieout.sandbox.shopify.state import Shops

CODE_SECONDS = 60
SCOPES = frozenset(
    f"{verb}_{what}"
    for verb in ("read", "write")
    for what in (
        "orders all_orders products customers inventory locations fulfillments shipping reports gift_cards files"
        " shopify_payments shopify_payments_accounts shopify_payments_payouts shopify_payments_disputes"
        " shopify_payments_bank_accounts payment_terms payment_gateways merchant_managed_fulfillment_orders"
    ).split()
)
KEPT = ("client_id", "scope", "redirect_uri", "state")


def authorise(shops: Shops, request: Request, domain: str, without: tuple[str, ...] = ()) -> Answer:
    """GET shows the page, unless the app already has what it asks for; POST carries the decision.

    The scopes of `without` are not granted.
    """
    told = request.form() if request.method == "POST" else dict(request.query)
    app = shops.shelf.get("app", told.get("client_id", ""))
    if app is None:
        missing = escape(told.get("client_id", ""))
        return oauth_page("invalid_request", f"Could not find Shopify API application with api_key {missing}")
    if told.get("redirect_uri", "") not in app["redirects"]:
        return oauth_page("invalid_request", "The redirect_uri is not whitelisted")
    scopes = [one for one in told.get("scope", "").replace(" ", ",").split(",") if one]
    unknown = [one for one in scopes if one not in SCOPES]
    if unknown:
        return oauth_page("invalid_scope", f"These scopes are not valid: [{escape(', '.join(unknown))}]")
    if request.method != "POST":
        install = shops.shelf.get("install", f"{app['client_id']}/{domain}")
        if install is None or not set(scopes) <= set(install["scopes"]):
            return _page(shops, app, domain, told, scopes)
    elif told.get("decision") != "install":
        return page(200, "<!doctype html><html lang=en><title>Apps</title><p>The app was not installed.</p></html>")
    return back(shops, app, domain, told, [one for one in scopes if one not in without])


def cancelled(shops: Shops, request: Request) -> Answer:
    """The redirect of somebody who said no, where one is made at all."""
    told = request.form()
    app = shops.shelf.get("app", told.get("client_id", ""))
    if app is None or told.get("redirect_uri", "") not in app["redirects"]:
        return oauth_page("invalid_request", "The redirect_uri is not whitelisted")
    return redirect(told["redirect_uri"], {"error": "access_denied", "state": told.get("state", "")})


def back(shops: Shops, app: Doc, domain: str, told: dict[str, str], scopes: list[str]) -> Answer:
    """The redirect: code, hmac, host, shop, state and timestamp."""
    code, now = shops.shelf.new_secret(32), shops.now()
    row: Doc = {"token": code, "app": app["client_id"], "shop": domain, "scopes": scopes}
    shops.shelf.put("code", code, row | {"expires": now + timedelta(seconds=CODE_SECONDS)})
    host = base64.b64encode(f"admin.shopify.com/store/{domain.partition('.')[0]}".encode()).decode().rstrip("=")
    given = {"code": code, "host": host, "shop": domain, "timestamp": str(int(now.timestamp()))}
    given |= {"state": told["state"]} if told.get("state") else {}
    return redirect(told["redirect_uri"], given | {"hmac": sign(app["secret"], given)})


def sign(secret: str, given: dict[str, str]) -> str:
    """Hex HMAC-SHA256 over the parameters but hmac, sorted, joined as name=value with &."""
    said = "&".join(f"{name}={value}" for name, value in sorted(given.items()) if name != "hmac")
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()


def redirect(uri: str, given: dict[str, str]) -> Answer:
    place = f"{uri}{'&' if '?' in uri else '?'}{urlencode(given)}"
    return Answer(302, b"", None, (("Location", place), ("Cache-Control", "no-store")))


def grant(shops: Shops, app_id: str, domain: str, scopes: str, token: str = "") -> str:
    """An app installed by hand and its lasting token, as the shop's admin shows it once."""
    tokens.installed(shops, app_id, domain, scopes.replace(",", " ").split())
    return tokens.lasting(shops, app_id, domain, token)


def _page(shops: Shops, app: Doc, domain: str, told: dict[str, str], scopes: list[str]) -> Answer:
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(told.get(name, ""), quote=True)}">' for name in KEPT
    )
    listed = "".join(f"<li><code>{escape(one)}</code></li>" for one in scopes)
    name = escape(app["name"])
    return page(
        200,
        f"<!doctype html><html lang=en><title>Install {name}</title><h1>Install {name}?</h1>"
        f"<p>{escape(domain)}. Nothing here reaches Shopify.</p><ul>{listed}</ul>"
        f'<form method="post" action="/{escape(domain)}/admin/oauth/authorize">{fields}'
        '<button name="decision" value="install">Install</button>'
        ' <button name="decision" value="cancel">Cancel</button>'
        "</form></html>",
    )
