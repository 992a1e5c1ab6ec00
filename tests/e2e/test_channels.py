"""Channels in a browser: connected by a form, with scripts and without; wide and narrow, light and dark, failing."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e._png import small
from tests.e2e.conftest import Place, Serving, _environ
from tests.e2e.test_accessibility import OTHERWISE, RULES, complaints
from tests.e2e.test_journey import set_up, sign_in_by_link
from tieout import app
from tieout.sandbox import amazon, server, shopify, xero
from tieout.sandbox.amazon.scenarios import APP_ID, APP_SECRET
from tieout.sandbox.shopify.scenarios import DOMAIN, TOKEN

pytestmark = pytest.mark.browser
REFRESH = "Atzr|a1tieoutdemo01-eu-demo"


@dataclass(frozen=True)
class Bazaar:
    """Where the product is served, and the stand-ins of two channels behind it."""

    place: Place
    amazon: Any
    shopify: Any


@pytest.fixture
def bazaar(tmp_path: Path) -> Iterator[Bazaar]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{listener.getsockname()[1]}"
    sellers, shops, books = amazon.sellers(), shopify.shops(), xero.books(scenario="london")
    shopify.of(shops).shops.switches["throttles"] = False  # nobody waits for points here
    with server.running(sellers) as one, server.running(shops) as other, server.running(books) as third:
        settings = _environ(tmp_path, url, third.base_url) | {
            "TIEOUT_AMAZON_CLIENT_ID": APP_ID,
            "TIEOUT_AMAZON_CLIENT_SECRET": APP_SECRET,
            "TIEOUT_AMAZON_TOKEN_URL": one.base_url,
            **{f"TIEOUT_AMAZON_{region}_URL": f"{one.base_url}/{region.lower()}" for region in ("NA", "EU", "FE")},
            "TIEOUT_SHOPIFY_API_URL": f"{other.base_url}/{{shop}}",
        }
        serving = Serving(app.read_environment(settings), listener)
        serving.start()
        try:
            serving.tools()
            yield Bazaar(Place(url, books, serving), sellers, shops)
        finally:
            serving.stop()


def connect_shop(page: Page, url: str) -> None:
    page.goto(f"{url}/channels")
    page.get_by_role("link", name="Connect Shopify").click()
    page.get_by_label("Shop address").fill(DOMAIN)
    page.get_by_label("Admin API access token").fill(TOKEN)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Connected. Payouts of up to 365 days back")).to_be_visible()


def test_a_shop_is_connected_fetched_and_ended_without_scripts(bazaar: Bazaar, open_page: Callable[..., Page]) -> None:
    place = bazaar.place
    set_up(open_page(), place)
    page = open_page(scripts=False)
    sign_in_by_link(page, place)
    connect_shop(page, place.url)
    page.get_by_role("button", name="Fetch now").click()
    expect(page.get_by_role("heading", name="Fetching payouts")).to_be_visible()
    page.goto(f"{place.url}/channels")
    page.get_by_role("link", name="Open Harbour & Finch").click()
    page.get_by_role("link", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("is disconnected here. To end it there too")).to_be_visible()


def looks(bazaar: Bazaar, page: Page) -> Iterator[tuple[str, str]]:
    """The pages in the states that look different: a name and an address."""
    url = bazaar.place.url
    yield from (
        ("empty", "/channels"),
        ("form", "/channels/connect/amazon"),
        ("form-shop", "/channels/connect/shopify"),
    )
    connect_shop(page, url)
    page.get_by_role("button", name="Fetch now").click()
    expect(page.get_by_text("New payouts:").first).to_be_visible(timeout=60_000)
    yield "fetch", page.url.removeprefix(url)
    page.goto(f"{url}/channels/connect/amazon")
    page.get_by_label("Region").select_option("eu")
    page.get_by_label("Refresh token").fill(REFRESH)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Connected. Payouts of up to 90 days back")).to_be_visible()
    account = page.url.removeprefix(url)
    bazaar.amazon.hand("channel-token-dead")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("Reconnect needed")).to_be_visible()
    yield from (("full", "/channels"), ("failing", account), ("ending", f"{account}/disconnect"))
    page.goto(f"{url}/channels")
    page.get_by_role("link", name="Open Harbour & Finch").click()
    yield "account", page.url.removeprefix(url)
    page.goto(f"{url}/issues")
    page.get_by_text("no longer has access").first.click()
    yield "issue", page.url.removeprefix(url)


def test_every_look_is_clear_to_everybody(bazaar: Bazaar, open_page: Callable[..., Page], tmp_path: Path) -> None:
    folder = Path(os.environ.get("TIEOUT_LOOKS") or tmp_path)
    page = open_page()
    set_up(page, bazaar.place)
    others = {"wide": open_page(), "narrow-dark": open_page(width=390, scheme="dark")}
    for other in others.values():
        sign_in_by_link(other, bazaar.place)
    found = []
    for name, path in looks(bazaar, page):
        for kind, other in others.items():
            other.goto(bazaar.place.url + path)
            found += complaints(other, RULES if kind == "wide" else OTHERWISE)
            width = other.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            found += [f"{path} is {width} pixels too wide on a {kind} page"] if width > 0 else []
            (folder / f"{name}-{kind}.png").write_bytes(small(other.screenshot(full_page=True)))
    assert not found, "\n".join(found)
