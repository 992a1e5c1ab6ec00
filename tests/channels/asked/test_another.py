"""Another channel that can be asked is a folder, and nothing else has to be told of it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tieout import app, channels
from tieout.sync import channel_accounts
from tieout.sync.tools import Tools

HOME = '''"""A bazaar of nobody's."""
NAME, LABEL, BLOCK = "bazaar", "Bazaar", 900
ACCOUNTS, CLEARING, FILES, FORMATS, COLUMNS = {}, {}, "nothing", {}, frozenset()


def recognises(filename, content):
    return False
'''
FETCH = '''"""Asking the bazaar."""
from tieout.channels import Field

URLS = {"api": "https://bazaar.example", "gate": "https://gate.bazaar.example"}
NEEDS = (Field("stall", "Stall", "Its number."),)
NEEDS_APP, GUIDE, INSTALL = False, "Ask at the gate.", None
PACES, EVERY_MINUTES, HISTORY_DAYS, OVERLAP_DAYS = {}, 60, 30, 1
IS_CONTINUOUS, ARCHIVED, LEAVING = False, "", "Leave by the gate."
'''


@pytest.fixture
def bazaar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "bazaar"
    folder.mkdir()
    (folder / "__init__.py").write_text(HOME)
    (folder / "fetch.py").write_text(FETCH)
    caches = (channels.channels, channels.askable)
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()
    for name in [name for name in sys.modules if name.startswith("tieout.channels.bazaar")]:
        del sys.modules[name]


def test_a_folder_is_enough(bazaar: None, tmp_path: Path) -> None:
    assert set(channels.askable()) == {"amazon", "bazaar", "shopify"}
    tools: Tools = Tools.__new__(Tools)
    object.__setattr__(tools, "channel_apps", {})
    offer = channel_accounts.offer(tools, "bazaar")
    assert offer is not None and (offer.label, offer.history_days, offer.app_lacks) == ("Bazaar", 30, "")
    assert [need.label for need in offer.needs] == ["Stall"]
    found = app.environment.read({"HOME": str(tmp_path), "TIEOUT_BAZAAR_GATE_URL": "https://x"}, *app.addresses())
    assert found.channels["bazaar"].urls == {"gate": "https://x"}


def test_without_the_folder_nobody_knows_of_it() -> None:
    assert "bazaar" not in channels.askable()
