"""Whatever breaks is answered in the one shape, with a code of the list, and shows nothing of how we are built."""

import errno
import logging
from typing import Any

import pytest
import sqlalchemy as sa

from tests.api.conftest import Program, code
from tieout.api import codes, errors
from tieout.api.resources import settlements as resource
from tieout.core.failure import Unreachable
from tieout.core.money import CurrencyMixed
from tieout.people.roles import NotPermitted, Right
from tieout.store.vault import KeyMissing, Tampered
from tieout.sync.mapping import MappingMoved

SECRET = "tieout-canary-secret"
RAISED = [
    (ZeroDivisionError(SECRET), 500, "internal_error"),
    (AssertionError(SECRET), 500, "internal_error"),
    (CurrencyMixed(SECRET), 500, "internal_error"),
    (KeyMissing(SECRET), 503, "unavailable"),
    (Tampered(SECRET), 503, "unavailable"),
    (sa.exc.OperationalError("select", {}, Exception(SECRET)), 503, "unavailable"),
    (sa.exc.IntegrityError("insert", {}, Exception(SECRET)), 409, "state_conflict"),
    (OSError(errno.ENOSPC, SECRET), 503, "unavailable"),
    (OSError(errno.EROFS, SECRET), 503, "unavailable"),
    (PermissionError(errno.EACCES, SECRET), 500, "internal_error"),
    (Unreachable("the books are out of reach"), 503, "unavailable"),
    (NotPermitted("basic", Right.MAP), 403, "insufficient_scope"),
    (MappingMoved(7), 412, "version_mismatch"),
]


@pytest.mark.parametrize(("error", "status", "expected"), RAISED, ids=lambda value: type(value).__name__)
def test_whatever_is_raised_is_answered_in_the_one_shape(
    doorstep: Program, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, expected: str
) -> None:
    def broken(*arguments: Any, **named: Any) -> None:
        raise error

    monkeypatch.setattr(resource.settlements, "listing", broken)
    answer = doorstep.get("/api/settlements")
    assert code(answer) == (status, expected)
    assert SECRET not in answer.text and "sqlite" not in answer.text.lower()
    if status == 503:
        assert int(answer.headers["retry-after"]) == answer.json()["retry"]["after_seconds"] > 0
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-request-id"]


def test_what_nobody_foresaw_is_logged_under_the_id_of_the_answer(
    doorstep: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: Any, **named: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(resource.settlements, "listing", broken)
    with caplog.at_level(logging.ERROR, "tieout.api"):
        answer = doorstep.get("/api/settlements?search=a-customer")
    assert answer.json()["request_id"] in caplog.text
    assert "a-customer" not in caplog.text and doorstep.token not in caplog.text


def test_a_server_without_its_database_is_alive_and_not_ready(
    doorstep: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("gone"))

    assert doorstep.get("/api/ready").json()["status"] == "ok"
    monkeypatch.setattr("tieout.store.across.organisations", broken)
    assert doorstep.get("/api/health").json()["status"] == "ok"
    assert code(doorstep.get("/api/ready")) == (503, "unavailable")


def test_every_answer_in_the_table_is_of_a_code_in_the_list() -> None:
    assert {declined.code for declined in errors.ANSWERS.values()} <= set(codes.CODES)
    assert set(errors.ANSWERS) >= errors.SPOKEN


def test_every_code_has_a_retry_class_and_a_sentence() -> None:
    classes = {"auto_now", "auto_later", "after_fix", "after_reauth", "decision", "never"}
    for name, known in codes.CODES.items():
        assert known.retry in classes and 400 <= known.status < 600 and known.when.endswith("."), name
        assert (known.after_seconds is not None) == (known.retry == "auto_later"), name
