"""Every page, light and dark, as axe-core judges it by the rules of WCAG 2.2 A and AA, and by keyboard alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place
from tests.e2e.test_journey import SAMPLES, connect, set_up, sign_in_by_link, until, upload

pytestmark = pytest.mark.browser

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
# What can differ where a page is dark and narrow; everything else was judged where it is light and wide.
OTHERWISE = {"runOnly": ["color-contrast", "target-size", "scrollable-region-focusable"]}


def complaints(page: Page, options: dict[str, Any] = RULES) -> list[str]:
    found: dict[str, Any] = Axe().run(page, options=options).response
    return [
        f"{page.url}: {each['id']}: {each['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def pages(page: Page, place: Place) -> Iterator[str]:
    """The addresses of all kinds of pages, in the states that look different."""
    yield from ("/settlements", "/mapping", "/mapping/versions", "/connection", "/issues", "/problems", "/tokens")
    yield from ("/account", "/account/second-factor")
    yield from ("/people", "/practice", "/offers", "/client-link", "/clients/new")
    connect(page, place)
    yield "/connection"
    upload(page, place, "amazon_v2_unknown_type.txt")
    page.get_by_role("link", name="Open the settlement").click()
    yield page.url.removeprefix(place.url)
    page.get_by_role("link", name="Say what it means").first.click()
    yield page.url.removeprefix(place.url)
    upload(page, place, "amazon_v2_uk_two_months.txt")
    page.get_by_role("link", name="Open the settlement").click()
    blocked = page.url.removeprefix(place.url)
    place.world.hand("user-role", role="read-only")
    page.get_by_role("button", name="Send to").click()
    until(page, "Ended, but not everything was sent")
    yield page.url.removeprefix(place.url)
    yield from (blocked, f"{blocked}/preview", f"{blocked}/parts/1/lines/0")
    yield from ("/settlements", "/settlements?since=2020-01-01&sort=largest", "/settlements?search=nothing-like-it")
    yield from (
        "/mapping",
        "/mapping/place?scope=advertising",
        "/mapping/place?scope=fee.referral",
        "/mapping/versions",
    )
    page.goto(f"{place.url}/issues")
    yield "/issues"
    for link in page.locator("main a[href^='/issues/']").all():
        yield str(link.get_attribute("href"))
    yield "/problems/user-not-permitted"
    yield "/connection"


def test_axe_finds_nothing_on_any_page(place: Place, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(f"{place.url}/first-run")
    found = complaints(page)
    set_up(page, place)
    light, dark = open_page(), open_page(width=390, scheme="dark")
    for other in (light, dark):
        other.goto(f"{place.url}/sign-in")
        found += complaints(other)
        sign_in_by_link(other, place)
    for path in pages(page, place):
        for other, options in ((light, RULES), (dark, OTHERWISE)):
            other.goto(place.url + path)
            found += complaints(other, options)
    assert not found, "\n".join(found)


def test_without_scripts_a_dark_system_gets_dark_pages_that_can_be_read(
    place: Place, open_page: Callable[..., Page]
) -> None:
    """Whoever runs no scripts gets no verdict of axe either: the colours that were drawn are compared instead."""
    bare, scripted = open_page(scripts=False, scheme="dark"), open_page(scheme="dark")
    pictures = []
    for page in (bare, scripted):
        page.goto(f"{place.url}/first-run?token=none")
        pictures.append(page.locator("h1").screenshot())
    assert pictures[0] == pictures[1], "dark letters on a dark page, or light ones on a light page"


def test_a_settlement_is_uploaded_and_its_lines_opened_by_keyboard_alone(
    place: Place, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    set_up(page, place)
    page.goto(f"{place.url}/settlements")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Upload settlement files").set_input_files(SAMPLES / "amazon_v2_uk.txt")
    page.get_by_role("button", name="Upload", exact=True).focus()
    page.keyboard.press("Enter")
    until(page, "Settlements: 1 imported")
    page.get_by_role("link", name="Open the settlement").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Look it over and send it.")).to_be_visible()
    line = page.locator("table.lines a").first
    line.focus()
    outline = line.evaluate("(link) => getComputedStyle(link).outlineStyle + getComputedStyle(link).boxShadow")
    assert outline != "nonenone", "whoever uses the keyboard sees where it is"
    page.keyboard.press("Enter")
    expect(page.get_by_text("the sum of these rows is the line")).to_be_visible()
