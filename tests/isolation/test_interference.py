"""Non-interference: the same script of one organisation gives the same answers, whatever its neighbour has and does."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from tests.conftest import Clock, RecordingJobs
from tests.isolation.conftest import an_app
from tests.sync.conftest import SAMPLES, _Registering
from tests.sync.ledgers import XERO
from tieout.calls import Transport
from tieout.cli._browser import allow
from tieout.core.actor import Actor
from tieout.core.mapping import Node
from tieout.people import passwords, sessions, tokens
from tieout.people.organisations import FirstOwner, create_owner
from tieout.people.tokens import Scope, Wanted
from tieout.sandbox import server
from tieout.store import people
from tieout.store.engine import open_engines, write
from tieout.store.organisations import Organisation, create
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import mapping, settlements, work
from tieout.sync.connections import begin_connect, finish_connect
from tieout.sync.tools import Tools
from tieout.web.guard import form_token

FILES = sorted(path.name for path in SAMPLES.glob("amazon_v2_*.txt"))
PAGES = (
    *("/settlements", "/issues", "/mapping", "/mapping/versions", "/bank-accounts", "/connection", "/channels"),
    *("/tokens", "/people", "/audit", "/send/ready", "/start", "/settlements?status=ready", "/account"),
)
RANDOM = re.compile(r"[0-9a-f]{16,}|[\w.-]{22,}")
STEPS = 4


@dataclass
class Ids:
    """Counts for each who acts, so that nobody's ids depend on what others do."""

    who: str = "install"
    given: int = 0

    def __call__(self) -> str:
        self.given += 1
        return f"{self.who}-{self.given:05}"


@dataclass
class Side:
    """One organisation in one world, as its owner's browser and programs see it."""

    tools: Tools
    actor: Actor
    client: TestClient
    session: str
    ids: Ids
    clock: Clock
    count: int = 0

    def act(self, step: Callable[["Side"], str]) -> str:
        """Done with ids of its own, and everything that follows from it at once."""
        self.ids.who, self.ids.given = self.actor.organisation, self.count
        told = step(self)
        self.tools.jobs.run_all()  # type: ignore[attr-defined]
        self.count = self.ids.given
        return told

    def wait(self) -> None:
        self.clock.advance(seconds=1)

    def page(self, path: str) -> str:
        answer = self.client.get(path, headers={"Cookie": f"tieout-session={self.session}"})
        assert answer.status_code < 500, (path, answer.text)
        return f"{path} {answer.status_code} {answer.headers.get('location', '')}\n{answer.text}"

    def ids_here(self) -> list[str]:
        return [card.id for card in settlements.listing(self.tools, self.actor.organisation, limit=200).cards]


def look(random: Random) -> Callable[[Side], str]:
    place = random.choice(PAGES)
    return lambda side: side.page(place)


def look_closer(random: Random) -> Callable[[Side], str]:
    at, more = random.random(), random.choice(("", "/preview", "/statement"))

    def step(side: Side) -> str:
        found = side.ids_here()
        return side.page(f"/settlements/{found[int(at * len(found))]}{more}") if found else "nothing yet"

    return step


def bring_in(random: Random) -> Callable[[Side], str]:
    name = random.choice(FILES)
    return lambda side: settlements.receive_bytes(side.tools, side.actor, name, (SAMPLES / name).read_bytes())


def send(random: Random) -> Callable[[Side], str]:
    return lambda side: str(settlements.send_ready(side.tools, side.actor))


def change_mapping(random: Random) -> Callable[[Side], str]:
    at = random.random()

    def step(side: Side) -> str:
        entries = mapping.current(side.tools, side.actor.organisation).entries
        if not entries:
            return "no mapping yet"
        _, entry = entries[int(at * len(entries))]
        return str(mapping.set_entries(side.tools, side.actor, {Node("fees"): entry}))

    return step


def make_token(random: Random) -> Callable[[Side], str]:
    wanted = f"Token {random.randrange(9)}"

    def step(side: Side) -> str:
        asked = Wanted(wanted, tuple(Scope), (side.actor.organisation,), 30)
        token, text = tokens.create(side.tools, side.actor, asked)
        answer = side.client.get("/api/settlements?limit=5", headers={"Authorization": f"Bearer {text}"})
        return f"{token.name} {answer.status_code} {answer.text}"

    return step


def forged(random: Random) -> Callable[[Side], str]:
    """A form without what it needs: what is refused is refused alike."""
    place = random.choice(("/settlements/send", "/mapping/gaps", "/tokens", "/bank-accounts"))

    def step(side: Side) -> str:
        cookie = {"Cookie": f"tieout-session={side.session}"}
        answer = side.client.post(
            place, data={"csrf": form_token(side.session, side.actor.organisation)}, headers=cookie
        )
        return f"{place} {answer.status_code} {answer.headers.get('location', '')}\n{answer.text}"

    return step


KINDS = (look, look, look_closer, look_closer, bring_in, send, change_mapping, make_token, forged)


@contextmanager
def a_world(prepared_file: Path, folder: Path) -> Iterator[tuple[Side, Side]]:
    """Ours, with books; and a neighbour."""
    folder.mkdir()
    shutil.copy(prepared_file, folder / "app.db")
    engines, jobs, clock, ids = open_engines(f"sqlite:///{folder}/app.db"), RecordingJobs(), Clock(), Ids()
    with server.running(XERO.world(clock)) as running:
        tools = Tools(
            engines=engines,
            vault=Vault(engines, MasterKeys((b"k" * 32,), "the test")),
            transport=Transport(),
            jobs=jobs,
            now=clock,
            new_id=ids,
            apps={XERO.name: XERO.app(running.base_url)},
            worker="worker",
            pause=lambda wait: clock.advance(seconds=wait.total_seconds()) and None,
        )
        work.register(_Registering(jobs), tools)
        client = TestClient(an_app(tools, folder), follow_redirects=False)
        client.base_url = client.base_url.copy_with(scheme="http", host="localhost", port=8080)
        wanted = FirstOwner("Ours Ltd", "GB", "Europe/London", "Olive", "olive@example.com", "")
        member = create_owner(tools, wanted)
        own = _side(tools, Actor(member.organisation, member.person, "Olive"), client, ids, clock)
        own.act(
            lambda side: (
                finish_connect(tools, "xero", allow(begin_connect(tools, side.actor, "xero", "b")), "b").outcome
            )
        )
        yield own, _neighbour(tools, client, ids, clock)
        tools.transport.close()
    engines.dispose()


def _neighbour(tools: Tools, client: TestClient, ids: Ids, clock: Clock) -> Side:
    with write(tools.engines, "theirs") as db:
        create(db, tools.vault, Organisation("theirs", "Theirs Ltd", "GB", "Europe/London", tools.now()))
        people.add_person(db, people.Person("nina", "nina@example.com", "Nina", "", tools.now()))
        people.add_member(db, "nina", "owner", tools.now())
    return _side(tools, Actor("theirs", "nina", "Nina"), client, ids, clock)


def _side(tools: Tools, actor: Actor, client: TestClient, ids: Ids, clock: Clock) -> Side:
    session = sessions.begin(tools, actor.person, sessions.Visit("192.0.2.1", ""))
    return Side(tools, actor, client, session, ids, clock)


def play(worlds: tuple[tuple[Side, Side], tuple[Side, Side]], seed: int) -> list[str]:
    """One script of ours in both worlds; in the second the neighbour is busy between any two steps. What differs."""
    (quiet, _), (busy, neighbour) = worlds
    script, theirs = Random(seed), Random(f"theirs {seed}")
    differ = []
    for number in range(STEPS):
        step = script.choice(KINDS)(script)
        neighbour.act(theirs.choice(KINDS)(theirs))
        told = [RANDOM.sub("…", side.act(step)) for side in (quiet, busy)]
        for side in (quiet, busy):
            side.wait()
        if told[0] != told[1]:
            differ.append(f"seed {seed}, step {number}: {_first_difference(*told)}")
    return differ


def _first_difference(one: str, other: str) -> str:
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"{a!r} is not {b!r}" for a, b in lines if a != b), "one of them is longer")


@pytest.fixture(scope="module")
def worlds(
    prepared_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[tuple[Side, Side], tuple[Side, Side]]]:
    folder = tmp_path_factory.mktemp("interference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1))
        with a_world(prepared_file, folder / "quiet") as quiet, a_world(prepared_file, folder / "busy") as busy:
            for name in FILES[:3]:
                busy[1].act(lambda side, file=name: bring_in_one(side, file))  # type: ignore[misc]
            yield quiet, busy


def bring_in_one(side: Side, name: str) -> str:
    return settlements.receive_bytes(side.tools, side.actor, name, (SAMPLES / name).read_bytes())


def test_what_a_neighbour_has_and_does_changes_no_answer(worlds: Any, request: pytest.FixtureRequest) -> None:
    """`--scripts 1000` plays a thousand."""
    scripts = request.config.getoption("--scripts")
    assert [line for seed in range(scripts) for line in play(worlds, seed)] == []
    (quiet, idle), (_, neighbour) = worlds
    assert quiet.ids_here() and not idle.ids_here() and neighbour.ids_here(), "something happened"


def test_a_leak_would_be_seen(worlds: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that counts the neighbour's settlements too."""
    seen = []
    for ours, neighbour in worlds:
        count = len(neighbour.ids_here())
        monkeypatch.setattr("tieout.web.pages.audit.words", lambda act, count=count: f"{act} {count}")
        seen.append(RANDOM.sub("…", ours.act(lambda side: side.page("/audit"))))
    assert seen[0] != seen[1] and "theirs" not in seen[1]
