"""Documents that travel together: a settlement's parts in their order, an answer's elements by their number."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tieout.core.posting import Answered, Element, Outcome, Posting, State, judge, next_part, progress

IN = {State.SENT, State.DONE}
STOPPED = {State.REFUSED, State.ESCALATED}


def parts(*states: State) -> list[Posting]:
    return [replace(Posting(f"n-{index}", True, "books"), state=state) for index, state in enumerate(states, 1)]


def accepted(number: str) -> Element:
    return Element(number, Answered(Outcome.DONE, f"id of {number}"))


def test_parts_are_worked_on_one_after_another() -> None:
    assert next_part(parts(State.READY, State.READY)) == 0
    assert next_part(parts(State.UNKNOWN, State.READY)) == 0
    assert next_part(parts(State.SENT, State.READY)) == 1
    assert next_part(parts(State.DONE, State.DONE)) is None


def test_a_part_that_is_refused_stops_the_rest_and_shows_what_is_in_the_books() -> None:
    plan = parts(State.DONE, State.REFUSED, State.READY)
    assert next_part(plan) is None
    standing = progress(plan)
    assert (standing.in_books, standing.missing, standing.stopped_by) == (("n-1",), ("n-2", "n-3"), "n-2")
    assert standing.is_partial and not standing.is_complete


@given(st.lists(st.sampled_from(State), max_size=6))
def test_a_part_is_worked_on_only_when_all_before_it_are_in_the_books(states: list[State]) -> None:
    index = next_part(parts(*states))
    if index is None:
        assert all(state in IN for state in states) or any(state in STOPPED for state in states)
    else:
        assert all(state in IN for state in states[:index]) and states[index] not in IN | STOPPED


@given(st.permutations(["a", "b", "c"]))
def test_elements_are_matched_by_number_whatever_their_order(order: list[str]) -> None:
    verdicts = judge(("a", "b", "c"), [accepted(number) for number in order])
    assert [(number, verdict.remote_id) for number, verdict in verdicts.items()] == [
        ("a", "id of a"),
        ("b", "id of b"),
        ("c", "id of c"),
    ]


def test_an_element_that_is_missing_is_unclear_and_so_is_one_told_twice() -> None:
    verdicts = judge(("a", "b", "c"), [accepted("a"), accepted("c"), accepted("c")])
    assert [verdict.outcome for verdict in verdicts.values()] == [Outcome.DONE, Outcome.UNCLEAR, Outcome.UNCLEAR]


def test_elements_of_other_numbers_or_of_none_count_for_nothing() -> None:
    verdicts = judge(("a",), [accepted("z"), Element(None, Answered(Outcome.REFUSED))])
    assert [verdict.outcome for verdict in verdicts.values()] == [Outcome.UNCLEAR]
