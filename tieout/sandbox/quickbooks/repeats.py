"""`requestid`: the stored first answer instead of a second write, in one company, for a while; who is under way."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

from tieout.sandbox import Answer, Doc, Request
from tieout.sandbox.quickbooks.refusals import fault
from tieout.sandbox.quickbooks.state import Asked, Books

LONGEST, LONGEST_OF_BATCH = 50, 36
KEPT = timedelta(days=1)
_FORM = re.compile(r"[A-Za-z0-9_-]+")


def key(asked: Asked) -> str:
    """The request's id when it is a write and has one. Raises Fault 2130."""
    sent = asked.query.get("requestid")
    if sent is None or asked.request.method == "GET" or _last(asked.request) == "query":
        return ""
    longest = LONGEST_OF_BATCH if _last(asked.request) == "batch" else LONGEST
    if not _FORM.fullmatch(sent) or len(sent) > longest:
        raise fault("request-id-format")
    return sent


def place(realm: str, request_id: str) -> str:
    return f"{realm}/{request_id}"


def stored(books: Books, at: str, *, however_old: bool = False) -> Doc | None:
    """What was answered first under this id, as long as it is remembered."""
    row = books.shelf.get("requestid", at)
    memory = timedelta(seconds=float(books.switches["request_id_memory_seconds"]))
    return row if row is not None and (however_old or books.now() < row["at"] + memory) else None


def replayed(books: Books, request: Request, row: Doc) -> Answer:
    """The stored answer; a body that is another is evidence, and by switch refused. Raises Fault 600."""
    if row["request"] != digest(request):
        number = f"{books.shelf.count('conflict') + 1:09d}"
        books.shelf.put("conflict", number, {"requestid": row["id"], "at": books.now(), "path": request.path})
        if books.switches["request_id_conflict"] == "refuse":
            raise fault("duplicate-request")
    return Answer(row["status"], row["body"], row["content_type"])


def remember(books: Books, request: Request, at: str, answer: Answer) -> None:
    row: Doc = {"id": at, "at": books.now(), "request": digest(request), "status": answer.status}
    books.shelf.put("requestid", at, row | {"body": answer.body, "content_type": answer.content_type})
    # Longer than the vendor may remember, so that the fault `key-replay` has something to repeat.
    while (oldest := books.shelf.oldest("requestid")) is not None and oldest["at"] < books.now() - KEPT:
        books.shelf.drop("requestid", oldest["id"])


def digest(request: Request) -> str:
    told = sorted((name.lower(), value) for name, value in request.query if name.lower() != "minorversion")
    return hashlib.sha256(f"{request.method} {request.path.lower()}?{told}".encode() + b"\n" + request.body).hexdigest()


def _last(request: Request) -> str:
    return request.segments[-1].lower() if request.segments else ""
