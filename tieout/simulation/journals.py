"""A model of books that keep no number unique, and what is dealt to them: the profile "journals".

Documents travel in batches whose items stand alone: each is done or not, answered or not, in any order. A request id is
answered from memory for a time that nobody states, a 429 names no wait, a 200 may hold faults, and others use the same
limits. Some runs begin with documents that are in the books already, ours from another life or somebody else's.
"""

from collections import deque
from collections.abc import Sequence
from random import Random

from tieout.core.posting import Answered, Element, Outcome, Posting
from tieout.simulation._office import Office, Slot
from tieout.simulation.books import LATENCY, PATIENCE, Books, Call, Document, Late, Paper, Said
from tieout.simulation.faults import HOUR, LATE_COMMITS, MINUTE, SECOND, CallFault, Weather, between

PROFILE = "journals"
CALL_LIMITS = (1, 30)
TOKEN_LIFE = 3600 * SECOND
KEY_MEMORIES = (0, 30 * SECOND, 10 * MINUTE, HOUR, 24 * HOUR)  # nobody states it: each run has its own
# Calls a second and batches a minute, and what other callers leave of them in some runs.
LIMITS = ((10, 40), (10, 40), (2, 3), (1, 1))
REFUSED_ODDS = 0.03
STANDING_ODDS, TAKEN_SHARE = 0.06, 0.4
WHOLE_SHARE = 0.5  # of calls that are limited or break, those that do as a whole; in the others items do
GATEWAY_SHARE, MISSING_SHARE = 0.2, 0.5  # of the answers lost: a 502, some elements left out; else a reset

_LIMITED, _UNCLEAR = Answered(Outcome.LIMITED), Answered(Outcome.UNCLEAR)
_DENIED, _INVALID = Answered(Outcome.UNAUTHORISED), Answered(Outcome.REFUSED, words="account is inactive")


class JournalBooks(Books):
    """See the module. Everything that is dealt comes from `deal`, in the order of the calls."""

    __slots__ = ("_asked", "_begun", "_deal", "_limits", "_memory", "_said", "_until")

    token_life = TOKEN_LIFE
    kinds = ("journal", "journal")

    def __init__(self, weather: Weather, deal: Random, refuses: set[str]) -> None:
        super().__init__(weather, deal, refuses)
        self._deal = deal
        self._memory = deal.choice(KEY_MEMORIES)
        self._limits = deal.choice(LIMITS)
        self._asked: deque[int] = deque()  # moments of calls, and of batches among them
        self._begun: deque[int] = deque()
        self._until: dict[str, int] = {}  # how long the answer of a request id is remembered
        self._said: dict[str, tuple[Element, ...]] = {}

    def stand(self, number: str, total: int) -> None:
        """A document that was there before the run."""
        self._put(number, total)

    def create(self, call: Call, token_expires_at: int, now: int) -> Said:
        """One batch. Limits are checked before the token, the token before the request id."""
        fault, share = self._weather.call(now)
        took = between(LATENCY, self._chance())
        if self._weather.is_out(now):
            return Said(took, _all(call, _UNCLEAR), "503")
        if self._is_over(now, is_batch=True) or (fault is CallFault.LIMITED and share < WHOLE_SHARE):
            return Said(took, _all(call, _LIMITED), "429 without a wait")
        if fault is CallFault.RESET_BEFORE:
            return Said(between(PATIENCE, share), None, "connection reset (nothing arrived)")
        if now >= token_expires_at:
            return Said(took, _all(call, _DENIED), "401")
        if now < self._until.get(call.key, now):
            return self._replayed(call, fault, share, took)
        self._until[call.key] = now + self._memory
        return self._begin(call, fault, share, took, now)

    def commit(self, call: Call) -> tuple[Element, ...]:
        """Carry these items out; their answers are added to what is remembered of the call."""
        answers = tuple(Element(paper.number, self._done(paper)) for paper in call.papers)
        self._said[call.key] = (*self._said.get(call.key, ()), *answers)
        return answers

    def look(self, numbers: Sequence[str], now: int) -> tuple[int, dict[str, tuple[Document, ...]] | None, str]:
        if self._is_over(now, is_batch=False):
            return between(LATENCY, self._chance()), None, "429, look failed"
        return super().look(numbers, now)

    def _begin(self, call: Call, fault: CallFault, share: float, took: int, now: int) -> Said:
        some, others = self._divided(call)
        if fault is CallFault.LATE:
            self.commit(some)
            patience = between(PATIENCE, self._chance())
            late = Late(now + patience + between(LATE_COMMITS, share), others)
            return Said(patience, None, f"connection reset ({len(others.papers)} items still to be carried out)", late)
        if fault is CallFault.BROKEN and share < WHOLE_SHARE:
            self.commit(some)
            return Said(took, _all(call, _UNCLEAR), f"500 after {len(some.papers)} items")
        if fault is CallFault.BROKEN:
            told = [*self.commit(some), *_all(others, _UNCLEAR)]
            self.commit(self._divided(others)[0])  # of those that say they broke, some were carried out
            return Said(took, self._shuffled(told), f"200 with {len(others.papers)} faults in it")
        if fault is CallFault.LIMITED:
            told = [*self.commit(some), *_all(others, _LIMITED)]
            return Said(took, self._shuffled(told), f"200 with {len(others.papers)} items refused as too many")
        return self._heard(self.commit(call), fault, share, took, "committed")

    def _replayed(self, call: Call, fault: CallFault, share: float, took: int) -> Said:
        said = self._said.get(call.key, ())
        if len(said) < len(call.papers):
            return Said(took, _all(call, _UNCLEAR), "409 (the first is not over)")
        return self._heard(said, fault, share, took, "replayed")

    def _heard(self, elements: tuple[Element, ...], fault: CallFault, share: float, took: int, words: str) -> Said:
        """What of a complete answer reaches the caller, in any order."""
        told = self._shuffled(elements)
        if fault is not CallFault.RESET_AFTER:
            return Said(took, told, words)
        if share < GATEWAY_SHARE:
            return Said(took, tuple(Element(each.number, _UNCLEAR) for each in told), f"502 ({words})")
        if share < GATEWAY_SHARE + MISSING_SHARE:
            left = told[: self._deal.randrange(len(told))]
            return Said(took, left, f"200 with {len(told) - len(left)} items missing ({words})")
        return Said(took, None, f"connection reset ({words})")

    def _is_over(self, now: int, is_batch: bool) -> bool:
        """Whether a limit refuses the call; a refused call is not counted."""
        a_second, a_minute = self._limits
        if _within(self._asked, now, SECOND) >= a_second:
            return True
        if is_batch and _within(self._begun, now, MINUTE) >= a_minute:
            return True
        self._asked.append(now)
        if is_batch:
            self._begun.append(now)
        return False

    def _divided(self, call: Call) -> tuple[Call, Call]:
        """Items that something happens to, and the others."""
        chosen = [self._deal.random() < 0.5 for _ in call.papers]
        some = tuple(paper for paper, is_chosen in zip(call.papers, chosen, strict=True) if is_chosen)
        others = tuple(paper for paper, is_chosen in zip(call.papers, chosen, strict=True) if not is_chosen)
        return Call(call.key, some), Call(call.key, others)

    def _shuffled(self, elements: Sequence[Element]) -> tuple[Element, ...]:
        return tuple(self._deal.sample(list(elements), len(elements)))

    def _done(self, paper: Paper) -> Answered:
        if paper.number in self.refuses:
            return _INVALID
        return Answered(Outcome.DONE, self._put(paper.number, paper.total))

    def _put(self, number: str, total: int) -> str:
        self._count += 1
        document = Document(f"doc-{self._count}", number, False, total)
        self.documents.setdefault(number, []).append(document)
        return document.remote_id


def office(weather: Weather, seed: int, is_full: bool) -> Office:
    """A few payouts of one or two journals; under the full design some numbers are in the books already."""
    deal = Random(f"journals {seed}")
    books = JournalBooks(weather, Random(f"batches {seed}"), set())
    settlements, taken = [], set[str]()
    for index in range(1 + int(deal.random() * 3)):
        parts = []
        for part in range(1 + int(deal.random() * 2)):
            total, number = 1 + int(deal.random() * 1_000_000), f"TO-GB-{index}-{part + 1}-v1"
            if deal.random() < REFUSED_ODDS:
                books.refuses.add(number)
            is_standing, is_taken = deal.random() < STANDING_ODDS, deal.random() < TAKEN_SHARE
            if is_standing and is_full:
                books.stand(number, total + is_taken)
                taken |= {number} if is_taken else set()
            parts.append(Slot(f"S{index}-M{part + 1}", index, total, Posting(number, False, "books")))
        settlements.append(tuple(parts))
    books.before, books.taken = frozenset(books.documents), frozenset(taken)
    return Office(books, tuple(settlements), is_full)


def _within(moments: deque[int], now: int, window: int) -> int:
    while moments and moments[0] <= now - window:
        moments.popleft()
    return len(moments)


def _all(call: Call, answer: Answered) -> tuple[Element, ...]:
    return tuple(Element(paper.number, answer) for paper in call.papers)
