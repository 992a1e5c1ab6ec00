"""Ledger links: which connection the settlements of each channel account post to, one row an account.

The row also names the books themselves, so that a link whose connection is gone still says which books were meant.
"""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from tieout.store.channel_items import CHANNEL_ITEMS
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table, within
from tieout.store.types import Moment

LEDGER_LINKS = organisation_table(
    "ledger_links",
    sa.Column("account", ID, nullable=False),
    sa.Column("connection", ID, nullable=False),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("books_id", sa.String(64), nullable=False),
    sa.Column("books_name", sa.String(255), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", sa.String(255), nullable=False),
    sa.Column("checked_at", Moment),
    sa.Column("good_at", Moment),
    sa.Column("failing_since", Moment),
    sa.Column("words", sa.Text, nullable=False),
    within(("account",), "channel_accounts"),
    key=("account",),
)


@dataclass(frozen=True, slots=True)
class LedgerLink:
    """`made_by` is a person's name or Tieout's own; `words` are what the last look found, empty while it was good."""

    account: str
    connection: str
    platform: str
    books_id: str
    books_name: str
    made_at: datetime
    made_by: str
    checked_at: datetime | None = None
    good_at: datetime | None = None
    failing_since: datetime | None = None
    words: str = ""


_FIELDS = tuple(field.name for field in fields(LedgerLink))


def put(db: Db, link: LedgerLink) -> None:
    """Makes the account's link, or makes it anew."""
    values = {name: getattr(link, name) for name in _FIELDS}
    if not db.execute(LEDGER_LINKS.update().where(_mine(db, link.account)).values(**values)).rowcount:
        db.execute(LEDGER_LINKS.insert().values(organisation=db.organisation, **values))


def find(db: Db, account: str) -> LedgerLink | None:
    row = db.execute(_chosen().where(_mine(db, account))).first()
    return None if row is None else LedgerLink(**row._mapping)


def listed(db: Db) -> dict[str, LedgerLink]:
    """Every link of the organisation, by its account."""
    rows = db.execute(_chosen().where(LEDGER_LINKS.c.organisation == db.organisation))
    return {row.account: LedgerLink(**row._mapping) for row in rows}


def looked(db: Db, account: str, now: datetime, words: str) -> None:
    """What a look found: no words are a good one."""
    values: dict[str, object] = {"checked_at": now, "words": words}
    if words:
        since = sa.func.coalesce(LEDGER_LINKS.c.failing_since, sa.bindparam("since", now, type_=Moment))
        values["failing_since"] = since
    else:
        values |= {"good_at": now, "failing_since": None}
    db.execute(LEDGER_LINKS.update().where(_mine(db, account)).values(**values))


def drop(db: Db, account: str) -> None:
    db.execute(LEDGER_LINKS.delete().where(_mine(db, account)))


def account_of(db: Db, statement: str) -> str:
    """The channel account that brought a statement in; empty for one that was uploaded."""
    table = CHANNEL_ITEMS
    query = sa.select(table.c.account).where(table.c.organisation == db.organisation, table.c.statement == statement)
    return str(db.execute(query.limit(1)).scalar() or "")


def _chosen() -> sa.Select[tuple[object, ...]]:
    return sa.select(*(LEDGER_LINKS.c[name] for name in _FIELDS))


def _mine(db: Db, account: str) -> sa.ColumnElement[bool]:
    return sa.and_(LEDGER_LINKS.c.organisation == db.organisation, LEDGER_LINKS.c.account == account)
