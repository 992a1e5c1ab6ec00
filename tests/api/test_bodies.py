"""Bad bodies and addresses: each is refused with its own code, all mistakes at once, and nothing is changed."""

import gzip
import json
import time
from typing import Any

import pytest

from tests.api.conftest import Program, code, field_codes
from tieout.api.errors import Declined
from tieout.api.strict import read_json

SEND = "/api/settlements/send"


@pytest.fixture
def program(doorstep: Program) -> Program:
    """Nothing here changes anything, so one is enough."""
    return doorstep


def sent(program: Program, body: bytes | str, path: str = SEND, **headers: str) -> Any:
    return program.post(path, content=body, headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"settlement_ids",
        b'{"settlement_ids": ["a"]} x',
        b'{"settlement_ids": ["a"]}{}',
        b'{"settlement_ids": ["a"], "settlement_ids": ["b"]}',
        b'{"settlement_ids": [{"a": 1, "a": 1}]}',
        b"[" * 10_000,
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"settlement_ids": [NaN]}',
        b'{"settlement_ids": [-Infinity]}',
        b'{"settlement_ids": [' + b"9" * 5000 + b"]}",
        b'{"settlement_ids": ["\xff"]}',
        b'\xef\xbb\xbf{"settlement_ids": ["a"]}',
        '{"settlement_ids": ["a"]}'.encode("utf-16"),
        b'{"settlement_ids": ["a\nb"]}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_b1_what_is_no_proper_json_is_refused(program: Program, body: bytes) -> None:
    assert code(sent(program, body)) == (400, "malformed_json")


def test_b1_a_body_of_50_mb_is_refused_before_it_is_read(program: Program) -> None:
    begun = time.monotonic()
    assert code(sent(program, b" " * 50_000_000)) == (413, "body_too_large")
    assert code(sent(program, b" " * (1024 * 1024 + 1))) == (413, "body_too_large")
    assert time.monotonic() - begun < 20

    def parts() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    answer = program.post(SEND, content=parts(), headers={"Content-Type": "application/json"})
    assert code(answer) == (413, "body_too_large")


def test_b1_the_worst_body_of_one_mb_is_read_quickly() -> None:
    """Not in time that grows with its square, which would be minutes; a busy machine may take seconds."""
    for body in (b"[" * 1_000_000, b"[" + b"[],[]," * 170_000 + b"[]]", b'"' * 1_000_000, b'"\\' * 500_000):
        begun = time.process_time()
        try:
            read_json(body)
        except Declined as declined:
            assert declined.code == "malformed_json"
        assert time.process_time() - begun < 10, body[:10]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "br"},
    ],
    ids=str,
)
def test_b2_another_type_of_body_and_a_packed_one_are_refused(program: Program, headers: dict[str, str]) -> None:
    body = gzip.compress(b" " * 10_000_000)
    assert code(sent(program, body, **headers)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("field", ["org_id", "organisation", "status", "role", "dry_run", "__class__"])
def test_b3_unknown_fields_are_refused_and_nothing_is_changed(program: Program, field: str) -> None:
    settlement = program.settlement()
    before = program.get(f"/api/settlements/{settlement}").json()
    answer = sent(program, json.dumps({"settlement_ids": [settlement], field: "sent"}))
    assert code(answer) == (422, "validation_failed")
    assert field_codes(answer) == {field: "unknown_field"}
    assert program.get(f"/api/settlements/{settlement}").json() == before
    assert program.get("/api/operations?kind=send").json()["data"] == []


def test_all_mistakes_of_a_request_come_at_once(program: Program) -> None:
    answer = sent(program, '{"settlement_ids": ["a", 7, "", "x y"], "other": 1}')
    assert answer.json()["title"] == "The request has 4 mistakes"
    assert field_codes(answer) == {
        "settlement_ids[1]": "wrong_type",
        "settlement_ids[2]": "empty",
        "settlement_ids[3]": "not_allowed",
        "other": "unknown_field",
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{}", {"settlement_ids": "required"}),
        ('{"settlement_ids": []}', {"settlement_ids": "empty"}),
        ('{"settlement_ids": null}', {"settlement_ids": "wrong_type"}),
        ('{"settlement_ids": "a"}', {"settlement_ids": "wrong_type"}),
        ('{"settlement_ids": {"0": "a"}}', {"settlement_ids": "wrong_type"}),
        (json.dumps({"settlement_ids": ["a"] * 501}), {"settlement_ids": "too_many"}),
        (json.dumps({"settlement_ids": ["a" * 65]}), {"settlement_ids[0]": "too_long"}),
        (json.dumps({"settlement_ids": ["a\u0000"]}), {"settlement_ids[0]": "not_allowed"}),
        (r'{"settlement_ids": ["\ud800"]}', {"settlement_ids[0]": "wrong_type"}),
        ("[]", {"": "wrong_type"}),
        ("null", {"": "wrong_type"}),
        ("1e309", {"": "wrong_type"}),
    ],
)
def test_a_body_that_does_not_fit_names_its_mistake(program: Program, body: str, expected: dict[str, str]) -> None:
    answer = sent(program, body)
    assert (code(answer), field_codes(answer)) == ((422, "validation_failed"), expected)


@pytest.mark.parametrize("number", ["12.345", "-0", "1e309", "20", '"12,34"', '"1e3"', '"NaN"', '"-1"', "true"])
def test_b5_a_rate_is_a_decimal_text_and_nothing_else(program: Program, number: str) -> None:
    answer = sent(program, f'{{"rate": {number}}}', "/api/issues/none/actions/choose-account")
    assert code(answer) == (422, "validation_failed") and set(field_codes(answer)) == {"rate"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=-1", {"limit": "not_allowed"}),
        ("limit=0", {"limit": "not_allowed"}),
        ("limit=201", {"limit": "not_allowed"}),
        ("limit=1000000000", {"limit": "not_allowed"}),
        ("limit=ten", {"limit": "wrong_type"}),
        ("limit=1&limit=2", {"limit": "too_many"}),
        ("sort=;drop", {"sort": "unknown_field"}),
        ("status=wonderful", {"status": "not_allowed"}),
        ("search=%00", {"search": "not_allowed"}),
        ("search=" + "a" * 101, {"search": "too_long"}),
        ("organisation=org-other&status=", {"organisation": "unknown_field"}),
    ],
)
def test_b9_parameters_outside_of_what_is_known_are_refused(
    program: Program, query: str, expected: dict[str, str]
) -> None:
    answer = program.get(f"/api/settlements?{query}")
    assert code(answer) == (422, "validation_failed")
    assert expected.items() <= field_codes(answer).items()


def test_b10_long_and_broken_names_are_refused_or_only_shown(program: Program) -> None:
    content = b"nothing"
    for name in ("a" * 256, "", "two%0d%0alines", "%00"):
        answer = program.post(
            f"/api/settlements?filename={name}", content=content, headers={"Content-Type": "text/plain"}
        )
        assert code(answer) == (422, "validation_failed") and set(field_codes(answer)) == {"filename"}, name
    answer = program.post(
        "/api/settlements?filename=..%2F..%2Fetc%2Fpasswd", content=content, headers={"Content-Type": "text/plain"}
    )
    assert code(answer) == (422, "validation_failed") and set(field_codes(answer)) == {"row 1"}
    assert list(program.spool.iterdir()) == []


def test_b14_methods_are_not_overridden_and_unknown_ones_refused(program: Program) -> None:
    disguised = program.get("/api/settlements", headers={"X-HTTP-Method-Override": "DELETE"})
    assert code(disguised) == (405, "method_not_allowed")
    for method in ("TRACE", "DELETE", "PUT", "PATCH", "HEAD", "PURGE"):
        answer = program.call(method, "/api/settlements")
        assert answer.status_code == 405 and answer.headers["allow"], method
    assert code(program.call("DELETE", "/api/operations")) == (405, "method_not_allowed")


def test_b14_a_length_told_in_two_ways_is_refused(program: Program) -> None:
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked", "Content-Length": "2"}
    assert code(program.post(SEND, content=b"{}", headers=headers)) == (400, "malformed_request")


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/settlements/", "/api/Settlements", "/api/none", "/api/settlements/a/b", "/errors"]
)
def test_an_address_that_leads_nowhere_says_so(program: Program, path: str) -> None:
    assert code(program.get(path)) == (404, "not_found")


@pytest.mark.parametrize("id", ["none", "%00", "a%0Ab", "..%2F..", "x" * 65, "%F0%9F%92%A9", "'%20or%201=1"])
def test_an_id_that_is_none_of_ours_names_nothing(program: Program, id: str) -> None:
    for path, missing in (("settlements", "record"), ("operations", "operation"), ("issues", "issue")):
        assert program.get(f"/api/{path}/{id}").status_code == 404
        if "%2F" not in id:
            assert code(program.get(f"/api/{path}/{id}")) == (404, f"{missing}_not_found")
    assert code(program.get("/api/settlements/none/parts/one/lines/0/rows")) == (404, "record_not_found")


def test_a_caller_that_accepts_no_json_is_told_so(program: Program) -> None:
    assert code(program.get("/api/settlements", headers={"Accept": "text/html"})) == (406, "not_acceptable")
    for accepted in ("application/json", "text/html, */*;q=0.1", "application/problem+json"):
        assert program.get("/api/settlements", headers={"Accept": accepted}).status_code == 200


def test_a_version_may_be_pinned_and_another_is_refused(program: Program) -> None:
    present = program.get("/api/health").headers["tieout-version"]
    assert program.get("/api/settlements", headers={"Tieout-Version": present}).status_code == 200
    answer = program.get("/api/settlements", headers={"Tieout-Version": "2020-01-01"})
    assert (code(answer), field_codes(answer)) == ((422, "validation_failed"), {"Tieout-Version": "not_allowed"})


def test_every_answer_is_named_and_kept_by_nobody(program: Program) -> None:
    seen = set()
    for path in ("/api/settlements", "/api/none", "/api/health", "/api/settlements?x=1", "/api/openapi.json"):
        headers = program.get(path).headers
        seen.add(headers["x-request-id"])
        assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"
    assert len(seen) == 5
    refused = program.get("/api/none")
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
