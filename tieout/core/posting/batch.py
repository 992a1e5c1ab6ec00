"""One answer to a call that carried many documents: every document is judged by its own number, never by its place."""

from collections.abc import Iterable
from dataclasses import dataclass

from tieout.core.posting.records import Answered, Outcome

MISSING = Answered(Outcome.UNCLEAR, words="the answer does not mention this document")
TWICE = Answered(Outcome.UNCLEAR, words="the answer mentions this document more than once")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the answer, classified. `number` is the one the books gave back; None if they gave none."""

    number: str | None
    answer: Answered


def judge(numbers: Iterable[str], elements: Iterable[Element]) -> dict[str, Answered]:
    """The answer for each number that was sent, in that order.

    A number that is missing or mentioned twice is unclear, so it is looked for; elements of other numbers count for
    nothing.
    """
    by_number: dict[str, Answered] = {}
    for element in elements:
        if element.number is not None:
            by_number[element.number] = TWICE if element.number in by_number else element.answer
    return {number: by_number.get(number, MISSING) for number in numbers}
