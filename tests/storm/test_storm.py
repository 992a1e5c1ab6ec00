"""The storm, with real parts: many settlements, processes killed at random, a stand-in that loses answers.

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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.storm.worker import A_MINUTE, TIMING
from tests.sync.ledgers import QUICKBOOKS, SITE, XERO, Ledger
from tieout.app import Product, opened, read_environment
from tieout.cli._browser import consent
from tieout.core.actor import Actor
from tieout.core.mapping import Bank, BankPlace
from tieout.core.records import Form
from tieout.core.status import MOVING
from tieout.people.organisations import FirstOwner, create_owner
from tieout.platforms import named
from tieout.sandbox import server
from tieout.sandbox.statements import Shape, amazon_v2
from tieout.sync import banks, doctor, mapping, operations, settlements
from tieout.sync.connections import begin_connect

SEEN_WITHIN = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)  # for a machine that has much else to do; a quiet one needs seconds


@dataclass(frozen=True, slots=True)
class Storm:
    """Where it rages and how much of it: two kills come upon each group of settlements that is asked for at a time.

    `switches` are those of the stand-in: short lives and wide limits, so that it passes in less time. The first `lost`
    writes never arrive, where there are too few for chance to see to it that something has to be sent again.
    """

    ledger: Ledger
    settlements: int
    kills: int
    switches: dict[str, Any]
    lost: int = 0

    @property
    def group(self) -> int:
        return self.settlements * 2 // self.kills

    @property
    def weather(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        writes: dict[str, Any] = {"count": None, **self.ledger.writes}
        reads: dict[str, Any] = {"count": None, **self.ledger.reads}
        lost = (("reset", {**self.ledger.writes, "when": "before", "count": self.lost}),) if self.lost else ()
        return (
            *lost,
            ("reset", {"when": "after", "probability": 0.15, **writes}),
            ("reset", {"when": "before", "probability": 0.05, **writes}),
            ("late-commit", {"seconds": 2, "ending": "cut", "probability": 0.05, **writes}),
            ("http-error", {"status": 500, "probability": 0.05, **writes}),
            ("bad-body", {"form": "dropped", "probability": 0.1, **writes}),
            ("bad-body", {"form": "truncated", "probability": 0.03, **writes}),
            ("rate-limit", {"kind": "concurrent", "probability": 0.05, **writes}),
            ("http-error", {"status": 503, "probability": 0.1, **reads}),
        )

    def is_about_documents(self, path: str) -> bool:
        return any(fnmatchcase(path, each["path"]) for each in (self.ledger.writes, self.ledger.reads))


INVOICES = Storm(XERO, 60, 12, {"access_seconds": 20, "minute_limit": A_MINUTE, "day_limit": 100_000})
JOURNALS = Storm(
    QUICKBOOKS,
    30,
    6,
    {"access_seconds": 20, "per_minute": A_MINUTE, "batches_per_minute": A_MINUTE, "per_second": 0},
    lost=2,
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
def over() -> Storm:
    """The storm of a test that does not say which."""
    return INVOICES


@pytest.fixture
def world(over: Storm) -> Iterator[Any]:
    made = over.ledger.world(None)
    made.stand_in.switches.update(over.switches)
    yield made
    made.close()


def environ_for(folder: Path, ledger: Ledger, base_url: str, database_url: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    chosen = {"TIEOUT_DATABASE_URL": database_url} if database_url else {}
    told = {"CLIENT_ID": ledger.client_id, "CLIENT_SECRET": ledger.secret}
    told |= {f"{part}_URL": base_url for part in ("LOGIN", "IDENTITY", "API")}
    return {
        **mine,
        **chosen,
        "TIEOUT_DATA": str(folder / "tieout"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "TIEOUT_URL": SITE,
        **{f"TIEOUT_{ledger.name.upper()}_{key}": value for key, value in told.items()},
    }


def prepare(product: Product, over: Storm) -> tuple[Actor, list[str]]:
    """Owner, connection and all files, in fair weather."""
    tools, books = product.tools, over.ledger.name
    owner = create_owner(tools, FirstOwner("Storm Ltd", "GB", "Europe/London", "Olive", "olive@example.com", ""))
    actor = Actor(owner.organisation, owner.person, "Olive")
    result = consent(tools, books, begin_connect(tools, actor, books, "b"), "b")
    assert result.connection is not None, result
    if named(books).FORM is Form.JOURNALS:
        choose_banks(product, actor)
    asked = [
        settlements.receive_bytes(tools, actor, f"{number}.txt", statement(number))
        for number in range(over.settlements)
    ]
    for operation in asked:
        wait_until(lambda operation=operation: operations.view(tools, actor.organisation, operation).ended_at)  # type: ignore[misc,union-attr]
    ready = settlements.listing(tools, actor.organisation, status="ready", limit=200).cards
    assert len(ready) == over.settlements
    return actor, [card.id for card in ready]


def choose_banks(product: Product, actor: Actor) -> None:
    """Where payouts go, and what is charged when they cost money: a journal balances against it."""
    found = banks.view(product.tools, actor.organisation)
    bank = Bank(*(next(banks.named(each) for each in some if each.is_bank) for some in (found.deposits, found.charges)))
    version = mapping.current(product.tools, actor.organisation).version
    assert banks.choose(product.tools, actor, {BankPlace("", "GBP"): bank}, version)[1] == {}


def wait_until(holds: Any, longest: timedelta = LONGEST) -> None:
    until = time.monotonic() + longest.total_seconds()
    while not holds():
        assert time.monotonic() < until, "not within the time"
        time.sleep(0.1)


def storm(folder: Path, over: Storm, world: Any, database_url: str, workers: int) -> None:
    chance = random.Random(2026)
    with server.running(world) as running:
        environ = environ_for(folder, over.ledger, running.base_url, database_url)
        settings = read_environment(environ)
        with opened(settings, works=True, timing=TIMING) as product:
            actor, ids = prepare(product, over)
        for name, how in over.weather:
            world.arm(name, **how)
        with opened(settings, works=False, timing=TIMING) as product:
            crew, met = Crew(environ, workers), 0
            try:
                for group in range(0, over.settlements, over.group):
                    # A few at a time, so that a call carries few documents and there are many calls to go wrong.
                    asked = ids[group : group + over.group]
                    for few in range(0, len(asked), 3):
                        settlements.approve(product.tools, actor, asked[few : few + 3])
                    for _ in range(2):
                        met += kill_at_work(crew, over, world, chance)
                world.faults.clear()
                wait_until(lambda: is_at_rest(product, actor))
            finally:
                crew.stop()
            judge(product, actor, over, world)
            assert met >= over.kills - 2, "most kills come upon somebody at work"


def kill_at_work(crew: Crew, over: Storm, world: Any, chance: random.Random) -> bool:
    """A kill after documents were sent or looked for once more, or after the longest wait for that; whether they were.

    So a machine that starts its processes slowly, or sends quickly, has the same storm.
    """
    seen, until = calls_for_documents(over, world), time.monotonic() + SEEN_WITHIN.total_seconds()
    while calls_for_documents(over, world) == seen and time.monotonic() < until:
        time.sleep(0.01)
    is_met = calls_for_documents(over, world) != seen
    time.sleep(chance.random() * 0.3)
    crew.kill_one(chance)
    return is_met


def calls_for_documents(over: Storm, world: Any) -> int:
    with world.lock:
        return sum(over.is_about_documents(call.path) for call in world.calls)


def is_at_rest(product: Product, actor: Actor) -> bool:
    counts = settlements.listing(product.tools, actor.organisation, limit=1).counts
    return not any(counts.get(status.value) for status in (*MOVING,)) and not counts.get("ready")


def judge(product: Product, actor: Actor, over: Storm, world: Any) -> None:
    cards = settlements.listing(product.tools, actor.organisation, limit=200).cards
    assert [card for card in cards if card.status != "sent" or not card.ties_out] == []
    assert over.ledger.documents(world) == Counter(number for card in cards for number in card.documents)
    assert {finding.text for finding in doctor.invariants(product.tools) if not finding.is_good} == set()
    assert any(card.attempts > len(card.documents) for card in cards), "a storm in which nothing failed is not a storm"


@pytest.mark.slow
@pytest.mark.parametrize("over", [INVOICES, JOURNALS], ids=lambda over: over.ledger.name)
def test_the_storm_on_sqlite(tmp_path: Path, over: Storm, world: Any) -> None:
    storm(tmp_path, over, world, "", workers=1)


@pytest.mark.pg
@pytest.mark.slow
def test_the_storm_on_postgresql(tmp_path: Path, over: Storm, world: Any, pg_url: str) -> None:
    storm(tmp_path, over, world, pg_url, workers=3)
