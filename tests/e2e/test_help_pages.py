"""The connection sections of five help pages of other products: what they tell people to do is done here, or needless.

Each journey bears the name of its page among the seeds of this project. Where the page says "contact support", "clear
the cache" or "record a video", the journey shows what stands in its place.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place
from tests.e2e.test_journey import PASSWORD, allow, connect, set_up, until, upload
from tests.sync.ledgers import XERO

pytestmark = pytest.mark.browser

Opener = Callable[..., Page]


def books(page: Page, place: Place) -> None:
    page.goto(f"{place.url}/connection")


def shows(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def press(page: Page, name: str, **more: Any) -> None:
    page.get_by_role("button", name=name, **more).first.click()


def sent(page: Page, address: str, place: Place) -> None:
    """By itself: nobody presses anything but reload."""
    for _ in range(80):
        page.goto(address)
        if page.get_by_text("Ties out").count():
            break
        page.wait_for_timeout(250)
    shows(page, "Ties out")
    numbers = [each["number"] for each in place.world.evidence("documents") if each.get("number")]
    assert len(numbers) == len(set(numbers)), "each document once"


def ready(page: Page, place: Place, sample: str) -> str:
    """A settlement that could be sent, and its address."""
    upload(page, place, sample)
    page.get_by_role("link", name="Open the settlement").click()
    return page.url


def test_000_1a56506e325c7283(place: Place, open_page: Opener) -> None:
    """Connection issues: a role too small, a step that freezes, an error, a right that is missing in the books."""
    page = open_page()
    set_up(page, place)

    # 1. Permissions while connecting several channels: the page names the right and who can give it.
    page.goto(f"{place.url}/people")
    page.get_by_label("E-mail address").fill("bob@example.com")
    page.get_by_label("As", exact=True).first.select_option("basic")
    press(page, "Invite", exact=True)
    invitation = page.get_by_label("The link").input_value()
    bob = open_page(bears=("403", "400"))  # a page of a role too small; the error page of the other side
    bob.goto(invitation)
    bob.get_by_label("Your name").fill("Bob Keeper")
    bob.get_by_label("Choose a password").fill(PASSWORD)
    press(bob, "Make the account and join")
    books(bob, place)
    expect(bob.get_by_role("button", name="Connect Xero")).to_have_count(0)
    bob.goto(f"{place.url}/start")
    shows(bob, "Your role does not include the right to connect books and sales channels")
    shows(bob, "Olive Finch")
    press(bob, "Ask for access")
    page.goto(f"{place.url}/people")
    shows(page, "asks to")
    press(page, "Grant")
    books(bob, place)
    expect(bob.get_by_role("button", name="Connect Xero")).to_be_visible()

    # 2. Stuck on the screen that connects the books: the other side never sends anybody back.
    place.world.arm("consent-stuck", count=1)
    press(bob, "Connect Xero")
    bob.wait_for_url(lambda url: not url.startswith(place.url))
    press(bob, "Allow access")
    bob.goto(f"{place.url}/start")
    shows(bob, "Begun")
    books(page, place)
    press(page, "Connect Xero")
    allow(page)
    shows(page, "Connected. The books were read")

    # 3. An error, or somebody else has the rights: a link that works in another browser, without an account here.
    place.world.hand("tenant-gone")
    press(page, "Check", exact=True)
    shows(page, "not among the connected organisations any more")
    books(page, place)
    shows(page, "Disconnected")
    press(page, "Reconnect link")
    link = page.get_by_label("Copy it now").input_value()
    colleague = open_page()
    colleague.goto(link)
    shows(colleague, "You need no account with Tieout")
    press(colleague, "Continue to Xero")
    press(colleague, "Allow access")
    shows(colleague, "Thank you: the books are connected")
    books(page, place)
    shows(page, "Connected")

    # 4. "You are not permitted to access this resource": who connected, which right, and it goes on by itself.
    address = ready(page, place, "amazon_v2_uk.txt")
    place.world.hand("user-role", role="read-only")
    press(page, "Send to")
    until(page, "Ended, but not everything was sent")
    page.goto(address)
    page.get_by_role("link", name="What to do").first.click()
    shows(page, "but may not create")
    place.world.hand("user-role", role="standard")
    press(page, "Check again")
    sent(page, address, place)

    # 5. A send that hangs: the answer is lost, the books are asked, and nothing is sent twice.
    address = ready(page, place, "amazon_v2_negative.txt")
    place.world.arm("reset", at="after", path="/Invoices", method="POST", count=1)
    press(page, "Send to")
    sent(page, address, place)


def test_001_7723b8c15b0c0a9e(place: Place, open_page: Opener) -> None:
    """Refused although the person has the rights: the connection has gone stale, and one press cleans it up."""
    page = open_page()
    set_up(page, place)
    connect(page, place)
    address = ready(page, place, "amazon_v2_uk.txt")
    place.world.arm("sticky-refusal", count=None)
    press(page, "Send to")
    until(page, "Ended, but not everything was sent")
    books(page, place)
    shows(page, "needs attention")
    page.get_by_role("button", name="Reconnect", exact=True).first.click()
    press(page, "Allow access")
    books(page, place)
    press(page, "Clean reconnect")  # removes this one connection at the other side, then asks again
    press(page, "Allow access")
    page.wait_for_url(f"{place.url}/connection*")
    sent(page, address, place)


def test_002_a6dc1b58946a0308(place: Place, open_page: Opener) -> None:
    """No option to send: the reason stands beside the button, in the order in which one would look."""
    page = open_page()
    set_up(page, place)
    address = ready(page, place, "amazon_v2_uk.txt")
    shows(page, "onnect")  # the first thing that is missing: books
    connect(page, place)

    # Step 1: the authorisation has ended, whatever ended it.
    place.world.arm("token-expired", count=None)
    fault = place.world.arm("grant-dead", count=None)
    page.goto(address)
    press(page, "Send to")
    until(page, "Ended, but not everything was sent")
    books(page, place)
    shows(page, "Token expired")
    place.world.faults.clear()
    assert fault not in place.world.faults.armed()
    page.get_by_role("button", name="Reconnect", exact=True).first.click()
    press(page, "Allow access")
    page.wait_for_url(f"{place.url}/connection*")
    sent(page, address, place)


def test_003_bee7cb3517035d5b(place: Place, open_page: Opener) -> None:
    """The connection fails during set-up, or its token expires."""
    page = open_page()
    set_up(page, place)

    # No pop-up and no script is needed, and cookies that were cleared on the way cost one more click.
    plain = open_page(scripts=False)
    plain.goto(f"{place.url}/sign-in?back=/connection")
    plain.get_by_label("E-mail address").fill("olive@example.com")
    plain.get_by_label("Password", exact=True).fill(PASSWORD)
    press(plain, "Sign in", exact=True)
    press(plain, "Connect Xero")
    plain.wait_for_url(lambda url: not url.startswith(place.url))
    plain.context.clear_cookies()
    press(plain, "Allow access")
    shows(plain, "its cookies were blocked or cleared")
    expect(plain.get_by_role("link", name="Retry in this window")).to_be_visible()

    # Not every permission was granted: which, and what each is for.
    place.world.arm("scope-narrow", scopes="accounting.attachments", count=1)
    books(page, place)
    press(page, "Connect Xero")
    allow(page)
    shows(page, "Connected, but")
    page.get_by_text("Permissions:").click()
    shows(page, "Not granted.")
    page.get_by_role("button", name="Reconnect", exact=True).first.click()
    press(page, "Allow access")
    shows(page, "Connected. The books were read")

    # Signed in to another accounting organisation: nothing is mixed; a person decides.
    place.world.hand("tenant-gone")
    press(page, "Check", exact=True)
    shows(page, "connection-removed-remotely")
    books(page, place)
    place.world.arm("consent-other-tenant", tenant=XERO.second(place.world), count=1)
    page.get_by_role("button", name="Reconnect", exact=True).first.click()
    press(page, "Allow access")
    shows(page, "These are other books than before")
    press(page, "Switch back: approve")
    press(page, "Allow access")
    page.wait_for_url(f"{place.url}/connection*")
    shows(page, "Connected")

    # TOKEN_EXPIRED: the button renews it and says until when.
    press(page, "Refresh token")
    shows(page, "enewed")


def test_004_dd8dc398c87fdc1f(place: Place, open_page: Opener) -> None:
    """What a platform's administrator looks at: expiry, scopes, status, and whether the app was revoked there."""
    page = open_page()
    set_up(page, place)
    connect(page, place)
    shows(page, "Access expires")
    shows(page, "Last renewal")
    press(page, "Check", exact=True)
    shows(page, "12.")
    place.world.hand("tenant-gone")
    press(page, "Check again")
    shows(page, "connection-removed-remotely")
    books(page, place)
    shows(page, "Disconnected")
    page.get_by_text("What it has been through").click()
    page.get_by_role("button", name="Reconnect", exact=True).first.click()
    press(page, "Allow access")
    page.wait_for_url(f"{place.url}/connection*")
    shows(page, "Connected")
