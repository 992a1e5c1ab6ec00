"""From an empty installation to a document that ties out, by hand, with scripts on and off."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place
from tieout.people import organisations, sessions

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parent.parent / "channels" / "amazon"
PASSWORD = "correct horse battery staple"


def set_up(page: Page, place: Place) -> None:
    """The first page, with the token that the console prints."""
    page.goto(f"{place.url}/first-run?token={organisations.first_owner_token(place.tools)}")
    page.get_by_label("Organisation").fill("Harbour & Finch Ltd")
    page.get_by_label("Country").select_option("GB")
    page.get_by_label("Time zone of the books").select_option("Europe/London")
    page.get_by_label("Your name").fill("Olive Finch")
    page.get_by_label("Your e-mail address").fill("olive@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create organisation and owner").click()
    expect(page.get_by_role("heading", name="Set-up: step 1 of 5")).to_be_visible()


def sign_in_by_link(page: Page, place: Place) -> None:
    page.goto(f"{place.url}/sign-in/link?token={sessions.sign_in_link(place.tools)}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def connect(page: Page, place: Place) -> None:
    """Through the consent page of the stand-in and back."""
    page.goto(f"{place.url}/connection")
    page.get_by_role("button", name="Connect Xero").click()
    allow(page)
    expect(page.get_by_text("Connected. The books were read")).to_be_visible()
    assert page.url == f"{place.url}/connection", "the address keeps neither code nor state"


def allow(page: Page) -> None:
    """What the consent page asks, and whether the books are the right ones."""
    page.get_by_role("button", name="Allow access").click()
    page.get_by_role("button", name="Yes, use").click()


def upload(page: Page, place: Place, sample: str) -> None:
    page.goto(f"{place.url}/settlements")
    page.get_by_label("Upload settlement files").set_input_files(SAMPLES / sample)
    page.get_by_role("button", name="Upload", exact=True).click()
    until(page, "Settlements: 1 imported")


def until(page: Page, text: str) -> None:
    """The page shows it by itself; without scripts a person looks again."""
    for _ in range(60):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(250)
        if page.get_by_role("link", name="Look again").count():
            page.reload()
    expect(page.get_by_text(text).first).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_main_job_by_hand(place: Place, open_page: Callable[..., Page], scripts: bool) -> None:
    page = open_page(scripts)
    set_up(page, place)
    connect(page, place)
    upload(page, place, "amazon_v2_uk_two_months.txt")
    page.get_by_role("link", name="Open the settlement").click()
    expect(page.get_by_text("Look it over and send it.")).to_be_visible()

    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_text("What it does to each account")).to_be_visible()
    page.get_by_text("The exact request, byte for byte").first.click()
    expect(page.get_by_text('"InvoiceNumber"').first).to_be_visible()
    page.get_by_role("button", name="Send to").click()
    until(page, "1 of 1 sent and read back")
    page.get_by_role("link", name="Open the settlement").click()
    expect(page.get_by_text("Ties out")).to_be_visible()
    expect(page.get_by_text("match this one with the deposit")).to_be_visible()

    amount = page.locator("table.lines tbody tr").first.locator("td").nth(5).inner_text()
    page.locator("table.lines tbody tr").first.get_by_role("link", name=re.compile("rows?$")).click()
    expect(page.locator(".amount")).to_have_text(amount)
    expect(page.get_by_text("the sum of these rows is the line")).to_be_visible()
    assert len(place.world.evidence("documents")) == 2


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_signing_in_and_out(place: Place, open_page: Callable[..., Page], scripts: bool) -> None:
    page = open_page(scripts)
    set_up(page, place)
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{place.url}/connection")
    page.get_by_label("E-mail address").fill("olive@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Books", exact=True)).to_be_visible()
    sign_in_by_link(open_page(scripts), place)


def test_an_unknown_label_and_a_lost_right_are_mended_by_hand(place: Place, open_page: Callable[..., Page]) -> None:
    page = open_page()
    set_up(page, place)
    connect(page, place)
    upload(page, place, "amazon_v2_unknown_type.txt")
    page.get_by_role("link", name="Open the settlement").click()
    page.get_by_role("link", name="Say what it means").first.click()
    page.get_by_label("It is").select_option("fee.other")
    page.get_by_role("button", name="Save the meaning").click()
    expect(page.get_by_text("Look it over and send it.")).to_be_visible()

    place.world.hand("user-role", role="read-only")
    page.get_by_role("button", name="Send to").click()
    until(page, "Ended, but not everything was sent")
    page.get_by_role("link", name="Open the settlement").click()
    page.get_by_role("link", name="Mend the connection").click()
    expect(page.get_by_text("Connected, needs attention")).to_be_visible()
    place.world.hand("user-role", role="standard")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("Check of Harbour & Finch Ltd")).to_be_visible()
    until(page, "In order")
    page.goto(f"{place.url}/settlements")
    page.get_by_role("link", name="Amazon").first.click()
    expect(page.get_by_text("Ties out").or_(page.get_by_role("button", name="Send again"))).to_be_visible()


DROP = """([name, text]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([text], name, {type: "text/plain"}));
    const form = document.querySelector("form[data-drop]");
    form.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


def test_a_dropped_file_is_uploaded(place: Place, open_page: Callable[..., Page]) -> None:
    page = open_page()
    set_up(page, place)
    page.goto(f"{place.url}/settlements")
    page.evaluate(DROP, ["picture.txt", "no settlement at all"])
    until(page, "Not done")
    page.get_by_role("link", name="Choose another file").click()
    page.evaluate(DROP, ["a.txt", (SAMPLES / "amazon_v2_negative.txt").read_text("utf-8")])
    until(page, "Settlements: 1 imported")


def test_a_file_too_large_is_refused_before_it_travels(place: Place, open_page: Callable[..., Page]) -> None:
    page = open_page()
    set_up(page, place)
    page.goto(f"{place.url}/settlements")
    page.evaluate("document.querySelector('form[data-drop]').dataset.limitBytes = '1048576'")
    page.evaluate(DROP, ["big.txt", "x" * 1_500_000])
    expect(page.get_by_text("big.txt has 2 MB; up to 1 MB can be uploaded here.")).to_be_visible()


def test_the_search_finds_while_one_types(place: Place, open_page: Callable[..., Page]) -> None:
    page = open_page()
    set_up(page, place)
    upload(page, place, "amazon_v2_negative.txt")
    page.goto(f"{place.url}/settlements")
    page.get_by_role("searchbox", name="Search").press_sequentially("no such thing")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("")
    page.get_by_label("Select all that can be sent").check()
    expect(page.get_by_role("button", name="Send 1 selected")).to_be_visible()


def test_no_page_is_wider_than_its_window_and_each_follows_the_systems_colours(
    place: Place, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    set_up(page, place)
    connect(page, place)
    upload(page, place, "amazon_v2_uk.txt")
    page.get_by_role("link", name="Open the settlement").click()
    settlement = page.url.removeprefix(place.url)
    paths = [settlement, f"{settlement}/preview", f"{settlement}/parts/1/lines/0", "/settlements", "/connection"]
    paths += [
        "/mapping",
        "/mapping/place?scope=fees",
        "/mapping/versions",
        "/issues",
        "/problems",
        "/tokens",
        "/settlements?since=2020-01-01",
    ]
    for width in (1440, 390):
        for scheme in ("light", "dark"):
            other = open_page(width=width, scheme=scheme)
            sign_in_by_link(other, place)
            for path in paths:
                other.goto(place.url + path)
                assert other.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                assert other.locator("html").get_attribute("data-bs-theme") == scheme


def test_the_whole_way_from_connecting_to_a_mended_permission(place: Place, open_page: Callable[..., Page]) -> None:
    """Connect, upload, map, preview, send, open a line to its rows, lose a permission, see why, mend it, sent."""
    page = open_page()
    set_up(page, place)
    connect(page, place)
    upload(page, place, "amazon_v2_uk.txt")
    page.goto(f"{place.url}/mapping")
    page.get_by_role("link", name="Change Advertising").click()
    page.get_by_label("Account").select_option("400")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Advertising books to 400 now.")).to_be_visible()

    page.goto(f"{place.url}/settlements")
    page.get_by_role("link", name="Amazon").first.click()
    first = page.url
    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_role("heading", name="What it does to each account")).to_be_visible()
    expect(page.locator(".accounts").get_by_text("400 Advertising")).to_be_visible()
    page.get_by_role("button", name="Send to").click()
    until(page, "1 of 1 sent and read back")
    page.goto(first)
    expect(page.get_by_text("Ties out")).to_be_visible()
    page.locator("table.lines a").first.click()
    expect(page.get_by_text("the sum of these rows is the line")).to_be_visible()

    upload(page, place, "amazon_v2_uk_two_months.txt")
    page.get_by_role("link", name="Open the settlement").click()
    second = page.url
    place.world.hand("user-role", role="read-only")
    page.get_by_role("button", name="Send to").click()
    until(page, "Ended, but not everything was sent")
    page.goto(second)
    expect(page.locator("#status").get_by_text("Blocked")).to_be_visible()
    expect(page.get_by_text("You are not permitted to access this resource").first).to_be_visible()
    page.get_by_role("link", name="What to do").first.click()
    expect(
        page.get_by_text("gives Olive").or_(page.get_by_text("the right to create and approve")).first
    ).to_be_visible()

    place.world.hand("user-role", role="standard")
    page.get_by_role("button", name="Check again").click()
    for _ in range(80):
        page.goto(second)
        if page.get_by_text("Ties out").count():
            break
        page.wait_for_timeout(250)
    expect(page.get_by_text("Ties out")).to_be_visible()
    assert len(place.world.evidence("documents")) == 3, "one document a month, and none twice"
