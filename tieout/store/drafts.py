"""Half-finished connections: one row a press on "connect", used once, ten minutes good.

The state that travels through the platform and back is not kept, only its digest.
"""

import hashlib
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

# How far an attempt came, in order; the last three are ends of their own.
BEGUN, HELD, RETURNED, CHOOSING, PARKED, FINISHED, ENDED = (
    "begun",  # off to the platform
    "held",  # back with a yes, without a session: the code is not exchanged yet
    "returned",  # back, and the answer is being worked on
    "choosing",  # books were approved; the person says which, or that they are the right ones
    "parked",  # other books than those meant: a person decides
    "finished",
    "ended",
)

DRAFTS = organisation_table(
    "connection_drafts",
    sa.Column("id", sa.String(64), nullable=False),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("person", ID, nullable=False),
    sa.Column("person_name", sa.String(255), nullable=False),
    sa.Column("binding", sa.String(64), nullable=False),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("reconnects", ID, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("grant", ID, nullable=False),
    sa.Column("choices", sa.JSON, nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("step", sa.String(16), nullable=False, server_default=BEGUN),
    sa.Column("link", sa.String(64), nullable=False, server_default=""),
    sa.Column("client_id", sa.String(128), nullable=False, server_default=""),
    sa.Column("held", sa.Text),
    sa.Column("held_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("cause", sa.String(64), nullable=False, server_default=""),
    sa.Column("words", sa.Text, nullable=False, server_default=""),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Books that a consent reaches: link, id and name there, their country and currency where they were asked.

    `was_there`: the platform listed them for us before this consent. `person_name` is who gave it there.
    """

    link: str
    books: str
    name: str
    country: str = ""
    currency: str = ""
    was_there: bool = False
    person_name: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """`id` is the digest of the state. `binding` ties it to one browser session, `verifier` is sealed.

    `reconnects` names a connection that is to be renewed; `connection` the one that came of it; `choices` the books
    of which the person has to pick one, reached by `grant`. `link` is the one-time link it was begun by, `client_id`
    the app it was begun for, `held` the sealed answer that waits for a sign-in, `cause` the problem code of its end.
    """

    id: str
    platform: str
    person: str
    person_name: str
    binding: str
    verifier: str
    begun_at: datetime
    reconnects: str = ""
    used_at: datetime | None = None
    grant: str = ""
    choices: tuple[Choice, ...] = ()
    connection: str = ""
    step: str = BEGUN
    link: str = ""
    client_id: str = ""
    held: str | None = None
    held_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str = ""
    words: str = ""


_FIELDS = tuple(field.name for field in fields(Draft))
# Installs of a channel are kept here too, under a name in which a blank stands; they are no attempt at books.
_OF_BOOKS = DRAFTS.c.platform.not_like("% %")
_OPEN = (BEGUN, HELD, RETURNED, CHOOSING)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def add(db: Db, draft: Draft, older_than: datetime) -> None:
    """Keeps the draft, and drops the organisation's drafts from before `older_than` but those that await a decision."""
    db.execute(DRAFTS.delete().where(_mine(db), DRAFTS.c.begun_at < older_than, DRAFTS.c.step != PARKED))
    values = {name: getattr(draft, name) for name in _FIELDS}
    values["choices"] = _to_record(draft.choices)
    db.execute(DRAFTS.insert().values(organisation=db.organisation, **values))


def find(db: Db, draft: str) -> Draft | None:
    row = db.execute(_chosen(db).where(DRAFTS.c.id == draft)).first()
    return None if row is None else _read(row)


def listed(db: Db, limit: int = 20) -> tuple[Draft, ...]:
    """The newest first."""
    query = _chosen(db).where(_OF_BOOKS).order_by(DRAFTS.c.begun_at.desc(), DRAFTS.c.id).limit(limit)
    return tuple(_read(row) for row in db.execute(query))


def of_channels(db: Db) -> tuple[Draft, ...]:
    """Installs of a channel that came to no end."""
    query = _chosen(db).where(~_OF_BOOKS, DRAFTS.c.step == BEGUN).order_by(DRAFTS.c.begun_at.desc())
    return tuple(_read(row) for row in db.execute(query))


def overdue(db: Db, before: datetime) -> tuple[Draft, ...]:
    """Attempts begun before that moment that came to no end."""
    query = _chosen(db).where(_OF_BOOKS, DRAFTS.c.begun_at < before, DRAFTS.c.step.in_(_OPEN))
    return tuple(_read(row) for row in db.execute(query))


def parked(db: Db, connection: str) -> tuple[Draft, ...]:
    """The consents for other books that await a decision about this connection, the newest first."""
    where = (DRAFTS.c.reconnects == connection, DRAFTS.c.step == PARKED)
    return tuple(_read(row) for row in db.execute(_chosen(db).where(*where).order_by(DRAFTS.c.begun_at.desc())))


def use(db: Db, draft: str, now: datetime) -> bool:
    """True for exactly one caller."""
    unused = (_mine(db), DRAFTS.c.id == draft, DRAFTS.c.used_at.is_(None), DRAFTS.c.step.in_((BEGUN, HELD)))
    values: dict[str, Any] = {"used_at": now, "step": RETURNED, "held": None}
    return db.execute(DRAFTS.update().where(*unused).values(**values)).rowcount == 1


def hold(db: Db, draft: str, sealed: str, now: datetime) -> bool:
    """Keeps an answer until its person has signed in; once."""
    unused = (_mine(db), DRAFTS.c.id == draft, DRAFTS.c.used_at.is_(None), DRAFTS.c.step == BEGUN)
    return db.execute(DRAFTS.update().where(*unused).values(held=sealed, held_at=now, step=HELD)).rowcount == 1


def bind(db: Db, draft: str, binding: str) -> None:
    """From here on it belongs to another session of the same person."""
    db.execute(_update(db, draft).values(binding=binding))


def offer(db: Db, draft: str, grant: str, choices: tuple[Choice, ...]) -> None:
    db.execute(_update(db, draft).values(grant=grant, choices=_to_record(choices), step=CHOOSING))


def park(db: Db, draft: str, connection: str, grant: str, books: Choice) -> None:
    """Other books than the connection's: the grant waits for a decision."""
    values = {"reconnects": connection, "grant": grant, "choices": _to_record((books,)), "step": PARKED}
    db.execute(_update(db, draft).values(**values))


def finish(db: Db, draft: str, connection: str, now: datetime) -> None:
    values = {"connection": connection, "step": FINISHED, "ended_at": now, "cause": "", "words": ""}
    db.execute(_update(db, draft).values(**values))


def end(db: Db, draft: str, cause: str, words: str, now: datetime) -> bool:
    """It came to nothing; False where it had come to an end before."""
    still = _update(db, draft).where(DRAFTS.c.step.in_((*_OPEN, PARKED)))
    values = {"step": ENDED, "cause": cause, "words": words[:2000], "ended_at": now, "held": None}
    return db.execute(still.values(**values)).rowcount == 1


def forget(db: Db, draft: str) -> None:
    """Thrown away by a person, so that nobody is told of it any more; what was finished or parked stays."""
    gone = (_mine(db), DRAFTS.c.id == draft, DRAFTS.c.step.not_in((FINISHED, PARKED)))
    db.execute(DRAFTS.delete().where(*gone))


def note(db: Db, draft: str, cause: str, words: str) -> bool:
    """Why an answer to it was refused; it is still good. False where that is on record."""
    is_new = _update(db, draft).where(DRAFTS.c.cause != cause, DRAFTS.c.step.in_((BEGUN, HELD)))
    return db.execute(is_new.values(cause=cause, words=words[:2000])).rowcount == 1


def _chosen(db: Db) -> sa.Select[tuple[object, ...]]:
    return sa.select(*(DRAFTS.c[name] for name in _FIELDS)).where(_mine(db))


def _update(db: Db, draft: str) -> sa.Update:
    return DRAFTS.update().where(_mine(db), DRAFTS.c.id == draft)


def _mine(db: Db) -> sa.ColumnElement[bool]:
    return DRAFTS.c.organisation == db.organisation


def _to_record(choices: tuple[Choice, ...]) -> list[list[Any]]:
    return [list(astuple(each)) for each in choices]


def _read(row: sa.Row[tuple[object, ...]]) -> Draft:
    values: dict[str, Any] = dict(row._mapping)
    return Draft(**{**values, "choices": tuple(Choice(*each) for each in values["choices"])})
