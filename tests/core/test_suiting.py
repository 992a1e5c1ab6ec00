"""Which accounts and rates a place of the mapping takes, what is suggested first, and what a place inherits."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tieout.core.chart import Account, Books, TaxRate
from tieout.core.defaults import default_accounts
from tieout.core.headings import title_of
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.role import Role
from tieout.core.suiting import CLASSES, accounts_for, misfit, rates_for, suggested

VAT = TaxRate("OUTPUT2", "20% (VAT on Income)", Decimal("0.20"), suits=("REVENUE", "LIABILITY"))
COST_VAT = TaxRate("INPUT2", "20% (VAT on Expenses)", Decimal("0.20"), suits=("EXPENSE", "ASSET"))
NONE = TaxRate("NONE", "No VAT", Decimal(0), suits=("REVENUE", "EXPENSE", "ASSET", "LIABILITY", "EQUITY"))
OLD = TaxRate("OLD", "17.5%", Decimal("0.175"), is_active=False, suits=("REVENUE",))
BOOKS = Books(
    "b",
    "Harbour",
    "GB",
    "GBP",
    accounts=(
        Account("1", "200", "Sales of goods", "REVENUE", "REVENUE", tax_type="OUTPUT2"),
        Account("2", "TO-200", "Amazon sales", "REVENUE", "REVENUE"),
        Account("3", "400", "Advertising & Marketing", "EXPENSE", "EXPENSE"),
        Account("4", "404", "Bank Fees", "EXPENSE", "EXPENSE"),
        Account("5", "090", "Current account", "BANK", "ASSET"),
        Account("6", "610", "Accounts Receivable", "CURRENT", "ASSET", is_system=True),
        Account("7", "620", "Prepayments", "CURRENT", "ASSET"),
        Account("8", "299", "Old sales", "REVENUE", "REVENUE", is_active=False),
        Account("9", "", "No code", "REVENUE", "REVENUE"),
    ),
    tax_rates=(VAT, COST_VAT, NONE, OLD),
)
USUAL = [each for each in default_accounts("Amazon") if each.code == "TO-200"]


def codes(role: Role | None) -> list[str]:
    return [account.code for account in accounts_for(role, BOOKS)]


def test_only_what_a_document_may_name_and_the_place_needs_is_offered() -> None:
    assert codes(Role.SALES) == ["200", "TO-200"]
    assert codes(Role.ADVERTISING) == ["400", "404"]
    assert codes(Role.RESERVED) == ["620"], "no bank, no account of the books' own"
    assert codes(None) == ["200", "400", "404", "620", "TO-200"]
    assert set(CLASSES) == set(Role)
    assert [rate.code for rate in rates_for(accounts_for(Role.SALES, BOOKS), BOOKS)] == ["OUTPUT2", "NONE"]


@pytest.mark.parametrize(
    ("account", "tax", "words"),
    [
        ("200", "OUTPUT2", ""),
        ("999", "OUTPUT2", "does not exist"),
        ("299", "OUTPUT2", "archived"),
        ("090", "NONE", "bank's"),
        ("400", "INPUT2", "another class"),
        ("200", "INPUT2", "cannot be used"),
        ("200", "OLD", "not in use"),
        ("200", "NEVER", "not in use"),
    ],
)
def test_a_misfit_is_a_sentence(account: str, tax: str, words: str) -> None:
    found = misfit(Role.SALES, account, tax, BOOKS)
    assert (words in found) if words else found == ""


def test_suggestions_come_in_the_order_of_their_reasons() -> None:
    before = [Entry("200", "OUTPUT2", Decimal("0.20")), Entry("gone", "NONE", Decimal(0))]
    found = suggested(Role.SALES, "Sales", BOOKS, before, USUAL, "OUTPUT2")
    assert [(each.account.code, each.rate.code) for each in found] == [("200", "OUTPUT2"), ("TO-200", "OUTPUT2")]
    assert [each.why for each in found] == ["was used before", "has the usual code TO-200"]
    alike = suggested(Role.ADVERTISING, "Advertising", BOOKS, (), (), "INPUT2")
    assert [(each.account.code, each.rate.code) for each in alike] == [("400", "INPUT2")]
    only = suggested(
        Role.RESERVED, "Reserve", BOOKS, (), [replace(USUAL[0], code="X", kind="CURRENT", name="Held")], "X"
    )
    assert [(each.account.code, each.rate.code, each.why) for each in only] == [
        ("620", "NONE", "is the only one of its type")
    ]


def entry(account: str) -> Entry:
    return Entry(account, "NONE", Decimal(0))


def test_a_place_inherits_from_the_nearest_above_and_a_marketplace_comes_first() -> None:
    mapping = Mapping(
        1,
        (
            (Node("fees"), entry("fees")),
            (Node("fee.referral"), entry("referral")),
            (Node("fees", "Amazon.de"), entry("german")),
            (Node("month_roll"), entry("roll")),
            (Node(""), entry("all")),
        ),
    )

    def told(scope: str, marketplace: str = "", is_above: bool = False) -> str:
        found = mapping.holds_at(Node(scope, marketplace), is_above)
        return found[1].account if found else ""

    assert told("fee.referral") == "referral" and told("fee.referral", is_above=True) == "fees"
    assert told("fee.closing") == "fees" and told("sales.principal") == "all"
    assert told("fee.referral", "Amazon.de") == "german" and told("fees", "Amazon.de", True) == "fees"
    assert told("month_roll") == "roll" and told("month_roll", is_above=True) == ""


def test_several_nodes_are_set_at_once_and_one_that_is_taken_away_inherits_again() -> None:
    mapping = Mapping(4, ((Node("fees"), entry("a")), (Node("fee.referral"), entry("b"))))
    renewed = mapping.with_entries({Node("fee.referral"): None, Node("sales"): entry("c"), Node("loans"): None})
    assert renewed.version == 5
    assert dict(renewed.entries) == {Node("fees"): entry("a"), Node("sales"): entry("c")}


def test_every_place_has_words() -> None:
    assert title_of("") == "Everything" and title_of("fees") == "Seller fees" and title_of("fee.referral")
    assert len({title_of(role) for role in Role}) == len(Role)
