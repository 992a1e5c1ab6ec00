"""Carries a checked operation out: fields in order, refusals in `errors`, null as far up as the schema demands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import schema
from tieout.sandbox.shopify.schema import FieldType
from tieout.sandbox.shopify.syntax import Document, Field, Inline, Operation, Selection, Spread, Value

Resolver = Callable[[Any, Doc, Doc], Any]


class FieldError(Exception):
    """A field that is refused; `more` goes into its extensions beside the code."""

    def __init__(self, message: str, code: str, **more: Any) -> None:
        super().__init__(message)
        self.code, self.more = code, more


class _Nulled(Exception):
    """A field that may not be null is: its parent is null instead."""


def run(run_of: Run, root: str) -> Doc | None:
    """The `data` of the answer; None when a root field that may not be null was refused."""
    try:
        return run_of.selections(run_of.operation.selections, root, {"__typename": root}, [])
    except _Nulled:
        return None


@dataclass
class Run:
    """One operation under way. `context` is handed to the resolvers; `errors` fills up on the way."""

    document: Document
    operation: Operation
    variables: Doc
    context: Any
    resolvers: Mapping[tuple[str, str], Resolver]
    follow: Callable[[Any, str], Doc | None]
    errors: list[Doc] = field(default_factory=list)

    def selections(self, selections: tuple[Selection, ...], owner: str, source: Doc, path: list[Any]) -> Doc:
        found: Doc = {}
        for on, wanted in self._collected(selections, owner, source):
            if wanted.name == "__typename":
                found[wanted.key] = source.get("__typename", owner)
                continue
            kind = schema.field(on, wanted.name)
            assert kind is not None, "the document was checked"
            value = self._field(kind, wanted, source, [*path, wanted.key])
            found[wanted.key] = _merged(found.get(wanted.key), value)
        return found

    def _collected(self, selections: tuple[Selection, ...], owner: str, source: Doc) -> list[tuple[str, Field]]:
        found: list[tuple[str, Field]] = []
        is_type = str(source.get("__typename", owner))
        for one in selections:
            if not self._is_wanted(one):
                continue
            if isinstance(one, Field):
                found.append((owner, one))
                continue
            on, inner = self._inside(one, owner)
            if on in (is_type, owner, "Node"):
                found.extend(self._collected(inner, on, source))
        return found

    def _inside(self, one: Spread | Inline, owner: str) -> tuple[str, tuple[Selection, ...]]:
        if isinstance(one, Inline):
            return one.on or owner, one.selections
        fragment = self.document.fragments[one.name]
        return fragment.on, fragment.selections

    def _is_wanted(self, one: Selection) -> bool:
        for directive in one.directives:
            said = self.value(dict(directive.arguments)["if"])
            if bool(said) is not (directive.name == "include"):
                return False
        return True

    def _field(self, kind: FieldType, wanted: Field, source: Doc, path: list[Any]) -> Any:
        try:
            self.context.path = path
            value = self._resolved(kind, wanted, source)
            if value is None and not kind.is_nullable:
                raise _Nulled
            return self._completed(value, kind.returns, wanted, path)
        except FieldError as error:
            self.errors.append(_told(error, wanted, path))
        except _Nulled:
            pass
        if not kind.is_nullable:
            raise _Nulled
        return None

    def _resolved(self, kind: FieldType, wanted: Field, source: Doc) -> Any:
        told = {one.name: default_of(one.type, one.default) for one in kind.arguments if one.default}
        for name, value in wanted.arguments:
            if value.kind != "var" or value.text in self.variables:
                told[name] = self.value(value)
        resolver = self.resolvers.get((kind.owner, kind.name))
        return source.get(kind.name) if resolver is None else resolver(self.context, source, told)

    def _completed(self, value: Any, returns: str, wanted: Field, path: list[Any]) -> Any:
        if value is None:
            return None
        bare = returns.removesuffix("!")
        if bare.startswith("["):
            return [self._completed(each, bare[1:-1], wanted, [*path, at]) for at, each in enumerate(value)]
        if wanted.selections is None:
            return value
        row = self.follow(self.context, value["@"]) if isinstance(value, dict) and "@" in value else value
        return None if row is None else self.selections(wanted.selections, schema.base_of(bare), row, path)

    def value(self, value: Value) -> Any:
        match value.kind:
            case "var":
                return self.variables.get(value.text)
            case "int":
                return int(value.text)
            case "float":
                return float(value.text)
            case "bool":
                return value.text == "true"
            case "null":
                return None
            case "list":
                return [self.value(item) for item in value.items]
            case "object":
                return {name: self.value(item) for name, item in value.fields}
        return value.text


def default_of(written: str, text: str) -> Any:
    return {"true": True, "false": False}.get(text, int(text) if schema.base_of(written) == "Int" else text)


def coerced(operation: Operation, given: Doc) -> tuple[Doc, list[Doc]]:
    """The variables as the schema wants them, and what was wrong with those that are not."""
    found: Doc = {}
    errors: list[Doc] = []
    for one in operation.variables:
        if one.name not in given and one.default is not None:
            found[one.name] = _literal(one.default)
            continue
        value = given.get(one.name)
        problems = _problems(value, one.type, [])
        if problems:
            path, why = problems[0]
            inside = f" for {'.'.join(map(str, path))} ({why})" if path else ""
            told = f"Variable ${one.name} of type {one.type} was provided invalid value{inside}"
            extensions = {"code": "INVALID_VARIABLE", "value": value}
            listed = [{"path": path, "explanation": why} for path, why in problems]
            where = [{"line": one.at.line, "column": one.at.column}]
            errors.append({"message": told, "locations": where, "extensions": extensions | {"problems": listed}})
        elif one.name in given:
            found[one.name] = value
    return found, errors


def _problems(value: Any, written: str, path: list[Any]) -> list[tuple[list[Any], str]]:
    if value is None:
        return [(path, "Expected value to not be null")] if written.endswith("!") else []
    bare = written.removesuffix("!")
    if bare.startswith("["):
        items = value if isinstance(value, list) else [value]
        return [each for at, item in enumerate(items) for each in _problems(item, bare[1:-1], [*path, at])]
    if bare in schema.enums():
        allowed = schema.enums()[bare]
        return [] if value in allowed else [(path, f'Expected "{value}" to be one of: {", ".join(allowed)}')]
    if bare in schema.INPUTS:
        return _input_problems(value, bare, path)
    kinds: tuple[type, ...] = _KINDS.get(bare, (str,))
    fits = isinstance(value, kinds) and not (isinstance(value, bool) and bare != "Boolean")
    return [] if fits else [(path, f"Could not coerce value {json.dumps(value)} to {bare}")]


_KINDS: dict[str, tuple[type, ...]] = {"Int": (int,), "Boolean": (bool,), "Float": (int, float), "ID": (str, int)}


def _input_problems(value: Any, bare: str, path: list[Any]) -> list[tuple[list[Any], str]]:
    if not isinstance(value, dict):
        return [(path, f"Expected {json.dumps(value)} to be a key-value object.")]
    known = {one.name: one.returns for one in schema.fields_of(bare)}
    found = [([*path, name], f"Field is not defined on {bare}") for name in value if name not in known]
    for name, written in known.items():
        if name in value or written.endswith("!"):
            found += _problems(value.get(name), written, [*path, name])
    return found


def _literal(value: Value) -> Any:
    match value.kind:
        case "int":
            return int(value.text)
        case "float":
            return float(value.text)
        case "bool":
            return value.text == "true"
        case "null":
            return None
        case "list":
            return [_literal(item) for item in value.items]
        case "object":
            return {name: _literal(item) for name, item in value.fields}
    return value.text


def _told(error: FieldError, wanted: Field, path: list[Any]) -> Doc:
    where = [{"line": wanted.at.line, "column": wanted.at.column}]
    return {"message": str(error), "locations": where, "extensions": {"code": error.code} | error.more, "path": path}


def _merged(before: Any, value: Any) -> Any:
    """One key asked for twice holds what both asked for."""
    if isinstance(before, dict) and isinstance(value, dict):
        return {key: _merged(before.get(key), value.get(key, before.get(key))) for key in {**before, **value}}
    if isinstance(before, list) and isinstance(value, list) and len(before) == len(value):
        return [_merged(one, other) for one, other in zip(before, value, strict=True)]
    return value
