"""Xero's filter language: `Status=="AUTHORISED" AND Date>=DateTime(2026,10,1) AND Reference!=null`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.xero import fields, refusals

Test = Callable[[Doc], bool]
Read = Callable[[Doc], Any]
Typed = Callable[[str], str]  # a property's type; raises BadQuery where there is none

_TEXT = r"\"(?:[^\"\\]|\\.)*\""
_TOKEN = re.compile(
    rf"\s*(?:(?P<text>{_TEXT})|"
    r"(?P<number>-?\d+(?:\.\d+)?m?)|(?P<op>==|!=|<=|>=|<>|&&|\|\||[=<>(),!.])"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*))",
    re.IGNORECASE,
)
CLOCK_PARTS = ("hours", "minutes", "seconds")
_COMPARE = {"==", "=", "!=", "<>", "<", ">", "<=", ">="}
_CALLS = {"contains": 1, "startswith": 1, "endswith": 1, "tolower": 0, "toupper": 0}  # name → arguments
# Our types → those that Xero's refusals name.
_THEIRS = {"text": "String", "guid": "Guid", "number": "Decimal", "moment": "DateTime", "flag": "Boolean"}
_ANY = ("", "null")


class BadQuery(ValueError):
    """The filter cannot be read, or names what the record does not have."""


@dataclass(frozen=True, slots=True)
class Value:
    """One side of a comparison: how it is read from a record, and its type where that is known."""

    read: Read
    kind: str


def parse(text: str, typed: Typed = lambda dotted: "") -> Test:
    """The filter as a test of one record. Raises BadQuery."""
    reader = _Reader(_tokens(text), typed)
    test = reader.either()
    if reader.left():
        raise BadQuery(f"Syntax error at '{reader.peek()}'")
    if _unguarded_reference(text):
        raise BadQuery("Object reference not set to an instance of an object")
    return test


def _unguarded_reference(text: str) -> bool:
    # A filter by Reference breaks on records without one, unless it is guarded; so Xero's users report.
    bare = re.sub(_TEXT, '""', text)
    named = re.search(r"(?<![\w.])Reference\b(?!\s*(?:==?|!=|<>)\s*null\b)", bare, re.IGNORECASE)
    return bool(named) and not re.search(r"(?<![\w.])Reference\s*(?:!=|<>)\s*null\b", bare, re.IGNORECASE)


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
    def __init__(self, tokens: list[tuple[str, str]], typed: Typed) -> None:
        self._tokens, self._typed, self._at = tokens, typed, 0

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
        if left.kind not in ("flag", *_ANY):
            raise BadQuery("Expression of type 'Boolean' expected")
        return lambda row: left.read(row) is True

    def value(self) -> Value:
        if not self.left():
            raise BadQuery("Expression expected")
        group, word = self._tokens[self._at]
        self._at += 1
        if group == "text":
            return _always(re.sub(r"\\(.)", r"\1", word[1:-1]), "text")
        if group == "number":
            return _always(Decimal(word.rstrip("mM")), "number")
        if group != "name":
            raise BadQuery(f"Syntax error at '{word}'")
        return self._named(word)

    def _named(self, word: str) -> Value:
        lowered = word.lower()
        if lowered == "null":
            return _always(None, "null")
        if lowered in {"true", "false"}:
            return _always(lowered == "true", "flag")
        if lowered in {"guid", "datetime", "guid.parse", "datetime.parse"}:
            given = [value.read({}) for value in self._values()]
            return _guid(given) if lowered.startswith("guid") else _moment_of(given)
        field, _, last = word.rpartition(".")
        if last.lower() not in _CALLS:
            return Value(path(word), self._typed(word))
        if not field or not self.left() or self.peek() != "(":
            raise BadQuery(f"'{last}' is not a property")
        return self._chained(_called(Value(path(field), self._typed(field)), last, self._values()))

    def _chained(self, value: Value) -> Value:
        while self.take("."):
            name = self.peek()
            if name.lower() not in _CALLS:
                raise BadQuery(f"'{name}' is not a method")
            self._at += 1
            value = _called(value, name, self._values())
        return value

    def _values(self) -> list[Value]:
        self.need("(")
        found: list[Value] = []
        while not self.take(")"):
            found.append(self.value())
            if not self.take(","):
                self.need(")")
                break
        return found


def _always(constant: Any, kind: str) -> Value:
    return Value(lambda row: constant, kind)


def _guid(given: Sequence[Any]) -> Value:
    if len(given) != 1 or not isinstance(given[0], str):
        raise BadQuery("No applicable method 'Guid' exists in type 'Guid'")
    if fields.guid(given[0]) is None:
        raise BadQuery(refusals.NO_GUID)
    return _always(given[0].replace("-", "").lower(), "guid")


def _moment_of(given: Sequence[Any]) -> Value:
    try:
        if len(given) == 1 and isinstance(given[0], str):
            return _always(datetime.fromisoformat(given[0]).replace(tzinfo=UTC), "moment")
        year, month, day, *clock = (int(part) for part in given)
        moment = datetime(year, month, day, tzinfo=UTC) + timedelta(**dict(zip(CLOCK_PARTS, clock, strict=False)))
        return _always(moment, "moment")
    except (ValueError, TypeError, OverflowError) as error:
        if len(given) in (3, 6) and all(isinstance(part, Decimal) for part in given):
            told = "Year, Month, and Day parameters describe an un-representable DateTime."
        elif len(given) == 1 and isinstance(given[0], str):
            told = "String was not recognized as a valid DateTime."
        else:
            told = "No applicable constructor exists in type 'DateTime'"
        raise BadQuery(told) from error


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


def _called(field: Value, name: str, given: Sequence[Value]) -> Value:
    called = name.lower()
    if (
        field.kind not in ("text", *_ANY)
        or len(given) != _CALLS[called]
        or any(one.kind not in ("text", *_ANY) for one in given)
    ):
        raise BadQuery(f"No applicable method '{name}' exists in type '{_THEIRS.get(field.kind, field.kind)}'")

    def read(row: Doc) -> Any:
        text = field.read(row)
        if text is None:
            return None
        match called:
            case "tolower":
                return str(text).lower()
            case "toupper":
                return str(text).upper()
        part = str(given[0].read(row))
        match called:
            case "contains":
                return part in str(text)
            case "startswith":
                return str(text).startswith(part)
        return str(text).endswith(part)

    return Value(read, "flag" if given else "text")


def _comparison(left: Value, sign: str, right: Value) -> Test:
    kinds = {left.kind, right.kind}.difference(_ANY)
    if len(kinds) > 1 and not kinds <= {"text", "guid"}:
        told = f"'{_THEIRS.get(left.kind, left.kind)}' and '{_THEIRS.get(right.kind, right.kind)}'"
        raise BadQuery(f"Operator '{sign}' incompatible with operand types {told}")

    def test(row: Doc) -> bool:
        one, two = _alike(left.read(row), right.read(row))
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
