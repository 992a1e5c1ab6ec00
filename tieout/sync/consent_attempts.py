"""Attempts to connect books: how far each came and why it ended; those that never come back are closed in time."""

from dataclasses import dataclass
from datetime import datetime

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.consent import LIVES, NEVER_COMPLETES, STEPS, AttemptFacts, suspects
from tieout.people import acting
from tieout.store import drafts
from tieout.store.drafts import Draft
from tieout.store.engine import Db, read, write
from tieout.sync import consent_issues, own_apps
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class Attempt:
    """One press on connect. `where` says how far it came, `code` and `words` why it ended without a connection.

    `is_open`: it may still come back, until `until`. `reconnects` is the connection that it meant to renew.
    """

    id: str
    platform: str
    label: str
    person: str
    begun_at: datetime
    until: datetime
    step: str
    where: str
    is_open: bool
    code: str
    words: str
    reconnects: str
    is_by_link: bool
    connection: str


def attempts(tools: Tools, organisation: str) -> tuple[Attempt, ...]:
    """Those of the last day, the newest first."""
    with read(tools.engines, organisation) as db:
        return tuple(_shown(draft) for draft in drafts.listed(db))


def attempt(tools: Tools, organisation: str, id: str) -> tuple[Attempt, AttemptFacts] | None:
    """One of them, with the settings that its words speak of; None when there is no such attempt any more."""
    with read(tools.engines, organisation) as db:
        draft = drafts.find(db, id)
    return (_shown(draft), facts(tools, draft)) if draft else None


def facts(tools: Tools, draft: Draft) -> AttemptFacts:
    expected = dict(own_apps.expected(tools, draft.platform, draft.client_id))
    settings = tuple((name, expected[name]) for name in suspects(draft.words))
    return AttemptFacts(
        id=draft.id,
        platform=draft.platform,
        code=draft.cause,
        step=draft.step,
        words=draft.words,
        begun_at=draft.begun_at,
        person=draft.person_name,
        settings=settings,
    )


def close(tools: Tools, db: Db, draft: Draft, cause: str, words: str) -> None:
    """It led nowhere, with its reason; its issue opens where the organisation waits for these books."""
    now = tools.now()
    if drafts.end(db, draft.id, cause, words, now):
        consent_issues.of_attempt(db, draft, cause, words, now)
        details = {"platform": draft.platform, "cause": cause}
        actor = Actor(db.organisation, draft.person, draft.person_name)
        acting.record(db, actor, "consent-failed", f"consent:{draft.id[:16]}", now, details)


def turn_away(tools: Tools, db: Db, draft: Draft, cause: str, words: str) -> None:
    """An answer came from somebody whose attempt it is not: on record once; the attempt itself is still good."""
    now = tools.now()
    if drafts.note(db, draft.id, cause, words):
        consent_issues.of_attempt(db, draft, cause, words, now)
        actor = Actor(db.organisation, "", "somebody else's browser")
        acting.record(db, actor, "consent-refused", f"consent:{draft.id[:16]}", now, {"cause": cause})


def expire(tools: Tools, organisation: str) -> int:
    """Closes what has been open for longer than ten minutes; how many were closed. Part of every sweep."""
    before = tools.now() - LIVES
    with read(tools.engines, organisation) as db:
        overdue = drafts.overdue(db, before)
    for draft in overdue:
        with write(tools.engines, organisation) as db:
            close(tools, db, draft, draft.cause or NEVER_COMPLETES, draft.words or STEPS[draft.step])
    return len(overdue)


def _shown(draft: Draft) -> Attempt:
    is_open = draft.ended_at is None
    return Attempt(
        id=draft.id,
        platform=draft.platform,
        label=platforms.named(draft.platform).LABEL,
        person=draft.person_name,
        begun_at=draft.begun_at,
        until=draft.begun_at + LIVES,
        step=draft.step,
        where=draft.words if draft.step == drafts.ENDED and draft.words else STEPS[draft.step],
        is_open=is_open and draft.step != drafts.PARKED,
        code=draft.cause,
        words=draft.words,
        reconnects=draft.reconnects,
        is_by_link=bool(draft.link),
        connection=draft.connection,
    )
