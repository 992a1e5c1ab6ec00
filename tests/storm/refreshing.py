"""A crew that renews: workers forked from one process, each a product of its own, some killed inside a renewal.

`python -m tests.storm.refreshing` reads its orders as JSON from standard input and prints what happened as JSON.
"""

import json
import mmap
import os
import random
import signal
import struct
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tieout.calls import Transport
from tieout.core.failure import Busy, Unreachable
from tieout.core.secret import Secret
from tieout.platforms import App, xero
from tieout.store import grants as rows
from tieout.store.engine import open_engines
from tieout.store.vault import MasterKeys, Vault
from tieout.sync import grants
from tieout.sync.tools import Tools

KEY = b"k" * 32
TAKE_OVER_SECONDS, LAST_PRESENTATION_SECONDS = 4, 1
MOST_RENEWALS = 15  # in a life that is to end by a kill
ASKED, ANSWERED = 1, 2  # killed before the call goes out, or with its answer in hand
_PLACE = struct.Struct("i")


@dataclass(frozen=True, slots=True)
class Orders:
    """`deaths`: how many workers die by their own hand inside a renewal, `shots`: how many at any moment."""

    database: str
    base_url: str
    client_id: str
    client_secret: str
    organisations: int
    workers: int
    deaths: int = 0
    shots: int = 0
    defect: str = ""


@dataclass(slots=True)
class Told:
    """What became of the crew."""

    kills: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0


def name_of(number: int) -> str:
    return f"org-{number:04}"


def tools_for(orders: Orders) -> Tools:
    engines, numbers = open_engines(orders.database), count(1)
    worker = f"worker-{os.getpid()}"
    urls = dict.fromkeys(("login", "identity", "api"), orders.base_url)
    return Tools(
        engines=engines,
        vault=Vault(engines, MasterKeys((KEY,), "the storm")),
        transport=Transport(),
        jobs=None,  # type: ignore[arg-type]  # nothing here enqueues
        now=lambda: datetime.now(UTC),
        new_id=lambda: f"{worker}-{next(numbers)}",
        apps={"xero": App(orders.client_id, Secret(orders.client_secret), "http://localhost/callback", urls)},
        worker=worker,
        pause=lambda wait: time.sleep(wait.total_seconds()),
    )


def route(orders: Orders, worker: int) -> list[int]:
    """Each organisation is visited by two pairs of workers: the two of a pair go the same way and meet at nearly every
    grant, the pairs cross at random.
    """
    pair, pairs = worker // 2, orders.workers // 2
    way = [number for number in range(orders.organisations) if number % pairs in (pair, (pair + 1) % pairs)]
    random.Random(pair).shuffle(way)
    return way


def work(orders: Orders, worker: int, places: mmap.mmap, dies: tuple[int, int]) -> None:
    """Asks for the access of one organisation after the other, from where its predecessor fell."""
    plant(orders.defect)
    dying(dies)
    tools, way = tools_for(orders), route(orders, worker)
    (place,) = _PLACE.unpack_from(places, worker * _PLACE.size)
    for at in range(place, len(way)):
        # Before it is worked on: who falls here is not waited for by its successor, but by others.
        _PLACE.pack_into(places, worker * _PLACE.size, at + 1)
        until_renewed(tools, name_of(way[at]))


def until_renewed(tools: Tools, organisation: str) -> None:
    """As work does: what cannot be had now is asked for again a little later."""
    for _ in range(20):
        try:
            grants.access(tools, organisation, organisation)
            return
        except (Busy, Unreachable):
            time.sleep(0.2)
    raise AssertionError(f"{organisation} could not be renewed")


def dying(dies: tuple[int, int]) -> None:
    """After so many renewals, at that place in the next one."""
    left, place = dies
    whole, made = xero.refresh, count(1)

    def refresh(*given: Any) -> Any:
        is_last = place and next(made) == left
        if is_last and place == ASKED:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = whole(*given)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    xero.refresh = refresh


def plant(defect: str) -> None:
    """A mistake that the storm has to see."""
    if defect == "no lease":  # everybody who finds it due renews, whoever else is at it

        def claim(db: Any, grant: rows.Grant, refresher: str, now: datetime) -> int:
            change = rows.GRANTS.update().where(rows.GRANTS.c.id == grant.id).returning(rows.GRANTS.c.fence)
            return int(db.execute(change.values(fence=rows.GRANTS.c.fence + 1)).scalar_one())

        rows.claim = claim
        grants._is_claimed = lambda *_: False


class Crew:
    def __init__(self, orders: Orders) -> None:
        self._orders, self._chance, self.told = orders, random.Random(20261120), Told()
        self._places = mmap.mmap(-1, orders.workers * _PLACE.size)
        self._deaths = [ASKED if number % 2 else ANSWERED for number in range(orders.deaths)]
        self._shots = orders.shots
        self._alive: dict[int, int] = {}

    def run(self) -> None:
        began = time.monotonic()
        for worker in range(self._orders.workers):
            self._start(worker)
        while self._alive:
            self._shoot()
            self._bury()
        self.told.seconds = time.monotonic() - began

    def _start(self, worker: int) -> None:
        dies = (self._chance.randrange(1, MOST_RENEWALS), self._deaths.pop()) if self._deaths else (0, 0)
        pid = os.fork()
        if pid:
            self._alive[pid] = worker
            return
        try:
            work(self._orders, worker, self._places, dies)
        except BaseException as error:
            sys.stderr.write(f"worker {worker}: {error!r}\n")
            os._exit(1)
        os._exit(0)

    def _shoot(self) -> None:
        time.sleep(0.1)
        # Only once all who die by their own hand have begun, so that nobody is hit who has that before them.
        if self._shots and not self._deaths and self._alive and self._chance.random() < 0.1:
            self._shots -= 1
            os.kill(self._chance.choice(sorted(self._alive)), signal.SIGKILL)

    def _bury(self) -> None:
        for pid in tuple(self._alive):
            gone, status = os.waitpid(pid, os.WNOHANG)
            if not gone:
                continue
            worker = self._alive.pop(pid)
            if os.WIFSIGNALED(status):
                self.told.kills += 1
                self._start(worker)
            elif os.WEXITSTATUS(status):
                self.told.failures.append(f"worker {worker} ended with {os.WEXITSTATUS(status)}")


def hasten() -> None:
    """Calls to the stand-in take milliseconds, so who is gone is missed sooner."""
    grants.TAKE_OVER_SECONDS, grants.LAST_PRESENTATION_SECONDS = TAKE_OVER_SECONDS, LAST_PRESENTATION_SECONDS
    grants.LONGEST_WAIT = timedelta(seconds=2 * TAKE_OVER_SECONDS)


def main() -> None:
    hasten()
    crew = Crew(Orders(**json.loads(sys.stdin.read())))
    crew.run()
    print(json.dumps(asdict(crew.told)))


if __name__ == "__main__":
    main()
