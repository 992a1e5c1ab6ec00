"""Parked connections: a consent reached other books than before, and a person decides what is to become of both."""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tieout import platforms
from tieout.calls import make_call
from tieout.core.actor import Actor
from tieout.core.connection import Connection, ConnectionState
from tieout.core.consent import WRONG_ORGANISATION
from tieout.core.failure import RemoteError
from tieout.people import acting
from tieout.people.roles import Right
from tieout.store import charts, connections, drafts, postings
from tieout.store.connections import BooksTaken
from tieout.store.drafts import Choice, Draft
from tieout.store.engine import read, write
from tieout.sync import grants, own_apps
from tieout.sync.joining import ConnectResult, Reached, finished, look_round, refused, stored
from tieout.sync.tools import Tools


class Decision(StrEnum):
    SWITCH_BACK = "switch-back"  # approve again, and choose the books that were meant
    NEW_BOOK = "new-book"  # the other books from here on, with nothing of the old ones
    SAME = "same"  # only where the id is the same: these are the right books, whatever has changed in them


@dataclass(frozen=True, slots=True)
class Parked:
    """What somebody has to decide. `approved` are the other books; None when their consent is gone: approve again."""

    connection: Connection
    label: str
    words: str
    country: str
    currency: str
    approved: Choice | None
    approved_by: str
    waiting: int
    is_same_id: bool


def view(tools: Tools, organisation: str, connection: str) -> Parked | None:
    """None when the organisation has no such connection, or nothing is to be decided about it."""
    with read(tools.engines, organisation) as db:
        found = connections.find(db, connection)
        if found is None or found.state is not ConnectionState.PARKED:
            return None
        awaiting, chart = drafts.parked(db, connection), charts.find(db, connection)
        waiting = postings.waiting(db, connection)
    draft = awaiting[0] if awaiting else None
    approved = draft.choices[0] if draft else None
    return Parked(
        connection=found,
        label=platforms.named(found.platform).LABEL,
        words=found.words,
        country=chart[0].country if chart else "",
        currency=chart[0].base_currency if chart else "",
        approved=approved,
        approved_by=draft.person_name if draft else "",
        waiting=waiting,
        is_same_id=approved is not None and approved.books == found.books_id,
    )


def decide_parked(tools: Tools, actor: Actor, connection: str, choice: Decision) -> ConnectResult:
    """NEW_BOOK: the old connection ends, with its history and what waits; the other books become one of their own.
    SAME: the connection goes on. SWITCH_BACK ends the wish for the other books; a new consent follows it.

    Raises NotPermitted. What can no longer be done is a refusal in the result.
    """
    organisation = actor.organisation
    with read(tools.engines, organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        found, awaiting = connections.find(db, connection), drafts.parked(db, connection)
    if found is None or found.state is not ConnectionState.PARKED:
        return refused(WRONG_ORGANISATION, "Nothing is to be decided any more.")
    if choice is Decision.SWITCH_BACK:
        for draft in awaiting:
            _given_up(tools, actor, found, draft)
        _on_record(tools, actor, found, choice)
        return finished(tools, organisation, connection)
    if not awaiting or (choice is Decision.SAME and awaiting[0].choices[0].books != found.books_id):
        return refused(WRONG_ORGANISATION, "That consent is gone. Approve again, and choose the books that are meant.")
    try:
        return _taken(tools, actor, found, awaiting[0], choice)
    except BooksTaken:
        return refused(WRONG_ORGANISATION, "These books are connected elsewhere by now.")
    except RemoteError as error:
        return refused(WRONG_ORGANISATION, f"The consent is of no use any more: {error}. Approve again.")


def _taken(tools: Tools, actor: Actor, old: Connection, draft: Draft, choice: Decision) -> ConnectResult:
    organisation, picked = actor.organisation, draft.choices[0]
    app = own_apps.app_of_draft(tools, actor.organisation, draft.platform, draft.client_id)
    token, _ = grants.tokens_of(tools, draft.grant)
    reached = Reached(draft.grant, app, token, picked.person_name)
    if choice is Decision.SAME:
        connection = stored(tools, organisation, draft, reached, picked, old)
    else:
        connection = stored(tools, organisation, draft, reached, picked, None, instead_of=old.id)
    _on_record(tools, actor, old, choice)
    if old.grant != draft.grant:
        grants.let_go(tools, old.platform, old.grant, actor.organisation)
    look_round(tools, organisation, connection, picked.was_there)
    return finished(tools, organisation, connection)


def _given_up(tools: Tools, actor: Actor, old: Connection, draft: Draft) -> None:
    """Our link to the other books is ended there, as far as that works; the one that was meant is not touched."""
    other = draft.choices[0]
    with write(tools.engines, actor.organisation) as db:
        drafts.end(db, draft.id, WRONG_ORGANISATION, f"{other.name} was not meant.", tools.now())
    with suppress(RemoteError):  # then it stays listed there, and serves nobody
        app = own_apps.app_of_draft(tools, actor.organisation, draft.platform, draft.client_id)
        token, _ = grants.tokens_of(tools, draft.grant)
        with read(tools.engines, "") as db:
            is_used = connections.holder_of(db, draft.platform, other.books)
        if not is_used:
            platforms.named(draft.platform).disconnect(make_call(tools.transport), app, token, other.link)
    if draft.grant != old.grant:
        grants.let_go(tools, draft.platform, draft.grant, actor.organisation)


def _on_record(tools: Tools, actor: Actor, old: Connection, choice: Decision) -> None:
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
        details = {"books": old.books_name, "choice": choice.value}
        acting.record(db, actor, "parked-connection-decided", f"connection:{old.id}", tools.now(), details)
