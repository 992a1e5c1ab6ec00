"""Mapping: the deepest node wins, what inherits is visible, versions read back exactly."""

import json
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.invented import BOOKED, subtotal
from tieout.core.category import Category
from tieout.core.defaults import default_mapping
from tieout.core.mapping import Entry, Mapping, Node
from tieout.core.role import Role
from tieout.core.settlement import Label

FEE = Category.FEE_REFERRAL
# From shallow to deep: each one wins over all before it.
LADDER = [
    Node(""),
    Node("fees"),
    Node("fee.referral"),
    Node("", variant="export"),
    Node("fees", variant="export"),
    Node("fee.referral", variant="export"),
    Node("", marketplace="DE"),
    Node("fees", marketplace="DE"),
    Node("fee.referral", marketplace="DE"),
    Node("", marketplace="DE", variant="export"),
    Node("fees", marketplace="DE", variant="export"),
    Node("fee.referral", marketplace="DE", variant="export"),
]
FIGURE = subtotal(FEE, 100, marketplace="DE", variant="export")


def entry(account: str = "TO-203") -> Entry:
    return Entry(account, "INPUT2", Decimal("0.20"))


@pytest.mark.parametrize("height", range(1, len(LADDER) + 1))
def test_the_deepest_node_wins_whatever_the_order(height: int) -> None:
    nodes = LADDER[:height]
    for order in (nodes, nodes[::-1]):
        mapping = Mapping(1, tuple((node, entry(str(LADDER.index(node)))) for node in order))
        found = mapping.resolve(FIGURE)
        assert found is not None and found[0] == LADDER[height - 1]
        assert mapping.entry_for(FIGURE) == entry(str(height - 1))


@pytest.mark.parametrize(
    "node",
    [Node("fee.closing"), Node("sales"), Node("fees", marketplace="FR"), Node("fee.referral", variant="reduced")],
)
def test_a_node_beside_the_figure_does_not_fit(node: Node) -> None:
    assert Mapping(1, ((node, entry()),)).entry_for(FIGURE) is None


def test_the_home_marketplace_speaks_for_rows_that_name_none_and_for_sites_nobody_named() -> None:
    mapping = Mapping(
        1,
        (
            (Node("fees"), entry("general")),
            (Node("fees", marketplace="US"), entry("us")),
            (Node("fees", marketplace="CA"), entry("ca")),
        ),
    )
    found = [
        (mapping.entry_for(subtotal(FEE, 1, marketplace=site), home), site, home)
        for home in ("US", "GB", "")
        for site in ("US", "CA", "Non-market", "")
    ]
    accounts = [entry.account for entry, _, _ in found if entry]
    assert accounts == ["us", "ca", "us", "us", "us", "ca", "general", "general", "us", "ca", "general", "general"]


def test_unknown_has_no_entry_even_where_all_else_has_one() -> None:
    assert Mapping(1, ((Node(""), entry()),)).resolve(subtotal(Category.UNKNOWN, 1)) is None


def test_a_role_changed_is_followed_by_what_inherits_and_not_by_what_overrides() -> None:
    mapping = default_mapping("GB").with_entry(Node("fee.closing"), entry("410"))
    changed = mapping.with_entry(Node("fees"), entry("400"))
    assert changed.entry_for(subtotal(FEE, 1)) == entry("400")
    assert changed.entry_for(subtotal(Category.FEE_CLOSING, 1)) == entry("410")
    inherits, overrides = changed.resolve(subtotal(FEE, 1)), changed.resolve(subtotal(Category.FEE_CLOSING, 1))
    assert inherits and overrides
    assert (inherits[0].scope, overrides[0].scope) == ("fees", "fee.closing")


def test_the_roll_has_its_own_account_and_never_another() -> None:
    assert Mapping(1, ((Node(""), entry()), (Node("fees"), entry()))).roll_entry() is None
    own = Mapping(1, ((Node("month_roll"), entry("1")), (Node("month_roll", "Shop"), entry("2"))))
    assert own.roll_entry("Shop") == entry("2") and own.roll_entry("Market") == own.roll_entry() == entry("1")
    roll = default_mapping("GB").roll_entry()
    assert roll == Entry("TO-211", "NONE", Decimal(0))


def test_every_change_is_a_new_version_and_leaves_the_old_one_as_it_was() -> None:
    first = default_mapping("GB")
    second = first.with_entry(Node("fees"), entry("400"))
    third = second.with_meaning(Label(("Quantum Shelf Fee",)), Category.FEE_OTHER)
    assert (first.version, second.version, third.version) == (1, 2, 3)
    assert first == default_mapping("GB")
    assert dict(third.meanings) == {Label(("Quantum Shelf Fee",)): Category.FEE_OTHER}


def test_a_mapping_says_each_thing_once() -> None:
    with pytest.raises(ValueError, match="once"):
        Mapping(1, ((Node("fees"), entry("1")), (Node("fees"), entry("2"))))
    label = Label(("a",))
    with pytest.raises(ValueError, match="once"):
        Mapping(1, (), ((label, FEE), (label, Category.FEE_OTHER)))


def test_unknown_is_not_a_meaning() -> None:
    with pytest.raises(ValueError, match="not a meaning"):
        default_mapping("GB").with_meaning(Label(("a",)), Category.UNKNOWN)


@pytest.mark.parametrize("scope", ["unknown", "fee", "fee.nothing", "Fees", " "])
def test_a_scope_is_a_category_or_a_role(scope: str) -> None:
    with pytest.raises(ValueError, match="neither a category nor a role"):
        Node(scope)


@pytest.mark.parametrize("rate", [0.2, 20, "0.2", None, Decimal("1"), Decimal("20"), Decimal("-0.1"), Decimal("NaN")])
def test_a_rate_is_a_decimal_fraction(rate: Any) -> None:
    with pytest.raises(ValueError, match=r"0\.20 for 20 %"):
        Entry("200", "OUTPUT2", rate)


@pytest.mark.parametrize(("account", "tax"), [("", "NONE"), ("200", ""), (" ", "NONE")])
def test_an_entry_has_account_and_tax(account: str, tax: str) -> None:
    with pytest.raises(ValueError, match="account and a tax code"):
        Entry(account, tax, Decimal(0))


def test_a_heading_has_an_end() -> None:
    with pytest.raises(ValueError, match="200 characters"):
        Entry("200", "NONE", Decimal(0), "x" * 201)


def test_the_order_entries_came_in_does_not_matter() -> None:
    pairs = default_mapping("AU").entries[:4]
    assert len({Mapping(1, order) for order in permutations(pairs)}) == 1


NODES = st.builds(Node, st.sampled_from([*BOOKED, *Role, ""]).map(str), st.text(max_size=5), st.text(max_size=5))
ENTRIES = st.builds(
    Entry,
    st.text(min_size=1, max_size=10).filter(str.strip),
    st.text(min_size=1, max_size=10).filter(str.strip),
    st.decimals(0, Decimal("0.99"), places=4),
    st.text(max_size=20),
)
LABELS = st.builds(Label, st.lists(st.text(max_size=9), min_size=1, max_size=3).map(tuple))


@given(st.dictionaries(NODES, ENTRIES), st.dictionaries(LABELS, st.sampled_from(BOOKED)), st.integers(1, 999))
def test_a_mapping_written_as_json_reads_back_exactly(
    entries: dict[Node, Entry], meanings: dict[Label, Category], version: int
) -> None:
    mapping = Mapping(version, tuple(entries.items()), tuple(meanings.items()))
    again = Mapping.from_record(json.loads(json.dumps(mapping.to_record())))
    assert again == mapping
    assert [str(entry.rate) for _, entry in again.entries] == [str(entry.rate) for _, entry in mapping.entries]


def test_a_record_with_a_broken_rate_is_refused() -> None:
    record = replace(default_mapping("GB"), version=2).to_record()
    record["entries"][0]["rate"] = "20"
    with pytest.raises(ValueError, match=r"0\.20 for 20 %"):
        Mapping.from_record(record)


def test_what_holds_at_home_is_found_with_the_node_that_says_it() -> None:
    mapping = Mapping(1, ((Node("fees"), entry("1")), (Node("fees", "Shop"), entry("2"))))
    figure = subtotal(FEE, -100, marketplace="")
    assert mapping.found_for(figure, "Shop") == (Node("fees", "Shop"), entry("2"))
    assert mapping.found_for(figure) == (Node("fees"), entry("1")) and mapping.entry_for(figure, "Shop") == entry("2")
