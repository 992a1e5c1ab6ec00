"""Pages of a connection: order, cursors that hold the last id and value, and what a wrong window is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tieout.sandbox import Doc

PAGE_MOST = 250


class BadWindow(Exception):
    """A window nobody can be shown; the message is Shopify's, its code BAD_REQUEST."""


def page(rows: list[Doc], told: Doc, order: Callable[[Doc], Any]) -> Doc:
    """A connection of the rows in the order asked for. Raises BadWindow.

    A cursor holds a place in the order, not a count, so what comes or goes before it moves nothing.
    """
    size = _size(told)
    backward = bool(told.get("reverse"))
    ranked = sorted(((_rank(row, order), row) for row in rows), key=lambda pair: pair[0], reverse=backward)
    after, before = _read(told.get("after")), _read(told.get("before"))
    window = [
        pair
        for pair in ranked
        if (after is None or _is_past(pair[0], after, backward))
        and (before is None or _is_past(before, pair[0], backward))
    ]
    shown = window[:size] if told.get("first") is not None else window[max(0, len(window) - size) :]
    edges = [{"cursor": _cursor(rank), "node": row} for rank, row in shown]
    first, last = (ranked.index(shown[0]), ranked.index(shown[-1])) if shown else (0, -1)
    info: Doc = {"hasNextPage": bool(shown) and last < len(ranked) - 1, "hasPreviousPage": bool(shown) and first > 0}
    info |= {"startCursor": edges[0]["cursor"] if edges else None, "endCursor": edges[-1]["cursor"] if edges else None}
    return {"edges": edges, "nodes": [row for _, row in shown], "pageInfo": info}


def _size(told: Doc) -> int:
    first, last = told.get("first"), told.get("last")
    if first is None and last is None:
        raise BadWindow("you must provide one of first or last")
    if first is not None and last is not None:
        raise BadWindow("providing both first and last is not supported")
    name, size = ("first", int(first)) if first is not None else ("last", int(str(last)))
    if size < 0:
        raise BadWindow(f"{name} cannot be negative")
    if size > PAGE_MOST:
        raise BadWindow(f"{name} cannot exceed {PAGE_MOST}")
    return size


def _rank(row: Doc, order: Callable[[Doc], Any]) -> tuple[str, int]:
    """Place in the order as text and id; numbers are padded, so that their text sorts as they do."""
    value = order(row)
    if isinstance(value, datetime):
        return value.isoformat(), _number(row)
    if isinstance(value, int):
        return f"{value + 10**17:020d}", _number(row)
    return str(value), _number(row)


def _number(row: Doc) -> int:
    digits = str(row.get("id") or "").rpartition("/")[2].partition("?")[0]
    return int(digits) if digits.isdigit() else 0


def _is_past(rank: tuple[str, int], mark: tuple[str, int], backward: bool) -> bool:
    return rank < mark if backward else rank > mark


def _cursor(rank: tuple[str, int]) -> str:
    body = json.dumps({"last_id": rank[1], "last_value": rank[0]}, separators=(",", ":"))
    return base64.b64encode(body.encode()).decode()


def _read(cursor: object) -> tuple[str, int] | None:
    if cursor is None:
        return None
    try:
        found = json.loads(base64.b64decode(str(cursor), validate=True))
        return str(found["last_value"]), int(found["last_id"])
    except (ValueError, KeyError, TypeError):
        raise BadWindow("Malformed cursor") from None
