"""Faults by name, in QuickBooks' own dialect: what each does to the call, to the books and to the next call."""

from __future__ import annotations

import csv
from importlib import resources
from typing import Any

import pytest

from tests.sandbox.quickbooks.calling import Caller, Reply, signed_in
from tieout.sandbox import Ending
from tieout.sandbox.faults import NAMES
from tieout.sandbox.quickbooks import hands, portal, refusals


def send(caller: Caller, name: str = "W", key: str = "") -> Reply:
    return caller.post("customer" + (f"?requestid={key}" if key else ""), {"DisplayName": name})


def held(caller: Caller, name: str = "W") -> int:
    return sum(row.get("DisplayName") == name for row in caller.company.rows("Customer"))


def test_every_name_is_either_armed_or_done_by_a_hand() -> None:
    by_hand = {name for name, named in NAMES.items() if named.where == "hand" and named.group != "channel"}
    # QuickBooks states no number of names above which a company may not have another.
    assert by_hand - {"contact-limit"} <= set(hands.HANDS) | set(portal.HANDS)


@pytest.mark.parametrize(
    ("name", "how", "ending", "written"),
    [
        ("reset", {"when": "before"}, Ending.CUT, 0),
        ("reset", {"when": "after"}, Ending.CUT, 1),
        ("hang-before-write", {}, Ending.HANG, 0),
        ("hang-after-write", {}, Ending.HANG, 1),
        ("bad-body", {"form": "truncated"}, Ending.TRUNCATED, 1),
    ],
)
def test_the_answer_is_lost_before_or_after_the_write(
    name: str, how: dict[str, str], ending: Ending, written: int
) -> None:
    caller = signed_in()
    caller.world.arm(name, **how)
    assert send(caller).answer.ending is ending and held(caller) == written
    assert send(caller, "W2").status == 200


def test_a_late_commit_lands_when_its_time_has_come() -> None:
    caller = signed_in()
    caller.world.arm("late-commit", seconds=110, ending="cut")
    assert send(caller).answer.ending is Ending.CUT
    caller.world.clock.advance(109)
    caller.world.settle()
    assert held(caller) == 0
    caller.world.clock.advance(1)
    caller.world.settle()
    assert held(caller) == 1


@pytest.mark.parametrize(
    ("name", "how", "status", "code"),
    [
        ("token-expired", {}, 401, "3200"),
        ("token-garbled", {}, 401, "3200"),
        ("forbid-writes", {}, 403, "5020"),
        ("org-suspended", {}, 400, "6190"),
        ("unknown-error", {}, 400, "6999"),
        ("unknown-error", {"text": "Odd", "code": "6000"}, 400, "6000"),
        ("rate-limit", {}, 429, "3001"),
        ("rate-limit", {"kind": "month"}, 429, "3001"),
        ("http-error", {"status": 400}, 400, "6000"),
        ("http-error", {"status": 401}, 401, "3200"),
        ("http-error", {"status": 403}, 403, "3100"),
        ("http-error", {"status": 403, "form": "role"}, 403, "5020"),
        ("http-error", {"status": 429}, 429, "3001"),
        ("http-error", {"status": 500}, 500, "10000"),
        ("http-error", {"code": 6210}, 400, "6210"),
        ("http-error", {"code": 6210, "status": 200}, 200, "6210"),
        ("outage", {"form": "maintenance"}, 400, "150"),
        ("org-offline", {"form": "locked"}, 400, "140"),
        ("org-offline", {"form": "cluster"}, 400, "130"),
        ("bad-body", {"form": "error-inside"}, 200, "10000"),
    ],
)
def test_refusals_by_name(name: str, how: dict[str, Any], status: int, code: str) -> None:
    caller = signed_in()
    caller.world.arm(name, **how)
    reply = send(caller)
    assert (reply.status, reply.code) == (status, code) and reply.header("intuit_tid")
    assert send(caller, "W2").status == 200


@pytest.mark.parametrize(
    ("name", "how", "status", "kind"),
    [
        ("outage", {}, 503, "text/html"),
        ("org-offline", {}, 503, "text/html"),
        ("http-error", {"status": 502}, 502, "text/html"),
        ("http-error", {"status": 500, "form": "html"}, 500, "text/html"),
        ("http-error", {"status": 404}, 404, "text/html"),
        ("bad-body", {"form": "html"}, 200, "text/html"),
        ("bad-body", {"form": "html", "status": 502}, 502, "text/html"),
    ],
)
def test_pages_instead_of_json(name: str, how: dict[str, Any], status: int, kind: str) -> None:
    caller = signed_in()
    caller.world.arm(name, **how)
    answer = send(caller).answer
    assert (answer.status, answer.content_type) == (status, kind) and b"<html>" in answer.body


def test_empty_bodies() -> None:
    caller = signed_in()
    for name, how, status in (
        ("bad-body", {"form": "empty"}, 200),
        ("http-error", {"status": 503, "form": "empty"}, 503),
        ("rate-limit", {"form": "empty"}, 429),
    ):
        caller.world.arm(name, **how)
        answer = send(caller, name).answer
        assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize(("how", "wait"), [({}, "60"), ({"retry_after": 5}, "5"), ({"retry_after": ""}, None)])
def test_a_limit_says_how_long_to_wait_or_does_not(how: dict[str, Any], wait: str | None) -> None:
    caller = signed_in()
    caller.world.arm("rate-limit", **how)
    assert send(caller).header("Retry-After") == wait


def test_several_errors_stand_in_one_fault() -> None:
    caller = signed_in()
    caller.world.arm("http-error", **{"code": 2010, "and": "2080,2050"})
    errors = send(caller).doc["Fault"]["Error"]
    assert [error["code"] for error in errors] == ["2010", "2080", "2050"]


def test_every_code_of_the_catalogue_can_be_sent() -> None:
    caller = signed_in()
    caller.switches["per_minute"] = 0
    body = resources.files("tieout.sandbox.quickbooks").joinpath("texts.csv").read_text("utf-8")
    for row in csv.DictReader(body.splitlines()):
        caller.world.arm("http-error", code=row["code"], key=row["key"])
        reply = send(caller)
        assert (reply.status, reply.code) == (int(row["status"]), row["code"])
        assert int(reply.code) and "{" not in reply.detail
    with pytest.raises(ValueError, match="knows no code"):
        caller.world.arm("http-error", code=1)
        send(caller)
    assert refusals.keys("5010")


@pytest.mark.parametrize(("form", "ids"), [("dropped", 29), ("repeated", 31), ("permuted", 30), ("no-id", 0)])
def test_lists_are_bent(form: str, ids: int) -> None:
    caller = signed_in()
    items = [{"bId": str(at), "Query": "select count(*) from Customer"} for at in range(30)]
    caller.world.arm("bad-body", form=form)
    found = caller.post("batch", {"BatchItemRequest": items}).doc["BatchItemResponse"]
    assert len([one for one in found if "bId" in one]) == ids
    caller.world.arm("bad-body", form=form)
    rows = caller.query("select * from Account maxresults 30")["Account"]
    assert len([one for one in rows if "Id" in one]) == ids


def test_an_answer_without_its_id() -> None:
    caller = signed_in()
    caller.world.arm("bad-body", form="no-id")
    assert "Id" not in send(caller).doc["Customer"] and held(caller) == 1


def test_a_form_that_is_none_is_told() -> None:
    caller = signed_in()
    caller.world.arm("bad-body", form="nonsense")
    with pytest.raises(ValueError, match="has no form nonsense"):
        send(caller)


def test_faults_may_be_for_one_company_path_or_method() -> None:
    caller = signed_in()
    caller.world.arm("http-error", status=500, tenant="777", count=None)
    caller.world.arm("http-error", status=500, path="/journalentry", count=None)
    caller.world.arm("forbid-writes", count=None)
    assert caller.get("preferences").status == 200
    assert caller.post("query", "select * from Term", Content_Type="application/text").status == 200
    assert (send(caller).status, caller.post("journalentry", {}).status) == (403, 500)


def test_a_replay_of_an_id_is_repeated_however_old() -> None:
    caller = signed_in()
    first = send(caller, key="k")
    caller.world.clock.advance(3_600)
    caller.renew()
    caller.world.arm("key-replay")
    assert send(caller, "Another", key="k").answer.body == first.answer.body
