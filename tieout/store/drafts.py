"""Half-finished connections: one row a press on "connect", used once, ten minutes good.

The state that travels through the platform and back is not kept, only its digest.
"""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

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
)


@dataclass(frozen=True, slots=True)
class Draft:
    """`id` is the digest of the state. `binding` ties it to one browser session, `verifier` is sealed.

    `reconnects` names a connection that is to be renewed; `connection` the one that came of it; `choices` the books
    (link, id, name) of which the person has to pick one, reached by `grant`.
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
    choices: tuple[tuple[str, str, str], ...] = ()
    connection: str = ""


_FIELDS = tuple(field.name for field in fields(Draft))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def add(db: Db, draft: Draft, older_than: datetime) -> None:
    """Keeps the draft, and drops the organisation's drafts from before `older_than`."""
    db.execute(DRAFTS.delete().where(_mine(db), DRAFTS.c.begun_at < older_than))
    values = {name: getattr(draft, name) for name in _FIELDS}
    values["choices"] = [list(choice) for choice in draft.choices]
    db.execute(DRAFTS.insert().values(organisation=db.organisation, **values))


def find(db: Db, draft: str) -> Draft | None:
    columns = (DRAFTS.c[name] for name in _FIELDS)
    row = db.execute(sa.select(*columns).where(_mine(db), DRAFTS.c.id == draft)).first()
    if row is None:
        return None
    values = dict(row._mapping)
    choices = tuple((link, books, name) for link, books, name in values["choices"])
    return Draft(**{**values, "choices": choices})


def use(db: Db, draft: str, now: datetime) -> bool:
    """True for exactly one caller."""
    unused = (_mine(db), DRAFTS.c.id == draft, DRAFTS.c.used_at.is_(None))
    return db.execute(DRAFTS.update().where(*unused).values(used_at=now)).rowcount == 1


def offer(db: Db, draft: str, grant: str, choices: tuple[tuple[str, str, str], ...]) -> None:
    change = DRAFTS.update().where(_mine(db), DRAFTS.c.id == draft)
    db.execute(change.values(grant=grant, choices=[list(choice) for choice in choices]))


def finish(db: Db, draft: str, connection: str) -> None:
    db.execute(DRAFTS.update().where(_mine(db), DRAFTS.c.id == draft).values(connection=connection))


def _mine(db: Db) -> sa.ColumnElement[bool]:
    return DRAFTS.c.organisation == db.organisation
