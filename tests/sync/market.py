"""A house that sells at a channel: the stand-in of the channel beside it, and short words for what happens there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from tests.sync.conftest import House
from tieout.channels import Registration
from tieout.channels.amazon import fetch as amazon_fetch
from tieout.core.secret import Secret
from tieout.sandbox import amazon, server, shopify
from tieout.sandbox.amazon.scenarios import APP_ID, APP_SECRET
from tieout.sandbox.shopify.scenarios import APP_ID as SHOPIFY_APP
from tieout.sandbox.shopify.scenarios import APP_SECRET as SHOPIFY_SECRET
from tieout.sandbox.shopify.scenarios import DOMAIN
from tieout.sandbox.shopify.scenarios import TOKEN as SHOPIFY_TOKEN
from tieout.store import channel_accounts, channel_items, statements
from tieout.store.engine import read
from tieout.sync import channel_accounts as verbs
from tieout.sync import fetching, operations

TOKEN = "Atzr|a1tieoutdemo01-eu-demo"


@dataclass
class Market:
    """`house` is the product, `world` the channel outside, `given` what a person has in hand to connect it."""

    house: House
    world: Any
    channel: str
    given: dict[str, str]

    def connect(self, reconnects: str = "") -> str:
        house = self.house
        joined = verbs.connect(house.tools, house.actor, self.channel, self.given, reconnects)
        assert joined.account, joined
        return joined.account

    def fetch(self, account: str) -> Any:
        """Somebody presses "Fetch now", and everything it asks for is done."""
        operation = fetching.ask_now(self.house.tools, self.house.actor, account)
        assert operation is not None
        self.house.jobs.run_all()
        return operations.view(self.house.tools, self.house.organisation, operation)

    def timetable(self) -> int:
        """One look of the timetable, and what it nudges."""
        nudged = fetching.fetch_due(self.house.tools)
        self.house.jobs.run_all()
        return nudged

    def until_done(self, account: str, rounds: int = 300) -> Any:
        """Round by round, as the timetable goes, until the fetch under way has ended."""
        for _ in range(rounds):
            self.timetable()
            found = self.account(account)
            if not found.operation:
                return found
            self.house.clock.skip(seconds=fetching.EVERY_SECONDS)
        raise AssertionError(f"still under way: {found}")

    def account(self, id: str) -> Any:
        with read(self.house.tools.engines, self.house.organisation) as db:
            return channel_accounts.find(db, id)

    def items(self, id: str) -> Any:
        with read(self.house.tools.engines, self.house.organisation) as db:
            return channel_items.newest(db, id, 1000)

    def statements(self) -> Any:
        with read(self.house.tools.engines, self.house.organisation) as db:
            return statements.newest(db, 1000)


@contextmanager
def selling_at_amazon(house: House) -> Iterator[Market]:
    """London's seller: two series of settlements, each every 14 days, 90 days of them still to be had."""
    world = amazon.sellers(now=house.clock)
    with server.running(world) as running:
        urls = {
            "token": running.base_url,
            **{region: f"{running.base_url}/{region}" for region, _ in amazon_fetch.REGIONS},
        }
        apps = cast(dict[str, Registration], house.tools.channel_apps)
        apps["amazon"] = Registration(APP_ID, Secret(APP_SECRET), "http://localhost:8080/back", "", urls)
        yield Market(house, world, "amazon", {"region": "eu", "refresh_token": TOKEN})


@contextmanager
def selling_at_shopify(house: House, hook_url: str = "") -> Iterator[Market]:
    """London's shop, ten weeks of trade, a payout a working day."""
    world = shopify.shops(now=house.clock)
    with server.running(world) as running:
        urls = {"api": f"{running.base_url}/{{shop}}"}
        redirect = "http://localhost:8080/channels/shopify/callback"
        apps = cast(dict[str, Registration], house.tools.channel_apps)
        secret = Secret(SHOPIFY_SECRET)
        apps["shopify"] = Registration(SHOPIFY_APP, secret, redirect, hook_url, urls)
        yield Market(house, world, "shopify", {"shop": DOMAIN, "token": SHOPIFY_TOKEN})
