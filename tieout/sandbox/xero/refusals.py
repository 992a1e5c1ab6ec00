"""How Xero refuses: each dialect of its errors with the right content type, in JSON or XML as was asked."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from tieout.sandbox import Answer, Doc, Request, text
from tieout.sandbox.xero import wire, xml

ZERO_ID = "00000000-0000-0000-0000-000000000000"
WENT_WRONG = (
    "An error occurred in Xero. Check the API Status page http://status.developer.xero.com for current service status."
)
NOT_PERMITTED = "You are not permitted to access this resource"
NO_GUID = "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
NEEDS_REPORTS = NOT_PERMITTED + " without the reporting role or higher privileges"


class Refused(Exception):
    """A request is refused with this answer; nothing was written."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def validation(request: Request, found: Sequence[Doc], one: str) -> Answer:
    """400 with the elements echoed, each with its messages. Recorded 2026-09-14; XML form recorded by xeroizer."""
    doc: Doc = {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": list(found),
    }
    if not wire.wants_json(request):
        doc["Elements"] = [{"xsi:type": one, "ValidationErrors": item["ValidationErrors"]} | item for item in found]
    return wire.render(request, 400, doc, "ApiException")


def plain_400(request: Request, number: int, kind: str, message: str) -> Answer:
    doc = {"ErrorNumber": number, "Type": kind, "Message": message}
    return wire.render(request, 400, doc, "ApiException")


def bad_content(request: Request, message: str) -> Answer:
    return plain_400(request, 14, "PostDataInvalidException", message)


def bad_guid(request: Request) -> Answer:
    return bad_content(request, NO_GUID)


def query_parse(request: Request, message: str) -> Answer:
    return plain_400(request, 16, "QueryParseException", message)


def nothing_sent(request: Request) -> Answer:
    told = "No data has been processed for this endpoint. This endpoint is expecting data to be specifed."
    return plain_400(request, 17, "NoDataProcessedException", told)


def high_volume(request: Request) -> Answer:
    told = "The request would return too many records; narrow it."
    return plain_400(request, 51, "HighVolumeException", told)


def key_conflict(request: Request, key: str, in_elements: bool) -> Answer:
    told = f"Idempotency Key: {key} is used with a different request."
    if in_elements:
        return validation(request, [{"ValidationErrors": [{"Message": told}]}], "Idempotency")
    return plain_400(request, 10, "ValidationException", told)


def problem(status: int, title: str, detail: str) -> Answer:
    doc: Doc = {"Title": title, "Status": status, "Detail": detail, "Instance": str(uuid.uuid4()), "Extensions": {}}
    # Recorded with "Type":null: this one body is written by Xero's front door, not by the API behind it.
    body = '{"Type":null,' + wire.to_json(doc)[1:]
    return Answer(status, body.encode(), "application/json")


def token_expired(at: datetime) -> Answer:
    return problem(401, "Unauthorized", f"TokenExpired: token expired at {at.strftime('%m/%d/%Y %H:%M:%S')}")


def token_unknown() -> Answer:
    return problem(401, "Unauthorized", "AuthenticationUnsuccessful")


def scope_missing() -> Answer:
    # Xero's own FAQ prints the error code misspelt.
    sign = ("WWW-Authenticate", 'Bearer error="insufficent_scope"')
    return problem(401, "Unauthorized", "AuthorizationUnsuccessful").with_headers(sign)


def not_connected() -> Answer:
    return problem(403, "Forbidden", "AuthenticationUnsuccessful")


def not_permitted(form: str, sentence: str = NOT_PERMITTED) -> Answer:
    """The role is too low. The wire form is not confirmed: `json`, `text` or `401`."""
    match form:
        case "text":
            return text(403, sentence)
        case "401":
            return problem(401, "Unauthorized", sentence)
    return problem(403, "Forbidden", sentence)


def not_found() -> Answer:
    return Answer(404, b"", "text/html")


def unsupported_type(request: Request) -> Answer:
    return text(415, "The content type of the request is not supported")


def too_many(kind: str, retry_after: int | None) -> Answer:
    """429 with an empty body and no content type. Recorded 2026-09-14."""
    waits = (("Retry-After", str(retry_after)),) if retry_after is not None else ()
    return Answer(429, headers=(("X-Rate-Limit-Problem", kind), *waits))


def broken() -> Answer:
    doc = {"Title": "An error occurred", "Detail": WENT_WRONG, "Status": 500, "Instance": str(uuid.uuid4())}
    return Answer(500, wire.to_json(doc).encode(), "application/json")


def offline(form: str) -> Answer:
    told = {
        "organisation": "The Organisation is offline",
        "maintenance": "The Xero API is currently offline for maintenance",
    }.get(form, "The Xero API is temporarily unavailable")
    return text(503, told, "text/plain")


def not_implemented() -> Answer:
    """501 as XML even when JSON was asked for: it is what was recorded."""
    doc = {
        "ErrorNumber": 20,
        "Type": "ApiMethodNotImplementedException",
        "Message": "The Api Method called is not implemented",
    }
    return Answer(501, xml.write("ApiException", doc), wire.XML_TYPE)
