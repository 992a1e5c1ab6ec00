"""How one call to Xero is put and its answer opened."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from tieout.calls import Answer, Call, Request, correlation_id, lost_answer
from tieout.platforms import Access
from tieout.platforms._exact import Unreadable, tree
from tieout.platforms.xero import wire
from tieout.platforms.xero.errors import read_error

_API = "/api.xro/2.0"
JSON = "application/json"


def ask(
    access: Access,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: bytes | None = None,
    key: str = "",
    content_type: str = JSON,
) -> Request:
    """A request below the accounting address. A part of `path` made by `named` keeps its value out of records."""
    headers = {
        "Authorization": f"Bearer {access.token.reveal()}",
        "Accept": JSON,  # without it the answer is XML
    }
    if not access.app.is_custom:  # its token reaches one organisation, and names it
        headers["xero-tenant-id"] = access.books_id
    if body is not None:
        headers["Content-Type"] = content_type
    if key:
        headers["Idempotency-Key"] = key
    question = f"?{urlencode(query, quote_via=quote)}" if query else ""
    parts = [part.partition("=") for part in path.split("/")]
    filled = "/".join(value if equals else name for name, equals, value in parts)
    return Request(
        method=method,
        url=f"{access.app.urls['api']}{_API}/{filled}{question}",
        headers=headers,
        body=body,
        template=f"{_API}/{'/'.join(name for name, _, _ in parts)}",
        is_write=method != "GET",
    )


def named(name: str, value: str) -> str:
    """One part of a path that holds a value: the template shows only its name."""
    return f"{{{name}}}={quote(value, safe='')}"


def listed(call: Call, access: Access, path: str, key: str, query: Mapping[str, str] | None = None) -> list[Any]:
    """The list that a GET answers with. Raises a RemoteError."""
    request = ask(access, "GET", path, query)
    return opened(request, call(request), key)


def opened(request: Request, answer: Answer, key: str) -> list[Any]:
    """The list in an answer. Raises what the answer says instead, or that it cannot be read."""
    if not 200 <= answer.status < 300:
        raise read_error(request, answer)
    with reading(request, answer):
        return wire.elements(tree(answer.body), key)


@contextmanager
def reading(request: Request, answer: Answer) -> Iterator[None]:
    """Inside, what cannot be read says nothing of what a write has done."""
    try:
        yield
    except Unreadable as error:
        raise lost_answer(
            request, str(error), code="answer-unreadable", status=answer.status, correlation_id=correlation_id(answer)
        ) from error
