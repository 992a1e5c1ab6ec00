"""QuickBooks' query language: reads a statement; no OR, no brackets but those of IN, no joins. Words in any case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tieout.sandbox.quickbooks.refusals import fault

DEFAULT_MOST, LARGEST_MOST = 100, 1_000
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:\\.|[^'\\])*')
  | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
  | (?P<word>[A-Za-z_][\w.]*)
  | (?P<sign><=|>=|[=<>(),*]))""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"=", "<", ">", "<=", ">=", "in", "like"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One property against one or several values, all as text."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A statement as read. `columns` is empty for everything; orders are (property, descending)."""

    entity: str
    columns: tuple[str, ...] = ()
    is_count: bool = False
    conditions: tuple[Condition, ...] = ()
    orders: tuple[tuple[str, bool], ...] = ()
    start: int = 1
    most: int = DEFAULT_MOST


def parse(statement: str) -> Query:
    """Raises Fault: 4000 for what cannot be read, 4001 for numbers beyond what is allowed."""
    return _Reader(statement).query()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind in {"word", "sign"} else ""


class _Reader:
    """Goes through the tokens once, from left to right."""

    def __init__(self, statement: str) -> None:
        self._tokens = list(_tokens(statement))
        self._at = 0

    def query(self) -> Query:
        self._expect("select")
        columns, is_count = self._columns()
        self._expect("from")
        entity = self._name()
        conditions = self._conditions() if self._take("where") else ()
        orders = self._orders() if self._take("orderby") or self._take_both("order", "by") else ()
        start, most = self._window()
        if self._token.kind != "end":
            raise self._unexpected()
        return Query(entity, columns, is_count, conditions, orders, start, most)

    def _columns(self) -> tuple[tuple[str, ...], bool]:
        if self._token.word == "count" and self._peek(1) == "(":
            self._at += 2
            self._expect("*")
            self._expect(")")
            return (), True
        columns = [self._column()]
        while self._take(","):
            columns.append(self._column())
        return (() if "*" in columns else tuple(columns)), False

    def _column(self) -> str:
        return "*" if self._take("*") else self._name()

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._take("and"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        field, operator = self._name(), self._token.word
        if operator not in _OPERATORS:
            raise self._unexpected()
        self._at += 1
        if operator != "in":
            return Condition(field, operator, (self._value(),))
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return Condition(field, operator, tuple(values))

    def _orders(self) -> tuple[tuple[str, bool], ...]:
        found = [self._order()]
        while self._take(","):
            found.append(self._order())
        return tuple(found)

    def _order(self) -> tuple[str, bool]:
        field = self._name()
        if self._take("desc"):
            return field, True
        self._take("asc")
        return field, False

    def _window(self) -> tuple[int, int]:
        start, most = 1, DEFAULT_MOST
        for _ in range(2):
            if self._take("startposition"):
                start = self._number("STARTPOSITION", 1)
            elif self._take("maxresults"):
                most = self._number("MAXRESULTS", 1)
        if most > LARGEST_MOST:
            raise fault("query-invalid", reason=f"value {most} is too large. Max allowed value is {LARGEST_MOST}.")
        return start, most

    def _number(self, what: str, least: int) -> int:
        token = self._token
        if token.kind != "number" or not token.text.isdigit():
            raise self._unexpected()
        self._at += 1
        if int(token.text) < least:
            raise fault("query-invalid", reason=f"{what} {token.text} is too small. Min allowed value is {least}.")
        return int(token.text)

    def _value(self) -> str:
        token = self._token
        if token.kind == "text":
            self._at += 1
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "number" or token.word in {"true", "false"}:
            self._at += 1
            return token.text
        raise self._unexpected()

    def _name(self) -> str:
        token = self._token
        if token.kind != "word":
            raise self._unexpected()
        self._at += 1
        return token.text

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _peek(self, ahead: int) -> str:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)].word

    def _take(self, word: str) -> bool:
        if self._token.word != word:
            return False
        self._at += 1
        return True

    def _take_both(self, first: str, second: str) -> bool:
        if self._token.word != first or self._peek(1) != second:
            return False
        self._at += 2
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._unexpected()

    def _unexpected(self) -> Exception:
        token = self._token
        said = "<EOF>" if token.kind == "end" else token.text
        return fault("query-parse", reason=f'Encountered "{said}" at line 1, column {token.column}.')


def _tokens(statement: str) -> list[_Token]:
    found: list[_Token] = []
    at, end = 0, len(statement.rstrip().removesuffix(";"))
    while at < end:
        match = _TOKEN.match(statement, at, end)
        if match is None:
            column = at + len(statement[at:]) - len(statement[at:].lstrip()) + 1
            raise fault("query-parse", reason=f'Encountered "{statement[column - 1]}" at line 1, column {column}.')
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        at = match.end()
    return [*found, _Token("end", "", end + 1)]
