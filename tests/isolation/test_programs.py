"""Every address of the API, made from its routes, by everybody: what is of others looks like nothing at all.

A new address is in it by itself; one that names a new kind of thing says in `ids` which table that is.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.isolation.conftest import CANARY, ROLES, STRANGER, World
from tests.isolation.filling import Rows, moved, rows_of
from tests.isolation.ids import NOWHERE, filled, names_an_object
from tests.sync.conftest import SAMPLES
from tieout.api import all_routes
from tieout.api.routes import Route
from tieout.core.actor import Actor
from tieout.people import tokens
from tieout.people.roles import allows
from tieout.people.tokens import RIGHTS

GUARDED = tuple(route for route in all_routes() if route.scope is not None)
# Bodies that say more than that every field is there; `{settlement}` is the id in question.
BODIES: dict[str, Any] = {
    "sendSettlements": {"settlement_ids": ["{settlement}"]},
    "explainLabel": {"label": ["Some label"], "category": "fee.other"},
    "muteIssue": {"until": "2099-01-01T00:00:00Z"},
    "connectChannel": {"channel": "nowhere", "given": {}},
}
OWN = {"listAudit": "the stranger's own token"}  # lists that are not empty even for who has done nothing
TAKES_MORE = {"getCheck": "a connection check that was run"}  # what is there only once something else is so
_SAMPLES = {"string": "x", "integer": 1, "boolean": True, "array": [], "object": {}, "null": None}
Leaked = Callable[[Any], str]


def body_of(route: Route, settlement: str) -> str:
    """As the route's model asks for: every field that must be there."""
    assert route.body is not None
    schema = route.body.model_json_schema()
    made = {
        name: _SAMPLES[schema["properties"][name].get("type", "string")]
        for name in schema.get("required", ())
        if name in schema["properties"]
    }
    return json.dumps(BODIES.get(route.name, made)).replace("{settlement}", settlement)


def called(world: World, who: str, route: Route, rows: Rows | None, headers: dict[str, str] | None = None) -> Any:
    how: dict[str, Any] = {"headers": dict(headers or {})}
    if "If-Match" in route.headers:
        how["headers"]["If-Match"] = '"1"'
    if route.body is not None:
        how["content"] = body_of(route, str(rows["settlements"]["id"]) if rows else NOWHERE)
        how["headers"]["Content-Type"] = "application/json"
    return world.program(who, route.method, filled(route.path, rows), **how)


def nameless(answer: Any) -> dict[str, Any]:
    """The body but for the one member that names this very answer."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def test_b4_what_is_of_others_looks_like_what_never_was_and_stays_as_it_is(world: World, leaked: Leaked) -> None:
    engines, wrong = world.house.tools.engines, []
    before = {each: rows_of(engines, each) for each in (CANARY, world.house.organisation)}
    for route in GUARDED:
        unknown = called(world, "stranger", route, None)
        for rows in (world.made, {**world.made, **world.own}):
            foreign = called(world, "stranger", route, rows)
            is_object = names_an_object(route.path)
            is_right = foreign.status_code == (404 if is_object else unknown.status_code)
            is_same = not is_object or nameless(foreign) == nameless(unknown)
            if leaked(foreign) or not is_right or not is_same or foreign.status_code >= 500:
                wrong.append((route.name, foreign.status_code, unknown.status_code, leaked(foreign)))
            is_list = route.method == "GET" and not is_object and route.name not in OWN
            if is_list and foreign.json().get("data", []) != []:
                wrong.append((route.name, "a stranger's list is not empty"))
    assert not wrong, "\n".join(map(str, wrong))
    for each, rows_before in before.items():
        assert moved(engines, each, rows_before) <= {"api_tokens"}  # when last used


def test_an_organisation_that_a_token_does_not_cover_looks_like_none(world: World, leaked: Leaked) -> None:
    for route in GUARDED:
        answers = []
        for organisation in (world.house.organisation, CANARY, "never-was"):
            answers.append(called(world, "stranger", route, None, {"Tieout-Organization": organisation}))
            assert answers[-1].status_code == 404 and not leaked(answers[-1]), route.name
        assert nameless(answers[0]) == nameless(answers[1]) == nameless(answers[2]), route.name


def test_nobody_without_a_living_token_gets_past_the_door(world: World, leaked: Leaked) -> None:
    """Without one, with one that has expired, with that of a removed member; a session of the pages is none either."""
    session = {"Cookie": f"tieout-session={world.sessions['owner']}"}
    for route in GUARDED:
        for who in ("", "expired", "removed"):
            answer = called(world, who, route, {**world.made, **world.own}, {} if who else session)
            assert answer.status_code == 401 and not leaked(answer), (route.name, who, answer.status_code)


def test_each_role_gets_what_its_scope_takes_and_nothing_else(world: World) -> None:
    """By ids that nobody has; a token never may more than its person, and one of every scope lacks nothing else."""
    wrong = []
    for route in GUARDED:
        assert route.scope is not None
        for role in ROLES:
            may = allows(role, RIGHTS[route.scope])
            if may and route.changes and not names_an_object(route.path):
                continue  # it would do it
            answer = called(world, role, route, None)
            is_refused = answer.status_code == 403 and answer.json()["code"] == "insufficient_scope"
            if is_refused == may or answer.status_code >= 500:
                wrong.append((route.name, role, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


def test_an_owner_sees_what_is_their_own(world: World) -> None:
    """So that a 404 above means something."""
    for route in GUARDED:
        if route.method == "GET" and route.name not in TAKES_MORE:
            answer = called(world, "owner", route, {**world.made, **world.own})
            assert answer.status_code == 200, (route.name, answer.status_code)


def test_filters_with_foreign_ids_find_nothing(world: World) -> None:
    own = world.own["settlements"]["id"]
    number = world.house.card(own).number
    for path in (f"/api/issues?blocks={own}", f"/api/settlements?search={number}"):
        assert world.program("stranger", "GET", path).json()["data"] == []
    assert len(world.program("owner", "GET", f"/api/settlements?search={number}").json()["data"]) == 1


def test_tokens_of_other_organisations_are_not_listed_and_not_revoked(world: World) -> None:
    tools, own = world.house.tools, world.house.organisation
    mine, theirs = ({each.id for each in tokens.listed(tools, each)} for each in (own, STRANGER))
    assert mine and theirs and not mine & theirs
    assert not tokens.revoke(tools, Actor(STRANGER, "stranger", "Stranger"), world.own["api_tokens"]["id"])
    assert world.program("owner", "GET", "/api/settlements").status_code == 200


def test_who_calls_is_taken_from_the_token_alone(world: World) -> None:
    """An actor of ours never comes from a body or an address."""
    assert Actor.__slots__ == ("organisation", "person", "name")
    how = {"content": (SAMPLES / "amazon_v2_uk.txt").read_bytes()}
    headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": "one"}
    answer = world.program("stranger", "POST", "/api/settlements?filename=uk.txt", headers=headers, **how)
    own = answer.json()
    assert own["organization_id"] == STRANGER and own["requested_by"]["name"].startswith("Stranger")
    assert world.program("owner", "GET", f"/api/operations/{own['operation_id']}").status_code == 404
