"""A settlement's status, kept in step with its postings in the transaction that moves them."""

from dataclasses import replace
from datetime import datetime

from tieout.core.posting import State
from tieout.core.status import Status, while_sending
from tieout.store import connections, plans, postings, settlements
from tieout.store.engine import Db, write
from tieout.store.postings import Posting
from tieout.sync.tools import Tools


def refresh(db: Db, settlement: str, now: datetime) -> None:
    """Derive the status of one settlement from the parts of its newest plan; nothing to do before a plan is frozen."""
    kept, frozen = settlements.get(db, settlement), plans.newest(db, settlement)
    if kept is None or frozen is None or kept.status == Status.SOURCE_CHANGED:
        return
    parts = postings.of_plans(db, [frozen.id])[frozen.id]
    status, code = while_sending([part.protocol for part in parts])
    code = _code(parts, code)
    status, code, words = _without_books(db, frozen.connection, status, code)
    waits = [part.protocol.next_at for part in parts if part.protocol.next_at]
    moved = replace(
        kept, status=status, code=code, reason=words or _reason(status, parts), next_at=min(waits, default=None)
    )
    if (moved.status, moved.code, moved.reason, moved.next_at) != (kept.status, kept.code, kept.reason, kept.next_at):
        settlements.mark(db, replace(moved, changed_at=now if moved.status != kept.status else kept.changed_at))


def refresh_waiting(tools: Tools, organisation: str, connection: str) -> None:
    """After a change of the connection: every settlement whose documents wait for it says so, or no longer does."""
    with write(tools.engines, organisation) as db:
        for settlement in postings.settlements_waiting(db, connection):
            refresh(db, settlement, tools.now())


def _code(parts: list[Posting], code: str) -> str:
    """The problem code of what stopped it: the one the platform's own words led to, where there is one."""
    stopped = next((part for part in parts if part.protocol.state in (State.REFUSED, State.RETRY)), None)
    return stopped.code if stopped and code and stopped.code else code


def _without_books(db: Db, connection: str, status: Status, code: str) -> tuple[Status, str, str]:
    """What waits for its turn cannot go while its books may not be posted to; it goes on by itself once they may."""
    found = connections.find(db, connection)
    if status is not Status.QUEUED or found is None or found.may_post:
        return status, code, ""
    return Status.BLOCKED, found.cause, f"Nothing is sent to {found.books_name} for now. {found.words}".strip()


def _reason(status: Status, parts: list[Posting]) -> str:
    in_books = [part for part in parts if part.protocol.state in (State.DONE, State.SENT)]
    told = next((part for part in parts if part.note), None)
    said = f" {told.number}: {told.note}" if told else ""
    match status:
        case Status.SENT:
            return f"All {len(parts)} in the books, read back and equal." if len(parts) > 1 else "In the books, equal."
        case Status.OUTCOME_UNKNOWN:
            return f"Sent, and no clear answer came back. Tieout looks it up by its number.{said}"
        case Status.BLOCKED:
            return f"Not posted; it goes on once this is mended.{said}"
        case Status.PARTIALLY_SENT:
            missing = ", ".join(part.number for part in parts if part not in in_books)
            return f"{len(in_books)} of {len(parts)} documents are in the books; missing: {missing}.{said}"
        case Status.OUT_OF_SYNC:
            return f"What the books hold under our number is not what was planned; nothing was changed.{said}"
        case Status.SENDING | Status.QUEUED:
            return f"{len(in_books)} of {len(parts)} in the books, the rest is on its way.{said}"
        case _:
            return said.strip()
