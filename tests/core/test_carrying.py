"""Another company's books: what means the same there stays, a code that means something else does not."""

from dataclasses import replace
from decimal import Decimal

from tieout.core.carrying import carried_over, dropped
from tieout.core.chart import Account, Books, TaxRate
from tieout.core.mapping import Bank, BankPlace, Entry, Mapping, Node

SALES, FEES = Account("29", "29", "Sales", "Income", "REVENUE"), Account("32", "32", "Fees", "Expense", "EXPENSE")
BANK = Account("35", "35", "Current account", "BANK", "ASSET")
RATE = TaxRate("1", "20% S", Decimal("0.2"), suits=("REVENUE", "EXPENSE"))
OLD = Books("old", "Old Ltd", "GB", "GBP", accounts=(SALES, FEES, BANK), tax_rates=(RATE,))
PLACE = BankPlace("Market.example", "GBP")
MAPPING = Mapping(
    7,
    (
        (Node("sales"), Entry("29", "1", Decimal("0.2"))),
        (Node("fees"), Entry("32", "1", Decimal("0.2"))),
        (Node("loans"), Entry("TO-208", "NONE", Decimal(0))),
    ),
    banks=((PLACE, Bank("35", "35")),),
    books="old",
)


def scopes(mapping: Mapping) -> set[str]:
    return {node.scope for node, _ in mapping.entries}


def test_the_same_chart_under_another_id_carries_everything_over() -> None:
    new = replace(OLD, id="new")
    carried = carried_over(MAPPING, OLD, new)
    assert carried == replace(MAPPING, books="new") and dropped(MAPPING, carried) == ()


def test_a_code_that_names_another_account_says_nothing_any_more() -> None:
    new = replace(OLD, id="new", accounts=(replace(SALES, name="Rent received"), FEES, replace(BANK, name="Till")))
    carried = carried_over(MAPPING, OLD, new)
    assert dropped(MAPPING, carried) == (Node("sales"),) and scopes(carried) == {"fees", "loans"}
    assert carried.banks == () and carried.books == "new"


def test_a_rate_of_another_percentage_says_nothing_any_more() -> None:
    new = replace(OLD, id="new", tax_rates=(replace(RATE, rate=Decimal("0.1")),))
    assert scopes(carried_over(MAPPING, OLD, new)) == {"loans"}


def test_where_nobody_knows_what_a_code_meant_only_codes_of_no_books_stay() -> None:
    carried = carried_over(MAPPING, None, replace(OLD, id="new"))
    assert scopes(carried) == {"loans"} and carried.banks == ()


def test_an_account_that_is_gone_is_not_carried_over() -> None:
    assert scopes(carried_over(MAPPING, OLD, replace(OLD, id="new", accounts=(FEES,)))) == {"fees", "loans"}
