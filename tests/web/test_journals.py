"""Pages of an organisation whose books take journals: sides and the bank account, in the words of a bookkeeper."""

import re

import pytest

from tests.sync.ledgers import QUICKBOOKS, Ledger
from tests.web.conftest import Site, words


@pytest.fixture
def ledger() -> Ledger:
    return QUICKBOOKS


def test_a_journal_is_shown_by_its_sides_down_to_the_bank_account(site: Site) -> None:
    site.house.connect()
    settlement = site.settlement()
    total = site.house.card(settlement).total
    for path in (f"/settlements/{settlement}", f"/settlements/{settlement}/preview"):
        shown = words(site.page(path))
        assert re.search(r"Journal TO-\S+", shown) and "Invoice" not in shown, path
        assert "Debit Credit" in shown and f"Payout 1200 Current account £{total.amount:,.2f} the deposit" in shown, (
            path
        )
    preview = words(site.page(f"/settlements/{settlement}/preview"))
    assert "Money reaches 1200 Current account" in preview and "Due" not in preview
    assert "Money in is a debit of the bank account" in words(site.page(f"/settlements/{settlement}"))


def test_sides_of_a_journal_are_equal_also_where_money_is_taken(site: Site) -> None:
    site.house.connect()
    settlement = site.settlement("amazon_v2_negative.txt")
    page = site.page(f"/settlements/{settlement}")
    foot = re.findall(r'fw-bold" data-label="(?:Debit|Credit)">(.+?)</td>', page)
    assert foot and foot[::2] == foot[1::2] and "-" not in "".join(foot)
    shown = words(page)
    assert "the account it is taken from is credited" in shown and "Taken for the payout 1200 Current account" in shown


def test_the_card_of_metered_books_tells_reads_and_the_day_a_consent_ends(site: Site) -> None:
    site.house.connect()
    shown = words(site.page("/connection"))
    assert re.search(r"Reads this month \d+ of 500,000", shown)
    assert re.search(r"Authorisation ends \d+ \w+ 20\d\d, \d\d:\d\d reconnect before then", shown)
