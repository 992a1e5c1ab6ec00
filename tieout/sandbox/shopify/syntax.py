"""GraphQL text → a tree that remembers line and column; what cannot be read is said as Shopify's parser says it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST, TOKENS_MOST = 40, 20_000
_TOKEN = re.compile(
    r'(?P<skip>[\s,\ufeff]+|\#[^\n\r]*)|(?P<block>"""(?:[^"\\]|\\.|"(?!""))*""")|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<float>-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+))|(?P<int>-?\d+)|(?P<name>[_A-Za-z]\w*)"
    r"|(?P<spread>\.\.\.)|(?P<sign>[!$&()\[\]{}:=@|])",
)


@dataclass(frozen=True, slots=True)
class Place:
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Value:
    """A literal or a variable: `kind` is var, int, float, string, bool, null, enum, list or object."""

    kind: str
    text: str = ""
    items: tuple[Value, ...] = ()
    fields: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Directive:
    name: str
    arguments: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    alias: str
    arguments: tuple[tuple[str, Value], ...]
    directives: tuple[Directive, ...]
    selections: tuple[Selection, ...] | None
    at: Place

    @property
    def key(self) -> str:
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Spread:
    name: str
    directives: tuple[Directive, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Inline:
    on: str
    directives: tuple[Directive, ...]
    selections: tuple[Selection, ...]
    at: Place


Selection = Field | Spread | Inline


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable; `type` as it was written, such as [ID!]!."""

    name: str
    type: str
    default: Value | None
    at: Place


@dataclass(frozen=True, slots=True)
class Operation:
    kind: str
    name: str
    variables: tuple[Variable, ...]
    selections: tuple[Selection, ...]
    at: Place

    @property
    def path(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class Fragment:
    name: str
    on: str
    selections: tuple[Selection, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Document:
    operations: tuple[Operation, ...]
    fragments: dict[str, Fragment]


class Unreadable(Exception):
    """The text is no GraphQL; the message names the token and where it stands."""

    def __init__(self, found: str, at: Place) -> None:
        super().__init__(f"syntax error, unexpected {found} at [{at.line}, {at.column}]")
        self.at = at


def read(text: str) -> Document:
    """Raises Unreadable."""
    return _Reader(text).document()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: Place


def _tokens(text: str) -> Iterator[_Token]:
    place, line, begun = 0, 1, 0
    while place < len(text):
        at = Place(line, place - begun + 1)
        found = _TOKEN.match(text, place)
        if found is None:
            raise Unreadable(f'invalid token ("{text[place]}")', at)
        kind, word = str(found.lastgroup), found.group()
        if kind != "skip":
            yield _Token(word if kind in {"sign", "spread"} else kind, word, at)
        for offset, letter in enumerate(word):
            if letter == "\n":
                line, begun = line + 1, place + offset + 1
        place = found.end()
    yield _Token("end", "", Place(line, max(1, place - begun)))


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = self._depth = 0
        if len(self._tokens) > TOKENS_MOST:
            raise Unreadable("end of patience", self._tokens[TOKENS_MOST].at)

    def document(self) -> Document:
        operations: list[Operation] = []
        fragments: dict[str, Fragment] = {}
        while self._peek.kind != "end" or not (operations or fragments):
            if self._peek.text == "fragment":
                fragment = self._fragment()
                fragments[fragment.name] = fragment
            else:
                operations.append(self._operation())
        return Document(tuple(operations), fragments)

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self, kind: str = "") -> _Token:
        token = self._peek
        if (kind and token.kind != kind) or token.kind == "end":
            raise self._unexpected()
        self._at += 1
        return token

    def _unexpected(self) -> Unreadable:
        token = self._peek
        return Unreadable("end of file" if token.kind == "end" else f'{token.kind} ("{token.text}")', token.at)

    def _took(self, kind: str) -> bool:
        if self._peek.kind != kind:
            return False
        self._at += 1
        return True

    def _operation(self) -> Operation:
        at = self._peek.at
        if self._peek.kind == "{":
            return Operation("query", "", (), self._selections(), at)
        kind = self._next("name").text
        if kind not in {"query", "mutation", "subscription"}:
            self._at -= 1
            raise self._unexpected()
        name = self._next().text if self._peek.kind == "name" else ""
        variables: list[Variable] = []
        if self._took("("):
            while not self._took(")"):
                variables.append(self._variable())
        self._directives()
        return Operation(kind, name, tuple(variables), self._selections(), at)

    def _variable(self) -> Variable:
        at = self._next("$").at
        name = self._next("name").text
        self._next(":")
        kind = self._type()
        return Variable(name, kind, self._value() if self._took("=") else None, at)

    def _type(self) -> str:
        if self._took("["):
            inner = f"[{self._type()}]"
            self._next("]")
        else:
            inner = self._next("name").text
        return inner + ("!" if self._took("!") else "")

    def _fragment(self) -> Fragment:
        at = self._next("name").at
        name = self._next("name").text
        if self._next("name").text != "on":
            self._at -= 1
            raise self._unexpected()
        on = self._next("name").text
        self._directives()
        return Fragment(name, on, self._selections(), at)

    def _selections(self) -> tuple[Selection, ...]:
        self._next("{")
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._unexpected()
        found: list[Selection] = [self._selection()]
        while not self._took("}"):
            found.append(self._selection())
        self._depth -= 1
        return tuple(found)

    def _selection(self) -> Selection:
        at = self._peek.at
        if not self._took("..."):
            return self._field()
        if self._peek.kind == "name" and self._peek.text != "on":
            return Spread(self._next().text, self._directives(), at)
        on = ""
        if self._peek.text == "on":
            self._next()
            on = self._next("name").text
        return Inline(on, self._directives(), self._selections(), at)

    def _field(self) -> Field:
        first = self._next("name")
        name, alias = first.text, ""
        if self._took(":"):
            name, alias = self._next("name").text, name
        arguments, directives = self._arguments(), self._directives()
        selections = self._selections() if self._peek.kind == "{" else None
        return Field(name, alias, arguments, directives, selections, first.at)

    def _arguments(self) -> tuple[tuple[str, Value], ...]:
        found: list[tuple[str, Value]] = []
        if self._took("("):
            while not self._took(")"):
                name = self._next("name").text
                self._next(":")
                found.append((name, self._value()))
        return tuple(found)

    def _directives(self) -> tuple[Directive, ...]:
        found: list[Directive] = []
        while self._took("@"):
            found.append(Directive(self._next("name").text, self._arguments()))
        return tuple(found)

    def _value(self) -> Value:
        token = self._next()
        match token.kind:
            case "$":
                return Value("var", self._next("name").text)
            case "int" | "float":
                return Value(token.kind, token.text)
            case "string":
                return Value("string", json.loads(token.text))
            case "block":
                return Value("string", token.text[3:-3].strip())
            case "name":
                kind = {"true": "bool", "false": "bool", "null": "null"}.get(token.text, "enum")
                return Value(kind, token.text)
            case "[":
                items: list[Value] = []
                while not self._took("]"):
                    items.append(self._value())
                return Value("list", items=tuple(items))
            case "{":
                fields: list[tuple[str, Value]] = []
                while not self._took("}"):
                    name = self._next("name").text
                    self._next(":")
                    fields.append((name, self._value()))
                return Value("object", fields=tuple(fields))
        self._at -= 1
        raise self._unexpected()
