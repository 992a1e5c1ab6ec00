"""Starting for a client on pages: an organisation, a link, the client's own login at the channel, ownership."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.sync.market import Market, selling_at_shopify
from tests.web.conftest import Site, words
from tests.web.test_channels import approve
from tests.web.test_people import PASSWORD, browser, elsewhere, join, link_on, roles
from tieout.people import members, organisations
from tieout.sync import channel_accounts

assert browser


@pytest.fixture
def shop(site: Site) -> Iterator[Market]:
    with selling_at_shopify(site.house) as made:
        yield made


def opened(site: Site, client: Site, **form: str) -> str:
    """A link is sent and opened in the client's browser; the link."""
    answer = site.post("/client-link", {"email": "mia@mill.example", **form}, page="/client-link")
    assert answer.status_code == 201, words(answer.text)
    link = link_on(answer.text)
    assert "asks you to" in words(client.page(link)), "looking does not use it up"
    began = client.post("/completion/open", {"token": link.partition("token=")[2]}, page=link)
    assert began.headers["location"] == "/completion/channels"
    return link


def test_the_client_approves_at_the_channel_with_their_own_login(
    site: Site, shop: Market, browser: Callable[[str], Site]
) -> None:
    client, other = browser(""), browser("")
    link = opened(site, client)
    assert (
        "opens nothing any more" in words(other.get(link).text) and other.get("/completion/channels").status_code == 410
    )
    form = "/completion/connect/shopify"
    leaving = client.post("/completion/install/shopify", {"shop": shop.given["shop"]}, page=form)
    back = client.get("/channels/shopify/callback", params=approve(leaving))
    assert back.headers["location"] == "/completion/channels", words(back.text)
    shown = words(client.page("/completion/channels"))
    assert "Authorised. Authorise the next one" in shown
    [card] = channel_accounts.cards(site.house.tools, site.house.organisation)
    assert card.account.name in shown and "by a link of Olive Finch" in card.account.connected_by_name
    for path in ("/settlements", "/people", f"/channels/{card.account.id}"):
        assert client.get(path).headers["location"].startswith("/sign-in"), "and reaches nothing else"
    assert "Olive Finch is told" in words(client.post("/completion/done", page="/completion/channels").text)
    assert client.get("/completion/channels").status_code == 410
    told = words(site.page("/client-link"))
    assert f"Authorised: {card.account.name}" in told and "Done" in told
    again = opened(site, browser(""), account=card.account.id)
    assert again and f"To authorise {card.account.name} again" in words(site.page("/client-link"))


def test_an_answer_that_this_browser_did_not_begin_connects_nothing(
    site: Site, shop: Market, browser: Callable[[str], Site]
) -> None:
    client, other = browser(""), browser("")
    opened(site, client)
    form = "/completion/connect/shopify"
    answer = approve(client.post("/completion/install/shopify", {"shop": shop.given["shop"]}, page=form))
    assert other.get("/channels/shopify/callback", params=answer).headers["location"].startswith("/sign-in")
    opened(site, other)
    assert other.get("/channels/shopify/callback", params=answer).headers["location"].startswith("/sign-in")
    assert not channel_accounts.cards(site.house.tools, site.house.organisation)
    refused = client.post("/completion/connect/shopify", {"field": ["shop"], "value": [" "]}, page=form)
    assert refused.status_code == 422 and "is missing" in words(refused.text)


def test_an_accountant_starts_for_a_client_who_becomes_the_owner(site: Site, browser: Callable[[str], Site]) -> None:
    fay = browser(join(site, "Fay", "owner", elsewhere(site, "Fay")))
    fay.post("/practice", {"name": "Ledger & Co"}, page="/practice")
    start = re.search(r'href="(/clients/new\?practice=[^"]+)"', fay.page("/practice"))
    assert start
    values = {"organisation": "Mill Lane Ltd", "country": "GB", "zone": "Europe/London"}
    practice = start[1].partition("=")[2]
    bad = fay.post("/clients/new", {**values, "zone": "Mars"}, page=start[1])
    assert bad.status_code == 422
    made = fay.post("/clients/new", {**values, "practice": practice}, page=start[1])
    assert made.headers["location"] == "/client-link"
    assert "Mill Lane Ltd is there" in words(fay.page("/client-link"))
    client = browser("")
    opened(fay, client, ownership="yes")
    weak = {"name": "Mia", "password": "short"}
    assert client.post("/completion/own/new", weak, page="/completion/channels").status_code == 422
    done = client.post("/completion/own/new", {"name": "Mia", "password": PASSWORD}, page="/completion/channels")
    assert done.status_code == 303, words(done.text)
    assert "Mia (you)" in words(client.page("/people")) and "Mill Lane Ltd is yours" in words(
        client.page("/completion/channels")
    )
    [found] = [each for each in organisations.of_person(site.house.tools, "fay") if each.name == "Mill Lane Ltd"]
    held = {each.name: each.role for each in members.listed(site.house.tools, found.id)}
    assert held == {"Fay": "admin", "Mia": "owner"}
    second = browser(join(site, "Carol", "owner", elsewhere(site, "Carol")))
    opened(site, second, ownership="yes")
    assert second.post("/completion/own", page="/completion/channels").status_code == 303
    assert roles(site) == {"Carol": "owner", "Olive Finch": "admin"}


def test_a_seller_account_is_offered_on_its_page_and_taken_over(
    site: Site, shop: Market, browser: Callable[[str], Site]
) -> None:
    account = shop.connect()
    tess = browser(join(site, "Tess", "owner", elsewhere(site, "Tess")))
    page = f"/channels/{account}"
    assert "Offer it to the owner of another organisation" in words(site.page(page))
    site.post(f"/channels/{account}/offer", {"email": "no address"}, page=page)
    assert "not an e-mail address" in words(site.page("/people"))
    site.post(f"/channels/{account}/offer", {"email": "tess@example.com"}, page=page)
    assert "is offered to tess@example.com" in words(site.page("/people"))
    accept = re.search(r'action="(/offers/channels/[^"]+/accept)"', tess.page("/offers"))
    assert accept and tess.post(accept[1], {"organisation": "org-Tess"}, page="/offers").status_code == 303
    assert "connected to your organisation" in words(tess.page("/offers"))
    assert [card.account.is_live for card in channel_accounts.cards(site.house.tools, "org-Tess")] == [True]
    site.post("/people/ownership", {"person": "nobody"})
    assert "Choose a member" in words(site.page("/people"))
