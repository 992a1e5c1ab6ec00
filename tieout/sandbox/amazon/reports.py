"""The Reports API: list, get, create (refused for settlements), cancel; what each says to a wrong question."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tieout.sandbox import Answer, Doc
from tieout.sandbox.amazon import settlements
from tieout.sandbox.amazon.gate import Asked
from tieout.sandbox.amazon.marketplaces import region_of
from tieout.sandbox.amazon.refusals import Refused, invalid, not_found
from tieout.sandbox.amazon.settlements import RETAINED, SETTLEMENT_TYPES

STATUSES = frozenset({"CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE"})
FILTERS = ("reportTypes", "processingStatuses", "marketplaceIds", "pageSize", "createdSince", "createdUntil")
LISTS_MOST = 10


def many(asked: Asked) -> Answer:
    """getReports: newest first; the token of a next page carries its filters and stands alone."""
    token = asked.request.param("nextToken")
    if token is not None:
        if any(asked.request.param(name) is not None for name in FILTERS):
            raise Refused(invalid("nextToken cannot be specified with any other parameter"))
        wanted, skip = _read_token(token)
    else:
        wanted, skip = _wanted(asked), 0
    rows = [row for row in settlements.listed(asked.sellers, asked.seller["id"], asked.region) if _fits(row, wanted)]
    page = rows[skip : skip + wanted["size"]]
    body: Doc = {"reports": [_shown(row) for row in page]}
    if skip + wanted["size"] < len(rows):
        body["nextToken"] = _token(wanted, skip + wanted["size"])
    return _json(200, body)


def one(asked: Asked, report_id: str) -> Answer:
    return _json(200, _shown(find(asked, report_id)))


def create(asked: Asked) -> Answer:
    """Settlement reports come by themselves: asking for one is refused. No other type is covered."""
    told = _body(asked)
    missing = [name for name in ("reportType", "marketplaceIds") if not told.get(name)]
    if missing:
        raise Refused(invalid("One or more required parameters missing", "".join(f"{name};" for name in missing)))
    kind = str(told["reportType"])
    if kind in SETTLEMENT_TYPES:
        raise Refused(invalid(f"Request for report type {SETTLEMENT_TYPES[kind]} is not allowed at this time"))
    return Answer(501, f"The Amazon stand-in makes no report of type {kind}".encode(), "text/plain; charset=utf-8")


def cancel(asked: Asked, report_id: str) -> Answer:
    row = find(asked, report_id)
    if row["status"] != "IN_QUEUE":
        raise Refused(invalid(f"Report {report_id} is in {row['status']} state and cannot be cancelled"))
    asked.sellers.shelf.put("report", row["id"], row | {"status": "CANCELLED"})
    return _json(200, {})


def find(asked: Asked, report_id: str) -> Doc:
    """Raises Refused: 404, or as the switch `archived` says for one that is older than 90 days."""
    settlements.publish(asked.sellers)
    row = asked.sellers.shelf.get("report", report_id)
    if row is None or row["seller"] != asked.seller["id"] or row["region"] != asked.region or row["hidden"]:
        raise Refused(not_found(f"Report {report_id} was not found"))
    if row["created"] < asked.now - RETAINED:
        raise Refused(archived(asked, f"Invalid reportId {report_id}"))
    return row


def archived(asked: Asked, message: str) -> Answer:
    return invalid(message) if asked.sellers.switches["archived"] == "invalid" else not_found()


def _wanted(asked: Asked) -> Doc:
    types = _listed(asked, "reportTypes")
    if not types:
        raise Refused(invalid("Either reportTypes or nextToken is required"))
    statuses, marketplaces = _listed(asked, "processingStatuses"), _listed(asked, "marketplaceIds")
    wrong = [status for status in statuses if status not in STATUSES]
    if wrong:
        raise Refused(invalid(f"Invalid processingStatuses {', '.join(wrong)}"))
    elsewhere = [one for one in marketplaces if region_of(one) != asked.region]
    if elsewhere:
        raise Refused(invalid(f"Invalid marketplaceIds {', '.join(elsewhere)}"))
    since, until = _moment(asked, "createdSince"), _moment(asked, "createdUntil")
    wanted: Doc = {"types": types, "statuses": statuses, "marketplaces": marketplaces, "size": _size(asked)}
    return wanted | {"since": since, "until": until}


def _listed(asked: Asked, name: str) -> list[str]:
    """A list as Amazon reads it: parted by commas; a name repeated counts too."""
    given = [value for key, value in asked.request.query if key == name]
    found = [each.strip() for value in given for each in value.split(",") if each.strip()]
    if len(found) > LISTS_MOST:
        raise Refused(invalid(f"{name} must have at most {LISTS_MOST} values"))
    return found


def _size(asked: Asked) -> int:
    given = asked.request.param("pageSize")
    if given is None:
        return 10
    if not re.fullmatch(r"\d{1,3}", given) or not 1 <= int(given) <= 100:
        raise Refused(invalid("Invalid pageSize: it must be between 1 and 100"))
    return int(given)


def _moment(asked: Asked, name: str) -> str:
    given = asked.request.param(name)
    if given is None:
        return ""
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise Refused(invalid(f"Invalid {name} {given}")) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def _fits(row: Doc, wanted: Doc) -> bool:
    tests: tuple[tuple[Any, Callable[[], bool]], ...] = (
        (wanted["types"], lambda: row["type"] in wanted["types"]),
        (wanted["statuses"], lambda: row["status"] in wanted["statuses"]),
        (wanted["marketplaces"], lambda: not set(wanted["marketplaces"]).isdisjoint(row["marketplaces"])),
        (wanted["since"], lambda: row["created"] >= datetime.fromisoformat(wanted["since"])),
        (wanted["until"], lambda: row["created"] <= datetime.fromisoformat(wanted["until"])),
    )
    return all(test() for given, test in tests if given)


def _shown(row: Doc) -> Doc:
    shown: Doc = {
        "reportType": row["type"],
        "processingEndTime": _stamp(row["created"]),
        "processingStatus": row["status"],
        "marketplaceIds": row["marketplaces"],
        "reportDocumentId": row["document"],
        "reportId": row["id"],
        "dataEndTime": _stamp(row["end"]),
        "createdTime": _stamp(row["created"]),
        "processingStartTime": _stamp(row["created"]),
        "dataStartTime": _stamp(row["start"]),
    }
    if row["status"] != "DONE":
        del shown["reportDocumentId"]
    if row["status"] in {"IN_QUEUE", "IN_PROGRESS"}:
        del shown["processingEndTime"]
    return shown


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _token(wanted: Doc, skip: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([wanted, skip]).encode()).decode()


def _read_token(token: str) -> tuple[Doc, int]:
    try:
        wanted, skip = json.loads(base64.urlsafe_b64decode(token))
        return dict(wanted), int(skip)
    except (ValueError, TypeError):
        raise Refused(invalid("Invalid nextToken")) from None


def _body(asked: Asked) -> Doc:
    try:
        found = json.loads(asked.request.body)
    except ValueError:
        raise Refused(invalid("Invalid Input")) from None
    if not isinstance(found, dict):
        raise Refused(invalid("Invalid Input"))
    return found


def _json(status: int, body: Doc) -> Answer:
    return Answer(status, json.dumps(body).encode(), "application/json")
