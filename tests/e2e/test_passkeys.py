"""A passkey of Chromium's own virtual device: added to an account, then a sign-in by itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place
from tieout.people import organisations, sessions

pytestmark = pytest.mark.browser

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


OWNER = organisations.FirstOwner(
    "Harbour & Finch Ltd", "GB", "Europe/London", "Olive Finch", "olive@example.com", "correct horse battery staple"
)


def sign_in(page: Page, place: Place) -> None:
    """As the owner of a new installation, by the link that its console prints."""
    organisations.create_owner(place.tools, OWNER)
    page.goto(f"{place.url}/sign-in/link?token={sessions.sign_in_link(place.tools)}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_without_a_password(place: Place, open_page: Callable[..., Page]) -> None:
    page = open_page()
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    sign_in(page, place)
    page.goto(f"{place.url}/account")
    page.get_by_role("link", name="Set up a second factor").click()
    page.get_by_label("Its name").fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes now")).to_be_visible()
    expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("button", name="Remove My laptop")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(f"{place.url}/account")
    expect(page.get_by_text("1 passkey; 10 recovery codes left.")).to_be_visible()
