"""How refusals leave: the API's `Fault`, the gateway's lower-case `fault`, and the pages of what stands before both."""

from __future__ import annotations

from typing import Any

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.quickbooks import wire
from tieout.sandbox.quickbooks.state import Books, Fault

HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
PAGES = {502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out"}


class Refused(Exception):
    """A request is refused with this answer; nothing was written."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def fault(books: Books, request: Request, found: Fault, status: int | None = None) -> Answer:
    """The API's own shape; `status` stands in for the fault's, since HTTP 200 may carry one."""
    return wire.render(request, found.status if status is None else status, fault_doc(books, found), books.clock.now())


def fault_doc(books: Books, found: Fault) -> Doc:
    form = str(books.switches["element_form"])
    errors: list[Doc] = []
    for error in found.errors:
        doc: Doc = {"Message": error.message, "Detail": error.detail, "code": error.code}
        if error.element or form != "absent":
            doc["element"] = error.element or (None if form == "null" else "")
        errors.append(doc)
    return {"Fault": {"Error": errors, "type": found.kind}}


def gateway(
    books: Books, request: Request, status: int, code: int, name: str, detail: str, kind: str = "AUTHENTICATION"
) -> Answer:
    """The gateway's shape, as recorded: lower-case keys, much null, the time as a number."""
    error: Doc = {"message": f"message={name}; errorCode={code:06d}; statusCode={status}", "detail": detail}
    error |= {"code": _coded(code, str(books.switches["code_form"])), "element": None}
    if not wire.wants_json(request):
        upper = {"Message": error["message"], "Detail": detail, "code": f"{code:06d}"}
        return wire.render(request, status, {"Fault": {"Error": [upper], "type": kind}}, books.clock.now())
    whole: Doc = {"warnings": None, "intuitObject": None, "fault": {"error": [error], "type": kind}}
    whole |= {"report": None, "queryResponse": None, "batchItemResponse": [], "attachableResponse": []}
    whole |= {"syncErrorResponse": None, "requestId": None, "time": int(books.clock.now().timestamp() * 1000)}
    return Answer(status, wire.to_json(whole | {"status": None, "cdcresponse": []}).encode(), wire.JSON_TYPE)


def no_token(books: Books, request: Request) -> Answer:
    return gateway(books, request, 401, 3202, "EmptyField", "oauth_token is empty")


def bad_header(books: Books, request: Request) -> Answer:
    return gateway(books, request, 401, 100, "General Authentication Error", "The authorization header is not valid")


def token_unknown(books: Books, request: Request) -> Answer:
    return gateway(books, request, 401, 3200, "AuthenticationFailed", "Malformed bearer token: could not be verified")


def token_expired(books: Books, request: Request, mark: str) -> Answer:
    return gateway(books, request, 401, 3200, "AuthenticationFailed", f"Token expired: AB01{mark}")


def not_authorised(books: Books, request: Request) -> Answer:
    """3100: another company, keys of the other environment, or disconnected."""
    return gateway(
        books, request, 403, 3100, "ApplicationAuthorizationFailed", "Application is not authorized for this company"
    )


def too_many(books: Books, request: Request, what: str, retry_after: int | None) -> Answer:
    """429. The waiting time is told when the switch says so; it is not reliably sent."""
    told = f"You have exceeded the throttle limit of {what}; wait and try again."
    answer = gateway(books, request, 429, 3001, "ThrottleExceeded", told, "SERVICE")
    if retry_after is None or not books.switches["retry_after"]:
        return answer
    return answer.with_headers(("Retry-After", str(retry_after)))


def html(status: int) -> Answer:
    """What a proxy before the API answers; it knows nothing of JSON."""
    title = PAGES.get(status, f"{status} Error")
    return Answer(status, HTML.format(title).encode(), "text/html")


def not_found() -> Answer:
    """404: the path or the company is wrong; nothing behind it has read the request."""
    return Answer(404, HTML.format("404 Not Found").encode(), "text/html")


def unknown(request: Request) -> Answer:
    """An address that the stand-in does not have, named, so that nobody takes it for the vendor's answer."""
    told = f"The QuickBooks stand-in has no address {request.method} {request.path}"
    return Answer(501, told.encode(), "text/plain; charset=utf-8")


def _coded(code: int, form: str) -> Any:
    return {"zeros": f"{code:06d}", "number": code}.get(form, str(code))
