"""The way in: tokens, companies, limits, the month's reads, and the person behind the grant."""

from __future__ import annotations

import pytest

from tests.sandbox.quickbooks.calling import START, Caller, signed_in
from tieout.sandbox import Ending, Request
from tieout.sandbox.quickbooks import app, books, of


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [("", 401, "3202"), ("Basic abc", 401, "100"), ("Bearer", 401, "100"), ("Bearer invented", 401, "3200")],
)
def test_a_call_without_a_good_token_is_refused(header: str, status: int, code: str) -> None:
    reply = signed_in().get("preferences", Authorization=header)
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize(("form", "code"), [("plain", "3202"), ("zeros", "003202"), ("number", "3202")])
def test_the_codes_of_the_gateway_come_in_three_forms(form: str, code: str) -> None:
    caller = signed_in()
    caller.switches["code_form"] = form
    reply = caller.get("preferences", Authorization="")
    assert reply.code == code
    assert isinstance(reply.doc["fault"]["error"][0]["code"], int) is (form == "number")


def test_another_company_is_not_authorised_and_a_wrong_path_is_not_found() -> None:
    caller = signed_in()
    of(caller.world).books.found("777", name="Another")
    assert (caller.get("/v3/company/777/preferences").status, caller.get("/v3/company/778/preferences").status) == (
        403,
        403,
    )
    assert caller.get("/v3/company/777/preferences").code == "3100"
    assert caller.get("/v3/company/none/preferences").status == 404
    assert caller.get("/v4/company/1").status == 501


@pytest.mark.parametrize(
    ("host", "status"),
    [("sandbox-quickbooks.api.intuit.com", 200), ("quickbooks.api.intuit.com", 403), ("localhost:1", 200)],
)
def test_keys_of_one_environment_are_refused_by_the_other(host: str, status: int) -> None:
    assert signed_in().get("preferences", Host=host).status == status


def test_the_own_address_may_be_of_one_environment() -> None:
    caller = signed_in()
    caller.switches["environment"] = "production"
    assert (caller.get("preferences").status, caller.get("preferences").code) == (403, "3100")


def test_ten_calls_a_second() -> None:
    caller = signed_in()
    caller.switches["per_second"] = 10
    statuses = [caller.get("preferences").status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    caller.world.clock.advance(1)
    assert caller.get("preferences").status == 200


def test_a_429_says_3001_in_the_shape_of_the_gateway_and_by_switch_how_long_to_wait() -> None:
    caller = signed_in()
    caller.switches["per_minute"] = 1
    caller.get("preferences")
    reply = caller.get("preferences")
    assert (reply.status, reply.code, reply.header("Retry-After")) == (429, "3001", "60")
    assert reply.doc["fault"]["type"] == "SERVICE" and reply.header("intuit_tid")
    caller.switches["retry_after"] = False
    assert caller.get("preferences").header("Retry-After") is None
    caller.world.clock.advance(60)
    assert caller.get("preferences").status == 200


def test_the_minute_is_the_company_s_whoever_asks() -> None:
    caller = signed_in()
    app(of(caller.world).books, "second", "s")
    other = Caller(caller.world, "second", "s").sign_in()
    caller.switches["per_minute"] = 2
    assert [one.get("preferences").status for one in (caller, other, caller, other)] == [200, 200, 429, 429]


def test_batches_have_a_limit_of_their_own() -> None:
    caller = signed_in()
    caller.switches["batches_per_minute"] = 2
    empty = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Customer"}]}
    assert [caller.post("batch", empty).status for _ in range(3)] == [200, 200, 429]
    assert caller.get("preferences").status == 200


def test_more_at_once_than_allowed_are_refused() -> None:
    caller = signed_in()
    caller.switches["at_once"] = 1
    asked = Request.of("GET", f"/v3/company/{caller.realm}/preferences", {"Authorization": f"Bearer {caller.access}"})
    caller.world.enter(asked)
    assert caller.get("preferences").status == 429
    caller.world.leave(asked)
    assert caller.get("preferences").status == 200


def test_what_takes_longer_than_two_minutes_is_cut() -> None:
    caller = signed_in()
    caller.world.arm("latency", seconds=119)
    assert caller.get("preferences").answer.ending is Ending.WHOLE
    caller.world.arm("latency", seconds=121)
    answer = caller.get("preferences").answer
    assert (answer.ending, answer.delay_seconds) == (Ending.CUT, 120)


def production(**switches: int) -> Caller:
    world = books(now=START)
    app(of(world).books, "live", "s", environment="production", redirect_uris=["https://tieout.example/callback"])
    caller = Caller(world, "live", "s", redirect="https://tieout.example/callback").sign_in()
    caller.switches.update({"per_second": 0} | switches)
    return caller


def test_reads_are_metered_and_writes_failures_and_development_keys_are_not() -> None:
    caller = production()
    caller.query("select * from Customer")
    caller.get("preferences")
    caller.get("customer/999999")
    caller.made("Customer", {"DisplayName": "Metered"})
    items = [{"bId": str(at), "Query": "select * from Customer"} for at in (1, 2)]
    caller.post("batch", {"BatchItemRequest": [*items, {"bId": "3", "Query": "nonsense"}]})
    assert caller.world.evidence("reads")["now"]["live"] == 4
    signed = Caller(caller.world).sign_in()
    signed.get("preferences")
    assert caller.world.evidence("reads")["now"]["tieout-demo"] == 0


def test_when_the_month_is_used_up_reads_stop_writes_go_on_and_customers_are_told() -> None:
    caller = production(reads_per_month=2)
    assert [caller.get("preferences").status for _ in range(3)] == [200, 200, 429]
    caller.made("Customer", {"DisplayName": "Goes on"})
    batch = caller.post("batch", {"BatchItemRequest": [{"bId": "1", "Query": "select * from Customer"}]})
    assert batch.status == 200 and batch.doc["BatchItemResponse"][0]["Fault"]["Error"][0]["code"] == "3001"
    notices = caller.world.evidence("offline")
    assert [(one["told"], one["realms"]) for one in notices] == [("Tieout demo is Offline", [caller.realm])]
    caller.world.clock.advance(11 * 86_400)  # December
    caller.renew()
    assert caller.get("preferences").status == 200


def as_role(role: str) -> Caller:
    caller = signed_in()
    users = [user | {"role": role} for user in caller.company.facts["users"]]
    caller.company.set(users=users)
    return caller


def test_who_was_removed_gets_120() -> None:
    reply = as_role("none").get("preferences")
    assert (reply.status, reply.code) == (401, "120") and "-11014" in reply.detail


def test_who_has_reports_alone_reads_no_record_and_writes_none() -> None:
    caller = as_role("reports")
    assert caller.refused("select * from Customer") == (403, "5020")
    assert caller.post("customer", {"DisplayName": "A"}).code == "5020"


def test_who_is_no_longer_admin_is_refused_by_switch() -> None:
    caller = as_role("standard")
    assert caller.get("preferences").status == 200
    caller.switches["no_longer_admin"] = "120"
    assert caller.get("preferences").code == "120"
