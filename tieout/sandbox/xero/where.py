"""Xero's filter language: `Status=="AUTHORISED" AND Date>=DateTime(2026,10,1) AND Reference!=null`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc

Test = Callable[[Doc], bool]
Read = Callable[[Doc], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:[^\"\\]|\\.)*\")|(?P<number>-?\d+(?:\.\d+)?m?)|(?P<op>==|!=|<=|>=|<>|&&|\|\||[=<>(),!.])"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*))",
    re.IGNORECASE,
)
CLOCK_PARTS = ("hours", "minutes", "seconds")
_COMPARE = {"==", "=", "!=", "<>", "<", ">", "<=", ">="}
_CALLS = {"contains", "startswith", "endswith", "tolower", "toupper"}


class BadQuery(ValueError):
    """The filter cannot be read, or names what the record does not have."""


def parse(text: str) -> Test:
    """The filter as a test of one record. Raises BadQuery."""
    reader = _Reader(_tokens(text))
    test = reader.either()
    if reader.left():
        raise BadQuery(f"Syntax error at '{reader.peek()}'")
    if _unguarded_reference(text):
        raise BadQuery("Object reference not set to an instance of an object")
    return test


def _unguarded_reference(text: str) -> bool:
    # A filter by Reference breaks on records without one, unless it is guarded; so Xero's users report.
    methods = re.search(r"\bReference\.(\w+)\(", text, re.IGNORECASE)
    return bool(methods) and not re.search(r"\bReference\s*!=\s*null", text, re.IGNORECASE)


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text) and text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise BadQuery(f"Syntax error at position {at}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    def left(self) -> bool:
        return self._at < len(self._tokens)

    def peek(self) -> str:
        return self._tokens[self._at][1] if self.left() else ""

    def take(self, *wanted: str) -> bool:
        if self.left() and self._tokens[self._at][0] != "text" and self.peek().lower() in wanted:
            self._at += 1
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise BadQuery(f"'{sign}' expected")

    def either(self) -> Test:
        tests = [self.both()]
        while self.take("or", "||"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.single()]
        while self.take("and", "&&"):
            tests.append(self.single())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def single(self) -> Test:
        if self.take("!"):
            inner = self.single()
            return lambda row: not inner(row)
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        left = self.value()
        if self.left() and self.peek() in _COMPARE:
            sign = self.peek()
            self._at += 1
            return _comparison(left, sign, self.value())
        return lambda row: left(row) is True

    def value(self) -> Read:
        if not self.left():
            raise BadQuery("Expression expected")
        group, word = self._tokens[self._at]
        self._at += 1
        if group == "text":
            return _always(re.sub(r"\\(.)", r"\1", word[1:-1]))
        if group == "number":
            return _always(Decimal(word.rstrip("mM")))
        if group != "name":
            raise BadQuery(f"Syntax error at '{word}'")
        return self._named(word)

    def _named(self, word: str) -> Read:
        lowered = word.lower()
        if lowered in {"null", "true", "false"}:
            return _always({"null": None, "true": True, "false": False}[lowered])
        if lowered in {"guid", "datetime", "guid.parse", "datetime.parse"}:
            return _always(_constant(lowered, self._arguments()))
        field, _, last = word.rpartition(".")
        if last.lower() not in _CALLS:
            return path(word)
        if not self.left() or self.peek() != "(":
            raise BadQuery(f"'{last}' is not a property")
        return self._chained(_called(path(field), last.lower(), self._reads()))

    def _chained(self, read: Read) -> Read:
        while self.take("."):
            name = self.peek().lower()
            if name not in _CALLS:
                raise BadQuery(f"'{name}' is not a method")
            self._at += 1
            read = _called(read, name, self._reads())
        return read

    def _arguments(self) -> list[Any]:
        return [read({}) for read in self._reads()]

    def _reads(self) -> list[Read]:
        self.need("(")
        found: list[Read] = []
        while not self.take(")"):
            found.append(self.value())
            if not self.take(","):
                self.need(")")
                break
        return found


def _always(constant: Any) -> Read:
    return lambda row: constant


def _constant(name: str, given: list[Any]) -> Any:
    try:
        if name.startswith("guid"):
            return str(given[0]).replace("-", "").lower()
        if len(given) == 1:
            return datetime.fromisoformat(str(given[0])).replace(tzinfo=UTC)
        year, month, day, *clock = (int(part) for part in given)
        return datetime(year, month, day, tzinfo=UTC) + timedelta(**dict(zip(CLOCK_PARTS, clock, strict=False)))
    except (ValueError, TypeError, IndexError) as error:
        raise BadQuery(f"'{name}' cannot take {given}") from error


def path(dotted: str) -> Read:
    steps = [step.lower() for step in dotted.split(".")]

    def read(row: Doc) -> Any:
        found: Any = row
        for step in steps:
            if not isinstance(found, dict):
                return None
            found = next((value for key, value in found.items() if key.lower() == step), None)
        return found

    return read


def _called(field: Read, name: str, given: list[Read]) -> Read:
    def read(row: Doc) -> Any:
        text = field(row)
        if text is None:
            return None
        match name:
            case "tolower":
                return str(text).lower()
            case "toupper":
                return str(text).upper()
        part = str(given[0](row)) if given else ""
        match name:
            case "contains":
                return part in str(text)
            case "startswith":
                return str(text).startswith(part)
        return str(text).endswith(part)

    return read


def _comparison(left: Read, sign: str, right: Read) -> Test:
    def test(row: Doc) -> bool:
        one, two = _alike(left(row), right(row))
        match sign:
            case "==" | "=":
                return bool(one == two)
            case "!=" | "<>":
                return bool(one != two)
        if one is None or two is None:
            return False
        try:
            return bool({"<": one < two, ">": one > two, "<=": one <= two, ">=": one >= two}[sign])
        except TypeError as error:
            raise BadQuery(f"Operator '{sign}' incompatible with operand types") from error

    return test


def _alike(one: Any, two: Any) -> tuple[Any, Any]:
    """Both sides in a form that can be compared: ids without dashes, days as midnight UTC."""
    if isinstance(one, str) and isinstance(two, str):
        bare, other = one.replace("-", "").lower(), two.replace("-", "").lower()
        if len(bare) == 32 and len(other) == 32:
            return bare, other
    return _moment(one), _moment(two)


def _moment(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value
