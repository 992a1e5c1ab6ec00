"""The scope campaign: connections with permissions that a platform withdraws; their holders are asked to approve again.

Nothing is interrupted: what was granted works until its last day. Whoever connected is reminded by a letter with a link
of its own 90, 30 and 7 days before; every link asks for this one connection and nothing else.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from tieout import platforms
from tieout.core.actor import Actor
from tieout.core.connection import Connection
from tieout.people import acting
from tieout.people.roles import Right
from tieout.store import connections, grants, organisations, scope_reminders
from tieout.store.engine import Db, read, write
from tieout.sync import consent_links, mailing
from tieout.sync.grant_issues import addressed
from tieout.sync.tools import Tools

REMINDERS = (90, 30, 7)  # days before the end


@dataclass(frozen=True, slots=True)
class Left:
    """One connection that still has to be approved again: what is withdrawn, when, and who holds it."""

    connection: Connection
    label: str
    withdrawn: tuple[str, ...]
    ends_on: date
    days_left: int
    holder: str
    reminded: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an organisation is: what is left, and how many of its live connections need nothing (any more)."""

    left: tuple[Left, ...]
    done: int


def progress(tools: Tools, organisation: str) -> Progress:
    """From what was granted; no call is made."""
    with read(tools.engines, organisation) as db:
        live = [each for each in connections.listed(db) if each.is_live]
        left = [found for each in live if (found := left_of(db, each, tools.now().date()))]
    return Progress(tuple(sorted(left, key=lambda each: each.ends_on)), len(live) - len(left))


def ask(tools: Tools, actor: Actor, connection: str, to: str = "") -> consent_links.Made | None:
    """One link for one connection, sent to its holder where an address is given. None where nothing is left there.

    Raises NotPermitted.
    """
    with read(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.CONNECT)
    found = next((each for each in progress(tools, actor.organisation).left if each.connection.id == connection), None)
    return consent_links.make(tools, actor, found.connection.platform, connection, to) if found else None


def remind(tools: Tools, organisation: str) -> int:
    """The letters that are due, each once for each connection and time; how many. Safe to repeat."""
    sent = 0
    for left in progress(tools, organisation).left:
        due = [days for days in REMINDERS if left.days_left <= days and days not in left.reminded]
        with write(tools.engines, organisation) as db:
            to = _addresses(db, left.connection)
            if not due or not to:
                continue
            first = [days for days in due if scope_reminders.add(db, left.connection.id, days, tools.now())]
        if first:  # two that are due at once are one letter
            _write(tools, organisation, left, to)
            sent += 1
    return sent


def left_of(db: Db, connection: Connection, today: date) -> Left | None:
    """What ends of this connection; None where nothing does."""
    grant, platform = grants.find(db, connection.grant), platforms.named(connection.platform)
    withdrawn, ends_on = platform.outdated(grant.scopes if grant else ())
    if not withdrawn or ends_on is None:
        return None
    return Left(
        connection=connection,
        label=platform.LABEL,
        withdrawn=withdrawn,
        ends_on=ends_on,
        days_left=(ends_on - today) // timedelta(days=1),
        holder=connection.known_there_as or connection.connected_by_name,
        reminded=scope_reminders.sent(db, connection.id),
    )


def _addresses(db: Db, connection: Connection) -> tuple[str, ...]:
    """Its holder's; where they have left or are suspended, those of the owners and administrators."""
    able = addressed(db, connection)
    own = tuple(each.email for each in able if each.person == connection.connected_by)
    return own or tuple(each.email for each in able)


def _write(tools: Tools, organisation: str, left: Left, to: tuple[str, ...]) -> None:
    made = consent_links.make(tools, Actor(organisation, "", "Tieout"), left.connection.platform, left.connection.id)
    with write(tools.engines, organisation) as db:
        for address in to:
            enqueue(db, tools, left, address, made.path)


def enqueue(db: Db, tools: Tools, left: Left, address: str, path: str) -> None:
    """The letter with the link, in the caller's transaction."""
    name, ours = left.connection.books_name, organisations.find(db)
    subject = f"Approve Tieout again for {name} before {left.ends_on:%-d %B %Y}"
    text = (
        f"{left.label} replaces the permissions that {name} gave to Tieout for {ours.name if ours else 'you'}. "
        f"They end on {left.ends_on:%-d %B %Y}; until then everything works as before.\n\n"
        "Approve Tieout again by the link below: one click, and all settings stay."
    )
    mailing.enqueue(db, tools, address, subject, text, path)
