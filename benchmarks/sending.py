"""Sending 9,000 small settlements of one organisation to a stand-in with real limits, in compressed time.

The ceiling is what the books allow: Xero 60 calls a minute of 50 documents each, QuickBooks 40 batches of 30. The
stand-in runs in a process of its own and keeps its real limits and a latency; its clock and ours run faster by the same
factor. Meanwhile a person's page asks the books now and then and must get its answer. Files are not attached.
"""

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._ledgers import LEDGERS, URL, Ledger
from tieout.app import opened, read_environment
from tieout.cli._browser import consent
from tieout.core.actor import Actor
from tieout.core.budget import Lane
from tieout.core.failure import Busy
from tieout.core.mapping import Bank, BankPlace
from tieout.core.records import Form
from tieout.people.organisations import FirstOwner, create_owner
from tieout.platforms import named
from tieout.store import settlements as kept
from tieout.store.engine import read
from tieout.sync import banks, mapping, settlements
from tieout.sync.asking import ask
from tieout.sync.connections import begin_connect
from tieout.sync.posting import drive
from tieout.sync.settlements.approving import freeze_asked
from tieout.sync.tools import Tools

DRIVES = 4
HEADINGS = (
    "settlement-id settlement-start-date settlement-end-date deposit-date total-amount currency transaction-type "
    "order-id merchant-order-id adjustment-id shipment-id marketplace-name amount-type amount-description amount "
    "fulfillment-id posted-date posted-date-time order-item-code merchant-order-item-id merchant-adjustment-item-id "
    "sku quantity-purchased promotion-id"
).split()


@dataclass(frozen=True, slots=True)
class Result:
    """Documents a minute of the books' time against what they allow; refused calls; a person's calls and waits.

    `sustained_share` leaves out that the first minute's calls may go at once: as many writes as a minute allows, one
    after the other, against the minute they have to take.
    """

    documents: int
    minutes: float
    share_of_ceiling: float
    sustained_share: float
    refused: int
    asked_by_a_person: int
    longest_wait_seconds: float


def measure(ledger: Ledger, count: int = 9_000, speed: float = 0.0) -> Result:
    """One whole run; checks that every document is in the books once before a figure counts."""
    speed = speed or ledger.speed
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    books = context.Process(target=_stand_in, args=(there, ledger.name, speed), daemon=True)
    books.start()
    base_url = here.recv()
    try:
        with tempfile.TemporaryDirectory() as folder, _product(Path(folder), ledger, base_url) as product:
            return _send(product.tools, here, ledger, count, speed)
    finally:
        here.send("stop")
        books.join(10)


def _send(tools: Tools, books: Any, ledger: Ledger, count: int, speed: float) -> Result:
    clock = _Clock(speed)
    tools = replace(tools, now=clock.now, pause=clock.pause)
    actor, connection = _prepare(tools, ledger, count)
    began, stop = _asked(books, "begin"), threading.Event()
    person = _Person(tools, actor, connection, stop)
    person.start()
    drives = [threading.Thread(target=_drive, args=(tools, actor.organisation, connection)) for _ in range(DRIVES)]
    for each in drives:
        each.start()
    for each in drives:
        each.join()
    stop.set()
    person.join()
    seen = _asked(books, "seen")
    assert seen["documents"] == count == seen["numbers"], f"{seen} for {count} settlements"
    minutes = (seen["written"][-1] - began).total_seconds() / 60
    share, sustained = count / minutes / ledger.ceiling, _sustained(seen["written"], ledger.calls_a_minute)
    return Result(count, minutes, share, sustained, seen["refused"], person.asked, person.longest_seconds)


def _sustained(written: Sequence[datetime], a_minute: int) -> float:
    """0 where there were not enough writes to tell."""
    took = [(later - one).total_seconds() for one, later in zip(written, written[a_minute:], strict=False)]
    return 60 * len(took) / sum(took) if took else 0.0


def _drive(tools: Tools, organisation: str, connection: str) -> None:
    """As the job does: a run of two minutes after the other."""
    while drive(tools, organisation, connection).is_cut:
        pass


class _Clock:
    """Time that runs faster, for product and stand-in by the same factor."""

    def __init__(self, speed: float) -> None:
        self._speed, self._real, self._start = speed, time.monotonic(), datetime.now(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._real) * self._speed)

    def pause(self, wait: timedelta) -> None:
        time.sleep(wait.total_seconds() / self._speed)


class _Person(threading.Thread):
    """Opens the page that asks the books, every 45 seconds of their time, while the sending goes on."""

    def __init__(self, tools: Tools, actor: Actor, connection: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._tools, self._actor, self._connection, self._stop_asked = tools, actor, connection, stop
        self.asked, self.longest_seconds = 0, 0.0

    def run(self) -> None:
        while not self._stop_asked.is_set():
            began = self._tools.now()
            try:
                ask(self._tools, self._actor.organisation, self._connection, _probe, Lane.INTERACTIVE)
                self.asked += 1
                self.longest_seconds = max(self.longest_seconds, (self._tools.now() - began).total_seconds())
            except Busy as error:
                raise AssertionError("a person was turned away") from error
            self._tools.pause(timedelta(seconds=45))


def _probe(platform: Any, call: Any, access: Any) -> None:
    platform.probe(call, access)


def _product(folder: Path, ledger: Ledger, base_url: str) -> Any:
    environ = {
        "TIEOUT_DATA": str(folder / "tieout"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "TIEOUT_URL": URL,
        "TIEOUT_LOG_LEVEL": "error",
        **ledger.environ(base_url),
    }
    return opened(read_environment(environ), works=False)


def _prepare(tools: Tools, ledger: Ledger, count: int) -> tuple[Actor, str]:
    owner = create_owner(tools, FirstOwner("Bench Ltd", "GB", "Europe/London", "Olive", "olive@example.com", ""))
    actor = Actor(owner.organisation, owner.person, "Olive")
    consent(tools, ledger.name, begin_connect(tools, actor, ledger.name, "b"), "b")
    if named(ledger.name).FORM is Form.JOURNALS:
        _choose_bank(tools, actor)
    operation = settlements.receive_bytes(tools, actor, "many.txt", _statement(count))
    settlements.read_statement(tools, actor.organisation, operation)
    with read(tools.engines, actor.organisation) as db:
        ready = [each.id for each in kept.in_status(db, ("ready",))]
    assert len(ready) == count, f"{len(ready)} of {count} are ready"
    connection = freeze_asked(tools, actor.organisation, settlements.approve(tools, actor, ready))
    assert connection is not None, "the books are connected"
    return actor, connection


def _choose_bank(tools: Tools, actor: Actor) -> None:
    """A journal balances against the account that the payout goes to."""
    account = next(banks.named(each) for each in banks.view(tools, actor.organisation).deposits if each.is_bank)
    version = mapping.current(tools, actor.organisation).version
    banks.choose(tools, actor, {BankPlace("", "GBP"): Bank(account, account)}, version)


def _statement(count: int) -> bytes:
    """One file of many settlements, two rows each."""
    lines = ["\t".join(HEADINGS)]
    for number in range(count):
        id = f"99{number:09}"
        dates = ["2026-06-03 09:12:41 UTC", "2026-06-17 09:12:41 UTC", "2026-06-19 09:12:41 UTC"]
        lines.append("\t".join([id, *dates, "8.50", "GBP"] + [""] * 18))
        for kind, words, amount in (("ItemPrice", "Principal", "10.00"), ("ItemFees", "Commission", "-1.50")):
            order = ["Order", f"990-{number:07}-0000001", "", "", "", "Amazon.co.uk", kind, words, amount]
            row = [id, *[""] * 5, *order, "AFN", "2026-06-10", "2026-06-10 10:00:00 UTC", "1", "", "", "SKU", "1", ""]
            lines.append("\t".join(row))
    return ("\n".join(lines) + "\n").encode()


def _asked(books: Any, word: str) -> Any:
    books.send(word)
    return books.recv()


def _stand_in(pipe: Any, name: str, speed: float) -> None:
    """The books' own process: quick while the run is prepared, then as slow as the real ones."""
    from tieout.sandbox import server

    ledger = next(each for each in LEDGERS if each.name == name)
    world = ledger.make()
    world.clock.set(speed=speed)
    with server.running(world) as running:
        pipe.send(running.base_url)
        while (word := pipe.recv()) != "stop":
            if word == "begin":
                world.stand_in.switches["latency_seconds"] = ledger.latency_seconds
                world.calls.clear()
                pipe.send(world.clock.now())
            else:
                pipe.send(ledger.seen(world))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("ledger", nargs="?", choices=[each.name for each in LEDGERS], default=LEDGERS[0].name)
    asked.add_argument("--settlements", type=int, default=9_000)
    asked.add_argument("--speed", type=float, default=0.0, help="of both clocks; 0 is the ledger's own")
    told = asked.parse_args()
    ledger = next(each for each in LEDGERS if each.name == told.ledger)
    result = measure(ledger, told.settlements, told.speed)
    print(f"{result.documents:,} documents in {result.minutes:.2f} minutes of {ledger.label}'s time")
    print(f"{100 * result.share_of_ceiling:.1f} % of what is allowed ({100 * result.sustained_share:.1f} % sustained)")
    print(f"{result.refused} calls refused")
    print(f"a person asked {result.asked_by_a_person} times, longest wait {result.longest_wait_seconds:.1f} s")


if __name__ == "__main__":
    main()
