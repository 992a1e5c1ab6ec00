"""Numbers and references: from what a document is, within what books take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.core.number import number, reference, stem

IDS = st.from_regex(r"[A-Za-z0-9._-]{1,100}", fullmatch=True)
COUNTRIES = st.from_regex(r"[A-Z]{2}", fullmatch=True)


def test_a_number_says_country_settlement_part_and_version() -> None:
    assert stem("GB", "26100000101", 1) == "TO-GB-26100000101-1"
    assert number("TO-GB-26100000101-1", 1) == "TO-GB-26100000101-1-v1"
    assert stem("FR", "1012345678", 12, "SHOP2") == "SHOP2-FR-1012345678-12"


@given(COUNTRIES, IDS, st.integers(1, 99), st.integers(1, 999))
def test_a_number_fits_the_books_and_begins_with_its_stem(country: str, id: str, part: int, version: int) -> None:
    key = stem(country, id, part)
    assert number(key, version).startswith(key) and len(number(key, version)) <= 255
    assert reference(key, "2026-06", "Europe/London").startswith(f"{key} 2026-06")


@given(COUNTRIES, IDS, st.integers(1, 99), IDS, st.integers(1, 99))
def test_two_parts_never_share_a_number(country: str, one: str, part: int, other: str, other_part: int) -> None:
    if (one, part) != (other, other_part):
        assert stem(country, one, part) != stem(country, other, other_part)


@given(COUNTRIES, IDS, st.integers(1, 99), st.integers(1, 98))
def test_where_books_take_few_characters_a_number_is_short_and_stays_the_same(
    country: str, id: str, part: int, version: int
) -> None:
    key = stem(country, id, part)
    short = number(key, version, 21)
    assert len(short) <= 21 and short == number(key, version, 21)
    assert short.endswith(f"-{part}-v{version}") and short != number(key, version + 1, 21)


def test_a_short_number_shows_the_end_of_its_settlement_and_tells_equal_ends_apart() -> None:
    assert number(stem("GB", "26100000101", 2), 3, 21) == "TO-00101-5Y3EY-2-v3"
    assert number(stem("DE", "26100000101", 2), 3, 21).startswith("TO-00101-")
    assert number(stem("DE", "26100000101", 2), 3, 21) != number(stem("GB", "26100000101", 2), 3, 21)
    assert number(stem("US", "990001", 1), 1, 21) == "TO-US-990001-1-v1"


@pytest.mark.parametrize("id", ["", " ", "1 2", "1/2", "<b>", "é", "1\n", "x" * 101, "1\x00"])
def test_an_id_that_books_would_refuse_makes_no_number(id: str) -> None:
    with pytest.raises(ValueError, match="settlement id"):
        stem("GB", id, 1)


@pytest.mark.parametrize("country", ["", "gb", "GBR", "G1", "G\n"])
def test_a_country_has_two_capitals(country: str) -> None:
    with pytest.raises(ValueError, match="country"):
        stem(country, "1", 1)


def test_a_prefix_is_short_and_cannot_be_left_out() -> None:
    for prefix in ("", "to", "TO-", "X" * 11):
        with pytest.raises(ValueError, match="prefix"):
            stem("GB", "1", 1, prefix)


def test_parts_and_versions_count_from_one() -> None:
    with pytest.raises(AssertionError):
        stem("GB", "1", 0)
    with pytest.raises(AssertionError):
        number("TO-GB-1-1", 0)


def test_a_reference_loses_its_remarks_before_its_key() -> None:
    key = stem("GB", "9" * 100, 1)
    long = reference(key, "", "x" * 300)
    assert long.startswith(key + " x") and len(long) == 255
    assert reference(key) == key
