"""The scope campaign over all organisations, for whoever runs the installation: names, days and states, no figures.

By this they see no organisation's records and change none: the only verb asks those who hold a connection, and its
owners and administrators, by a link that does nothing but ask for this one connection again.
"""

from dataclasses import dataclass
from datetime import date, datetime

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.connection import Connection
from tieout.people import acting
from tieout.people.members import Impossible
from tieout.store import across, connections, issues, organisations, people, support
from tieout.store import consent_links as links
from tieout.store.engine import Db, read, write
from tieout.sync import consent_links
from tieout.sync.grant_issues import addressed
from tieout.sync.scope_campaign import Left, enqueue, left_of
from tieout.sync.scope_issues import DUE
from tieout.sync.tools import Tools

LEFT, ASKED, OPENED, DONE = "left", "asked", "opened", "done"
_OF_LINKS = {"": LEFT, "open": ASKED, "opened": OPENED}


@dataclass(frozen=True, slots=True)
class Place:
    """One connection in the campaign. `state`: left, asked, opened or done; `ends_on` is None once it is done.

    `done_at` is when the permissions that replace the old ones were first seen.
    """

    organisation: str
    name: str
    books: str
    label: str
    state: str
    ends_on: date | None = None
    days_left: int = 0
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What one turn did: links made, and letters with them."""

    links: int
    letters: int


def everywhere(tools: Tools) -> tuple[Place, ...]:
    """Every connection whose permissions end, or did before a new consent; the first to end first, the done last."""
    found: list[Place] = []
    for organisation in across.organisations(tools.engines):
        with read(tools.engines, organisation) as db:
            ours = organisations.find(db)
            live = [each for each in connections.listed(db) if each.is_live]
            told = [_place(db, tools, each, ours.name if ours else "") for each in live]
        found += [each for each in told if each is not None]
    return tuple(sorted(found, key=lambda each: (each.ends_on or date.max, each.name.casefold(), each.books)))


def ask_all(tools: Tools, person: str) -> Sent:
    """One link for each connection that is left and has none that is open, by one letter to everybody who can act.

    Safe to repeat and to run twice at once. Each organisation's audit log names the administrator.
    Raises Impossible for who administers no installation.
    """
    made = letters = 0
    _administrator(tools, person)
    for organisation in across.organisations(tools.engines):
        with read(tools.engines, organisation) as db:
            left = [each.id for each in connections.listed(db) if each.is_live and _unasked(db, tools, each)]
        for id in left:
            written = _ask(tools, _administrator(tools, person), organisation, id)
            made, letters = made + bool(written), letters + written
    return Sent(made, letters)


def _place(db: Db, tools: Tools, connection: Connection, name: str) -> Place | None:
    left, now = left_of(db, connection, tools.now().date()), tools.now()
    label = platforms.named(connection.platform).LABEL
    if left is not None:
        state = _OF_LINKS[consent_links.state_for(db, connection, now)]
        return Place(db.organisation, name, connection.books_name, label, state, left.ends_on, left.days_left)
    met = issues.met(db, f"connection:{connection.id}", (DUE,))
    if not met:
        return None
    return Place(db.organisation, name, connection.books_name, label, DONE, done_at=met[0][1])


def _unasked(db: Db, tools: Tools, connection: Connection) -> Left | None:
    left = left_of(db, connection, tools.now().date())
    return None if left is None or consent_links.state_for(db, connection, tools.now()) else left


def _ask(tools: Tools, administrator: people.Person, organisation: str, id: str) -> int:
    """How many letters; none where somebody else was first, or nobody is left there who could act."""
    with write(tools.engines, organisation) as db:
        links.one_by_one(db)
        connection = connections.find(db, id)
        left = _unasked(db, tools, connection) if connection is not None and connection.is_live else None
        if left is None:
            return 0
        to = sorted({each.email for each in addressed(db, left.connection)})
        if not to:
            return 0
        made = consent_links.add(db, tools, Actor(organisation, "", "Tieout"), left.connection.platform, id)
        for address in to:
            enqueue(db, tools, left, address, made.path)
        by = Actor(organisation, administrator.id, administrator.name)
        details = {"withdrawn": " ".join(left.withdrawn), "ends": left.ends_on.isoformat(), "letters": str(len(to))}
        acting.record(db, by, "approval-asked-again", f"connection:{id}", tools.now(), details)
    return len(to)


def _administrator(tools: Tools, person: str) -> people.Person:
    with read(tools.engines, "") as db:
        found = people.person(db, person)
        if found is None or not support.is_admin(db, person):
            raise Impossible("Only an administrator of this installation may do that.")
    return found
