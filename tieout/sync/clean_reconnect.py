"""Starting over: this one connection is ended at the platform first, and then asked for anew; no other is touched."""

from contextlib import suppress
from dataclasses import dataclass

from tieout import platforms
from tieout.calls import make_call
from tieout.core.actor import Actor
from tieout.core.connection import TENANT_GONE, Connection, ConnectionState, Verdict
from tieout.core.failure import Failure, RemoteError
from tieout.people import acting
from tieout.people.roles import Right
from tieout.store import connections
from tieout.store import grants as grant_rows
from tieout.store.engine import read, write
from tieout.sync import grants, own_apps
from tieout.sync.connecting import begin_connect
from tieout.sync.tools import Tools


@dataclass(frozen=True, slots=True)
class Begun:
    """The address of the consent page, and what the platform said where it could not be told of the end."""

    url: str
    label: str
    failure: Failure | None = None


def view(tools: Tools, organisation: str, connection: str) -> tuple[Connection, str] | None:
    """The connection that would be started over, and the platform's label; None when there is no such connection."""
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
    return (found, platforms.named(found.platform).LABEL) if found is not None and found.is_live else None


def start_over(tools: Tools, actor: Actor, connection: str, session_binding: str) -> Begun | None:
    """Links, settings and what waits are kept. None when the organisation has no such connection.

    Raises NotPermitted, and NotAllowed where no app is registered.
    """
    organisation = actor.organisation
    with read(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        found = connections.find(db, connection)
    if found is None or not found.is_live:
        return None
    failure = _ended_there(tools, found)
    now = tools.now()
    with write(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        words = f"{actor.name or 'Somebody'} started over; approve access again to go on."
        verdict = Verdict(ConnectionState.NEEDS_RECONNECT, TENANT_GONE, words)
        connections.judge(db, connection, verdict, now, actor.name or "Tieout")
        told = {"books": found.books_name, "told": "no" if failure else "yes"}
        acting.record(db, actor, "connection-started-over", f"connection:{connection}", now, told)
    url = begin_connect(tools, actor, found.platform, session_binding, connection)
    return Begun(url, platforms.named(found.platform).LABEL, failure)


def _ended_there(tools: Tools, connection: Connection) -> Failure | None:
    platform, call = platforms.named(connection.platform), make_call(tools.transport)
    try:
        with read(tools.engines, "") as db:
            is_alone = connections.on_grant(db, connection.grant) == 1
        token, refresh = grants.tokens_of(tools, connection.grant)
        with suppress(RemoteError):  # a token that still lives says more
            token = grants.token_for(tools, connection)
        app = _app(tools, connection)
        platform.disconnect(call, app, token, connection.link_id)
        if is_alone and not platform.KEEPS_LIST:
            platform.revoke(call, app, refresh)  # there, the end of the grant is the end of the connection
    except RemoteError as error:
        return error.failure
    return None


def _app(tools: Tools, connection: Connection) -> platforms.App:
    with read(tools.engines, "") as db:
        grant = grant_rows.find(db, connection.grant)
    return own_apps.app_of_grant(tools, connection.platform, grant.client_id if grant else "", connection.grant)
