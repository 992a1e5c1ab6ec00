"""Amounts as the world writes them: value by value, exact, and refused rather than guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.channels._amounts import Doubtful, read_amount, vote
from tieout.channels._refused import Unreadable


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [
        ("0.00", 2, 0), ("-0.60", 2, -60), ("95,00", 2, 9500), ("5", 2, 500), ("5.1", 2, 510), ("+7.00", 2, 700),
        ("1,234.56", 2, 123456), ("1.234,56", 2, 123456), ("1,234,567.89", 2, 123456789), ("12.345.678", 2, 1234567800),
        ("1 234,56", 2, 123456), ("1\u202f234\u202f567,89", 2, 123456789), ("1234.5", 2, 123450),
        ("-1.249,00", 2, -124900), ("\u22125,00", 2, -500), ("(5.00)", 2, -500), ("5.00-", 2, -500),
        (" 54.93   ", 2, 5493), ("2,691", 0, 2691), ("2691", 0, 2691), ("-1,234,567", 0, -1234567), ("100.00", 0, 100),
        ("0.500", 3, 500), ("1234.500", 3, 1234500), ("1,234.567", 3, 1234567), ("5.25", 3, 5250),
    ],
)  # fmt: skip
def test_certain_amounts(text: str, exponent: int, minor: int) -> None:
    assert read_amount(text, exponent).minor == minor


@pytest.mark.parametrize(("text", "exponent"), [("1.234", 2), ("1,234", 2), ("-12.345", 2), ("1.234", 3), ("1.000", 0)])
def test_doubtful_amounts_follow_the_file(text: str, exponent: int) -> None:
    with pytest.raises(Doubtful):
        read_amount(text, exponent)
    sign = "." if "." in text else ","
    grouped = int(text.replace(sign, "")) * 10**exponent
    assert read_amount(text, exponent, ",."[sign == ","]).minor == grouped


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "amount_unparsable"), ("-", "amount_unparsable"), ("--5.00", "amount_unparsable"),
        ("1,234,56", "amount_unparsable"), ("1.23.45", "amount_unparsable"), ("1e3", "amount_unparsable"),
        ("NaN", "amount_unparsable"), ("Infinity", "amount_unparsable"), ("0x10", "amount_unparsable"),
        ("5.", "amount_unparsable"), (".50", "amount_unparsable"), ("(5.00", "amount_unparsable"),
        ("£5.00", "amount_unparsable"), ("1 23", "amount_unparsable"), ("5 .00", "amount_unparsable"),
        ("1" * 16, "amount_unparsable"), ("1" * 16 + ".00", "amount_unparsable"), ("1_000", "amount_unparsable"),
        ("٥", "amount_unparsable"), ("１２", "amount_unparsable"), ("5.00\n6.00", "amount_unparsable"),
        ("0.005", "precision_excess"), ("1234.567", "precision_excess"), ("1.2345", "precision_excess"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_amount(text, 2)
    assert error.value.code == code


def test_yen_have_no_decimals() -> None:
    with pytest.raises(Unreadable) as error:
        read_amount("100.50", 0)
    assert error.value.code == "precision_excess"


def test_the_vote_needs_two_thirds() -> None:
    assert vote(["94,95", "3,99", "-0.60"], 2) == ","
    assert vote(["94,95", "-0.60"], 2) == "" == vote(["1.234", "5", "x"], 2)
    assert vote(["1.234,00"], 2) == "," and vote(["1,234,567"], 2) == "."


@given(
    st.integers(-(10**13), 10**13),
    st.sampled_from([0, 2, 3]),
    st.sampled_from([".", ","]),
    st.sampled_from(["", " ", "\u202f", "x"]),
)
def test_whatever_is_printed_is_read_back(minor: int, exponent: int, sign: str, group: str) -> None:
    whole, rest = divmod(abs(minor), 10**exponent)
    group = {"x": "," if sign == "." else "."}.get(group, group)
    text = f"{whole:,}".replace(",", group) + (f"{sign}{rest:0{exponent}d}" if exponent else "")
    assert read_amount(f"-{text}" if minor < 0 else text, exponent, sign).minor == minor


@given(st.text("0123456789.,-+() \u00a0\u2212eE", max_size=14))
def test_nothing_is_rounded_or_guessed(text: str) -> None:
    """Whatever is accepted has the digits of the text, at one of the two places a reader could mean."""
    try:
        amount = read_amount(text, 2)
    except Unreadable:
        return
    digits = "".join(character for character in text if character.isdigit())
    assert abs(amount.minor) in {int(digits) * 10**zeros for zeros in (0, 1, 2)}
    assert Decimal(amount.minor) == amount.minor
