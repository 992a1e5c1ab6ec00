"""A settlement's status, kept in step with its postings in the transaction that moves them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from tieout.core.connection import Connection
from tieout.core.posting import State
from tieout.core.status import Status, while_sending
from tieout.store import connections, issues, plans, postings, settlements
from tieout.store.engine import Db
from tieout.store.issues import Issue
from tieout.store.postings import Posting
from tieout.store.settlements import Kept
from tieout.sync import diagnosis
from tieout.sync.health_issues import of_rights
from tieout.sync.scope_issues import of_permissions


def refresh(db: Db, settlement: str, now: datetime, paused: Sequence[Issue] = ()) -> None:
    """Derive the status of one settlement from the parts of its newest plan; nothing to do before a plan is frozen.

    `paused` are the issues that stop its connection's work before it begins.
    """
    refresh_all(db, (settlement,), now, paused)


def refresh_all(db: Db, wanted: Collection[str], now: datetime, paused: Sequence[Issue] = ()) -> None:
    """The same for several settlements, with a few questions for all of them together."""
    issues.hold(db)
    found, newest = settlements.of(db, wanted), plans.newest_of(db, wanted)
    parts = postings.of_plans(db, [plan for plan, _ in newest.values()])
    books = {connection: connections.find(db, connection) for connection in {each for _, each in newest.values()}}
    for settlement in wanted:
        kept = found.get(settlement)
        if kept is None or settlement not in newest or kept.status == Status.SOURCE_CHANGED:
            continue
        plan, connection = newest[settlement]
        _refresh(db, kept, parts[plan], books[connection], now, paused)


def _refresh(
    db: Db, kept: Kept, parts: list[Posting], books: Connection | None, now: datetime, paused: Sequence[Issue]
) -> None:
    status, words = _without_books(books, while_sending([part.protocol for part in parts]))
    stops = paused if status is Status.QUEUED else ()
    waits = [part.protocol.next_at for part in parts if part.protocol.next_at]
    next_at = max([min(waits), *(stop.next_attempt_at for stop in stops if stop.next_attempt_at)]) if waits else None
    moved = replace(kept, status=status, reason=words or _stopped(stops) or _reason(status, parts), next_at=next_at)
    is_ill = bool(words or stops) or any(diagnosis.is_ill(part, now) for part in parts)
    is_same = (moved.status, moved.reason, moved.next_at) == (kept.status, kept.reason, kept.next_at)
    if is_same and bool(kept.code) is is_ill:
        return
    if is_ill or kept.code:
        moved = diagnosis.of_settlement(db, moved, now, kept.code, stops)
    settlements.mark(db, replace(moved, changed_at=now if moved.status != kept.status else kept.changed_at))


def refresh_connection(db: Db, connection: str, now: datetime) -> None:
    """After a change of the connection: its own issue, and every settlement whose documents wait for it."""
    found = connections.find(db, connection)
    if found is not None:
        diagnosis.of_connection(db, found, now)
        diagnosis.of_consent(db, found, now)
        of_permissions(db, found, now)
        of_rights(db, found, now)
    paused = diagnosis.pauses(db, connection)
    for settlement in postings.settlements_waiting(db, connection):
        refresh(db, settlement, now, paused)


def _without_books(found: Connection | None, status: Status) -> tuple[Status, str]:
    """What waits for its turn cannot go while its books may not be posted to; it goes on by itself once they may."""
    if found is not None and not found.may_ask and status in (Status.OUTCOME_UNKNOWN, Status.SENDING):
        return status, f"It may have reached {found.books_name}; that is looked up once they are connected again."
    if status is not Status.QUEUED or found is None or found.may_post:
        return status, ""
    return Status.BLOCKED, f"Nothing is sent to {found.books_name} for now. {found.words}".strip()


def _stopped(stops: Sequence[Issue]) -> str:
    """What stops the work of its connection before it begins, in the words of the issue."""
    return f"Waits to be sent. {stops[0].title}" if stops else ""


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
