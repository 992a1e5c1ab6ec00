"""The access to a channel: renewed once, however many ask at the same time, and kept before anybody uses it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.conftest import House
from tests.sync.market import Market, selling_at_shopify
from tieout.core.channel_account import AccountState
from tieout.core.failure import Disconnected, Unreachable
from tieout.sandbox import shopify
from tieout.sandbox.shopify.scenarios import DOMAIN
from tieout.sandbox.shopify.state import Books
from tieout.store import channel_accounts
from tieout.store.engine import read, write
from tieout.sync import channel_keys


@pytest.fixture
def shop(house: House) -> Iterator[Market]:
    with selling_at_shopify(house) as made:
        del made.given["token"]  # our own app, a day at a time
        yield made


def asked_for_tokens(shop: Market) -> int:
    return sum(call.path.endswith("/admin/oauth/access_token") for call in shop.world.calls)


def access(shop: Market, account: str, refused: str = "") -> tuple[str, str]:
    found, id = channel_keys.access(shop.house.tools, shop.house.organisation, account, refused)
    return found.token.reveal(), id


def test_an_access_is_renewed_before_it_ends_and_not_sooner(shop: Market) -> None:
    account = shop.connect()
    first = access(shop, account)
    assert access(shop, account) == first and asked_for_tokens(shop) == 1
    shop.house.clock.skip(hours=23, minutes=58)
    second = access(shop, account)
    assert second != first and asked_for_tokens(shop) == 2
    assert access(shop, account, refused=second[1]) != second, "what they refuse is renewed, whatever we believe"


def test_many_that_ask_at_once_renew_it_once(shop: Market) -> None:
    account = shop.connect()
    shop.house.clock.skip(hours=30)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(access(shop, account))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 6 and len(set(found)) == 1 and asked_for_tokens(shop) == 2


def test_a_renewal_whose_holder_died_is_taken_over(shop: Market) -> None:
    account, tools = shop.connect(), shop.house.tools
    shop.house.clock.skip(hours=30)
    with write(tools.engines, shop.house.organisation) as db:
        keys = channel_accounts.keys(db, account)
        assert keys is not None
        assert channel_accounts.claim_renewal(db, account, keys.fence, "gone", shop.house.clock()) == keys.fence + 1
        assert channel_accounts.claim_renewal(db, account, keys.fence, "late", shop.house.clock()) is None
    shop.house.clock.skip(seconds=channel_keys.TAKE_OVER.total_seconds() + 1)
    assert access(shop, account) and asked_for_tokens(shop) == 2


def test_an_answer_that_is_lost_says_that_nothing_was_sent_and_leaves_room_for_the_next(shop: Market) -> None:
    account = shop.connect()
    shop.house.clock.skip(hours=30)
    shop.world.arm("reset", path="*/access_token", when="after", count=1)
    with pytest.raises(Unreachable):
        access(shop, account)
    assert access(shop, account)
    with read(shop.house.tools.engines, shop.house.organisation) as db:
        found = channel_accounts.find(db, account)
    assert found is not None and found.state is AccountState.CONNECTED


def test_without_our_app_in_the_settings_a_person_is_told(shop: Market) -> None:
    account = shop.connect()
    shop.house.clock.skip(hours=30)
    shop.house.tools.channel_apps.pop("shopify")  # type: ignore[attr-defined]
    with pytest.raises(Disconnected, match="taken out of the settings"):
        access(shop, account)


def test_notices_are_subscribed_to_once_where_somebody_can_reach_us(house: House) -> None:
    with selling_at_shopify(house, "https://books.example.com/hooks/channels/shopify") as shop:
        shop.connect()
        shop.connect()
        hooks = Books(shopify.of(shop.world).shops, DOMAIN).rows("WebhookSubscription")
        told = [call for call in shop.world.calls if "webhookSubscriptionCreate" in call.body]
    assert len(told) == 2 and all(call.status == 200 for call in told)
    assert [(hook["topic"], hook["uri"]) for hook in hooks] == [
        ("APP_UNINSTALLED", "https://books.example.com/hooks/channels/shopify")
    ]
