"""The way in: every 401, 403 and 429 in its own form, and the headers that stand on every answer."""

from __future__ import annotations

import pytest

from tests.sandbox.calling import START, Caller, invoice, london
from tieout.sandbox.xero import books, of


def test_no_token_a_garbled_one_and_an_expired_one_are_told_apart() -> None:
    caller = london()
    good = caller.access
    for bad in ("", "nonsense", good + "\n "):
        caller.access = bad
        reply = caller.get("Organisation")
        assert (reply.status, reply.doc["Title"], reply.doc["Detail"]) == (
            401,
            "Unauthorized",
            "AuthenticationUnsuccessful",
        )
        assert reply.answer.content_type == "application/json"
    caller.access = good
    caller.world.clock.advance(1800)
    assert caller.get("Organisation").doc["Detail"] == "TokenExpired: token expired at 11/20/2026 09:30:00"


def test_a_missing_scope_says_so_in_its_own_way() -> None:
    caller = Caller(books(now=START)).sign_in("openid offline_access accounting.contacts")
    reply = caller.get("Invoices")
    assert (reply.status, reply.doc["Detail"]) == (401, "AuthorizationUnsuccessful")
    assert "insufficent_scope" in str(reply.header("WWW-Authenticate"))


def test_a_read_scope_reads_and_does_not_write() -> None:
    caller = Caller(books(now=START)).sign_in("openid offline_access accounting.contacts.read")
    assert caller.get("Contacts").status == 200
    assert caller.put("Contacts", {"Name": "A"}).doc["Detail"] == "AuthorizationUnsuccessful"


@pytest.mark.parametrize("tenant", ["", "nonsense", "11111111-1111-4111-8111-111111111111", "connection"])
def test_a_tenant_that_is_not_connected_is_forbidden(tenant: str) -> None:
    caller = london()
    caller.tenant = caller.get("/connections").doc[0]["id"] if tenant == "connection" else tenant
    reply = caller.get("Organisation")
    assert (reply.status, reply.doc["Title"], reply.doc["Detail"]) == (403, "Forbidden", "AuthenticationUnsuccessful")


def test_rights_follow_the_person_who_connected() -> None:
    caller = london()
    caller.world.hand("user-role", role="read-only")
    assert caller.get("Invoices").status == 200
    refused = caller.put("Invoices", invoice())
    assert (refused.status, refused.doc["Detail"]) == (403, "You are not permitted to access this resource")
    of(caller.world).switches["role_refusal"] = "text"
    assert caller.put("Invoices", invoice()).answer.body == b"You are not permitted to access this resource"
    caller.world.hand("user-role", role="removed")
    assert caller.get("Invoices").doc["Detail"] == "AuthenticationUnsuccessful"
    assert len(caller.get("/connections").doc) == 1


def test_manual_journals_need_the_reports_permission() -> None:
    caller = london()
    caller.world.hand("user-role", role="standard", reports=False)
    reply = caller.get("ManualJournals")
    assert (reply.status, reply.doc["Detail"]) == (
        403,
        "You are not permitted to access this resource without the reporting role or higher privileges",
    )


def test_the_minute_limit_refuses_with_an_empty_body_and_says_how_long() -> None:
    caller = london()
    left = [caller.get("Organisation").header("X-MinLimit-Remaining") for _ in range(60)]
    assert (left[0], left[-1]) == ("59", "0")
    refused = caller.get("Organisation")
    assert (refused.status, refused.answer.body, refused.answer.content_type) == (429, b"", None)
    assert refused.header("X-Rate-Limit-Problem") == "minute" and refused.header("X-DayLimit-Remaining") == "940"
    caller.world.clock.advance(int(refused.header("Retry-After") or 0))
    assert caller.get("Organisation").status == 200


def test_the_rolling_window_counts_the_last_sixty_seconds() -> None:
    caller = london()
    of(caller.world).switches["rolling_window"] = True
    for _ in range(60):
        assert caller.get("Organisation").status == 200
        caller.world.clock.advance(0.5)
    refused = caller.get("Organisation")
    assert (refused.status, refused.header("Retry-After")) == (429, "30")
    caller.world.clock.advance(30)
    assert caller.get("Organisation").status == 200


def test_the_day_limit_follows_the_tier_and_a_refusal_is_not_counted() -> None:
    caller = london()
    of(caller.world).switches["minute_limit"] = 10_000
    of(caller.world).switches["day_limit"] = 3
    assert [caller.get("Organisation").status for _ in range(5)] == [200, 200, 200, 429, 429]
    refused = caller.get("Organisation")
    assert refused.header("X-Rate-Limit-Problem") == "day" and 0 < int(refused.header("Retry-After") or 0) <= 86400


def test_more_than_five_at_once_are_refused_without_a_time() -> None:
    caller = london()
    from tieout.sandbox import Request

    headers = {"authorization": f"Bearer {caller.access}", "xero-tenant-id": caller.tenant}
    assert caller.renew().status == 200  # calls under the old token and the new one count together
    waiting = [Request.of("GET", "/api.xro/2.0/Organisation", headers) for _ in range(5)]
    for one in waiting:
        caller.world.enter(one)
    refused = caller.get("Organisation")
    assert (refused.header("X-Rate-Limit-Problem"), refused.header("Retry-After")) == ("concurrent", None)
    caller.world.leave(waiting[0])
    assert caller.get("Organisation").status == 200


def test_the_whole_app_has_a_limit_of_its_own() -> None:
    caller = london()
    of(caller.world).switches["app_minute_limit"] = 1
    assert caller.get("Organisation").status == 200
    refused = caller.get("Organisation")
    assert (refused.header("X-Rate-Limit-Problem"), refused.header("Retry-After")) == ("appminute", None)


def test_every_answer_carries_a_correlation_id() -> None:
    caller = london()
    first, second = (caller.get("Organisation").header("Xero-Correlation-Id") for _ in range(2))
    assert first and second and first != second


def test_an_unknown_address_is_named_and_a_verb_that_xero_lacks_is_its_own_501() -> None:
    caller = london()
    unknown = caller.get("Reports/Budget")
    assert (unknown.status, b"/api.xro/2.0/Reports/Budget" in unknown.answer.body) == (501, True)
    lacking = caller.post("Organisation", {"Name": "x"})
    assert lacking.status == 501 and b"<ErrorNumber>20</ErrorNumber>" in lacking.answer.body


def test_egress_is_counted_without_the_organisation_endpoint() -> None:
    caller = london()
    caller.get("Organisation")
    assert caller.world.evidence("egress") == {}
    size = len(caller.get("Accounts").answer.body)
    assert caller.world.evidence("egress") == {"tieout-demo": size}
