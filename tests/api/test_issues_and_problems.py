"""Issues for programs: the cause, who can act, the ways out and carrying one out; and the catalogue."""

from typing import Any

import pytest

from tests.api.conftest import Program, a_person, code, field_codes
from tieout import problems
from tieout.people.roles import Role
from tieout.people.tokens import Scope


def held(program: Program) -> tuple[str, dict[str, Any]]:
    """A settlement with an unknown label, and the issue it waits for."""
    settlement = program.settlement("amazon_v2_unknown_type.txt")
    found = program.get(f"/api/issues?blocks={settlement}").json()["data"]
    assert len(found) == 1, found
    return settlement, program.get(found[0]["url"]).json()


def refused_by_the_books(program: Program) -> tuple[str, str]:
    """A settlement that the books refuse because of the person's role, and its issue."""
    house = program.house
    house.connect()
    settlement = program.settlement()
    house.world.hand("user-role", role="read-only")
    house.send(settlement)
    house.sweep()
    issue = program.get(f"/api/settlements/{settlement}").json()["issue_id"]
    assert issue
    return settlement, f"/api/issues/{issue}"


def test_an_issue_says_the_cause_who_can_act_and_what_waits(program: Program) -> None:
    settlement, issue = held(program)
    assert (issue["code"], issue["state"], issue["blocking"]) == ("row-type-unknown", "open", True)
    assert issue["title"] and issue["cause"] and issue["tieout_does"] and issue["evidence"]
    assert [(each["record_type"], each["record_id"]) for each in issue["blocks"]] == [("settlement", settlement)]
    assert issue["history"][0]["what"] == "opened"
    shown = program.get(f"/api/settlements/{settlement}").json()
    assert (shown["issue_id"], shown["problem"]) == (issue["id"], issue["code"])


def test_the_books_own_words_are_shown_as_theirs(program: Program) -> None:
    settlement, at = refused_by_the_books(program)
    issue = program.get(at).json()
    assert issue["code"] == "user-not-permitted" and issue["people"]
    assert {"check-again"} <= {fix["action"] for fix in issue["fixes"] if fix["kind"] == "button"}
    refused = program.post(f"/api/settlements/{settlement}/send")
    assert code(refused)[0] == 409


def test_a_refusal_names_the_issue_behind_it(program: Program) -> None:
    settlement, issue = held(program)
    program.house.connect()
    answer = program.post(f"/api/settlements/{settlement}/send")
    assert code(answer) == (409, "state_conflict")
    assert (answer.json()["problem"], answer.json()["issue_id"]) == ("row-type-unknown", issue["id"])


def test_the_list_is_narrowed_by_state_problem_owner_and_what_it_blocks(program: Program) -> None:
    settlement, issue = held(program)
    for query, number in (
        ("state=open", 1),
        ("state=resolved", 0),
        ("problem=row-type-unknown", 1),
        ("problem=user-not-permitted", 0),
        (f"owner={issue['owner']}", 1),
        ("owner=vendor", 0 if issue["owner"] != "vendor" else 1),
        (f"blocks={settlement}", 1),
        ("blocks=none", 0),
    ):
        assert len(program.get(f"/api/issues?{query}").json()["data"]) == number, query
    for query in ("state=closed", "owner=me", "provider=xero"):
        assert code(program.get(f"/api/issues?{query}")) == (422, "validation_failed")


def test_the_list_comes_in_pages(program: Program) -> None:
    held(program)
    refused_by_the_books(program)
    found, cursor = [], ""
    while cursor is not None:
        page = program.get(f"/api/issues?limit=1&cursor={cursor}").json()
        found += [each["id"] for each in page["data"]]
        cursor = page["page"]["next_cursor"]
    assert len(found) == len(set(found)) >= 2
    assert found == [each["id"] for each in program.get("/api/issues").json()["data"]]


def test_a_way_out_is_carried_out_and_the_issue_ends_by_itself(program: Program) -> None:
    settlement, issue = held(program)
    fix = next(fix for fix in issue["fixes"] if fix["action"] == "explain-label")
    at = f"/api/issues/{issue['id']}/actions/explain-label"
    lacking = program.post(at, json={})
    assert (code(lacking), field_codes(lacking)) == ((422, "validation_failed"), {"category": "required"})
    wrong = program.post(at, json={"category": "wonderful"})
    assert code(wrong) == (409, "state_conflict") and wrong.json()["issue_id"] == issue["id"]
    done = program.post(at, json={"category": "fee.other"})
    assert done.status_code == 200 and done.json()["message"], done.text
    assert program.get(f"/api/settlements/{settlement}").json()["status"] == "ready"
    program.house.sweep()
    ended = program.get(f"/api/issues/{issue['id']}").json()
    assert (ended["state"], ended["blocking"]) == ("resolved", False)
    assert code(program.post(at, json={"category": "fee.other"})) == (409, "state_conflict")
    assert fix["kind"] in ("button", "link")


def test_looking_again_and_keeping_quiet(program: Program) -> None:
    _, at = refused_by_the_books(program)
    assert program.post(f"{at}/check").status_code == 200
    past = program.post(f"{at}/mute", json={"until": "2020-01-01T00:00:00Z"})
    assert (code(past), field_codes(past)) == ((422, "validation_failed"), {"until": "not_allowed"})
    for until in ("tomorrow", "2099-01-01T00:00:00", 7):
        answer = program.post(f"{at}/mute", json={"until": until})
        assert (code(answer), set(field_codes(answer))) == ((422, "validation_failed"), {"until"}), until
    muted = program.post(f"{at}/mute", json={"until": "2099-01-01T00:00:00Z"})
    assert (muted.status_code, muted.json()["issue"]["state"]) == (200, "muted")
    assert muted.json()["issue"]["muted_until"] == "2099-01-01T00:00:00Z"
    assert program.post(f"{at}/unmute").json()["issue"]["state"] == "open"
    history = program.get(at).json()["history"]
    assert history[-1]["by"] == "token Till"


def test_when_the_cause_is_gone_a_check_ends_the_issue_and_the_document_goes(program: Program) -> None:
    settlement, at = refused_by_the_books(program)
    house = program.house
    house.world.hand("user-role", role="standard")
    assert program.post(f"{at}/check").status_code in (200, 202)
    for _ in range(10):
        card = house.card(settlement)
        house.clock.skip(seconds=(card.next_at - house.clock()).total_seconds() + 1 if card.next_at else 5)
        house.sweep()
    assert program.get(at).json()["state"] == "resolved"
    assert program.get(f"/api/settlements/{settlement}").json()["status"] == "sent"
    assert list(house.documents().values()) == [1]


def test_an_action_needs_what_a_person_would_need_for_it(program: Program) -> None:
    _, at = refused_by_the_books(program)
    few = program.as_token(Scope.INTEGRATIONS_READ, Scope.INTEGRATIONS_RETRY)
    refused = few.post(f"{at}/check")
    assert code(refused) == (403, "insufficient_scope") and "settlements:send" in refused.json()["detail"]
    assert few.post(f"{at}/mute", json={"until": "2099-01-01T00:00:00Z"}).status_code == 200
    bob = program.as_token(person=a_person(program.house, Role.BASIC))
    assert bob.post(f"{at}/check").status_code == 200


@pytest.mark.parametrize("action", ["choose-account", "adopt", "renumber"])
def test_what_an_issue_does_not_offer_is_not_done(program: Program, action: str) -> None:
    _, at = refused_by_the_books(program)
    answer = program.post(f"{at}/actions/{action}", json={})
    assert code(answer) == (409, "state_conflict") and "It offers:" in answer.json()["detail"]
    assert code(program.post(f"{at}/actions/fly", json={})) == (404, "not_found")
    assert code(program.post("/api/issues/none/check")) == (404, "issue_not_found")


def test_the_catalogue_is_open_and_complete(program: Program) -> None:
    nobody = Program(program.house, program.client, program.spool)
    found = nobody.get("/api/problems").json()
    assert [each["code"] for each in found["data"]] == [each.code for each in problems.problems()]
    assert found["page"]["next_cursor"] is None
    for each in found["data"]:
        assert nobody.get(f"/api/problems/{each['code']}").json() == each
    assert code(nobody.get("/api/problems/no-such-problem")) == (404, "problem_not_found")
