"""Bank accounts by forms alone: what was met is listed, a choice is a version, what cannot be is refused whole."""

import pytest

from tests.web.conftest import Site, words
from tieout.core.mapping import Bank, BankPlace
from tieout.sync import banks, mapping


@pytest.fixture
def site(site: Site) -> Site:
    site.house.connect()
    return site


def save(site: Site, deposit: str, charge: str = "", marketplace: str = "Amazon.co.uk", seen: int | None = None) -> int:
    version = mapping.current(site.house.tools, site.house.organisation).version if seen is None else seen
    form = {"marketplace": marketplace, "currency": "GBP", "deposit": deposit, "charge": charge, "seen": str(version)}
    return int(site.post("/bank-accounts", form).status_code)


def bank_of(site: Site) -> str:
    found = banks.view(site.house.tools, site.house.organisation)
    return next(banks.named(account) for account in found.deposits if account.is_bank)


def test_before_the_first_payout_it_says_how_it_begins(site: Site) -> None:
    assert "No payouts yet" in words(site.page("/bank-accounts"))


def test_each_marketplace_shows_what_to_match_in_the_bank_feed(site: Site) -> None:
    site.settlement()
    shown = words(site.page("/bank-accounts"))
    assert "Amazon.co.uk GBP" in shown and "what to match when the bank feed shows them" in shown
    assert "about" in shown.partition("Amazon.co.uk GBP")[2]


def test_a_choice_is_a_version_of_the_mapping_and_is_shown(site: Site) -> None:
    site.settlement()
    before = mapping.current(site.house.tools, site.house.organisation)
    account = bank_of(site)
    assert save(site, account) == 303
    now = mapping.current(site.house.tools, site.house.organisation)
    assert now.version == before.version + 1 and now.bank_for("Amazon.co.uk", "GBP") == Bank(account)
    assert f'value="{account}" selected' in site.page("/bank-accounts")
    assert save(site, account) == 303
    assert mapping.current(site.house.tools, site.house.organisation).version == now.version, "nothing new was said"
    assert "Bank account Amazon.co.uk, GBP" in words(site.page("/mapping/versions"))


@pytest.mark.parametrize("account", ["TO-200", "gone", "<b>"])
def test_an_account_that_money_cannot_reach_is_refused_and_nothing_is_saved(site: Site, account: str) -> None:
    site.settlement()
    before = mapping.current(site.house.tools, site.house.organisation)
    assert save(site, account) == 422
    assert mapping.current(site.house.tools, site.house.organisation) == before


def test_a_mapping_that_moved_on_is_not_overwritten(site: Site) -> None:
    site.settlement()
    seen = mapping.current(site.house.tools, site.house.organisation).version
    assert save(site, bank_of(site)) == 303
    assert save(site, "", seen=seen) == 409
    assert BankPlace("Amazon.co.uk", "GBP") in dict(mapping.current(site.house.tools, site.house.organisation).banks)
