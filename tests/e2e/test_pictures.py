"""The pictures of the README, taken of the product; `make pictures` keeps them, as TIEOUT_PICTURES says where."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e._png import small
from tests.e2e.conftest import Place
from tests.e2e.test_journey import connect, set_up, sign_in_by_link, until, upload

pytestmark = pytest.mark.browser

MOST_BYTES = 200_000


def test_the_pictures_of_the_readme(place: Place, open_page: Callable[..., Page], tmp_path: Path) -> None:
    folder = Path(os.environ.get("TIEOUT_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page = open_page(width=1280)
    set_up(page, place)
    connect(page, place)
    upload(page, place, "amazon_v2_negative.txt")
    upload(page, place, "amazon_v2_unknown_type.txt")
    upload(page, place, "amazon_v2_uk.txt")
    page.get_by_role("link", name="Open the settlement").click()
    settlement = page.url
    page.get_by_role("button", name="Send to").click()
    until(page, "1 of 1 sent and read back")
    page.goto(settlement)
    expect(page.get_by_text("Ties out")).to_be_visible()
    keep(page, folder / "settlement.png")
    narrow = open_page(width=390, scheme="dark")
    sign_in_by_link(narrow, place)
    narrow.goto(f"{place.url}/settlements")
    expect(narrow.get_by_text("Ties out")).to_be_visible()
    keep(narrow, folder / "settlements-narrow-dark.png")


def keep(page: Page, path: Path) -> None:
    path.write_bytes(small(page.screenshot()))
    content = path.read_bytes()
    size: dict[str, int] | None = page.viewport_size  # type: ignore[assignment]
    assert size and struct.unpack(">II", content[16:24]) == (size["width"], size["height"])
    assert len(content) < MOST_BYTES, f"{path.name} has {len(content)} bytes"
