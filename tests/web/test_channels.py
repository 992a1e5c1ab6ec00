"""Channels on pages: what a channel needs comes from its own file; connected, fetched, mended, ended: no scripts."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.sync.market import Market, selling_at_amazon, selling_at_shopify
from tests.web.conftest import Site, words
from tieout.people.roles import Role
from tieout.store import people
from tieout.store.engine import write


@pytest.fixture
def market(site: Site) -> Iterator[Market]:
    with selling_at_amazon(site.house) as made:
        yield made


@pytest.fixture
def shop(site: Site) -> Iterator[Market]:
    with selling_at_shopify(site.house) as made:
        yield made


def connect(site: Site, market: Market, **change: str) -> Any:
    given = market.given | change
    form = {"field": list(given), "value": list(given.values())}
    where = f"/channels/connect/{market.channel}"
    return site.post(where, form, page=where)


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def approve(answer: Any) -> dict[str, str]:
    """Where the channel sends a person whose app it knows: back to us at once, with a signature."""
    url = answer.headers["refresh"].partition("url=")[2]
    try:
        urllib.request.build_opener(_Staying).open(url, timeout=20).close()
    except urllib.error.HTTPError as answered:
        return dict(parse_qsl(urlsplit(answered.headers["Location"]).query))
    raise AssertionError("nobody was sent back")


def account(answer: Any) -> str:
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"].rpartition("/")[2])


def test_every_channel_that_can_be_asked_is_offered_with_what_it_needs(site: Site) -> None:
    shown = words(site.page("/channels"))
    assert "No channel is connected" in shown and "Connect Amazon" in shown and "Connect Shopify" in shown
    assert "Set TIEOUT_AMAZON_CLIENT_ID" in words(site.page("/channels/connect/amazon"))
    form = site.page("/channels/connect/shopify")
    assert "Shop address" in words(form) and 'type="password"' in form and "Install Tieout's app" not in words(form)
    assert site.get("/channels/connect/nowhere").status_code == 404


def test_it_is_connected_fetched_and_looked_at(site: Site, market: Market) -> None:
    id = account(connect(site, market))
    shown = words(site.page(f"/channels/{id}"))
    assert "Connected. Payouts of up to 90 days back are being fetched" in shown and "None yet" in shown
    answer = site.post(f"/channels/{id}/fetch", page=f"/channels/{id}")
    operation = answer.headers["location"]
    assert operation.startswith("/operations/")
    market.until_done(id)
    assert "New payouts: 12. Everything the channel names is here." in words(site.page(operation))
    page = site.page(f"/channels/{id}")
    assert words(page).count("Brought in") >= 12 and "Already here" in words(page)
    (first, *_) = re.findall(r'href="(/operations/[^"]+)"', page)
    assert "1 imported" in words(site.page(first))
    assert "18 payouts" in words(site.page("/channels"))


def test_what_is_wrong_stands_at_its_field_and_secrets_are_not_shown_again(site: Site, market: Market) -> None:
    answer = connect(site, market, region="")
    assert answer.status_code == 422 and "Region is missing." in words(answer.text)
    answer = connect(site, market, refresh_token="Atzr|nobody-knows-it")
    assert answer.status_code == 422 and "Not connected." in words(answer.text)
    assert "nobody-knows-it" not in answer.text and 'value="eu" selected' in answer.text


def test_a_shop_is_connected_by_its_install(site: Site, shop: Market) -> None:
    form = {"shop": "harbour-and-finch"}
    answer = site.post("/channels/install/shopify", form, page="/channels/connect/shopify")
    assert answer.status_code == 200 and answer.headers["referrer-policy"] == "no-referrer"
    params = approve(answer)
    back = site.get("/channels/shopify/callback", params=params)
    assert back.status_code == 302 and back.content == b"" and back.headers["location"].startswith("/channels/")
    assert "Harbour & Finch" in words(site.page(back.headers["location"]))
    again = site.get("/channels/shopify/callback", params=params)
    assert again.headers["location"] == back.headers["location"], "the back button shows the finished connection"


def test_an_install_of_another_browser_or_another_signature_connects_nothing(
    make_site: Callable[..., Site], site: Site, shop: Market
) -> None:
    answer = site.post("/channels/install/shopify", {"shop": "harbour-and-finch"}, page="/channels/connect/shopify")
    params = approve(answer)
    other = make_site()
    assert other.get("/channels/shopify/callback", params=params).headers["location"] == "/sign-in?back=/channels"
    other.sign_in()
    for changed in (params, {**params, "state": "a.b"}, {**params, "state": ""}):
        assert other.get("/channels/shopify/callback", params=changed).headers["location"] == "/channels"
    site.get("/channels/shopify/callback", params={**params, "hmac": "0" * 64})
    assert "Not connected." in words(site.page("/channels")) and "No channel is connected" in site.page("/channels")


def test_an_impossible_shop_is_refused_before_anybody_leaves(site: Site, shop: Market) -> None:
    answer = site.post("/channels/install/shopify", {"shop": "evil.example"}, page="/channels/connect/shopify")
    assert answer.status_code == 422 and "no address like" in words(answer.text)


def test_a_withdrawn_access_is_told_and_mended(site: Site, market: Market) -> None:
    id = account(connect(site, market))
    market.until_done(id)
    market.world.hand("channel-token-dead")
    site.post(f"/channels/{id}/check", page=f"/channels/{id}")
    shown = words(site.page(f"/channels/{id}"))
    assert "Reconnect needed" in shown and "Found:" in shown and "Nothing is lost" in shown
    assert site.post(f"/channels/{id}/fetch", page=f"/channels/{id}").headers["location"] == f"/channels/{id}"
    assert "cannot be asked now" in words(site.page(f"/channels/{id}"))
    market.world.hand("reauthorise")
    site.post(f"/channels/{id}/check", page=f"/channels/{id}")
    assert "Everything it names is here" in words(site.page(f"/channels/{id}"))
    assert "Reconnect needed" not in words(site.page("/channels"))


def test_a_late_payout_is_seen_by_a_check_and_fetched_from_a_day_on(site: Site, market: Market) -> None:
    id = account(connect(site, market))
    market.until_done(id)
    market.world.hand("payout-late", days_ago=1)
    site.post(f"/channels/{id}/check", page=f"/channels/{id}")
    assert "1 payout not here yet" in words(site.page(f"/channels/{id}"))
    since = f"{market.house.clock():%Y-%m-%d}"
    site.post(f"/channels/{id}/fetch", {"since": since}, page=f"/channels/{id}")
    market.house.jobs.run_all()
    market.until_done(id)
    assert "13 payouts" not in words(site.page("/channels")) and "19 payouts" in words(site.page("/channels"))
    site.post(f"/channels/{id}/fetch", {"since": "yesterday"}, page=f"/channels/{id}")
    assert "is no day" in words(site.page(f"/channels/{id}"))


def test_disconnecting_says_what_it_does_and_where_to_end_it_there(site: Site, market: Market) -> None:
    id = account(connect(site, market))
    assert "The access kept here is erased" in words(site.page(f"/channels/{id}/disconnect"))
    site.post(f"/channels/{id}/disconnect", page=f"/channels/{id}/disconnect")
    shown = words(site.page("/channels"))
    assert "Third-party developers and apps" in shown and "Earlier channels" in shown
    site.post(f"/channels/{id}/disconnect", page="/settlements")
    assert "was disconnected before" in words(site.page("/channels"))


def test_who_may_not_connect_sees_how_things_stand_and_who_can(site: Site, market: Market) -> None:
    id = account(connect(site, market))
    with write(site.house.tools.engines, site.house.organisation) as db:
        db.execute(people.MEMBERS.update().values(role=Role.BASIC.value))
    assert site.get("/channels/connect/amazon").status_code == 403
    page = words(site.page(f"/channels/{id}"))
    assert "Fetch now" not in page and "Disconnect" not in page and "Last fetch" in page


@pytest.mark.parametrize("path", ["", "/fetch", "/check", "/disconnect"])
def test_an_account_that_is_not_there_leads_nowhere(site: Site, path: str) -> None:
    answer = site.get("/channels/none") if not path else site.post(f"/channels/none{path}")
    assert answer.status_code == 404
