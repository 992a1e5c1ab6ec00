"""The stand-in of Xero on a real socket, with everything a verb needs to speak to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import sleep
from typing import Any
from uuid import uuid4

from tests.conftest import Clock, RecordingJobs
from tieout.calls import Transport
from tieout.cli._browser import consent
from tieout.core.actor import Actor
from tieout.core.secret import Secret
from tieout.platforms import App
from tieout.sandbox import server
from tieout.sandbox.server import Running
from tieout.sandbox.world import World
from tieout.sandbox.xero import books
from tieout.store.engine import Engines
from tieout.store.vault import Vault
from tieout.sync.connections import ConnectResult, begin_connect
from tieout.sync.tools import Tools

SESSION = "the session of one browser"


@dataclass(frozen=True, slots=True)
class Standing:
    """A running stand-in and what its scenario told: tenant, user, client_id …"""

    running: Running
    told: dict[str, Any]

    @property
    def world(self) -> World:
        return self.running.world

    @property
    def app(self) -> App:
        urls = dict.fromkeys(("login", "identity", "api"), self.running.base_url)
        redirect = "http://localhost:8000/callback"
        return App(self.told["client_id"], Secret(self.told["client_secret"]), redirect, urls)

    def hand(self, name: str, **how: Any) -> Any:
        return self.world.hand(name, **how)

    def arm(self, name: str, **how: Any) -> Any:
        return self.world.arm(name, **how)

    def calls(self, method: str = "", path: str = "") -> list[Any]:
        """The calls it got, oldest first, whose path contains `path`."""
        return [call for call in self.world.calls if method in ("", call.method) and path.lower() in call.path.lower()]


@contextmanager
def standing(clock: Clock | None = None, scenario: str = "london") -> Iterator[Standing]:
    """`clock` None: the world's time is real."""
    world = books(now=clock, scenario=scenario)
    running = server.start(world)
    try:
        yield Standing(running, world.reset(scenario))
    finally:
        running.stop()


def make_tools(engines: Engines, vault: Vault, there: Standing, clock: Clock | None = None) -> Tools:
    return Tools(
        engines=engines,
        vault=vault,
        transport=Transport(),
        jobs=RecordingJobs(),
        now=clock or (lambda: datetime.now(UTC)),
        new_id=lambda: str(uuid4()),
        apps={"xero": there.app},
        worker="the test",
        pause=lambda pause: sleep(pause.total_seconds()),
    )


def connect(tools: Tools, organisation: str, reconnects: str = "") -> ConnectResult:
    """The whole consent round, by a person who allows."""
    whose = {"org-other": ("carol", "Carol")}  # everybody else's is Olive's
    actor = Actor(organisation, *whose.get(organisation, ("olive", "Olive Finch")))
    url = begin_connect(tools, actor, "xero", SESSION, reconnects)
    result: ConnectResult = consent(tools, "xero", url, SESSION)
    return result
