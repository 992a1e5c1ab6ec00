"""The audit log: who changed what, the newest first. Each entry's digest covers the entry and the digest before it."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from tieout.api.auth import Calling
from tieout.api.paging import Cursor, Limit, Paging
from tieout.api.routes import Route
from tieout.api.shapes import Moment, Page, Shape, answered, page_of
from tieout.core.chained import Entry
from tieout.people.tokens import Scope
from tieout.store import audit
from tieout.store.engine import read

Act = Annotated[str, Query(max_length=64, description="What was done, as `act` says it.")]
Who = Annotated[str, Query(max_length=36, description="By whom: the id in `person_id`.")]


class AuditEntry(Shape):
    """One change. `person_id` is null for the command line and for Tieout itself; `subject` names the object."""

    number: int
    at: Moment
    person_id: str | None
    name: str
    act: str
    subject: str
    details: dict[str, str]
    digest: str


def listing(
    calling: Calling, paging: Paging, act: Act = "", person_id: Who = "", limit: Limit = 50, cursor: Cursor = ""
) -> Response:
    """Every change of people, connections and the mapping, and every send, the newest first."""
    filters = {"act": act, "person_id": person_id}
    before = paging.read(filters, cursor)
    with read(calling.tools.engines, calling.organisation) as db:
        found = audit.newest(db, before, person_id, act, limit + 1)
    following = paging.write(filters, found[limit - 1].number) if len(found) > limit else None
    return answered(page_of([_shown(each) for each in found[:limit]], limit, following))


def _shown(entry: Entry) -> AuditEntry:
    event = entry.event
    return AuditEntry(
        number=entry.number,
        at=event.at,
        person_id=event.person or None,
        name=event.name,
        act=event.act,
        subject=event.subject,
        details=dict(event.details),
        digest=entry.digest,
    )


ROUTES = (
    Route(
        "GET",
        "/api/audit",
        listing,
        Scope.AUDIT_READ,
        "listAudit",
        "Who changed what, in pages",
        {200: Page[AuditEntry]},
        ("cursor_invalid",),
    ),
)
