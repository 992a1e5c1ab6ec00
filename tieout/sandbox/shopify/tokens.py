"""The token endpoint of a shop: codes, expiring tokens and their refresh, and the app's own credentials."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.shopify.refusals import USED_CODE, json_answer, oauth
from tieout.sandbox.shopify.state import Shops

REFRESH_DAYS, RECOVERY_DAYS, OWN_SECONDS = 90, 30, 86_399


def token(shops: Shops, request: Request, domain: str) -> Answer:
    """Reads a form or a JSON object. The app is checked first, then what it brings."""
    told = _told(request)
    app = shops.shelf.get("app", told.get("client_id", ""))
    if app is None:
        missing = told.get("client_id", "")
        return oauth("application_cannot_be_found", f"Could not find Shopify API application with api_key {missing}")
    if not hmac.compare_digest(app["secret"].encode(), told.get("client_secret", "").encode()):
        return oauth("invalid_client", "The client secret is invalid", 401)
    match told.get("grant_type", ""):
        case "client_credentials":
            return _own(shops, app, domain)
        case "refresh_token":
            return _refresh(shops, app, domain, told.get("refresh_token", ""))
        case "" | "authorization_code":
            return _exchange(shops, app, domain, told)
    return oauth("unsupported_grant_type", "The grant type is not supported")


def read_access(shops: Shops, sent: str) -> Doc | None:
    """The row of a token that is alive; None when it was never given, is over, or the app is gone from the shop."""
    row = shops.shelf.get("access", sent)
    if row is None or shops.shelf.get("install", f"{row['app']}/{row['shop']}") is None:
        return None
    return None if row["expires"] is not None and shops.now() >= row["expires"] else row


def installed(shops: Shops, app_id: str, domain: str, scopes: list[str]) -> Doc:
    """The app is in the shop, with these scopes; what they were before is forgotten."""
    row: Doc = {"app": app_id, "shop": domain, "scopes": scopes, "id": shops.next_number("install", 700_000_001)}
    before = shops.shelf.get("install", f"{app_id}/{domain}")
    return shops.shelf.put("install", f"{app_id}/{domain}", row if before is None else before | {"scopes": scopes})


def lasting(shops: Shops, app_id: str, domain: str, given: str = "") -> str:
    """The one offline token that does not end: asked for again, it is the same."""
    for access, row in ((one["token"], one) for one in shops.shelf.find("access", "app", app_id)):
        if row["shop"] == domain and row["expires"] is None:
            return str(access)
    access = given or f"shpat_{shops.shelf.new_secret(32)}"
    row = {"token": access, "app": app_id, "shop": domain, "expires": None, "refresh": ""}
    shops.shelf.put("access", access, row)
    return access


def end_all(shops: Shops, domain: str, app_id: str | None = None) -> int:
    """Every token of the shop is dead at once; how many there were."""
    gone = 0
    for table in ("access", "refresh", "code"):
        for row in shops.shelf.find(table, "shop", domain):
            if app_id in {None, row["app"]}:
                shops.shelf.drop(table, row["token"])
                gone += 1
    return gone


def _told(request: Request) -> dict[str, str]:
    if request.header("content-type").startswith("application/json"):
        try:
            found = json.loads(request.body)
        except ValueError:
            return {}
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    return request.form()


def _exchange(shops: Shops, app: Doc, domain: str, told: dict[str, str]) -> Answer:
    code = shops.shelf.get("code", told.get("code", ""))
    if code is None or code["app"] != app["client_id"] or code["shop"] != domain or shops.now() >= code["expires"]:
        return oauth("invalid_request", USED_CODE)
    shops.shelf.drop("code", code["token"])
    installed(shops, app["client_id"], domain, code["scopes"])
    scope = ",".join(code["scopes"])
    if told.get("expiring", "") in {"1", "true", "True"}:
        return json_answer(200, _pair(shops, app["client_id"], domain, "") | {"scope": scope})
    return json_answer(200, {"access_token": lasting(shops, app["client_id"], domain), "scope": scope})


def _pair(shops: Shops, app_id: str, domain: str, parent: str) -> Doc:
    now, seconds = shops.now(), int(shops.switches["access_seconds"])
    access, refresh = f"shpat_{shops.shelf.new_secret(32)}", f"shprt_{shops.shelf.new_secret(32)}"
    row: Doc = {"app": app_id, "shop": domain}
    shops.shelf.put(
        "access", access, row | {"token": access, "expires": now + timedelta(seconds=seconds), "refresh": refresh}
    )
    ends = now + timedelta(days=REFRESH_DAYS)
    shops.shelf.put("refresh", refresh, row | {"token": refresh, "expires": ends, "parent": parent, "used": None})
    return {
        "access_token": access,
        "expires_in": seconds,
        "refresh_token": refresh,
        "refresh_token_expires_in": REFRESH_DAYS * 86_400,
    }


def _refresh(shops: Shops, app: Doc, domain: str, sent: str) -> Answer:
    """A refresh token that was used may be used again until its replacement is, for thirty days at most."""
    row, now = shops.shelf.get("refresh", sent), shops.now()
    install = shops.shelf.get("install", f"{app['client_id']}/{domain}")
    dead = row is None or install is None or row["app"] != app["client_id"] or row["shop"] != domain
    if row is None or install is None or dead or now >= row["expires"] or _is_past_recovery(shops, row):
        return oauth("invalid_grant", "Token has been expired or revoked.")
    if row["parent"]:
        shops.shelf.drop("refresh", row["parent"])
    shops.shelf.put("refresh", sent, row | {"used": row["used"] or now})
    made = _pair(shops, app["client_id"], domain, sent)
    return json_answer(200, made | {"scope": ",".join(install["scopes"])})


def _is_past_recovery(shops: Shops, row: Doc) -> bool:
    return row["used"] is not None and shops.now() >= row["used"] + timedelta(days=RECOVERY_DAYS)


def _own(shops: Shops, app: Doc, domain: str) -> Answer:
    """Client credentials: for apps of the shop's own organisation only; the token lives a day, without refresh."""
    shop = shops.shelf.get("shop", domain) or {}
    if app.get("organisation") != shop.get("_organisation"):
        return oauth("shop_not_permitted", "Client credentials cannot be performed on this shop.")
    install = shops.shelf.get("install", f"{app['client_id']}/{domain}")
    if install is None:
        return oauth("app_not_installed", "The application is not installed on this shop")
    access = f"shpat_{shops.shelf.new_secret(32)}"
    row: Doc = {"token": access, "app": app["client_id"], "shop": domain, "refresh": ""}
    shops.shelf.put("access", access, row | {"expires": shops.now() + timedelta(seconds=OWN_SECONDS)})
    scope = ",".join(install["scopes"])
    return json_answer(200, {"access_token": access, "scope": scope, "expires_in": OWN_SECONDS})
