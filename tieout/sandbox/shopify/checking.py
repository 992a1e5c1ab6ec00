"""Checks a document against the schema before anything is done: every mistake found, in Shopify's words and shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import schema
from tieout.sandbox.shopify.schema import FieldType
from tieout.sandbox.shopify.syntax import Document, Field, Fragment, Inline, Operation, Place, Selection, Spread, Value

DIRECTIVES = frozenset({"include", "skip"})


class NotCovered(Exception):
    """The real schema has this field, the stand-in has not."""


def error(message: str, at: Place, path: list[str], code: str, **more: Any) -> Doc:
    """One entry of `errors` as validation writes it."""
    where = [{"line": at.line, "column": at.column}]
    return {"message": message, "locations": where, "path": path, "extensions": {"code": code} | more}


def check(document: Document, operation: Operation, version: str) -> list[Doc]:
    """Every mistake of the operation and its fragments. Raises NotCovered for a field nobody stands in for."""
    walk = _Walk(document, version)
    root = schema.ROOTS.get(operation.kind)
    if root is None:
        return [error(f"Schema is not configured for {operation.kind}s", operation.at, [operation.path], "custom")]
    walk.selections(operation.selections, root, [operation.path])
    for fragment in document.fragments.values():
        walk.fragment(fragment)
        if fragment.name in _reached(document, fragment.selections, set()):
            told = f"Fragment {fragment.name} contains an infinite loop"
            path = [f"fragment {fragment.name}"]
            walk.found.append(error(told, fragment.at, path, "infiniteLoop", fragmentName=fragment.name))
    return walk.found + list(_variables(walk, operation))


@dataclass
class _Walk:
    document: Document
    version: str
    found: list[Doc] = field(default_factory=list)
    used: dict[str, list[tuple[str, str, str, Place]]] = field(default_factory=dict)  # variable → where it is used
    spread: set[str] = field(default_factory=set)

    def selections(self, selections: tuple[Selection, ...], owner: str, path: list[str]) -> None:
        for selection in selections:
            match selection:
                case Field():
                    self._field(selection, owner, path)
                case Spread():
                    self._spread(selection, owner, path)
                case Inline():
                    self._inline(selection, owner, path)
            self._directives(selection, path)

    def fragment(self, fragment: Fragment) -> None:
        path = [f"fragment {fragment.name}"]
        if fragment.name not in self.spread:
            told = f"Fragment {fragment.name} was defined, but not used"
            self.found.append(error(told, fragment.at, path, "useAndDefineFragment", fragmentName=fragment.name))
        if self._is_type(fragment.on, fragment.at, path):
            self.selections(fragment.selections, fragment.on, path)

    def _field(self, wanted: Field, owner: str, path: list[str]) -> None:
        here = [*path, wanted.key]
        if wanted.name == "__typename":
            return
        kind = schema.field(owner, wanted.name)
        if kind is None or (kind.since and self.version != "unstable" and self.version < kind.since):
            if kind is None and schema.is_left_out(owner, wanted.name):
                raise NotCovered(f"{owner}.{wanted.name}")
            told = f"Field '{wanted.name}' doesn't exist on type '{owner}'"
            more = {"typeName": owner, "fieldName": wanted.name}
            self.found.append(error(told, wanted.at, here, "undefinedField", **more))
            return
        self._arguments(wanted, kind, here)
        self._shape(wanted, kind, here)

    def _shape(self, wanted: Field, kind: FieldType, here: list[str]) -> None:
        """An object is asked for its fields, a scalar is not."""
        if wanted.selections is None and schema.is_object(kind.base):
            told = (
                f"Field must have selections (field '{wanted.name}' returns {kind.base} but has no selections."
                f" Did you mean '{wanted.name} {{ ... }}'?)"
            )
        elif wanted.selections is not None and not schema.is_object(kind.base):
            names = ", ".join(f'"{one.key}"' for one in wanted.selections if isinstance(one, Field))
            told = (
                f"Selections can't be made on scalars (field '{wanted.name}' returns {kind.base} but has selections"
                f" [{names}])"
            )
        else:
            self.selections(wanted.selections or (), kind.base, here)
            return
        more = {"nodeName": f"field '{wanted.name}'", "typeName": kind.base}
        self.found.append(error(told, wanted.at, here, "selectionMismatch", **more))

    def _arguments(self, wanted: Field, kind: FieldType, here: list[str]) -> None:
        known = {argument.name: argument for argument in kind.arguments}
        for name, value in wanted.arguments:
            if name not in known:
                told = f"Field '{wanted.name}' doesn't accept argument '{name}'"
                more = {"name": wanted.name, "typeName": "Field", "argumentName": name}
                self.found.append(error(told, wanted.at, [*here, name], "argumentNotAccepted", **more))
                continue
            self._value(value, known[name].type, wanted, name, here)
        given = {name for name, _ in wanted.arguments}
        missing = [argument.name for argument in kind.arguments if argument.is_required and argument.name not in given]
        if missing:
            names = ", ".join(missing)
            told = f"Field '{wanted.name}' is missing required arguments: {names}"
            more = {"className": "Field", "name": wanted.name, "arguments": names}
            self.found.append(error(told, wanted.at, here, "missingRequiredArguments", **more))

    def _value(self, value: Value, written: str, wanted: Field, name: str, here: list[str]) -> None:
        if value.kind == "var":
            self.used.setdefault(value.text, []).append((written, wanted.name, name, wanted.at))
            return
        if not _literal_fits(value, written, self, wanted, name):
            told = f"Argument '{name}' on Field '{wanted.name}' has an invalid value ({_shown(value)})."
            more = {"typeName": "Field", "argumentName": name}
            told += f" Expected type '{written}'."
            self.found.append(error(told, wanted.at, [*here, name], "argumentLiteralsIncompatible", **more))

    def _spread(self, wanted: Spread, owner: str, path: list[str]) -> None:
        self.spread.add(wanted.name)
        here = [*path, f"... {wanted.name}"]
        fragment = self.document.fragments.get(wanted.name)
        if fragment is None:
            told = f"Fragment {wanted.name} was used, but not defined"
            self.found.append(error(told, wanted.at, here, "useAndDefineFragment", fragmentName=wanted.name))
        elif not schema.fits(owner, fragment.on):
            self._misplaced(f"Fragment {wanted.name} on {fragment.on} can't be spread inside {owner}", wanted.at, here)

    def _inline(self, wanted: Inline, owner: str, path: list[str]) -> None:
        on = wanted.on or owner
        here = [*path, f"... on {on}" if wanted.on else "..."]
        if not self._is_type(on, wanted.at, here):
            return
        if not schema.fits(owner, on):
            self._misplaced(f"Fragment on {on} can't be spread inside {owner}", wanted.at, here)
            return
        self.selections(wanted.selections, on, here)

    def _misplaced(self, told: str, at: Place, here: list[str]) -> None:
        self.found.append(error(told, at, here, "cannotSpreadFragment"))

    def _is_type(self, name: str, at: Place, path: list[str]) -> bool:
        if schema.is_object(name):
            return True
        told = f"No such type {name}, so it can't be a fragment condition"
        self.found.append(error(told, at, path, "undefinedType", typeName=name))
        return False

    def _directives(self, selection: Selection, path: list[str]) -> None:
        for directive in selection.directives:
            if directive.name not in DIRECTIVES:
                told = f"Directive @{directive.name} is not defined"
                more = {"directiveName": directive.name}
                self.found.append(error(told, selection.at, path, "undefinedDirective", **more))
            for name, value in directive.arguments:
                if value.kind == "var":
                    self.used.setdefault(value.text, []).append(("Boolean!", directive.name, name, selection.at))


def _reached(document: Document, selections: tuple[Selection, ...], seen: set[str]) -> set[str]:
    """The names of all fragments that the selections lead to."""
    for one in selections:
        if isinstance(one, Spread) and one.name not in seen:
            seen.add(one.name)
            fragment = document.fragments.get(one.name)
            _reached(document, fragment.selections if fragment else (), seen)
        elif isinstance(one, Field | Inline):
            _reached(document, one.selections or (), seen)
    return seen


def _variables(walk: _Walk, operation: Operation) -> Iterator[Doc]:
    declared = {one.name: one for one in operation.variables}
    path = [operation.path]
    for one in operation.variables:
        if not schema.is_input(schema.base_of(one.type)):
            told = f"{schema.base_of(one.type)} isn't a defined input type (on ${one.name})"
            more = {"typeName": schema.base_of(one.type), "variableName": one.name}
            yield error(told, one.at, path, "variableRequiresValidType", **more)
        elif one.name not in walk.used:
            told = f"Variable ${one.name} is declared by {operation.name or 'anonymous query'} but not used"
            yield error(told, one.at, path, "variableNotUsed", variableName=one.name)
    for name, places in walk.used.items():
        for written, field_name, argument, at in places:
            if name not in declared:
                told = f"Variable ${name} is used by {operation.name or 'anonymous query'} but not declared"
                yield error(told, at, path, "variableNotDefined", variableName=name)
                break
            if not _type_fits(declared[name].type, written, has_default=declared[name].default is not None):
                kinds = f"({declared[name].type} / {written})"
                told = f"Type mismatch on variable ${name} and argument {argument} {kinds}"
                more = {"variableName": name, "typeName": declared[name].type, "argumentName": argument}
                yield error(told, at, [*path, field_name, argument], "variableMismatch", **more)


def _type_fits(declared: str, wanted: str, *, has_default: bool) -> bool:
    if wanted.endswith("!"):
        return (declared.endswith("!") or has_default) and _type_fits(
            declared.rstrip("!"), wanted[:-1], has_default=True
        )
    bare = declared.removesuffix("!")
    if wanted.startswith("[") and bare.startswith("["):
        return _type_fits(bare[1:-1], wanted[1:-1], has_default=False)
    return bare == wanted or f"[{bare}]" == wanted or f"[{bare}!]" == wanted


def _literal_fits(value: Value, written: str, walk: _Walk, wanted: Field, name: str) -> bool:
    if value.kind == "null":
        return not written.endswith("!")
    bare = written.removesuffix("!")
    if bare.startswith("["):
        items = value.items if value.kind == "list" else (value,)
        return all(_item_fits(item, bare[1:-1], walk, wanted, name) for item in items)
    match bare:
        case "Int" | "BigInt" | "UnsignedInt64":
            return value.kind == "int"
        case "Float" | "Decimal":
            return value.kind in {"int", "float"} or (bare == "Decimal" and value.kind == "string")
        case "Boolean":
            return value.kind == "bool"
        case "ID":
            return value.kind in {"string", "int"}
    if bare in schema.enums():
        return value.kind == "enum" and value.text in schema.enums()[bare]
    if bare in schema.INPUTS:
        return value.kind == "object" and all(
            (inner := schema.field(bare, key)) is not None and _item_fits(item, inner.returns, walk, wanted, name)
            for key, item in value.fields
        )
    return value.kind == "string"


def _item_fits(value: Value, written: str, walk: _Walk, wanted: Field, name: str) -> bool:
    if value.kind == "var":
        walk.used.setdefault(value.text, []).append((written, wanted.name, name, wanted.at))
        return True
    return _literal_fits(value, written, walk, wanted, name)


def _shown(value: Value) -> str:
    match value.kind:
        case "string":
            return f'"{value.text}"'
        case "list":
            return f"[{', '.join(map(_shown, value.items))}]"
        case "object":
            return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.fields) + "}"
        case "var":
            return f"${value.text}"
    return value.text
