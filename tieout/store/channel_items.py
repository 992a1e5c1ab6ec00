"""What each channel account has listed: a row a payout, made before anything of it is fetched."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tieout.core.channel_account import FetchedItem, ItemState, Span
from tieout.store.dialect import insert_missing
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table, within
from tieout.store.settlements import SETTLEMENTS
from tieout.store.types import Moment

CHANNEL_ITEMS = organisation_table(
    "channel_items",
    sa.Column("account", ID, nullable=False),
    sa.Column("id", sa.String(255), nullable=False),
    sa.Column("label", sa.String(255), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("first_seen", Moment, nullable=False),
    sa.Column("is_ready", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("statement", sa.String(64), nullable=False),
    sa.Column("operation", ID, nullable=False),
    sa.Column("kept_at", Moment),
    within(("account",), "channel_accounts"),
    sa.Index("ix_channel_items_state", "organisation", "account", "state", "at"),
    sa.Index("ix_channel_items_newest", "organisation", "account", "at"),
    key=("account", "id"),
)

_ITEM_FIELDS = tuple(field.name for field in fields(FetchedItem))


def note(db: Db, items: Iterable[FetchedItem]) -> int:
    """Keeps what a channel named; how many were new. One that became final is ready from now on."""
    new = 0
    for item in items:
        values = {name: getattr(item, name) for name in _ITEM_FIELDS} | {"state": item.state.value}
        values |= {"organisation": db.organisation, "label": item.label[:255], "id": item.id[:255]}
        if insert_missing(db, CHANNEL_ITEMS, values):
            new += 1
        elif item.is_ready:
            is_open = (CHANNEL_ITEMS.c.is_ready.is_(False), CHANNEL_ITEMS.c.state == ItemState.LISTED.value)
            change = _item_update(db, item.account, item.id).where(*is_open)
            db.execute(change.values(is_ready=True, label=item.label[:255], at=item.at))
    return new


def still_open(db: Db, account: str) -> tuple[FetchedItem, ...]:
    """Named and not here, oldest first; those that are not final among them."""
    where = (CHANNEL_ITEMS.c.account == account, CHANNEL_ITEMS.c.state == ItemState.LISTED.value)
    query = _items(db).where(*where).order_by(CHANNEL_ITEMS.c.at, CHANNEL_ITEMS.c.id)
    return tuple(_item(row) for row in db.execute(query))


def newest(db: Db, account: str, limit: int) -> tuple[FetchedItem, ...]:
    query = _items(db).where(CHANNEL_ITEMS.c.account == account)
    rows = db.execute(query.order_by(CHANNEL_ITEMS.c.at.desc(), CHANNEL_ITEMS.c.id.desc()).limit(limit))
    return tuple(_item(row) for row in rows)


def count(db: Db, account: str) -> Mapping[ItemState, int]:
    table = CHANNEL_ITEMS
    where = (table.c.organisation == db.organisation, table.c.account == account)
    counted = sa.func.count().label("number")
    rows = db.execute(sa.select(table.c.state, counted).where(*where).group_by(table.c.state))
    return {ItemState(row.state): int(row.number) for row in rows}


def imports_since(db: Db, account: str, moment: datetime) -> tuple[str, ...]:
    """The readings of what was kept since then, oldest first; files that were here before have none."""
    table = CHANNEL_ITEMS
    mine = (table.c.organisation == db.organisation, table.c.account == account, table.c.kept_at >= moment)
    query = sa.select(table.c.operation).where(*mine, table.c.operation != "").order_by(table.c.kept_at)
    return tuple(db.execute(query).scalars())


def kept(db: Db, account: str, item: str, statement: str, operation: str, now: datetime) -> bool:
    """Its bytes are here; False where they were before, and then nothing changes."""
    is_open = CHANNEL_ITEMS.c.state == ItemState.LISTED.value
    values = {"state": ItemState.KEPT.value, "statement": statement, "operation": operation, "kept_at": now}
    return db.execute(_item_update(db, account, item).where(is_open).values(**values, words="")).rowcount == 1


def failed(db: Db, account: str, item: str, words: str, is_gone: bool = False) -> None:
    """One more try came to nothing; `is_gone`: the channel will not give it any more."""
    state = {"state": ItemState.GONE.value} if is_gone else {}
    is_open = CHANNEL_ITEMS.c.state == ItemState.LISTED.value
    change = _item_update(db, account, item).where(is_open)
    db.execute(change.values(tries=CHANNEL_ITEMS.c.tries + 1, words=words, **state))


def ask_again(db: Db, account: str, since: datetime | None = None) -> None:
    """What the channel would not give once is asked for again: somebody may have opened the way to it."""
    table = CHANNEL_ITEMS
    mine = (table.c.organisation == db.organisation, table.c.account == account)
    is_meant = table.c.at >= since if since else sa.true()
    change = table.update().where(*mine, is_meant, table.c.state == ItemState.GONE.value)
    db.execute(change.values(state=ItemState.LISTED.value))


def spans(db: Db, channel: str, since: datetime) -> tuple[Span, ...]:
    """What the settlements of a channel cover, of those that ended since then."""
    table = SETTLEMENTS
    columns = (table.c.marketplace, table.c.currency, table.c.starts_at, table.c.ends_at)
    mine = (table.c.organisation == db.organisation, table.c.is_current.is_(True), table.c.channel == channel)
    rows = db.execute(sa.select(*columns).where(*mine, table.c.ends_at >= since))
    return tuple(Span(**row._mapping) for row in rows)


def _items(db: Db) -> sa.Select[tuple[object, ...]]:
    return sa.select(*(CHANNEL_ITEMS.c[name] for name in _ITEM_FIELDS)).where(
        CHANNEL_ITEMS.c.organisation == db.organisation
    )


def _item_update(db: Db, account: str, item: str) -> sa.Update:
    mine = (CHANNEL_ITEMS.c.organisation == db.organisation, CHANNEL_ITEMS.c.account == account)
    return CHANNEL_ITEMS.update().where(*mine, CHANNEL_ITEMS.c.id == item[:255])


def _item(row: sa.Row[tuple[object, ...]]) -> FetchedItem:
    values: dict[str, Any] = dict(row._mapping)
    return FetchedItem(**{**values, "state": ItemState(values["state"])})
