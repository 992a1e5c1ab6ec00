"""Payouts asked of a shop, down to what they were for: figures agree with the stand-in's own evidence, row by row."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.conftest import House
from tests.sync.market import Market, selling_at_shopify
from tieout.channels.shopify.orders import WITHIN
from tieout.core.settlement import Settlement
from tieout.store.engine import read
from tieout.store.settlements import Kept, Wanted, listed
from tieout.sync import settlements

_SOLD = {"Gift cards sold": "gift_cards", "Tips": "tips", "Shipping": "postage"}


@pytest.fixture
def shop(house: House) -> Iterator[Market]:
    with selling_at_shopify(house) as made:
        made.until_done(made.connect())
        yield made


def kept(shop: Market) -> list[Kept]:
    """Payouts: summaries of other gateways are paid out on no day."""
    with read(shop.house.tools.engines, shop.house.organisation) as db:
        return [each for each in listed(db, Wanted(limit=1000)) if each.settlement.deposit_on is not None]


def cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(f"{whole}{rest.ljust(2, '0')[:2]}")


def by_type(settlement: Settlement) -> dict[str, int]:
    """Sums of the amounts by type, without fees."""
    found: Counter[str] = Counter()
    for part in settlement.subtotals:
        if part.label.words[1] != "Fee":
            found[part.label.words[0]] += part.amount.minor
    return dict(found)


def sold(settlement: Settlement) -> dict[str, int]:
    """Parts of the payments by what they were for, tax within prices included."""
    found: Counter[str] = Counter()
    for part in settlement.subtotals:
        kind, word = part.label.words[:2]
        if kind == "CHARGE" and word in _SOLD:
            found[_SOLD[word]] += part.amount.minor
    return dict(found)


def taxes(settlement: Settlement) -> dict[str, int]:
    found: Counter[str] = Counter()
    for part in settlement.subtotals:
        if part.label.words[0] == "CHARGE" and part.label.words[1].startswith("Tax"):
            found[part.variant] += part.amount.minor
    return dict(found)


def beside(evidence: dict[str, Any]) -> dict[str, int]:
    """Taxes of the orders that do not stand within prices, by country."""
    found: Counter[str] = Counter()
    for each in evidence["taxes"]:
        if each["country"] not in WITHIN:
            found[each["country"]] += cents(each["amount"])
    return dict(found)


def test_every_payout_ties_and_its_parts_are_what_its_orders_were_for(shop: Market) -> None:
    found = kept(shop)
    assert len(found) > 40 and {each.status for each in found} == {"ready"}
    looked = 0
    for settlement in (each.settlement for each in found):
        told = shop.world.evidence("payout", number=settlement.id)
        assert settlement.total.minor == cents(told["net"]) == settlement.lines_sum.minor
        assert {k: m for k, m in by_type(settlement).items() if m} == {
            kind: cents(text) for kind, text in told["by_type"].items() if cents(text)
        }
        assert settlement.rows == told["transactions"]
        if cents(told.get("elsewhere", "0")) == 0 and "goods" in told:
            looked += 1
            assert taxes(settlement) == beside(told)
            wanted = {name: cents(told[name]) for name in ("gift_cards", "tips") if cents(told.get(name, "0"))}
            assert {name: sold(settlement).get(name, 0) for name in wanted} == wanted
    assert looked > 10


def test_no_figure_of_a_payout_is_lost_when_its_rows_are_opened(shop: Market) -> None:
    house = shop.house
    for each in kept(shop)[:5]:
        view = house.view(each.id)
        for number, line in enumerate(view.plan.documents[0].lines):
            if line.subtotals:
                assert rows_of(house, each.id, number) == line.gross.minor


def rows_of(house: House, id: str, line: int) -> int:
    page = settlements.rows(house.tools, house.organisation, id, 1, line, limit=500)
    assert page is not None and not page.next
    assert sum(row.amount.minor for row in page.rows) == page.sum.minor
    return page.sum.minor
