"""Who may come in: tokens only, each for its organisations, scopes and time, and so often a minute."""

import re

import pytest
import sqlalchemy as sa

from tests.api.conftest import Program, a_person, code
from tieout.api import all_routes
from tieout.api.auth import CALLS_A_MINUTE
from tieout.api.routes import Route
from tieout.people import sessions, tokens
from tieout.people.roles import Role
from tieout.people.tokens import Scope
from tieout.store import people
from tieout.store.engine import write

OPEN_TO_ALL = {
    "/api/health",
    "/api/ready",
    "/api/problems",
    "/api/problems/{code}",
    "/errors/{code}",
    "/hooks/channels/{channel}",  # a signature opens it
}
GUARDED = [route for route in all_routes() if route.scope is not None]


def filled(path: str, id: str = "none") -> str:
    values = {"part": "1", "line": "0", "action": "check-again"}
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], id), path)


def named(route: Route) -> str:
    return route.name


def test_only_what_is_listed_here_is_open_to_all() -> None:
    assert {route.path for route in all_routes() if route.scope is None} == OPEN_TO_ALL


def test_every_scope_opens_something_or_is_asked_for_by_an_action() -> None:
    used = {route.scope for route in GUARDED}
    assert set(Scope) == used


@pytest.mark.parametrize("route", GUARDED, ids=named)
def test_b11_without_a_token_that_counts_nothing_opens(doorstep: Program, route: Route) -> None:
    """Also the four of every address: none, expired, of another organisation, without the scope."""
    path = filled(route.path)
    other = next(scope for scope in Scope if scope is not route.scope)
    nobody = Program(doorstep.house, doorstep.client, doorstep.spool)
    answer = nobody.call(route.method, path)
    assert code(answer) == (401, "unauthenticated") and answer.headers["www-authenticate"] == "Bearer"
    forged = Program(doorstep.house, doorstep.client, doorstep.spool, doorstep.token[:-1] + "!")
    answer = forged.call(route.method, path)
    assert code(answer) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert code(doorstep.as_token(other).call(route.method, path)) == (403, "insufficient_scope")
    elsewhere = doorstep.call(route.method, path, headers={"Tieout-Organization": "org-neighbour"})
    assert code(elsewhere) == (404, "organization_not_found")


def test_b11_an_expired_and_a_revoked_token_open_nothing(program: Program) -> None:
    short, revoked = program.as_token(days=1), program.as_token()
    house = program.house
    tokens.revoke(house.tools, house.actor, revoked.token.split("_")[1])
    house.clock.skip(days=1)
    for ended, why in ((short, "expired"), (revoked, "revoked")):
        answer = ended.get("/api/settlements")
        assert code(answer) == (401, "invalid_token") and why in answer.json()["detail"]
    assert program.get("/api/settlements").status_code == 200


def test_b11_the_token_of_somebody_who_left_opens_nothing(program: Program) -> None:
    bob = program.as_token(person=a_person(program.house, Role.ADMIN))
    assert bob.get("/api/settlements").status_code == 200
    with write(program.house.tools.engines, program.house.organisation) as db:
        db.execute(sa.delete(people.MEMBERS).where(people.MEMBERS.c.person == "bob"))
    assert code(bob.get("/api/settlements")) == (401, "invalid_token")


def test_a_persons_token_may_no_more_than_the_person(program: Program) -> None:
    bob = program.as_token(person=a_person(program.house, Role.BASIC))
    refused = bob.hand_in("amazon_v2_uk.txt")
    assert code(refused) == (403, "insufficient_scope") and "the role basic of Bob" in refused.json()["detail"]
    settlement = program.settlement()
    assert bob.get(f"/api/settlements/{settlement}").status_code == 200
    assert code(bob.post(f"/api/settlements/{settlement}/send")) == (409, "connection_not_usable")


@pytest.mark.parametrize("query", ["access_token={}", "token={}", "API_KEY={}", "anything={}", "token=x"])
def test_b11_a_token_in_an_address_is_refused_even_where_it_would_do(doorstep: Program, query: str) -> None:
    text = query.format(doorstep.token)
    for caller in (doorstep, Program(doorstep.house, doorstep.client, doorstep.spool)):
        answer = caller.get(f"/api/settlements?{text}")
        assert code(answer) == (400, "token_in_query") and "Revoke" in answer.json()["detail"]
    assert code(doorstep.get(f"/api/problems?{text}")) == (400, "token_in_query")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic b2xpdmU6eA==", "tieout_x_y", "bearer\ttieout_x"])
def test_another_kind_of_authorisation_counts_as_none(doorstep: Program, header: str) -> None:
    nobody = Program(doorstep.house, doorstep.client, doorstep.spool)
    answer = nobody.get("/api/settlements", headers={"Authorization": header})
    assert code(answer) == (401, "unauthenticated")


def test_a_session_of_the_pages_counts_as_none(program: Program) -> None:
    house = program.house
    token = sessions.begin(house.tools, house.actor.person, sessions.Visit("192.0.2.1", ""))
    nobody = Program(house, program.client, program.spool)
    answer = nobody.get(
        "/api/settlements", headers={"Cookie": f"tieout-session={token}; __Host-tieout-session={token}"}
    )
    assert code(answer) == (401, "unauthenticated")
    assert code(nobody.get("/api/settlements", headers={"Authorization": f"Bearer {token}"})) == (401, "invalid_token")


def test_a_token_of_several_organisations_names_one(program: Program, neighbour: str) -> None:
    both = program.as_token(covers=(program.house.organisation, neighbour))
    settlement = program.settlement()
    assert code(both.get("/api/settlements")) == (400, "organization_required")
    own = both.get("/api/settlements", headers={"Tieout-Organization": program.house.organisation})
    assert [each["id"] for each in own.json()["data"]] == [settlement]
    other = both.get("/api/settlements", headers={"Tieout-Organization": neighbour})
    assert other.json()["data"] == []
    for unknown in ("none", "", "org-neighbour-2"):
        answer = both.get("/api/settlements", headers={"Tieout-Organization": unknown})
        assert code(answer) == (404, "organization_not_found")


def test_a_token_may_call_600_times_a_minute(program: Program) -> None:
    other = program.as_token()
    meter = program.client.app.user_middleware[0].kwargs["api"].app.state.meter  # type: ignore[attr-defined]
    meter.a_minute = 3
    for _ in range(3):
        assert program.get("/api/settlements").status_code == 200
    answer = program.get("/api/settlements")
    assert code(answer) == (429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert answer.json()["retry"] == {"class": "auto_later", "after_seconds": int(answer.headers["retry-after"])}
    assert other.get("/api/settlements").status_code == 200
    program.house.clock.skip(minutes=1)
    assert program.get("/api/settlements").status_code == 200
    assert CALLS_A_MINUTE == 600


def test_what_a_token_did_bears_its_name(program: Program) -> None:
    bob = program.as_token(person=a_person(program.house, Role.ADMIN))
    operation = bob.hand_in("amazon_v2_uk.txt").json()
    assert operation["requested_by"]["name"] == "Bob (token Till)"
