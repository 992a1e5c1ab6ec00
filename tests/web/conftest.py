"""The pages over a whole product and its stand-in, as a browser without scripts would use them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from tests.sync.conftest import SAMPLES, House, house, ledger
from tests.sync.ledgers import SITE
from tieout.people import passwords, sessions
from tieout.web import WebSettings, make_app

__all__ = ["SAMPLES", "Site", "house", "ledger"]

BASE = SITE
MANY = 5_000_000


@dataclass
class Site:
    """One browser at our door; `house` is the product behind it."""

    house: House
    client: TestClient
    spool: Path

    def get(self, path: str, **how: Any) -> Any:
        return self.client.get(path, **how)

    def page(self, path: str) -> str:
        """The text of a page, which must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, words(answer.text))
        return str(answer.text)

    def token(self, path: str = "/settlements") -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found, f"{path} has no form"
        return found[1]

    def post(self, path: str, form: dict[str, Any] | None = None, page: str = "/settlements", **how: Any) -> Any:
        """A form as the page at `page` would send it."""
        return self.client.post(path, data={"csrf": self.token(page), **(form or {})}, **how)

    def sign_in(self) -> None:
        visit = sessions.Visit("192.0.2.1", "")
        token = sessions.begin(self.house.tools, self.house.actor.person, visit)
        self.client.cookies.set("tieout-session", token)

    def upload(self, name: str, content: bytes, **how: Any) -> Any:
        files = {"file": (name, content, "text/plain")}
        return self.client.post("/settlements/upload", data={"csrf": self.token()}, files=files, **how)

    def settlement(self, sample: str = "amazon_v2_uk.txt") -> str:
        """The id of a settlement that was imported."""
        return self.house.receive_sample(sample)


def words(page: str) -> str:
    """What a person reads of a page."""
    text = re.sub(r"(?s)<(head|svg|script|style).*?</\1>", " ", page)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost is tested in tests/people; here it would only be slow."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1))


@pytest.fixture
def make_site(house: House, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Sites over one product: each call is another browser."""
    clients: list[TestClient] = []

    def make(base: str = BASE, upload_limit_bytes: int = MANY) -> Site:
        spool = tmp_path / "spool"
        app = make_app(house.tools, WebSettings(base, spool, upload_limit_bytes))
        client = TestClient(app, base_url=base, raise_server_exceptions=False, follow_redirects=False)
        clients.append(client)
        return Site(house, client, spool)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def stranger(make_site: Callable[..., Site]) -> Site:
    """Somebody who is not signed in."""
    return make_site()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Olive, who owns, signed in."""
    made = make_site()
    made.sign_in()
    return made
