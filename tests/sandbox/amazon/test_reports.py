"""The Reports API: what is listed, in which pages, what a wrong question is told; documents and their store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest

from tests.sandbox.amazon.selling import API, START, V2, Caller, london, total_and_sum
from tieout.sandbox.amazon import of


@pytest.fixture
def caller() -> Caller:
    found = london()
    found.world.stand_in.switches["throttles"] = False
    return found


def test_reports_are_listed_newest_first_and_none_is_older_than_ninety_days(caller: Caller) -> None:
    found = [row["createdTime"] for row in caller.all_reports()]
    assert found == sorted(found, reverse=True) and len(found) > 10
    assert found[-1] >= (START - timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%S")
    listed = [one for one in caller.world.evidence("settlements") if not one["is_listed"]]
    assert len(listed) >= 2, "older ones exist and are archived"


def test_pages_follow_by_a_token_that_stands_alone(caller: Caller) -> None:
    whole = [row["reportId"] for row in caller.all_reports()]
    found, token = [], ""
    while True:
        reply = caller.ask("GET", f"{API}/reports?nextToken={quote(token)}") if token else caller.reports(pageSize="4")
        found += [row["reportId"] for row in reply.doc["reports"]]
        token = reply.doc.get("nextToken", "")
        if not token:
            break
    assert found == whole
    mixed = caller.ask("GET", f"{API}/reports?nextToken=x&pageSize=4")
    assert mixed.error[:2] == (400, "InvalidInput")
    assert caller.ask("GET", f"{API}/reports?nextToken=x").error[:2] == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"reportTypes": ""}, "Either reportTypes or nextToken is required"),
        ({"pageSize": "101"}, "between 1 and 100"),
        ({"pageSize": "0"}, "between 1 and 100"),
        ({"processingStatuses": "READY"}, "Invalid processingStatuses READY"),
        ({"createdSince": "last week"}, "Invalid createdSince"),
        ({"marketplaceIds": "ATVPDKIKX0DER"}, "Invalid marketplaceIds ATVPDKIKX0DER"),
        ({"reportTypes": ",".join(f"A{n}" for n in range(11))}, "at most 10"),
    ],
)
def test_a_wrong_question_is_a_400(caller: Caller, query: dict[str, str], words: str) -> None:
    status, code, message, _ = caller.reports(**query).error
    assert (status, code) == (400, "InvalidInput") and words in message


def test_filters_by_marketplace_time_status_and_type(caller: Caller) -> None:
    british = caller.all_reports(marketplaceIds="A1F83G8C2ARO7P")
    assert british and all(row["marketplaceIds"] == ["A1F83G8C2ARO7P"] for row in british)
    since = "2026-11-01T00:00:00Z"
    assert all(row["createdTime"] >= "2026-11-01" for row in caller.all_reports(createdSince=since))
    assert all(row["createdTime"] <= "2026-11-01" for row in caller.all_reports(createdUntil=since))
    assert caller.all_reports(processingStatuses="FATAL,CANCELLED") == []
    assert caller.ask("GET", f"{API}/reports?reportTypes=GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE").doc["reports"] == []


def test_parameters_nobody_knows_are_passed_over(caller: Caller) -> None:
    assert caller.all_reports(MarketplaceId="ATVPDKIKX0DER") == caller.all_reports()


def test_a_settlement_of_four_marketplaces_is_listed_twice_unless_switched_off(caller: Caller) -> None:
    for one in caller.world.evidence("settlements"):
        assert len(one["reports"]) == (2 if one["currency"] == "EUR" else 1)
    again = london()
    again.world.reset("empty")
    of(again.world).switches["listed_twice"] = False
    assert again.world.evidence("reports") == []


def test_a_new_settlement_appears_when_its_time_has_come(caller: Caller) -> None:
    before = {row["reportId"] for row in caller.all_reports()}
    caller.world.clock.advance(15 * 86_400)
    caller.sign_in()
    fresh = [row for row in caller.all_reports() if row["reportId"] not in before]
    assert len(fresh) == 3, "one in pounds, and one in euros that is listed twice"
    gone = before - {row["reportId"] for row in caller.all_reports()}
    assert gone, "and others are past their ninety days"


@pytest.mark.parametrize(("archived", "status"), [("not-found", 404), ("invalid", 400)])
def test_what_is_past_ninety_days_is_gone(caller: Caller, archived: str, status: int) -> None:
    caller.world.stand_in.switches["archived"] = archived
    old = min(caller.world.evidence("reports"), key=lambda row: row["created"])
    assert caller.ask("GET", f"{API}/reports/{old['id']}").status == status
    assert caller.ask("GET", f"{API}/documents/{old['document']}").status == status


def test_one_report_is_shown_as_in_the_list_and_an_unknown_one_is_not_found(caller: Caller) -> None:
    row = caller.all_reports()[0]
    assert caller.ask("GET", f"{API}/reports/{row['reportId']}").doc == row
    assert caller.ask("GET", f"{API}/reports/1").error[:2] == (404, "NotFound")


@pytest.mark.parametrize(("kind", "number"), [(V2, 1118), ("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE", 1117)])
def test_settlement_reports_cannot_be_requested(caller: Caller, kind: str, number: int) -> None:
    reply = caller.ask("POST", f"{API}/reports", {"reportType": kind, "marketplaceIds": ["A1F83G8C2ARO7P"]})
    assert reply.error[:3] == (400, "InvalidInput", f"Request for report type {number} is not allowed at this time")


def test_a_request_without_marketplaces_says_what_is_missing(caller: Caller) -> None:
    assert caller.ask("POST", f"{API}/reports", {"reportType": V2}).error[2:] == (
        "One or more required parameters missing",
        "marketplaceIds;",
    )
    made = caller.ask("POST", f"{API}/reports", {"reportType": "GET_VAT_TRANSACTION_DATA", "marketplaceIds": ["x"]})
    assert made.status == 501


def test_only_what_waits_can_be_cancelled(caller: Caller) -> None:
    row = caller.all_reports()[0]
    assert caller.ask("DELETE", f"{API}/reports/{row['reportId']}").status == 400
    caller.world.hand("report-status", status="IN_QUEUE")
    shown = caller.ask("GET", f"{API}/reports/{row['reportId']}").doc
    assert "reportDocumentId" not in shown and "processingEndTime" not in shown
    assert caller.ask("DELETE", f"{API}/reports/{row['reportId']}").status == 200
    assert caller.ask("GET", f"{API}/reports/{row['reportId']}").doc["processingStatus"] == "CANCELLED"


def test_every_listed_settlement_adds_up_to_its_total_and_to_the_answer_sheet(caller: Caller) -> None:
    told = {one["id"]: one for one in caller.world.evidence("settlements")}
    seen = set()
    for row in caller.all_reports():
        body, kind = caller.download(row["reportDocumentId"])
        euros = "Cp1252" in kind
        stated, summed = total_and_sum(body, "cp1252" if euros else "utf-8", "," if euros else ".")
        settlement = body.splitlines()[1].split(b"\t")[0].decode()
        assert stated == summed == Decimal(told[settlement]["total"])
        seen.add(settlement)
    assert seen == {one["id"] for one in told.values() if one["is_listed"]}


def test_a_debt_is_carried_into_the_next_settlement_and_charged(caller: Caller) -> None:
    rows = [one for one in caller.world.evidence("settlements") if one["currency"] == "EUR"]
    at = next(at for at, one in enumerate(rows) if Decimal(one["total"]) < 0)
    full = caller.world.evidence("settlements", settlement=rows[at + 1]["id"])[0]
    amounts = {one["name"]: Decimal(one["amount"]) for one in full["categories"]}
    assert amounts["balance.payable_to_amazon"] == Decimal(rows[at]["total"]) == -amounts["balance.successful_charge"]


def test_an_address_lives_five_minutes_and_asks_for_nothing_else(caller: Caller) -> None:
    url = caller.ask("GET", f"{API}/documents/{caller.all_reports()[0]['reportDocumentId']}").doc["url"]
    assert caller.fetch(url).status == 200
    assert caller.fetch(url, authorization="Bearer x").status == 400
    assert caller.fetch(url.replace("Signature=", "Signature=0")).status == 403
    caller.world.clock.advance(299)
    assert caller.fetch(url).status == 200
    caller.world.clock.advance(1)
    late = caller.fetch(url)
    assert (late.status, late.content_type) == (403, "application/xml") and b"Request has expired" in late.body


def test_an_unknown_document_is_a_400(caller: Caller) -> None:
    assert caller.ask("GET", f"{API}/documents/50311019412").error[:3] == (
        400,
        "InvalidInput",
        "Invalid reportDocumentId 50311019412",
    )


@pytest.mark.parametrize("packed", ["always", "never", "mixed"])
def test_documents_may_be_packed_and_hold_the_same(caller: Caller, packed: str) -> None:
    rows = caller.all_reports()
    caller.world.stand_in.switches["gzip"] = packed
    told = [caller.ask("GET", f"{API}/documents/{row['reportDocumentId']}").doc for row in rows]
    seen = {"compressionAlgorithm" in one for one in told}
    assert seen == {"always": {True}, "never": {False}, "mixed": {True, False}}[packed]
    body, _ = caller.download(rows[0]["reportDocumentId"])
    assert body.startswith(b"settlement-id\t")


def test_a_packed_document_says_so_in_a_header_when_it_was_asked_to(caller: Caller) -> None:
    caller.world.stand_in.switches["gzip"] = "always"
    document = caller.all_reports()[0]["reportDocumentId"]
    for wanted, headers in (("true", (("Content-Encoding", "gzip"),)), ("false", ())):
        told = caller.ask("GET", f"{API}/documents/{document}?enableContentEncodingUrlHeader={wanted}").doc
        assert caller.fetch(told["url"]).headers == headers


@pytest.mark.parametrize(
    ("charset", "kinds"),
    [
        ("right", {"text/plain;charset=UTF-8", "text/plain;charset=Cp1252"}),
        ("wrong", {"text/plain;charset=UTF-8", "text/plain;charset=Cp1252"}),
        ("absent", {"text/plain"}),
    ],
)
def test_the_charset_is_right_wrong_or_absent(caller: Caller, charset: str, kinds: set[str]) -> None:
    caller.world.stand_in.switches["charset"] = charset
    seen, truthful = set(), set()
    for row in caller.all_reports():
        body, kind = caller.download(row["reportDocumentId"])
        seen.add(kind)
        truthful.add(("Cp1252" in kind) == (b"\r\n" in body))
    assert seen == kinds
    if charset != "absent":
        assert truthful == {charset == "right"}
