"""Issues as the contract shows them: one root cause each, with what it rests on, what it blocks, and the ways out."""

from datetime import datetime
from typing import Any, Literal

from tieout.api.shapes import Moment, OwnerWord, RetryWord, Shape
from tieout.core.health import WARNINGS
from tieout.core.problem import Fix, FixKind
from tieout.store.issues import Issue as Stored
from tieout.sync import fixes
from tieout.sync.issues import IssueView

StateWord = Literal["open", "muted", "escalated", "resolved"]


class Root(Shape):
    """The object at fault."""

    type: str
    id: str
    label: str


class IssueSummary(Shape):
    id: str
    code: str
    family: str
    state: StateWord
    title: str
    owner: OwnerWord
    root: Root
    first_seen: Moment
    last_seen: Moment
    count: int
    retry_class: RetryWord
    next_attempt_at: Moment | None
    muted_until: Moment | None
    resolved_at: Moment | None
    url: str


class Person(Shape):
    name: str
    role: str | None


class Blocked(Shape):
    record_type: str
    record_id: str
    label: str


class Evidence(Shape):
    """What the cause rests on: `provider_answer` is in the books' own words, `finding` in ours."""

    at: Moment
    kind: Literal["finding", "provider_answer"]
    status: int | None
    text: str
    correlation_id: str | None


class FixShape(Shape):
    """One way out. `needs` are the arguments of the action; a `step` is done elsewhere, a `link` on a page of ours."""

    action: str | None
    kind: Literal["button", "link", "step"]
    label: str
    needs: list[str]
    href: str | None


class History(Shape):
    at: Moment
    what: str
    by: str | None


class Issue(IssueSummary):
    cause: str
    seen_as: str
    tieout_does: str
    people: list[Person]
    blocks: list[Blocked]
    blocking: bool
    evidence: list[Evidence]
    fixes: list[FixShape]
    history: list[History]


def summary(stored: Stored) -> IssueSummary:
    return IssueSummary(**_summary(stored))


def issue(view: IssueView) -> Issue:
    told = [("finding", text) for text in view.evidence] + [("provider_answer", text) for text in view.words]
    return Issue(
        **_summary(view),
        cause=view.cause,
        seen_as=view.seen_as,
        tieout_does=view.does,
        people=[Person(name=name, role=None) for name in view.people],
        blocks=[Blocked(record_type=held.kind, record_id=held.id, label=held.name) for held in view.holds],
        blocking=view.is_open and bool(view.holds) and view.code not in WARNINGS,
        evidence=[
            Evidence(at=view.last_seen, kind=kind, status=None, text=text, correlation_id=None)  # type: ignore[arg-type]
            for kind, text in told
        ],
        fixes=[_fix(view, fix) for fix in view.fixes],
        history=[
            History(at=datetime.fromisoformat(each["at"]), what=each["what"], by=each["by"] or None)
            for each in view.history
        ],
    )


def _summary(found: Stored | IssueView) -> dict[str, Any]:
    kind, _, id = found.root.partition(":")
    return {
        "id": found.id,
        "code": found.code,
        "family": found.family,
        "state": found.state,
        "title": found.title,
        "owner": found.owner,
        "root": Root(type=kind, id=id, label=id),
        "first_seen": found.first_seen,
        "last_seen": found.last_seen,
        "count": found.count,
        "retry_class": found.retry,
        "next_attempt_at": found.next_attempt_at,
        "muted_until": found.muted_until,
        "resolved_at": found.resolved_at,
        "url": f"/api/issues/{found.id}",
    }


def _fix(view: IssueView, fix: Fix) -> FixShape:
    is_ours = fix.kind is FixKind.BUTTON and fix.action in fixes.ACTIONS
    return FixShape(
        action=fix.action or None,
        kind=fix.kind.value,
        label=fix.words,
        needs=list(fixes.ACTIONS[fix.action].needs) if is_ours else [],
        href=fix.link or (f"/api/issues/{view.id}/actions/{fix.action}" if is_ours else None),
    )
