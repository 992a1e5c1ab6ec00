"""Every address of the pages, made from the routes, by everybody: nobody sees, changes or learns what is not theirs."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

from tests.isolation.conftest import CANARY, ROLES, World, said
from tests.isolation.filling import Rows, moved, rows_of
from tests.isolation.ids import NOWHERE, filled, meant_by, names_an_object, words_in
from tieout.people.roles import allows
from tieout.web import page_modules
from tieout.web.routes import Route

ROUTES = tuple(route for module in page_modules() for route in module.ROUTES)
CLOSED = tuple(route for route in ROUTES if route.right is not None)
# What a form says an object by, and the table it lies in: filled with ids of others wherever a form has the field.
FIELDS = {
    "id": "settlements",
    "settlement": "settlements",
    "connection": "connections",
    "account": "channel_accounts",
    "reconnects": "connections",
    "organisation": "organisations",
    "person": "persons",
    "practice": "practices",
    "operation": "operations",
    "draft": "connection_drafts",
    "books": "connections",
}
SENDS_AWAY = (302, 303)
Leaked = Callable[[Any], str]


def told(route: Route, who: str = "") -> str:
    return f"{route.method} {route.path} {who}".strip()


def form_of(route: Route, world: World) -> dict[str, Any]:
    """Every field of the form that the function reads: ids of the canaries where it names something, else a word."""
    found: dict[str, Any] = {}
    for name, hint in typing.get_type_hints(route.function, include_extras=True).items():
        if not any(type(each).__name__ == "Form" for each in getattr(hint, "__metadata__", ())):
            continue
        table = FIELDS.get(name)
        found[name] = world.made[table]["id"] if table else "1"
    return found


def test_every_word_of_every_address_is_known() -> None:
    assert len(ROUTES) > 100
    for route in ROUTES:
        assert names_an_object(route.path) or words_in(route.path) is not None, route.path
        assert callable(route.function) and inspect.signature(route.function)


def test_what_is_of_others_looks_like_what_never_was_and_stays_as_it_is(world: World, leaked: Leaked) -> None:
    """Ids of the canaries and of ours, asked for by somebody who owns another organisation.

    A page is not there. A form may be answered on the next page instead, in the words for an id that nobody has.
    """
    engines, wrong = world.house.tools.engines, []
    before = {each: rows_of(engines, each) for each in (CANARY, world.house.organisation)}
    for route in CLOSED:
        unknown = answered(world, route, None)
        for rows in (world.made, {**world.made, **world.own}):
            foreign = answered(world, route, rows)
            is_same = not names_an_object(route.path) or alike(foreign, route, rows) == alike(unknown, route, None)
            is_missing = foreign.status_code == 404 or not names_an_object(route.path)
            is_told_next = route.method == "POST" or route.path in TOLD_NEXT
            if foreign.status_code >= 500 or leaked(foreign) or not is_same or not (is_missing or is_told_next):
                wrong.append((told(route), foreign.status_code, foreign.headers.get("location"), leaked(foreign)))
    assert not wrong, "\n".join(map(str, wrong))
    for each, rows_before in before.items():
        assert moved(engines, each, rows_before) == set()


def answered(world: World, route: Route, rows: Rows | None) -> Any:
    return world.browse("stranger", route.method, filled(route.path, rows), form_of(route, world))


def alike(answer: Any, route: Route, rows: Rows | None) -> tuple[int, str, str, str]:
    """What somebody learns from an answer but for the id that they named themselves."""
    texts = [answer.text, answer.headers.get("location", ""), said(answer)]
    for word in words_in(route.path):
        meant = meant_by(route.path, word)
        if meant:
            own = str(rows[meant[0]][meant[1]]) if rows is not None else NOWHERE
            texts = [text.replace(own, "…") for text in texts]
    return answer.status_code, *texts


def test_nobody_who_is_not_signed_in_gets_past_the_door(world: World, leaked: Leaked) -> None:
    """Without a session, with one that has expired, and with that of a member who was removed."""
    wrong = []
    for route in CLOSED:
        for who in ("", "expired", "removed"):
            answer = world.browse(who, route.method, filled(route.path, {**world.made, **world.own}))
            location = answer.headers.get("location", "/sign-in")
            is_kept_out = answer.status_code in (*SENDS_AWAY, 401, 403) and location.startswith("/sign-in")
            if not is_kept_out or leaked(answer):
                wrong.append((told(route, who), answer.status_code, location, leaked(answer)))
    assert not wrong, "\n".join(map(str, wrong))


def test_open_addresses_tell_nothing_either(world: World, leaked: Leaked) -> None:
    wrong = []
    for route in ROUTES:
        for who in ("", "expired", "removed", "stranger") if route.right is None else ():
            if route.path != "/sign-out" or who != "stranger":  # that would end the stranger's session
                answer = world.browse(who, route.method, filled(route.path, world.made), form_of(route, world))
                if answer.status_code >= 500 or leaked(answer):
                    wrong.append((told(route, who), answer.status_code, leaked(answer)))
    assert not wrong, "\n".join(map(str, wrong))


def test_each_role_gets_what_its_right_says_and_nothing_else(world: World) -> None:
    """By ids that nobody has, so that what changes something changes nothing; only the refusal is looked for there."""
    wrong = []
    for route in CLOSED:
        assert route.right is not None
        for role in ROLES:
            may = allows(role, route.right)
            if may and route.method != "GET" and not names_an_object(route.path):
                continue  # it would do it: tests of its own are there for that
            answer = world.browse(role, route.method, filled(route.path, None), form_of(route, world))
            is_refused = answer.status_code == 403 or answer.headers.get("location", "").startswith("/access")
            if answer.status_code >= 500 or is_refused == may:
                wrong.append((told(route, role), answer.status_code, answer.headers.get("location")))
    assert not wrong, "\n".join(map(str, wrong))


def test_an_owner_sees_what_is_their_own(world: World) -> None:
    """So that a 404 above means something."""
    wrong = []
    for route in CLOSED:
        if route.method == "GET" and names_an_object(route.path) and _is_ours(route.path, world):
            answer = world.browse("owner", "GET", filled(route.path, world.own))
            if answer.status_code not in (200, *SENDS_AWAY) and route.path not in TAKES_MORE:
                wrong.append((told(route), answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


# Pages that lead to another one where there is nothing, and which.
TOLD_NEXT = {"/connection/{id}/parked": "the books, since what was parked may have been decided"}
# Addresses that are there only while something else is so, and what.
TAKES_MORE = {"/settlements/{id}/label": "a label that nobody has explained"}


def _is_ours(path: str, world: World) -> bool:
    meant = [meant_by(path, word) for word in words_in(path)]
    return all(each is None or each[0] in world.own for each in meant)
