"""The invented exports of Shopify Payments: the same seed gives the same bytes, and both files tell one story."""

import csv
import io

import pytest

from tieout.sandbox.shopify_statements import Print, Shop, payouts, transactions


def made(
    seed: int, lines: int = 200, **options: object
) -> tuple[list[dict[str, str]], list[dict[str, str]], dict[str, object]]:
    first, second = io.BytesIO(), io.BytesIO()
    sheet = transactions(first, seed, lines, **options)  # type: ignore[arg-type]
    payouts(second, seed, lines, **options)  # type: ignore[arg-type]
    return *(list(csv.DictReader(io.StringIO(out.getvalue().decode()))) for out in (first, second)), sheet  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(seed: int) -> None:
    assert made(seed) == made(seed)
    assert made(seed)[2]["sha256"] != made(seed + 1)[2]["sha256"]


@pytest.mark.parametrize("seed", range(5))
def test_rows_come_newest_first_and_add_up_to_their_payouts(seed: int) -> None:
    rows, paid, _ = made(seed, 400)
    assert [row["Transaction Date"][:10] for row in rows] == sorted(
        (r["Transaction Date"][:10] for r in rows), reverse=True
    )
    sums: dict[str, int] = {}
    for row in rows:
        amount, fee, net = (cents(row[name]) for name in ("Amount", "Fee", "Net"))
        assert amount - fee == net and not row["Presentment Amount"].startswith("-")
        if row["Payout Date"]:
            sums[row["Payout Date"]] = sums.get(row["Payout Date"], 0) + net
    assert sums == {row["Payout Date"]: cents(row["Total"]) for row in paid}
    assert {row["Payout Status"] for row in rows} == {"pending", "in_transit", "paid"}
    for row in paid:
        money = [cents(row[name]) for name in list(row)[2 : list(row).index("Total")]]
        assert sum(money) == cents(row["Total"])


def test_one_payout_is_of_zero_and_one_takes_money() -> None:
    totals = [cents(row["Total"]) for row in made(7, 400)[1]]
    assert 0 in totals and min(totals) < 0
    assert min(cents(row["Total"]) for row in made(7, 400, shop=Shop(has_odd_payouts=False))[1]) > 0


def test_the_earlier_layout_of_the_payouts_has_fewer_columns() -> None:
    later, earlier = (list(made(1, 100, form=Print(is_later=later))[1][0]) for later in (True, False))
    assert set(later) - set(earlier) == {"Marketplace Sales Tax", "Advances", "Bank Reference"}


def cents(text: str) -> int:
    return int(text.replace(".", ""))
