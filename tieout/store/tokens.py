"""API tokens, kept as hashes, with the organisations each covers.

Tokens stand above organisations, since one may cover several; which ones stands in a table of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.store.engine import Db
from tieout.store.metadata import ID, METADATA, organisation_table
from tieout.store.types import Moment

TOKENS = sa.Table(
    "api_tokens",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("person", ID, sa.ForeignKey("persons.id")),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_by", sa.String(120), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
    sa.Column("used_at", Moment),
)

COVERED = organisation_table(
    "api_token_organisations",
    sa.Column("token", ID, sa.ForeignKey("api_tokens.id"), nullable=False),
    sa.ForeignKeyConstraint(("organisation",), ("organisations.id",)),
    sa.Index("ix_api_token_organisations_token", "token"),
    key=("token",),
)


@dataclass(frozen=True, slots=True)
class Token:
    """`digest` is the SHA-256 of its secret half; `person` is whose it is, None for a program's own.

    `used_at` is when it was last used, to the minute.
    """

    id: str
    digest: str
    name: str
    person: str | None
    scopes: tuple[str, ...]
    organisations: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None


_COLUMNS = tuple(column.name for column in TOKENS.columns if column.name != "scopes")


def add(db: Db, token: Token) -> None:
    """In a transaction that stands above the organisations, since it may cover several."""
    values: dict[str, Any] = {name: getattr(token, name) for name in _COLUMNS}
    db.execute(sa.insert(TOKENS), values | {"scopes": list(token.scopes)})
    db.execute(sa.insert(COVERED), [{"organisation": each, "token": token.id} for each in token.organisations])


def find(db: Db, id: str) -> Token | None:
    row = db.execute(sa.select(TOKENS).where(TOKENS.c.id == id)).mappings().first()
    return _tokens(db, [row])[0] if row else None


def of_organisation(db: Db, organisation: str) -> tuple[Token, ...]:
    """Every token that covers it, the newest first, those that have ended too."""
    covers = sa.select(COVERED.c.token).where(COVERED.c.organisation == organisation)
    query = sa.select(TOKENS).where(TOKENS.c.id.in_(covers)).order_by(TOKENS.c.created_at.desc(), TOKENS.c.id)
    return _tokens(db, db.execute(query).mappings().all())


def revoke(db: Db, id: str, now: datetime) -> bool:
    """False when there is no such token, or it was revoked before: the first moment stands."""
    mine = (TOKENS.c.id == id) & TOKENS.c.revoked_at.is_(None)
    return db.execute(sa.update(TOKENS).where(mine).values(revoked_at=now)).rowcount == 1


def touch(db: Db, id: str, now: datetime) -> None:
    db.execute(sa.update(TOKENS).where(TOKENS.c.id == id).values(used_at=now))


def _tokens(db: Db, rows: Sequence[sa.RowMapping]) -> tuple[Token, ...]:
    covered: dict[str, list[str]] = {row["id"]: [] for row in rows}
    query = sa.select(COVERED).where(COVERED.c.token.in_(covered)).order_by(COVERED.c.organisation)
    for each in db.execute(query):
        covered[each.token].append(each.organisation)
    return tuple(
        Token(
            **{name: row[name] for name in _COLUMNS},
            scopes=tuple(row["scopes"]),
            organisations=tuple(covered[row["id"]]),
        )
        for row in rows
    )
