"""The journal gives back what it was given, type and all, and takes nothing that it could not."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tieout.core.money import Money
from tieout.core.secret import Secret
from tieout.jobs.serializer import ERRORS, ExactJSON, JobError, journalled

JOURNAL = ExactJSON()


def replayed(value: Any) -> Any:
    return JOURNAL.deserialize(JOURNAL.serialize(value))


def same(left: Any, right: Any) -> bool:
    """Equal, and of the same types all the way down; Decimal("10.00") is not Decimal("10")."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return str(left) == str(right) if isinstance(left, Decimal) else bool(left == right)


plain = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.text()
    | some.decimals(allow_nan=False, allow_infinity=False)
    | some.datetimes(timezones=some.just(UTC))
    | some.dates()
    | some.uuids()
)
keys = some.text() | some.sampled_from(["$d", "$$d", "$t", "$tuple", "$e", "$"])
values = some.recursive(
    plain, lambda inner: some.lists(inner) | some.tuples(inner, inner) | some.dictionaries(keys, inner), max_leaves=20
)


@given(values)
def test_every_value_that_is_taken_comes_back_with_its_type(value: Any) -> None:
    assert same(replayed(value), value)


def test_a_decimal_keeps_every_digit() -> None:
    for text in ("1234567890123.4567", "10.00", "-0.0001", "1E+5", "0"):
        assert str(replayed(Decimal(text))) == text


def test_days_moments_and_zones_come_back() -> None:
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, timezone(timedelta(hours=5, minutes=30)))
    assert replayed((date(2026, 2, 28), moment)) == (date(2026, 2, 28), moment)
    assert replayed(UUID(int=7)) == UUID(int=7)


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        b"bytes",
        Secret("token"),
        Money(100, "GBP"),
        {1: "a"},
        {"a"},
        Colour.RED,
        object(),
        [1.5],
        {"a": b""},
    ],
)
def test_whatever_else_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="must not enter a job"):
        JOURNAL.serialize(value)


def test_an_exception_comes_back_as_itself_only_where_it_is_registered() -> None:
    class Expected(Exception):
        pass

    journalled(Expected)
    try:
        back = replayed(Expected("the books are closed"))
        assert type(back) is Expected and str(back) == "the books are closed"
        other = replayed(KeyError("canary"))
        assert type(other) is JobError and str(other) == "KeyError"
    finally:
        del ERRORS[Expected.__qualname__]


def test_the_text_of_a_strange_exception_is_not_kept() -> None:
    """It may quote what a stranger sent, or a secret."""
    assert "canary" not in JOURNAL.serialize(ValueError("canary"))


def test_what_is_written_is_plain_json_and_runs_no_code() -> None:
    assert json.loads(JOURNAL.serialize({"a": (Decimal("1.50"),)})) == {"a": {"$tuple": [{"$d": "1.50"}]}}
    assert JOURNAL.deserialize('{"$e":["os.system","id"]}').args == ("os.system",)
    assert JOURNAL.name() == "exact_json_v1"
    assert JOURNAL.deserialize(None) is None
