"""Discovery, consent, tokens: what Intuit promises, and what it takes away."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.sandbox.quickbooks.calling import REDIRECT, SCOPES, START, Caller, Reply, signed_in
from tieout.sandbox import Ending, Request
from tieout.sandbox.quickbooks import app, books, of

DAY = 86_400


def a_caller() -> Caller:
    return Caller(books(now=START))


def get(caller: Caller, target: str, **headers: str) -> Reply:
    return Reply(caller.world.answer(Request.of("GET", target, headers)))


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_discovery_names_the_six_addresses_with_and_without_a_slash(name: str, slash: str) -> None:
    doc = get(a_caller(), f"/.well-known/{name}{slash}").doc
    assert doc["issuer"] == "https://oauth.platform.intuit.com/op/v1"
    assert doc["token_endpoint"] == "http://localhost/oauth2/v1/tokens/bearer"
    assert {"authorization_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"} <= set(doc)


def test_under_its_own_names_the_sandbox_has_its_own_userinfo() -> None:
    doc = get(a_caller(), "/.well-known/openid_sandbox_configuration", host="developer.intuit.com").doc
    assert doc["userinfo_endpoint"] == "https://sandbox-accounts.platform.intuit.com/v1/openid_connect/userinfo"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": "http://localhost:8000/other"},
        {"redirect_uri": "http://127.0.0.1:8000/callback"},
        {"scope": "accounting"},
        {"scope": ""},
        {"response_type": "token"},
        {"state": ""},
    ],
)
def test_a_wrong_question_ends_on_a_blank_page_and_never_in_a_redirect(wrong: dict[str, str]) -> None:
    asked = {"client_id": "tieout-demo", "response_type": "code", "scope": SCOPES, "redirect_uri": REDIRECT}
    for method in ("GET", "POST"):
        target = f"/connect/oauth2?{urlencode(asked | {'state': 's'} | wrong)}"
        answer = a_caller().world.answer(Request.of(method, target))
        assert answer.status == 400 and b"undefined didn't connect" in answer.body
        assert "Location" not in dict(answer.headers)


def test_the_consent_page_shows_people_and_companies() -> None:
    caller = a_caller()
    asked = {"client_id": "tieout-demo", "response_type": "code", "scope": SCOPES, "redirect_uri": REDIRECT}
    body = get(caller, f"/connect/oauth2?{urlencode(asked | {'state': 's1'})}").answer.body.decode()
    first = of(caller.world).books.companies()[0]
    assert first.realm in body and first.facts["users"][0]["email"] in body and 'value="s1"' in body


def test_the_callback_carries_code_state_and_realm() -> None:
    caller = a_caller()
    found = caller.consent()
    assert set(found) == {"code", "state", "realmId"} and found["state"] == "s1"
    assert caller.consent(decision="cancel") == {"error": "access_denied", "state": "s1"}


def test_only_an_admin_may_connect() -> None:
    caller = a_caller()
    company = of(caller.world).books.companies()[0]
    company.set(users=[*company.facts["users"], {"name": "Rob", "email": "rob@example.com", "role": "standard"}])
    assert "Only an admin" in caller.consent(user="rob@example.com", company=company.realm)["page"]


def test_a_code_works_once_at_its_own_redirect_and_for_ten_minutes() -> None:
    caller = a_caller()
    code = caller.consent()["code"]
    asked = {"grant_type": "authorization_code", "code": code}
    assert caller.token(**asked, redirect_uri="http://localhost:8000/other").doc["error"] == "invalid_grant"
    assert caller.token(**asked, redirect_uri=REDIRECT).status == 200
    assert caller.token(**asked, redirect_uri=REDIRECT).doc["error"] == "invalid_grant"
    late = caller.consent()["code"]
    caller.world.clock.advance(600)
    assert caller.token(grant_type="authorization_code", code=late, redirect_uri=REDIRECT).status == 400


def test_the_keys_of_a_token_answer() -> None:
    caller = signed_in()
    asked = {"grant_type": "refresh_token", "refresh_token": caller.refresh}
    plain = caller.token(**asked).doc
    assert set(plain) == {
        *("token_type", "access_token", "expires_in", "refresh_token", "x_refresh_token_expires_in", "id_token"),
    }
    assert (plain["expires_in"], plain["x_refresh_token_expires_in"]) == (3_600, 8_640_000)
    told = caller.token({"x-include-refresh-token-hard-expires-in": "true"}, **asked).doc
    assert told["x_refresh_token_hard_expires_in"] == 157_680_000
    bare = Caller(caller.world).sign_in("com.intuit.quickbooks.accounting")
    assert "id_token" not in bare.token(grant_type="refresh_token", refresh_token=bare.refresh).doc


def test_the_id_token_names_its_audience_in_a_list_and_its_key_is_published() -> None:
    caller = signed_in()
    token = caller.token(grant_type="refresh_token", refresh_token=caller.refresh).doc["id_token"]
    head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    assert claims["aud"] == ["tieout-demo"] and claims["iss"] == "https://oauth.platform.intuit.com/op/v1"
    assert claims["realmid"] == caller.realm
    assert head["kid"] in {key["kid"] for key in get(caller, "/op/v1/jwks").doc["keys"]}


@pytest.mark.parametrize(
    ("headers", "form", "status", "error"),
    [
        ({"Authorization": ""}, {"grant_type": "refresh_token"}, 401, "invalid_client"),
        ({"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="}, {"grant_type": "refresh_token"}, 401, "invalid_client"),
        ({"Authorization": "Basic %%%"}, {"grant_type": "refresh_token"}, 401, "invalid_client"),
        ({"Content-Type": "application/json"}, {"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({}, {}, 400, "invalid_request"),
        ({}, {"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({}, {"grant_type": "authorization_code", "code": "invented"}, 400, "invalid_grant"),
        ({}, {"grant_type": "refresh_token", "refresh_token": "invented"}, 400, "invalid_grant"),
    ],
)
def test_the_token_endpoint_refuses_in_the_words_of_the_standard(
    headers: dict[str, str], form: dict[str, str], status: int, error: str
) -> None:
    reply = a_caller().token(headers, **form)
    assert (reply.status, reply.doc["error"]) == (status, error)


def test_the_secret_in_the_body_is_no_authentication() -> None:
    caller = a_caller()
    form = {"grant_type": "refresh_token", "client_id": "tieout-demo", "client_secret": "tieout-demo-secret"}
    assert caller.token({"Authorization": ""}, **form).doc["error"] == "invalid_client"


def test_the_refresh_value_turns_after_a_day_and_not_before() -> None:
    caller = signed_in()
    first = caller.refresh
    caller.world.clock.advance(DAY - 1)
    assert caller.renew().status == 200 and caller.refresh == first
    caller.world.clock.advance(1)
    assert caller.renew().status == 200 and caller.refresh != first
    caller.world.clock.advance(3_600)
    assert caller.renew(first).doc["error"] == "invalid_grant"
    assert caller.renew().status == 200, "an old value that comes late harms nobody"


def test_a_hundred_days_idle_end_the_grant_and_each_refresh_begins_them_anew() -> None:
    caller = signed_in()
    for _ in range(2):
        caller.world.clock.advance(99 * DAY)
        assert caller.renew().status == 200
    caller.world.clock.advance(100 * DAY)
    assert caller.renew().doc["error"] == "invalid_grant"


def test_five_years_after_consent_it_is_over_however_often_it_was_refreshed() -> None:
    caller = signed_in()
    for _ in range(20):
        caller.world.clock.advance(90 * DAY)
        caller.renew()
    left = caller.token(grant_type="refresh_token", refresh_token=caller.refresh).doc["x_refresh_token_expires_in"]
    assert left == 25 * DAY
    caller.world.clock.advance(25 * DAY)
    assert caller.renew().doc["error"] == "invalid_grant"


@pytest.mark.parametrize("kills", [True, False])
def test_two_refreshes_at_once_refuse_the_loser_and_by_switch_the_winner_too(kills: bool) -> None:
    caller = signed_in()
    caller.switches["race_kills_winner"] = kills
    first = caller.refresh
    caller.world.arm("refresh-race", seconds=2)
    winner = caller.renew(first)
    assert winner.status == 200 and winner.answer.delay_seconds == 2
    assert caller.token(grant_type="refresh_token", refresh_token=first).doc["error"] == "invalid_grant"
    assert (caller.get("preferences").status == 401) is kills
    assert (caller.renew().status == 400) is kills


def test_a_lost_answer_leaves_the_old_value_without_worth_unless_there_is_grace() -> None:
    caller = signed_in()
    caller.world.arm("refresh-lost")
    lost = caller.token(grant_type="refresh_token", refresh_token=caller.refresh)
    assert lost.answer.ending is Ending.CUT
    assert caller.renew().doc["error"] == "invalid_grant"
    other = signed_in()
    other.switches["refresh_grace_seconds"] = 60
    other.world.arm("refresh-lost")
    other.token(grant_type="refresh_token", refresh_token=other.refresh)
    assert other.renew().status == 200 and other.get("preferences").status == 200


@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("which", ["access", "refresh"])
def test_revoking_either_token_kills_the_grant(form: bool, which: str) -> None:
    caller = signed_in()
    assert caller.revoke("invented", form=form).status == 400
    reply = caller.revoke(getattr(caller, which), form=form)
    assert (reply.status, reply.answer.body) == (200, b"")
    assert caller.get("preferences").status == 401 and caller.renew().doc["error"] == "invalid_grant"
    assert caller.world.evidence("tokens") == []


def test_consent_again_ends_what_the_same_person_had() -> None:
    caller = signed_in()
    again = Caller(caller.world).sign_in()
    assert caller.get("preferences").status == 401 and again.get("preferences").status == 200


def test_userinfo_tells_who_consented_to_those_who_may_ask() -> None:
    caller = signed_in()
    told = caller.get("/v1/openid_connect/userinfo").doc
    user = caller.company.facts["users"][0]
    assert (told["email"], told["givenName"]) == (user["email"].lower(), user["name"].split()[0])
    bare = Caller(caller.world).sign_in("com.intuit.quickbooks.accounting")
    assert bare.get("/v1/openid_connect/userinfo").status == 401


def test_production_keys_take_https_alone_and_see_production_companies_alone() -> None:
    caller = a_caller()
    inside = of(caller.world).books
    with pytest.raises(ValueError, match="no redirect address"):
        app(inside, "live", "s", environment="production", redirect_uris=["http://localhost/callback"])
    with pytest.raises(ValueError, match="no redirect address"):
        app(inside, "live", "s", environment="production", redirect_uris=["https://203.0.113.7/callback"])
    app(inside, "live", "s", environment="production", redirect_uris=["https://tieout.example/callback"])
    realm = inside.companies()[0].realm
    inside.companies()[0].set(environment="sandbox")
    live = Caller(caller.world, "live", "s", redirect="https://tieout.example/callback")
    assert "Choose a company" in live.consent(company=realm)["page"]
    assert caller.consent(company=realm)["realmId"] == realm


@pytest.mark.parametrize(
    ("fault", "how", "told"),
    [
        ("consent-cancelled", {}, {"error": "access_denied", "state": "s1"}),
        ("consent-stuck", {}, None),
        ("slot-limit", {}, None),
    ],
)
def test_faults_of_consent(fault: str, how: dict[str, str], told: dict[str, str] | None) -> None:
    caller = a_caller()
    caller.world.arm(fault, **how)
    found = caller.consent()
    assert found == told if told is not None else set(found) == {"page"}


def test_a_person_may_consent_for_another_company_and_for_less() -> None:
    caller = a_caller()
    users = of(caller.world).books.companies()[0].facts["users"]
    of(caller.world).books.found("777", name="Another", users=users)
    caller.world.arm("consent-other-tenant", tenant="777")
    assert caller.consent()["realmId"] == "777"
    caller.world.arm("scope-narrow", scopes="com.intuit.quickbooks.accounting")
    assert caller.sign_in().get("preferences").status == 403


@pytest.mark.parametrize(("fault", "error"), [("grant-dead", "invalid_grant"), ("scope-refused", "invalid_scope")])
def test_faults_of_the_token_endpoint(fault: str, error: str) -> None:
    caller = signed_in()
    caller.world.arm(fault)
    assert caller.renew().doc["error"] == error and caller.renew().status == 200


def test_the_log_of_calls_holds_no_secret_of_tokens() -> None:
    caller = signed_in()
    caller.renew()
    caller.revoke(caller.refresh)
    told = str([(call.body, call.answer, call.headers) for call in caller.world.calls if "oauth2" in call.path])
    assert caller.refresh not in told and caller.access not in told and len(caller.world.calls) == 4


def test_disconnecting_ends_calls_and_refresh_and_leaving_the_list_ends_calls_alone() -> None:
    caller = signed_in()
    caller.world.hand("tenant-gone", tenant=caller.realm)
    assert (caller.get("preferences").status, caller.renew().status) == (403, 200)
    caller.world.hand("disconnect", tenant=caller.realm)
    assert (caller.get("preferences").status, caller.renew().status) == (403, 400)
    assert caller.sign_in().get("preferences").status == 200


def test_a_refusal_sticks_until_somebody_consents_anew() -> None:
    caller = signed_in()
    caller.world.arm("sticky-refusal", count=None)
    assert caller.get("preferences").status == 403 and caller.renew().status == 200
    assert caller.get("preferences").status == 403
    caller.world.clock.advance(1)
    assert caller.sign_in().get("preferences").status == 200


def test_the_end_of_the_access_token_is_told_in_the_shape_of_the_gateway() -> None:
    caller = signed_in()
    caller.world.clock.advance(timedelta(hours=1).total_seconds())
    reply = caller.get("preferences")
    assert (reply.status, reply.code) == (401, "3200") and "Token expired: AB01" in reply.detail
    assert reply.doc["fault"]["type"] == "AUTHENTICATION" and isinstance(reply.doc["time"], int)
