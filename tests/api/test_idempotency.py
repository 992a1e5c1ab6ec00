"""The same key, the same answer: whatever is repeated, the effect happens once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import Program, code
from tieout.store import requests
from tieout.store.engine import read, write


def sends(program: Program) -> list[str]:
    found = program.get("/api/operations?kind=send&limit=200").json()["data"]
    return [each["operation_id"] for each in found]


def ready(program: Program) -> str:
    """Where a settlement is sent that can be; nothing runs until told to."""
    program.house.connect()
    return f"/api/settlements/{program.settlement()}/send"


def keyed(program: Program, path: str, key: str, **how: Any) -> Any:
    return program.post(path, headers={"Idempotency-Key": key, **how.pop("headers", {})}, **how)


def test_b6_the_same_request_gets_the_first_answer_again(program: Program) -> None:
    path = ready(program)
    first = keyed(program, path, "key-1")
    assert first.status_code == 202 and "idempotent-replayed" not in first.headers
    program.house.jobs.run_all()
    again = keyed(program, path, "key-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(sends(program)) == 1


def test_b6_a_key_belongs_to_one_request(program: Program) -> None:
    path, body = ready(program), {"settlement_ids": ["one"]}
    assert keyed(program, path, "key-1").status_code == 202
    for answer in (
        keyed(program, "/api/settlements/none/send", "key-1"),
        keyed(program, "/api/settlements/send", "key-1", json=body),
        program.hand_in("amazon_v2_us.txt", headers={"Idempotency-Key": "key-1"}),
    ):
        assert code(answer) == (422, "idempotency_key_reused")
    assert code(keyed(program, "/api/settlements/send", "key-2", json=body)) == (404, "record_not_found")
    other = keyed(program, "/api/settlements/send", "key-2", json={"settlement_ids": ["two"]})
    assert code(other) == (422, "idempotency_key_reused")


def test_b6_the_same_file_under_another_content_is_another_request(program: Program) -> None:
    first = program.hand_in("amazon_v2_uk.txt", headers={"Idempotency-Key": "file"})
    again = program.hand_in("amazon_v2_uk.txt", headers={"Idempotency-Key": "file"})
    assert first.status_code == again.status_code == 202 and first.content == again.content
    other = program.hand_in("amazon_v2_uk.txt", b"other", headers={"Idempotency-Key": "file"})
    assert code(other) == (422, "idempotency_key_reused")


def test_b6_while_the_first_is_in_work_the_second_is_told_to_wait(program: Program) -> None:
    path, house = ready(program), program.house
    inside: list[Any] = []

    def knock(wait: timedelta) -> None:
        if not inside:
            inside.append(keyed(program, path, "key-1", headers={"Prefer": "wait=1"}))
        house.clock.skip(seconds=1)

    object.__setattr__(house.tools, "pause", knock)
    first = keyed(program, path, "key-1", headers={"Prefer": "wait=1"})
    assert first.status_code == 202
    assert code(inside[0]) == (409, "request_in_progress")
    assert inside[0].headers["retry-after"] == "1"
    assert len(sends(program)) == 1


def test_b6_after_30_days_a_key_is_new(program: Program) -> None:
    path = ready(program)
    keyed(program, path, "key-1")
    program.house.jobs.run_all()
    program.house.clock.skip(days=29, hours=23)
    assert keyed(program, path, "key-1").headers["idempotent-replayed"] == "true"
    program.house.clock.skip(hours=2)
    assert code(keyed(program, path, "key-1")) == (409, "state_conflict")


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 129, "a" * 10_240, "sch\u00f6n", "\x07"])
def test_b6_a_key_that_is_none_is_refused(program: Program, key: str) -> None:
    answer = keyed(program, "/api/settlements/none/send", key.encode("latin-1"))  # type: ignore[arg-type]
    assert code(answer) == (400, "idempotency_key_invalid")


def test_after_a_refusal_that_the_caller_mends_the_key_is_free_again(program: Program) -> None:
    path = ready(program)
    bad = keyed(program, "/api/settlements/send", "key-1", json={"settlement_ids": []})
    assert code(bad) == (422, "validation_failed")
    old = keyed(program, path, "key-1", headers={"If-Match": '"old"'})
    assert code(old) == (412, "version_mismatch")
    assert keyed(program, path, "key-1").status_code == 202


def test_a_refusal_of_the_state_is_remembered(program: Program) -> None:
    settlement = program.settlement()
    first = keyed(program, f"/api/settlements/{settlement}/send", "key-1")
    assert code(first) == (409, "connection_not_usable")
    program.house.connect()
    again = keyed(program, f"/api/settlements/{settlement}/send", "key-1")
    assert again.content == first.content and again.headers["idempotent-replayed"] == "true"
    assert sends(program) == []


def test_when_we_break_the_key_is_free_again(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from tieout.api.resources import settlements

    def broken(*arguments: Any, **named: Any) -> None:
        raise ZeroDivisionError("a secret of ours")

    path = ready(program)
    with monkeypatch.context() as patched:
        patched.setattr(settlements.settlements, "ask_to_send", broken)
        answer = keyed(program, path, "key-1")
    assert code(answer) == (500, "internal_error") and "secret" not in answer.text
    assert keyed(program, path, "key-1").status_code == 202


def test_a_request_that_died_is_taken_over_later(program: Program) -> None:
    path, house = ready(program), program.house
    with write(house.tools.engines, house.organisation) as db:
        fingerprint = "0" * 64
        requests.begin(db, "key-1", fingerprint, house.clock(), house.clock() - timedelta(days=30))
    assert code(keyed(program, path, "key-1")) == (422, "idempotency_key_reused")
    with write(house.tools.engines, house.organisation) as db:
        requests.let_go(db, "key-1")
    assert keyed(program, path, "key-1").status_code == 202
    with write(house.tools.engines, house.organisation) as db:
        db.execute(requests.REQUESTS.update().values(status=None))
    assert code(keyed(program, path, "key-1")) == (409, "request_in_progress")
    house.clock.skip(minutes=10)
    assert keyed(program, path, "key-1").status_code == 202
    with read(house.tools.engines, house.organisation) as db:
        assert db.execute(requests.REQUESTS.select()).one().status == 202


def test_keys_of_two_organisations_are_two(program: Program, neighbour: str) -> None:
    other = program.as_token(covers=(neighbour,))
    path = ready(program)
    assert keyed(program, path, "key-1").status_code == 202
    assert code(keyed(other, path, "key-1")) == (404, "record_not_found")


@pytest.mark.parametrize("key", ["the same", None])
def test_b12_of_many_equal_writes_at_once_one_has_the_effect(program: Program, key: str | None) -> None:
    """Without a key each is accepted; all the same one document reaches the books."""
    path, house = ready(program), program.house
    headers = {"Idempotency-Key": key.replace(" ", "-")} if key else {}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: program.post(path, headers=headers), range(64)))
    told = Counter(answer.status_code for answer in answers)
    assert set(told) <= {202, 409} and told[202] >= 1
    if key:
        assert len(sends(program)) == 1
        assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    house.jobs.run_all()
    house.sweep()
    assert list(house.documents().values()) == [1]


def test_what_is_shown_once_is_not_kept_for_whoever_copies_the_database(program: Program) -> None:
    program.house.connect()
    path = f"/api/integrations/{program.house.ledger.name}/reconnect-link"
    first, again = (keyed(program, path, "a|key", json={}) for _ in range(2))
    token = first.json()["url"].rpartition("/")[2]
    assert first.status_code == again.status_code == 201 and first.content == again.content
    with read(program.house.tools.engines, program.house.organisation) as db:
        kept = db.execute(requests.REQUESTS.select()).one().body
        db_text = "".join(str(row) for row in db.execute(requests.REQUESTS.select()))
    assert token.encode() not in kept and token not in db_text and kept.startswith(b"v1.")
    with write(program.house.tools.engines, program.house.organisation) as db:
        db.execute(requests.REQUESTS.update().values(body=first.content))
    assert keyed(program, path, "a|key", json={}).content == first.content, "answers kept before are still known"
