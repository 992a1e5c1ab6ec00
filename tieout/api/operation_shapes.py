"""The operation of the contract: one click, request or job of ours, with what became of each record of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from tieout.api.shapes import Moment, Shape
from tieout.core.operation import OperationState
from tieout.core.status import MOVING, Status
from tieout.store.operations import Operation as Stored
from tieout.sync.settlements.showing import SettlementCard

FIRST_RESULTS = 50
SETTLED = (Status.SENT,)


class RequestedBy(Shape):
    id: str | None
    name: str
    via: str | None


class Waiting(Shape):
    for_: str = Field(alias="for", examples=["rate-limit-minute"])
    resume_at: Moment


class Progress(Shape):
    total: int
    succeeded: int
    failed: int
    blocked: int
    skipped: int
    open: int


class OperationResult(Shape):
    """What became of one record. `code` names why it is not done, in the words of the catalogue of problems."""

    record_type: Literal["settlement", "statement"]
    record_id: str | None
    external_id: str | None
    label: str
    outcome: Literal["queued", "joined", "succeeded", "failed", "blocked", "skipped"]
    code: str | None
    message: str | None
    issue_id: str | None
    remote_id: str | None
    remote_url: str | None
    attempts: int
    finished_at: Moment | None


class OperationLinks(Shape):
    self: str
    results: str
    cancel: str | None


State = Literal["queued", "running", "waiting", "succeeded", "partly_succeeded", "failed", "cancelled", "timed_out"]


class OperationSummary(Shape):
    """An operation in a list; `message` is the sentence a person reads."""

    operation_id: str
    kind: str
    state: State
    organization_id: str
    requested_by: RequestedBy
    created_at: Moment
    finished_at: Moment | None
    deadline_at: Moment
    message: str
    links: OperationLinks


class Operation(OperationSummary):
    provider: str | None
    reason: str | None
    started_at: Moment | None
    waiting: Waiting | None
    progress: Progress
    results: list[OperationResult]
    results_total: int
    results_next: str | None
    plan: None


# Our states by what the contract calls them, for the filter; the exact word also depends on the results.
STATES: dict[str, tuple[OperationState, ...]] = {
    "queued": (OperationState.WAITING,),
    "running": (OperationState.RUNNING,),
    "waiting": (OperationState.RUNNING,),
    "succeeded": (OperationState.DONE,),
    "partly_succeeded": (OperationState.DONE,),
    "failed": (OperationState.FAILED, OperationState.DONE),
    "cancelled": (),
    "timed_out": (OperationState.EXPIRED,),
}
# The outcome of one settlement: of an import by how it was taken in, of a send by where it stands.
_ADMITTED = {"new": "succeeded", "changed": "succeeded", "same": "skipped"}

Cards = Mapping[str, SettlementCard]
Issues = Mapping[str, str]


def summary(stored: Stored, organisation: str, cards: Cards, now: datetime) -> OperationSummary:
    return OperationSummary(**_summary(stored, organisation, cards, now))


def operation(stored: Stored, organisation: str, cards: Cards, issues: Issues, now: datetime) -> Operation:
    """With its first results; `cards` and `issues` are by the id of a settlement, where there is one."""
    found = results(stored, cards, issues)
    at = f"/api/operations/{stored.id}/results"
    return Operation(
        **_summary(stored, organisation, cards, now),
        provider=None,
        reason=None,
        started_at=None,
        waiting=waiting(stored, cards, now),
        progress=_progress(found),
        results=found[:FIRST_RESULTS],
        results_total=len(found),
        results_next=at if len(found) > FIRST_RESULTS else None,
        plan=None,
    )


def subjects(stored: Stored) -> list[str]:
    """The settlements an operation is about, in the order in which they were named."""
    told = [each["id"] for each in stored.result.get("settlements", ())]
    return list(dict.fromkeys([*stored.arguments.get("settlements", ()), *told]))


def results(stored: Stored, cards: Cards, issues: Issues) -> list[OperationResult]:
    refused = stored.result.get("refused", ())
    return [_refused(stored, each) for each in refused] + [
        _result(stored, id, cards.get(id), issues.get(id)) for id in subjects(stored)
    ]


def state_of(stored: Stored, cards: Cards, now: datetime) -> State:
    match OperationState(stored.state):
        case OperationState.WAITING:
            return "queued"
        case OperationState.RUNNING:
            return "waiting" if waiting(stored, cards, now) else "running"
        case OperationState.FAILED:
            return "failed"
        case OperationState.EXPIRED:
            return "timed_out"
        case OperationState.DONE:
            told = [each.get("status", Status.SENT) for each in stored.result.get("settlements", ())]
            sent = [status for status in told if status in SETTLED]
            return "succeeded" if len(sent) == len(told) else "partly_succeeded" if sent else "failed"


def waiting(stored: Stored, cards: Cards, now: datetime) -> Waiting | None:
    """What an open operation waits for, and when it goes on: the soonest of its settlements."""
    if stored.state != OperationState.RUNNING:
        return None
    found = [cards[id] for id in subjects(stored) if id in cards]
    times = [(card.next_at, card.code or card.status) for card in found if card.next_at and card.next_at > now]
    return Waiting(**{"for": min(times)[1]}, resume_at=min(times)[0]) if times else None


def _summary(stored: Stored, organisation: str, cards: Cards, now: datetime) -> dict[str, Any]:
    at = f"/api/operations/{stored.id}"
    return {
        "operation_id": stored.id,
        "kind": stored.kind,
        "state": state_of(stored, cards, now),
        "organization_id": organisation,
        "requested_by": RequestedBy(id=None, name=stored.by, via=None),
        "created_at": stored.began_at,
        "finished_at": stored.ended_at,
        "deadline_at": stored.deadline,
        "message": stored.message,
        "links": OperationLinks(self=at, results=f"{at}/results", cancel=None),
    }


def _result(stored: Stored, id: str, card: SettlementCard | None, issue: str | None) -> OperationResult:
    told: dict[str, Any] = next((each for each in stored.result.get("settlements", ()) if each["id"] == id), {})
    outcome = _ADMITTED.get(told.get("outcome", "")) or _outcome(stored, told.get("status"), card)
    is_open = outcome in ("queued", "joined")
    code = "already_imported" if told.get("outcome") == "same" else card.code if card else "record_not_found"
    return OperationResult(
        record_type="settlement",
        record_id=id,
        external_id=card.number if card else None,
        label=f"{card.marketplace or card.channel} {card.number}" if card else "",
        outcome=outcome,  # type: ignore[arg-type]
        code=code or None,
        message=told.get("message") or told.get("reason") or (card.reason if card else None),
        issue_id=issue if outcome in ("failed", "blocked") else None,
        remote_id=None,
        remote_url=None,
        attempts=card.attempts if card else 0,
        finished_at=None if is_open else stored.ended_at or (card.changed_at if card else None),
    )


def _outcome(stored: Stored, status: str | None, card: SettlementCard | None) -> str:
    """At its end what was said then counts, before it where the settlement stands now."""
    status = status or (card.status if card else None)
    if status in SETTLED:
        return "succeeded"
    if status in MOVING:
        return "queued"
    if stored.ended_at is None and stored.state == OperationState.WAITING:
        return "queued"
    return "blocked" if status == Status.BLOCKED else "failed" if stored.ended_at or status is None else "blocked"


def _refused(stored: Stored, each: dict[str, Any]) -> OperationResult:
    """Why a statement was not taken in."""
    where = f"row {each['row']}: " if each.get("row") else ""
    return OperationResult(
        record_type="statement",
        record_id=None,
        external_id=None,
        label=stored.subject,
        outcome="failed",
        code=each["code"],
        message=f"{where}{each['message']}",
        issue_id=None,
        remote_id=None,
        remote_url=None,
        attempts=1,
        finished_at=stored.ended_at,
    )


def _progress(found: list[OperationResult]) -> Progress:
    number = {
        word: sum(each.outcome == word for each in found) for word in ("succeeded", "failed", "blocked", "skipped")
    }
    return Progress(total=len(found), open=len(found) - sum(number.values()), **number)
