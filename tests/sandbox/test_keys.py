"""Idempotency keys at the stand-in: six minutes, per app, errors too, after the rate limit."""

from __future__ import annotations

import pytest

from tests.sandbox.calling import Caller, invoice, london
from tieout.sandbox.xero import of


def put(caller: Caller, number: str = "K-1", key: str = "key-1", **change: str) -> tuple[int, bytes]:
    reply = caller.put("Invoices", invoice(number, **change), Idempotency_Key=key)
    return reply.status, reply.answer.body


def test_a_repeat_gets_the_stored_answer_and_writes_nothing() -> None:
    caller = london()
    first = put(caller)
    caller.world.clock.advance(359)
    assert put(caller) == first
    assert caller.world.evidence("writes")["by_key"] == {"key-1": 1}


def test_after_six_minutes_the_key_is_forgotten() -> None:
    caller = london()
    put(caller)
    caller.world.clock.advance(360)
    status, body = put(caller)
    assert status == 400 and b"Invoice # must be unique." in body


def test_errors_are_remembered_too() -> None:
    caller = london()
    caller.world.hand("chart-edit", code="TO-200", act="archive")
    refused = put(caller)
    caller.world.hand("chart-edit", code="TO-200", act="restore")
    assert refused[0] == 400 and put(caller) == refused
    assert put(caller, key="key-2")[0] == 200


@pytest.mark.parametrize("in_elements", [False, True])
def test_the_same_key_with_another_request_is_a_conflict(in_elements: bool) -> None:
    caller = london()
    of(caller.world).switches["key_conflict_in_elements"] = in_elements
    put(caller)
    reply = caller.put("Invoices", invoice("K-2"), Idempotency_Key="key-1")
    told = "Idempotency Key: key-1 is used with a different request."
    assert reply.status == 400 and told in (reply.messages if in_elements else [reply.doc["Message"]])


def test_a_replay_uses_quota_and_a_limit_speaks_before_the_key() -> None:
    caller = london()
    put(caller)
    left = int(caller.get("Organisation").header("X-MinLimit-Remaining") or 0)
    put(caller)
    assert int(caller.get("Organisation").header("X-MinLimit-Remaining") or 0) == left - 2
    of(caller.world).switches["minute_limit"] = 0
    assert put(caller)[0] == 429


def test_reads_and_deletes_ignore_the_key() -> None:
    caller = london()
    for target in ("Organisation", "Accounts"):
        assert caller.get(target, Idempotency_Key="same").status == 200


def test_a_key_is_at_most_128_characters() -> None:
    caller = london()
    assert put(caller, key="k" * 128)[0] == 200
    assert put(caller, number="K-3", key="k" * 129)[0] == 400


def test_key_replay_repeats_however_old_the_answer_is() -> None:
    caller = london()
    first = put(caller)
    caller.world.clock.advance(1200)
    caller.world.arm("key-replay")
    assert put(caller) == first
