"""Rights: what the person behind a connection may do in the books, read before anything is sent, and since when.

Where the platform lists the allowed actions they are read. Where it lists none, and where the list says yes and a write
was refused all the same, a document that cannot exist is sent: it is refused for what it says, or for the person.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tieout.calls import Call
from tieout.core.budget import Lane
from tieout.core.chart import Books
from tieout.core.connection import (
    DESPITE,
    PARTIAL,
    RESTRICTED,
    RIGHTS_CHANGED,
    ROLE_TOO_SMALL,
    Connection,
    ConnectionState,
    Verdict,
)
from tieout.core.failure import Failure, NotAllowed, RemoteError
from tieout.core.records import DocumentKind
from tieout.platforms import Access, Platform, named
from tieout.store import connection_checks, connections, grants, timeline
from tieout.store.connection_checks import Rights
from tieout.store.engine import Db, read, write
from tieout.store.timeline import Moved
from tieout.sync.asking import ask
from tieout.sync.tools import Tools

_OF_PERSON = (ROLE_TOO_SMALL, RIGHTS_CHANGED)
_MOST_REFUSALS = 20
_NOBODYS = "TIEOUT-NEIGHBOUR"  # a number that no document has


def tried(tools: Tools, organisation: str, connection: str, lane: Lane) -> tuple[Failure | None, bool]:
    """The refusal of a write that creates nothing; None where it was let through, or need not be tried. And whether so
    little is permitted that the chart need not be asked for: refusals would only repeat themselves.

    Raises what else the books say, as that their subscription has ended: they may answer every question all the same.
    """
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    if found is None or not _is_tried(found):
        return None, False
    refused = ask(tools, organisation, connection, _try, lane)
    return refused, refused is not None and not named(found.platform).TELLS_RIGHTS


def neighbour(tools: Tools, organisation: str, connection: str, lane: Lane) -> str:
    """Whether reading the very kind of record works whose writing is refused: it tells a fault there from one here."""
    try:
        return ask(tools, organisation, connection, _find, lane)
    except RemoteError as error:
        return f"Reading could not be tried: {error.failure.sentence}."


def conclude(
    tools: Tools, organisation: str, connection: str, books: Books, refused: Failure | None, beside: str = ""
) -> None:
    """Keeps what a connection is after a real call was answered; `beside` says what the call next to a refused did."""
    now = tools.now()
    with write(tools.engines, organisation) as db:
        found = connections.find(db, connection)
        if found is None:
            return
        verdict = judged(db, found, books, refused, now)
        if refused is not None:
            keep_refusal(db, connection, refused, beside, now)
        connections.judge(db, connection, verdict, now)
        connections.checked(db, connection, now, is_good=True)


def judged(db: Db, connection: Connection, books: Books, refused: Failure | None, now: datetime) -> Verdict:
    """Of a connection that answers: whether it may post; the rights that were read are kept, with any change of them.

    While some kinds of documents are allowed the connection stays connected, and only the others are held.
    """
    platform = named(connection.platform)
    grant = grants.find(db, connection.grant)
    if lacking := platform.lacking(grant.scopes if grant else ()):
        return Verdict(ConnectionState.READ_ONLY, PARTIAL, f"not granted: {', '.join(lacking)}")
    rights = _read(db, connection, books, refused, now)
    if refused is not None and not books.barred and platform.TELLS_RIGHTS:
        return Verdict(ConnectionState.READ_ONLY, DESPITE, refused.sentence)
    if set(platform.NUMBER_UNIQUE) <= {DocumentKind(each) for each in rights.barred}:
        words = refused.sentence if refused else f"this person may not create: {_kinds(rights)}"
        return Verdict(ConnectionState.READ_ONLY, _code(connection, rights), words)
    return Verdict(ConnectionState.CONNECTED)


def code_of(connection: Connection, rights: Rights | None) -> str:
    """The problem that the rights as last read prove of a connection that posts; empty where they prove none."""
    return _code(connection, rights) if rights is not None and rights.barred else ""


def add_refusal(rights: Rights, failure: Failure, beside: str, at: datetime) -> Rights:
    """The evidence of one refusal more: no token, no header, no body."""
    record: dict[str, Any] = {
        "at": at.isoformat(timespec="seconds"),
        "code": failure.code,
        "status": failure.status,
        "words": list(failure.words),
        "correlation_id": failure.correlation_id,
        "allowed_actions": dict(rights.allowed),
        "neighbour": beside,
    }
    return replace(rights, refusals=(*rights.refusals, record)[-_MOST_REFUSALS:])


def keep_refusal(db: Db, connection: str, failure: Failure, beside: str, now: datetime) -> None:
    found = connection_checks.rights(db, connection)
    if found is not None:
        connection_checks.keep_rights(db, connection, add_refusal(found, failure, beside, now))


def _is_tried(connection: Connection) -> bool:
    """A write that was refused is tried again before we believe that another one would not be."""
    was_refused = not connection.may_post and connection.cause in (*_OF_PERSON, DESPITE, RESTRICTED)
    return was_refused or not named(connection.platform).TELLS_RIGHTS


def _try(platform: Platform, call: Call, access: Access) -> Failure | None:
    try:
        platform.try_write(call, access)
    except NotAllowed as error:
        if error.failure.code not in _OF_PERSON:
            raise
        return error.failure
    return None


def _find(platform: Platform, call: Call, access: Access) -> str:
    kind = next(iter(platform.NUMBER_UNIQUE))
    try:
        platform.find(call, access, kind, (_NOBODYS,))
    except NotAllowed as error:
        return f"Reading {kind}s is refused as well: {error.failure.sentence}."
    return f"Reading {kind}s works."


def _read(db: Db, connection: Connection, books: Books, refused: Failure | None, now: datetime) -> Rights:
    """What was read, beside what was known; a change is a line of the timeline."""
    known = connection_checks.rights(db, connection.id)
    is_told = named(connection.platform).TELLS_RIGHTS
    every = tuple(kind.value for kind in named(connection.platform).NUMBER_UNIQUE)
    barred = tuple(kind.value for kind in books.barred) if is_told else every if refused else ()
    rights = Rights(now, books.allowed, barred, known.full_at if known else None)
    if not barred:
        rights = replace(rights, full_at=now)
    elif known is not None:
        rights = replace(rights, changed_at=known.changed_at if known.barred == barred else now)
    if refused is not None or (known is not None and barred):
        rights = replace(rights, refusals=known.refusals if known else ())
    connection_checks.keep_rights(db, connection.id, rights)
    if known is not None and known.barred != barred:
        told = f"May not create: {_kinds(rights)}." if barred else "May create every document again."
        moved = Moved(now, connection.state.value, RIGHTS_CHANGED if barred else "rights-restored", told, "Tieout")
        timeline.add(db, connection.id, moved)
    return rights


def _code(connection: Connection, rights: Rights) -> str:
    """What was refused at a send keeps its name; else it was so from the beginning, or has become so."""
    if connection.cause in _OF_PERSON and not connection.may_post:
        return connection.cause
    had_all = rights.full_at is not None and rights.full_at >= connection.connected_at
    return RIGHTS_CHANGED if had_all else RESTRICTED


def _kinds(rights: Rights) -> str:
    return ", ".join(f"{kind}s" for kind in rights.barred)


def facts(rights: Rights | None) -> Mapping[str, Any]:
    """As programs and the evidence read them."""
    if rights is None:
        return {}
    return {"checked_at": rights.checked_at, "missing": list(rights.barred), "allowed": dict(rights.allowed)}
