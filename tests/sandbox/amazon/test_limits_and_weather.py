"""Rates and bursts on the world's clock, and the faults in Amazon's dialect."""

from __future__ import annotations

import pytest

from tests.sandbox.amazon.selling import API, Caller, london
from tieout.sandbox import Ending
from tieout.sandbox.amazon.hands import HANDS
from tieout.sandbox.buckets import Bucket
from tieout.sandbox.faults import NAMES


@pytest.fixture
def caller() -> Caller:
    return london()


def test_ten_lists_at_once_and_then_one_every_forty_five_seconds(caller: Caller) -> None:
    assert [caller.reports().status for _ in range(11)] == [200] * 10 + [429]
    refused = caller.reports()
    assert refused.error[:3] == (429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
    assert refused.header("Retry-After") is None and refused.header("x-amzn-RateLimit-Limit") is None
    caller.world.clock.advance(45)
    assert caller.reports().status == 429
    caller.world.clock.advance(1)
    assert [caller.reports().status for _ in range(2)] == [200, 429]


def test_fifteen_documents_at_once_and_then_one_a_minute(caller: Caller) -> None:
    document = caller.all_reports()[0]["reportDocumentId"]
    found = [caller.ask("GET", f"{API}/documents/{document}").status for _ in range(16)]
    assert found == [200] * 15 + [429]
    caller.world.clock.advance(60)
    assert caller.ask("GET", f"{API}/documents/{document}").status == 200


def test_operations_have_buckets_of_their_own_and_downloads_none(caller: Caller) -> None:
    document = caller.all_reports()[0]["reportDocumentId"]
    url = caller.ask("GET", f"{API}/documents/{document}").doc["url"]
    while caller.reports().status == 200:
        pass
    assert caller.ask("GET", f"{API}/reports/1").status == 404
    assert {caller.fetch(url).status for _ in range(40)} == {200}


def test_a_bucket_gives_nothing_twice_when_the_clock_is_set_back(caller: Caller) -> None:
    now = caller.world.clock.now()
    bucket = Bucket.full(2, 1.0)
    assert [bucket.take(1, now) for _ in range(3)] == [True, True, False]
    caller.world.clock.advance(-3600)
    assert not bucket.take(1, caller.world.clock.now())


@pytest.mark.parametrize(
    ("name", "how", "status", "words"),
    [
        ("token-expired", {}, 403, "has expired"),
        ("token-garbled", {}, 403, "malformed or invalid"),
        ("org-suspended", {}, 403, "Access to requested resource is denied"),
        ("http-error", {"status": 500}, 500, "InternalFailure"),
        ("http-error", {"status": 503}, 503, "ServiceUnavailable"),
        ("http-error", {"status": 404}, 404, "NotFound"),
        ("http-error", {"status": 403}, 403, "Unauthorized"),
        ("http-error", {"status": 400}, 400, "InvalidInput"),
        ("http-error", {"status": 502}, 502, "<h1>502 Bad Gateway</h1>"),
        ("outage", {}, 503, "ServiceUnavailable"),
        ("rate-limit", {}, 429, "QuotaExceeded"),
    ],
)
def test_faults_speak_amazons_dialect(
    caller: Caller, name: str, how: dict[str, object], status: int, words: str
) -> None:
    caller.world.arm(name, **how)
    reply = caller.reports()
    assert reply.status == status and words in reply.answer.body.decode()
    assert caller.reports().status == 200


def test_an_unknown_error_strikes_what_is_asked_for(caller: Caller) -> None:
    caller.world.arm("unknown-error", text="The moon is in the wrong house")
    assert caller.ask("POST", f"{API}/reports", {}).error[:3] == (400, "InvalidInput", "The moon is in the wrong house")


def test_a_retry_after_comes_only_when_it_is_told(caller: Caller) -> None:
    caller.world.arm("rate-limit", retry_after=17)
    assert caller.reports().header("Retry-After") == "17"


def test_the_token_endpoint_can_fail_too(caller: Caller) -> None:
    for name, error in (("grant-dead", "invalid_grant"), ("scope-refused", "invalid_scope")):
        caller.world.arm(name)
        assert caller.token().doc["error"] == error
        assert caller.token().status == 200
    caller.world.arm("refresh-lost")
    assert caller.token().answer.ending is Ending.CUT
    caller.world.arm("refresh-race", seconds=3)
    assert caller.token().answer.delay_seconds == 3 and caller.token().status == 200


@pytest.mark.parametrize(("form", "count"), [("dropped", -1), ("repeated", 1), ("permuted", 0)])
def test_lists_may_lack_rows_repeat_them_or_be_mixed(caller: Caller, form: str, count: int) -> None:
    before = caller.all_reports()
    caller.world.arm("bad-body", form=form)
    after = caller.all_reports()
    assert len(after) == len(before) + count and after != before


def test_a_good_status_may_hide_a_page_nothing_or_half_an_answer(caller: Caller) -> None:
    for form in ("html", "empty", "truncated"):
        caller.world.arm("bad-body", form=form)
        answer = caller.reports().answer
        assert answer.status == 200 and not (answer.body.startswith(b"{") and answer.ending is Ending.WHOLE)
    caller.world.arm("bad-body", form="nonsense")
    with pytest.raises(ValueError, match="bad-body has no form nonsense"):
        caller.reports()


def test_every_fault_of_a_channel_is_a_hand_of_this_one() -> None:
    assert {name for name, named in NAMES.items() if named.group == "channel"} <= set(HANDS)
