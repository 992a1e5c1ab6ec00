"""The storm, with real parts: sixty settlements, processes killed at random, a stand-in that loses answers.

Afterwards the books hold one document a part and plan, all totals are right, and nothing is stuck.
"""

import io
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.storm.worker import A_MINUTE, TIMING
from tieout.app import Product, opened, read_environment
from tieout.cli._browser import allow
from tieout.core.actor import Actor
from tieout.core.status import MOVING
from tieout.people.organisations import FirstOwner, create_owner
from tieout.sandbox import server, xero
from tieout.sandbox.statements import Shape, amazon_v2
from tieout.sandbox.xero.scenarios import APP_ID, APP_SECRET
from tieout.sync import doctor, operations, settlements
from tieout.sync.connections import begin_connect, finish_connect

SETTLEMENTS, KILLS = 60, 12
GROUP = SETTLEMENTS * 2 // KILLS  # settlements asked for at a time: two kills come upon each group
SEEN_WITHIN = timedelta(seconds=30)
URL = "http://localhost:8080"
LONGEST = timedelta(minutes=4)
WRITES: dict[str, Any] = {"method": "PUT", "path": "*/Invoices*", "count": None}
READS: dict[str, Any] = {"method": "GET", "path": "*/Invoices*", "count": None}
WEATHER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("reset", {"when": "after", "probability": 0.15, **WRITES}),
    ("reset", {"when": "before", "probability": 0.05, **WRITES}),
    ("late-commit", {"seconds": 2, "ending": "cut", "probability": 0.05, **WRITES}),
    ("http-error", {"status": 500, "probability": 0.05, **WRITES}),
    ("bad-body", {"form": "dropped", "probability": 0.1, **WRITES}),
    ("bad-body", {"form": "truncated", "probability": 0.03, **WRITES}),
    ("rate-limit", {"kind": "concurrent", "probability": 0.05, **WRITES}),
    ("http-error", {"status": 503, "probability": 0.1, **READS}),
)


def statement(number: int) -> bytes:
    """Every third settlement crosses a month end; every sixth takes money instead of paying it."""
    start = datetime(2026, 6, 24 if number % 3 == 0 else 3, 21, 40, 10, tzinfo=UTC)
    costs = 1500 if number % 6 == 5 else 100
    shape = replace(Shape(), settlement_id=f"9900000{number:04}", start=start, cost_percent=costs)
    out = io.BytesIO()
    amazon_v2(out, number, 40, shape=shape)
    return out.getvalue()


class Crew:
    """The processes that do the work, each of which may be gone at any moment."""

    def __init__(self, environ: dict[str, str], size: int) -> None:
        self._environ = environ
        self._workers = [self._start() for _ in range(size)]

    def kill_one(self, chance: random.Random) -> None:
        index = chance.randrange(len(self._workers))
        self._workers[index].send_signal(signal.SIGKILL)
        self._workers[index].wait()
        self._workers[index] = self._start()

    def stop(self) -> None:
        for worker in self._workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.storm.worker"]
        return subprocess.Popen(command, env=self._environ, cwd=Path(__file__).parents[2])


@pytest.fixture
def world() -> Iterator[Any]:
    made = xero.books()
    xero.of(made).switches["access_seconds"] = 20
    xero.of(made).switches["minute_limit"] = A_MINUTE
    xero.of(made).switches["day_limit"] = 100_000
    xero.app(xero.of(made).books, redirect_uris=(f"{URL}/oauth/xero/callback",))
    yield made
    made.close()


def environ_for(folder: Path, base_url: str, database_url: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    chosen = {"TIEOUT_DATABASE_URL": database_url} if database_url else {}
    return {
        **mine,
        **chosen,
        "TIEOUT_DATA": str(folder / "tieout"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "TIEOUT_URL": URL,
        "TIEOUT_XERO_CLIENT_ID": APP_ID,
        "TIEOUT_XERO_CLIENT_SECRET": APP_SECRET,
        **{f"TIEOUT_XERO_{part}_URL": base_url for part in ("LOGIN", "IDENTITY", "API")},
    }


def prepare(product: Product) -> tuple[Actor, list[str]]:
    """Owner, connection and all files, in fair weather."""
    tools = product.tools
    owner = create_owner(tools, FirstOwner("Storm Ltd", "GB", "Europe/London", "Olive", "olive@example.com", ""))
    actor = Actor(owner.organisation, owner.person, "Olive")
    result = finish_connect(tools, "xero", allow(begin_connect(tools, actor, "xero", "b")), "b")
    assert result.connection is not None, result
    asked = [
        settlements.receive_bytes(tools, actor, f"{number}.txt", statement(number)) for number in range(SETTLEMENTS)
    ]
    for operation in asked:
        wait_until(lambda operation=operation: operations.view(tools, actor.organisation, operation).ended_at)  # type: ignore[misc,union-attr]
    ready = settlements.listing(tools, actor.organisation, status="ready", limit=200).cards
    assert len(ready) == SETTLEMENTS
    return actor, [card.id for card in ready]


def wait_until(holds: Any, longest: timedelta = LONGEST) -> None:
    until = time.monotonic() + longest.total_seconds()
    while not holds():
        assert time.monotonic() < until, "not within the time"
        time.sleep(0.1)


def storm(folder: Path, world: Any, database_url: str, workers: int) -> None:
    chance = random.Random(2026)
    with server.running(world) as running:
        environ = environ_for(folder, running.base_url, database_url)
        settings = read_environment(environ)
        with opened(settings, works=True, timing=TIMING) as product:
            actor, ids = prepare(product)
        for name, how in WEATHER:
            world.arm(name, **how)
        with opened(settings, works=False, timing=TIMING) as product:
            crew, met = Crew(environ, workers), 0
            try:
                for group in range(0, SETTLEMENTS, GROUP):
                    # A few at a time, so that a call carries few documents and there are many calls to go wrong.
                    for few in range(group, group + GROUP, 3):
                        settlements.approve(product.tools, actor, ids[few : min(few + 3, group + GROUP)])
                    for _ in range(2):
                        met += kill_at_work(crew, world, chance)
                world.faults.clear()
                wait_until(lambda: is_at_rest(product, actor))
            finally:
                crew.stop()
            judge(product, actor, world)
            assert met >= KILLS - 2, "most kills come upon somebody at work"


def kill_at_work(crew: Crew, world: Any, chance: random.Random) -> bool:
    """A kill after documents were sent or looked for once more, or after the longest wait for that; whether they were.

    So a machine that starts its processes slowly, or sends quickly, has the same storm.
    """
    seen, until = calls_for_documents(world), time.monotonic() + SEEN_WITHIN.total_seconds()
    while calls_for_documents(world) == seen and time.monotonic() < until:
        time.sleep(0.01)
    is_met = calls_for_documents(world) != seen
    time.sleep(chance.random() * 0.3)
    crew.kill_one(chance)
    return is_met


def calls_for_documents(world: Any) -> int:
    with world.lock:
        return sum(call.path.endswith("/Invoices") for call in world.calls)


def is_at_rest(product: Product, actor: Actor) -> bool:
    counts = settlements.listing(product.tools, actor.organisation, limit=1).counts
    return not any(counts.get(status.value) for status in (*MOVING,)) and not counts.get("ready")


def judge(product: Product, actor: Actor, world: Any) -> None:
    cards = settlements.listing(product.tools, actor.organisation, limit=200).cards
    assert [card for card in cards if card.status != "sent" or not card.ties_out] == []
    live = [each for each in world.evidence("documents") if each["Status"] not in ("VOIDED", "DELETED")]
    assert Counter(each["number"] for each in live) == Counter(number for card in cards for number in card.documents)
    assert {finding.text for finding in doctor.invariants(product.tools) if not finding.is_good} == set()
    assert any(card.attempts > len(card.documents) for card in cards), "a storm in which nothing failed is not a storm"


@pytest.mark.slow
def test_the_storm_on_sqlite(tmp_path: Path, world: Any) -> None:
    storm(tmp_path, world, "", workers=1)


@pytest.mark.pg
@pytest.mark.slow
def test_the_storm_on_postgresql(tmp_path: Path, world: Any, pg_url: str) -> None:
    storm(tmp_path, world, pg_url, workers=3)
