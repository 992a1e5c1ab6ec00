"""A whole product over a database of its own and the stand-in over real HTTP; jobs run when told to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RecordingJobs
from tieout.app import new_id
from tieout.calls import Transport
from tieout.cli._browser import allow
from tieout.core.actor import Actor
from tieout.core.secret import Secret
from tieout.people.organisations import FirstOwner, create_owner
from tieout.platforms import App
from tieout.sandbox import server, xero
from tieout.sandbox.xero.scenarios import APP_ID, APP_SECRET
from tieout.store.engine import Engines
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import operations, settlements, work
from tieout.sync.connections import begin_connect, finish_connect
from tieout.sync.tools import Tools

REDIRECT = "http://localhost:8080/oauth/xero/callback"
SAMPLES = Path(__file__).parent.parent / "channels" / "amazon"


class MovingClock:
    """Real time plus what a test has skipped, for product and stand-in alike."""

    def __init__(self) -> None:
        self.skipped = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.skipped

    def skip(self, **parts: float) -> None:
        self.skipped += timedelta(**parts)


@dataclass
class House:
    """One organisation with its tools, its stand-in, and short words for what a person does."""

    tools: Tools
    jobs: RecordingJobs
    world: Any
    clock: MovingClock
    actor: Actor

    @property
    def organisation(self) -> str:
        return self.actor.organisation

    def connect(self) -> None:
        url = begin_connect(self.tools, self.actor, "xero", "browser")
        result = finish_connect(self.tools, "xero", allow(url), "browser")
        assert result.outcome == "connected", result

    def receive(self, name: str, content: bytes) -> Any:
        operation = settlements.receive_bytes(self.tools, self.actor, name, content)
        self.jobs.run_all()
        return operations.view(self.tools, self.organisation, operation)

    def receive_sample(self, name: str) -> str:
        """Tieout's id of the first settlement of a sample file."""
        ended = self.receive(name, (SAMPLES / name).read_bytes())
        assert ended.state == "done", ended
        return str(ended.result["settlements"][0]["id"])

    def send(self, *ids: str) -> Any:
        operation = settlements.approve(self.tools, self.actor, ids)
        self.jobs.run_all()
        return operations.view(self.tools, self.organisation, operation)

    def operation(self, id: str) -> Any:
        return operations.view(self.tools, self.organisation, id)

    def sweep(self) -> None:
        self.jobs.kinds["sweep"]()
        self.jobs.run_all()

    def documents(self) -> dict[str, int]:
        """How many live documents of each number the books hold, by the stand-in's own evidence."""
        shown = self.world.evidence("documents")
        return Counter(each["number"] for each in shown if each["Status"] not in ("VOIDED", "DELETED"))

    def card(self, id: str) -> Any:
        return settlements.card(self.tools, self.organisation, id)

    def view(self, id: str) -> Any:
        return settlements.view(self.tools, self.organisation, id)


@pytest.fixture
def house(engines: Engines) -> Iterator[House]:
    clock, jobs = MovingClock(), RecordingJobs()
    world = xero.books(now=clock)
    xero.app(xero.of(world).books, redirect_uris=(REDIRECT,))
    with server.running(world) as running:
        app = App(APP_ID, Secret(APP_SECRET), REDIRECT, dict.fromkeys(("login", "identity", "api"), running.base_url))
        tools = Tools(
            engines=engines,
            vault=Vault(engines, MasterKeys((b"k" * 32,), "the test")),
            transport=Transport(),
            jobs=jobs,
            now=clock,
            new_id=new_id,
            apps={"xero": app},
            worker="worker",
            pause=lambda wait: clock.skip(seconds=wait.total_seconds()),
        )
        work.register(_Registering(jobs), tools)
        owner = FirstOwner("Harbour & Finch Ltd", "GB", "Europe/London", "Olive Finch", "olive@example.com", "")
        member = create_owner(tools, owner)
        yield House(tools, jobs, world, clock, Actor(member.organisation, member.person, "Olive Finch"))
        tools.transport.close()


class _Registering:
    def __init__(self, jobs: RecordingJobs) -> None:
        self._jobs = jobs

    def register(self, kind: str, function: Any) -> None:
        self._jobs.register(kind, function)

    def schedule(self, kind: str, every_seconds: int, lane: str = "background") -> None:
        assert kind in self._jobs.kinds
