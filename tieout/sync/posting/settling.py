"""Settling: one transaction that stores what was learnt about each document, and all that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tieout.core.failure import Failure
from tieout.core.posting import (
    IN_BOOKS,
    Answered,
    Approved,
    Event,
    Look,
    OpenIssue,
    State,
    next_part,
    step,
)
from tieout.core.records import BooksDocument
from tieout.platforms import CONTACT_ARCHIVED
from tieout.store import attempts, contacts, followups, postings
from tieout.store.engine import Db, write
from tieout.store.postings import Posting
from tieout.sync.posting.claims import Claim
from tieout.sync.posting.work import Work
from tieout.sync.statuses import refresh_all


@dataclass(frozen=True, slots=True)
class Learnt:
    """An event with its evidence: the books' failure, the document a look found, and a sentence for people."""

    event: Event
    failure: Failure | None = None
    document: BooksDocument | None = None
    note: str = ""


def settle(work: Work, learnt: Sequence[tuple[Claim, Learnt]]) -> list[Claim]:
    """Store every verdict; where the fence has moved the new holder's word stays. Returns what still wants a look."""
    held: list[Claim] = []
    arrived: list[Posting] = []
    with write(work.tools.engines, work.organisation) as db:
        for claim, what in learnt:
            moved = _settle_one(work, db, claim, what)
            if moved and moved.wants_look:
                held.append(moved)
            if moved and moved.posting.protocol.state in IN_BOOKS:
                arrived.append(moved.posting)
        _free_next(work, db, arrived)
        refresh_all(db, tuple(dict.fromkeys(claim.posting.settlement for claim, _ in learnt)), work.tools.now())
    return held


def _settle_one(work: Work, db: Db, claim: Claim, learnt: Learnt) -> Claim | None:
    now, posting = work.tools.now(), claim.posting
    protocol, effects = step(posting.protocol, learnt.event, now, work.design)
    words = next((effect.words for effect in effects if isinstance(effect, OpenIssue)), "")
    note = learnt.note or (learnt.failure.sentence if learnt.failure else "") or words
    code = learnt.failure.code if learnt.failure else ""
    is_done = protocol.state is State.DONE
    if not postings.save(db, posting, protocol, learnt.note if is_done else note, "" if is_done else code):
        return None
    moved = replace(posting, protocol=protocol)
    if claim.intent is not None and isinstance(learnt.event, Answered):
        outcome = learnt.event.outcome.value
        attempts.end(db, posting.id, claim.intent.number, now, outcome, learnt.failure)
    if learnt.failure is not None and learnt.failure.code == CONTACT_ARCHIVED:
        contacts.forget(db, posting.connection, claim.document.contact)  # found anew, where it was merged into another
    if learnt.document is not None:
        _show(work, db, posting, learnt.document, now)
    if protocol.state is State.DONE:
        followups.want(db, posting.id, posting.connection, work.platform.FOLLOWUPS, now)
    return replace(claim, posting=moved, intent=None, wants_look=any(isinstance(effect, Look) for effect in effects))


def _show(work: Work, db: Db, posting: Posting, document: BooksDocument, now: datetime) -> None:
    link = work.platform.link(work.books, posting.kind, document.id)
    postings.show(db, posting.id, document.total.amount, document.status, link, now)


def _free_next(work: Work, db: Db, arrived: Sequence[Posting]) -> None:
    """Behind what arrived in the books, the next part may go (R10)."""
    plans = dict.fromkeys(posting.plan for posting in arrived)
    for parts in postings.of_plans(db, list(plans)).values() if plans else ():
        index = next_part([part.protocol for part in parts])
        if index is not None and parts[index].protocol.state is State.PLANNED:
            part = parts[index]
            ready, _effects = step(part.protocol, Approved(), work.tools.now(), work.design)
            postings.save(db, part, ready, part.note, part.code)
