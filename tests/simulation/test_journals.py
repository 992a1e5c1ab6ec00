"""The model of books that keep no number unique deals what such books deal: items that stand alone, and no promises."""

from collections.abc import Iterator
from random import Random

import pytest

from tieout.core.posting import Outcome
from tieout.simulation.books import Call, Paper, Said
from tieout.simulation.faults import HOUR, MINUTE, SECOND, CallFault, Weather
from tieout.simulation.journals import KEY_MEMORIES, TOKEN_LIFE, JournalBooks
from tieout.simulation.posting import run
from tieout.simulation.shrink import report, shrink

DAY = 24 * HOUR
NUMBERS = tuple(f"J-{number}" for number in range(8))
BATCH = Call("k", tuple(Paper(number, False, 500, 1) for number in NUMBERS))


class _One(Weather):
    """Fair weather but for one fault of every call."""

    def __init__(self, fault: CallFault, share: float) -> None:
        super().__init__(1, frozenset())
        self._fault = fault, share

    def call(self, now: int) -> tuple[CallFault, float]:
        return self._fault


def books(fault: CallFault = CallFault.NONE, share: float = 0.0, seed: int = 1) -> JournalBooks:
    return JournalBooks(_One(fault, share), Random(seed), set())


def many(fault: CallFault = CallFault.NONE, share: float = 0.0) -> Iterator[JournalBooks]:
    return (books(fault, share, seed) for seed in range(60))


def outcomes(said: Said) -> dict[str | None, Outcome]:
    assert said.elements is not None
    return {element.number: element.answer.outcome for element in said.elements}


def held(ours: JournalBooks) -> set[str]:
    return {number for number, documents in ours.documents.items() if documents}


def test_a_number_may_stand_twice_and_a_look_shows_both() -> None:
    ours = books()
    for key in ("a", "b"):
        assert outcomes(ours.create(Call(key, (BATCH.papers[0],)), DAY, 0 if key == "a" else 2 * MINUTE))
    _, shown, _ = ours.look(["J-0"], HOUR)
    assert shown is not None and len(shown["J-0"]) == 2


def test_a_request_id_is_remembered_for_a_time_of_each_run_and_some_forget_at_once() -> None:
    written = {len(_twice(ours, apart=9 * MINUTE).documents["J-0"]) for ours in many()}
    assert written == {1, 2} and min(KEY_MEMORIES) == 0


def _twice(ours: JournalBooks, apart: int) -> JournalBooks:
    for now in (0, apart):
        ours.create(BATCH, DAY, now)
    return ours


def test_the_answers_of_a_batch_come_in_any_order() -> None:
    orders = {tuple(outcomes(ours.create(BATCH, DAY, 0))) for ours in many()}
    assert len(orders) > 10 and {frozenset(order) for order in orders} == {frozenset(NUMBERS)}


def test_answers_may_miss_though_everything_was_done() -> None:
    said = [(ours, ours.create(BATCH, DAY, 0)) for ours in many(CallFault.RESET_AFTER, 0.5)]
    assert all(held(ours) == set(NUMBERS) for ours, _ in said)
    assert all(len(outcomes(each)) < len(NUMBERS) for _, each in said)


def test_a_200_may_hold_faults_and_what_they_say_is_not_always_so() -> None:
    lied = 0
    for ours in many(CallFault.BROKEN, 0.9):
        told = outcomes(ours.create(BATCH, DAY, 0))
        done = {number for number, outcome in told.items() if outcome is Outcome.DONE}
        assert done <= held(ours) and set(told) == set(NUMBERS)
        lied += len(held(ours) - done)
    assert lied


def test_items_that_were_too_many_were_not_done_and_no_wait_is_named() -> None:
    for ours in many(CallFault.LIMITED, 0.9):
        said = ours.create(BATCH, DAY, 0)
        limited = {number for number, outcome in outcomes(said).items() if outcome is Outcome.LIMITED}
        assert held(ours) == set(NUMBERS) - limited
        assert said.elements is not None and all(each.answer.retry_after is None for each in said.elements)


def test_a_batch_may_break_in_its_middle_or_be_finished_late() -> None:
    broken = [held(_once(ours)) for ours in many(CallFault.BROKEN, 0.1)]
    assert any(set() < each < set(NUMBERS) for each in broken)
    ours = books(CallFault.LATE, 0.5)
    said = ours.create(BATCH, DAY, 0)
    assert said.late is not None and said.elements is None
    ours.commit(said.late.call)
    assert held(ours) == set(NUMBERS) and all(len(each) == 1 for each in ours.documents.values())


def _once(ours: JournalBooks) -> JournalBooks:
    ours.create(BATCH, DAY, 0)
    return ours


@pytest.mark.parametrize(("apart", "calls"), [(50, 10), (SECOND, 40)])
def test_no_more_calls_a_second_and_batches_a_minute_than_the_limits_allow(apart: int, calls: int) -> None:
    done = []
    for ours in many():
        batches = (Call(f"k{index}", BATCH.papers) for index in range(60))
        told = [outcomes(ours.create(call, DAY, index * apart)) for index, call in enumerate(batches)]
        within = told[: SECOND // apart if apart < SECOND else 60]
        done.append(sum(Outcome.DONE in each.values() for each in within))
    assert max(done) == calls and min(done) < calls  # in some runs others use them too


def test_a_token_lives_for_an_hour() -> None:
    assert TOKEN_LIFE == HOUR
    assert set(outcomes(books().create(BATCH, HOUR, HOUR)).values()) == {Outcome.UNAUTHORISED}


def test_what_is_in_the_books_already_is_adopted_or_shown_and_never_sent() -> None:
    lines = [line for seed in range(300) for line in run(seed, profile="journals").lines]
    assert any("number_taken" in line for line in lines)
    begun = [run(seed, profile="journals") for seed in range(300)]
    assert not any(each.violations for each in begun)


def test_a_weaker_design_fails_here_too_and_is_made_short() -> None:
    seed = next(seed for seed in range(100) if run(seed, "D0", profile="journals").violations)
    short = shrink(seed, "D0", "journals")
    assert short.violations and len(short.fired) <= len(run(seed, "D0", profile="journals").fired)
    assert f"replay: tieout sim --seed {seed} --profile journals --design D0 --trace" in report(
        seed, "D0", profile="journals"
    )
