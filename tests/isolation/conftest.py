"""Three organisations of one installation, made once a module: ours with real work, a stranger's, one of canaries."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from itsdangerous import URLSafeTimedSerializer
from starlette.testclient import TestClient

from tests.conftest import RecordingJobs, add_member, set_role
from tests.isolation.filling import WORD, Rows, fill
from tests.sync.conftest import House, MovingClock, _Registering
from tests.sync.ledgers import SITE, XERO
from tieout.api import ApiSettings, mount
from tieout.app import new_id
from tieout.calls import Transport
from tieout.core.actor import Actor
from tieout.core.channel_account import ChannelAccount
from tieout.people import passwords, sessions, tokens
from tieout.people.organisations import FirstOwner, create_owner
from tieout.people.tokens import Scope, Wanted
from tieout.sandbox import server
from tieout.store import channel_accounts, issues
from tieout.store.channel_accounts import SealedKeys
from tieout.store.engine import open_engines, read, write
from tieout.store.organisations import Organisation, create
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import operations, work
from tieout.sync.tools import Tools
from tieout.web import WebSettings, make_app
from tieout.web.guard import form_token

ROLES = ("owner", "admin", "accountant", "basic")
STRANGER, CANARY = "org-stranger", "org-canary"
OURS = ("Zeisig", "Zilpzalp", "zora@", "Stieglitz")


@dataclass
class World:
    """`made` are the ids of one object of each kind in the canaries' organisation, `own` some of ours."""

    house: House
    made: Rows
    own: Rows
    client: TestClient
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def browse(self, who: str, method: str, path: str, form: dict[str, Any] | None = None) -> Any:
        """As somebody's browser with a form of ours; `who` is empty for one that nobody has signed in."""
        session = self.sessions.get(who, "")
        cookies = {"tieout-session": session} if session else {"tieout-device": "a device"}
        self.client.cookies.clear()
        visitor = sessions.current(self.house.tools, session) if session else None
        own = form_token(session or "a device", visitor.organisation.id if visitor else "")
        sent = {"csrf": own, **(form or {})} if method != "GET" else None
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return self.client.request(method, path, data=sent, headers={"Cookie": header})

    def program(self, who: str, method: str, path: str, **how: Any) -> Any:
        """As a program with somebody's token; `who` is empty for one without."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return self.client.request(method, path, **how | {"headers": {**headers, **how.get("headers", {})}})


@pytest.fixture(scope="module")
def world(prepared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("isolation")
    shutil.copy(prepared_file, folder / "app.db")
    engines, jobs, clock = open_engines(f"sqlite:///{folder}/app.db"), RecordingJobs(), MovingClock()
    vault = Vault(engines, MasterKeys((b"k" * 32,), "the test"))
    with server.running(XERO.world(clock)) as running, pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1))
        apps = {XERO.name: XERO.app(running.base_url)}
        tools = Tools(engines, vault, Transport(), jobs, clock, new_id, apps, "worker")
        work.register(_Registering(jobs), tools)
        wanted = FirstOwner("Zeisig & Sons", "GB", "Europe/London", "Zora Zilpzalp", "zora@example.com", "")
        member = create_owner(tools, wanted)
        house = House(tools, jobs, running, clock, Actor(member.organisation, member.person, "Zora Zilpzalp"))
        made = World(house, _canaries(house), _ours(house), TestClient(an_app(tools, folder), follow_redirects=False))
        made.client.base_url = made.client.base_url.copy_with(scheme="http", host="localhost", port=8080)
        _people(made)
        yield made
        tools.transport.close()
    engines.dispose()


def an_app(tools: Tools, folder: Path) -> FastAPI:
    app = make_app(tools, WebSettings(SITE, folder / "spool", 5_000_000))
    mount(app, tools, ApiSettings(SITE, folder / "spool", 5_000_000))
    return app


def _ours(house: House) -> Rows:
    """Real work of every usual kind: books, a settlement, its operation, an issue, a seller account, a token."""
    house.connect()
    id, now = house.receive_sample("amazon_v2_uk.txt"), house.clock()
    house.send(id)
    house.receive_sample("amazon_v2_unknown_type.txt")
    account = ChannelAccount("account-own", "amazon", "seller", "Stieglitz Shop", "eu", "", "Zora", now, now)
    with write(house.tools.engines, house.organisation) as db:
        assert channel_accounts.keep(db, account, SealedKeys("", "", "", "token", None))
    with read(house.tools.engines, house.organisation) as db:
        issue = issues.listed(db, ("open",))[0].id
    token, _ = tokens.create(house.tools, house.actor, Wanted("Ours", tuple(Scope), (house.organisation,), 9))
    ids = {
        "settlements": id,
        "operations": operations.newest(house.tools, house.organisation)[0].id,
        "issues": issue,
        "channel_accounts": account.id,
        "connections": house.tools.jobs and _connection(house),
        "api_tokens": token.id,
        "persons": house.actor.person,
        "organisations": house.organisation,
    }
    return {table: {"id": each} for table, each in ids.items()}


def _connection(house: House) -> str:
    from tieout.store import connections

    with read(house.tools.engines, house.organisation) as db:
        return connections.listed(db)[0].id


def _canaries(house: House) -> Rows:
    organisation = Organisation(CANARY, f"{WORD} Ltd", "GB", "Europe/London", house.clock())
    with write(house.tools.engines, CANARY) as db:
        create(db, house.tools.vault, organisation)
    return fill(house.tools.engines, CANARY)


def _people(world: World) -> None:
    """A session and a token for each role, for a stranger who owns another organisation, and what opens nothing."""
    tools, own = world.house.tools, world.house.organisation
    stranger = Organisation(STRANGER, "Stranger Ltd", "GB", "Europe/London", world.house.clock())
    with write(tools.engines, STRANGER) as db:
        create(db, tools.vault, stranger)
    for who in (*ROLES[1:], "removed", "stranger"):
        add_member(tools.engines, STRANGER if who == "stranger" else own, who, role=who if who in ROLES else "owner")
    everybody: dict[str, tuple[str, str]] = {who: (who, own) for who in (*ROLES[1:], "removed", "expired")}
    everybody |= {"owner": (world.house.actor.person, own), "stranger": ("stranger", STRANGER)}
    everybody["expired"] = everybody["owner"]
    for who, (person, organisation) in everybody.items():
        world.sessions[who] = sessions.begin(tools, person, sessions.Visit("192.0.2.1", ""))
        wanted = Wanted(who, tuple(Scope), (organisation,), 30, person)
        _, world.tokens[who] = tokens.create(tools, Actor("", "", "the test"), wanted)
    _expire(world)
    set_role(tools.engines, own, "removed", "")


def _expire(world: World) -> None:
    """The owner's other session and token are of long ago."""
    from tieout.people.sessions import digest
    from tieout.store.people import SESSIONS
    from tieout.store.tokens import TOKENS

    long_ago = world.house.clock().replace(year=2020)
    with write(world.house.tools.engines, "") as db:
        session = SESSIONS.c.digest == digest(world.sessions["expired"])
        db.execute(SESSIONS.update().where(session).values(began_at=long_ago, seen_at=long_ago))
        db.execute(TOKENS.update().where(TOKENS.c.name == "expired").values(expires_at=long_ago))


def said(answer: Any) -> str:
    """What an answer leaves in a cookie for the next page to say."""
    sealed = answer.cookies.get("tieout-said", "")
    return str(URLSafeTimedSerializer("", salt="said").loads_unsafe(sealed)[1]) if sealed else ""


@pytest.fixture
def leaked() -> Callable[[Any], str]:
    """The words of ours and of the canaries' that an answer holds, its headers too: there should be none."""

    def check(answer: Any) -> str:
        text = (answer.text + str(dict(answer.headers)) + said(answer)).casefold()
        return ", ".join(word for word in (WORD, *OURS) if word.casefold() in text)

    return check
