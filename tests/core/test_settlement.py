"""Settlement: what one payout says of itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from tests.core.invented import JUNE, settlement, settlements, subtotal
from tieout.core.category import Category
from tieout.core.day import Month
from tieout.core.money import Money
from tieout.core.settlement import Label, Settlement

UNKNOWN = subtotal(Category.UNKNOWN, -745, label="Quantum Shelf Fee")
SALE = subtotal(Category.SALES_PRINCIPAL, 9268, rows=3)


def test_the_imbalance_is_rows_less_payout() -> None:
    assert settlement([SALE], payout=9271).imbalance == Money(-3, "GBP")
    assert not settlement([SALE]).imbalance


@given(settlements())
def test_rows_months_and_sites_are_those_of_the_subtotals(source: Settlement) -> None:
    assert source.rows == sum(part.rows for part in source.subtotals)
    assert set(source.months) == {part.month for part in source.subtotals}
    assert list(source.months) == sorted(source.months)
    assert "" not in source.marketplaces


def test_an_explained_label_is_no_longer_unknown() -> None:
    source = settlement([SALE, UNKNOWN])
    assert source.unknown == (UNKNOWN,)
    explained = source.with_meanings({UNKNOWN.label: Category.FEE_OTHER})
    assert explained.unknown == ()
    assert explained.subtotals == (SALE, replace(UNKNOWN, category=Category.FEE_OTHER))
    assert source.unknown == (UNKNOWN,), "the first one stays as it was read"


def test_a_meaning_for_another_label_changes_nothing() -> None:
    source = settlement([SALE, UNKNOWN])
    assert source.with_meanings({Label(("Other",)): Category.FEE_OTHER, SALE.label: Category.FEE_OTHER}) == source


@given(settlements())
def test_the_fingerprint_is_of_the_money_and_not_of_the_order(source: Settlement) -> None:
    turned = replace(source, subtotals=source.subtotals[::-1], statement="other bytes")
    assert turned.fingerprint == source.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        settlement([SALE, subtotal(Category.FEE_VINE, 0)]),
        settlement([replace(SALE, rows=4)]),
        settlement([replace(SALE, month=Month(2026, 5))]),
        settlement([replace(SALE, marketplace="")]),
        settlement([replace(SALE, amount=Money(9267, "GBP"))]),
        settlement([SALE], payout=9267),
        settlement([SALE], id="26100000102"),
        replace(settlement([SALE]), end=settlement([]).end + timedelta(seconds=1)),
    ],
)
def test_whatever_changes_the_money_changes_the_fingerprint(other: Settlement) -> None:
    assert settlement([SALE]).fingerprint != other.fingerprint


def test_a_label_prints_its_words() -> None:
    assert str(Label(("Order", "", "Principal"))) == "Order / Principal"
    assert str(Label(("", ""))) == "(no label)"
    assert str(JUNE) == "2026-06"
