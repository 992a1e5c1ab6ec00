"""Books: out to the consent page, back by a clean address, checked, ended; every way back has an answer."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.web.conftest import Site, words
from tieout.cli._browser import allow


def leave(site: Site) -> Any:
    return site.post("/connection/connect", {"platform": "xero"}, page="/connection")


def come_back(site: Site, **params: str) -> Any:
    return site.get("/oauth/xero/callback", params=params)


def connect(site: Site) -> Any:
    """To the page that shows the books, and on from there."""
    answer = come_back(site, **allow(leave(site).headers["refresh"].partition("url=")[2]))
    assert answer.status_code == 302 and answer.content == b"", answer.text
    assert answer.headers["location"] == "/connection/choose" and answer.headers["referrer-policy"] == "no-referrer"
    shown = site.page("/connection/choose")
    assert "Harbour & Finch Ltd United Kingdom, GBP" in words(shown)
    books = re.search(r'name="books" value="([^"]+)"', shown)
    assert books
    return site.post("/connection/choose", {"books": books[1]}, page="/connection/choose")


def test_the_way_out_is_a_page_whose_refresh_and_link_lead_to_consent(site: Site) -> None:
    answer = leave(site)
    url = answer.headers["refresh"].removeprefix("0; url=")
    assert answer.status_code == 200 and urlsplit(url).path == "/identity/connect/authorize"
    assert f'href="{url}"' in unescape(answer.text) and answer.headers["referrer-policy"] == "no-referrer"


def test_the_way_back_is_an_empty_302_to_a_clean_address(site: Site) -> None:
    answer = connect(site)
    assert answer.status_code == 303 and answer.headers["location"] == "/connection"
    shown = words(site.page("/connection"))
    assert "Connected. The books were read" in shown and "Check now" in shown and "Calls left today" in shown
    assert "Connected. The books were read" not in words(site.page("/connection"))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"code": "x"},
        {"code": "x", "state": "nonsense"},
        {"code": "x", "state": "a.b"},
        {"code": "x", "state": "x" * 5000},
        {"error": "access_denied", "error_description": "<script>alert(1)</script>"},
    ],
)
def test_an_answer_that_was_not_asked_for_connects_nothing(site: Site, params: dict[str, str]) -> None:
    assert come_back(site, **params).status_code == 302
    page = site.page("/connection")
    assert "Not connected." in words(page) and "<script>alert" not in page
    assert "No books are connected" in page


def test_pressing_cancel_at_the_books_is_friendly(site: Site) -> None:
    state = leave(site).headers["refresh"].partition("state=")[2].partition("&")[0]
    stopped = come_back(site, state=state, error="access_denied").headers["location"]
    shown = words(site.page(stopped))
    assert "Nothing has changed" in shown and "Try again" in shown and "Somebody pressed Cancel" in shown
    assert "Connect Xero" in words(site.page("/connection"))


def test_the_answer_of_another_browser_is_refused(make_site: Callable[..., Site]) -> None:
    mine, other = make_site(), make_site()
    mine.sign_in()
    other.sign_in()
    params = allow(leave(mine).headers["refresh"].partition("url=")[2])
    come_back(other, **params)
    assert "Not connected." in words(other.page("/connection"))
    assert come_back(mine, **params).headers["location"] == "/connection/choose"


def test_an_answer_without_any_cookie_is_refused(site: Site) -> None:
    params = allow(leave(site).headers["refresh"].partition("url=")[2])
    site.client.cookies.clear()
    answer = come_back(site, **params)
    assert answer.status_code == 302 and answer.headers["location"] == "/connection/stopped?why=connect-cookies-lost"
    assert "Retry in this window" in words(site.page(answer.headers["location"]))


def test_a_platform_nobody_has_heard_of_leads_nowhere(site: Site) -> None:
    assert site.get("/oauth/unheard/callback").status_code == 404
    assert site.post("/connection/connect", {"platform": "unheard"}, page="/connection").status_code == 404


def test_checking_asks_the_books_and_says_what_came_of_it(site: Site) -> None:
    connect(site)
    id = connection_id(site)
    answer = site.post(f"/connection/{id}/check", page="/connection")
    assert answer.status_code == 303
    assert "documents can be sent" in words(site.page("/connection"))
    assert site.post("/connection/none/check", page="/connection").status_code == 404


def test_disconnecting_says_what_it_will_do_and_then_does_it(site: Site) -> None:
    connect(site)
    id = connection_id(site)
    assert "the history here" in words(site.page(f"/connection/{id}/disconnect"))
    site.post(f"/connection/{id}/disconnect", page=f"/connection/{id}/disconnect")
    shown = words(site.page("/connection"))
    assert "is disconnected, here and at Xero" in shown and "Earlier connections" in shown
    assert "No books are connected" in shown
    assert site.get("/connection/none/disconnect").status_code == 404


def connection_id(site: Site) -> str:
    from tieout.sync import connections

    return connections.card(site.house.tools, site.house.organisation)[0].connection.id


def test_without_an_app_the_page_says_who_must_act(site: Site) -> None:
    site.house.tools.apps.clear()
    assert "No app is registered yet" in words(site.page("/connection"))
