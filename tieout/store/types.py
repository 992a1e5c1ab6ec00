"""Column types: exact amounts, aware moments, months. No float enters a row."""

import operator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

_LARGEST = 2**63 - 1
_ARITHMETIC = {operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod}


class Amount4(TypeDecorator[Decimal]):
    """An exact amount as an integer of 1/10000 units. In SQL use only SUM, comparison and ordering on it.

    A float, an int, a text, NaN and a fifth decimal are refused.
    """

    impl = sa.BigInteger
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Decimal]):
        """Refuses arithmetic: its result would leave the type and be raw units. SUM stays."""

        def operate(self, op: OperatorType, *other: Any, **options: Any) -> sa.ColumnElement[Any]:
            if op in _ARITHMETIC:
                raise TypeError("in SQL amounts are only summed, compared and ordered")
            return super().operate(op, *other, **options)

        def reverse_operate(self, op: OperatorType, other: Any, **options: Any) -> sa.ColumnElement[Any]:
            if op in _ARITHMETIC:
                raise TypeError("in SQL amounts are only summed, compared and ordered")
            return super().reverse_operate(op, other, **options)

    comparator_factory = Comparator

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise TypeError(f"an amount is a finite Decimal, not {value!r}")
        units = value.scaleb(4)
        if units != units.to_integral_value():
            raise ValueError(f"{value} has more than 4 decimals")
        if abs(units) > _LARGEST:
            raise ValueError(f"{value} is out of range")
        return int(units)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-4)


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as UTC text with microseconds: it sorts as time on both databases."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("moments are aware")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
