"""Provider JSON with exact decimals both ways. Fields a shape does not name pass, and are counted."""

from collections import Counter
from decimal import Decimal
from threading import Lock
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TREE = msgspec.json.Decoder(type=Any, float_hook=Decimal)

# Drift of their side: how often a field that no shape of ours names was seen, by shape and field.
unnamed_fields: Counter[tuple[str, str]] = Counter()
_counting = Lock()


class Unreadable(ValueError):
    """The bytes are not the JSON that was expected; the message says where."""


def encode(value: Any) -> bytes:
    """Decimals become JSON numbers with every digit they have."""
    return _ENCODER.encode(value)


def tree(body: bytes) -> Any:
    """Any JSON as dicts, lists and exact Decimals, nulls left out. Raises Unreadable, also for empty bodies."""
    try:
        return _without_nulls(_TREE.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error


def shaped(value: Any, shape: type[T]) -> T:
    """A tree as one of our shapes (msgspec Structs). Raises Unreadable where a field has another type than it says."""
    _count(value, shape)
    try:
        return msgspec.convert(value, shape, strict=False)
    except (msgspec.ValidationError, ArithmeticError) as error:
        raise Unreadable(str(error)) from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value if each is not None] if isinstance(value, list) else value


def _count(value: Any, shape: type[Any]) -> None:
    if isinstance(value, dict) and issubclass(shape, msgspec.Struct):
        unnamed = value.keys() - {field.encode_name for field in msgspec.structs.fields(shape)}
        with _counting:
            unnamed_fields.update((shape.__name__, str(name)) for name in unnamed)


def indented(body: bytes) -> str:
    """The same JSON, a line a field, every number as it is written."""
    return msgspec.json.format(body, indent=2).decode()
