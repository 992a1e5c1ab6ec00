"""One simulated worker: claims, records, sends, looks, and can be killed or put to sleep between any two of these.

It stands where `sync/posting.py` stands in the product, and asks the product's own `step` what to do.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from random import Random

from tieout.core.posting import (
    Claimed,
    Design,
    Event,
    Found,
    Look,
    LookFailed,
    NotFound,
    Posting,
    Send,
    Silent,
    State,
    judge,
    key_to_repeat,
    may_send,
    step,
)
from tieout.simulation._office import Held, Office, Slot, moment
from tieout.simulation.books import Call, Document, Paper, Said, hits
from tieout.simulation.faults import SECOND, StepFault, Weather

LONGEST_IDLE = 60 * SECOND
RESTART = 20 * SECOND
LATENESS = 2 * SECOND  # a nudge comes up to so much late


class Killed(Exception):
    """kill -9: what the worker knew is gone, what is stored or sent stays."""


class Clock:
    """The moment, set by the scheduler before a worker goes on."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0


class Worker:
    """Yields how long to wait; the scheduler resumes it then."""

    __slots__ = ("_chance", "_clock", "_design", "_key_count", "_limit", "_name", "_office", "_weather")

    def __init__(
        self, name: str, office: Office, weather: Weather, clock: Clock, chance: Random, design: Design, limit: int
    ) -> None:
        self._name = name
        self._office = office
        self._weather = weather
        self._clock = clock
        self._chance = chance.random
        self._design = design
        self._limit = limit
        self._key_count = 0

    def live(self) -> Iterator[int]:
        """For ever: work, and after a kill begin again with nothing in mind."""
        while True:
            try:
                while True:
                    yield from self._round()
            except Killed:
                self._note("is killed")
                yield RESTART

    def _round(self) -> Iterator[int]:
        slots = self._office.due(self._clock.now, self._limit)
        if not slots:
            yield self._idle()
            return
        held = self._claimed(slots)
        self._office.busy += 1
        try:
            yield from self._step()
            for group in _by_key(held):
                held += yield from self._send(group)
            looking = [each for each in held if any(isinstance(effect, Look) for effect in each.effects)]
            if looking:
                yield from self._look(looking)
        finally:
            self._office.busy -= 1

    def _idle(self) -> int:
        due = self._office.next_due()
        wait = LONGEST_IDLE if due is None else min(LONGEST_IDLE, max(0, due - self._clock.now))
        return wait + 1 + int(self._chance() * LATENESS)

    def _claimed(self, slots: Sequence[Slot]) -> list[Held]:
        """Claim them in one transaction, which also stores the call that they will travel in."""
        now, held = self._clock.now, []
        self._key_count += 1
        key = f"{self._name}-{self._key_count}"
        for slot in slots:
            permit = self._office.permit(now, key, self._may_repeat(slot.posting))
            each = self._stepped(slot, slot.posting, Claimed(self._name, permit))
            if each is not None:
                held.append(each)
        papers = [self._paper(each, send) for each, send in _sends(held) if not send.is_repeat]
        if papers:
            self._office.calls[key] = Call(key, tuple(papers))
        self._note("TAKE " + " ".join(f"{each.slot.label} ({each.posting.state.value})" for each in held))
        return held

    def _may_repeat(self, posting: Posting) -> bool:
        """The same call again only if nothing in it has been refused since."""
        key = key_to_repeat(posting, moment(self._clock.now), self._design)
        papers = self._office.calls[key].papers if key in self._office.calls else ()
        return all(self._office.by_number[paper.number].posting.state is not State.REFUSED for paper in papers)

    def _paper(self, each: Held, send: Send) -> Paper:
        return Paper(each.posting.number, each.posting.unique, each.slot.total, send.attempt.number)

    def _send(self, group: list[tuple[Held, Send]]) -> Generator[int, None, list[Held]]:
        """One call. Returns the postings as they are after its answer."""
        call, attempt = self._office.calls[group[0][1].attempt.key], group[0][1].attempt
        now = moment(self._clock.now)
        if not all(may_send(each.slot.posting, send.attempt, now, self._design) for each, send in group):
            self._note(f"too late to POST {_labels(group)}")
            return self._learnt((each, Silent()) for each, _ in group)
        yield from self._sleep(self._weather.pause(self._clock.now), "sleeps before the socket")
        said = self._office.post(call, group, attempt, self._clock.now)
        for each, send in group:
            self._office.record_rest(each.slot, send, each.effects, self._clock.now)
        self._note(f"POST {_labels(group)} key={call.key}{' again' if group[0][1].is_repeat else ''} -> {said.words}")
        yield said.took
        yield from self._step()
        return self._learnt(_verdicts(group, said))

    def _look(self, held: Sequence[Held]) -> Iterator[int]:
        asked = self._clock.now
        took, shown, words = self._office.books.look([each.posting.number for each in held], asked)
        yield took
        yield from self._step()
        found = {} if shown is None else shown
        counts = " ".join(f"{each.slot.label} x{len(found.get(each.posting.number, ()))}" for each in held)
        self._note(f"LOOK {counts} -> {words}")
        self._learnt((each, _seen(each, shown, asked)) for each in held)

    def _learnt(self, news: Iterable[tuple[Held, Event]]) -> list[Held]:
        after = (self._stepped(each.slot, each.posting, event) for each, event in news)
        return [each for each in after if each is not None]

    def _stepped(self, slot: Slot, read: Posting, event: Event) -> Held | None:
        """One step, saved; None if the event said nothing, or somebody else moved the posting meanwhile."""
        posting, effects = step(read, event, moment(self._clock.now), self._design)
        if effects and self._office.save(slot, read, posting, effects, self._clock.now):
            return Held(slot, posting, effects)
        return None

    def _step(self) -> Iterator[int]:
        fault, length = self._weather.step(self._clock.now)
        if fault is StepFault.KILL:
            raise Killed
        if fault is StepFault.STALL:
            yield from self._sleep(length, "stalls")

    def _sleep(self, length: int, words: str) -> Iterator[int]:
        if length:
            self._note(f"{words} for {length // SECOND} s")
            yield length

    def _note(self, text: str) -> None:
        self._office.note(self._clock.now, self._name, text)


def _sends(held: Iterable[Held]) -> list[tuple[Held, Send]]:
    return [(each, effect) for each in held for effect in each.effects if isinstance(effect, Send)]


def _by_key(held: Iterable[Held]) -> list[list[tuple[Held, Send]]]:
    groups: dict[str, list[tuple[Held, Send]]] = {}
    for each, send in _sends(held):
        groups.setdefault(send.attempt.key, []).append((each, send))
    return list(groups.values())


def _labels(group: Iterable[tuple[Held, Send]]) -> str:
    return " ".join(each.slot.label for each, _ in group)


def _verdicts(group: Sequence[tuple[Held, Send]], said: Said) -> list[tuple[Held, Event]]:
    if said.elements is None:
        return [(each, Silent()) for each, _ in group]
    by_number = {each.posting.number: each for each, _ in group}
    return [(by_number[number], answer) for number, answer in judge(by_number, said.elements).items()]


def _seen(each: Held, shown: dict[str, tuple[Document, ...]] | None, asked: int) -> Event:
    if shown is None:
        return LookFailed()
    documents = hits(shown[each.posting.number], each.slot.total)
    return Found(documents) if documents else NotFound(moment(asked))
