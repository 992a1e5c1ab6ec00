"""The server goes away under an open page, and comes back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place
from tests.e2e.test_journey import connect, set_up, upload

pytestmark = pytest.mark.browser

PATIENCE_MILLISECONDS = 60_000
SILENT = "Tieout does not answer just now."
# What is sent arrives and is not answered, and nobody can be asked about it.
LOST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("reset", {"when": "after", "method": "PUT", "path": "*/Invoices*", "count": None}),
    ("http-error", {"status": 503, "method": "GET", "path": "*/Invoices*", "count": None}),
)


def look_until(page: Page, words: str) -> None:
    """A page asks again by itself only once something is under way."""
    for _ in range(240):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_text(words).first).to_be_visible()


def test_an_open_page_says_that_nobody_answers_and_goes_on_when_the_server_is_back(
    place: Place, open_page: Callable[..., Page]
) -> None:
    page = open_page(bears=("net::ERR_CONNECTION_REFUSED", "Failed to fetch"))
    set_up(page, place)
    connect(page, place)
    upload(page, place, "amazon_v2_uk.txt")
    page.get_by_role("link", name="Open the settlement").click()
    settlement = page.url
    for name, how in LOST:
        place.world.arm(name, **how)
    page.get_by_role("button", name="Send to").click()
    page.wait_for_url("**/operations/*")
    page.goto(settlement)
    look_until(page, "Outcome unknown")
    expect(page.get_by_text(SILENT)).to_be_hidden()

    place.stop()
    expect(page.get_by_text(SILENT)).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    assert page.url == settlement, "what was on the page stays there"

    place.world.faults.clear()
    place.start()
    expect(page.get_by_text("Ties out").first).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    expect(page.get_by_text(SILENT)).to_be_hidden()
    assert [each["Status"] for each in place.world.evidence("documents")] == ["AUTHORISED"]


def test_who_was_signed_in_is_signed_in_after_a_restart_and_a_form_that_was_open_is_taken(
    place: Place, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    set_up(page, place)
    connect(page, place)
    upload(page, place, "amazon_v2_uk.txt")
    page.get_by_role("link", name="Open the settlement").click()
    settlement = page.url
    place.stop()
    place.start()
    page.get_by_role("button", name="Send to").click()
    page.wait_for_url("**/operations/*")
    page.goto(settlement)
    look_until(page, "Ties out")
