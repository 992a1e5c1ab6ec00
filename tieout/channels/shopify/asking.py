"""One question to a shop's GraphQL Admin API: asked, paid for in points, its answer kept as it came."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from tieout.calls import Answer, Call, Request
from tieout.channels._asked import Access, Registration
from tieout.channels.shopify import queries, refusals
from tieout.core.failure import Busy, Rejected, Unreachable

API_VERSION = "2026-10"
GRAPHQL = "/admin/api/{version}/graphql.json"
_LINES, _SMALLEST = 250, 5
_MOST_TRIES = 6
_RESERVE = Decimal(800)  # points that the next question may take, whatever the last one took


def paged(
    call: Call, access: Access, query: str, variables: Mapping[str, Any], smallest: int = _SMALLEST
) -> tuple[Answer, dict[str, Any]]:
    """A page, of fewer entries where the shop says that so many cost too much."""
    size = int(variables["first"])
    while True:
        try:
            return ask(call, access, query, {**variables, "first": size})
        except Rejected as error:
            if error.failure.code != refusals.TOO_COSTLY or size <= smallest:
                raise
            size //= 2


def ask(call: Call, access: Access, query: str, variables: Mapping[str, Any]) -> tuple[Answer, dict[str, Any]]:
    """The raw answer and what it says. Out of points it is asked again a few times: whoever paces the calls waits."""
    url = base(access.app, access.place) + GRAPHQL.format(version=API_VERSION)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-Shopify-Access-Token": access.token.reveal(),
    }
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = Request("POST", url, headers, body, GRAPHQL, is_write=False)
    for left in range(_MOST_TRIES, 0, -1):
        answer = call(request)
        if answer.status != 200:
            raise refusals.of_status(answer)
        told = tree(answer)
        if not told:
            raise Unreachable(f"the shop's answer is no JSON object: {answer.body[:80]!r}", status=answer.status)
        errors = told.get("errors")
        if not errors and isinstance(told.get("data"), dict):
            return answer, told
        error = refusals.of_errors(answer, errors or ["the answer holds neither data nor an error"], short_of(told))
        if not isinstance(error, Busy) or left == 1:
            raise error
    raise AssertionError("the last try returns or raises")


def rest_of_orders(call: Call, access: Access, orders: Sequence[Any]) -> Iterator[bytes]:
    """The lines of long orders that stand behind the page which came with the order itself."""
    for order in orders:
        page = (order or {}).get("lineItems") or {}
        while (page.get("pageInfo") or {}).get("hasNextPage"):
            variables = {"id": order["id"], "first": _LINES, "after": page["pageInfo"]["endCursor"]}
            answer, told = paged(call, access, queries.LINES, variables)
            yield line(answer)
            page = (told["data"].get("node") or {}).get("lineItems") or {}


def tree(answer: Answer) -> dict[str, Any]:
    """Empty for what is no JSON object."""
    try:
        found = json.loads(answer.body, parse_float=Decimal)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def short_of(told: Mapping[str, Any]) -> int:
    """Milliseconds until the points for another question are there; 0 when they are, or nobody says.

    Points come back each second (Shopify: `restoreRate`, points per second), so whole seconds are waited for.
    """
    cost = (told.get("extensions") or {}).get("cost") or {}
    status = cost.get("throttleStatus") or {}
    needed, left, back = (
        Decimal(str(each or 0))
        for each in (cost.get("requestedQueryCost"), status.get("currentlyAvailable"), status.get("restoreRate"))
    )
    missing = min(max(needed, _RESERVE), Decimal(str(status.get("maximumAvailable") or needed))) - left
    return int((missing / back).to_integral_value(ROUND_CEILING)) * 1000 if missing > 0 and back > 0 else 0


def line(answer: Answer) -> bytes:
    """One line: between the parts of a JSON text a line end means nothing, and inside a string there is none."""
    return answer.body.replace(b"\r", b"").replace(b"\n", b"")


def base(app: Registration, shop: str) -> str:
    return app.urls["api"].replace("{shop}", shop)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
