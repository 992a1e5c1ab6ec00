"""Connections by the API: status, consent by the person of the token, renewal, check, link, decision, end."""

from typing import Any

import pytest

from tests.api.conftest import Program
from tests.web.conftest import Site, cheap_hashes, make_site, site, words
from tieout.cli._browser import allow
from tieout.people import sessions
from tieout.store.engine import Engines

__all__ = ["cheap_hashes", "make_site", "site"]
AT = "/api/integrations/xero"


@pytest.fixture
def engines(sqlite_engines: Engines) -> Engines:
    return sqlite_engines


def test_what_was_never_connected_is_no_error_and_what_nobody_knows_is(program: Program) -> None:
    shown = program.get(f"{AT}/status").json()
    assert (shown["connected"], shown["state"], shown["sync_status"]) == (False, "not_connected", "disconnected")
    assert shown["card_label"] == "Not connected" and shown["remote"] is None and shown["reauth_required"]
    for answer in (program.get("/api/integrations/nowhere/status"), program.post("/api/integrations/nowhere/refresh")):
        assert (answer.status_code, answer.json()["code"]) == (404, "provider_not_found")
    for verb in ("refresh", "check"):
        assert program.post(f"{AT}/{verb}").json()["code"] == "connection_not_usable"


def test_a_status_says_how_it_stands_without_a_call(program: Program) -> None:
    program.house.connect()
    program.house.world.calls.clear()
    shown = program.get(f"{AT}/status").json()
    assert not program.house.world.calls
    assert (shown["state"], shown["health"], shown["card_label"]) == ("connected", "ok", "Connected")
    assert shown["sync_status"] == "healthy" and shown["scopes"]["missing"] == [] and shown["rights"]["missing"] == []
    assert shown["remote"]["name"] == "Harbour & Finch Ltd" and shown["connected_by"]["name"] == "Olive Finch"
    assert shown["last_refresh"]["result"] == "ok" and shown["quota"]["day_left"] < shown["quota"]["day_limit"]
    program.house.clock.skip(minutes=61)
    shown = program.get(f"{AT}/status").json()
    assert (shown["health"], shown["sync_status"]) == ("unknown", "degraded")
    assert [each["code"] for each in shown["health_reasons"]] == ["no-recent-call"]


def test_a_check_is_an_operation_whose_lines_can_be_read(program: Program) -> None:
    program.house.connect()
    assert program.get(f"{AT}/check").json()["code"] == "record_not_found"
    begun = program.post(f"{AT}/check")
    assert begun.status_code == 202 and begun.json()["kind"] == "check"
    program.house.jobs.run_all()
    assert program.get(f"/api/operations/{begun.json()['operation_id']}").json()["state"] == "succeeded"
    shown = program.get(f"{AT}/check").json()
    assert shown["state"] == "succeeded" and [each["no"] for each in shown["checks"]] == list(range(1, 13))
    program.house.world.hand("tenant-gone")
    program.post(f"{AT}/check")
    program.house.jobs.run_all()
    shown = program.get(f"{AT}/check").json()
    assert (shown["state"], shown["problem"]) == ("failed", "connection-removed-remotely")
    gone = shown["checks"][3]
    assert gone["result"] == "fail" and gone["actions"][0]["href"] == f"{AT}/connect"
    assert {each["result"] for each in shown["checks"][4:10]} == {"not_run"}
    assert program.get(f"{AT}/status").json()["state"] == "revoked_remote"
    assert program.get(f"{AT}/timeline").json()["data"][0]["code"] == "connection-removed-remotely"


def test_renewing_shows_the_new_end_or_the_reason(program: Program) -> None:
    program.house.connect()
    before = program.get(f"{AT}/status").json()["token_expires_at"]
    program.house.clock.skip(minutes=1)
    assert program.post(f"{AT}/refresh").json()["token_expires_at"] > before
    program.house.world.arm("grant-dead", count=None)
    program.house.clock.skip(minutes=40)
    answer = program.post(f"{AT}/refresh")
    assert (answer.status_code, answer.json()["problem"]) == (409, "grant-ended")
    assert program.get(f"{AT}/status").json()["card_label"] == "TOKEN_EXPIRED"


def test_disconnecting_wants_to_be_confirmed_and_says_what_it_stops(program: Program) -> None:
    program.house.connect()
    asked = program.post(f"{AT}/disconnect", json={})
    assert asked.status_code == 422 and "This would stop: sending documents" in asked.json()["detail"]
    done = program.post(f"{AT}/disconnect", json={"confirm": True}).json()
    assert (done["state"], done["removed_at_provider"]) == ("disconnected_local", True) and done["stopped"]
    assert program.post(f"{AT}/disconnect", json={"confirm": True}).json()["code"] == "connection_not_usable"
    assert program.get(f"{AT}/status").json()["state"] == "disconnected_local"


def test_a_consent_that_a_program_began_is_finished_by_its_person_alone(
    program: Program, site: Site, make_site: Any
) -> None:
    house = program.house
    assert program.post(f"{AT}/connect", json={}).json()["code"] == "state_conflict", "nobody stands behind it"
    own = program.as_token(person=house.actor.person)
    begun = own.post(f"{AT}/connect", json={"mode": "connect"})
    assert begun.status_code == 201
    told = begun.json()
    assert {"scope": "accounting.contacts", "why": "Create and update the contacts that documents name"} in told[
        "scopes"
    ]
    path = told["authorize_url"].removeprefix(house.tools.url)
    assert path.startswith("/connection/approve?state=") and told["expires_at"] > house.clock().isoformat()[:19]
    state = path.partition("state=")[2]
    assert make_site().get(path).status_code == 303, "who is not signed in signs in first"
    assert "On to Xero" in words(site.page(path))
    gone = site.post("/connection/approve", {"state": state}, page=path)
    params = allow(gone.headers["refresh"].partition("url=")[2])
    stranger = make_site()
    token = sessions.begin(house.tools, house.actor.person, sessions.Visit("192.0.2.9", ""))
    stranger.client.cookies.set("tieout-session", token)
    stranger.get("/oauth/xero/callback", params=params)
    assert program.get(f"{AT}/status").json()["state"] == "pending", "another session of the same person is another"
    assert site.get("/oauth/xero/callback", params=params).headers["location"] == "/connection/choose"
    house.clock.skip(minutes=11)
    assert "Nothing is asked for here" in words(site.page(path))


def test_a_link_to_hand_on_is_made_once_and_told_once(program: Program) -> None:
    program.house.connect()
    made = program.post(f"{AT}/reconnect-link", json={})
    assert made.status_code == 201 and "/connect/" in made.json()["url"] and made.json()["sent_to"] is None
    assert program.post(f"{AT}/reconnect-link", json={"email": "nobody"}).status_code == 422
    refused = program.post(f"{AT}/decision", json={"choice": "switch_back"})
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")
