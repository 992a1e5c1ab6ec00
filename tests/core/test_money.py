"""Money: exact, integer, one currency, and one function that rounds."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.invented import CURRENCIES, MINOR
from tieout.core.currency import EXPONENT
from tieout.core.money import CurrencyMixed, Money, PrecisionExcess, total

RATES = st.sampled_from([Decimal(text) for text in ("0", "0.05", "0.055", "0.10", "0.15", "0.20", "0.25", "0.27")])


@pytest.mark.parametrize("minor", [1.0, True, "1", None, Decimal(1), float("nan"), float("inf"), Fraction(1)])
def test_money_is_made_of_whole_minor_units_only(minor: Any) -> None:
    with pytest.raises(TypeError, match="integer minor units"):
        Money(minor, "GBP")


@pytest.mark.parametrize("amount", [1.5, True, "1.50", 1, None, Decimal("NaN"), Decimal("Infinity"), Decimal("sNaN")])
def test_an_amount_is_a_finite_decimal(amount: Any) -> None:
    with pytest.raises(TypeError, match="finite Decimal"):
        Money.of(amount, "GBP")


@pytest.mark.parametrize("currency", ["gbp", "", "XXX", "GB", "POUND"])
def test_a_currency_is_a_known_code(currency: str) -> None:
    with pytest.raises(TypeError):
        Money(1, currency)
    with pytest.raises(TypeError, match="unknown currency"):
        Money.of(Decimal(1), currency)


def test_money_never_changes() -> None:
    with pytest.raises(AttributeError):
        Money(1, "GBP").minor = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1.99", "GBP", 199), ("199", "JPY", 199), ("1.995", "KWD", 1995), ("-0.01", "EUR", -1), ("1.9900", "GBP", 199)],
)
def test_the_currency_says_how_many_decimals_count(text: str, currency: str, minor: int) -> None:
    assert Money.of(Decimal(text), currency) == Money(minor, currency)


@pytest.mark.parametrize(("text", "currency"), [("0.001", "GBP"), ("0.5", "JPY"), ("1.2345", "KWD"), ("1E-9", "USD")])
def test_a_decimal_too_many_is_refused_and_not_rounded(text: str, currency: str) -> None:
    with pytest.raises(PrecisionExcess, match=currency):
        Money.of(Decimal(text), currency)


@given(MINOR, CURRENCIES)
def test_money_written_is_money_read(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.read(str(money.amount), currency) == money
    assert -money.amount.as_tuple().exponent == EXPONENT[currency]  # type: ignore[operator]
    assert str(money) == f"{money.amount:f} {currency}"


def test_huge_sums_stay_exact() -> None:
    text = "12345678901234567890123456.78"
    assert str(Money.of(Decimal(text), "USD").amount) == text
    assert str(Money(int("9" * 60), "USD").amount) == "9" * 58 + ".99"


@pytest.mark.parametrize(
    "text", ["123456789012345678901234567890.01", "1." + "0" * 30 + "1", "1E+40", "1E-999999", "1E+999999"]
)
def test_more_digits_than_money_has_are_refused_and_not_rounded(text: str) -> None:
    with pytest.raises(PrecisionExcess, match="digits than"):
        Money.of(Decimal(text), "GBP")


@pytest.mark.parametrize("sum_of", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b])
def test_two_currencies_never_meet(sum_of: Any) -> None:
    with pytest.raises(CurrencyMixed, match="never mix"):
        sum_of(Money(1, "EUR"), Money(1, "GBP"))
    with pytest.raises(CurrencyMixed):
        total([Money(1, "EUR")], "GBP")


@given(st.lists(MINOR), CURRENCIES)
def test_a_total_is_the_sum_whatever_the_order(minors: list[int], currency: str) -> None:
    amounts = [Money(minor, currency) for minor in minors]
    assert total(amounts, currency) == total(reversed(amounts), currency) == Money(sum(minors), currency)


@given(MINOR, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any), CURRENCIES)
def test_shares_add_up_and_stand_nowhere_a_unit_off(minor: int, weights: list[int], currency: str) -> None:
    shares = Money(minor, currency).allocate(weights)
    assert total(shares, currency).minor == minor
    for share, weight in zip(shares, weights, strict=True):
        assert abs(Fraction(minor * weight, sum(weights)) - share.minor) < 1
        assert weight or not share


@given(MINOR, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_a_refund_mirrors_its_sale_to_the_cent(minor: int, weights: list[int]) -> None:
    sale, refund = Money(minor, "GBP").allocate(weights), Money(-minor, "GBP").allocate(weights)
    assert refund == tuple(-share for share in sale)


@pytest.mark.parametrize("weights", [(), (0, 0), (1, -1, 5)])
def test_nothing_is_divided_by_nothing(weights: tuple[int, ...]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        Money(100, "GBP").allocate(weights)


@given(MINOR, RATES, CURRENCIES)
def test_net_is_gross_over_one_and_the_rate_half_away_from_zero(minor: int, rate: Decimal, currency: str) -> None:
    gross = Money(minor, currency)
    unit = Decimal(1).scaleb(-EXPONENT[currency])
    assert gross.without_tax(rate).amount == (gross.amount / (1 + rate)).quantize(unit, ROUND_HALF_UP)


@given(MINOR, RATES, CURRENCIES)
def test_flipping_the_sign_flips_net_and_tax_exactly(minor: int, rate: Decimal, currency: str) -> None:
    gross = Money(minor, currency)
    assert (-gross).without_tax(rate) == -(gross.without_tax(rate))


def test_half_a_unit_goes_away_from_zero_on_both_sides() -> None:
    """3 / 1.2 is 2.5 exactly."""
    assert Money(3, "JPY").without_tax(Decimal("0.2")) == Money(3, "JPY")
    assert Money(-3, "JPY").without_tax(Decimal("0.2")) == Money(-3, "JPY")


def test_tax_is_gross_less_net_and_never_the_rate_on_the_net() -> None:
    """0.09 at 20 %: net 0.08 and tax 0.01, although 20 % of 0.08 would round to 0.02."""
    gross = Money(9, "GBP")
    assert gross.without_tax(Decimal("0.20")) == Money(8, "GBP")
