"""Defaults: every category has a place, and the place is the one the trade's table names."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.core.invented import BOOKED, planned, settlement, subtotal
from tieout.core.category import Category
from tieout.core.defaults import (
    WITH_TAX,
    Role,
    account_code,
    default_accounts,
    default_mapping,
    role_of,
    variant_entries,
)
from tieout.core.headings import heading_of
from tieout.core.mapping import Mapping


@pytest.mark.parametrize("category", [category for category in Category if category is not Category.UNKNOWN])
def test_every_category_has_a_role_and_a_heading(category: Category) -> None:
    assert isinstance(role_of(category), Role)
    heading = heading_of(category)
    assert heading == heading.strip() and heading[0].isupper() and 3 <= len(heading) <= 60


def test_unknown_has_neither() -> None:
    assert role_of(Category.UNKNOWN) is None
    with pytest.raises(KeyError):
        heading_of(Category.UNKNOWN)


def test_no_two_categories_share_a_heading() -> None:
    headings = [heading_of(category) for category in Category if category is not Category.UNKNOWN]
    assert len(set(headings)) == len(headings)


@pytest.mark.parametrize(
    ("category", "role"),
    [
        ("sales.giftwrap", Role.SALES),
        ("promo.shipping", Role.SALES),
        ("promo.tax", Role.SALES_TAX),
        ("refund.promo", Role.REFUNDS),
        ("refund.tax", Role.SALES_TAX),
        ("dispute.atoz", Role.REFUNDS),
        ("fee.tax_on_fee", Role.FEES),
        ("fee.fba_removal", Role.FULFILMENT),
        ("fee.fba_longterm_storage", Role.STORAGE),
        ("fee.coupon", Role.ADVERTISING),
        ("reimbursement.clawback", Role.REIMBURSEMENTS),
        ("tax.collected", Role.SALES_TAX),
        ("tax.withheld.facilitator", Role.SALES_TAX),
        ("tax.withheld.tds", Role.TAX_CREDITS),
        ("reserve.previous", Role.RESERVED),
        ("balance.payable_to_amazon", Role.RESERVED),
        ("balance.successful_charge", Role.RESERVED),
        ("balance.cross_account_debt", Role.RESERVED),
        ("transfer.failed", Role.RESERVED),
        ("loan.repayment", Role.LOANS),
        ("cost.import_duty", Role.COST_OF_GOODS),
        ("clearing.gateway", Role.CLEARING),
        ("sales.gift_card", Role.GIFT_CARDS),
        ("sales.gift_card_redeemed", Role.GIFT_CARDS),
    ],
)
def test_a_category_books_where_the_table_says(category: str, role: Role) -> None:
    assert role_of(Category(category)) is role


def test_codes_stand_at_their_offset_in_the_channels_block() -> None:
    assert (account_code(Role.SALES), account_code(Role.RESERVED), account_code(Role.MONTH_ROLL)) == (
        "TO-200",
        "TO-209",
        "TO-211",
    )
    assert (account_code(Role.SALES, 220), account_code(Role.RESERVED, 220)) == ("TO-220", "TO-229")
    assert all(len(account.code) == 6 for account in default_accounts("Market"))


def test_accounts_bear_the_channels_name_and_cover_what_the_mapping_names() -> None:
    accounts = {account.code: account for account in default_accounts("Market", 240)}
    assert accounts["TO-240"].name == "Market sales"
    assert {entry.account for _, entry in default_mapping("GB", 240).entries} <= accounts.keys()


@pytest.mark.parametrize("role", [Role.TAX_CREDITS, Role.CLEARING])
def test_what_has_no_usual_account_is_left_to_a_person(role: Role) -> None:
    with pytest.raises(KeyError):
        account_code(role)


@pytest.mark.parametrize("country", ["GB", "DE", "US", "AU", "NZ", "JP"])
@pytest.mark.parametrize("category", BOOKED)
def test_every_country_has_an_entry_for_every_category(country: str, category: Category) -> None:
    assert default_mapping(country).entry_for(subtotal(category, 1)) is not None


@pytest.mark.parametrize(
    ("country", "income", "expense", "none", "rate"),
    [
        ("GB", "OUTPUT2", "INPUT2", "NONE", "0.20"),
        ("AU", "OUTPUT", "INPUT", "BASEXCLUDED", "0.10"),
        ("NZ", "OUTPUT2", "INPUT2", "NONE", "0.15"),
        ("US", "NONE", "NONE", "NONE", "0"),
        ("DE", "NONE", "NONE", "NONE", "0"),
    ],
)
def test_tax_codes_are_those_of_the_country(country: str, income: str, expense: str, none: str, rate: str) -> None:
    expected = {
        Category.SALES_PRINCIPAL: (income, rate),
        Category.REFUND_PRINCIPAL: (income, rate),
        Category.FEE_REFERRAL: (expense, rate),
        Category.FEE_ADVERTISING: (expense, rate),
        Category.REIMBURSEMENT_FBA: (none, "0"),
        Category.RESERVE_CURRENT: (none, "0"),
        Category.LOAN_REPAYMENT: (none, "0"),
    }
    for category, (code, share) in expected.items():
        entry = default_mapping(country).entry_for(subtotal(category, 1))
        assert entry and (entry.tax, entry.rate) == (code, Decimal(share)), category


@pytest.mark.parametrize(("marketplace", "books", "code"), [("DE", "GB", "NONE"), ("US", "AU", "BASEXCLUDED")])
def test_sales_abroad_carry_no_tax_in_the_codes_of_the_books(marketplace: str, books: str, code: str) -> None:
    mapping = default_mapping(marketplace, books_country=books)
    assert {(entry.tax, entry.rate) for _, entry in mapping.entries} == {(code, Decimal(0))}
    tax = mapping.entry_for(subtotal(Category.TAX_COLLECTED, 1))
    assert tax and tax.account == "TO-207"


@pytest.mark.parametrize("category", BOOKED)
def test_a_site_abroad_hides_everything_said_of_home(category: Category) -> None:
    """No row of a settlement from abroad bears the tax of home: neither a tax row nor one that names no site."""
    home, abroad = default_mapping("GB"), default_mapping("US", books_country="GB")
    laid_over = tuple((replace(node, marketplace="Us.example"), entry) for node, entry in abroad.entries)
    both = replace(home, entries=home.entries + laid_over)
    for site in ("Us.example", "Non-market", ""):
        found = both.entry_for(subtotal(category, 1, marketplace=site), "Us.example")
        assert found == abroad.entry_for(subtotal(category, 1))


def test_where_prices_include_tax_a_tax_row_belongs_to_its_sale() -> None:
    """Price 100.00 and tax 20.00 in two rows are a sale of 120.00 with 20.00 VAT in it."""
    source = settlement([subtotal(Category.SALES_PRINCIPAL, 10000), subtotal(Category.TAX_COLLECTED, 2000)])
    (document,) = planned(source).documents
    assert {line.account for line in document.lines} == {"TO-200"}
    assert document.tax_total.minor == 2000
    refund = settlement([subtotal(Category.REFUND_PRINCIPAL, -10000), subtotal(Category.REFUND_TAX, -2000)])
    (document,) = planned(refund).documents
    assert {line.account for line in document.lines} == {"TO-201"}


def test_where_tax_comes_on_top_it_is_a_liability() -> None:
    mapping = default_mapping("US")
    for category in (Category.TAX_COLLECTED, Category.TAX_WITHHELD_FACILITATOR, Category.REFUND_TAX):
        entry = mapping.entry_for(subtotal(category, 1))
        assert entry and entry.account == "TO-207"


def with_variants(country: str, *variants: str) -> Mapping:
    usual = default_mapping(country, 300)
    return replace(usual, entries=usual.entries + tuple(e for v in variants for e in variant_entries(v, country, 300)))


@pytest.mark.parametrize(
    ("variant", "category", "account", "tax", "rate"),
    [
        ("", Category.SALES_PRINCIPAL, "TO-300", "OUTPUT2", "0.20"),
        ("GB", Category.SALES_PRINCIPAL, "TO-300", "OUTPUT2", "0.20"),
        ("GB 0%", Category.SALES_PRINCIPAL, "TO-300", "NONE", "0"),
        ("GB 5%", Category.REFUND_PRINCIPAL, "TO-301", "RROUTPUT", "0.05"),
        ("GB 7%", Category.SALES_PRINCIPAL, "TO-300", "OUTPUT2", "0.20"),
        ("US", Category.SALES_SHIPPING, "TO-300", "NONE", "0"),
        ("US", Category.TAX_COLLECTED, "TO-307", "NONE", "0"),
        ("US", Category.REFUND_TAX, "TO-307", "NONE", "0"),
        ("", Category.FEE_PAYMENT_PROCESSING, "TO-303", "NONE", "0"),
        (WITH_TAX, Category.FEE_PAYMENT_PROCESSING, "TO-303", "INPUT2", "0.20"),
        ("", Category.FEE_DISPUTE, "TO-303", "NONE", "0"),
        ("", Category.FEE_SUBSCRIPTION, "TO-303", "INPUT2", "0.20"),
        ("", Category.SALES_TIP, "TO-300", "NONE", "0"),
        ("", Category.SALES_GIFT_CARD_REDEEMED, "TO-312", "NONE", "0"),
    ],
)
def test_goods_by_where_they_went_and_fees_by_their_tax(
    variant: str, category: Category, account: str, tax: str, rate: str
) -> None:
    entry = with_variants("GB", "", "GB", "GB 0%", "GB 5%", "GB 7%", "US", WITH_TAX).entry_for(
        subtotal(category, 1, variant=variant)
    )
    assert entry and (entry.account, entry.tax, entry.rate) == (account, tax, Decimal(rate))


def test_each_gateway_has_its_clearing_account_and_an_unknown_one_none() -> None:
    clearing = {"one": (320, "One clearing"), "two": (321, "Two clearing")}
    accounts = {
        account.code: account.name for account in default_accounts("Shop", 300, {Role.FEES: "payment fees"}, clearing)
    }
    assert (accounts["TO-303"], accounts["TO-320"]) == ("Shop payment fees", "One clearing")
    mapping = default_mapping("GB", 300, clearing=clearing)
    found = [
        mapping.entry_for(subtotal(Category.CLEARING_GATEWAY, 1, variant=name)) for name in ("one", "two", "three")
    ]
    assert [entry.account if entry else "" for entry in found] == ["TO-320", "TO-321", ""]
