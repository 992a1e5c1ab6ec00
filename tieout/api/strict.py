"""Strict reading: a body is proper JSON and fits its model, an address has only parameters that it knows."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from tieout.api.errors import Declined, Mistake, mistakes_of, refused_whole
from tieout.api.raw import Body

DEEPEST = 32
# A string that never ends is one too: a look from each of its quotes would take the square of its length.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.S)
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Asked(BaseModel):
    """A body: unknown fields are refused, and nothing is turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Model = TypeVar("Model", bound=Asked)


def parsed(model: type[Model]) -> Callable[[bytes], Model]:
    """A dependency that gives the body as this model, or refuses it with every mistake at once."""

    def read(body: Body) -> Model:
        try:
            return model.model_validate(read_json(body))
        except ValidationError as error:
            raise refused_whole(mistakes_of(error)) from error

    return read


def read_json(body: bytes) -> Any:
    """Raises Declined for what is not exactly one JSON value in UTF-8. Fractions stay exact."""
    _check_depth(body)
    try:
        text = body.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=_no_name_twice, parse_float=Decimal, parse_constant=_refuse, parse_int=_small
        )
    except ValueError as error:
        raise Declined("malformed_json") from error


def only_known(request: Request) -> None:
    """Every parameter of an address once, none that it does not know, and no character that a database refuses."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    given = request.query_params.multi_items()
    mistakes = [
        Mistake(name[:80], "unknown_field", "There is no parameter of this name.")
        for name in dict.fromkeys(name for name, _ in given)
        if name not in known
    ]
    names = [name for name, _ in given]
    mistakes += [
        Mistake(name[:80], "too_many", "Give this parameter once.")
        for name in dict.fromkeys(names)
        if name in known and names.count(name) > 1
    ]
    mistakes += [
        Mistake(name[:80], "not_allowed", "Control characters are not allowed.")
        for name, value in given
        if not value.isprintable()
    ]
    if mistakes:
        raise refused_whole(mistakes)


def known_ids(request: Request) -> None:
    """An id that cannot be one of ours names nothing; it never reaches the database."""
    if not all(_ID.fullmatch(str(value)) for value in request.path_params.values()):
        raise Declined(request.state.missing)


def _check_depth(body: bytes) -> None:
    """Takes the innermost pairs of brackets away, 32 times; what is left then was deeper, or never closed."""
    left = _STRINGS.sub(b"", body).translate(_ALIKE, _NO_BRACKETS)
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")
    if left:
        raise Declined("malformed_json", f"A bracket is not closed, or it is nested deeper than {DEEPEST}.")


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _small(text: str) -> int:
    """A number of so many digits is none that anybody means."""
    return int(text) if len(text) <= 20 else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no number of JSON")
