"""Sign-in at the Xero stand-in: consent, codes, rotation with grace, revocation, and what each refusal says."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sandbox.calling import REDIRECT, SCOPES, START, Caller, london
from tieout.sandbox import Request
from tieout.sandbox.world import World
from tieout.sandbox.xero import allow, app, books, of


@pytest.fixture
def world() -> World:
    return books(now=START, scenario="four")


def authorise(world: World, **change: str) -> Any:
    asked = {"response_type": "code", "client_id": "tieout-demo", "redirect_uri": REDIRECT, "scope": SCOPES} | change
    query = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in asked.items())
    return world.answer(Request.of("GET", f"/identity/connect/authorize?{query}"))


def test_the_consent_page_works_without_scripts_and_refuses_frames(world: World) -> None:
    shown = authorise(world, state="xyz")
    page = shown.body.decode()
    assert shown.status == 200 and "<script" not in page
    assert 'name="decision" value="allow"' in page and 'name="state" value="xyz"' in page
    assert "frame-ancestors 'none'" in dict(shown.headers)["Content-Security-Policy"]


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "http://localhost:8000/callback/"},
        {"redirect_uri": "https://evil.example/callback"},
        {"scope": "accounting.everything"},
        {"scope": "accounting.transactions"},
        {"scope": "accounting.reports.balancesheets.read"},
        {"response_type": "token"},
        {"code_challenge": "x", "code_challenge_method": "plain"},
    ],
)
def test_a_wrong_request_ends_on_xeros_own_page_and_never_redirects(world: World, change: dict[str, str]) -> None:
    shown = authorise(world, **change)
    assert shown.status == 400 and "Location" not in dict(shown.headers)
    assert b"something went wrong" in shown.body


def test_a_redirect_to_127_0_0_1_is_refused_even_when_registered(world: World) -> None:
    app(of(world).books, "loop", redirect_uris=("http://127.0.0.1:8000/callback",))
    assert authorise(world, client_id="loop", redirect_uri="http://127.0.0.1:8000/callback").status == 400


def test_an_app_of_before_march_2026_may_still_ask_for_broad_scopes(world: World) -> None:
    assert authorise(world, client_id="old-app", scope="accounting.transactions").status == 200


def test_cancel_comes_back_as_access_denied_with_the_state(world: World) -> None:
    back = Caller(world).consent(decision="cancel", state="k9")
    assert back == {"error": "access_denied", "error_description": "TenantConsent status DENIED", "state": "k9"}


def test_only_standard_and_adviser_may_connect(world: World) -> None:
    told = world.reset("four")
    for role, may in (("STANDARD", True), ("FINANCIALADVISER", True), ("INVOICEONLY", False), ("READONLY", False)):
        back = Caller(world).consent(user=told["users"][role], tenant=told["tenant"])
        assert ("code" in back) == may, role


def test_a_code_works_once_and_for_five_minutes(world: World) -> None:
    caller = Caller(world)
    code = caller.consent()["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    assert caller.token(**form).status == 200
    assert caller.token(**form).doc == {"error": "invalid_grant"}
    late = caller.consent()["code"]
    world.clock.advance(301)
    assert caller.token(**form | {"code": late}).doc == {"error": "invalid_grant"}


def test_the_verifier_must_fit_the_challenge(world: World) -> None:
    caller = Caller(world)
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    for given, good in (("w" * 43, False), ("", False), (verifier, True)):
        code = caller.consent(**asked)["code"]
        assert (caller.token(**form, code=code, code_verifier=given).status == 200) == good


def test_an_answer_holds_only_the_keys_that_clients_can_take(world: World) -> None:
    caller = Caller(world)
    code = caller.consent()["code"]
    found = caller.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT).doc
    assert set(found) == {"id_token", "access_token", "expires_in", "token_type", "refresh_token", "scope"}
    assert (found["expires_in"], found["token_type"], found["scope"]) == (1800, "Bearer", SCOPES)


def test_the_access_token_carries_the_event_that_connections_know(world: World) -> None:
    caller = Caller(world).sign_in()
    part = caller.access.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    listed = caller.get(f"/connections?authEventId={claims['authentication_event_id']}").doc
    assert [one["tenantId"] for one in listed] == [caller.tenant]
    assert caller.get("/connections?authEventId=00000000-0000-0000-0000-000000000000").doc == []
    assert len(listed[0]["createdDateUtc"].partition(".")[2]) == 7


def test_a_refresh_rotates_and_the_old_one_lives_for_half_an_hour(world: World) -> None:
    caller = Caller(world).sign_in()
    first = caller.refresh
    assert caller.renew().status == 200 and caller.refresh != first
    second = caller.refresh
    world.clock.advance(29 * 60)
    again = caller.token(grant_type="refresh_token", refresh_token=first)
    assert again.status == 200 and again.doc["refresh_token"] not in {first, second}
    world.clock.advance(61)
    assert caller.token(grant_type="refresh_token", refresh_token=first).doc == {"error": "invalid_grant"}
    assert caller.token(grant_type="refresh_token", refresh_token=second).status == 200


def test_the_grace_can_repeat_the_same_pair_or_let_only_the_newest_live(world: World) -> None:
    caller = Caller(world).sign_in()
    first = caller.refresh
    found = caller.renew().doc
    of(world).switches["grace"] = "same"
    assert caller.token(grant_type="refresh_token", refresh_token=first).doc == found
    of(world).switches["grace"] = "newest"
    newest = caller.token(grant_type="refresh_token", refresh_token=first).doc["refresh_token"]
    assert caller.token(grant_type="refresh_token", refresh_token=found["refresh_token"]).status == 400
    assert caller.token(grant_type="refresh_token", refresh_token=newest).status == 200


def test_a_refresh_token_dies_after_sixty_days(world: World) -> None:
    caller = Caller(world).sign_in()
    world.clock.advance(60 * 86400)
    assert caller.renew().doc == {"error": "invalid_grant"}


def test_consent_for_a_second_organisation_shares_one_set_and_adds_scopes(world: World) -> None:
    told = world.reset("four")
    here, there = told["organisations"]["GB"], told["organisations"]["AU"]
    first = Caller(world).sign_in("openid offline_access accounting.contacts", tenant=here)
    second = Caller(world).sign_in("openid offline_access accounting.invoices", tenant=there)
    assert {one["tenantId"] for one in second.get("/connections").doc} == {here, there}
    assert first.renew().doc == {"error": "invalid_grant"}
    assert "accounting.contacts" in second.renew().doc["scope"].split()


def test_a_refresh_never_widens(world: World) -> None:
    caller = Caller(world).sign_in("openid offline_access accounting.contacts")
    sent = {"grant_type": "refresh_token", "refresh_token": caller.refresh}
    wide = caller.token(**sent, scope="openid offline_access accounting.contacts accounting.invoices")
    assert "accounting.invoices" not in wide.doc["scope"].split()


def test_a_refresh_works_after_the_organisation_is_gone(world: World) -> None:
    caller = Caller(world).sign_in()
    world.hand("disconnect", tenant=caller.tenant)
    assert caller.renew().status == 200
    assert caller.get("Organisation").status == 403 and caller.get("/connections").doc == []


def test_revocation_kills_the_refresh_token_and_every_connection_of_the_person(world: World) -> None:
    caller = Caller(world).sign_in()
    sent = f"token={caller.refresh}&client_id=tieout-demo&client_secret=tieout-demo-secret"
    answer = world.answer(Request.of("POST", "/connect/revocation", body=sent))
    assert (answer.status, answer.body) == (200, b"")
    assert caller.renew().doc == {"error": "invalid_grant"}
    assert caller.get("Organisation").status == 403


def test_disconnecting_takes_the_connection_id_not_the_tenant(world: World) -> None:
    caller = Caller(world).sign_in()
    assert caller.ask("DELETE", f"/connections/{caller.tenant}").status == 404
    connection = caller.get("/connections").doc[0]["id"]
    assert caller.ask("DELETE", f"/connections/{connection}").status == 204
    assert caller.ask("DELETE", f"/connections/{connection}").status == 404


def test_a_wrong_secret_is_an_invalid_client_in_body_and_in_basic(world: World) -> None:
    assert Caller(world, secret="wrong").token(grant_type="client_credentials").doc == {"error": "invalid_client"}
    basic = {"Authorization": "Basic " + base64.b64encode(b"tieout-demo:wrong").decode()}
    answer = world.answer(Request.of("POST", "/connect/token", basic, "grant_type=client_credentials"))
    assert json.loads(answer.body) == {"error": "invalid_client"}
    assert Caller(world).token(grant_type="password").doc == {"error": "unsupported_grant_type"}


def test_a_custom_connection_needs_no_tenant_and_gets_no_refresh_token(world: World) -> None:
    caller = Caller(world, "custom-app", "custom-secret")
    reply = caller.token(grant_type="client_credentials")
    caller.keep(reply)
    assert "refresh_token" not in reply.doc
    assert caller.get("Organisation").first("Organisations")["Name"] == "Harbour & Finch Ltd"
    asked = caller.token(grant_type="client_credentials", scope="accounting.transactions")
    assert (asked.status, asked.doc) == (400, {"error": "invalid_scope"})


def test_a_third_uncertified_app_is_told_of_the_limit() -> None:
    world = books(now=START)
    for client_id in ("one", "two"):
        app(of(world).books, client_id, "s", name=client_id)
        assert "code" in Caller(world, client_id, "s").consent()
    assert "needs to complete certification" in Caller(world).consent()["page"]


def test_a_starter_app_connects_five_organisations_and_no_sixth(world: World) -> None:
    from tieout.sandbox.xero import demo_organisation, member

    told = world.reset("four")
    inside = of(world).books
    made = [demo_organisation(inside, f"Shop {at}")["OrganisationID"] for at in range(6)]
    for tenant in made:
        member(inside, tenant, told["user"], "STANDARD")
    results = ["code" in Caller(world).consent(user=told["user"], tenant=tenant) for tenant in made]
    assert results == [True] * 5 + [False]


def test_an_advanced_app_connects_several_at_once_unless_it_says_no(world: World) -> None:
    told = world.reset("four")
    app(of(world).books, "big", "s", tier="advanced", certified=True)
    both = "&".join(f"tenant={told['organisations'][one]}" for one in ("GB", "AU"))
    asked = {"response_type": "code", "client_id": "big", "redirect_uri": REDIRECT, "scope": SCOPES}
    for client_id, acr, good in (("big", "", True), ("big", "bulk_connect:false", False), ("tieout-demo", "", False)):
        form = urlencode(asked | {"client_id": client_id, "acr_values": acr, "decision": "allow"}) + "&" + both
        answer = world.answer(Request.of("POST", "/identity/connect/authorize", body=form))
        assert (answer.status == 302) == good
    events = {one["event"] for one in world.evidence("connections")}
    assert len(events) == 1 and len(world.evidence("connections")) == 2


def test_a_person_removes_the_app_on_the_connected_apps_page() -> None:
    caller = london()
    page = caller.get("/connected-apps").answer.body.decode()
    assert "Tieout demo" in page and "Lucy" not in page
    connection = caller.get("/connections").doc[0]["id"]
    gone = caller.world.answer(Request.of("POST", "/connected-apps", body=f"id={connection}&tenant={caller.tenant}"))
    assert gone.status == 303 and caller.get("Organisation").status == 403


def test_discovery_names_xero_as_issuer_and_every_address() -> None:
    found = london().get("/.well-known/openid-configuration").doc
    assert found["issuer"] == "https://identity.xero.com"
    assert found["token_endpoint"].endswith("/connect/token")
    assert london().get("/.well-known/openid-configuration/jwks").doc["keys"][0]["alg"] == "RS256"


def test_every_app_may_be_sent_back_where_it_was_allowed_and_a_reset_forgets_no_address(world: World) -> None:
    mine = "http://localhost:9999/oauth/xero/callback"
    assert authorise(world, redirect_uri=mine).status == 400
    allow(of(world).books, (mine,))
    for _ in range(2):
        assert authorise(world, redirect_uri=mine).status == 200
        assert authorise(world, redirect_uri="http://localhost:8080/oauth/xero/callback").status == 200
        world.reset("four")
    assert authorise(world, redirect_uri=mine, client_id="plus-app").status == 200
    app(of(world).books, "later", redirect_uris=(REDIRECT,))
    assert authorise(world, redirect_uri=mine, client_id="later").status == 200
