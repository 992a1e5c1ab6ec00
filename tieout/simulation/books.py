"""A model of one set of books: unique invoice numbers, bills that repeat, keys kept six minutes, tokens that expire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from tieout.core.posting import Answered, Element, Hit, Outcome
from tieout.simulation.faults import LATE_COMMITS, SECOND, CallFault, Weather, between

KEY_MEMORY = 360 * SECOND
TOKEN_LIFE = 1800 * SECOND
LATENCY = (200, 3000)  # milliseconds of one call that is answered
PATIENCE = (1 * SECOND, 30 * SECOND)  # after which a call without an answer is given up
GATEWAY_SHARE, MISSING_SHARE = 0.2, 0.1  # of the answers lost after a commit: a 502, an element left out; else a reset
RETRY_AFTER = (1 * SECOND, 60 * SECOND)


@dataclass(frozen=True, slots=True)
class Paper:
    """One document inside a call. `attempt` is the attempt row that it was sent for."""

    number: str
    unique: bool
    total: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Call:
    key: str
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Document:
    remote_id: str
    number: str
    unique: bool
    total: int


@dataclass(frozen=True, slots=True)
class Late:
    """A call that the books carry out at `at`, after the caller has gone."""

    at: int
    call: Call


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller sees after `took` ms: elements, or nothing at all. `words` go into the trace."""

    took: int
    elements: tuple[Element, ...] | None
    words: str
    late: Late | None = None


@dataclass(slots=True)
class _Memory:
    until: int
    elements: tuple[Element, ...] | None = None  # None: still being carried out


_ACCEPTED_ELSEWHERE = Answered(Outcome.NUMBER_TAKEN, words="number must be unique")
_INVALID = Answered(Outcome.REFUSED, words="account is archived")
_LIMITED, _DENIED, _BROKEN = Outcome.LIMITED, Answered(Outcome.UNAUTHORISED), Answered(Outcome.UNCLEAR)


class Books:
    """Answers calls and looks. `documents` is what stands in the books, by number, in the order of its coming.

    `before` are numbers under which a document stood before the run, `taken` those among them where it is not ours.
    """

    __slots__ = ("_chance", "_count", "_keys", "_weather", "before", "documents", "refuses", "taken")

    token_life = TOKEN_LIFE
    kinds = ("ACCPAY", "ACCREC")  # what is called so in traces: a number that repeats, one that is unique

    def __init__(self, weather: Weather, chance: Random, refuses: set[str]) -> None:
        self.documents: dict[str, list[Document]] = {}
        self.refuses = refuses  # numbers that fail validation as long as they stand here
        self.before: frozenset[str] = frozenset()
        self.taken: frozenset[str] = frozenset()
        self._weather = weather
        self._chance = chance.random
        self._keys: dict[str, _Memory] = {}
        self._count = 0

    def create(self, call: Call, token_expires_at: int, now: int) -> Said:
        """One create call. Limits are checked before the token, the token before the key."""
        fault, share = self._weather.call(now)
        took = between(LATENCY, self._chance())
        if self._weather.is_out(now):
            return Said(took, _all(call, _BROKEN), "503")
        if fault is CallFault.LIMITED:
            return Said(took, _all(call, _limited(share)), "429 (checked before the key)")
        if fault is CallFault.RESET_BEFORE:
            return Said(between(PATIENCE, share), None, "connection reset (nothing arrived)")
        if now >= token_expires_at:
            return Said(took, _all(call, _DENIED), "401")
        known = self._keys.get(call.key)
        if known is not None and now < known.until:
            return _replayed(known, call, fault, share, took)
        return self._carry_out(call, fault, share, took, now)

    def _carry_out(self, call: Call, fault: CallFault, share: float, took: int, now: int) -> Said:
        memory = self._keys[call.key] = _Memory(now + KEY_MEMORY)
        if fault is CallFault.LATE:
            patience = between(PATIENCE, self._chance())
            late = Late(now + patience + between(LATE_COMMITS, share), call)
            return Said(patience, None, "connection reset (still being carried out)", late)
        if fault is CallFault.BROKEN:
            memory.elements = _all(call, _BROKEN)
            return Said(took, memory.elements, "500")
        memory.elements = self.commit(call)
        return _heard(memory.elements, fault, share, took, "committed")

    def commit(self, call: Call) -> tuple[Element, ...]:
        """Carry the call out: one element a document, in an order of the books' own."""
        elements = [Element(paper.number, self._judged(paper)) for paper in call.papers]
        self._keys[call.key].elements = answers = tuple(reversed(elements))
        return answers

    def look(self, numbers: Sequence[str], now: int) -> tuple[int, dict[str, tuple[Document, ...]] | None, str]:
        """How long it took, and every document of each number; None when the look failed."""
        fault, _ = self._weather.call(now)
        took = between(LATENCY, self._chance())
        if self._weather.is_out(now) or fault is not CallFault.NONE:
            return took, None, "look failed"
        return took, {number: tuple(self.documents.get(number, ())) for number in numbers}, "looked"

    def _judged(self, paper: Paper) -> Answered:
        if paper.number in self.refuses:
            return _INVALID
        standing = self.documents.setdefault(paper.number, [])
        if paper.unique and standing:
            return _ACCEPTED_ELSEWHERE
        self._count += 1
        document = Document(f"doc-{self._count}", paper.number, paper.unique, paper.total)
        standing.append(document)
        return Answered(Outcome.DONE, document.remote_id)


def hits(documents: Sequence[Document], total: int) -> tuple[Hit, ...]:
    return tuple(Hit(document.remote_id, document.total == total) for document in documents)


def _all(call: Call, answer: Answered) -> tuple[Element, ...]:
    return tuple(Element(paper.number, answer) for paper in call.papers)


def _limited(share: float) -> Answered:
    return Answered(_LIMITED, retry_after=timedelta(milliseconds=between(RETRY_AFTER, share)))


def _replayed(known: _Memory, call: Call, fault: CallFault, share: float, took: int) -> Said:
    if known.elements is None:
        return Said(took, _all(call, _BROKEN), "409 (the first is still being carried out)")
    return _heard(known.elements, fault, share, took, "replayed")


def _heard(elements: tuple[Element, ...], fault: CallFault, share: float, took: int, words: str) -> Said:
    """What of a complete answer reaches the caller: it can be lost in three ways, usually by a cut connection."""
    if fault is CallFault.NONE:
        return Said(took, elements, words)
    if share < GATEWAY_SHARE:
        return Said(took, tuple(Element(element.number, _BROKEN) for element in elements), f"502 ({words})")
    if share < GATEWAY_SHARE + MISSING_SHARE:
        return Said(took, elements[1:], f"200 with an element missing ({words})")
    return Said(took, None, f"connection reset ({words})")
