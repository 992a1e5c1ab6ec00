"""A figure's rows are looked for in the parts that were noted, and in no other."""

from tieout.core.day import Month
from tieout.core.places import Places
from tieout.core.settlement import Label

JUNE = (Label(("Order", "ItemPrice", "Principal")), "Amazon.co.uk", Month(2026, 6))
FEES = (Label(("other", "", "Storage")), "", Month(2026, 7))
PLACES = Places((2, 100, 200, 300), {("1", JUNE): 0b0011, ("1", FEES): 0b1000})


def test_figures_are_in_the_parts_of_any_of_them() -> None:
    assert PLACES.holding("1", [JUNE]) == 0b0011 and PLACES.holding("1", [JUNE, FEES]) == 0b1011
    assert PLACES.holding("2", [JUNE]) == 0 and PLACES.holding("1", []) == 0


def test_rows_are_between_where_a_part_of_theirs_is_named() -> None:
    assert (
        PLACES.is_between(0b0010, 100, 150)
        and PLACES.is_between(0b0010, 1, 100)
        and PLACES.is_between(0b0010, 199, 900)
    )
    assert not PLACES.is_between(0b0010, 1, 99) and not PLACES.is_between(0b0010, 200, 900)
    assert PLACES.is_between(0b0001, 1, 1) and PLACES.is_between(0b1000, 350, 360) and not PLACES.is_between(0, 1, 900)


def test_the_record_says_it_all() -> None:
    assert Places.from_record(PLACES.to_record()) == PLACES
