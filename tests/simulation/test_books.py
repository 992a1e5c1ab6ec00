"""The model of the books refuses, remembers and forgets as the specification says real ones do."""

from random import Random

from tieout.core.posting import Outcome
from tieout.simulation.books import KEY_MEMORY, Books, Call, Paper, Said, hits
from tieout.simulation.faults import MINUTE, SECOND, Weather

DAY = 24 * 60 * MINUTE
BILL, INVOICE = Paper("B-1", False, 500, 1), Paper("I-1", True, 700, 1)


def books(refuses: set[str] | None = None) -> Books:
    return Books(Weather(1, only=frozenset()), Random(1), refuses or set())


def outcomes(said: Said) -> list[Outcome]:
    return [] if said.elements is None else [element.answer.outcome for element in said.elements]


def test_a_key_is_answered_from_memory_for_six_minutes_and_then_forgotten() -> None:
    ours, call = books(), Call("k", (BILL,))
    for now in (0, KEY_MEMORY - 1):
        assert outcomes(ours.create(call, DAY, now)) == [Outcome.DONE]
    assert len(ours.documents["B-1"]) == 1
    ours.create(call, DAY, KEY_MEMORY)
    assert len(ours.documents["B-1"]) == 2


def test_an_invoice_number_is_kept_unique_and_a_bill_number_is_not() -> None:
    ours = books()
    for paper, second in ((BILL, Outcome.DONE), (INVOICE, Outcome.NUMBER_TAKEN)):
        assert outcomes(ours.create(Call(f"{paper.number} a", (paper,)), DAY, 0)) == [Outcome.DONE]
        assert outcomes(ours.create(Call(f"{paper.number} b", (paper,)), DAY, 0)) == [second]


def test_a_dead_token_writes_nothing() -> None:
    ours = books()
    assert outcomes(ours.create(Call("k", (BILL,)), 10 * SECOND, 10 * SECOND)) == [Outcome.UNAUTHORISED]
    assert ours.documents == {}


def test_what_fails_validation_is_refused_and_the_rest_of_the_call_is_not() -> None:
    said = books(refuses={"I-1"}).create(Call("k", (INVOICE, Paper("I-2", True, 1, 1))), DAY, 0)
    assert said.elements is not None
    assert {element.number: element.answer.outcome for element in said.elements} == {
        "I-1": Outcome.REFUSED,
        "I-2": Outcome.DONE,
    }


def test_a_late_call_lands_after_its_caller_has_gone() -> None:
    for seed in range(200):
        ours = Books(Weather(seed), Random(seed), set())
        said = ours.create(Call("k", (BILL,)), DAY, 0)
        if said.late is not None:
            assert said.elements is None and said.late.at > said.took and "B-1" not in ours.documents
            assert outcomes(ours.create(Call("k", (BILL,)), DAY, 1)) in ([Outcome.UNCLEAR], [Outcome.LIMITED], [])
            ours.commit(said.late.call)
            assert len(ours.documents["B-1"]) == 1
            return
    raise AssertionError("no seed is late")


def test_a_look_compares_what_stands_in_the_books_with_the_plan() -> None:
    ours = books()
    ours.create(Call("k", (BILL,)), DAY, 0)
    _, shown, _ = ours.look(["B-1", "I-1"], 0)
    assert shown is not None and shown["I-1"] == ()
    assert [hit.is_equal for hit in hits(shown["B-1"], 500)] == [True]
    assert [hit.is_equal for hit in hits(shown["B-1"], 501)] == [False]
