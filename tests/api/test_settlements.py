"""Settlements for programs: found, opened down to their rows, previewed, taken in, explained and sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from tests.api.conftest import Program, code, field_codes
from tieout.core.status import Status
from tieout.sync import settlements


def explained(program: Program, settlement: str, category: str = "fee.other", **headers: str) -> Any:
    at = f"/api/settlements/{settlement}/labels"
    shown = program.get(at).json()
    body = {"label": shown["labels"][0]["label"], "category": category}
    return program.post(at, json=body, headers={"If-Match": f'"{shown["version"]}"'} | headers)


def test_the_main_job_from_the_file_to_the_books(program: Program) -> None:
    house = program.house
    house.connect()
    accepted = program.hand_in("amazon_v2_uk_two_months.txt")
    assert accepted.status_code == 202
    assert (accepted.json()["state"], accepted.json()["kind"]) == ("queued", "import")
    house.jobs.run_all()
    taken = program.get(accepted.headers["location"]).json()
    assert (taken["state"], taken["progress"]["succeeded"]) == ("succeeded", 1)
    at = f"/api/settlements/{taken['results'][0]['record_id']}"
    seen = program.get(f"{at}/preview")
    assert seen.json()["dry_run"] is True and len(seen.json()["requests"]) == 2
    assert sum(Decimal(each["amount"]) for each in seen.json()["accounts"]) == 0
    sent = program.post(f"{at}/send", headers={"If-Match": seen.headers["etag"]})
    assert sent.status_code == 202 and sent.json()["results"][0]["outcome"] == "queued"
    house.jobs.run_all()
    done = program.get(sent.headers["location"])
    assert (done.status_code, done.json()["state"]) == (200, "succeeded")
    shown = program.get(at).json()
    assert (shown["status"], shown["ties_out"], shown["books_total"]) == ("sent", True, shown["total"])
    assert shown["plan"]["hash"] == seen.json()["plan"]["hash"] and shown["plan"]["is_frozen"]
    assert [each["state"] for each in shown["postings"]] == ["done", "done"]
    assert all(each["remote_url"].startswith("http") for each in shown["postings"])
    assert all(attempt["outcome"] for each in shown["postings"] for attempt in each["attempts"])
    assert set(house.documents().values()) == {1}


def test_amounts_are_texts_that_add_up_and_every_line_opens_to_its_rows(program: Program) -> None:
    shown = program.get(f"/api/settlements/{program.settlement()}").json()
    part = shown["plan"]["parts"][0]
    assert shown["currency"] == part["currency"] == "GBP"
    assert sum(Decimal(line["gross"]) for line in part["lines"]) == Decimal(part["total"]) == Decimal(shown["total"])
    for line in part["lines"]:
        found, cursor = [], ""
        while True:
            page = program.get(f"{line['rows_url']}?limit=50&cursor={cursor}").json()
            found += page["data"]
            cursor = page["page"]["next_cursor"]
            if cursor is None:
                break
        assert len(found) == line["rows"] == len({row["row"] for row in found})
        assert sum(Decimal(row["amount"]) for row in found) == Decimal(line["gross"])
    assert sum(line["rows"] for line in part["lines"]) == shown["rows"]


def test_the_list_comes_in_pages_and_can_be_narrowed(program: Program) -> None:
    samples = ("amazon_v2_uk.txt", "amazon_v2_us.txt", "amazon_v2_de.txt", "amazon_v2_unknown_type.txt")
    ids = {program.settlement(sample) for sample in samples}
    found, cursor = [], ""
    while cursor is not None:
        page = program.get(f"/api/settlements?limit=1&cursor={cursor}").json()
        found += page["data"]
        cursor = page["page"]["next_cursor"]
    assert {each["id"] for each in found} == ids and len(found) == 4
    assert [each["ends_on"] for each in found] == sorted((each["ends_on"] for each in found), reverse=True)
    unknown = program.get("/api/settlements?status=unknown-rows").json()["data"]
    assert [each["status"] for each in unknown] == ["unknown-rows"]
    assert unknown[0]["problem"] == "row-type-unknown" and unknown[0]["reason"]
    number = found[0]["external_id"]
    assert [each["external_id"] for each in program.get(f"/api/settlements?search={number}").json()["data"]] == [number]
    assert program.get("/api/settlements?channel=none").json()["data"] == []
    assert len(program.get("/api/settlements?channel=amazon").json()["data"]) == 4


def test_b8_a_cursor_that_was_not_made_for_this_is_refused(program: Program, neighbour: str) -> None:
    program.settlement()
    program.settlement("amazon_v2_us.txt")
    cursor = program.get("/api/settlements?limit=1").json()["page"]["next_cursor"]
    both = program.as_token(covers=(program.house.organisation, neighbour))
    for caller, query in (
        (program, f"limit=1&cursor={cursor[:-1]}"),
        (program, f"limit=1&cursor=x{cursor}"),
        (program, f"limit=1&status=ready&cursor={cursor}"),
        (program, "cursor=nonsense"),
        (program, "cursor=WzEsMl0.aaaa"),
    ):
        assert code(caller.get(f"/api/settlements?{query}")) == (400, "cursor_invalid"), query
    assert code(program.get(f"/api/operations?cursor={cursor}")) == (400, "cursor_invalid")
    elsewhere = both.get(f"/api/settlements?limit=1&cursor={cursor}", headers={"Tieout-Organization": neighbour})
    assert code(elsewhere) == (400, "cursor_invalid")
    program.house.clock.skip(hours=23, minutes=59)
    assert program.get(f"/api/settlements?limit=1&cursor={cursor}").status_code == 200
    assert program.get(f"/api/settlements?limit=2&cursor={cursor}").status_code == 200
    program.house.clock.skip(minutes=1)
    assert code(program.get(f"/api/settlements?limit=1&cursor={cursor}")) == (400, "cursor_invalid")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.txt", b"", "file_empty"),
        ("strange.csv", b"a,b\n1,2\n", "format_unknown"),
        ("book.xlsx", b"PK\x03\x04" + b"\0" * 100, None),
    ],
)
def test_a_file_that_no_channel_knows_is_refused_at_once(
    program: Program, name: str, content: bytes, expected: str | None
) -> None:
    answer = program.hand_in(name, content)
    assert code(answer) == (422, "validation_failed")
    refused = answer.json()
    assert refused["title"] == "The file was refused" and refused["detail"]
    assert expected is None or set(field_codes(answer).values()) == {expected}
    assert program.get(f"/api/operations/{refused['operation_id']}").json()["state"] == "failed"
    assert program.get("/api/settlements").json()["data"] == []


def test_a_file_that_is_refused_while_it_is_read_says_why_in_its_operation(program: Program) -> None:
    accepted = program.hand_in("amazon_v2_broken_total.txt")
    program.house.jobs.run_all()
    failed = program.get(accepted.headers["location"]).json()
    assert (failed["state"], failed["progress"]["failed"]) == ("failed", failed["progress"]["total"])
    assert failed["results"][0]["record_type"] == "statement" and failed["results"][0]["code"]


def test_a_file_over_the_limit_is_refused_before_it_is_kept(make_program: Any) -> None:
    program = make_program(upload_limit_bytes=1000)
    assert code(program.hand_in("amazon_v2_uk.txt")) == (413, "body_too_large")
    assert list(program.spool.iterdir()) == []


def test_uploads_are_gone_from_the_spool_when_they_were_taken_in(program: Program) -> None:
    assert program.hand_in("amazon_v2_uk.txt").status_code == 202
    assert list(program.spool.iterdir()) == []


def test_while_a_file_arrives_its_reader_gets_ready(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    @contextmanager
    def expected(size: int) -> Iterator[None]:
        told.append(size)
        yield

    monkeypatch.setattr(settlements, "expected", expected)
    program.hand_in("june.txt", b"x" * 500)
    assert told == [500]


def test_the_same_file_once_more_changes_nothing(program: Program) -> None:
    first = program.settlement()
    again = program.hand_in("amazon_v2_uk.txt")
    program.house.jobs.run_all()
    done = program.get(again.headers["location"]).json()
    assert (done["state"], done["progress"]["skipped"]) == ("succeeded", 1)
    assert [(each["record_id"], each["outcome"], each["code"]) for each in done["results"]] == [
        (first, "skipped", "already_imported")
    ]


def test_an_unknown_label_is_shown_with_its_rows_and_explained(program: Program) -> None:
    settlement = program.settlement("amazon_v2_unknown_type.txt")
    shown = program.get(f"/api/settlements/{settlement}/labels")
    label = shown.json()["labels"][0]
    assert label["rows"] >= len(label["samples"]) > 0 and label["currency"] and Decimal(label["amount"])
    assert label["samples"][0]["label"] == label["label"]
    assert "unknown" not in shown.json()["categories"]
    refused = explained(program, settlement, "wonderful")
    assert (code(refused), field_codes(refused)) == ((422, "validation_failed"), {"category": "not_allowed"})
    answer = explained(program, settlement)
    assert answer.status_code == 200 and answer.json()["settlements_changed"] == 1
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert program.get(f"/api/settlements/{settlement}").json()["status"] == "ready"
    assert program.get(f"/api/settlements/{settlement}/labels").json()["labels"] == []


def test_b15_who_did_not_see_the_present_mapping_changes_nothing(program: Program) -> None:
    settlement = program.settlement("amazon_v2_unknown_type.txt")
    at = f"/api/settlements/{settlement}/labels"
    shown = program.get(at)
    body = {"label": shown.json()["labels"][0]["label"], "category": "fee.other"}
    assert code(program.post(at, json=body)) == (428, "version_required")
    for old in ('"0"', "nonsense", '"99"', ""):
        answer = program.post(at, json=body, headers={"If-Match": old})
        assert code(answer) == (412, "version_mismatch"), old
        assert answer.headers["etag"] == shown.headers["etag"]
    assert program.get(at).content == shown.content
    other = program.post(at, json=body | {"label": ["Never", "seen"]}, headers={"If-Match": shown.headers["etag"]})
    assert (code(other), field_codes(other)) == ((422, "validation_failed"), {"label": "not_allowed"})


def test_only_the_plan_that_was_seen_is_sent(program: Program) -> None:
    settlement = program.settlement()
    program.house.connect()
    at = f"/api/settlements/{settlement}"
    present = program.get(f"{at}/preview").headers["etag"]
    answer = program.post(f"{at}/send", headers={"If-Match": '"0000"'})
    assert code(answer) == (412, "version_mismatch") and answer.headers["etag"] == present
    assert program.get("/api/operations?kind=send").json()["data"] == []
    assert program.post(f"{at}/send", headers={"If-Match": present}).status_code == 202


def test_b7_what_cannot_be_sent_says_its_state_and_the_next_step(program: Program) -> None:
    house = program.house
    house.connect()
    unknown, sent = program.settlement("amazon_v2_unknown_type.txt"), program.settlement()
    assert house.send(sent).state == "done"
    for settlement, state, step in (
        (unknown, "Unknown rows", "Say what each label means"),
        (sent, "Sent", "nothing to do"),
    ):
        answer = program.post(f"/api/settlements/{settlement}/send")
        assert code(answer) == (409, "state_conflict")
        assert state in answer.json()["detail"] and step in answer.json()["detail"]
    assert program.post(f"/api/settlements/{unknown}/send").json()["problem"] == "row-type-unknown"
    assert len(program.get("/api/operations?kind=send").json()["data"]) == 1


def test_without_books_nothing_is_sent_and_the_problem_is_named(program: Program) -> None:
    answer = program.post(f"/api/settlements/{program.settlement()}/send")
    assert code(answer) == (409, "connection_not_usable")
    assert answer.json()["problem"] == "connect-org-unlinked"
    assert answer.json()["retry"]["class"] == "after_reauth"


def test_several_are_sent_in_one_operation_or_none(program: Program) -> None:
    house = program.house
    house.connect()
    ids = [program.settlement(sample) for sample in ("amazon_v2_uk.txt", "amazon_v2_uk_two_months.txt")]
    unknown = program.settlement("amazon_v2_unknown_type.txt")
    refused = program.post("/api/settlements/send", json={"settlement_ids": [*ids, "none"]})
    assert (code(refused), field_codes(refused)) == (
        (404, "record_not_found"),
        {"settlement_ids[2]": "record_not_found"},
    )
    assert code(program.post("/api/settlements/send", json={"settlement_ids": [*ids, unknown]}))[0] == 409
    assert program.get("/api/operations?kind=send").json()["data"] == []
    accepted = program.post("/api/settlements/send", json={"settlement_ids": [*ids, ids[0]]})
    assert accepted.status_code == 202 and accepted.json()["progress"] == {
        "total": 2,
        "succeeded": 0,
        "failed": 0,
        "blocked": 0,
        "skipped": 0,
        "open": 2,
    }
    house.jobs.run_all()
    done = program.get(accepted.headers["location"]).json()
    assert (done["state"], done["progress"]["succeeded"], done["results_total"]) == ("succeeded", 2, 2)


def test_what_is_on_its_way_joins_the_operation_that_sends_it(program: Program) -> None:
    house = program.house
    house.connect()
    settlement = program.settlement()
    house.world.arm("outage", count=None)
    first = program.post(f"/api/settlements/{settlement}/send")
    house.jobs.run_all()
    assert program.get(f"/api/settlements/{settlement}").json()["status"] in (Status.QUEUED, Status.SENDING)
    again = program.post(f"/api/settlements/{settlement}/send")
    assert again.status_code == 202 and again.json()["operation_id"] == first.json()["operation_id"]
