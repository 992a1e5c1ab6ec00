"""A person comes by another login than the account's own, in a real browser with real cookies, and links the two."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Place, Serving
from tests.e2e.test_journey import PASSWORD, set_up
from tieout import app
from tieout.sandbox import server
from tieout.sandbox.openid import exports, providers

pytestmark = pytest.mark.browser


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An installation that nobody has set up yet, and the providers in the place of books."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{listener.getsockname()[1]}"
    world = providers()
    world.hand("redirect", uri=f"{url}/sign-in/google/callback")
    with server.running(world) as there:
        told = dict(line.removeprefix("  export ").split("=", 1) for line in exports(there.base_url))
        own = {"HOME": str(tmp_path), "TIEOUT_DATA": str(tmp_path / "data"), "TIEOUT_URL": url}
        serving = Serving(app.read_environment({**told, **own, "TIEOUT_LOG_LEVEL": "WARNING"}), listener)
        serving.start()
        served = Place(url, world, serving)
        try:
            serving.tools()
            yield served
        finally:
            served.stop()


def with_google(page: Page, place: Place) -> None:
    """From the sign-in page by the button, and through the page that asks there."""
    page.goto(f"{place.url}/sign-in")
    page.get_by_role("button", name="Continue with Google").click()
    page.get_by_role("button", name="Allow").click()


def test_another_login_is_linked_after_the_first_one_was_used(place: Place, open_page: Callable[..., Page]) -> None:
    set_up(open_page(), place)
    page = open_page()
    with_google(page, place)
    expect(page.get_by_role("heading", name="Your account has another login")).to_be_visible()
    assert page.url == f"{place.url}/sign-in/identity", "the address keeps neither code nor state"
    page.get_by_role("link", name="Sign in with your password").click()
    page.get_by_label("E-mail address").fill("olive@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Link this identity").click()
    expect(page.get_by_text("Google is linked: it signs you in from now on.")).to_be_visible()
    another = open_page()
    with_google(another, place)
    expect(another.get_by_text("Olive Finch, owner")).to_be_visible()
