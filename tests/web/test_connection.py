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
    assert "Connected. The books were read" in shown and "Refresh token" in shown and "Calls left today" in shown
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


def test_checking_asks_the_books_and_shows_every_line(site: Site) -> None:
    connect(site)
    id = connection_id(site)
    answer = site.post(f"/connection/{id}/check", page="/connection")
    assert answer.status_code == 303
    shown = site.page(answer.headers["location"])
    assert "Being checked now" in words(shown) and 'hx-trigger="every 1s"' in shown
    site.house.jobs.run_all()
    shown = words(site.page(answer.headers["location"]))
    assert "Everything that was checked is in order." in shown and "12. Queue and schedule" in shown
    assert "Being checked" not in shown
    site.house.world.hand("tenant-gone")
    site.post(f"/connection/{id}/check", page="/connection")
    site.house.jobs.run_all()
    shown = words(site.page(f"/connection/{id}/check"))
    assert "is not among the connected organisations any more" in shown and "Needs check 4." in shown
    assert "Reconnect; nothing is lost." in shown
    assert site.post("/connection/none/check", page="/connection").status_code == 404


def test_the_card_says_how_it_stands_and_why_and_changes_by_itself(site: Site) -> None:
    connect(site)
    id, house = connection_id(site), site.house
    page = site.page("/connection")
    assert f'hx-select="#standing-{id}"' in page and "every 20s" in page
    shown = words(page)
    for text in (
        "Connected",
        "Open in Xero",
        "Harbour & Finch Ltd",
        "GB, GBP",
        "May create every document",
        "10 of 10 granted",
        "Create and read invoices, bills and credit notes",
        "Access expires",
        "as long as it is used",
        "What it has been through",
        "kept for people",
    ):
        assert text in shown, text
    assert "needs attention" not in shown
    house.clock.skip(minutes=61)
    shown = words(site.page("/connection"))
    assert "Connected, needs attention" in shown and "no-recent-call" in shown
    site.post(f"/connection/{id}/refresh", page="/connection")
    shown = words(site.page("/connection"))
    assert "Renewed: the access lasts until" in shown and "no-recent-call" in shown, "a renewal is no proof of health"
    house.world.arm("grant-dead", count=None)
    house.clock.skip(minutes=40)
    site.post(f"/connection/{id}/refresh", page="/connection")
    shown = words(site.page("/connection"))
    assert "Not renewed:" in shown and "Token expired" in shown and "Reconnect link" in shown
    assert "grant-ended" in shown and "Nothing is sent until this is mended" in shown


def test_the_evidence_is_a_file_without_a_secret(site: Site) -> None:
    connect(site)
    answer = site.get(f"/connection/{connection_id(site)}/evidence")
    assert answer.headers["content-disposition"].startswith("attachment") and answer.json()["state"] == "connected"
    assert answer.json()["timeline"][-1]["code"] == "connected"
    assert "ey" + "J" not in answer.text and "secret" not in answer.text
    assert site.get("/connection/none/evidence").status_code == 404


def test_an_owner_pauses_and_resumes(site: Site) -> None:
    connect(site)
    site.post("/connection/pause", page="/connection")
    assert "paused this organisation" in words(site.page("/connection"))
    site.post("/connection/resume", page="/connection")
    assert "No work is taken before the connection check has passed" in words(site.page("/connection"))
    site.house.jobs.run_all()
    assert "paused" not in words(site.page("/connection")).replace("Pause this", "")


def test_disconnecting_says_what_it_will_do_and_then_does_it(site: Site) -> None:
    connect(site)
    id = connection_id(site)
    asked = words(site.page(f"/connection/{id}/disconnect"))
    assert "the history here" in asked and "This stops" in asked and "sending documents to Harbour & Finch Ltd" in asked
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
