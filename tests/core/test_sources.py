"""Every number knows the rows it came from: each row stands in exactly one planned line."""

from collections import Counter

from hypothesis import given

from tests.core.invented import planned, settlement, settlements, subtotal
from tieout.core.category import Category
from tieout.core.money import total
from tieout.core.settlement import Settlement


@given(settlements())
def test_each_row_is_in_exactly_one_planned_line(source: Settlement) -> None:
    plan = planned(source)
    lines = [line for document in plan.documents for line in document.lines]
    assert Counter(i for line in lines for i in line.subtotals) == Counter(range(len(source.subtotals)))
    assert sum(line.rows for line in lines) == source.rows


@given(settlements())
def test_each_line_is_the_sum_of_the_rows_it_opens_to(source: Settlement) -> None:
    for document in planned(source).documents:
        for line in document.lines:
            if line.subtotals:
                behind = [source.subtotals[i] for i in line.subtotals]
                assert document.as_paid(line.gross) == total((part.amount for part in behind), source.currency)
                assert line.rows == sum(part.rows for part in behind)
                assert {part.month for part in behind} == {document.month}


def test_rows_of_zero_and_rows_that_cancel_keep_their_line() -> None:
    source = settlement(
        [
            subtotal(Category.SALES_PRINCIPAL, 1000),
            subtotal(Category.ADJUSTMENT_MISC, 0, rows=4),
            subtotal(Category.TAX_COLLECTED, 200, rows=2, label="Tax"),
            subtotal(Category.TAX_COLLECTED, -200, rows=1, label="Tax taken back"),
        ]
    )
    (document,) = planned(source).documents
    assert [(line.description, line.gross.minor, line.rows) for line in document.lines] == [
        ("Sales", 1000, 1),
        ("Tax charged to buyers", 0, 3),
        ("Adjustments", 0, 4),
    ]
