"""The API over a whole product and its stand-in, as another program calls it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.sync.conftest import REDIRECT, SAMPLES, House, house
from tieout.api import ApiSettings, mount
from tieout.people import tokens
from tieout.people.tokens import Scope, Wanted
from tieout.store import people
from tieout.store.engine import write
from tieout.store.organisations import Organisation, create

__all__ = ["SAMPLES", "Program", "house"]

BASE = REDIRECT.partition("/oauth")[0]
MANY = 5_000_000


@dataclass
class Program:
    """Another program at our door, with its token; `house` is the product behind it."""

    house: House
    client: TestClient
    spool: Path
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **how: Any) -> Any:
        headers = ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | self.headers
        return self.client.request(method, path, headers={**headers, **how.pop("headers", {})}, **how)

    def get(self, path: str, **how: Any) -> Any:
        return self.call("GET", path, **how)

    def post(self, path: str, **how: Any) -> Any:
        return self.call("POST", path, **how)

    def as_token(
        self, *scopes: str, person: str | None = None, days: int = 90, covers: tuple[str, ...] = ()
    ) -> "Program":
        """The same program with another token."""
        organisations = covers or (self.house.organisation,)
        wanted = Wanted("Till", scopes or tuple(Scope), organisations, days, person)
        _, text = tokens.create(self.house.tools, "Olive Finch", wanted)
        return Program(self.house, self.client, self.spool, text)

    def hand_in(self, name: str, content: bytes | None = None, **how: Any) -> Any:
        """A sample file, or these bytes under its name."""
        content = (SAMPLES / name).read_bytes() if content is None else content
        headers = {"Content-Type": "application/octet-stream", **how.pop("headers", {})}
        return self.post(f"/api/settlements?filename={name}", content=content, headers=headers, **how)

    def settlement(self, sample: str = "amazon_v2_uk.txt") -> str:
        return self.house.receive_sample(sample)


@pytest.fixture
def make_program(house: House, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    clients: list[TestClient] = []

    def make(upload_limit_bytes: int = MANY) -> Program:
        app = FastAPI(openapi_url=None)  # stands for the pages, which the API is put beside
        mount(app, house.tools, ApiSettings(BASE, tmp_path / "spool", upload_limit_bytes))
        client = TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)
        clients.append(client)
        return Program(house, client, tmp_path / "spool").as_token()

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def program(make_program: Callable[..., Program]) -> Program:
    """A program with every scope, for the one organisation."""
    return make_program()


@pytest.fixture
def neighbour(house: House) -> str:
    """The id of another organisation of the same installation."""
    with write(house.tools.engines, "org-neighbour") as db:
        create(
            db, house.tools.vault, Organisation("org-neighbour", "Neighbour Ltd", "GB", "Europe/London", house.clock())
        )
    return "org-neighbour"


def a_person(house: House, role: str, id: str = "bob") -> str:
    """Somebody with a role in the organisation."""
    with write(house.tools.engines, house.organisation) as db:
        people.add_person(db, people.Person(id, f"{id}@example.com", id.capitalize(), "", house.clock()))
        people.add_member(db, id, role, house.clock())
    return id


def code(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal, whose shape must be the one shape."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert set(body) == {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "request_id",
        "fields",
        "problem",
        "issue_id",
        "operation_id",
        "retry",
        "actions",
    }
    assert body["status"] == answer.status_code and body["type"] == f"/errors/{body['code']}"
    assert body["title"] and body["detail"] and "Traceback" not in answer.text
    return answer.status_code, body["code"]


def field_codes(answer: Any) -> dict[str, str]:
    return {each["path"]: each["code"] for each in answer.json()["fields"]}
