"""Issues: the open causes, one of them in full, and carrying out a way out of it."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime, Field
from starlette.responses import Response

from tieout.api import issue_shapes
from tieout.api.auth import Caller, Calling
from tieout.api.errors import Declined, Mistake, refused_whole
from tieout.api.idempotency import Repeatable
from tieout.api.issue_shapes import Issue, IssueSummary, StateWord
from tieout.api.paging import Cursor, Limit, Paging
from tieout.api.raw import Body
from tieout.api.routes import Route
from tieout.api.shapes import OwnerWord, Page, Shape, answered, page_of
from tieout.api.strict import Asked, parsed
from tieout.people.roles import Right
from tieout.people.tokens import Scope
from tieout.store import issues as rows
from tieout.store.engine import read
from tieout.sync import fixes, issues
from tieout.sync.issues import IssueView

_MISSING = "issue_not_found"
# What a token needs besides, by what a person would need.
_SCOPES = {
    Right.VIEW: Scope.INTEGRATIONS_RETRY,
    Right.SEND: Scope.SETTLEMENTS_SEND,
    Right.IMPORT: Scope.SETTLEMENTS_IMPORT,
    Right.MAP: Scope.INTEGRATIONS_SETTINGS,
    Right.CONNECT: Scope.INTEGRATIONS_CONNECT,
}
_Word = Annotated[str, Field(min_length=1, max_length=255)]


class Arguments(Asked):
    """What an action needs; `needs` of the fix says which."""

    scope: _Word | None = None
    account: _Word | None = None
    tax: _Word | None = None
    rate: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$", description="In percent.")] | None = None
    marketplace: _Word | None = None
    category: _Word | None = None
    label: _Word | None = None


class Muting(Asked):
    until: Annotated[AwareDatetime, Field(strict=False, description="With a zone; it must lie ahead.")]


class Outcome(Shape):
    """What came of it. The issue itself ends when a check passes, not because somebody asked."""

    message: str
    operation_id: str | None
    issue: Issue


def listing(
    calling: Calling,
    paging: Paging,
    state: Annotated[StateWord | None, Query(description="Only those in this state.")] = None,
    problem: Annotated[str, Query(max_length=64, description="Only those of this problem.")] = "",
    owner: Annotated[OwnerWord | None, Query(description="Only those that this one can end.")] = None,
    blocks: Annotated[str, Query(max_length=64, description="Only those that hold up the record of this id.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Issues, the newest first."""
    filters: dict[str, str] = {"state": state or "", "problem": problem, "owner": owner or "", "blocks": blocks}
    place = paging.read(filters, cursor)
    after = (datetime.fromisoformat(place[0]), str(place[1])) if place else None
    wanted = rows.Wanted((state,) if state else (), problem, owner or "", blocks, after, limit + 1)
    with read(calling.tools.engines, calling.organisation) as db:
        found = rows.paged(db, wanted)
    last = found[limit - 1] if len(found) > limit else None
    following = paging.write(filters, [last.first_seen.isoformat(), last.id]) if last else None
    return answered(page_of([issue_shapes.summary(each) for each in found[:limit]], limit, following))


def show(calling: Calling, id: str) -> Response:
    """One issue with its evidence, what it blocks, the ways out, and its history."""
    return answered(issue_shapes.issue(_view(calling, id)))


def act(
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[Arguments, Depends(parsed(Arguments))],
    id: str,
    action: str,
) -> Response:
    """Carry out one of its `fixes`. Some need more than `integrations:retry`: what the action itself would need."""
    return repeatable(body, lambda: _acted(calling, id, action, asked.model_dump(exclude_none=True)))


def check(calling: Calling, repeatable: Repeatable, id: str) -> Response:
    """Look again; the issue is resolved if the check passes."""
    return repeatable(b"", lambda: _acted(calling, id, "check-again", {}, is_offered=True))


def mute(
    calling: Calling,
    repeatable: Repeatable,
    body: Body,
    asked: Annotated[Muting, Depends(parsed(Muting))],
    id: str,
) -> Response:
    """Keep quiet about it until a moment. It still holds up what it holds up."""
    return repeatable(body, lambda: _muted(calling, id, asked.until))


def unmute(calling: Calling, repeatable: Repeatable, id: str) -> Response:
    """Show it as open again."""
    return repeatable(b"", lambda: _acted(calling, id, "unmute", {}, is_offered=True))


def _muted(calling: Caller, id: str, until: datetime) -> Response:
    if until <= calling.tools.now():
        raise refused_whole([Mistake("until", "not_allowed", "It must lie ahead.")])
    return _acted(calling, id, "mute", {"until": until.isoformat()}, is_offered=True)


def _acted(calling: Caller, id: str, action: str, given: dict[str, str], is_offered: bool = False) -> Response:
    """`is_offered`: every issue has it. Raises Declined."""
    view = _view(calling, id)
    right = fixes.right_of(action)
    if right is None:
        raise Declined("not_found", "There is no action of this name.")
    if missing := calling.bearer.lacks(calling.organisation, _SCOPES[right]):
        raise Declined("insufficient_scope", f"It lacks {missing}.")
    offered = [fix.action for fix in view.fixes if fix.action in fixes.ACTIONS]
    if not view.is_open or not (is_offered or action in offered):
        told = f"It offers: {', '.join(offered)}." if offered else "There is nothing left to do here."
        raise Declined("state_conflict", told, problem=view.code, issue=id)
    if lacking := [name for name in fixes.ACTIONS[action].needs if name not in given]:
        raise refused_whole(Mistake(name, "required", "This action needs it.") for name in lacking)
    done = fixes.carry_out(calling.tools, calling.actor, id, action, given)
    if not done.is_done:
        raise Declined("state_conflict", done.message, problem=view.code, issue=id)
    shown = Outcome(
        message=done.message, operation_id=done.operation or None, issue=issue_shapes.issue(_view(calling, id))
    )
    response = answered(shown, 202 if done.operation else 200)
    if done.operation:
        response.headers["Location"] = f"/api/operations/{done.operation}"
    return response


def _view(calling: Caller, id: str) -> IssueView:
    view = issues.view(calling.tools, calling.organisation, id)
    if view is None:
        raise Declined(_MISSING)
    return view


def _post(path: str, function: object, name: str, summary: str, body: type[Asked] | None = None) -> Route:
    assert callable(function)
    return Route(
        "POST",
        f"/api/issues/{{id}}/{path}",
        function,
        Scope.INTEGRATIONS_RETRY,
        name,
        summary,
        {200: Outcome, 202: Outcome},
        ("state_conflict", "not_found"),
        missing=_MISSING,
        body=body,
    )


ROUTES = (
    Route(
        "GET",
        "/api/issues",
        listing,
        Scope.INTEGRATIONS_READ,
        "listIssues",
        "Issues in pages",
        {200: Page[IssueSummary]},
        ("cursor_invalid",),
    ),
    Route(
        "GET",
        "/api/issues/{id}",
        show,
        Scope.INTEGRATIONS_READ,
        "getIssue",
        "One issue",
        {200: Issue},
        missing=_MISSING,
    ),
    _post("actions/{action}", act, "actOnIssue", "Carry out a way out", Arguments),
    _post("check", check, "checkIssue", "Look again"),
    _post("mute", mute, "muteIssue", "Keep quiet about it", Muting),
    _post("unmute", unmute, "unmuteIssue", "Show it as open again"),
)
