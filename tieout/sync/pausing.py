"""Pausing an organisation: no automatic work is taken until it is resumed and its connections were checked.

While it is paused access is kept alive and the connections are looked at, so that nothing goes stale; what waits is
kept. After it is resumed the connection check runs first: only when it passes, work is taken.
"""

from tieout.core.actor import Actor
from tieout.people import acting
from tieout.people.roles import Right
from tieout.store import pauses
from tieout.store.engine import read, write
from tieout.store.pauses import Pause
from tieout.sync import connection_check
from tieout.sync.health_issues import of_pause
from tieout.sync.in_use import live
from tieout.sync.statuses import refresh_connection
from tieout.sync.tools import Tools


def pause(tools: Tools, actor: Actor) -> bool:
    """False when it is paused already. Raises NotPermitted: only an owner pauses."""
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.OWN)
        if not pauses.begin(db, actor.name, tools.now()):
            return False
        acting.record(db, actor, "organisation-paused", f"organisation:{actor.organisation}", tools.now())
        return True


def resume(tools: Tools, actor: Actor) -> bool:
    """False when it is not paused. The check of the connections is asked for at once. Raises NotPermitted."""
    with write(tools.engines, actor.organisation) as db:
        acting.ensure(db, actor, Right.OWN)
        if not pauses.resume(db, tools.now()):
            return False
        for connection in live(db):
            of_pause(db, connection, tools.now())
            refresh_connection(db, connection.id, tools.now())
        acting.record(db, actor, "organisation-resumed", f"organisation:{actor.organisation}", tools.now())
    tools.jobs.enqueue("resume", f"resume:{tools.now().isoformat()}", {"organisation": actor.organisation})
    return True


def go_on(tools: Tools, organisation: str) -> bool:
    """After a pause: checks every connection, and lets work be taken where they are good; True when it is.

    Safe to repeat; without a pause that waits for it nothing is done.
    """
    with read(tools.engines, organisation) as db:
        found, connected = pauses.find(db), live(db)
    if found is None or found.is_on or not found.holds:
        return False
    actor = Actor(organisation, "", "Tieout, after the pause")
    checked = [connection_check.run(tools, actor, each.id) for each in connected]
    is_good = all(each is None or not _stops(each) for each in checked)
    with write(tools.engines, organisation) as db:
        if is_good:
            pauses.checked(db, tools.now())
        for connection in live(db):
            of_pause(db, connection, tools.now())
            refresh_connection(db, connection.id, tools.now())
    return is_good


def is_held(tools: Tools, organisation: str) -> bool:
    """Whether no work is to be taken: paused, or resumed and not checked yet."""
    with read(tools.engines, organisation) as db:
        return pauses.holds(db)


def state(tools: Tools, organisation: str) -> Pause | None:
    """The pause that holds work at this moment, if one does."""
    with read(tools.engines, organisation) as db:
        found = pauses.find(db)
    return found if found is not None and found.holds else None


def _stops(checked: connection_check.Checked) -> bool:
    """What is wrong with a mapping or a queue holds up only what it names."""
    return checked.first is not None and checked.first.no < 8
