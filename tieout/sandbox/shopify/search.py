"""Shopify's search syntax: terms joined by AND, OR and parentheses, NOT or a minus before them, signs after the colon.

A field that a connection cannot be searched by is passed over, and a warning says so: the answer then holds everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from tieout.sandbox import Doc

Test = Callable[[Doc], bool]
Filters = Mapping[str, Callable[[Doc], Any]]
_PIECE = re.compile(r"""\s*(\(|\)|-?[\w.]+:(?:<=|>=|<|>)?(?:"[^"]*"|'[^']*'|[^\s()]*)|"[^"]*"|'[^']*'|[^\s()]+)""")
_TERM = re.compile(r"""(-?)([\w.]+):(<=|>=|<|>)?(?:"([^"]*)"|'([^']*)'|(.*))""")


@dataclass
class Search:
    """A query text made into a test of a row; `warnings` names the fields that were passed over."""

    text: str
    filters: Filters
    zone: ZoneInfo
    warnings: list[Doc] = field(default_factory=list)

    def test(self) -> Test:
        self._pieces = [found for found in _PIECE.findall(self.text) if found]
        self._at = 0
        return self._either()

    def _either(self) -> Test:
        options = [self._all()]
        while self._took("OR"):
            options.append(self._all())
        return lambda row: any(option(row) for option in options)

    def _all(self) -> Test:
        tests: list[Test] = []
        while self._at < len(self._pieces) and self._pieces[self._at] not in {")", "OR"}:
            if not self._took("AND"):
                tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._took("NOT"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._took("("):
            inner = self._either()
            self._took(")")
            return inner
        piece = self._pieces[self._at]
        self._at += 1
        return self._term(piece)

    def _took(self, word: str) -> bool:
        if self._at < len(self._pieces) and self._pieces[self._at] == word:
            self._at += 1
            return True
        return False

    def _term(self, piece: str) -> Test:
        found = _TERM.fullmatch(piece)
        if found is None:
            wanted = piece.strip("\"'").lower()
            return lambda row: wanted in str(row.get("name", row.get("id", ""))).lower()
        minus, name, sign = found[1], found[2], found[3] or "="
        value = next(part for part in (found[4], found[5], found[6]) if part is not None)
        read = self.filters.get(name)
        if read is None:
            told = {"field": name, "message": "Invalid search field for this query.", "code": "invalid_field"}
            self.warnings.append(told)
            return lambda row: True
        return lambda row: _compares(read(row), sign, value, self.zone) is not bool(minus)


def _compares(held: Any, sign: str, value: str, zone: ZoneInfo) -> bool:
    """Whether what a row holds stands so to the value that was asked for."""
    if isinstance(held, (list, tuple)):
        return any(_compares(one, sign, value, zone) for one in held)
    if isinstance(held, datetime):
        return _moment_compares(held, sign, value, zone)
    if isinstance(held, (int, Decimal)):
        try:
            return _stands(Decimal(held), sign, Decimal(value))
        except InvalidOperation:
            return False
    wanted, own = value.lower(), str(held).lower()
    return own.startswith(wanted[:-1]) if wanted.endswith("*") else _stands(own, sign, wanted)


def _moment_compares(held: datetime, sign: str, value: str, zone: ZoneInfo) -> bool:
    """A day alone is the whole day in the shop's zone."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            begin = datetime.combine(date.fromisoformat(value), datetime.min.time(), zone)
            if sign == "=":
                return begin <= held < begin + timedelta(days=1)
            return _stands(held, sign, begin + timedelta(days=1) if sign in {">", "<="} else begin, whole_day=True)
        wanted = datetime.fromisoformat(value)
    except ValueError:
        return False
    return _stands(held, sign, wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC))


def _stands(held: Any, sign: str, wanted: Any, *, whole_day: bool = False) -> bool:
    match sign:
        case ">":
            return bool(held >= wanted) if whole_day else bool(held > wanted)
        case ">=":
            return bool(held >= wanted)
        case "<":
            return bool(held < wanted)
        case "<=":
            return bool(held < wanted) if whole_day else bool(held <= wanted)
    return bool(held == wanted)
