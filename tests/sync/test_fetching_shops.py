"""The same of a shop that is asked by GraphQL: points kept, raw answers kept, what is not paid out yet waits."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.conftest import House
from tests.sync.market import Market, selling_at_shopify
from tests.sync.test_fetching import Killed, open_codes
from tieout.calls import Answer, Request
from tieout.core.channel_account import AccountState, ItemState
from tieout.store import statements
from tieout.store.engine import read
from tieout.sync import fetching, settlements


@pytest.fixture
def shop(house: House) -> Iterator[Market]:
    with selling_at_shopify(house) as made:
        yield made


def kept(shop: Market, digest: str) -> list[dict[str, Any]]:
    with read(shop.house.tools.engines, shop.house.organisation) as db:
        return [json.loads(line) for line in statements.content(db, digest).splitlines()]


def payouts(shop: Market, account: str) -> list[Any]:
    """Without the months of other gateways."""
    return [item for item in shop.items(account) if not item.id.startswith("period:")]


def test_every_paid_payout_comes_in_as_its_raw_answers_without_a_refused_call(shop: Market) -> None:
    account = shop.connect()
    found = shop.until_done(account)
    items = payouts(shop, account)
    done = [item for item in items if item.state is ItemState.KEPT]
    open_ones = [item for item in items if item.state is ItemState.LISTED]
    assert len(done) > 40 and all(not item.is_ready for item in open_ones)
    assert all(call.status == 200 and '"errors"' not in call.answer for call in shop.world.calls)
    head, payout, transactions, *_ = kept(shop, done[0].statement)
    assert head == {"tieout": "shopify-api", "version": 1, "shop": found.account, "payout": done[0].id}
    assert payout["data"]["node"]["id"] == done[0].id
    assert transactions["data"]["shopifyPaymentsAccount"]["balanceTransactions"]["nodes"]
    assert found.cursor <= min([item.at for item in open_ones] or [found.cursor])
    told = settlements.listing(shop.house.tools, shop.house.organisation, "", "", "", "", 200)
    numbers = {card.number for card in told.cards if card.number.isdigit()}
    assert numbers == {item.id.rpartition("/")[2] for item in done}


def test_what_was_on_its_way_comes_in_once_it_is_paid(shop: Market) -> None:
    account = shop.connect()
    shop.world.hand("payout-status", status="IN_TRANSIT")
    shop.until_done(account)
    (waiting,) = [item for item in payouts(shop, account) if item.state is ItemState.LISTED]
    assert not waiting.is_ready and "payout-not-imported" not in open_codes(shop)
    cursor = shop.account(account).cursor
    assert cursor is not None and cursor <= waiting.at
    shop.world.hand("payout-status", status="PAID", payout=waiting.id)
    shop.house.clock.skip(hours=4)
    shop.until_done(account)
    (now,) = [item for item in shop.items(account) if item.id == waiting.id]
    assert now.state is ItemState.KEPT and now.is_ready


@pytest.mark.parametrize("at", [2, 4, 7, 30])
def test_killed_in_the_middle_of_a_payout_it_is_asked_for_from_its_start(
    shop: Market, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    account = shop.connect()
    send, calls = shop.house.tools.transport.send, list[str]()

    def dying(request: Request, *more: Any) -> Answer:
        calls.append(request.url)
        if len(calls) == at:
            raise Killed
        return send(request, *more)

    monkeypatch.setattr(shop.house.tools.transport, "send", dying)
    with pytest.raises(Killed):
        shop.timetable()
    before = {item.id for item in payouts(shop, account) if item.state is ItemState.KEPT}
    shop.house.clock.skip(seconds=fetching.HELD.total_seconds() + 31)
    shop.until_done(account)
    done = [item for item in payouts(shop, account) if item.state is ItemState.KEPT]
    assert before < {item.id for item in done} and len({item.statement for item in done}) == len(done)
    for item in done:
        lines = kept(shop, item.statement)
        assert lines[0]["payout"] == item.id and all("errors" not in line for line in lines)


def test_a_shop_that_removes_the_app_stops_and_a_new_install_goes_on(shop: Market) -> None:
    account = shop.connect()
    shop.until_done(account)
    number = len(shop.items(account))
    shop.world.hand("uninstall")
    shop.house.clock.skip(hours=4)
    shop.timetable()
    assert shop.account(account).state is AccountState.NEEDS_RECONNECT
    assert "channel-disconnected" in open_codes(shop)
    assert len(shop.items(account)) == number


def test_an_answer_that_is_no_answer_is_asked_again(shop: Market) -> None:
    account = shop.connect()
    shop.world.arm("bad-body", form="html", count=1)
    shop.timetable()
    found = shop.account(account)
    assert found.tries == 1 and found.state is AccountState.CONNECTED
    shop.house.clock.skip(minutes=5)
    assert shop.until_done(account).tries == 0
