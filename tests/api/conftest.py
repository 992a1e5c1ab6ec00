"""The API over a whole product and its stand-in, as another program calls it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.conftest import RecordingJobs
from tests.sync.conftest import SAMPLES, House, MovingClock, _Registering, house, ledger
from tests.sync.ledgers import SITE
from tieout.api import ApiSettings, mount
from tieout.app import new_id
from tieout.calls import Transport
from tieout.core.actor import Actor
from tieout.people import tokens
from tieout.people.organisations import FirstOwner, create_owner
from tieout.people.tokens import Scope, Wanted
from tieout.store import people
from tieout.store.engine import open_engines, write
from tieout.store.organisations import Organisation, create
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import work
from tieout.sync.tools import Tools

__all__ = ["SAMPLES", "Program", "house", "ledger"]

BASE = SITE
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
        _, text = tokens.create(self.house.tools, Actor("", "", "Olive Finch"), wanted)
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


@pytest.fixture(scope="module")
def doorstep(prepared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program for questions that change nothing, one for all of a module. No books can be connected here."""
    folder = tmp_path_factory.mktemp("doorstep")
    shutil.copy(prepared_file, folder / "app.db")
    engines, jobs, clock = open_engines(f"sqlite:///{folder}/app.db"), RecordingJobs(), MovingClock()
    vault = Vault(engines, MasterKeys((b"k" * 32,), "the test"))
    tools = Tools(engines, vault, Transport(), jobs, clock, new_id, {}, "worker")
    work.register(_Registering(jobs), tools)
    member = create_owner(tools, FirstOwner("Harbour & Finch Ltd", "GB", "Europe/London", "Olive", "o@example.com", ""))
    actor = Actor(member.organisation, member.person, "Olive")
    made = House(tools, jobs, None, clock, actor)
    app = FastAPI(openapi_url=None)
    mount(app, tools, ApiSettings(BASE, folder / "spool", MANY))
    with TestClient(app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False) as client:
        yield Program(made, client, folder / "spool").as_token()
    engines.dispose()


@pytest.fixture
def neighbour(house: House) -> str:
    """The id of another organisation of the same installation."""
    return a_neighbour(house)


def a_neighbour(house: House) -> str:
    other = Organisation("org-neighbour", "Neighbour Ltd", "GB", "Europe/London", house.clock())
    with write(house.tools.engines, other.id) as db:
        create(db, house.tools.vault, other)
    return other.id


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
