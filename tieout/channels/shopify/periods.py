"""Months of other gateways: which have ended at a shop, and the orders that tell what was paid in one of them.

A payment counts in the month in which it was processed, and nothing is processed in a month that is over: a refund of
it that comes later counts in its own month. So a month is final when it has ended by the shop's own zone and clock (an
hour later, for what the shop's search has yet to learn), is asked for once, and a month without any payment by another
gateway brings no file.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from tieout.calls import Answer, Call
from tieout.channels._asked import Access, Download, Item
from tieout.channels._refused import Refused
from tieout.channels.shopify import answers, asking, gateways, queries, refusals, zones
from tieout.core.day import Month
from tieout.core.failure import Rejected

PREFIX = "period:"
_SEARCHABLE = timedelta(hours=1)  # Shopify: what is searched for may be a little older than what is there
_BETWEEN = timedelta(days=1)  # a payment may be processed before its order is, as at a checkout
_ORDERS, _MOST_PAGES = 7, 10_000  # a question may cost 1,000 points; a page of seven takes less than 800
_ALL_ORDERS = "read_all_orders"
_UTC = ZoneInfo("UTC")


def ended(answer: Answer, shop: Mapping[str, Any], begin: datetime) -> Iterator[Item]:
    """The months from that of `begin` on that are over by now, as the answer is dated; none where it is not.

    Months before the shop was made are not named.
    """
    now = _dated(answer)
    zone = zones.named(str(shop.get("ianaTimezone") or ""), _UTC)
    if shop.get("createdAt"):
        begin = max(begin, datetime.fromisoformat(str(shop["createdAt"])))
    month = Month.of(begin, zone)
    while now is not None and (end := _begun(_next(month), zone)) + _SEARCHABLE <= now:
        label = f"Other gateways, {month.last_day:%B %Y}"
        yield Item(f"{PREFIX}{month}", label, end)
        month = _next(month)


def fetched(call: Call, access: Access, item: Item) -> Iterator[Download]:
    """One file of the raw answers; none where no other gateway took or gave back anything in that month.

    Raises Rejected where the token sees the orders of the last sixty days alone: sums of some orders would look whole.
    """
    month = Month.read(item.id.removeprefix(PREFIX))
    answer, told = asking.ask(call, access, queries.SIGHT, {})
    scopes = (told["data"].get("currentAppInstallation") or {}).get("accessScopes")
    if scopes and all(each.get("handle") != _ALL_ORDERS for each in scopes):
        words = f"the token may not read all orders, so what other gateways took in {month} cannot be summed up"
        raise Rejected(f"{words}; give the app {_ALL_ORDERS}")
    zone = zones.named(str((told["data"].get("shop") or {}).get("ianaTimezone") or ""), _UTC)
    head = {"tieout": answers.FORMAT, "version": 1, "shop": access.account, "period": str(month)}
    lines = [json.dumps(head).encode(), asking.line(answer), *_orders(call, access, month, zone)]
    content = b"\n".join(lines) + b"\n"
    if _tells(content, zone):
        yield Download(f"shopify-gateways-{month}.jsonl", content)


def _orders(call: Call, access: Access, month: Month, zone: ZoneInfo) -> Iterator[bytes]:
    """Every order that was there in the month and has changed since it began, page by page, sorted as they came.

    A page that the shop finds too costly is asked for again with fewer orders, and so are all that follow.
    """
    since, until = _begun(month, zone), _begun(_next(month), zone) + _BETWEEN
    text = f"status:any updated_at:>='{asking.stamp(since)}' processed_at:<'{asking.stamp(until)}'"
    size, after = _ORDERS, None
    for _ in range(_MOST_PAGES):
        answer, told = asking.paged(call, access, queries.PERIOD, {"first": size, "after": after, "query": text}, 1)
        yield asking.line(answer)
        page = told["data"]["orders"]
        yield from asking.rest_of_orders(call, access, page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        size, after = min(size, max(len(page["nodes"]), 1)), page["pageInfo"]["endCursor"]
    raise Rejected(f"{month} has more than {_MOST_PAGES} pages of orders", code=refusals.TOO_COSTLY)


def _tells(content: bytes, zone: ZoneInfo) -> bool:
    """Whether reading it makes a settlement. What cannot be read is kept, so that somebody learns of it."""
    try:
        return bool(gateways.read(answers.read(content), sha256(content).hexdigest(), zone)[0])
    except Refused:
        return True


def _dated(answer: Answer) -> datetime | None:
    """The shop's own clock, to the second. RFC 9110, 6.6.1: whoever has a clock sends `Date`."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _begun(month: Month, zone: ZoneInfo) -> datetime:
    return datetime(month.year, month.number, 1, tzinfo=zone).astimezone(UTC)


def _next(month: Month) -> Month:
    after = month.last_day + timedelta(days=1)
    return Month(after.year, after.month)
