"""Asking a Shopify shop for its payouts: the GraphQL Admin API, by a token of a custom app or by an install.

One payout becomes one file of JSON lines: who was asked for which payout, then every answer of the API as it came, in
the order of asking: the payout, its balance transactions in pages of 250, the orders behind them for their taxes and
refunds. What other gateways took is listed beside the payouts, by month (`periods`). Calls cost points that come back
steadily; an answer says how many are left. Sources: shopify.dev (GraphQL Admin API, API limits, authorization code
grant, client credentials grant, webhooks).
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tieout.calls import Answer, Call, Request
from tieout.channels._asked import (
    FIELD,
    REFUSED,
    Access,
    Download,
    Field,
    Item,
    Keys,
    Listing,
    Notice,
    Pace,
    Registration,
)
from tieout.channels.shopify import asking, periods, queries, refusals
from tieout.core.currency import EXPONENT
from tieout.core.failure import Disconnected, NotAllowed, Rejected, Unreachable
from tieout.core.secret import Secret

URLS: Mapping[str, str] = {"api": "https://{shop}"}
SCOPES = ("read_shopify_payments_accounts", "read_shopify_payments_payouts", "read_orders", "read_all_orders")
TOPICS = ("APP_UNINSTALLED",)  # Shopify has no topic of payouts; whatever a signed notice says is taken for a hint
NEEDS_APP = False
_SHOP = Field("shop", "Shop address", "As in your-shop.myshopify.com.")
NEEDS = (
    _SHOP,
    Field(
        "token",
        "Admin API access token",
        "Begins with shpat_. Leave it empty where this installation's own app is installed in the shop.",
        is_secret=True,
        is_optional=True,
    ),
    Field(
        "secret",
        "API secret key of that app",
        "Proves Shopify's notices. Without it payouts come by the timetable alone.",
        is_secret=True,
        is_optional=True,
    ),
)
GUIDE = "The shop's admin, Settings, Apps and sales channels, Develop apps: a custom app with four read permissions."
INSTALL: Field | None = _SHOP
PACES: Mapping[str, Pace] = {}
EVERY_MINUTES, HISTORY_DAYS, OVERLAP_DAYS = 3 * 60, 365, 14
IS_CONTINUOUS = False
ARCHIVED = (
    "In the shop's admin open Finance, Payouts, choose the payouts from {start} to {end}, export their transactions as "
    "CSV, and upload the file here."
)
LEAVING = "The shop's admin, Settings, Apps and sales channels: uninstall the app."

_OAUTH = "/admin/oauth/access_token"
_PAGE, _ORDERS = 250, 25
_MOST_PAGES = 10_000
_FINAL = ("PAID",)  # SCHEDULED and IN_TRANSIT become final; FAILED and CANCELED never brought money
_OPEN = ("SCHEDULED", "IN_TRANSIT")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.myshopify\.com")


def install_url(app: Registration, shop: str, state: str) -> str | None:
    """Raises Rejected for what is no shop's address."""
    asked = {
        "client_id": app.client_id,
        "scope": ",".join(SCOPES),
        "redirect_uri": app.redirect_uri,
        "state": state,
    }
    return f"{asking.base(app, shop_of(shop))}/admin/oauth/authorize?{urlencode(asked)}" if app.is_registered else None


def exchange(call: Call, app: Registration, params: Mapping[str, str], verifier: str) -> Keys:
    """The shop's answer to an install. Its hmac is checked before anything in it is believed."""
    if not app.is_registered or not is_signed(params, app.client_secret):
        raise NotAllowed("the answer does not carry Shopify's signature; start again from here", code=REFUSED_ANSWER)
    shop = shop_of(params.get("shop", ""))
    told = _token(call, app, shop, {"code": params.get("code", ""), "expiring": "1"})
    return _proven(call, app, _keys(told, shop))


def keys(call: Call, app: Registration, given: Mapping[str, str]) -> Keys:
    """A custom app's own token, which never ends; or a day's token for our own app, where it is installed there."""
    shop, token = shop_of(given.get("shop", "")), given.get("token", "").strip()
    hook_secret = Secret(given.get("secret", "").strip())
    if token and not re.fullmatch(r"[\x21-\x7e]{8,200}", token):
        raise Rejected("The token was copied incompletely, or with something around it.", code=f"{FIELD}token")
    if token:
        return _proven(call, app, Keys(shop, "", shop, Secret(token), hook_secret=hook_secret))
    if not app.is_registered:
        raise Rejected("Give the token: this installation has no app of its own at Shopify.", code=f"{FIELD}token")
    return _proven(call, app, _keys(_token(call, app, shop, {"grant_type": "client_credentials"}), shop))


def refreshed(call: Call, app: Registration, keys: Keys) -> Keys:
    """A refresh token is used once: what comes back replaces both. Without one our own app asks for another day."""
    if keys.expires_in_seconds is None:
        return keys
    if not app.is_registered:
        raise Disconnected("this installation's app at Shopify was taken out of the settings", code=REFUSED)
    asked = {"grant_type": "client_credentials"}
    if keys.refresh:
        asked = {"grant_type": "refresh_token", "refresh_token": keys.refresh.reveal()}
    found = _keys(_token(call, app, keys.place, asked, is_write=bool(keys.refresh)), keys.account)
    refresh = found.refresh or keys.refresh
    return Keys(keys.account, keys.name, keys.place, found.access, refresh, found.expires_in_seconds, keys.hook_secret)


def subscribed(call: Call, access: Access) -> None:
    """A topic that is subscribed already is refused inside the answer, which is as good."""
    for topic in TOPICS if access.app.hook_url else ():
        asking.ask(call, access, queries.SUBSCRIBE, {"topic": topic, "url": access.app.hook_url})


def addressed(headers: Mapping[str, str]) -> str:
    return headers.get("x-shopify-shop-domain", "").strip().lower()


def notice(headers: Mapping[str, str], body: bytes, secret: Secret) -> Notice | None:
    """X-Shopify-Hmac-Sha256 over the raw bytes, compared in constant time."""
    if not secret:
        return None
    expected = hmac.digest(secret.reveal().encode(), body, "sha256")
    try:
        sent = base64.b64decode(headers.get("x-shopify-hmac-sha256", ""), validate=True)
    except ValueError:
        return None
    if not hmac.compare_digest(expected, sent):
        return None
    return Notice(addressed(headers), headers.get("x-shopify-topic", "")[:100])


def rest(template: str, answer: Answer) -> Pace | None:
    """How long until the points for another such question have come back; None where there are enough."""
    if answer.status == 429:
        wait = refusals.of_status(answer).failure.retry_after_seconds or 1
        return Pace(0, wait * 1000)
    if template != asking.GRAPHQL or answer.status != 200:
        return None
    milliseconds = asking.short_of(asking.tree(answer))
    return Pace(0, milliseconds) if milliseconds else None


def listed(call: Call, access: Access, since: str) -> Listing:
    """Payouts by the moment they were issued, and behind the last of them the months of other gateways.

    What failed or was cancelled brought nothing and is not named.
    """
    after, begin = json.loads(since.removeprefix(_NEXT)) if since.startswith(_NEXT) else (None, since)
    moment = datetime.fromisoformat(begin)
    variables = {"first": _PAGE, "after": after, "query": f"issued_at:>='{asking.stamp(moment)}'"}
    answer, told = asking.paged(call, access, queries.PAYOUTS, variables)
    account = told["data"].get("shopifyPaymentsAccount")
    if account is None:
        raise NotAllowed("this shop does not use Shopify Payments, or the token may not see it", code=REFUSED)
    page = account["payouts"]
    items = tuple(_item(node) for node in page["nodes"] if node["status"] in (*_FINAL, *_OPEN))
    if page["pageInfo"]["hasNextPage"]:
        return Listing(items, _NEXT + json.dumps([page["pageInfo"]["endCursor"], begin]), is_all=False)
    newest = max((datetime.fromisoformat(node["issuedAt"]) for node in page["nodes"]), default=None)
    months = periods.ended(answer, told["data"].get("shop") or {}, moment)
    return Listing((*items, *months), newest.isoformat() if newest else "", is_all=True)


def fetched(call: Call, access: Access, item: Item) -> Iterator[Download]:
    """Asked again from the start when it broke off: half a payout is none. A month may bring nothing."""
    if item.id.startswith(periods.PREFIX):
        yield from periods.fetched(call, access, item)
        return
    head = {"tieout": "shopify-api", "version": 1, "shop": access.account, "payout": item.id}
    lines = [json.dumps(head).encode(), *_answers(call, access, item.id)]
    name = re.sub(r"\D", "", item.id.rpartition("/")[2]) or hashlib.sha256(item.id.encode()).hexdigest()[:12]
    yield Download(f"shopify-payout-{name}.jsonl", b"\n".join(lines) + b"\n")


def shop_of(text: str) -> str:
    """your-shop.myshopify.com, however it was typed. Raises Rejected: no other address is ever called."""
    bare = re.sub(r"^https?://", "", text.strip().lower()).partition("/")[0]
    shop = bare if "." in bare else f"{bare}.myshopify.com"
    if not _NAME.fullmatch(shop):
        raise Rejected(
            f"{text.strip()[:80] or 'Nothing'} is no address like your-shop.myshopify.com.", code=f"{FIELD}shop"
        )
    return shop


def is_signed(params: Mapping[str, str], secret: Secret) -> bool:
    """The hmac of an install's answer: over all other parameters, sorted."""
    signed = "&".join(f"{name}={params[name]}" for name in sorted(params) if name not in ("hmac", "signature"))
    expected = hmac.digest(secret.reveal().encode(), signed.encode(), "sha256").hex()
    return hmac.compare_digest(expected.encode(), params.get("hmac", "").encode())


# --- What one payout consists of ------------------------------------------------------------------------------------

_NEXT = "next:"
REFUSED_ANSWER = "connect-error-shown"


def _answers(call: Call, access: Access, payout: str) -> Iterator[bytes]:
    answer, told = asking.ask(call, access, queries.PAYOUT, {"id": payout})
    node = told["data"].get("node")
    if not node:
        raise Rejected(f"the shop has no payout {payout}", code="not-found")
    yield asking.line(answer)
    orders: dict[str, None] = {}
    after: str | None = None
    variables = {"first": _PAGE, "query": f"payments_transfer_id:{node['legacyResourceId']}"}
    for _ in range(_MOST_PAGES):
        answer, told = asking.paged(call, access, queries.TRANSACTIONS, {**variables, "after": after})
        yield asking.line(answer)
        page = told["data"]["shopifyPaymentsAccount"]["balanceTransactions"]
        orders |= dict.fromkeys(each["associatedOrder"]["id"] for each in page["nodes"] if each["associatedOrder"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    else:
        raise Rejected(f"payout {payout} has more than {_MOST_PAGES * _PAGE} transactions")
    yield from _of_orders(call, access, tuple(orders))


def _of_orders(call: Call, access: Access, ids: Sequence[str]) -> Iterator[bytes]:
    """In small groups, since an order costs many points; smaller still where the shop says it is too much."""
    size, done = _ORDERS, 0
    while done < len(ids):
        try:
            answer, told = asking.ask(call, access, queries.ORDERS, {"ids": list(ids[done : done + size])})
        except Rejected as error:
            if error.failure.code != refusals.TOO_COSTLY or size == 1:
                raise
            size //= 2
            continue
        yield asking.line(answer)
        yield from asking.rest_of_orders(call, access, told["data"]["nodes"])
        done += size


def _item(node: Mapping[str, Any]) -> Item:
    net = node["net"]
    places = EXPONENT.get(net["currencyCode"], 2)
    label = f"Payout {node['legacyResourceId']}, {Decimal(str(net['amount'])):.{places}f} {net['currencyCode']}"
    at = datetime.fromisoformat(node["issuedAt"]).astimezone(UTC)
    return Item(str(node["id"]), label, at, is_ready=node["status"] in _FINAL)


# --- Keys ----------------------------------------------------------------------------------------------------------


def _token(call: Call, app: Registration, shop: str, asked: Mapping[str, str], is_write: bool = True) -> dict[str, Any]:
    """One answer of the shop's token endpoint."""
    body = {"client_id": app.client_id, "client_secret": app.client_secret.reveal(), **asked}
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    url = asking.base(app, shop) + _OAUTH
    answer = call(Request("POST", url, headers, json.dumps(body).encode(), _OAUTH, is_write=is_write))
    if answer.status != 200:
        raise refusals.of_token(answer)
    told = asking.tree(answer)
    if not told.get("access_token"):
        raise Unreachable("the token endpoint's answer holds no token", status=answer.status)
    return told


def _keys(told: Mapping[str, Any], shop: str) -> Keys:
    lifetime = told.get("expires_in")
    return Keys(
        shop,
        "",
        shop,
        Secret(str(told["access_token"])),
        Secret(str(told.get("refresh_token") or "")),
        int(lifetime) if lifetime else None,
    )


def _proven(call: Call, app: Registration, keys: Keys) -> Keys:
    """By asking the shop who it is: its own name for itself is what the account is known by."""
    access = Access(keys.access, keys.account, keys.place, app)
    shop = asking.ask(call, access, queries.SHOP, {})[1]["data"]["shop"]
    asking.ask(call, access, queries.PAYOUTS, {"first": 1, "after": None, "query": None})
    domain = shop_of(str(shop["myshopifyDomain"]))
    return Keys(domain, str(shop["name"]), domain, keys.access, keys.refresh, keys.expires_in_seconds, keys.hook_secret)
