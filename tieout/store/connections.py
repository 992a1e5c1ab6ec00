"""Connections: one row a set of books that an organisation reaches or once reached."""

from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tieout.core.connection import Connection, ConnectionState, Verdict
from tieout.store import timeline
from tieout.store.engine import Db
from tieout.store.metadata import ID, organisation_table
from tieout.store.timeline import Moved
from tieout.store.types import Moment

_LIVE = sa.text("state <> 'disconnected'")

CONNECTIONS = organisation_table(
    "connections",
    sa.Column("id", ID, nullable=False),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("books_id", sa.String(64), nullable=False),
    sa.Column("books_name", sa.String(255), nullable=False),
    sa.Column("link_id", sa.String(64), nullable=False),
    sa.Column("grant", ID, nullable=False),
    sa.Column("connected_by", ID, nullable=False),
    sa.Column("connected_by_name", sa.String(255), nullable=False),
    sa.Column("connected_at", Moment, nullable=False),
    sa.Column("known_there_as", sa.String(255), nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("cause", sa.String(64), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("changed_at", Moment),
    sa.Column("good_at", Moment),
    sa.Column("checked_at", Moment),
    sa.Column("failing_since", Moment),
    sa.Column("failing_calls", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failing_books", sa.Integer, nullable=False, server_default="0"),
    # One set of books has one live connection in the whole installation, whoever owns it.
    sa.Index(
        "uq_connections_live_books", "platform", "books_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    ),
)

_FIELDS = tuple(field.name for field in fields(Connection))


class BooksTaken(Exception):
    """These books already have a live connection, here or in another organisation; nothing says whose."""


def add(db: Db, connection: Connection) -> None:
    """Raises BooksTaken."""
    values = {name: getattr(connection, name) for name in _FIELDS}
    values["state"] = connection.state.value
    try:
        with db.connection.begin_nested():
            db.execute(CONNECTIONS.insert().values(organisation=db.organisation, **values))
    except IntegrityError as error:
        raise BooksTaken(connection.books_name) from error
    _moved(db, connection, "connected")


def find(db: Db, connection: str) -> Connection | None:
    row = db.execute(_chosen(db).where(CONNECTIONS.c.id == connection)).first()
    return None if row is None else _read(row)


def listed(db: Db) -> tuple[Connection, ...]:
    """The organisation's connections, live ones first, the newest before older ones."""
    is_over = sa.case((CONNECTIONS.c.state == ConnectionState.DISCONNECTED.value, 1), else_=0)
    order = (is_over, CONNECTIONS.c.connected_at.desc(), CONNECTIONS.c.id)
    return tuple(_read(row) for row in db.execute(_chosen(db).order_by(*order)))


def known_for(db: Db, platform: str, books_id: str) -> Connection | None:
    """The organisation's own connection to these books, live or ended last: what waited for it goes on."""
    of_books = (CONNECTIONS.c.platform == platform, CONNECTIONS.c.books_id == books_id)
    is_over = sa.case((CONNECTIONS.c.state == ConnectionState.DISCONNECTED.value, 1), else_=0)
    row = db.execute(_chosen(db).where(*of_books).order_by(is_over, CONNECTIONS.c.connected_at.desc())).first()
    return None if row is None else _read(row)


def reconnect(db: Db, connection: Connection) -> None:
    """The same books by a new consent: everything about the access is new, the connection and its history stay.

    Raises BooksTaken where the connection had ended and somebody else has the books by now.
    """
    values = {name: getattr(connection, name) for name in _FIELDS if name != "id"}
    values["state"] = connection.state.value
    try:
        with db.connection.begin_nested():
            db.execute(_update(db, connection.id).values(**values))
    except IntegrityError as error:
        raise BooksTaken(connection.books_name) from error
    _moved(db, connection, "reconnected")


def judge(db: Db, connection: str, verdict: Verdict, now: datetime, by: str = "Tieout") -> bool:
    """Keeps a new verdict; False when it says what was known, or the connection was ended or parked meanwhile."""
    is_new = sa.or_(CONNECTIONS.c.state != verdict.state.value, CONNECTIONS.c.cause != verdict.cause)
    live = CONNECTIONS.c.state.not_in((ConnectionState.DISCONNECTED.value, ConnectionState.PARKED.value))
    change = _update(db, connection).where(is_new, live)
    values = {"state": verdict.state.value, "cause": verdict.cause, "words": verdict.words, "changed_at": now}
    if db.execute(change.values(**values)).rowcount == 0:
        return False
    timeline.add(db, connection, Moved(now, verdict.state.value, verdict.cause, verdict.words, by))
    return True


def park(db: Db, connection: str, verdict: Verdict, now: datetime, by: str) -> None:
    """Nothing is read or written until a person decides; only a new consent or that decision ends it."""
    assert verdict.state is ConnectionState.PARKED, "every other state is judged"
    values = {"state": verdict.state.value, "cause": verdict.cause, "words": verdict.words, "changed_at": now}
    live = CONNECTIONS.c.state != ConnectionState.DISCONNECTED.value
    db.execute(_update(db, connection).where(live).values(**values))
    timeline.add(db, connection, Moved(now, verdict.state.value, verdict.cause, verdict.words, by))


def checked(db: Db, connection: str, now: datetime, is_good: bool) -> None:
    values = {"checked_at": now, **({"good_at": now} if is_good else {})}
    db.execute(_update(db, connection).values(**values))


def good(db: Db, connection: str, now: datetime, before: datetime) -> None:
    """Notes a good call, unless one is on record since `before`: a row need not change with every call."""
    is_old = sa.or_(CONNECTIONS.c.good_at.is_(None), CONNECTIONS.c.good_at < before, CONNECTIONS.c.failing_calls > 0)
    values = {"good_at": now, "failing_since": None, "failing_calls": 0, "failing_books": 0}
    db.execute(_update(db, connection).where(is_old).values(**values))


def failing(db: Db, connection: str, now: datetime, books: int) -> None:
    """Notes a call that their side could not answer, at so many of the platform's books, these included, for now."""
    values = {
        "failing_since": sa.func.coalesce(CONNECTIONS.c.failing_since, sa.bindparam("since", now, type_=Moment)),
        "failing_calls": CONNECTIONS.c.failing_calls + 1,
        "failing_books": books,
    }
    db.execute(_update(db, connection).values(**values))


def end(db: Db, connection: str, now: datetime, by: str = "Tieout") -> bool:
    """Disconnected, once; its books are free for a new connection."""
    live = CONNECTIONS.c.state != ConnectionState.DISCONNECTED.value
    values = {"state": ConnectionState.DISCONNECTED.value, "cause": "disconnected-by-user", "words": ""}
    if db.execute(_update(db, connection).where(live).values(changed_at=now, **values)).rowcount == 0:
        return False
    timeline.add(db, connection, Moved(now, ConnectionState.DISCONNECTED.value, "disconnected-by-user", "", by))
    return True


def revive(db: Db, grant: str, cause: str, now: datetime) -> None:
    """The grant lives again: what it serves and stood still for that cause works again, whoever owns it.

    `db` stands above the organisations.
    """
    assert not db.organisation, "a grant may serve several organisations"
    ill = (CONNECTIONS.c.state == ConnectionState.NEEDS_RECONNECT.value, CONNECTIONS.c.cause == cause)
    change = CONNECTIONS.update().where(CONNECTIONS.c.grant == grant, *ill)
    good: dict[str, object] = {"state": ConnectionState.CONNECTED.value, "cause": "", "words": "", "changed_at": now}
    revived = change.values(**good).returning(CONNECTIONS.c.organisation, CONNECTIONS.c.id)
    for row in db.execute(revived).all():
        words = "A new consent of the same person."
        timeline.add(
            db,
            row.id,
            Moved(now, ConnectionState.CONNECTED.value, "authorised-again", words, "Tieout"),
            row.organisation,
        )


def holder_of(db: Db, platform: str, books_id: str) -> str:
    """The organisation that has a live connection to these books, empty when none has; `db` stands above them."""
    assert not db.organisation, "asked for whoever has them"
    live = CONNECTIONS.c.state != ConnectionState.DISCONNECTED.value
    where = (CONNECTIONS.c.platform == platform, CONNECTIONS.c.books_id == books_id, live)
    return str(db.execute(sa.select(CONNECTIONS.c.organisation).where(*where)).scalar() or "")


def on_grant(db: Db, grant: str) -> int:
    """How many live connections a grant serves, in whichever organisations; `db` stands above them."""
    assert not db.organisation, "a grant may serve several organisations"
    live = CONNECTIONS.c.state != ConnectionState.DISCONNECTED.value
    counted = sa.select(sa.func.count()).select_from(CONNECTIONS).where(CONNECTIONS.c.grant == grant, live)
    return int(db.execute(counted).scalar_one())


def _moved(db: Db, connection: Connection, code: str) -> None:
    there = f"Known there as {connection.known_there_as}." if connection.known_there_as else ""
    moved = Moved(connection.connected_at, connection.state.value, code, there, connection.connected_by_name)
    timeline.add(db, connection.id, moved)


def _chosen(db: Db) -> sa.Select[tuple[object, ...]]:
    columns = (CONNECTIONS.c[name] for name in _FIELDS)
    return sa.select(*columns).where(CONNECTIONS.c.organisation == db.organisation)


def _update(db: Db, connection: str) -> sa.Update:
    mine = CONNECTIONS.c.organisation == db.organisation
    return CONNECTIONS.update().where(mine, CONNECTIONS.c.id == connection)


def _read(row: sa.Row[tuple[object, ...]]) -> Connection:
    values = dict(row._mapping)
    return Connection(**{**values, "state": ConnectionState(str(values["state"]))})
