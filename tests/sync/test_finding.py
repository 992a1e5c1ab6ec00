"""Finding settlements: every order pages without a gap or a repeat, and words are understood as people type them."""

import re
from dataclasses import replace
from datetime import date

import pytest

from tests.sync.conftest import SAMPLES, House
from tieout.store import settlements
from tieout.store.engine import write
from tieout.store.settlements import Order
from tieout.sync.settlements import Finer, choices, listing


@pytest.fixture
def many(house: House) -> House:
    """Twelve settlements, some with equal amounts and all with equal ends."""
    content = (SAMPLES / "amazon_v2_negative.txt").read_text()
    number = re.search(r"\d{11}", content)
    assert number
    for i in range(8):
        house.receive(f"{i}.txt", content.replace(number[0], f"{int(number[0]) + i:011d}").encode())
    for sample in ("amazon_v2_uk.txt", "amazon_v2_uk_two_months.txt", "amazon_v2_unknown_type.txt"):
        house.receive_sample(sample)
    return house


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("rises", [True, False])
def test_pages_follow_each_other_without_a_gap_or_a_repeat(many: House, order: Order, rises: bool) -> None:
    finer = Finer(order=order, rises=rises)
    whole = [card.id for card in listing(many.tools, many.organisation, limit=50, finer=finer).cards]
    after, seen = "", []
    while True:
        page = listing(many.tools, many.organisation, after=after, limit=3, finer=finer)
        seen += [card.id for card in page.cards]
        after = page.next
        if not after:
            break
    assert seen == whole and len(set(whole)) == len(whole) > 10
    keys = [
        {Order.END: card.end, Order.AMOUNT: card.total.amount, Order.STATUS: card.status}[order]
        for card in listing(many.tools, many.organisation, finer=finer).cards
    ]
    assert keys == sorted(keys, reverse=not rises)  # type: ignore[type-var]


def test_a_settlement_that_moves_while_one_pages_makes_no_other_vanish(many: House) -> None:
    finer = Finer(order=Order.STATUS)
    first = listing(many.tools, many.organisation, limit=4, finer=finer)
    rest = {card.id for card in listing(many.tools, many.organisation, limit=50, finer=finer).cards[4:]}
    with write(many.tools.engines, many.organisation) as db:
        last = settlements.get(db, first.cards[-1].id)
        assert last
        settlements.mark(db, replace(last, status="blocked"))
    following = listing(many.tools, many.organisation, after=first.next, limit=50, finer=finer)
    assert rest <= {card.id for card in following.cards}


@pytest.mark.parametrize("after", ["x", "~", "a~b~c", "nan~2026-01-01T00:00:00+00:00~x", "9e99~2026-01-01~x", "é~~~~"])
@pytest.mark.parametrize("order", list(Order))
def test_a_place_that_makes_no_sense_begins_at_the_first_page(many: House, order: Order, after: str) -> None:
    finer = Finer(order=order)
    assert listing(many.tools, many.organisation, after=after, finer=finer).cards


def test_what_narrows_a_list(many: House) -> None:
    def found(**finer: object) -> int:
        return len(listing(many.tools, many.organisation, finer=Finer(**finer)).cards)  # type: ignore[arg-type]

    known = choices(many.tools, many.organisation)
    assert "row-type-unknown" in known.codes and known.marketplaces
    assert found(code="row-type-unknown") == 1
    assert found(marketplace=known.marketplaces[0]) >= 1 and found(marketplace="Amazon.nowhere") == 0
    assert found(is_unsent=True) == found()
    newest = listing(many.tools, many.organisation).cards[0].end
    assert found(since=newest) >= 1 and found(since=date(2099, 1, 1)) == 0
    assert found(until=newest) == found() and found(until=date(2001, 1, 1)) == 0


def test_words_as_people_type_them(many: House) -> None:
    def found(words: str) -> set[str]:
        return {card.id for card in listing(many.tools, many.organisation, words).cards}

    shown = listing(many.tools, many.organisation, finer=Finer(order=Order.AMOUNT)).cards[0]
    amount = shown.total.amount
    for words in (
        f"{amount:,.2f}",
        f"\u00a3{amount:.2f}",
        f"-{amount}",
        f"{int(amount)}",
        shown.number,
        shown.number[:6],
    ):
        assert shown.id in found(words), words
    day = shown.end
    for words in (day.isoformat(), f"{day:%-d %b %Y}", f"{day:%B %Y}", f"{day:%d/%m/%Y}"):
        assert shown.id in found(words), words
    for words in ("31 foo 2026", "99.99.9999", "1.2.3", "\u0661\u0662", "9" * 40, "%", "--", "1e5", "nan"):
        found(words)


@pytest.mark.parametrize("words", ["TO-GB-26100000101-1-v1", "to-gb-26100000101", "GB-26100000101-1"])
def test_a_settlement_is_found_by_the_number_of_its_document(house: House, words: str) -> None:
    house.connect()
    sent, waiting = house.receive_sample("amazon_v2_uk.txt"), house.receive_sample("amazon_v2_uk_two_months.txt")
    house.send(sent)
    assert [card.id for card in listing(house.tools, house.organisation, words).cards] == [sent]
    assert listing(house.tools, house.organisation, "TO-GB-26100000101-2").cards == ()
    assert listing(house.tools, house.organisation, house.card(waiting).number).cards != ()
