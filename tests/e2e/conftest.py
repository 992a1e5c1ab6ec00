"""A real browser before the whole product: pages, durable jobs and the Xero stand-in, each on a port of its own."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tieout import app
from tieout.core.posting import Timing
from tieout.sandbox import server
from tieout.sandbox.xero import app as register_app
from tieout.sandbox.xero import books, of
from tieout.sandbox.xero.scenarios import APP_ID, APP_SECRET

# Headless Chromium without a sandbox of its own, and without anything that speaks to the outside by itself.
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# The stand-in carries out what it is asked at once or never, so the waits that real books need can be short here.
TIMING = Timing(
    not_found_wait=timedelta(seconds=2),
    back_off_first=timedelta(seconds=1),
    look_first=timedelta(seconds=1),
    failed_look=timedelta(seconds=1),
)
TIMEOUT_MILLISECONDS = 20_000


@dataclass
class Place:
    """Where the product is served, its parts, and the hands of the stand-in behind it. It can be stopped and go on."""

    url: str
    world: Any
    serving: "Serving"

    @property
    def tools(self) -> Any:
        return self.serving.tools()

    def stop(self) -> None:
        self.serving.stop()

    def start(self) -> None:
        """The same installation at the same address."""
        port = int(self.url.rpartition(":")[2])
        self.serving = Serving(self.serving.settings, socket.create_server(("127.0.0.1", port)))
        self.serving.start()
        self.serving.tools()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An installation that nobody has set up yet."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{listener.getsockname()[1]}"
    world = books(scenario="london")
    register_app(of(world).books, redirect_uris=(f"{url}/oauth/xero/callback",))
    with server.running(world) as stand_in:
        serving = Serving(app.read_environment(_environ(tmp_path, url, stand_in.base_url)), listener)
        serving.start()
        served = Place(url, world, serving)
        try:
            serving.tools()
            yield served
        finally:
            served.stop()


class Serving(threading.Thread):
    """The product and its pages in a thread of their own: Playwright keeps an event loop in the one of the tests."""

    def __init__(self, settings: Any, listener: socket.socket) -> None:
        super().__init__(daemon=True)
        self.settings, self.listener = settings, listener
        self.server: uvicorn.Server | None = None
        self.product: Any = None

    def run(self) -> None:
        with app.opened(self.settings, works=True, timing=TIMING) as self.product:
            config = uvicorn.Config(app.web_app(self.product), log_config=None, access_log=False)
            self.server = uvicorn.Server(config)
            self.server.run(sockets=[self.listener])

    def tools(self) -> Any:
        """What the verbs need, once the pages are served."""
        while self.server is None or not self.server.started:
            assert self.is_alive(), "the product did not start"
            time.sleep(0.02)
        return self.product.tools

    def stop(self) -> None:
        if self.server is not None:
            self.server.should_exit = True
        self.join(20)
        self.listener.close()
        assert not self.is_alive(), "the product did not stop"


def _environ(folder: Path, url: str, stand_in: str) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "TIEOUT_DATA": str(folder / "data"),
        "TIEOUT_URL": url,
        "TIEOUT_HOST": "127.0.0.1",
        "TIEOUT_LOG_LEVEL": "WARNING",
        "TIEOUT_XERO_CLIENT_ID": APP_ID,
        "TIEOUT_XERO_CLIENT_SECRET": APP_SECRET,
        **{f"TIEOUT_XERO_{part}_URL": stand_in for part in ("LOGIN", "IDENTITY", "API")},
    }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "no Chromium on this machine: install the package chromium, or leave the tests marked browser out"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Pages in browsers of their own. Whatever the console complains of, content policy included, fails the test.

    `bears` are the complaints that a test brings about itself.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def complain(told: ConsoleMessage, bears: tuple[str, ...]) -> None:
        if told.type == "error" and not any(words in told.text for words in bears):
            complaints.append(f"{told.text} ({told.location})")

    def make(scripts: bool = True, width: int = 1440, scheme: str = "light", bears: tuple[str, ...] = ()) -> Page:
        viewport: Any = {"width": width, "height": 900}
        context = browser.new_context(java_script_enabled=scripts, viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda told: complain(told, bears))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, complaints
