"""Channel accounts: the seller accounts that an organisation connected, and their sealed access.

A row carries the claim on its renewal (`refresher`, fenced) and the claim on its fetch (`holder`, until a moment), so
that of several workers one does either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.core.channel_account import AccountState, ChannelAccount
from tieout.store.engine import Db, Engines
from tieout.store.metadata import ID, organisation_table
from tieout.store.types import Moment

_LIVE = sa.text("state <> 'disconnected'")

CHANNEL_ACCOUNTS = organisation_table(
    "channel_accounts",
    sa.Column("id", ID, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("account", sa.String(128), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("place", sa.String(128), nullable=False),
    sa.Column("connected_by", ID, nullable=False),
    sa.Column("connected_by_name", sa.String(255), nullable=False),
    sa.Column("connected_at", Moment, nullable=False),
    sa.Column("begins_at", Moment, nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("cause", sa.String(64), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("changed_at", Moment),
    sa.Column("good_at", Moment),
    sa.Column("fetched_at", Moment),
    sa.Column("next_at", Moment),
    sa.Column("cursor", Moment),
    sa.Column("operation", ID, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("dismissed", sa.JSON, nullable=False),
    sa.Column("access", sa.Text, nullable=False),
    sa.Column("refresh", sa.Text, nullable=False),
    sa.Column("hook_secret", sa.Text, nullable=False),
    sa.Column("token_id", ID, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("refresher", sa.String(64)),
    sa.Column("refresh_started_at", Moment),
    sa.Column("holder", sa.String(64)),
    sa.Column("held_until", Moment),
    sa.Column("paces", sa.JSON, nullable=False),
    # One seller account is connected once in the whole installation, whoever owns it.
    sa.Index("uq_channel_accounts_live", "channel", "account", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    sa.Index("ix_channel_accounts_next_at", "organisation", "next_at"),
)
_FIELDS = tuple(field.name for field in fields(ChannelAccount))
_DISCONNECTED = AccountState.DISCONNECTED.value


@dataclass(frozen=True, slots=True)
class SealedKeys:
    """The access as it lies here, sealed. `fence` grows with every claim of a renewal and every new access."""

    access: str
    refresh: str
    hook_secret: str
    token_id: str
    expires_at: datetime | None
    fence: int = 0
    refresh_started_at: datetime | None = None


# --- Accounts -------------------------------------------------------------------------------------------------------


def keep(db: Db, account: ChannelAccount, keys: SealedKeys) -> bool:
    """A new account, or the same one connected again: its history stays. False: it is connected somewhere else."""
    values = {name: getattr(account, name) for name in _FIELDS}
    values |= {"state": account.state.value, "dismissed": list(account.dismissed)}
    values |= {"access": keys.access, "refresh": keys.refresh, "hook_secret": keys.hook_secret}
    values |= {"token_id": keys.token_id, "expires_at": keys.expires_at}
    values |= {"refresher": None, "refresh_started_at": None, "holder": None, "held_until": None}
    is_known = find(db, account.id) is not None
    fence = {"fence": CHANNEL_ACCOUNTS.c.fence + 1} if is_known else {"fence": 0, "paces": {}}
    try:
        with db.connection.begin_nested():
            if is_known:
                db.execute(_update(db, account.id).values(**values, **fence))
            else:
                db.execute(CHANNEL_ACCOUNTS.insert().values(organisation=db.organisation, **values, **fence))
    except IntegrityError:
        return False
    return True


def find(db: Db, account: str) -> ChannelAccount | None:
    row = db.execute(_chosen(db).where(CHANNEL_ACCOUNTS.c.id == account)).first()
    return None if row is None else _account(row)


def listed(db: Db) -> tuple[ChannelAccount, ...]:
    """Live ones first, the newest before older ones."""
    is_over = sa.case((CHANNEL_ACCOUNTS.c.state == _DISCONNECTED, 1), else_=0)
    order = (is_over, CHANNEL_ACCOUNTS.c.connected_at.desc(), CHANNEL_ACCOUNTS.c.id)
    return tuple(_account(row) for row in db.execute(_chosen(db).order_by(*order)))


def known_for(db: Db, channel: str, account: str) -> ChannelAccount | None:
    """The organisation's own row of this seller account, live or ended last."""
    mine = (CHANNEL_ACCOUNTS.c.channel == channel, CHANNEL_ACCOUNTS.c.account == account)
    is_over = sa.case((CHANNEL_ACCOUNTS.c.state == _DISCONNECTED, 1), else_=0)
    row = db.execute(_chosen(db).where(*mine).order_by(is_over, CHANNEL_ACCOUNTS.c.connected_at.desc())).first()
    return None if row is None else _account(row)


def due(db: Db, now: datetime) -> tuple[ChannelAccount, ...]:
    """Those to be asked now and held by nobody, or by somebody whose time is over."""
    table = CHANNEL_ACCOUNTS
    is_free = sa.or_(table.c.held_until.is_(None), table.c.held_until <= now)
    query = _chosen(db).where(table.c.state == AccountState.CONNECTED.value, table.c.next_at <= now, is_free)
    return tuple(_account(row) for row in db.execute(query.order_by(table.c.next_at)))


def owners(engines: Engines, channel: str, account: str) -> tuple[tuple[str, str], ...]:
    """Organisation and id of the live rows of a seller account; stands above the organisations, for a notice."""
    table = CHANNEL_ACCOUNTS
    mine = (table.c.channel == channel, table.c.account == account, table.c.state != _DISCONNECTED)
    with engines.reading.begin() as connection:
        return tuple(
            (row[0], row[1]) for row in connection.execute(sa.select(table.c.organisation, table.c.id).where(*mine))
        )


def judge(db: Db, account: str, state: AccountState, cause: str, words: str, now: datetime) -> bool:
    """What an account is now; False when it was ended meanwhile, or nothing is new. Only a good one is asked again."""
    is_new = sa.or_(CHANNEL_ACCOUNTS.c.state != state.value, CHANNEL_ACCOUNTS.c.cause != cause)
    values: dict[str, Any] = {"state": state.value, "cause": cause, "words": words, "changed_at": now}
    if state is not AccountState.CONNECTED:
        values["next_at"] = None
    change = _update(db, account).where(is_new, CHANNEL_ACCOUNTS.c.state != _DISCONNECTED)
    return db.execute(change.values(**values)).rowcount == 1


def end(db: Db, account: str, now: datetime) -> bool:
    """Disconnected, once. Its sealed access is erased; what it brought in stays."""
    erased = {"access": "", "refresh": "", "hook_secret": "", "expires_at": None, "holder": None, "held_until": None}
    values = {"state": _DISCONNECTED, "cause": "disconnected-by-user", "words": "", "changed_at": now, "next_at": None}
    change = _update(db, account).where(CHANNEL_ACCOUNTS.c.state != _DISCONNECTED)
    return db.execute(change.values(**erased, **values, operation="", fence=CHANNEL_ACCOUNTS.c.fence + 1)).rowcount == 1


def dismiss(db: Db, account: str, hole: str) -> None:
    """A person says that nothing is missing there."""
    found = find(db, account)
    if found is not None and hole not in found.dismissed:
        db.execute(_update(db, account).values(dismissed=[*found.dismissed, hole]))


# --- Its access -----------------------------------------------------------------------------------------------------


def keys(db: Db, account: str) -> SealedKeys | None:
    columns = (CHANNEL_ACCOUNTS.c[field.name] for field in fields(SealedKeys))
    row = db.execute(sa.select(*columns).where(*_mine(db, account))).first()
    return None if row is None else SealedKeys(**row._mapping)


def claim_renewal(db: Db, account: str, fence: int, refresher: str, now: datetime) -> int | None:
    """The fence under which the renewal is this refresher's; None when somebody else was faster."""
    values = {"fence": fence + 1, "refresher": refresher, "refresh_started_at": now}
    change = _update(db, account).where(CHANNEL_ACCOUNTS.c.fence == fence).values(**values)
    return fence + 1 if db.execute(change).rowcount == 1 else None


def renewed(db: Db, account: str, fence: int, new: SealedKeys) -> bool:
    """Keeps a new access before anybody uses it; False, and nothing kept, when the fence has moved."""
    values = {"access": new.access, "refresh": new.refresh, "token_id": new.token_id, "expires_at": new.expires_at}
    free = {"refresher": None, "refresh_started_at": None}
    change = _update(db, account).where(CHANNEL_ACCOUNTS.c.fence == fence)
    return db.execute(change.values(**values, **free)).rowcount == 1


def release_renewal(db: Db, account: str, fence: int) -> None:
    change = _update(db, account).where(CHANNEL_ACCOUNTS.c.fence == fence)
    db.execute(change.values(refresher=None, refresh_started_at=None))


# --- Its fetch ------------------------------------------------------------------------------------------------------


def hold(db: Db, account: str, holder: str, now: datetime, until: datetime) -> bool:
    """The fetch is this holder's until then; False while it is somebody else's. Again: until later."""
    table = CHANNEL_ACCOUNTS
    is_free = sa.or_(table.c.held_until.is_(None), table.c.held_until <= now, table.c.holder == holder)
    change = _update(db, account).where(is_free, table.c.state == AccountState.CONNECTED.value)
    return db.execute(change.values(holder=holder, held_until=until)).rowcount == 1


def let_go(db: Db, account: str, holder: str) -> None:
    change = _update(db, account).where(CHANNEL_ACCOUNTS.c.holder == holder)
    db.execute(change.values(holder=None, held_until=None))


def set_next(db: Db, account: str, next_at: datetime | None, operation: str | None = None, tries: int = 0) -> None:
    """When it is asked next, unless it was ended; None for `operation` leaves the one that is under way."""
    values = {"next_at": next_at, "tries": tries} | ({} if operation is None else {"operation": operation})
    db.execute(_update(db, account).where(CHANNEL_ACCOUNTS.c.state != _DISCONNECTED).values(**values))


def bring_forward(db: Db, account: str, now: datetime) -> None:
    """Asked then, unless it is asked sooner anyway or may not be asked. A fetch under way may have looked before."""
    table = CHANNEL_ACCOUNTS
    is_later = sa.or_(table.c.next_at.is_(None), table.c.next_at > now, table.c.held_until > now)
    change = _update(db, account).where(is_later, table.c.state == AccountState.CONNECTED.value)
    db.execute(change.values(next_at=now))


def fetched(db: Db, account: str, now: datetime, cursor: datetime | None) -> None:
    """A fetch went through; the cursor never goes back."""
    found = find(db, account)
    if found is not None:
        reached = max((each for each in (found.cursor, cursor) if each is not None), default=None)
        db.execute(_update(db, account).values(fetched_at=now, cursor=reached))


def good(db: Db, account: str, now: datetime, before: datetime) -> None:
    """Notes an answered call, unless one is on record since `before`."""
    is_old = sa.or_(CHANNEL_ACCOUNTS.c.good_at.is_(None), CHANNEL_ACCOUNTS.c.good_at < before)
    db.execute(_update(db, account).where(is_old).values(good_at=now))


def paces(db: Db, account: str) -> Mapping[str, Any]:
    """What each kind of call has used up, as it was kept; locks the row where others write at the same time."""
    query = sa.select(CHANNEL_ACCOUNTS.c.paces).where(*_mine(db, account))
    return dict(db.execute(query.with_for_update()).scalar_one_or_none() or {})


def set_paces(db: Db, account: str, paces: Mapping[str, Any]) -> None:
    db.execute(_update(db, account).values(paces=dict(paces)))


def _chosen(db: Db) -> sa.Select[tuple[object, ...]]:
    columns = (CHANNEL_ACCOUNTS.c[name] for name in _FIELDS)
    return sa.select(*columns).where(CHANNEL_ACCOUNTS.c.organisation == db.organisation)


def _mine(db: Db, account: str) -> tuple[sa.ColumnElement[bool], ...]:
    return CHANNEL_ACCOUNTS.c.organisation == db.organisation, CHANNEL_ACCOUNTS.c.id == account


def _update(db: Db, account: str) -> sa.Update:
    return CHANNEL_ACCOUNTS.update().where(*_mine(db, account))


def _account(row: sa.Row[tuple[object, ...]]) -> ChannelAccount:
    values: dict[str, Any] = dict(row._mapping)
    return ChannelAccount(**{**values, "state": AccountState(values["state"]), "dismissed": tuple(values["dismissed"])})
