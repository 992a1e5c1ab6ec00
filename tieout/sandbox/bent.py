"""Answers bent on their way out: empty, a page of a gateway, cut short, or JSON whose lists are not what they were."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tieout.sandbox import Answer, Doc, Ending
from tieout.sandbox.faults import Fault

HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def distorted(fault: Fault, answer: Answer, chance: random.Random, *, holding: frozenset[str]) -> Answer:
    """The answer of work that was done, bent as `form` says; `holding`: the keys under which its lists stand.

    Raises ValueError for a form there is not.
    """
    form = str(fault.how.get("form", "truncated"))
    match form:
        case "empty":
            return replace(answer, body=b"")
        case "html":
            status = int(fault.how.get("status", answer.status))
            return replace(answer, body=HTML, content_type="text/html", status=status)
        case "truncated":
            return replace(answer, ending=Ending.TRUNCATED)
    bend = _BENDS.get(form)
    if bend is None:
        raise ValueError(f"bad-body has no form {form}; there are empty, html, truncated, {', '.join(sorted(_BENDS))}")
    if answer.status != 200 or not (answer.content_type or "").startswith("application/json"):
        return answer
    doc = json.loads(answer.body, parse_float=Decimal)
    return replace(answer, body=to_json(_through(doc, holding, lambda rows: bend(rows, chance))))


def to_json(value: Any) -> bytes:
    """Compact JSON; decimals keep their digits."""
    return json.dumps(value, default=_number, separators=(",", ":"), ensure_ascii=False).encode()


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def _through(found: Any, holding: frozenset[str], bend: Callable[[list[Any]], list[Any]]) -> Any:
    if isinstance(found, list):
        return [_through(each, holding, bend) for each in found]
    if not isinstance(found, dict):
        return found
    inner: Doc = {key: _through(value, holding, bend) for key, value in found.items()}
    return {key: bend(value) if key in holding and isinstance(value, list) else value for key, value in inner.items()}


def _dropped(rows: list[Any], chance: random.Random) -> list[Any]:
    return [row for at, row in enumerate(rows) if at != len(rows) // 2]


def _permuted(rows: list[Any], chance: random.Random) -> list[Any]:
    mixed = list(rows)
    chance.shuffle(mixed)
    # A shuffle may leave the order as it was; a fault that does nothing would prove nothing.
    return mixed if mixed != rows else [*rows[1:], *rows[:1]]


def _repeated(rows: list[Any], chance: random.Random) -> list[Any]:
    return [*rows, *rows[:1]]


def _without_ids(rows: list[Any], chance: random.Random) -> list[Any]:
    return [{k: v for k, v in row.items() if k.lower() not in _IDS} if isinstance(row, dict) else row for row in rows]


_IDS = frozenset({"id", "reportid", "reportdocumentid"})
_BENDS: dict[str, Callable[[list[Any], random.Random], list[Any]]] = {
    "dropped": _dropped,
    "permuted": _permuted,
    "repeated": _repeated,
    "no-id": _without_ids,
}
