"""The ladder: each rule of the protocol is worth something, and the figures of the specification come out again."""

import pytest

from tieout.simulation.designs import DESIGNS
from tieout.simulation.ladder import Row, as_text, ladder

# Runs with a doubled document in percent, over seeds 0 to 19,999, as the specification measured them.
SPECIFIED = {"D0": 6.18, "D1": 2.37, "D2": 0.12, "D3": 0.095, "D4": 0.03, "D5": 0.0}
SEEDS = 7_000  # a third of those, in a third of the time: enough to tell D3 from D4


def share(row: Row) -> float:
    return 100 * row.doubled / row.seeds


def test_the_rows_do_not_depend_on_the_number_of_cores() -> None:
    assert ladder(300, cores=1) == ladder(300, cores=2)


def test_the_weakest_design_fails_soon_and_the_product_does_not() -> None:
    told: list[tuple[str, int]] = []
    rows = ladder(500, lambda design, done: told.append((design, done)), cores=1)
    assert [row.design for row in rows] == list(DESIGNS)
    assert rows[0].doubled > rows[1].doubled > rows[5].doubled == 0
    assert rows[0].first_seed == 81
    assert told[-1] == ("D5", 500)
    assert as_text(rows)[5].startswith("D5    0.000 %       0 of 500  first seed none")


@pytest.mark.slow
def test_the_ladder_has_the_order_of_the_specification_and_is_within_a_factor_of_two() -> None:
    rows = ladder(SEEDS)
    shares = [share(row) for row in rows]
    assert shares == sorted(shares, reverse=True) and len(set(shares)) == len(shares)
    for row in rows[:5]:
        assert SPECIFIED[row.design] / 2 <= share(row) <= SPECIFIED[row.design] * 2
    assert rows[5].doubled == 0
