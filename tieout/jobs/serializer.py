"""The journal's own JSON: exact decimals and moments, nothing that could run code, no secret, no float.

DBOS would pickle by default, so that whoever writes a row runs code; its portable JSON gives a Decimal at the first run
and a str on replay, which shows only after a crash.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dbos import Serializer

ERRORS: dict[str, type[Exception]] = {}


def journalled(kind: type[Exception]) -> type[Exception]:
    """The few exceptions that keep class and text through the journal: only these may be caught around a step."""
    ERRORS[kind.__qualname__] = kind
    return kind


class JobError(Exception):
    """An exception of another class, read back from the journal, which kept the name of its class alone.

    Its text is not kept: it may quote what a stranger sent, or a secret.
    """


class ExactJSON(Serializer):
    """What goes in comes out with the same type; whatever is not listed raises TypeError on its way in."""

    def name(self) -> str:
        return "exact_json_v1"

    def serialize(self, data: Any) -> str:
        return json.dumps(_out(data), separators=(",", ":"), allow_nan=False)

    def deserialize(self, serialized_data: str | None) -> Any:
        return None if serialized_data is None else _in(json.loads(serialized_data))


def _out(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is list:
        return [_out(item) for item in value]
    if kind is dict and all(type(key) is str for key in value):
        return {("$" + key if key.startswith("$") else key): _out(item) for key, item in value.items()}
    if kind in _WRITERS:
        mark, write = _WRITERS[kind]
        return {mark: write(value)}
    if isinstance(value, BaseException):
        name = kind.__qualname__
        return {"$e": [name, str(value) if name in ERRORS else ""]}
    raise TypeError(f"{kind.__name__} must not enter a job: pass ids, texts, integers, Decimals, moments")


def _in(value: Any) -> Any:
    if isinstance(value, list):
        return [_in(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((mark, item),) = value.items()
        if mark in _READERS:
            return _READERS[mark](item)
    return {(key[1:] if key.startswith("$$") else key): _in(item) for key, item in value.items()}


def _error(named: list[str]) -> Exception:
    name, text = named
    return ERRORS[name](text) if name in ERRORS else JobError(name)


_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("$d", str),
    dt.datetime: ("$t", dt.datetime.isoformat),
    dt.date: ("$day", dt.date.isoformat),
    uuid.UUID: ("$u", str),
    tuple: ("$tuple", lambda items: [_out(item) for item in items]),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "$d": Decimal,
    "$t": dt.datetime.fromisoformat,
    "$day": dt.date.fromisoformat,
    "$u": uuid.UUID,
    "$tuple": lambda items: tuple(_in(item) for item in items),
    "$e": _error,
}
