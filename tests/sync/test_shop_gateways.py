"""What other gateways took at a shop: a summary of total zero for each gateway and month, asked for once, booked."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.sync.conftest import House
from tests.sync.ledgers import QUICKBOOKS
from tests.sync.market import Market, selling_at_shopify
from tests.sync.test_fetching import Killed, open_codes
from tests.sync.test_shop_payouts import cents
from tieout.calls import Answer, Request
from tieout.channels.shopify.gateways import slug
from tieout.core.category import Category
from tieout.core.channel_account import FetchedItem, ItemState
from tieout.core.settlement import Settlement
from tieout.sandbox import shopify
from tieout.sandbox.shopify.scenarios import DOMAIN
from tieout.sandbox.shopify.state import Books
from tieout.store import statements
from tieout.store.engine import read
from tieout.store.settlements import Kept, Wanted, listed
from tieout.sync import fetching, operations

OURS = ("shopify_payments", "gift_card")


@pytest.fixture
def shop(house: House) -> Iterator[Market]:
    with selling_at_shopify(house) as made:
        yield made


def summaries(shop: Market) -> dict[str, Kept]:
    with read(shop.house.tools.engines, shop.house.organisation) as db:
        found = [each for each in listed(db, Wanted(limit=1000)) if each.settlement.deposit_on is None]
    return {each.settlement.id: each for each in found}


def months(shop: Market, account: str) -> dict[str, FetchedItem]:
    found = {item.id.removeprefix("period:"): item for item in shop.items(account)}
    return {month: item for month, item in found.items() if len(month) == len("2026-06")}


def to_clearing(settlement: Settlement) -> int:
    return -sum(part.amount.minor for part in settlement.subtotals if part.category is Category.CLEARING_GATEWAY)


def outside(shop: Market, zone: str = "Europe/London") -> dict[str, int]:
    """What each other gateway took in each month that is over, by the shop's own evidence."""
    now = f"{shop.house.clock().astimezone(ZoneInfo(zone)):%Y-%m}"
    return {
        f"{slug(each['gateway'])}-{each['month']}": cents(each["net"].removeprefix("-"))
        * (-1 if each["net"].startswith("-") else 1)
        for each in shop.world.evidence("gateways")
        if each["gateway"] not in OURS and each["month"] < now
    }


def inside(shop: Market) -> dict[str, int]:
    """The same by what came in."""
    return {
        id.rpartition("-")[0]: to_clearing(each.settlement)
        for id, each in summaries(shop).items()
        if not id.startswith(OURS)
    }


def kept(shop: Market, digest: str) -> list[dict[str, Any]]:
    with read(shop.house.tools.engines, shop.house.organisation) as db:
        return [json.loads(line) for line in statements.content(db, digest).splitlines()]


def test_every_gateway_and_month_is_a_summary_of_zero_and_its_clearing_is_what_the_gateway_took(shop: Market) -> None:
    account = shop.connect()
    found = shop.until_done(account)
    assert inside(shop) == outside(shop) and len(inside(shop)) > 6
    for each in summaries(shop).values():
        assert each.settlement.total.minor == each.settlement.lines_sum.minor == 0
        assert (each.status, each.code) == ("ready", "")
    ended = months(shop, account)
    assert {item.state for item in ended.values()} == {ItemState.KEPT}
    assert set(ended) == {name.split("-", 1)[1] for name in outside(shop)}, "no month twice, none that is not over"
    assert all(call.status == 200 and '"errors"' not in call.answer for call in shop.world.calls)
    assert open_codes(shop) == []
    for month, item in ended.items():
        head, sight, *pages = kept(shop, item.statement)
        assert head == {"tieout": "shopify-api", "version": 1, "shop": found.account, "period": month}
        assert sight["data"]["shop"] == {"ianaTimezone": "Europe/London"}
        assert pages and all(page["data"]["orders"]["nodes"] for page in pages)
        told = operations.view(shop.house.tools, shop.house.organisation, item.operation)
        assert told is not None and told.state == "done"


def test_a_month_is_asked_for_once_and_the_next_one_when_it_is_over(shop: Market) -> None:
    account = shop.connect()
    shop.until_done(account)
    before, numbers = months(shop, account), inside(shop)
    calls = len(shop.world.calls)
    shop.house.clock.skip(hours=4)
    shop.until_done(account)
    asked = [call for call in list(shop.world.calls)[calls:] if "query Period" in call.body]
    assert not asked and months(shop, account) == before and inside(shop) == numbers
    now = shop.house.clock().astimezone(ZoneInfo("Europe/London"))
    rest = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=now.tzinfo) - now
    shop.house.clock.skip(seconds=rest.total_seconds() + 30 * 60)
    shop.until_done(account)
    assert months(shop, account) == before, "half an hour after its end it may still be looked for in vain"
    shop.house.clock.skip(hours=4)
    shop.until_done(account)
    assert set(months(shop, account)) == {*before, f"{now:%Y-%m}"} and inside(shop) == outside(shop)


def test_a_month_without_other_gateways_brings_no_file_and_ends_well(shop: Market) -> None:
    books = Books(shopify.of(shop.world).shops, DOMAIN)
    for row in books.rows("OrderTransaction"):
        books.keep(row, gateway="shopify_payments")
    account = shop.connect()
    found = shop.until_done(account)
    ended = months(shop, account)
    assert len(ended) >= 2 and {(item.state, item.statement) for item in ended.values()} == {(ItemState.KEPT, "")}
    assert summaries(shop) == {} and found.tries == 0 and open_codes(shop) == []
    newest = operations.newest(shop.house.tools, shop.house.organisation)
    assert {each.state for each in newest} == {"done"}


def test_an_order_of_more_lines_than_a_page_is_followed_to_its_end(shop: Market) -> None:
    books = Books(shopify.of(shop.world).shops, DOMAIN)
    began = min(row["_at"] for row in books.rows("Order"))
    order = next(row for row in books.rows("Order") if row["paymentGatewayNames"] == ["paypal"] and row["_at"] > began)
    line = order["lineItems"][0]
    lines = [line | {"id": f"gid://shopify/LineItem/{number}"} for number in range(1, 321)]
    books.keep(order, lineItems=lines)
    shop.until_done(shop.connect())
    assert inside(shop) == outside(shop)
    followed = [json.loads(call.body)["variables"] for call in shop.world.calls if "query Lines" in call.body]
    assert [(each["id"], each["first"]) for each in followed] == [(order["id"], 250), (order["id"], 250)]


@pytest.mark.parametrize("count", [1, 3, 6])
def test_killed_in_the_middle_of_a_month_it_is_asked_for_from_its_start(
    shop: Market, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    account = shop.connect()
    send, calls = shop.house.tools.transport.send, list[str]()

    def dying(request: Request, *more: Any) -> Answer:
        calls.extend(["asked"] if b"query Period" in (request.body or b"") else [])
        if len(calls) == count:
            raise Killed
        return send(request, *more)

    monkeypatch.setattr(shop.house.tools.transport, "send", dying)
    with pytest.raises(Killed):
        shop.until_done(account)
    monkeypatch.setattr(shop.house.tools.transport, "send", send)
    shop.house.clock.skip(seconds=fetching.HELD.total_seconds() + 31)
    shop.until_done(account)
    assert inside(shop) == outside(shop)
    statements_kept = [item.statement for item in months(shop, account).values()]
    assert all(statements_kept) and len(set(statements_kept)) == len(statements_kept)


def test_a_token_that_sees_some_orders_alone_makes_no_sum_and_says_so(shop: Market) -> None:
    shops = shopify.of(shop.world).shops
    for row in shops.shelf.all("install"):
        shops.shelf.put("install", f"{row['app']}/{row['shop']}", row | {"scopes": few(row["scopes"])})
    account = shop.connect()
    shop.until_done(account)
    ended = months(shop, account)
    assert {item.state for item in ended.values()} == {ItemState.LISTED} and summaries(shop) == {}
    assert all("give the app read_all_orders" in item.words for item in ended.values())


def few(scopes: list[str]) -> list[str]:
    return [name for name in scopes if name != "read_all_orders"]


@pytest.mark.parametrize("ledger", [QUICKBOOKS], ids=lambda ledger: ledger.name)
def test_summaries_are_booked_and_tie_out_with_their_clearing_accounts(shop: Market) -> None:
    house = shop.house
    house.connect()
    shop.until_done(shop.connect())
    ids = [each.id for id, each in summaries(shop).items() if not id.startswith(OURS)]
    house.send(*ids)
    assert len(ids) > 6
    for id in ids:
        view, made = house.view(id), next(each.settlement for each in summaries(shop).values() if each.id == id)
        told = (view.card.status, view.card.ties_out, str(view.card.books_total))
        assert told == ("sent", True, "0.00 GBP"), view.card.reason
        (document,) = view.plan.documents
        assert to_clearing(made) in [-line.gross.minor for line in document.lines]
