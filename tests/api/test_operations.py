"""Operations: followed, waited for, found by state and kind, and their results in pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import Program, code
from tieout.api.following import preferred_seconds
from tieout.core.actor import Actor
from tieout.core.operation import OperationState
from tieout.store.engine import write
from tieout.sync import operations

ACTOR = "Olive Finch"


def begun(program: Program, kind: str = "send", arguments: dict[str, Any] | None = None) -> str:
    house = program.house
    with write(house.tools.engines, house.organisation) as db:
        return operations.begin(house.tools, db, Actor(house.organisation, "", ACTOR), kind, "x", arguments or {})


def ended(program: Program, statuses: list[str], kind: str = "send") -> str:
    """A send that ended with settlements in these statuses."""
    id, house = begun(program, kind), program.house
    told = {"settlements": [{"id": f"s-{n}", "status": status} for n, status in enumerate(statuses)]}
    with write(house.tools.engines, house.organisation) as db:
        operations.finish(house.tools, db, id, "ended", told)
    return id


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["sent", "sent"], "succeeded"),
        ([], "succeeded"),
        (["sent", "blocked"], "partly_succeeded"),
        (["blocked"], "failed"),
        (["out-of-sync", "blocked"], "failed"),
    ],
)
def test_the_state_at_the_end_is_what_became_of_the_records(program: Program, statuses: list[str], state: str) -> None:
    id = ended(program, statuses)
    assert program.get(f"/api/operations/{id}").json()["state"] == state
    assert [each["operation_id"] for each in program.get(f"/api/operations?state={state}").json()["data"]] == [id]


def test_an_operation_that_was_given_up_says_so(program: Program) -> None:
    id, house = begun(program), program.house
    assert program.get(f"/api/operations/{id}").json()["state"] == "queued"
    operations.progress(house.tools, house.organisation, id, 0, 1, "under way")
    assert program.get(f"/api/operations/{id}").json()["state"] == "running"
    house.clock.skip(days=1)
    operations.expire(house.tools, house.organisation)
    shown = program.get(f"/api/operations/{id}").json()
    assert (shown["state"], shown["finished_at"] is None) == ("timed_out", False)
    with write(house.tools.engines, house.organisation) as db:
        operations.fail(house.tools, db, begun_id := begun_in(program, db), "no", {})
    assert program.get(f"/api/operations/{begun_id}").json()["state"] == "failed"


def begun_in(program: Program, db: Any) -> str:
    house = program.house
    return operations.begin(house.tools, db, Actor(house.organisation, "", ACTOR), "check", "x", {})


def test_what_waits_says_for_what_and_when_it_goes_on(program: Program) -> None:
    house = program.house
    house.connect()
    settlement = program.settlement()
    house.world.arm("rate-limit", kind="minute", method="PUT", path="*/Invoices*", count=None)
    accepted = program.post(f"/api/settlements/{settlement}/send")
    house.jobs.run_all()
    card = house.card(settlement)
    shown = program.get(accepted.headers["location"]).json()
    assert card.next_at is not None and card.next_at > house.clock()
    assert shown["state"] == "waiting"
    assert shown["waiting"]["for"] and shown["waiting"]["resume_at"].endswith("Z")
    listed = program.get("/api/operations?state=waiting").json()["data"]
    assert [each["operation_id"] for each in listed] == [shown["operation_id"]]
    assert program.get("/api/operations?state=running").json()["data"] == []


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_the_list_comes_in_pages_the_newest_first_whatever_the_filter(program: Program, limit: int) -> None:
    kinds = {
        "": [ended(program, ["sent"] if n % 3 else ["blocked"], "send" if n % 2 else "check") for n in range(60)],
    }
    everything = kinds[""][::-1]
    assert walked(program, "", limit) == everything
    assert walked(program, "state=succeeded&", limit) == [id for n, id in enumerate(kinds[""]) if n % 3][::-1]
    assert walked(program, "state=failed&", limit) == [id for n, id in enumerate(kinds[""]) if n % 3 == 0][::-1]
    assert walked(program, "kind=send&", limit) == [id for n, id in enumerate(kinds[""]) if n % 2][::-1]
    assert walked(program, "state=cancelled&", limit) == []


def walked(program: Program, query: str, limit: int) -> list[str]:
    found, cursor = [], ""
    for _ in range(100):
        page = program.get(f"/api/operations?{query}limit={limit}&cursor={cursor}").json()
        found += [each["operation_id"] for each in page["data"]]
        if (cursor := page["page"]["next_cursor"]) is None:
            return found
        assert len(page["data"]) == limit
    raise AssertionError("the pages never end")


def test_the_first_fifty_results_stand_in_the_operation_and_all_in_pages(program: Program) -> None:
    house = program.house
    id = ended(program, ["blocked"] * 120)
    shown = program.get(f"/api/operations/{id}").json()
    assert (len(shown["results"]), shown["results_total"]) == (50, 120)
    assert shown["results_next"] == shown["links"]["results"] == f"/api/operations/{id}/results"
    found, cursor = [], ""
    while cursor is not None:
        page = program.get(f"{shown['results_next']}?limit=50&cursor={cursor}").json()
        found += page["data"]
        cursor = page["page"]["next_cursor"]
    assert [each["record_id"] for each in found] == [f"s-{n}" for n in range(120)]
    assert found[:50] == shown["results"]
    assert code(program.get("/api/operations/none/results")) == (404, "operation_not_found")
    assert house.organisation == shown["organization_id"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("wait=10", 10),
        ("respond-async, wait=5", 5),
        ("Wait = 7", 7),
        ('wait="3"', 3),
        ("wait=31", 30),
        ("wait=999999", 30),
        ("wait=-1", 0),
        ("wait=ten", 0),
        ("handling=lenient", 0),
        ("await=10", 0),
        ("wait=99999999999999999999", 0),
    ],
)
def test_only_a_wait_is_understood_of_what_a_caller_prefers(header: str, seconds: int) -> None:
    assert preferred_seconds(header) == seconds


def waiting_for(program: Program, act: Callable[[], None]) -> list[timedelta]:
    """Time passes only while somebody waits; `act` happens at the third look."""
    waited: list[timedelta] = []

    def pause(wait: timedelta) -> None:
        waited.append(wait)
        program.house.clock.skip(seconds=wait.total_seconds())
        if len(waited) == 3:
            act()

    object.__setattr__(program.house.tools, "pause", pause)
    return waited


def test_who_prefers_to_wait_is_answered_at_the_end(program: Program) -> None:
    id, house = begun(program), program.house

    def end() -> None:
        with write(house.tools.engines, house.organisation) as db:
            operations.finish(house.tools, db, id, "ended", {})

    waited = waiting_for(program, end)
    answer = program.get(f"/api/operations/{id}", headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer.headers["preference-applied"] == "wait=30" and len(waited) == 3


def test_who_prefers_to_wait_is_answered_when_the_time_is_over(program: Program) -> None:
    id = begun(program)
    waited = waiting_for(program, lambda: None)
    answer = program.get(f"/api/operations/{id}", headers={"Prefer": "wait=2"})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert timedelta(seconds=2) <= sum(waited, timedelta()) < timedelta(seconds=3)
    assert program.get(f"/api/operations/{id}").status_code == 200


def test_a_change_that_prefers_to_wait_is_answered_with_its_end(program: Program) -> None:
    waiting_for(program, lambda: [program.house.jobs.run_all()].clear())
    answer = program.hand_in("amazon_v2_uk.txt", headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer.json()["results"][0]["external_id"]


def test_what_is_over_is_not_waited_for(program: Program) -> None:
    id = ended(program, ["sent"])
    waited = waiting_for(program, lambda: None)
    assert program.get(f"/api/operations/{id}", headers={"Prefer": "wait=30"}).status_code == 200
    assert waited == [] and OperationState.DONE.is_final
