"""Payouts stated without rows: kept once, found by their day, never another organisation's."""

from datetime import date

from tests.conftest import START, add_organisation
from tieout.core.money import Money
from tieout.core.settlement import Payout
from tieout.store import payouts
from tieout.store.engine import Engines, read, write
from tieout.store.vault import Vault

DAY = date(2026, 6, 11)


def stated(total: int, state: str = "paid", day: date = DAY, currency: str = "GBP", row: int = 2) -> Payout:
    return Payout(day, Money(total, currency), state, row)


def test_what_is_stated_is_kept_once_and_takes_the_newer_state(engines: Engines, organisation: str) -> None:
    listed = (stated(76756, "in_transit"), stated(-4311), stated(0, currency="JPY"))
    with write(engines, organisation) as db:
        assert payouts.state(db, "shop", listed, "a" * 64, START) == 3
        assert payouts.state(db, "shop", (stated(76756, "paid", row=9),), "b" * 64, START) == 0
    with read(engines, organisation) as db:
        found = payouts.on(db, "shop", DAY, "GBP")
        assert [(each.payout.total.minor, each.payout.state, each.payout.row, each.statement[0]) for each in found] == [
            (-4311, "paid", 2, "a"),
            (76756, "paid", 9, "b"),
        ]
        assert [each.payout.total for each in payouts.on(db, "shop", DAY, "JPY")] == [Money(0, "JPY")]
        assert payouts.on(db, "shop", date(2026, 6, 12), "GBP") == payouts.on(db, "other", DAY, "GBP") == ()


def test_a_corrected_figure_joins_the_one_before(engines: Engines, organisation: str) -> None:
    with write(engines, organisation) as db:
        payouts.state(db, "shop", (stated(100),), "a" * 64, START)
        assert payouts.state(db, "shop", (stated(101),), "b" * 64, START) == 1
    with read(engines, organisation) as db:
        assert [each.payout.total.minor for each in payouts.on(db, "shop", DAY, "GBP")] == [100, 101]


def test_nobody_sees_what_was_stated_to_another_organisation(engines: Engines, organisation: str, vault: Vault) -> None:
    other = add_organisation(engines, vault, "org-2")
    with write(engines, organisation) as db:
        payouts.state(db, "shop", (stated(100),), "a" * 64, START)
    with read(engines, other) as db:
        assert payouts.on(db, "shop", DAY, "GBP") == () == payouts.settled_on(db, "shop", (DAY,))
