"""What does not go on: every open issue with who can end it, and one in full with its evidence and its ways out."""

from datetime import datetime
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from tieout.core.category import Category
from tieout.core.headings import heading_of
from tieout.core.health import WARNINGS
from tieout.core.mapping import Node
from tieout.core.problem import FixKind, IssueState, Owner, RetryClass
from tieout.people import roles
from tieout.people.roles import Right
from tieout.sync import fixes, issues
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.notes import say
from tieout.web.render import page
from tieout.web.routes import Entry, get, post

MENU = Entry(30, "Problems", "/issues", "alert-triangle")

STATES = {
    IssueState.OPEN: ("blocked", "Open"),
    IssueState.MUTED: ("nothing-to-post", "Quiet"),
    IssueState.ESCALATED: ("blocked", "Handed on"),
    IssueState.RESOLVED: ("sent", "Resolved"),
}
RETRIES = {
    RetryClass.AUTO_NOW: "Tieout tries again by itself.",
    RetryClass.AUTO_LATER: "Tieout tries again by itself, when the provider says so.",
    RetryClass.AFTER_FIX: "It goes on once the cause is mended; Tieout looks again by itself.",
    RetryClass.AFTER_REAUTH: "It goes on by itself once somebody has reconnected.",
    RetryClass.DECISION: "It goes on once somebody has decided.",
    RetryClass.NEVER: "There is nothing to try again.",
}
_NOTHING_WAITS = "Nothing waits for it: everything goes on as before until that day."
_BY_ITSELF = (Owner.PRODUCT, Owner.VENDOR)


def show_all(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, state: str = "") -> Response:
    """The open ones; `?state=resolved` those that were."""
    is_over = state == IssueState.RESOLVED
    found = issues.listing(tools, visitor.organisation, (IssueState.RESOLVED,) if is_over else issues.OPEN)
    return page(
        request,
        "issues.html",
        found=found,
        is_over=is_over,
        look_of=_look,
        warnings=WARNINGS,
        for_people=sum(Owner(issue.owner) not in _BY_ITSELF for issue in found),
    )


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    issue = issues.view(tools, visitor.organisation, id)
    if issue is None:
        raise Missing
    chosen = fixes.choices(tools, visitor.organisation, id)
    return page(
        request,
        "issue.html",
        issue=issue,
        look=_look(issue),
        is_warning=issue.code in WARNINGS,
        retry=_NOTHING_WAITS if issue.code in WARNINGS else RETRIES[RetryClass(issue.retry)],
        buttons=[fix for fix in issue.fixes if fix.kind is FixKind.BUTTON and _may(visitor, fix.action)],
        links=[fix for fix in issue.fixes if fix.kind is FixKind.LINK],
        steps=[fix for fix in issue.fixes if fix.kind is FixKind.STEP],
        lacks=_lacks(visitor, issue),
        choices=chosen,
        history=[(datetime.fromisoformat(line["at"]), line["what"], line["by"]) for line in reversed(issue.history)],
        places=[(f"{node.scope}|{node.marketplace}", _place(node)) for node in chosen.places],
    )


def carry_out(
    request: Request,
    visitor: guard.SignedIn,
    tools: guard.CallerTools,
    id: str,
    action: str,
    place: Annotated[str, Form()] = "",
    account: Annotated[str, Form()] = "",
    tax: Annotated[str, Form()] = "",
    seen: Annotated[int, Form()] = 0,
) -> Response:
    """What stands on the button; then the issue again, which says what came of it."""
    right = fixes.right_of(action)
    if right is None:
        raise Missing
    roles.ensure(visitor.session.role, right)
    scope, _, marketplace = place.partition("|")
    given = {"scope": scope, "marketplace": marketplace, "account": account, "tax": tax}
    given |= {"seen": f"{seen}"} if seen else {}
    try:
        done = fixes.carry_out(tools, visitor.actor, id, action, given)
    except fixes.NoSuchFix as error:
        raise Missing from error
    response = RedirectResponse(f"/operations/{done.operation}" if done.operation else f"/issues/{id}", 303)
    say(request, response, done.message, "success" if done.is_done else "warning")
    return response


def _look(issue: issues.IssueView) -> tuple[str, str]:
    is_early = issue.code in WARNINGS and issue.state == IssueState.OPEN
    return ("foreseen", "Warning") if is_early else STATES[IssueState(issue.state)]


def _may(visitor: guard.Visitor, action: str) -> bool:
    right = fixes.right_of(action)
    return right is not None and visitor.may(right)


def _lacks(visitor: guard.Visitor, issue: issues.IssueView) -> str:
    """Whom to ask where every button is for others."""
    wanted = [right for fix in issue.fixes if (right := fixes.right_of(fix.action)) is not None]
    if not wanted or any(visitor.may(right) for right in wanted):
        return ""
    return f"Ask somebody of your organisation who is {' or '.join(roles.roles_with(wanted[0]))}."


def _place(node: Node) -> str:
    known = {category.value: category for category in Category}
    name = heading_of(known[node.scope]) if node.scope in known else node.scope.replace("_", " ").capitalize()
    return f"{name or 'Everything'}, {node.marketplace}" if node.marketplace else name or "Everything"


ROUTES = (
    get("/issues", show_all),
    get("/issues/{id}", show),
    post("/issues/{id}/fixes/{action}", carry_out, Right.VIEW),
)
