"""Login with Amazon and the way into the API: tokens, their end, and every refusal in its own words."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.amazon.selling import API, FORM, V2, Caller, Reply, london
from tieout.sandbox import Request
from tieout.sandbox.amazon import sellers


def test_a_refresh_token_gives_an_access_token_of_an_hour_and_stays_as_it_was() -> None:
    caller = london()
    told = caller.token().doc
    assert (told["token_type"], told["expires_in"], told["refresh_token"]) == ("bearer", 3600, caller.refresh)
    assert told["access_token"].startswith("Atza|")


@pytest.mark.parametrize(
    ("told", "status", "error", "words"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", "Client authentication failed"),
        ({"client_id": "nobody"}, 401, "invalid_client", "Client authentication failed"),
        ({"refresh_token": "Atzr|other"}, 400, "invalid_grant", "The request has an invalid grant parameter"),
        ({"refresh_token": ""}, 400, "invalid_request", "missing a required parameter : refresh_token"),
        ({"grant_type": ""}, 400, "invalid_request", "missing a required parameter : grant_type"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "is not supported"),
        ({"grant_type": "client_credentials"}, 400, "invalid_scope", "invalid scope"),
    ],
)
def test_a_wrong_request_for_a_token_is_refused(told: dict[str, str], status: int, error: str, words: str) -> None:
    reply = london().token(**told)
    assert (reply.status, reply.doc["error"]) == (status, error) and words in reply.doc["error_description"]


def test_a_json_body_is_read_and_any_other_type_is_not() -> None:
    caller = london()
    told = {"grant_type": "refresh_token", "refresh_token": caller.refresh, "client_id": "x", "client_secret": "y"}
    sent = Request.of("POST", "/auth/o2/token", {"content-type": "application/json"}, json.dumps(told))
    assert Reply(caller.world.answer(sent)).doc["error"] == "invalid_client"
    sent = Request.of("POST", "/auth/o2/token", FORM | {"content-type": "text/plain"}, "x")
    assert Reply(caller.world.answer(sent)).doc["error"] == "invalid_request"


def test_a_token_of_the_app_alone_opens_no_report() -> None:
    caller = london()
    told = caller.token(grant_type="client_credentials", refresh_token="", scope="sellingpartnerapi::notifications").doc
    assert "refresh_token" not in told
    caller.access = told["access_token"]
    assert caller.reports().error == (403, "Unauthorized", "Access to requested resource is denied.", "")


def test_missing_expired_and_garbled_tokens_are_told_apart_by_their_details() -> None:
    caller = london()
    assert (
        caller.ask("GET", f"{API}/reports", **{"x-amz-access-token": ""}).error[3].startswith("Access token is missing")
    )
    assert (
        caller.ask("GET", f"{API}/reports", **{"x-amz-access-token": "Atza|x"})
        .error[3]
        .endswith("malformed or invalid.")
    )
    caller.world.clock.advance(3600)
    assert caller.reports().error[3] == "The access token you provided has expired."
    assert caller.sign_in().reports().status == 200


def test_a_withdrawn_authorisation_refuses_tokens_old_and_new_until_it_is_given_again() -> None:
    caller = london()
    caller.world.hand("channel-token-dead")
    assert caller.reports().error[3].endswith("revoked, malformed or invalid.")
    assert caller.token().doc["error"] == "invalid_grant"
    caller.world.hand("reauthorise")
    assert caller.sign_in().reports().status == 200


def test_an_authorisation_ends_after_a_year() -> None:
    caller = london()
    caller.world.clock.advance(365 * 86_400)
    assert caller.token().doc["error"] == "invalid_grant"


def test_the_role_is_needed_and_the_region_must_be_the_sellers() -> None:
    caller = london()
    caller.world.hand("roles", roles=["Inventory and Order Tracking"])
    assert caller.reports().error == (403, "Unauthorized", "Access to requested resource is denied.", "")
    caller.world.hand("roles", roles=["Finance and Accounting"])
    assert caller.reports().status == 200
    assert caller.ask("GET", API.replace("/eu", "/na") + "/reports?reportTypes=X").status == 403


def test_the_region_may_stand_in_the_host_too() -> None:
    caller = london()
    target = f"{API.removeprefix('/eu')}/reports?reportTypes=X"
    for region, status in (("eu", 200), ("fe", 403)):
        assert caller.ask("GET", target, host=f"sellingpartnerapi-{region}.amazon.com").status == status
    assert caller.ask("GET", target).status == 200, "without either it is the region of the authorisation"


def test_every_answer_of_the_api_carries_a_request_id() -> None:
    caller = london()
    first, second = caller.reports(), caller.ask("GET", f"{API}/reports", **{"x-amz-access-token": ""})
    assert first.header("x-amzn-RequestId") != second.header("x-amzn-RequestId")
    assert (first.header("x-amzn-RateLimit-Limit"), second.header("x-amzn-RateLimit-Limit")) == ("0.0222", None)


def test_an_unknown_address_is_answered_501_and_named() -> None:
    reply = london().ask("GET", "/finances/2024-06-19/transactions")
    assert reply.status == 501 and b"/finances/2024-06-19/transactions" in reply.answer.body


def test_the_log_of_calls_shows_no_token() -> None:
    caller = london()
    caller.reports()
    told = str(list(caller.world.calls))
    assert caller.access not in told and caller.refresh not in told and "tieout-demo-secret" not in told


def test_an_unknown_scenario_is_named() -> None:
    with pytest.raises(LookupError, match="there are empty, london, world"):
        sellers(scenario="atlantis")


def test_in_the_world_each_region_has_its_own_seller_and_files() -> None:
    caller = london(scenario="world")
    told = caller.world.reset("world")["refresh_tokens"]
    for region, marketplaces in (
        ("na", {"ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"}),
        ("fe", {"A1VC38T7YXB528", "A39IBJ37TRP1C6"}),
    ):
        one = Caller(caller.world, told[region]).sign_in()
        target = f"{API.replace('/eu', '/' + region)}/reports?pageSize=100&reportTypes={V2}"
        found = one.ask("GET", target).doc["reports"]
        assert {each for row in found for each in row["marketplaceIds"]} == marketplaces
