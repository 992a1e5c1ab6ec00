"""Operations: begin, progress, finish; and the watch that ends those whose deadline has passed."""

from collections.abc import Sequence
from typing import Any

from tieout.core.actor import Actor
from tieout.core.operation import OperationState, deadline_of
from tieout.store import operations
from tieout.store.engine import Db, read, write
from tieout.store.operations import Operation
from tieout.sync.tools import Tools


def begin(tools: Tools, db: Db, actor: Actor, kind: str, subject: str, arguments: dict[str, Any], of: int = 0) -> str:
    """A row that says what was asked, by whom and until when; committed with the caller's own transaction."""
    now = tools.now()
    operation = Operation(
        id=tools.new_id(),
        kind=kind,
        subject=subject,
        state=OperationState.WAITING,
        by=actor.name,
        person=actor.person,
        began_at=now,
        changed_at=now,
        deadline=now + deadline_of(kind),
        of=of,
        message="Waiting for its turn.",
        arguments=arguments,
    )
    operations.add(db, operation)
    return operation.id


def asker(organisation: str, operation: Operation) -> Actor:
    """Who asked, for the rights that are asked again when the work runs."""
    return Actor(organisation, operation.person, operation.by)


def progress(tools: Tools, organisation: str, id: str, done: int, of: int, message: str) -> None:
    """Move the bar. A finished operation stays finished."""
    with write(tools.engines, organisation) as db:
        operations.change(db, id, tools.now(), state=OperationState.RUNNING, done=done, of=of, message=message)


def finish(tools: Tools, db: Db, id: str, message: str, result: dict[str, Any]) -> None:
    now = tools.now()
    operations.change(db, id, now, state=OperationState.DONE, message=message, result=result, ended_at=now)


def fail(tools: Tools, db: Db, id: str, message: str, result: dict[str, Any]) -> None:
    now = tools.now()
    operations.change(db, id, now, state=OperationState.FAILED, message=message, result=result, ended_at=now)


def view(tools: Tools, organisation: str, id: str) -> Operation | None:
    with read(tools.engines, organisation) as db:
        return operations.get(db, id)


def newest(tools: Tools, organisation: str, limit: int = 20) -> Sequence[Operation]:
    with read(tools.engines, organisation) as db:
        return operations.newest(db, limit)


def still_open(tools: Tools, organisation: str) -> Sequence[Operation]:
    with read(tools.engines, organisation) as db:
        return operations.still_open(db)


def expire(tools: Tools, organisation: str) -> int:
    """End what is past its deadline; how many. What it had started goes on by itself and is shown where it belongs."""
    now, ended = tools.now(), 0
    for operation in still_open(tools, organisation):
        if operation.deadline <= now:
            message = (
                f"Not finished by its deadline after: {operation.message} Nothing is lost: documents on their way are "
                "looked for and finished by themselves. Open the settlement to see its next step, or ask again."
            )
            with write(tools.engines, organisation) as db:
                values = {"state": OperationState.EXPIRED, "message": message, "ended_at": now}
                ended += operations.change(db, operation.id, now, **values)
    return ended
