"""Issues: one row a root cause in an organisation, however often it is met, and what each of them holds up.

An issue is open while it blocks something: whoever finds a piece of work going on takes its block away, and the issue
that blocks nothing any more is resolved. No press of a button ends one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from tieout.core.problem import IssueState
from tieout.store.dialect import alone, insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table, within
from tieout.store.types import Moment

REOPENS = timedelta(hours=24)
_MOST_HISTORY = 100
_ROOT = 255
_ENDED = sa.text("state <> 'resolved'")

ISSUES = organisation_table(
    "issues",
    sa.Column("id", ID, nullable=False),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("family", sa.String(32), nullable=False),
    sa.Column("root", sa.String(_ROOT), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("owner", sa.String(16), nullable=False),
    sa.Column("retry", sa.String(16), nullable=False),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
    sa.Column("words", sa.JSON, nullable=False),
    sa.Column("next_attempt_at", Moment),
    sa.Column("muted_until", Moment),
    sa.Column("resolved_at", Moment),
    sa.Column("history", sa.JSON, nullable=False),
    # One cause is open once.
    sa.Index(
        "uq_issues_open", "organisation", "code", "root", unique=True, sqlite_where=_ENDED, postgresql_where=_ENDED
    ),
    sa.Index("ix_issues_newest", "organisation", "state", "last_seen"),
)

BLOCKS = organisation_table(
    "issue_blocks",
    sa.Column("issue", ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("subject", ID, nullable=False),
    sa.Column("mark", sa.String(120), nullable=False),
    sa.Column("asked_by", sa.String(255), nullable=False),
    sa.Column("asked_person", ID, nullable=False, server_default=""),
    sa.Column("since", Moment, nullable=False),
    within(("issue",), "issues"),
    sa.Index("ix_issue_blocks_subject", "organisation", "kind", "subject"),
    key=("issue", "kind", "subject"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A cause as it was found just now: `lines` are ours, `words` theirs, both for people."""

    code: str
    family: str
    root: str
    title: str
    owner: str
    retry: str
    lines: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of work that an issue holds up: a settlement, a connection or an import, by its id.

    `mark` changes whenever it was met again, so that looking twice counts once. `asked_by`: who had asked for it to go,
    as the history shows it; `asked_person`: whose rights count when it goes.
    """

    kind: str
    subject: str
    mark: str = ""
    asked_by: str = ""
    since: datetime | None = None
    asked_person: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One root cause. `history` says what happened to it, oldest first: at, what, by."""

    id: str
    code: str
    family: str
    root: str
    state: str
    title: str
    owner: str
    retry: str
    first_seen: datetime
    last_seen: datetime
    count: int
    lines: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    next_attempt_at: datetime | None = None
    muted_until: datetime | None = None
    resolved_at: datetime | None = None
    history: tuple[dict[str, str], ...] = field(default_factory=tuple)

    @property
    def is_open(self) -> bool:
        return self.state != IssueState.RESOLVED


_COLUMNS = [column.name for column in ISSUES.columns if column.name != "organisation"]


def hold(db: Db) -> None:
    """Whoever opens or resolves issues of an organisation is alone with them until the transaction ends.

    Take it before the first row that others change in the same transactions, so that no two wait for each other.
    """
    alone(db, "issues")


def see(db: Db, seen: Seen, block: Block, now: datetime) -> str:
    """The issue of this cause, opened, re-opened (within a day of its end) or met once more; its id.

    Counts only where the block is new or its mark has changed.
    """
    found = _newest(db, seen.code, seen.root[:_ROOT])
    if found is None or (found.resolved_at is not None and now - found.resolved_at > REOPENS):
        id = _open(db, seen, now)
    else:
        id = found.id
        if not found.is_open:
            _move(db, found, now, "re-opened: met again", state=IssueState.OPEN.value, resolved_at=None)
    if _block(db, id, block, now) and found is not None and id == found.id:
        _meet(db, id, seen, now)
    return id


def release(db: Db, kind: str, subject: str, now: datetime, keep: Sequence[str] = ()) -> tuple[str, ...]:
    """This work no longer waits for any issue but those in `keep`; the ids of the issues that this resolved."""
    held = [id for id in of_subject(db, kind, subject) if id not in keep]
    ended = []
    for id in held:
        where = (BLOCKS.c.issue == id, BLOCKS.c.kind == kind, BLOCKS.c.subject == subject)
        db.execute(sa.delete(BLOCKS).where(BLOCKS.c.organisation == db.organisation, *where))
        if not blocks(db, id) and (issue := get(db, id)) and issue.is_open:
            values: dict[str, Any] = {"state": IssueState.RESOLVED.value, "resolved_at": now, "muted_until": None}
            _move(db, issue, now, "resolved: nothing waits for it any more", next_attempt_at=None, **values)
            ended.append(id)
    return tuple(ended)


def of_subject(db: Db, kind: str, subject: str) -> tuple[str, ...]:
    """The issues that hold this work up."""
    where = (BLOCKS.c.organisation == db.organisation, BLOCKS.c.kind == kind, BLOCKS.c.subject == subject)
    return tuple(db.execute(sa.select(BLOCKS.c.issue).where(*where).order_by(BLOCKS.c.since, BLOCKS.c.issue)).scalars())


def blocks(db: Db, issue: str) -> tuple[Block, ...]:
    where = (BLOCKS.c.organisation == db.organisation, BLOCKS.c.issue == issue)
    query = sa.select(BLOCKS).where(*where).order_by(BLOCKS.c.since, BLOCKS.c.subject)
    return tuple(
        Block(row.kind, row.subject, row.mark, row.asked_by, row.since, row.asked_person) for row in db.execute(query)
    )


def get(db: Db, id: str) -> Issue | None:
    row = db.execute(_select(db).where(ISSUES.c.id == id)).mappings().first()
    return _issue(row) if row else None


def at_root(db: Db, root: str) -> tuple[Issue, ...]:
    """The open issues of one object."""
    query = _select(db).where(ISSUES.c.root == root[:_ROOT], ISSUES.c.state != IssueState.RESOLVED.value)
    return tuple(_issue(row) for row in db.execute(query.order_by(ISSUES.c.first_seen)).mappings())


def met(db: Db, root: str, codes: Sequence[str]) -> tuple[tuple[datetime, datetime | None], ...]:
    """When such causes were met at one object, the newest first: from when, and until when unless they still are."""
    query = sa.select(ISSUES.c.first_seen, ISSUES.c.resolved_at).where(
        ISSUES.c.organisation == db.organisation, ISSUES.c.root == root[:_ROOT], ISSUES.c.code.in_(codes)
    )
    return tuple((row.first_seen, row.resolved_at) for row in db.execute(query.order_by(ISSUES.c.first_seen.desc())))


def listed(db: Db, states: Sequence[str], limit: int = 200) -> tuple[Issue, ...]:
    """The last seen first."""
    query = _select(db).where(ISSUES.c.state.in_(states)).order_by(ISSUES.c.last_seen.desc(), ISSUES.c.id)
    return tuple(_issue(row) for row in db.execute(query.limit(limit)).mappings())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. `held` is the id of a piece of work; `after` the beginning and id of the last seen."""

    states: tuple[str, ...] = ()
    code: str = ""
    owner: str = ""
    held: str = ""
    after: tuple[datetime, str] | None = None
    limit: int = 50


def paged(db: Db, wanted: Wanted) -> tuple[Issue, ...]:
    """The newest first, a page at a time. Unlike `listed` its order never changes, so that pages fit together."""
    query = _select(db).order_by(ISSUES.c.first_seen.desc(), ISSUES.c.id.desc()).limit(wanted.limit)
    if wanted.states:
        query = query.where(ISSUES.c.state.in_(wanted.states))
    if wanted.code:
        query = query.where(ISSUES.c.code == wanted.code)
    if wanted.owner:
        query = query.where(ISSUES.c.owner == wanted.owner)
    if wanted.held:
        holds = (BLOCKS.c.organisation == db.organisation, BLOCKS.c.subject == wanted.held)
        query = query.where(ISSUES.c.id.in_(sa.select(BLOCKS.c.issue).where(*holds)))
    if wanted.after:
        at, id = wanted.after
        query = query.where((ISSUES.c.first_seen < at) | ((ISSUES.c.first_seen == at) & (ISSUES.c.id < id)))
    return tuple(_issue(row) for row in db.execute(query).mappings())


def due(db: Db, now: datetime, retry: Sequence[str]) -> tuple[Issue, ...]:
    """Open issues of these retry classes whose next attempt has come."""
    wanted = (ISSUES.c.state != IssueState.RESOLVED.value, ISSUES.c.next_attempt_at <= now, ISSUES.c.retry.in_(retry))
    return tuple(_issue(row) for row in db.execute(_select(db).where(*wanted)).mappings())


def set_next(db: Db, id: str, at: datetime | None) -> None:
    db.execute(_update(db, id).values(next_attempt_at=at))


def mute(db: Db, id: str, until: datetime | None) -> None:
    """Quiet until then, or not quiet any more; nothing else about it changes."""
    state = IssueState.MUTED if until else IssueState.OPEN
    is_open = ISSUES.c.state != IssueState.RESOLVED.value
    db.execute(_update(db, id).where(is_open).values(state=state.value, muted_until=until))


def say(db: Db, issue: Issue, now: datetime, what: str, by: str = "") -> None:
    """A line of its history."""
    _move(db, issue, now, what, by)


def _newest(db: Db, code: str, root: str) -> Issue | None:
    query = _select(db).where(ISSUES.c.code == code, ISSUES.c.root == root)
    row = db.execute(query.order_by(ISSUES.c.first_seen.desc(), ISSUES.c.id).limit(1)).mappings().first()
    return _issue(row) if row else None


def _open(db: Db, seen: Seen, now: datetime) -> str:
    # Made of what it is, so that the same run gives the same id.
    id = sha256(f"{db.organisation}\n{seen.code}\n{seen.root}\n{now.isoformat()}".encode()).hexdigest()[:32]
    history = [_line(now, "opened")]
    values = {
        "organisation": db.organisation,
        "id": id,
        "state": IssueState.OPEN.value,
        "first_seen": now,
        "count": 1,
        "history": history,
    }
    if insert_missing(db, ISSUES, values | _told(seen, now)):
        return id
    found = _newest(db, seen.code, seen.root[:_ROOT])
    assert found is not None, "what stood in the way of the insert is there"
    return found.id


def _meet(db: Db, id: str, seen: Seen, now: datetime) -> None:
    db.execute(_update(db, id).values(count=ISSUES.c.count + 1, **_told(seen, now)))


def _told(seen: Seen, now: datetime) -> dict[str, Any]:
    return {
        "code": seen.code,
        "family": seen.family,
        "root": seen.root[:_ROOT],
        "title": seen.title,
        "owner": seen.owner,
        "retry": seen.retry,
        "lines": list(seen.lines),
        "words": list(seen.words),
        "last_seen": now,
        "next_attempt_at": seen.next_attempt_at,
    }


def _block(db: Db, issue: str, block: Block, now: datetime) -> bool:
    """False where this very sighting is on record."""
    where = (BLOCKS.c.organisation == db.organisation, BLOCKS.c.issue == issue)
    mine = (*where, BLOCKS.c.kind == block.kind, BLOCKS.c.subject == block.subject)
    asked = {"asked_by": block.asked_by, "asked_person": block.asked_person} if block.asked_by else {}
    values: dict[str, Any] = {"mark": block.mark} | asked
    row = db.execute(sa.select(BLOCKS.c.mark).where(*mine)).first()
    if row is None:
        key = {"organisation": db.organisation, "issue": issue, "kind": block.kind, "subject": block.subject}
        return insert_missing(db, BLOCKS, {"asked_by": "", "since": now} | key | values)
    if row.mark == block.mark:
        return False
    db.execute(sa.update(BLOCKS).where(*mine).values(**values))
    return True


def _move(db: Db, issue: Issue, now: datetime, what: str, by: str = "", **values: Any) -> None:
    history = [*issue.history, _line(now, what, by)]
    kept = history if len(history) <= _MOST_HISTORY else [history[0], *history[-_MOST_HISTORY + 1 :]]
    db.execute(_update(db, issue.id).values(history=kept, **values))


def _line(now: datetime, what: str, by: str = "") -> dict[str, str]:
    return {"at": now.isoformat(timespec="seconds"), "what": what, "by": by}


def _select(db: Db) -> sa.Select[Any]:
    return sa.select(ISSUES).where(ISSUES.c.organisation == db.organisation)


def _update(db: Db, id: str) -> sa.Update:
    return sa.update(ISSUES).where(ISSUES.c.organisation == db.organisation, ISSUES.c.id == id)


def _issue(row: sa.RowMapping) -> Issue:
    values = {column: row[column] for column in _COLUMNS}
    return Issue(**(values | {name: tuple(values[name]) for name in ("lines", "words", "history")}))
