"""Operations: what was asked for, how far it is, and what became of each record of it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from starlette.responses import Response

from tieout.api import operation_shapes
from tieout.api.auth import Caller, Calling
from tieout.api.errors import Declined
from tieout.api.following import cards_of, followed, issues_of
from tieout.api.operation_shapes import STATES, Operation, OperationResult, OperationSummary, State
from tieout.api.paging import Cursor, Limit, Paging
from tieout.api.routes import Route
from tieout.api.shapes import Page, answered, page_of
from tieout.people.tokens import Scope
from tieout.store import operations as rows
from tieout.store.engine import read
from tieout.sync import operations

Kind = Literal["import", "send", "check", "fetch"]
_MOST_READ = 1000


def listing(
    calling: Calling,
    paging: Paging,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    kind: Annotated[Kind | None, Query(description="Only those of this kind.")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Operations, the newest first."""
    filters: dict[str, str] = {"state": state or "", "kind": kind or ""}
    found, place = _found(calling, state or "", kind or "", _place(paging.read(filters, cursor)), limit)
    following = paging.write(filters, [place[0].isoformat(), place[1]]) if place else None
    return answered(page_of(found, limit, following))


def show(request: Request, calling: Calling, id: str) -> Response:
    """One operation. With `Prefer: wait=N` the answer waits for its end, 30 seconds at most."""
    response = followed(request, calling, id)
    if response is None:
        raise Declined("operation_not_found")
    return response


def show_results(calling: Calling, paging: Paging, id: str, limit: Limit = 50, cursor: Cursor = "") -> Response:
    """What became of each record, in the order in which they were named."""
    stored = operations.view(calling.tools, calling.organisation, id)
    if stored is None:
        raise Declined("operation_not_found")
    ids = operation_shapes.subjects(stored)
    begin = int(paging.read({}, cursor) or 0)
    # Refusals of a statement come first and need nothing looked up.
    refused = len(stored.result.get("refused", ()))
    cards = cards_of(calling, ids[max(begin - refused, 0) : max(begin + limit - refused, 0)])
    found = operation_shapes.results(stored, cards, issues_of(calling, list(cards)))
    following = paging.write({}, begin + limit) if len(found) > begin + limit else None
    return answered(page_of(found[begin : begin + limit], limit, following))


def _found(
    calling: Caller, state: str, kind: str, after: tuple[datetime, str] | None, limit: int
) -> tuple[list[OperationSummary], tuple[datetime, str] | None]:
    """A page, and where it ended when there is more. The exact state is only known once the results were read."""
    found: list[OperationSummary] = []
    states = STATES[state] if state else ()
    if state and not states:
        return found, None
    for _ in range(_MOST_READ // 50):
        with read(calling.tools.engines, calling.organisation) as db:
            stored = rows.listed(db, kind, states, after, 51)
        for each in stored[:50]:
            after = each.began_at, each.id
            if (shown := _shown(calling, each)).state == (state or shown.state):
                found.append(shown)
                if len(found) == limit:
                    return found, after if each is not stored[-1] else None
        if len(stored) <= 50:
            return found, None
    return found, after


def _shown(calling: Caller, stored: rows.Operation) -> OperationSummary:
    """Only an open one depends on where its settlements stand now."""
    ids = [] if stored.ended_at else operation_shapes.subjects(stored)[: operation_shapes.FIRST_RESULTS]
    return operation_shapes.summary(stored, calling.organisation, cards_of(calling, ids), calling.tools.now())


def _place(place: Any) -> tuple[datetime, str] | None:
    return (datetime.fromisoformat(place[0]), place[1]) if place else None


ROUTES = (
    Route(
        "GET",
        "/api/operations",
        listing,
        Scope.INTEGRATIONS_READ,
        "listOperations",
        "Operations in pages",
        {200: Page[OperationSummary]},
        ("cursor_invalid",),
    ),
    Route(
        "GET",
        "/api/operations/{id}",
        show,
        Scope.INTEGRATIONS_READ,
        "getOperation",
        "One operation",
        {200: Operation, 202: Operation},
        missing="operation_not_found",
        headers=("Prefer",),
    ),
    Route(
        "GET",
        "/api/operations/{id}/results",
        show_results,
        Scope.INTEGRATIONS_READ,
        "listOperationResults",
        "What became of each record",
        {200: Page[OperationResult]},
        ("cursor_invalid",),
        missing="operation_not_found",
    ),
)
