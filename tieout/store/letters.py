"""Letters to go out: each is a row before it is handed over, and its words are sealed until then.

A letter may carry a link that opens something, so its text is sealed by the vault and erased once it is delivered or
given up. A letter of no organisation (an address to prove, a forgotten password) has an empty one.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tieout.core.secret import Secret
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment
from tieout.store.vault import INSTALLATION, Vault, ensure_installation_key

LETTERS = organisation_table(
    "letters",
    sa.Column("id", ID, nullable=False),
    sa.Column("to", sa.String(254), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # sealed; empty once it is over
    sa.Column("link", sa.Text, nullable=False),  # sealed; empty where there is none
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("due_at", Moment),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Index("ix_letters_due_at", "due_at"),
)

WAITING, SENT, FAILED = "waiting", "sent", "failed"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`words` say why the last try failed; `due_at` is when the next one comes. `text` and `link` are sealed."""

    organisation: str
    id: str
    to: str
    subject: str
    text: str
    link: str
    state: str
    asked_at: datetime
    due_at: datetime | None
    tries: int
    words: str
    ended_at: datetime | None


def add(db: Db, vault: Vault, id: str, to: str, subject: str, text: str, link: str, now: datetime) -> None:
    """One more letter, due at once, in the caller's transaction: if that is rolled back, nothing is sent."""
    if not db.organisation:
        ensure_installation_key(db, vault, now)
    owner = db.organisation or INSTALLATION
    sealed = {
        name: vault.seal(owner, "letters", name, id, Secret(words), db) if words else ""
        for name, words in (("text", text), ("link", link))
    }
    row = {"organisation": db.organisation, "id": id, "to": to, "subject": subject[:200], **sealed}
    db.execute(sa.insert(LETTERS).values(**row, state=WAITING, asked_at=now, due_at=now, tries=0, words=""))


def opened(vault: Vault, letter: Outgoing) -> tuple[str, str]:
    """The text and the link, in clear. Raises Tampered and KeyMissing."""
    owner = letter.organisation or INSTALLATION
    found = (("text", letter.text), ("link", letter.link))
    text, link = (
        vault.open(owner, "letters", name, letter.id, sealed).reveal() if sealed else "" for name, sealed in found
    )
    return text, link


def due(db: Db, now: datetime, limit: int = 50) -> tuple[Outgoing, ...]:
    """Those whose time has come, longest waiting first, in all organisations or in this transaction's own."""
    query = sa.select(LETTERS).where(LETTERS.c.state == WAITING, LETTERS.c.due_at <= now, *_mine(db))
    return tuple(_outgoing(row) for row in db.execute(query.order_by(LETTERS.c.due_at, LETTERS.c.id).limit(limit)))


def listed(db: Db, states: tuple[str, ...] = (WAITING, SENT, FAILED), limit: int = 200) -> tuple[Outgoing, ...]:
    """The newest first."""
    query = sa.select(LETTERS).where(LETTERS.c.state.in_(states), *_mine(db))
    newest = query.order_by(LETTERS.c.asked_at.desc(), LETTERS.c.id.desc()).limit(limit)
    return tuple(_outgoing(row) for row in db.execute(newest))


def claim(db: Db, letter: Outgoing, until: datetime) -> bool:
    """One more try for this caller alone: whoever read the same row loses. The next comes at `until` at the latest."""
    mine = _row(letter.organisation, letter.id)
    won = sa.and_(*mine, LETTERS.c.state == WAITING, LETTERS.c.tries == letter.tries)
    return db.execute(sa.update(LETTERS).where(won).values(tries=letter.tries + 1, due_at=until)).rowcount == 1


def end(db: Db, letter: Outgoing, state: str, words: str, now: datetime) -> None:
    """Delivered or given up; either way its words are erased."""
    over = {"state": state, "words": words, "ended_at": now, "due_at": None, "text": "", "link": ""}
    db.execute(sa.update(LETTERS).where(*_row(letter.organisation, letter.id)).values(over))


def put_off(db: Db, letter: Outgoing, words: str, due_at: datetime) -> None:
    db.execute(sa.update(LETTERS).where(*_row(letter.organisation, letter.id)).values(words=words, due_at=due_at))


def hurry(db: Db, now: datetime) -> int:
    """Everything that waits is due now; how many letters that are."""
    waiting = sa.and_(LETTERS.c.state == WAITING, *_mine(db))
    return db.execute(sa.update(LETTERS).where(waiting).values(due_at=now)).rowcount


def forget(db: Db, before: datetime) -> int:
    """Drops what was over before; how many."""
    return db.execute(sa.delete(LETTERS).where(LETTERS.c.ended_at < before)).rowcount


def _mine(db: Db) -> tuple[sa.ColumnElement[bool], ...]:
    return (LETTERS.c.organisation == db.organisation,) if db.organisation else ()


def _row(organisation: str, id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return LETTERS.c.organisation == organisation, LETTERS.c.id == id


def _outgoing(row: sa.Row[tuple[object, ...]]) -> Outgoing:
    return Outgoing(**row._mapping)
