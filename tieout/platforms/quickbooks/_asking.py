"""How one call to QuickBooks is put and its answer opened; queries and their pages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import NAMESPACE_URL, uuid5

from tieout.calls import TIMEOUT_SECONDS, Answer, Call, Request, correlation_id, lost_answer
from tieout.core.failure import Unreachable
from tieout.platforms import Access, App
from tieout.platforms._exact import Unreadable, tree
from tieout.platforms.quickbooks.errors import fault_in, read_error

JSON = "application/json"
MINOR_VERSION = "75"  # lower ones are answered as this one since August 2025
PAGE_SIZE = 1000
_MOST_PAGES = 100
_PLAIN_KEY = re.compile(r"[A-Za-z0-9-]{1,36}")

# Field, operator and value, or values for IN.
Condition = tuple[str, str, str | Sequence[str | bool]]


def ask(
    access: Access,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: bytes | None = None,
    key: str = "",
    content_type: str = JSON,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Request:
    """A request below the company's address. A part of `path` made by `named` keeps its value out of records."""
    headers = {"Authorization": f"Bearer {access.token.reveal()}", "Accept": JSON}  # without it the answer is XML
    if body is not None:
        headers["Content-Type"] = content_type
    question = {**(query or {}), "minorversion": MINOR_VERSION}
    if key:
        question["requestid"] = request_id(key)
    parts = [part.partition("=") for part in path.split("/")]
    filled = "/".join(value if equals else name for name, equals, value in parts)
    company = f"{access.app.urls['api']}/v3/company/{quote(access.books_id, safe='')}"
    return Request(
        method=method,
        url=f"{company}/{filled}?{urlencode(question, quote_via=quote)}",
        headers=headers,
        body=body,
        template=f"/v3/company/{{id}}/{'/'.join(name for name, _, _ in parts)}",
        timeout_seconds=timeout_seconds,
        is_write=method != "GET",
    )


def request_id(key: str) -> str:
    """The key where Intuit takes it as it is (36 characters fit every call, a batch too), else one made of it."""
    return key if _PLAIN_KEY.fullmatch(key) else str(uuid5(NAMESPACE_URL, key))


def named(name: str, value: str) -> str:
    """One part of a path that holds a value: the template shows only its name."""
    return f"{{{name}}}={quote(value, safe='')}"


def opened(request: Request, answer: Answer) -> dict[str, Any]:
    """What an answer holds. Raises what it says instead, also inside a 200, or that it cannot be read."""
    if not 200 <= answer.status < 300:
        raise read_error(request, answer)
    with reading(request, answer):
        found = tree(answer.body)
        if not isinstance(found, dict):
            raise Unreadable("the answer is no object")
    if fault_in(found):
        raise read_error(request, answer)
    return found


def held(request: Request, answer: Answer, name: str) -> dict[str, Any]:
    """The one record that an answer holds under its name."""
    found = opened(request, answer).get(name)
    with reading(request, answer):
        if not isinstance(found, dict):
            raise Unreadable(f"the answer holds no {name}")
    return found


def read(call: Call, access: Access, path: str, name: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The record that a GET answers with. Raises a RemoteError."""
    request = ask(access, "GET", path, query)
    return held(request, call(request), name)


def rows(call: Call, access: Access, entity: str, *conditions: Condition, order: str = "") -> Iterator[dict[str, Any]]:
    """Every record that meets all conditions, page by page, read as far as it is asked for. Raises a RemoteError."""
    where = f" WHERE {' AND '.join(map(_clause, conditions))}" if conditions else ""
    sorted_by = f" ORDERBY {order}" if order else ""
    for page in range(_MOST_PAGES):
        limits = f"STARTPOSITION {page * PAGE_SIZE + 1} MAXRESULTS {PAGE_SIZE}"
        request = ask(access, "GET", "query", {"query": f"SELECT * FROM {entity}{where}{sorted_by} {limits}"})
        answer = call(request)
        found = opened(request, answer).get("QueryResponse", {})
        with reading(request, answer):
            some = found.get(entity, []) if isinstance(found, dict) else None  # nothing found: the key is left out
            if not isinstance(some, list) or not all(isinstance(each, dict) for each in some):
                raise Unreadable(f"the answer has no list {entity}")
        yield from some
        if len(some) < PAGE_SIZE:
            return
    raise Unreachable(f"more than {_MOST_PAGES} pages of {PAGE_SIZE} {entity}", code="answer-too-large")


def _clause(condition: Condition) -> str:
    field, operator, value = condition
    told = _literal(value) if isinstance(value, str) else f"({', '.join(map(_literal, value))})"
    return f"{field} {operator} {told}"


def _literal(value: str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def is_sandbox(app: App) -> bool:
    """Whether the companies are Intuit's for trying out, which have addresses of their own."""
    return (urlsplit(app.urls["api"]).hostname or "").startswith("sandbox")


@contextmanager
def understood() -> Iterator[None]:
    """Inside, what was read and cannot be understood is as good as not read."""
    try:
        yield
    except Unreadable as error:
        raise Unreachable(str(error), code="answer-unreadable") from error


@contextmanager
def reading(request: Request, answer: Answer) -> Iterator[None]:
    """Inside, what cannot be read says nothing of what a write has done."""
    try:
        yield
    except Unreadable as error:
        raise lost_answer(
            request, str(error), code="answer-unreadable", status=answer.status, correlation_id=correlation_id(answer)
        ) from error
