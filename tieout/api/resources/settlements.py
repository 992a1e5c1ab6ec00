"""Settlements: the list, one of them down to its rows, what would be sent, taking one in, and sending."""

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from tieout.api import settlement_shapes as shapes
from tieout.api.auth import Caller, Calling
from tieout.api.errors import Declined, Mistake
from tieout.api.following import followed, issues_of
from tieout.api.idempotency import Repeatable
from tieout.api.operation_shapes import Operation
from tieout.api.paging import Cursor, Limit, Paging
from tieout.api.raw import Body, Received
from tieout.api.routes import Route
from tieout.api.settlement_shapes import Preview, Row, Settlement, SettlementDetail, StatusWord
from tieout.api.shapes import Page, answered, page_of
from tieout.api.strict import Asked, parsed
from tieout.people.tokens import Scope
from tieout.sync import operations, settlements
from tieout.sync.settlements import SettlementView, Stop

_MISSING = "record_not_found"


class SendMany(Asked):
    """All of them or none."""

    settlement_ids: list[Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]] = Field(
        min_length=1, max_length=500
    )


def listing(
    calling: Calling,
    paging: Paging,
    status: Annotated[StatusWord | None, Query(description="Only those with this status.")] = None,
    channel: Annotated[str, Query(max_length=32, description="Only those of this channel.")] = "",
    search: Annotated[
        str, Query(max_length=100, description="Words of number, site, currency, date, amount or document number.")
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Settlements, the newest end first."""
    filters = {"status": status or "", "channel": channel, "search": search}
    after = str(paging.read(filters, cursor) or "")
    found = settlements.listing(calling.tools, calling.organisation, search, status or "", channel, after, limit)
    held = issues_of(calling, [card.id for card in found.cards])
    following = paging.write(filters, found.next) if found.next else None
    data = [shapes.settlement(card, held.get(card.id)) for card in found.cards]
    return answered(page_of(data, limit, following))


def show(calling: Calling, id: str) -> Response:
    """One settlement with its parts, lines, proofs, and every attempt."""
    view = _view(calling, id)
    return answered(shapes.detail(view, issues_of(calling, [id]).get(id)), etag=f'"{view.card.version}"')


def show_rows(
    calling: Calling, paging: Paging, id: str, part: int, line: int, limit: Limit = 50, cursor: Cursor = ""
) -> Response:
    """The rows of the statement that one line sums, in the order of the file."""
    after = int(paging.read({}, cursor) or 0)
    found = settlements.rows(calling.tools, calling.organisation, id, part, line, after, limit)
    if found is None:
        raise Declined(_MISSING)
    following = paging.write({}, found.next) if found.next else None
    return answered(page_of([shapes.row(each) for each in found.rows], limit, following))


def preview(calling: Calling, id: str) -> Response:
    """What would be sent now, to the byte, without sending it. The ETag is the plan's hash."""
    view = _view(calling, id)
    exact = settlements.preview(calling.tools, calling.organisation, id)
    if exact is None:
        raise Declined(_MISSING)
    response = answered(shapes.preview(view, exact))
    if view.plan is not None:
        response.headers["ETag"] = f'"{view.plan.hash}"'
    return response


def take_in(
    request: Request,
    calling: Calling,
    repeatable: Repeatable,
    received: Received,
    filename: Annotated[str, Query(min_length=1, max_length=255, description="What the file is called; only shown.")],
) -> Response:
    """Take in a statement as the channel gave it: its bytes are the body. The operation names the settlements."""

    def carry_out() -> Response:
        operation = settlements.receive(calling.tools, calling.actor, filename, received.path)
        return _accepted(request, calling, operation)

    return repeatable(received.digest, carry_out)


def send(request: Request, calling: Calling, repeatable: Repeatable, id: str) -> Response:
    """Send one settlement. With `If-Match`, the ETag of its preview, only if that is still what would be sent."""

    def carry_out() -> Response:
        return _sent(request, calling, (id,), _shown(request, calling, id))

    return repeatable(b"", carry_out)


def send_many(
    request: Request,
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[SendMany, Depends(parsed(SendMany))],
) -> Response:
    """Send several settlements in one operation: all of them or none."""
    return repeatable(body, lambda: _sent(request, calling, tuple(dict.fromkeys(asked.settlement_ids)), is_many=True))


def _view(calling: Caller, id: str) -> SettlementView:
    view = settlements.view(calling.tools, calling.organisation, id)
    if view is None:
        raise Declined(_MISSING)
    return view


def _shown(request: Request, calling: Caller, id: str) -> dict[str, str]:
    """The plan that the caller saw; it is compared once more in the moment in which it is frozen."""
    seen = request.headers.get("if-match")
    if seen is None or seen == "*":
        return {}
    view = _view(calling, id)
    present = f'"{view.plan.hash}"' if view.plan else '""'
    if seen != present:
        detail = f"What would be sent now has the hash {present}. Look at the preview again."
        raise Declined("version_mismatch", detail, headers={"ETag": present})
    return {id: seen.strip('"')}


def _sent(
    request: Request, calling: Caller, ids: tuple[str, ...], shown: dict[str, str] | None = None, is_many: bool = False
) -> Response:
    asked = settlements.ask_to_send(calling.tools, calling.actor, ids, shown)
    match asked.stop:
        case Stop.UNKNOWN:
            path = f"settlement_ids[{ids.index(asked.settlement)}]" if is_many else ""
            fields = (Mistake(path, _MISSING, "No settlement with this id."),) if is_many else ()
            raise Declined(_MISSING, "Nothing was started." if is_many else "", fields)
        case Stop.STATE:
            issue = issues_of(calling, [asked.settlement]).get(asked.settlement)
            raise Declined("state_conflict", asked.message, problem=asked.problem or None, issue=issue)
        case Stop.NO_BOOKS:
            raise Declined("connection_not_usable", asked.message, problem=asked.problem or None)
    response = followed(request, calling, asked.operation, is_new=True)
    assert response is not None, "it was begun just now"
    return response


def _accepted(request: Request, calling: Caller, id: str) -> Response:
    """A file that no channel knows is refused at once, with every reason; its operation stays to be looked at."""
    stored = operations.view(calling.tools, calling.organisation, id)
    refused = stored.result.get("refused", ()) if stored and stored.ended_at else ()
    if refused:
        mistakes = tuple(
            Mistake(f"row {each['row']}" if each.get("row") else "file", each["code"], each["message"])
            for each in refused
        )
        raise Declined("validation_failed", mistakes[0].message, mistakes, "The file was refused", operation=id)
    response = followed(request, calling, id, is_new=True)
    assert response is not None, "it was begun just now"
    return response


ROUTES = (
    Route(
        "GET",
        "/api/settlements",
        listing,
        Scope.SETTLEMENTS_READ,
        "listSettlements",
        "Settlements in pages",
        {200: Page[Settlement]},
        ("cursor_invalid",),
    ),
    Route(
        "POST",
        "/api/settlements",
        take_in,
        Scope.SETTLEMENTS_IMPORT,
        "importStatement",
        "Take in a statement",
        {202: Operation, 200: Operation},
        takes_file=True,
        headers=("Prefer",),
    ),
    Route(
        "POST",
        "/api/settlements/send",
        send_many,
        Scope.SETTLEMENTS_SEND,
        "sendSettlements",
        "Send several settlements",
        {202: Operation, 200: Operation},
        (_MISSING, "state_conflict", "connection_not_usable"),
        body=SendMany,
        headers=("Prefer",),
    ),
    Route(
        "GET",
        "/api/settlements/{id}",
        show,
        Scope.SETTLEMENTS_READ,
        "getSettlement",
        "One settlement",
        {200: SettlementDetail},
        missing=_MISSING,
    ),
    Route(
        "GET",
        "/api/settlements/{id}/parts/{part}/lines/{line}/rows",
        show_rows,
        Scope.SETTLEMENTS_READ,
        "listRows",
        "The rows behind one line",
        {200: Page[Row]},
        ("cursor_invalid",),
        missing=_MISSING,
    ),
    Route(
        "GET",
        "/api/settlements/{id}/preview",
        preview,
        Scope.SETTLEMENTS_READ,
        "previewSettlement",
        "What would be sent (dry run)",
        {200: Preview},
        missing=_MISSING,
    ),
    Route(
        "POST",
        "/api/settlements/{id}/send",
        send,
        Scope.SETTLEMENTS_SEND,
        "sendSettlement",
        "Send one settlement",
        {202: Operation, 200: Operation},
        ("state_conflict", "connection_not_usable", "version_mismatch"),
        missing=_MISSING,
        headers=("Prefer", "If-Match"),
    ),
)
