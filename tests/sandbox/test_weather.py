"""Faults by name: what each does to the call, to the books and to the next call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sandbox.calling import START, Caller, Reply, invoice, london
from tieout.sandbox import Ending
from tieout.sandbox.faults import NAMES
from tieout.sandbox.xero.hands import HANDS


def send(caller: Caller, number: str = "W-1", key: str = "") -> Reply:
    return caller.put("Invoices", invoice(number), **({"Idempotency_Key": key} if key else {}))


def held(caller: Caller) -> list[str]:
    return [one["number"] for one in caller.world.evidence("documents")]


def test_every_name_is_either_armed_or_done_by_a_hand() -> None:
    by_hand = {name for name, named in NAMES.items() if named.where == "hand" and named.group != "channel"}
    assert by_hand <= set(HANDS)
    with pytest.raises(ValueError, match="no fault is called"):
        london().world.arm("nonsense")
    with pytest.raises(ValueError, match="done by a hand"):
        london().world.arm("lock-date")


@pytest.mark.parametrize(
    ("name", "how", "ending", "written"),
    [
        ("reset", {"when": "before"}, Ending.CUT, []),
        ("reset", {"when": "after"}, Ending.CUT, ["W-1"]),
        ("hang-before-write", {}, Ending.HANG, []),
        ("hang-after-write", {}, Ending.HANG, ["W-1"]),
        ("bad-body", {"form": "truncated"}, Ending.TRUNCATED, ["W-1"]),
    ],
)
def test_the_answer_is_lost_before_or_after_the_write(
    name: str, how: dict[str, str], ending: Ending, written: list[str]
) -> None:
    caller = london()
    caller.world.arm(name, **how)
    assert send(caller).answer.ending is ending
    assert held(caller) == written
    assert send(caller, "W-2").status == 200


def test_a_late_commit_lands_when_its_time_has_come() -> None:
    caller = london()
    caller.world.arm("late-commit", seconds=110, ending="cut")
    assert send(caller, key="k").answer.ending is Ending.CUT
    assert held(caller) == []
    caller.world.clock.advance(109)
    assert caller.get("Invoices/W-1").status == 404
    caller.world.clock.advance(1)
    found = caller.get("Invoices/W-1").first("Invoices")
    assert found["UpdatedDateUTCString"] == (START + timedelta(seconds=110)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_late_commit_that_meets_a_resend_of_its_key_writes_once() -> None:
    caller = london()
    caller.world.arm("late-commit", seconds=60, ending="cut")
    send(caller, key="k")
    assert send(caller, key="k").status == 200
    caller.world.clock.advance(61)
    assert caller.world.evidence("writes")["documents_by_number"] == {"W-1": 1}
    assert caller.world.evidence("writes")["by_key"] == {"k": 1}


def test_what_is_refused_at_the_door_does_not_come_late() -> None:
    caller = london()
    caller.access = "stale"
    caller.world.arm("late-commit", seconds=5)
    assert send(caller).status == 401


@pytest.mark.parametrize(
    ("how", "status", "content_type", "body"),
    [
        ({"status": 404}, 404, "text/html", b""),
        ({"status": 429, "kind": "day", "retry_after": 66975}, 429, None, b""),
        (
            {"status": 503, "form": "maintenance"},
            503,
            "text/plain",
            b"The Xero API is currently offline for maintenance",
        ),
        ({"status": 403, "form": "role", "wire": "text"}, 403, "text/plain; charset=utf-8", b"You are not permitted"),
        ({"status": 502}, 502, "text/html", b"<!DOCTYPE html>"),
    ],
)
def test_an_http_error_comes_in_its_own_dialect(
    how: dict[str, object], status: int, content_type: str | None, body: bytes
) -> None:
    caller = london()
    caller.world.arm("http-error", **how)
    answer = send(caller).answer
    assert (answer.status, answer.content_type) == (status, content_type)
    assert answer.body.startswith(body) and held(caller) == []


def test_a_500_says_where_to_look_and_its_json_has_a_detail() -> None:
    caller = london()
    caller.world.arm("http-error", status=500)
    assert send(caller).doc["Detail"].startswith("An error occurred in Xero. Check the API Status page")


def test_an_answer_may_lack_elements_repeat_them_or_come_in_another_order() -> None:
    for form, numbers in (
        ("dropped", ["N-0", "N-2"]),
        ("permuted", None),
        ("repeated", ["N-0", "N-1", "N-2", "N-0"]),
    ):
        caller = london()
        caller.world.arm("bad-body", form=form)
        reply = caller.put("Invoices", {"Invoices": [invoice(f"N-{at}") for at in range(3)]})
        found = [one["InvoiceNumber"] for one in reply.doc["Invoices"]]
        assert found == numbers if numbers else (sorted(found) == ["N-0", "N-1", "N-2"] and found != sorted(found))
        assert sorted(held(caller)) == ["N-0", "N-1", "N-2"]


def test_a_good_status_may_hide_html_nothing_an_error_or_no_id() -> None:
    for form, check in (
        ("html", lambda reply: b"<html>" in reply.answer.body),
        ("empty", lambda reply: reply.answer.body == b""),
        ("error-inside", lambda reply: reply.first("Invoices")["HasErrors"]),
        ("no-id", lambda reply: "InvoiceID" not in reply.first("Invoices")),
    ):
        caller = london()
        caller.world.arm("bad-body", form=form)
        reply = send(caller)
        assert reply.status == 200 and check(reply) and held(caller) == ["W-1"], form


def test_a_fault_strikes_where_and_as_often_as_it_is_told() -> None:
    caller = london()
    caller.world.arm("http-error", status=500, count=2, method="PUT", path="*/Invoices", tenant=caller.tenant)
    assert caller.get("Invoices").status == 200 and caller.put("Contacts", {"Name": "B"}).status == 200
    assert [send(caller).status for _ in range(3)] == [500, 500, 200]


def test_a_fault_may_strike_by_chance_and_for_a_time() -> None:
    caller = london()
    caller.world.arm("http-error", status=500, for_seconds=60, probability=0.5)
    seen = {caller.get("Organisation").status for _ in range(30)}
    assert seen == {200, 500}
    caller.world.clock.advance(60)
    assert {caller.get("Organisation").status for _ in range(10)} == {200}


def test_an_outage_is_for_all_and_an_organisation_offline_for_one() -> None:
    caller = london()
    caller.world.arm("outage")
    assert caller.get("Organisation").answer.body == b"The Xero API is temporarily unavailable"
    caller.world.arm("org-offline")
    assert caller.get("Organisation").answer.body == b"The Organisation is offline"


def test_the_refresh_that_was_lost_has_rotated() -> None:
    caller = london()
    before = caller.refresh
    caller.world.arm("refresh-lost")
    assert caller.renew().answer.ending is Ending.CUT
    assert caller.world.evidence("tokens")[0]["refresh_live"] == 1
    caller.world.clock.advance(1801)
    assert caller.token(grant_type="refresh_token", refresh_token=before).doc == {"error": "invalid_grant"}


def test_in_a_race_the_first_is_held_and_the_second_refused() -> None:
    caller = london()
    caller.world.arm("refresh-race", seconds=3)
    first = caller.token(grant_type="refresh_token", refresh_token=caller.refresh)
    second = caller.token(grant_type="refresh_token", refresh_token=caller.refresh)
    assert (first.status, first.answer.delay_seconds) == (200, 3)
    assert second.doc == {"error": "invalid_grant"}


def test_a_dead_grant_and_a_stale_token_are_said_once_each() -> None:
    caller = london()
    caller.world.arm("grant-dead")
    assert caller.renew().doc == {"error": "invalid_grant"} and caller.renew().status == 200
    for name, detail in (("token-expired", "TokenExpired"), ("token-garbled", "AuthenticationUnsuccessful")):
        caller.world.arm(name)
        assert caller.get("Organisation").doc["Detail"].startswith(detail)
        assert caller.get("Organisation").status == 200


def test_consent_can_be_narrowed_turned_elsewhere_cancelled_or_stuck() -> None:
    caller = london()
    caller.world.arm("scope-narrow", scopes="accounting.attachments")
    assert "accounting.attachments" not in caller.consent()["scope"].split()
    caller.world.arm("consent-cancelled")
    assert caller.consent()["error"] == "access_denied"
    caller.world.arm("consent-stuck")
    assert "something went wrong" in caller.consent()["page"]
    caller.world.arm("slot-limit")
    assert "needs to complete certification" in caller.consent()["page"]


def test_a_sticky_refusal_ends_only_with_a_new_connection() -> None:
    caller = london()
    caller.world.arm("sticky-refusal", count=None)
    assert caller.get("Organisation").status == 403
    caller.world.clock.advance(60)
    caller.sign_in()
    assert caller.get("Organisation").status == 403
    caller.ask("DELETE", f"/connections/{caller.get('/connections').doc[0]['id']}")
    caller.sign_in()
    assert caller.get("Organisation").status == 200


def test_an_unknown_text_matches_no_rule() -> None:
    caller = london()
    caller.world.arm("unknown-error", text="The moon is in the wrong house")
    assert send(caller).messages == ["The moon is in the wrong house"]


def test_latency_is_the_worlds_time() -> None:
    caller = london(now=None)
    caller.world.clock.set(speed=10)
    caller.world.arm("latency", seconds=5)
    assert caller.get("Organisation").answer.delay_seconds == pytest.approx(0.5)
