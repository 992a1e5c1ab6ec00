"""What a query costs: an object 1, a scalar 0, a mutation 10, a connection 2 and its size on a flattening scale.

The scale was read off recorded answers (1 → 1, 3 → 2, 5 → 3, 10 → 4, 50 → 7, 101 → 9, 250 → 11 times the node): it is
twice the natural logarithm, rounded down, at least one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tieout.sandbox import Doc
from tieout.sandbox.shopify import schema
from tieout.sandbox.shopify.syntax import Document, Field, Inline, Selection, Value

MOST_AT_ONCE = 1_000
CONNECTION, MUTATION = 2, 10
FREE = frozenset({"pageInfo", "nodes", "edges", "node"})


def scale(size: int) -> int:
    """How many times the cost of one node a page of that size counts."""
    return max(1, int(2 * math.log(size))) if size > 0 else 0


def requested(document: Document, selections: tuple[Selection, ...], owner: str, variables: Doc) -> int:
    """The most the selections can cost, which is reserved before anything is done."""
    return sum(_field(document, wanted, owner, on, variables) for on, wanted in _flat(document, selections, owner))


def actual(document: Document, selections: tuple[Selection, ...], owner: str, found: Any) -> int:
    """What they cost after all: null objects cost nothing, pages count by what is on them."""
    if not isinstance(found, dict):
        return 0
    total = 0
    for on, wanted in _flat(document, selections, owner):
        kind = schema.field(on, wanted.name)
        value = found.get(wanted.key)
        if kind is None or wanted.selections is None or value is None:
            continue
        if kind.is_connection:
            total += _actual_page(document, wanted, kind.base, value)
        elif isinstance(value, list):
            total += max((1 + actual(document, wanted.selections, kind.base, each) for each in value), default=0)
        else:
            own = MUTATION if owner == "Mutation" else 1
            total += own + actual(document, wanted.selections, kind.base, value)
    return total


def _field(document: Document, wanted: Field, owner: str, on: str, variables: Doc) -> int:
    kind = schema.field(on, wanted.name)
    if kind is None or wanted.selections is None:
        return 0
    if owner == "Mutation":
        return MUTATION
    inner = requested(document, wanted.selections, kind.base, variables)
    if kind.is_connection:
        given = dict(wanted.arguments)
        size = _number(given.get("first") or given.get("last"), variables)
        return CONNECTION + scale(size) * inner
    return inner if wanted.name in FREE and kind.base.endswith(("Edge", "PageInfo")) else 1 + inner


def _actual_page(document: Document, wanted: Field, connection: str, value: Doc) -> int:
    total, size, node = CONNECTION, 0, 0
    for _, inner in _flat(document, wanted.selections or (), connection):
        rows = value.get(inner.key)
        if inner.name not in {"nodes", "edges"} or not isinstance(rows, list) or inner.selections is None:
            continue
        size = max(size, len(rows))
        base = schema.base_of(str(getattr(schema.field(connection, inner.name), "returns", "")))
        one = 1 if inner.name == "nodes" else 0
        node += max((one + actual(document, inner.selections, base, each) for each in rows), default=0)
    return total + scale(size) * node


def _number(value: Value | None, variables: Doc) -> int:
    if value is None:
        return 0
    told = variables.get(value.text) if value.kind == "var" else value.text
    return int(told) if isinstance(told, int | str) and str(told).isdigit() else 0


def _flat(document: Document, selections: tuple[Selection, ...], owner: str) -> Iterator[tuple[str, Field]]:
    for one in selections:
        if isinstance(one, Field):
            yield owner, one
        elif isinstance(one, Inline):
            yield from _flat(document, one.selections, one.on or owner)
        elif (fragment := document.fragments.get(one.name)) is not None:
            yield from _flat(document, fragment.selections, fragment.on)
