"""The product's own state machine against a model of the books, under bad weather, by seed; one world a profile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random
from time import process_time
from typing import Any

from tieout.core.posting import Approved, Decided, Decision, Design, Obstacle, Posting, State, obstacle, step
from tieout.simulation import journals
from tieout.simulation._office import Office, Slot, Violation, moment
from tieout.simulation._worker import Clock, Worker
from tieout.simulation.books import Books, Document, Late
from tieout.simulation.designs import DESIGNS
from tieout.simulation.faults import HOUR, MINUTE, Mark, Weather

PROFILE = "posting"
PROFILES = (PROFILE, journals.PROFILE)
WORKERS = 2
BILL_ODDS = 0.12
REFUSED_ODDS = 0.03
MENDED_ODDS = 0.5
MENDED_WITHIN = 2 * HOUR
ARRIVES_WITHIN = 5 * MINUTE
CALL_LIMITS = (1, 50)
END = 48 * HOUR
# A mapping changed while a send is held, or a newer file while one is queued: the payout is planned anew.
REPLANNED_ODDS = 0.3
REPLANNED_WITHIN = 2 * HOUR
AGAIN_AFTER, MOST_AGAIN = 10 * MINUTE, 12

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One seed under one design: what it broke, what happened, and the faults that fired."""

    seed: int
    design: str
    violations: tuple[Violation, ...]
    lines: tuple[str, ...]
    fired: tuple[tuple[Mark, str], ...]
    profile: str = PROFILE


@dataclass(frozen=True, slots=True)
class Summary:
    """Many seeds under one design. `violations` holds one dict a violation: seed, invariant, text.

    `runs_per_second` is for one core: runs by seconds of computing. `trace_hash` covers every line of every trace.
    """

    profile: str
    design: str
    seeds: int
    violations: list[dict[str, Any]]
    runs_per_second: float
    trace_hash: str


def run_seeds(
    start: int, count: int, design: str = "D5", progress: Progress | None = None, profile: str = PROFILE
) -> Summary:
    """Run seeds start to start + count - 1. `progress` is called with the number done, every hundred runs."""
    began, digest, violations = process_time(), blake2b(digest_size=16), []
    for seed in range(start, start + count):
        result = run(seed, design, profile=profile)
        digest.update("\n".join(result.lines).encode())
        violations += [{"seed": seed, "invariant": v.invariant, "text": v.text} for v in result.violations]
        if progress is not None and (seed - start + 1) % 100 == 0:
            progress(seed - start + 1)
    speed = count / max(process_time() - began, 1e-9)
    return Summary(profile, design, count, violations, speed, digest.hexdigest())


def trace(seed: int, design: str = "D5", profile: str = PROFILE) -> list[str]:
    """What happened in one run, a line an event, and at its end what it broke."""
    result = run(seed, design, profile=profile)
    return [*result.lines, *(f"FAIL {violation.invariant} {violation.text}" for violation in result.violations)]


def run(seed: int, design: str = "D5", only: frozenset[Mark] | None = None, profile: str = PROFILE) -> Run:
    """One run; `only` leaves out every fault but these. The same arguments give the same run, on any machine."""
    weather = Weather(seed, only)
    chance = Random(f"world {seed}")
    is_full, limits = design == "D5", CALL_LIMITS
    if profile == journals.PROFILE:
        office, limits = journals.office(weather, seed, is_full), journals.CALL_LIMITS
    else:
        office = _office(weather, chance, is_full)
    scheduler = _Scheduler(office, chance, DESIGNS[design])
    # The ladder and the shrunk schedules keep the world they were measured in; who plans anew did not lose its memory.
    if is_full and only is None and not office.books.before:
        scheduler.replan_some(Random(f"plans {seed}"))
    limit = chance.choice(limits)
    for index in range(WORKERS):
        name = f"worker{index}"
        worker = Worker(name, office, weather, scheduler.clock, chance, DESIGNS[design], limit)
        scheduler.add(int(chance.random() * MINUTE), worker.live())
    scheduler.run()
    _check_end(office)
    return Run(seed, design, tuple(office.violations), tuple(office.lines), tuple(weather.fired), profile)


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

    def __init__(self, office: Office, chance: Random, design: Design) -> None:
        self.clock = Clock()
        self._design = design
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

    def replan_some(self, chance: Random) -> None:
        """Rolls of their own, so that whatever else happens in a seed stays as it was."""
        for payout in range(len(self._office.settlements)):
            if chance.random() < REPLANNED_ODDS:
                more = chance.choice((0, 0, 1, -1, 1000))  # a changed mapping keeps the total, a changed file need not
                at = int(chance.random() ** 3 * REPLANNED_WITHIN)
                self._later(at, partial(self._replan, payout, more, MOST_AGAIN))

    def run(self) -> None:
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

    def _replan(self, payout: int, more: int, tries: int) -> None:
        """What the product does before it freezes another plan: every older document is taken back, or nothing is."""
        office, now = self._office, moment(self.clock.now)
        older = [slot for place in office.plans_of(payout) for slot in office.settlements[place]]
        words = "mapping changed" if not more else "newer file"
        found = [stands for slot in older if (stands := obstacle(slot.posting, now)) is not None]
        if found:
            office.note(self.clock.now, "person", f"{words}, S{payout} stays as it is: {found[0].value}")
            if tries and Obstacle.IN_BOOKS not in found:
                self._later(self.clock.now + AGAIN_AFTER, partial(self._replan, payout, more, tries - 1))
            return
        for slot in older:
            self._decide(slot, Decided(Decision.WITHDRAW))
        parts = tuple(_anew(slot, more) for slot in older)
        office.note(self.clock.now, "person", f"{words}, S{payout} is planned anew")
        office.replace_plans(payout, parts)
        self._approve(parts)

    def _mend(self, number: str) -> None:
        self._office.books.refuses.discard(number)
        self._insist(self._office.by_number[number])

    def _insist(self, slot: Slot) -> None:
        is_withdrawn = any(slot in self._office.settlements[place] for place in self._office.withdrawn)
        if slot.posting.state is not State.DONE and not is_withdrawn:
            self._decide(slot, Decided(Decision.TRY_NOW))
            self._later(self.clock.now + HOUR, partial(self._insist, slot))

    def _decide(self, slot: Slot, event: Approved | Decided) -> None:
        posting, effects = step(slot.posting, event, moment(self.clock.now), self._design)
        if effects:
            self._office.save(slot, slot.posting, posting, effects, self.clock.now)
            self._office.note(self.clock.now, "person", f"{type(event).__name__} {slot.label}")


def _anew(slot: Slot, more: int) -> Slot:
    number = slot.posting.number.replace("-v1", "-v2")
    posting = Posting(number, slot.posting.unique, slot.posting.books_id)
    return Slot(f"{slot.label}-v2", slot.settlement, max(1, slot.total + more), posting)


def _check_end(office: Office) -> None:
    """I1, I2 and liveness, when nothing is left to do: the books hold exactly the plan, or a part of it in order.

    Of a payout that was planned anew they hold the newest plan alone.
    """
    for place, parts in enumerate(office.settlements):
        standing = [office.books.documents.get(slot.posting.number, []) for slot in parts]
        if place in office.withdrawn:
            if any(standing):
                office.blame("I1", f"duplicate: {parts[0].label} is in the books although a newer plan took its place")
            continue
        for slot, documents in zip(parts, standing, strict=True):
            _check_slot(office, slot, documents)
        states = [slot.posting.state for slot in parts]
        first_open = next((index for index, state in enumerate(states) if state is not State.DONE), len(parts))
        behind = zip(parts[first_open:], standing[first_open:], strict=True)
        if any(documents and slot.posting.number not in office.books.before for slot, documents in behind):
            office.blame("I1", f"{parts[0].label}: a part is in the books behind one that is not done")
        if first_open < len(parts) and not _may_end_open(office, parts[first_open]):
            office.blame("liveness", f"{parts[first_open].label} ends as {states[first_open].value}")
        posted = sum(document.total for documents in standing for document in documents)
        planned = sum(slot.total for slot in parts)
        if first_open == len(parts) and posted != planned:
            office.blame("I2", f"{parts[0].label}: the books hold {posted}, the plan says {planned}")


def _may_end_open(office: Office, slot: Slot) -> bool:
    """What the books refuse, and what carries a number of somebody else's document, is for a person."""
    is_shown = slot.posting.number in office.books.taken and slot.posting.state is State.ESCALATED
    return is_shown or slot.posting.number in office.books.refuses


def _check_slot(office: Office, slot: Slot, documents: list[Document]) -> None:
    label, state = slot.label, slot.posting.state
    if len(documents) > 1:
        kind = office.books.kinds[slot.posting.unique]
        office.blame("I1", f"duplicate: {label} {kind} x{len(documents)} live")
    elif (state is State.DONE) != (len(documents) == 1) and slot.posting.number not in office.books.before:
        office.blame("I1", f"{label} is {state.value} with {len(documents)} documents in the books")
    elif state is State.DONE and documents[0].remote_id != slot.posting.remote_id:
        office.blame("I1", f"{label} is done with another document's id")
