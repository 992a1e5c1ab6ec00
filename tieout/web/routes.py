"""What a page module says of itself: its addresses, the right that each needs, and its place in the menu."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tieout.people.roles import Right


@dataclass(frozen=True, slots=True)
class Route:
    """`right` is what a visitor needs; None opens the address to everybody. `checks_form`: see `spool.received`."""

    method: str
    path: str
    function: Callable[..., Any]
    right: Right | None
    checks_form: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu; `order` sorts them. Who lacks the `right` of its page does not see it.

    What is `aside` stands in the menu of the organisation, at the right, and not at the top: it is not for every day.
    """

    order: int
    label: str
    path: str
    icon: str
    right: Right = Right.VIEW
    aside: bool = False


def get(path: str, function: Callable[..., Any], right: Right | None = Right.VIEW) -> Route:
    return Route("GET", path, function, right)


def post(path: str, function: Callable[..., Any], right: Right | None, checks_form: bool = False) -> Route:
    return Route("POST", path, function, right, checks_form)
