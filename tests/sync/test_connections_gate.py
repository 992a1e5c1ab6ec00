"""The gate against the stand-in's own limits: nearly every call that is allowed is made, none is refused there."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.standing import Standing, connect, make_tools, standing
from tieout.core.budget import Lane
from tieout.core.failure import Busy, RemoteError
from tieout.platforms import Access, named
from tieout.store import budgets
from tieout.store.budgets import Report
from tieout.store.engine import Engines, write
from tieout.store.vault import Vault
from tieout.sync.asking import call_for
from tieout.sync.connections import card
from tieout.sync.grants import access
from tieout.sync.tools import Tools

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass
class FastClock:
    """Runs `speed` times as fast as ours, for product and stand-in alike."""

    speed: float = 30.0
    began: float = field(default_factory=time.monotonic)
    skipped: timedelta = timedelta()

    def __call__(self) -> datetime:
        return START + self.skipped + timedelta(seconds=(time.monotonic() - self.began) * self.speed)

    def pause(self, pause: timedelta) -> None:
        time.sleep(pause.total_seconds() / self.speed)


@pytest.fixture
def fast() -> FastClock:
    return FastClock()


@pytest.fixture
def there(fast: FastClock) -> Iterator[Standing]:
    with standing(fast) as running:  # type: ignore[arg-type]
        yield running


@pytest.fixture
def tools(engines: Engines, vault: Vault, there: Standing, fast: FastClock) -> Tools:
    return replace(make_tools(engines, vault, there), now=fast, pause=fast.pause)


@pytest.fixture
def connection(tools: Tools, organisation: str, fast: FastClock) -> str:
    made = connect(tools, organisation).connection
    fast.skipped += timedelta(minutes=3)  # the calls of connecting count no more
    return made


def probe(tools: Tools, organisation: str, connection: str, entry: Access, lane: Lane) -> None:
    """One call to the books."""
    platform = named("xero")
    platform.contact(call_for(tools, organisation, connection, lane), entry, "Amazon.co.uk", "a key")


@pytest.mark.parametrize("rolling", [True, False])
def test_six_workers_are_never_refused_over_the_minute_of_the_books(
    tools: Tools, organisation: str, connection: str, there: Standing, fast: FastClock, rolling: bool
) -> None:
    there.world.stand_in.switches["rolling_window"] = rolling
    entry = access(tools, organisation, connection)
    probe(tools, organisation, connection, entry, Lane.INTERACTIVE)
    there.world.calls.clear()
    fast.skipped += timedelta(minutes=3)
    until = fast() + timedelta(seconds=130)

    def work(lane: Lane) -> None:
        while fast() < until:
            try:
                probe(tools, organisation, connection, entry, lane)
            except Busy as busy:
                assert busy.failure.status == 0, "the books had to refuse what the gate let through"
                fast.pause(timedelta(seconds=0.5))

    with ThreadPoolExecutor(6) as pool:
        for ran in [pool.submit(work, lane) for lane in (Lane.INTERACTIVE, *[Lane.BACKGROUND] * 5)]:
            ran.result()
    made = there.calls("GET", "/Contacts")
    assert [call.status for call in made if call.status != 200] == []
    first_minute = [call for call in made if call.at < made[0].at + timedelta(seconds=60)]
    # How near it comes to 60 depends on the machine, and is told by the benchmark of sending.
    assert 1 < len(first_minute) <= 60 and len(made) > len(first_minute)


def test_a_stated_wait_is_obeyed_by_every_worker(
    tools: Tools, organisation: str, connection: str, there: Standing, fast: FastClock
) -> None:
    entry = access(tools, organisation, connection)
    there.arm("rate-limit", kind="minute", retry_after=26)
    with pytest.raises(Busy) as refused:
        probe(tools, organisation, connection, entry, Lane.INTERACTIVE)
    assert refused.value.failure.status == 429 and refused.value.failure.retry_after_seconds == 26
    ordered_at, reached = fast(), len(there.calls(path="/Contacts"))
    for lane in Lane:
        with pytest.raises(Busy) as held:
            probe(tools, organisation, connection, entry, lane)
        assert held.value.failure.status == 0 and 20 <= (held.value.failure.retry_after_seconds or 0) <= 26
    assert len(there.calls(path="/Contacts")) == reached
    (shown,) = card(tools, organisation)
    assert shown.waits_until is not None and abs(shown.waits_until - ordered_at) < timedelta(seconds=27)
    fast.skipped += timedelta(seconds=26)
    probe(tools, organisation, connection, entry, Lane.BACKGROUND)


def test_the_days_remainder_is_read_from_every_answer(
    tools: Tools, organisation: str, connection: str, there: Standing, fast: FastClock
) -> None:
    entry = access(tools, organisation, connection)
    there.world.stand_in.switches["day_limit"] = 215
    probe(tools, organisation, connection, entry, Lane.BACKGROUND)
    (before,) = card(tools, organisation)
    assert 200 < before.calls_left_today < 215
    for _ in range(before.calls_left_today - 200):
        probe(tools, organisation, connection, entry, Lane.BACKGROUND)
    with pytest.raises(Busy) as refused:
        probe(tools, organisation, connection, entry, Lane.BACKGROUND)
    assert (refused.value.failure.code, refused.value.failure.status) == ("rate-limit-day", 0)
    (after,) = card(tools, organisation)
    assert after.calls_left_today == 200, "a fifth of the day's 1,000 is left for people"
    probe(tools, organisation, connection, entry, Lane.INTERACTIVE)


def test_slots_of_workers_that_died_come_back(
    tools: Tools, organisation: str, connection: str, fast: FastClock
) -> None:
    entry = access(tools, organisation, connection)
    with write(tools.engines, organisation) as db:
        budgets.locked_usage(db, connection, fast())
        for index in range(5):
            budgets.take(db, connection, f"dead {index}", "background", fast())
    with pytest.raises(Busy):
        probe(tools, organisation, connection, entry, Lane.BACKGROUND)
    fast.skipped += timedelta(seconds=121)
    probe(tools, organisation, connection, entry, Lane.BACKGROUND)


def test_two_sets_of_books_do_not_eat_each_others_budget(
    tools: Tools, organisation: str, other_organisation: str, connection: str, fast: FastClock
) -> None:
    with write(tools.engines, other_organisation) as db:
        budgets.locked_usage(db, "theirs", fast())
        budgets.take(db, "theirs", "s", "background", fast())
        budgets.give_back(db, "theirs", "s", fast(), Report(0, fast() + timedelta(hours=5), "rate-limit-day"))
    probe(tools, organisation, connection, access(tools, organisation, connection), Lane.BACKGROUND)


def test_many_threads_never_hold_more_than_five_slots(
    tools: Tools, organisation: str, connection: str, there: Standing, fast: FastClock
) -> None:
    there.world.stand_in.switches["latency_seconds"] = 0.5
    entry = access(tools, organisation, connection)
    refused: list[RemoteError] = []
    start = threading.Barrier(12)

    def one(_index: int) -> None:
        start.wait()
        try:
            probe(tools, organisation, connection, entry, Lane.INTERACTIVE)
        except RemoteError as error:
            refused.append(error)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(12)))
    assert refused and all(error.failure.status == 0 for error in refused)
    assert all(call.status == 200 for call in there.calls(path="/Contacts"))
