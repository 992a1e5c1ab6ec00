"""Another company's books under the same codes: nothing is booked to an account that nobody meant."""

from dataclasses import replace

import pytest

from tests.sync.conftest import House
from tests.sync.ledgers import QUICKBOOKS
from tieout.core.chart import Books
from tieout.core.mapping import Node
from tieout.store import charts
from tieout.store.engine import read, write
from tieout.sync import mapping
from tieout.sync.in_use import books_in_use
from tieout.sync.settlements.preparing import follow_books

pytestmark = pytest.mark.parametrize("ledger", [QUICKBOOKS], ids=lambda ledger: ledger.name)


def chart(house: House) -> Books:
    with read(house.tools.engines, house.organisation) as db:
        connection = books_in_use(db)
        kept = charts.find(db, connection.id) if connection else None
    assert kept is not None
    return kept[0]


def now_in(house: House, books: Books) -> None:
    """The books in use are these from now on, as after another company was connected."""
    with write(house.tools.engines, house.organisation) as db:
        connection = books_in_use(db)
        assert connection is not None
        charts.keep(db, connection.id, books, house.tools.now())
    follow_books(house.tools, house.organisation)


def test_ids_that_name_other_accounts_are_found_anew_by_number_and_banks_are_chosen_again(house: House) -> None:
    house.connect()
    id = house.receive_sample("amazon_v2_uk.txt")
    assert house.card(id).status == "ready"
    before = chart(house)
    ids = [account.id for account in before.accounts]
    shifted = dict(zip(ids, ids[1:] + ids[:1], strict=True))
    moved = tuple(replace(each, id=shifted[each.id], code=shifted[each.id]) for each in before.accounts)
    now_in(house, replace(before, id="another company", accounts=moved))
    entry = dict(mapping.current(house.tools, house.organisation).entries)[Node("sales")]
    account = chart(house).account(entry.account)
    assert account is not None and account.number == "TO-200", "by its number, not by an id of the other company"
    card = house.card(id)
    assert (card.status, card.code) == ("mapping-needed", "bank-account-not-selected"), card
    house.choose_banks()
    assert house.card(id).status == "ready"


def test_the_same_company_read_again_changes_nothing(house: House) -> None:
    house.connect()
    house.receive_sample("amazon_v2_uk.txt")
    before = mapping.current(house.tools, house.organisation)
    now_in(house, chart(house))
    assert mapping.current(house.tools, house.organisation) == before
