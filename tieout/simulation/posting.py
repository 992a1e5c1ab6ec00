"""The posting profile: the product's own state machine against a model of the books, under bad weather, by seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random
from time import perf_counter
from typing import Any

from tieout.core.posting import Approved, Decided, Decision, Design, Posting, State, step
from tieout.simulation._office import Office, Slot, Violation, moment
from tieout.simulation._worker import Clock, Worker
from tieout.simulation.books import Books, Late
from tieout.simulation.designs import DESIGNS
from tieout.simulation.faults import HOUR, MINUTE, Mark, Weather

PROFILE = "posting"
WORKERS = 2
BILL_ODDS = 0.15
REFUSED_ODDS = 0.03
MENDED_ODDS = 0.5
MENDED_WITHIN = 2 * HOUR
ARRIVES_WITHIN = 5 * MINUTE
CALL_LIMITS = (1, 50)
END = 48 * HOUR

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One seed under one design: what it broke, what happened, and the faults that fired."""

    seed: int
    design: str
    violations: tuple[Violation, ...]
    lines: tuple[str, ...]
    fired: tuple[tuple[Mark, str], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Many seeds under one design. `violations` holds one dict a violation: seed, invariant, text."""

    profile: str
    design: str
    seeds: int
    violations: list[dict[str, Any]]
    runs_per_second: float
    trace_hash: str


def run_seeds(start: int, count: int, design: str = "D5", progress: Progress | None = None) -> Summary:
    """Run seeds start to start + count - 1. `progress` is called with the number done, every hundred runs."""
    began, digest, violations = perf_counter(), blake2b(digest_size=16), []
    for seed in range(start, start + count):
        result = run(seed, design)
        digest.update("\n".join(result.lines).encode())
        violations += [{"seed": seed, "invariant": v.invariant, "text": v.text} for v in result.violations]
        if progress is not None and (seed - start + 1) % 100 == 0:
            progress(seed - start + 1)
    speed = count / max(perf_counter() - began, 1e-9)
    return Summary(PROFILE, design, count, violations, speed, digest.hexdigest())


def trace(seed: int, design: str = "D5") -> list[str]:
    """What happened in one run, a line an event, and at its end what it broke."""
    result = run(seed, design)
    return [*result.lines, *(f"FAIL {violation.invariant} {violation.text}" for violation in result.violations)]


def run(seed: int, design: str = "D5", muted: frozenset[Mark] = frozenset()) -> Run:
    """One run, with the faults named by `muted` left out. The same arguments give the same run, on any machine."""
    weather = Weather(seed, muted)
    chance = Random(f"world {seed}")
    office = _office(weather, chance, is_full=design == "D5")
    scheduler = _Scheduler(office, chance)
    limit = chance.choice(CALL_LIMITS)
    for index in range(WORKERS):
        name = f"worker{index}"
        worker = Worker(name, office, weather, scheduler.clock, chance, DESIGNS[design], limit)
        scheduler.add(int(chance.random() * MINUTE), worker.live())
    scheduler.run(DESIGNS[design])
    _check_end(office)
    return Run(seed, design, tuple(office.violations), tuple(office.lines), tuple(weather.fired))


def _office(weather: Weather, chance: Random, is_full: bool) -> Office:
    settlements, refuses = [], set[str]()
    for index in range(1 + int(chance.random() * 3)):
        parts = []
        for part in range(1 + int(chance.random() * 2)):
            is_bill = chance.random() < BILL_ODDS
            total = 1 + int(chance.random() * 1_000_000)
            number = f"TO-GB-{index}-{part + 1}-v1"
            if chance.random() < REFUSED_ODDS:
                refuses.add(number)
            parts.append(Slot(f"S{index}-M{part + 1}", index, total, Posting(number, not is_bill, "books")))
        settlements.append(tuple(parts))
    return Office(Books(weather, chance, refuses), tuple(settlements), is_full)


class _Scheduler:
    """One queue of moments: workers that go on, late commits, a person who approves, mends and tries again."""

    def __init__(self, office: Office, chance: Random) -> None:
        self.clock = Clock()
        self._office = office
        self._queue: list[tuple[int, int, Iterator[int] | Late | Callable[[], None]]] = []
        self._count = 0
        self._outside = 0
        for parts in office.settlements:
            self._later(int(chance.random() * ARRIVES_WITHIN), partial(self._approve, parts))
        for number in sorted(office.books.refuses):
            if chance.random() < MENDED_ODDS:
                self._later(int(chance.random() * MENDED_WITHIN), partial(self._mend, number))

    def add(self, at: int, waiting: Iterator[int] | Late | Callable[[], None]) -> None:
        self._count += 1
        heappush(self._queue, (at, self._count, waiting))

    def run(self, design: Design) -> None:
        office, clock, queue = self._office, self.clock, self._queue
        while clock.now < END and (self._outside or office.busy or office.next_due() is not None):
            clock.now, _, waiting = heappop(queue)
            if isinstance(waiting, Iterator):
                self.add(clock.now + next(waiting), waiting)
                for late in office.lates:
                    self._later(late.at, late)
                office.lates.clear()
                continue
            self._outside -= 1
            if isinstance(waiting, Late):
                office.books.commit(waiting.call)
                office.note(clock.now, "books", f"COMMIT key={waiting.call.key}, late")
            else:
                waiting()

    def _later(self, at: int, what: Late | Callable[[], None]) -> None:
        self._outside += 1
        self.add(at, what)

    def _approve(self, parts: tuple[Slot, ...]) -> None:
        for slot in parts:
            self._decide(slot, Approved())

    def _mend(self, number: str) -> None:
        self._office.books.refuses.discard(number)
        self._decide(self._office.by_number[number], Decided(Decision.TRY_NOW))

    def _decide(self, slot: Slot, event: Approved | Decided) -> None:
        posting, effects = step(slot.posting, event, moment(self.clock.now))
        if effects:
            self._office.save(slot, slot.posting, posting, effects, self.clock.now)
            self._office.note(self.clock.now, "person", f"{type(event).__name__} {slot.label}")


def _check_end(office: Office) -> None:
    """I1, I2 and liveness, when nothing is left to do: the books hold exactly the plan, or a part of it in order."""
    for parts in office.settlements:
        is_stopped = False
        for slot in parts:
            standing = office.books.documents.get(slot.posting.number, [])
            state = slot.posting.state
            if len(standing) > 1:
                office.blame(
                    "I1",
                    f"duplicate: {slot.label} {'ACCREC' if slot.posting.unique else 'ACCPAY'} x{len(standing)} live",
                )
            elif (state is State.DONE) != (len(standing) == 1):
                office.blame("I1", f"{slot.label} is {state.value} with {len(standing)} documents in the books")
            elif standing and is_stopped:
                office.blame("I1", f"{slot.label} is in the books behind a part that is not")
            elif state is State.DONE and (standing[0].remote_id, standing[0].total) != (
                slot.posting.remote_id,
                slot.total,
            ):
                office.blame("I2", f"{slot.label} is done with another document's id or total")
            elif state is not State.DONE and not is_stopped and slot.posting.number not in office.books.refuses:
                office.blame("liveness", f"{slot.label} ends as {state.value}")
            is_stopped = is_stopped or state is not State.DONE
