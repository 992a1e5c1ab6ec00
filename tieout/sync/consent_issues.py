"""The issues of attempts to connect: opened where an organisation waits for books, over once they are connected."""

from dataclasses import replace
from datetime import datetime

from tieout import platforms, problems
from tieout.core.consent import AttemptFacts, suspects
from tieout.core.problem import Case
from tieout.store import connections, drafts, issues
from tieout.store.drafts import Draft
from tieout.store.engine import Db
from tieout.store.issues import Block
from tieout.sync import diagnosis

ATTEMPT = "attempt"  # the kind of work that waits: connecting at a platform


def of_attempt(db: Db, draft: Draft, cause: str, words: str, now: datetime) -> None:
    """Opens what ended the attempt. Nothing where the books that were meant work all the same: nobody waits then."""
    issues.hold(db)
    meant = connections.find(db, draft.reconnects) if draft.reconnects else None
    others = [each for each in connections.listed(db) if each.platform == draft.platform and each.may_post]
    if (meant is not None and meant.may_post) or (meant is None and others):
        return
    found = case(db, replace(draft, cause=cause, words=words), now)
    known = [pair for pair in problems.fitting(found) if pair[0].code == cause]
    if not known:
        return
    block = Block(ATTEMPT, draft.platform, draft.id)
    keep = issues.see(db, diagnosis.seen(found, problems.diagnose(found)), block, now)
    issues.release(db, ATTEMPT, draft.platform, now, [keep])


def connected(db: Db, platform: str, now: datetime) -> None:
    """Books were connected there: no earlier attempt holds anything up."""
    issues.hold(db)
    issues.release(db, ATTEMPT, platform, now)


def newest(db: Db, platform: str) -> Draft | None:
    """The last attempt there that led nowhere."""
    return next((each for each in drafts.listed(db) if each.platform == platform and each.cause), None)


def case(db: Db, draft: Draft, now: datetime) -> Case:
    label = platforms.named(draft.platform).LABEL
    meant = connections.find(db, draft.reconnects) if draft.reconnects else None
    settings = tuple((name, "") for name in suspects(draft.words))
    facts = AttemptFacts(
        id=draft.id,
        platform=draft.platform,
        code=draft.cause,
        step=draft.step,
        words=draft.words,
        begun_at=draft.begun_at,
        person=draft.person_name,
        settings=settings,
    )
    known = replace(diagnosis.bare(db, now), platform=label, attempt=facts)
    return replace(known, books=meant.books_name) if meant else known
